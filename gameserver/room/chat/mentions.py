"""Whom a line mentions: ``@Ann``, if Ann hears it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gameserver.room.seats import Player

MOST: Final = 20
"""Seats that one line may mention."""
_AT: Final = re.compile(r"(?<!\w)@")


def mentioned(text: str, seats: Iterable[Player]) -> tuple[str, ...]:
    """
    :param seats: who hears the line.
    :returns: the ids of those whose names stand in it behind an ``@``, in the order of the text; where several names
        fit, the longest.
    """
    if "@" not in text:
        return ()
    folded = text.casefold()
    names = sorted(((seat.name.casefold(), seat.id) for seat in seats), key=lambda pair: -len(pair[0]))
    found: dict[str, None] = {}
    for at in _AT.finditer(folded):
        longest = 0
        for name, id in names:
            end = at.end() + len(name)
            if len(name) < longest or not folded.startswith(name, at.end()):
                continue
            if end == len(folded) or not (folded[end].isalnum() and name[-1:].isalnum()):
                longest = len(name)
                found[id] = None
    return tuple(found)[:MOST]
