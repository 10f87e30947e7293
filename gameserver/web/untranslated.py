"""
Finds what is not translated in pages and games, from their text: ``gameserver words`` says it to authors.

It finds: a text of the code that a catalogue lacks; a text in a catalogue that nothing uses; a translation with other
places (``{name}``) than its text; and text in a page that cannot be translated as it is written there. A text counts
as used if it stands in ``t("…")`` or ``parts("…")`` of a page's scripts, in a page's element with ``data-t``, or in a
game's Python.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct, field

from gameserver.errors import CODES
from gameserver.web.languages import FOLDER
from gameserver.web.listings import first_paragraph
from gameserver.web.pages import STATIC, words_folder

if TYPE_CHECKING:
    from gameserver.game.spec import Spec

NOT_FOR_PLAYERS: Final = (
    "bundle/",
    "vendor/",
    "kit/show",
    "kit/index.html",
    "play/developer.js",
    "service-worker.js",
    "offline",
)
"""Parts of the pages that stay English: they are for developers, made of the others, or shown without a server."""
REFUSED: Final = "refused"
"""The code of a refusal of which only the game's own text says anything."""
OF_CLIENT: Final = ("closed", "lost", "unreachable")
"""Codes of errors that the JavaScript client makes by itself."""
SERVER: Final = (
    "Name or password is wrong.",
    "This server admits no guests; log in first.",
    "That login has ended.",
    "You have an account now; log in.",
    "To the lobby",
    "No such game",
    "This server has no game of that name.",
    "There is nothing here",
    "The link may be mistyped, or what it led to is gone.",
    "screen",
    "spectator",
    "host",
    "player",
)
"""Texts of the server that pages look up in a catalogue as they come."""

_CALL: Final = re.compile(r'\b(?:t|parts)\(\s*("(?:[^"\\\n]|\\.)*")')
_TEXT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')
_COMMENT: Final = re.compile(r"/\*.*?\*/|(?<=\s)//[^\n]*|^//[^\n]*", re.DOTALL | re.MULTILINE)
_MARKED: Final = re.compile(r"<[a-z][a-z0-9]*\b([^<>]*\sdata-t(?:=\"([^\"]*)\")?(?=[\s/>])[^<>]*)>([^<]*)")
_PLAIN: Final = re.compile(
    r"<(?:h\d|p|a|label|button|span|title|summary|legend|option|li)\b(?![^<>]*\sdata-t)[^<>]*>([^<]*\w[^<]*)"
)
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PLACE: Final = re.compile(r"\s*(\w+)\s*([,}])")
_BRANCH: Final = re.compile(r"[^{}]*\{|[^{}]*\}")
_WORDS: Final = re.compile(r"^[A-Z][^<>{}]*[a-z]{2}|[a-z]{2,}[,.:;!?]? [a-z]{2,}")
_SHOWN: Final = re.compile(r"(?:,|\?|:|\+|&&|\|\||toast\(|announce\(|textContent =|return|=>) ?$")
_MACHINE: Final = re.compile(r"^[\w-]*$|^[./#]|^M\d|=|--|-\{\}|-card$|\w:\w")
_CODE: Final = re.compile(
    r"(?:class|className|for|type|role|style|Authorization|[kK]ey)\b[^\])}]*$|\b(?:t|parts|said|keyed)\($"
)


class Part(Struct):
    """
    Pages with a catalogue.

    :ivar scripts: files in which its texts are; so are ``pages``.
    :ivar folder: the one in which ``words`` is.
    :ivar said: texts that come from elsewhere, with whether each must be translated.
    :ivar below: the part whose translations it uses too, and need not repeat.
    """

    name: str
    scripts: list[Path]
    pages: list[Path]
    folder: Path
    said: dict[str, bool] = field(default_factory=dict)
    below: Part | None = None

    def texts(self) -> set[str]:
        """:returns: all that its pages say and that must be translated."""
        found = {text for text, needed in self.said.items() if needed}
        for script in self.scripts:
            found.update(json.loads(text) for text in _CALL.findall(_COMMENT.sub("", script.read_text("utf-8"))))
        for page in self.pages:
            found.update(marked(page.read_text("utf-8")))
        return found

    def catalogue(self, language: str) -> dict[str, str]:
        """:returns: a text to its translation. :raises ValueError: the file holds something else."""
        file = self.folder / FOLDER / f"{language}.json"
        try:
            found = msgspec.json.decode(file.read_bytes(), type=dict[str, str]) if file.exists() else {}
        except msgspec.MsgspecError as error:
            raise ValueError(f"{file}: {error}") from None
        return found

    def languages(self) -> list[str]:
        """:returns: the languages of its own catalogues, and those of all pages."""
        return sorted({*self.own_languages(), *(self.below.languages() if self.below else ())})

    def own_languages(self) -> list[str]:
        """:returns: the languages of its own catalogues."""
        return sorted(file.stem for file in (self.folder / FOLDER).glob("*.json"))


