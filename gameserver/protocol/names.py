"""
What people are called: which names there may be, and when a person could take one for another.

Wherever a name comes in, `check_name` is asked; and names are compared by what `name_key` makes of them. Neither
touches a text before its length is known: to bring 28,000 combining marks into their order takes 0.75 s.

What is invisible is what Unicode says is not to be shown (`Default_Ignorable_Code_Point`, which the standard library
does not know, but `regex` does), besides what has no glyph or a blank one. Which letters look alike is in a table of
our own, made from Unicode's: there is no package that follows https://www.unicode.org/reports/tr39/ closely and is
maintained; ``confusable_homoglyphs`` knows which characters are alike, but not which text to compare.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from contextlib import suppress
from functools import lru_cache
from typing import Final

import regex

from gameserver.errors import Refused
from gameserver.protocol.lookalikes import LOOKALIKES

SPELLED: Final = 4
"""Code points in which one character may be spelled, at most: a Greek letter and its three marks."""
KEY_CHARS: Final = 320
"""The longest name that is compared: an e-mail address, as names from other systems may be. Ours are shorter."""
NAMELESS: Final = "Player"
KEPT_KEYS: Final = 16_384
"""Keys that are kept, since a room compares a newcomer with all who are there: more than a room has seats."""

_BLANK: Final = r"\u2800\U0001d159\U00013441\U00013442\U00016fe4"
"""Characters that Unicode counts among the visible, and whose glyph is empty: of Braille, of music, of hieroglyphs."""
_UNSEEN: Final = rf"\p{{Default_Ignorable_Code_Point}}{_BLANK}\p{{Zl}}\p{{Zp}}\p{{C}}"
_SEEN: Final = rf"(?:[^{_UNSEEN}][\ufe0e\ufe0f]?)+"
_NAME: Final = regex.compile(rf"(?!\p{{M}}){_SEEN}(?:[\u200c\u200d]{_SEEN})*")
"""
A joiner stands between two that are seen, in Persian or in an emoji of several people; a selector of its form follows
one. A mark needs something to stand on.
"""
_NOT_COMPARED: Final = regex.compile(rf"[{_UNSEEN}\p{{Z}}\p{{P}}]+")
_LOOSE_END: Final = regex.compile(r"[\s\u200c\u200d]+$")
_SHOWN: Final = regex.compile(rf"[^\p{{Default_Ignorable_Code_Point}}{_BLANK}\p{{Z}}\p{{Cc}}\s]")
"""More counts as shown than may be in a name: a character that has no meaning yet is shown as a box."""
_UNSEEN_PART: Final = regex.compile(rf"[{_UNSEEN}]+")

_ALIKE: Final = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o"})
"""What is alike in many typefaces, once case is folded: ``I`` and ``l`` above all."""
_PAIRS: Final = (("rn", "m"), ("vv", "w"))
_SMALL_CAPITALS: Final = dict(
    zip(
        map(ord, "\u1d00\u0299\u1d05\u1d07\ua730\u0262\u029c\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d18\u0280\u1d1b"),
        "abdefghjklmnprt",
        strict=True,
    )
)
_SMALL: Final = {ord(chr(code).lower()[0]): like for code, like in LOOKALIKES.items()}
_LIKE: Final = _SMALL_CAPITALS | _SMALL | LOOKALIKES
"""What a letter looks like: by itself, or else as its capital does, since many are drawn as smaller capitals."""


def check_name(name: str, most: int) -> str:
    """
    :param most: code points.
    :returns: the name without spaces around it, in one form for what looks the same (NFC).
    :raises Refused: ``bad_data``: nothing is left of it, it is too long, or part of it cannot be seen.
    """
    if len(name) <= SPELLED * most:
        clean = unicodedata.normalize("NFC", name).strip()
        if 1 <= len(clean) <= most:
            if _NAME.fullmatch(clean) is None:
                raise Refused("A name can be seen, all of it.", code="bad_data", path="$.name")
            return clean
    raise Refused(f"A name has 1 to {most} characters.", code="bad_data", path="$.name")


def fitting_name(name: object, most: int) -> str:
    """
    Make a name that comes from elsewhere fit: nobody is turned away for what another system calls them.

    :param name: whatever was there.
    :param most: code points.
    :returns: the name as near as the rules of names admit it; `NAMELESS` where nothing is left.
    """
    if isinstance(name, str):
        name = " ".join(name[: 8 * most].split())
        for fitting in (name, "".join(filter(str.isprintable, seen(name)))[:most]):
            with suppress(Refused):
                return check_name(fitting, most)
    return NAMELESS[:most]


def numbered(name: str, taken: Container[str], most: int) -> str:
    """
    :param taken: the keys that it must not have, see `name_key`.
    :param most: code points.
    :returns: the name with a number that makes it nobody else's, such as "Anna 2". Even of a thousand guests with one
        name, the last gets one in a few steps.
    """

    def of_number(n: int) -> str:
        return with_ending(name, f" {n}", most)

    def is_taken(n: int) -> bool:
        return name_key(of_number(n)) in taken

    free = 2
    while is_taken(free):
        free *= 2
    held = free // 2  # 1 is the name without a number
    while free - held > 1:
        middle = (free + held) // 2
        held, free = (middle, free) if is_taken(middle) else (held, middle)
    return of_number(free)


def with_ending(name: str, ending: str, most: int) -> str:
    """:returns: a name with this at its end, shortened where there is not room for both."""
    return (_LOOSE_END.sub("", name[: max(0, most - len(ending))]) + ending).strip()


def seen(text: str) -> str:
    """:returns: a text without what cannot be seen."""
    return _UNSEEN_PART.sub("", text)


def is_seen(text: str) -> bool:
    """Whether there is anything in a text but what cannot be seen, and spaces."""
    return _SHOWN.search(text) is not None


def name_key(name: str) -> str:
    """
    :returns: the same for all names that a person could take for one another; for comparing only, not for showing.
    :raises Refused: ``bad_data``: nobody has a name of more than `KEY_CHARS`.

    Only letters that look like those of ASCII are known; two Chinese characters that look alike are not the same. A
    letter that looks like none of them, but whose capital does, is taken for that: the last of "Roo\u0442" is a small
    Cyrillic te, which is drawn as the capital is.

    Source: skeletons of https://www.unicode.org/reports/tr39/#Confusable_Detection, with case folded as well
    """
    _check_length(name)
    return _key(name)


@lru_cache(KEPT_KEYS)
def _key(name: str) -> str:
    text = seen(name)
    for _ in range(2):  # folding may make letters that look like others, or can be taken apart
        text = unicodedata.normalize("NFKC", text).translate(_LIKE).casefold()
    return _paired(_NOT_COMPARED.sub("", text)) or text


def former_key(name: str) -> str:
    """
    :returns: the key under which older releases stored accounts, before `name_key` knew of fillers and of capitals.
    :raises Refused: as it does.
    """
    _check_length(name)
    text = unicodedata.normalize("NFKC", name).translate(LOOKALIKES).casefold()
    text = unicodedata.normalize("NFKC", text).translate(LOOKALIKES).casefold()
    return _paired("".join(char for char in text if unicodedata.category(char)[0] not in "ZPC")) or name


def _check_length(name: str) -> None:
    if len(name) > KEY_CHARS:
        raise Refused(f"A name has at most {KEY_CHARS} characters.", code="bad_data", path="$.name")


def _paired(text: str) -> str:
    text = text.translate(_ALIKE)
    for pair, single in _PAIRS:
        text = text.replace(pair, single)
    return text
