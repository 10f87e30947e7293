"""
What people write, as others get it: chat in rooms and outside, reports, reasons, texts of a profile.

Control characters are for terminals, and no page shows them as the same; line ends come in seven kinds. Wherever such a
text comes in, its length is checked first, and then it is given to one of these functions.
"""

from __future__ import annotations

from typing import Any, Final

import regex

from gameserver.errors import Refused
from gameserver.protocol.names import is_seen

LINES: Final = 10
"""A text has at most so many lines: more would push what others say off a page."""

_LINE_END: Final = regex.compile(r"\r\n|[\n\v\f\r\x85\u2028\u2029]")
_CONTROL: Final = regex.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]+")
"""C0, DEL and C1, without the tabulator; line ends are replaced before."""
_EMPTY_LINES: Final = regex.compile(r"\n\s*\n")


def printable(text: str) -> str:
    r""":returns: a text without control characters, and with one kind of line end, ``\n``."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", _LINE_END.sub("\n", text))


def cleaned(text: str) -> str:
    """
    :returns: what is `printable` of a text, without empty lines around it and with at most one between two others.
        Where there are more than `LINES`, the last ones are joined with spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _EMPTY_LINES.sub("\n\n", printable(text)).strip("\n")
    *first, last = text.split("\n", LINES - 1)
    return "\n".join((*first, " ".join(last.split("\n"))))


def said(text: str, most: int) -> str:
    """
    :param most: code points.
    :returns: a line of chat as others get it, `cleaned`.
    :raises Refused: ``too_large``, or ``bad_data``: there is nothing in it that could be seen.
    """
    if len(text) > most:
        raise Refused(f"At most {most} characters.", code="too_large")
    text = cleaned(text)
    if not is_seen(text):
        raise Refused("There is nothing in it.", code="bad_data", path="$.text")
    return text


def printable_tree(value: Any) -> Any:
    """:returns: a plain JSON value in which each text, and each key, is `printable`."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(key): printable_tree(item) for key, item in value.items()}
    return [printable_tree(item) for item in value] if isinstance(value, list) else value