def marked(page: str) -> Iterator[str]:
    """:returns: the texts in a page itself that are marked for translation."""
    for tag, names, text in _MARKED.findall(page):
        if text.strip():
            yield " ".join(unescape(text).split())
        for name in names.split():
            yield from (unescape(value) for value in re.findall(rf'\s{name}="([^"]*)"', tag))


def shared() -> Part:
    """:returns: the pages that all games share."""
    files = [file for file in STATIC.rglob("*") if not file.relative_to(STATIC).as_posix().startswith(NOT_FOR_PLAYERS)]
    codes = {f"error/{code}": True for code in (*CODES, *OF_CLIENT) if code not in (REFUSED, "bad_data")}
    scripts = sorted(file for file in files if file.suffix == ".js")
    pages = sorted(file for file in files if file.suffix == ".html")
    return Part("pages", scripts, pages, STATIC, {**codes, **dict.fromkeys(SERVER, True)})


def of_game(spec: Spec, place: str | None, below: Part) -> Part:
    """
    :param place: what the game was loaded from, where that is known.
    :param below: the pages that all games share.
    :returns: a game with its page; its folder is the one in which its catalogues are, or would be.
    """
    folder = words_folder(spec, place)
    module = Path(sys.modules[spec.cls.__module__].__file__ or "")
    package = folder.parent if folder.name == "page" else None  # else the game is one of several in a folder
    sources = sorted(file for file in package.rglob("*.py") if not is_test(file)) if package else [module]
    said: dict[str, bool] = {}
    for source in sources:
        for text, needed in spoken(source.read_text("utf-8")):
            said[text] = needed or said.get(text, False)
    for file in package.rglob("*.json") if package else ():
        if file.parent.name != FOLDER:
            said.update((text, said.get(text, False)) for text in _STRING.findall(file.read_text("utf-8")))
    return Part(spec.name, sorted(folder.glob("*.js")), sorted(folder.glob("*.html")), folder, said, below)


def is_test(file: Path) -> bool:
    """Whether a Python file is a test, by its name."""
    return file.name.startswith("test_") or file.parent.name == "tests"


def spoken(source: str) -> Iterator[tuple[str, bool]]:
    """:returns: the texts in a game's Python, and names as labels; each with whether players surely read it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef(bases=bases) if any(getattr(base, "id", "") == "Game" for base in bases):
                yield first_paragraph(ast.get_docstring(node)), True
            case ast.Module(body=body) if any(getattr(each, "name", "") == "payload_handler" for each in body):
                yield first_paragraph(ast.get_docstring(node)), True
            case ast.Assign(targets=[ast.Name(id="title")], value=ast.Constant(value=str(text))):
                yield text, True
            case ast.Call(func=called, args=args, keywords=keywords):
                yield from _spoken(getattr(called, "id", "") or getattr(called, "attr", ""), args, keywords)
            case ast.Constant(value=str(text)):
                yield text, False
                yield labelled(text), False
            case ast.arg(arg=name) | ast.FunctionDef(name=name):
                yield labelled(name), False


def _spoken(called: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[tuple[str, bool]]:
    """:returns: the same for one call in it."""
    first = args[0] if args else None
    if called in ("Refused", "prompt") and isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield first.value, True
    for keyword in keywords:
        match keyword:
            case ast.keyword(arg="title" | "description" | "label" | "others", value=ast.Constant(value=str(text))):
                yield text, called != "ArgumentParser"
            case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                yield f"error/{code}", False


def labelled(name: str) -> str:
    """:returns: a name as pages show it: ``max_rounds`` is "Max rounds"."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def places(message: str) -> set[str]:
    """
    :returns: the names of the places in a message, such as ``{name}``.
    :raises ValueError: a brace is missing.
    """
    found, end = _text(message, 0)
    if end != len(message):
        raise ValueError(message[end:])
    return found


