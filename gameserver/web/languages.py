"""
The languages of pages: which one a browser is given, and the catalogues of texts for it.

A catalogue is a JSON object whose keys are texts in the language of the page, and whose values are the same texts in
another language. Its file is named after that other language: ``words/de.json``. The catalogues in the folder of the
pages that all games share are for every page; a game brings its own in the folder of its page. The text itself is the
key, so one that a catalogue lacks is shown as it is written, and there are no numbers or names that could get lost.

What stands in a page itself is translated here: the text of an element with the attribute ``data-t``, and those of its
attributes that ``data-t`` names (``data-t="placeholder"``). The rest is done in the browser, by
``/static/page/language.js``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape, unescape
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from twisted.logger import Logger

from gameserver.web.static_files import Tags

SOURCE: Final = "en"
"""The language of our own pages, and of an author's page that does not name one."""
MIRRORED: Final = "en-x-rtl"
"""English that runs from right to left, to see how a page looks then; given only to whoever asks for it by name."""
COOKIE: Final = b"gameserver-language"
"""The cookie in which a browser keeps the language that was chosen in it."""
ASKED: Final = b"lang"
"""The argument of a page's address that asks for a language."""
FOLDER: Final = "words"
RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
MOST_WISHES: Final = 16
"""How many languages of an ``Accept-Language`` are looked at."""
log: Final = Logger(namespace="gameserver")

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,4}")
_WISH = re.compile(r"\s*([A-Za-z0-9-]{1,35})\s*(?:;\s*q=([0-9.]{1,5})\s*)?")
_HTML = re.compile(r"<html\b([^>]*)>", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!doctype\b[^>]*>", re.IGNORECASE)
_DIR = re.compile(r"<html\b[^>]*\sdir\s*=\s*[\"']?(ltr|rtl|auto)\b", re.IGNORECASE)
_SAID = re.compile(r"\s(?:lang|dir|data-languages)\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_LANGUAGE = re.compile(r"\slang\s*=\s*[\"']?([A-Za-z0-9-]+)", re.IGNORECASE)
_MARKED = re.compile(r"(<[a-z][a-z0-9]*\b[^<>]*?\sdata-t(?:=\"([^\"]*)\")?(?=[\s/>])[^<>]*>)([^<]*)", re.IGNORECASE)


class Words(Struct, frozen=True):
    """
    Texts for a page.

    :ivar texts: a text in the page's own language to its translation.
    :ivar files: the files that they were read from, or would be if they existed.
    """

    texts: Mapping[str, str]
    files: list[Path]


NO_WORDS: Final = Words({}, [])


class Catalogues:
    """
    Catalogues as they are on disk, read when first needed and when their files have changed.

    :param tags: those of all files.
    """

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._read: dict[Path, tuple[str, Mapping[str, str]]] = {}

    def languages(self, folder: Path | None) -> list[str]:
        """:returns: the languages for which a folder's ``words`` has catalogues, sorted."""
        if folder is None:
            return []
        return sorted(path.stem for path in (folder / FOLDER).glob("*.json") if _TAG.fullmatch(path.stem))

    def words(self, folder: Path | None, language: str) -> Words:
        """:returns: the texts of a folder's catalogue; none where there is no catalogue, or it cannot be read."""
        if folder is None:
            return NO_WORDS
        file = folder / FOLDER / f"{language}.json"
        tag = self._tags.at(file)
        known = self._read.get(file)
        if known is None or known[0] != tag:
            known = self._read[file] = tag, (_read(file) if tag else {})
        return Words(known[1], [file])


def _read(file: Path) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.warn("the catalogue {file} cannot be read, and is not used: {reason}", file=str(file), reason=str(error))
        return {}


def wishes(request: Any) -> list[str]:
    """
    :returns: the languages in which somebody wants a page, the most wanted first: what its address asks for, what was
        chosen in this browser, what the browser asks for.
    """
    asked = request.args.get(ASKED, [b""])[0].decode("latin-1").lower()
    chosen = (request.getCookie(COOKIE) or b"").decode("latin-1").lower()
    return [
        *(each for each in (asked, chosen) if _TAG.fullmatch(each)),
        *accepted((request.getHeader(b"accept-language") or b"").decode("latin-1")),
    ]


def accepted(header: str) -> list[str]:
    """
    :param header: an ``Accept-Language``, such as ``de-AT, en;q=0.7``.
    :returns: the languages that it names, the most wanted first.

    Source: RFC 9110 section 12.5.4
    """
    weights: dict[str, float] = {}
    for part in header.split(",", MOST_WISHES)[:MOST_WISHES]:
        if wish := _WISH.fullmatch(part):
            try:
                weights.setdefault(wish[1].lower(), float(wish[2] or 1))
            except ValueError:
                continue
    return sorted((tag for tag, weight in weights.items() if weight), key=lambda tag: -weights[tag])


def fitting(wished: Iterable[str], offered: Iterable[str], source: str) -> str:
    """
    :param wished: languages, the most wanted first.
    :param offered: the languages that there are.
    :param source: the language that the page is written in.
    :returns: the first wish that is offered, perhaps by a shorter name: ``de`` for ``de-AT``; else ``source``. All in
        lower case.

    Source: RFC 4647 section 3.4
    """
    there = {*offered, source}
    for wish in wished:
        if wish == MIRRORED and source == SOURCE:
            return MIRRORED
        parts = wish.split("-")
        for length in range(len(parts), 0, -1):
            found = "-".join(parts[:length])
            if found in there:
                return found
    return source


def direction(language: str) -> str:
    """:returns: the direction of a language: ``ltr`` or ``rtl``."""
    return "rtl" if language == MIRRORED or language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def written_in(text: str) -> str:
    """:returns: the language that a page says it is in."""
    html = _HTML.search(text)
    found = _LANGUAGE.search(html[1]) if html is not None else None
    return found[1].lower() if found is not None else SOURCE


def translated(text: str, language: str, texts: Mapping[str, str], offered: Iterable[str]) -> str:
    """
    :param text: a page.
    :param texts: a text of the page to its translation.
    :param offered: all languages in which there is this page.
    :returns: the page in this language.
    """
    own = _DIR.search(text) if language == written_in(text) else None
    said = f' lang="{language}" dir="{own[1] if own else direction(language)}" data-languages="{" ".join(offered)}"'
    if _HTML.search(text) is None:
        text = _DOCTYPE.sub(lambda found: f"{found[0]}\n<html>", text, count=1)
    text = _HTML.sub(lambda found: f"<html{said}{_SAID.sub('', found[1])}>", text, count=1)
    return _MARKED.sub(lambda found: _element(found, texts), text) if texts else text


def _element(found: re.Match[str], texts: Mapping[str, str]) -> str:
    """:returns: the start tag of an element, and the text after it, translated."""
    tag, names, text = found[1], found[2] or "", found[3]
    for name in names.split():
        if not re.fullmatch(r"[a-z-]+", name):
            continue
        tag = re.sub(rf'(\s{name}=")([^"]*)(")', lambda each: f"{each[1]}{_say(each[2], texts)}{each[3]}", tag)
    inner = text.strip()
    return tag + (text.replace(inner, _say(inner, texts)) if inner else text)


def _say(text: str, texts: Mapping[str, str]) -> str:
    found = texts.get(" ".join(unescape(text).split()))
    return text if found is None else escape(found)


def texts_of(about: Any) -> set[str]:
    """
    :param about: what a listing says of a game, as JSON.
    :returns: whatever in it people may read: each text, and each key as a label (``max_rounds`` is "Max rounds").
    """
    if isinstance(about, str):
        return {about}
    if isinstance(about, list):
        return set[str]().union(*map(texts_of, about))
    if isinstance(about, dict):
        labels = {(text := key.replace("_", " "))[:1].upper() + text[1:] for key in about}
        return labels.union(*map(texts_of, about.values()))
    return set()
