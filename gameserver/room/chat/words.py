# ruff: noqa: RUF001
"""
Bad words starred out, also where they are written with tricks.

A line is folded before it is looked at: accents and invisible characters go, look-alikes of other scripts and the usual
numbers become the letters that they stand for, letters said again and again are said once. What is found so is starred
out in the text as it was written. Words are whole words, so that Scunthorpe and Essex may be talked of; letters set
apart one by one (``s p a c e d``) are read as one word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("arschloch", "fotze", "hurensohn", "missgeburt", "wichser"),
    "en": (
        "asshole",
        "bitch",
        "bitches",
        "cunt",
        "cunts",
        "faggot",
        "fuck",
        "fucked",
        "fucker",
        "fucking",
        "motherfucker",
        "nigger",
        "shit",
        "slut",
        "wanker",
        "whore",
    ),
    "es": ("cabron", "gilipollas", "hijueputa", "joder", "puta"),
    "fr": ("connard", "encule", "pute", "salope"),
    "it": ("bastardo", "cazzo", "stronzo", "troia", "vaffanculo"),
    "nl": ("hoer", "klootzak", "kutwijf"),
    "pl": ("chuj", "kurwa", "pierdol"),
    "pt": ("caralho", "porra"),
    "ru": ("блядь", "пизда", "хуй"),
}
"""A small list by language: insults and vulgarities that few games want. An operator's own list is longer."""

LOOK_ALIKES: Final = str.maketrans(
    {
        **dict(zip("аеорсухіјѕԁԛԝһкмтвнӏ", "aeopcyxijsdqwhkmtbhl", strict=True)),
        **dict(zip("αεικνορτυχω", "aeiknoptuxw", strict=True)),
        **dict(zip("0134578@$!|€", "oieastbasile", strict=True)),
        "ı": "i",
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
    }
)
"""
Letters of other scripts, and numbers, that are read as Latin letters.

Source: Unicode Technical Standard #39, confusables.txt, the part that keyboards have.
"""
_LEET: Final = frozenset("0134578@$!|€")
_INVISIBLE: Final = frozenset(("Cf", "Mn", "Me", "Cc"))
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_WORD: Final = re.compile(r"\w+")
_SPACED: Final = re.compile(r"(?<!\w)\w(?:[\W_]{1,2}\w(?!\w)){2,}")
"""Three letters or more, each by itself."""
_RUN: Final = re.compile(r"(.)\1+")


class WordFilter:
    """
    Stars out words; call it with a text.

    :param words: words besides those of the list.
    :param languages: whose lists are used, by their two letters; None: all.
    :raises ValueError: there is no list for that language.
    :raises TypeError: ``words`` is one text, of which each letter would be a word.
    """

    def __init__(self, words: Iterable[str] = (), *, languages: Iterable[str] | None = None) -> None:
        if isinstance(words, str):
            raise TypeError(f"WordFilter takes a list of words: WordFilter([{words!r}])")
        self._words: set[str] = set()
        self._scripts: set[str] = set()
        for language in WORDS if languages is None else languages:
            if language not in WORDS:
                raise ValueError(f"no list for {language!r}; there are {', '.join(WORDS)}")
            whole, scripts = _listed(language)
            self._words |= whole
            self._scripts |= scripts
        self.add(*words)

    def add(self, *words: str) -> None:
        """Star these words out, too."""
        whole, scripts = _compared(words)
        self._words |= whole
        self._scripts |= scripts

    def __call__(self, text: str) -> str:
        """:returns: the text, with a star for each letter of a bad word."""
        folded, origin = _fold(text, look_alikes=True)
        spans = list(self._found(folded, origin, self._words))
        if self._scripts:
            spans += self._found(*_fold(text, look_alikes=False), self._scripts)
        if not spans:
            return text
        starred = list(text)
        for begin, end in spans:
            starred[begin:end] = ["*" if not c.isspace() else c for c in text[begin:end]]
        return "".join(starred)

    def _found(self, folded: str, origin: list[int], words: set[str]) -> Iterable[tuple[int, int]]:
        """:returns: where in the text bad words begin and end."""
        for pattern in (_WORD, _SPACED):
            for match in pattern.finditer(folded):
                letters = "".join(c for c in match[0] if c.isalnum())
                if _said_once(letters) in words:
                    yield origin[match.start()], origin[match.end() - 1] + 1


@cache
def _listed(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """:returns: the list of a language as `_compared` reads it: once, since every room may have a filter."""
    return _compared(WORDS[language])


def _compared(words: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """:returns: words in the form that texts are compared with; and those in Cyrillic, compared without look-alikes."""
    others = frozenset(_said_once(_plain(word)) for word in words if _CYRILLIC.search(word))
    return frozenset(_said_once(fold(word)) for word in words), others


def fold(text: str) -> str:
    """:returns: a text as it is compared: without case, accents, invisible characters and look-alikes."""
    return _fold(text, look_alikes=True)[0]


def _plain(text: str) -> str:
    return _fold(text, look_alikes=False)[0]


def _fold(text: str, *, look_alikes: bool) -> tuple[str, list[int]]:
    """:returns: the folded text, and for each of its characters the place in the text that it comes from."""
    if text.isascii() and (not look_alikes or _LEET.isdisjoint(text)):
        return text.lower().replace("_", " "), list(range(len(text)))
    letters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if unicodedata.category(part) in _INVISIBLE and not part.isspace():
                continue
            if look_alikes and (part not in _LEET or _in_word(text, index)):
                part = part.translate(LOOK_ALIKES)
            part = part.replace("_", " ")
            letters += part
            origin += [index] * len(part)
    return "".join(letters), origin


def _in_word(text: str, index: int) -> bool:
    """Whether a number or sign stands beside a letter: alone it means itself, as ``!`` and ``|`` do behind a word."""
    if text[index] in "!|":
        return text[index + 1 : index + 2].isalpha()
    return any(0 <= i < len(text) and text[i].isalpha() for i in (index - 1, index + 1))


def _said_once(word: str) -> str:
    return _RUN.sub(r"\1", word)