def _text(message: str, at: int) -> tuple[set[str], int]:
    """:returns: the places of a message, or of a branch in one, from ``at`` on; and where it ends."""
    found = set[str]()
    while at < len(message) and message[at] != "}":
        at += 1
        if message[at - 1] != "{":
            continue
        place = _PLACE.match(message, at)
        if place is None:
            raise ValueError(message[at:])
        found.add(place[1])
        at = place.end()
        while place[2] == ",":
            branch = _BRANCH.match(message, at)
            if branch is None:
                raise ValueError(message[at:])
            at = branch.end()
            if branch[0][-1] == "}":
                break
            inner, at = _text(message, at)
            found |= inner
            at += 1
    return found, at


def faults(part: Part, languages: Iterable[str] | None = None) -> Iterator[str]:
    """
    :param languages: those to look at; None: all of `Part.languages`.
    :returns: a line for each fault.
    :raises ValueError: a catalogue cannot be read.
    """
    texts = part.texts()
    for language in part.languages() if languages is None else languages:
        catalogue = part.catalogue(language)
        if missing := _of_all_pages(part, language) - catalogue.keys():
            yield f"{part.name}, {language}: not translated: {len(missing)} texts that all pages share"
        below = part.below.texts() | part.below.catalogue(language).keys() if part.below else set()
        for text in sorted(texts - catalogue.keys() - below):
            yield f"{part.name}, {language}: not translated: {text}"
        for text in sorted(catalogue.keys() - texts - part.said.keys() - below):
            yield f"{part.name}, {language}: nobody says: {text}"
        for text, message in catalogue.items():
            if not message.strip():
                yield f"{part.name}, {language}: nothing is said for: {text}"
            yield from (f"{part.name}, {language}: {fault}" for fault in unlike(text, message))
    for script in part.scripts:
        yield from (f"{os.path.relpath(script)}:{line}" for line in untranslatable(script.read_text("utf-8")))
    for page in part.pages:
        for text in _PLAIN.findall(page.read_text("utf-8")):
            yield f"{os.path.relpath(page)}: without data-t: {' '.join(text.split())}"


def unlike(text: str, message: str) -> Iterator[str]:
    """:returns: what shows that a message is no translation of a text."""
    try:
        found = places(message)
    except ValueError:
        yield f"a brace is missing: {message}"
        return
    is_key = re.match(r"\w+/", text) is not None
    if not is_key and found != places(text):
        yield f"other places than {sorted(places(text))}: {message}"
    if re.search(r"\b(?:plural|select|selectordinal)\s*,", message) and not re.search(r"\bother\s*\{", message):
        yield f"without other: {message}"


def untranslatable(script: str) -> Iterator[str]:
    """:returns: line and text of whatever looks like words, and is not in a call of ``t()``."""
    code = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), script)
    for number, line in enumerate(code.split("\n"), 1):
        if re.match(r"\s*(?:import|export \{|export \*)|\s*throw new Error|.*\bconsole\.", line):
            continue
        for found in _TEXT.finditer(line):
            before = line[: found.start()]
            entry = re.match(r"  (\w+): $", before)
            if _CODE.search(before) or (entry is not None and entry[1] in CODES):
                continue
            text = re.sub(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "{}", found[0][1:-1])
            if _SHOWN.search(before) and _WORDS.search(text) and not _MACHINE.search(text):
                yield f"{number}: without t(): {text}"


def template(part: Part, language: str) -> str:
    """
    :returns: a catalogue with all texts of a part, and the translations that there are; with the texts of all pages
        too, where those are not translated into this language.
    """
    known = part.catalogue(language)
    below = part.below.texts() if part.below else set()
    texts = (part.texts() - below) | _of_all_pages(part, language)
    return json.dumps({text: known.get(text, "") for text in sorted(texts)}, ensure_ascii=False, indent=2)


def _of_all_pages(part: Part, language: str) -> set[str]:
    """:returns: the texts of all pages that the catalogue of a game has to have besides its own."""
    if part.below is None or language in part.below.languages():
        return set()
    keys = {key for known in part.below.languages() for key in part.below.catalogue(known)}
    return part.below.texts() | {key for key in keys if key.startswith("chat/")}
