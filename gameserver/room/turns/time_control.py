"""
How long turns may take: the game's own clock, or what a room's option ``clock`` says, as people write it.

``none``; ``30s``, ``2m``, ``1d`` for each turn; ``10m+5s`` for all turns of a player together, and what is added when
one ends; or both, with a space between them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from gameserver.errors import Refused
from gameserver.room.schedule import LONGEST_S

OPTION: Final = "clock"
"""The option's name."""
NONE: Final = "none"
_TIME: Final = r"[0-9]{1,9}(?:\.[0-9]{1,3})?[smhd]"
PATTERN: Final = rf"^(none|{_TIME}|{_TIME}\+{_TIME}|{_TIME} {_TIME}\+{_TIME})$"
"""What such a text looks like, for a JSON schema."""
_UNITS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SHAPE: Final = re.compile(PATTERN)


class TurnClock(NamedTuple):
    """
    How long a turn may take.

    :param turn_s: each turn and each call; None: no such clock.
    :param bank_s: all turns of a player or team together; None: no such clock.
    :param increment_s: what the bank gets when a turn ends.
    """

    turn_s: float | None = None
    bank_s: float | None = None
    increment_s: float = 0.0


def chosen(own: TurnClock, options: dict[str, Any]) -> str:
    """
    :param own: the game's.
    :param options: of a room, as its creator gave them.
    :returns: the clock that they say, by default the game's own, in the form in which it is kept.
    :raises Refused: ``bad_data``: there is no such clock.
    """
    text = options.get(OPTION, ...)
    try:
        return write(own if text is ... else read(text))
    except ValueError as error:
        raise Refused(f"{error}.", code="bad_data", path=f"$.{OPTION}") from None


def read(text: object) -> TurnClock:
    """
    :returns: the clock that a text says.
    :raises ValueError: it says none; the text of the error says what would.
    """
    if not isinstance(text, str) or _SHAPE.fullmatch(text) is None:
        raise ValueError(f'A clock is "none", "30s", "2m", "1d", or "10m+5s", not {str(text)[:40]!r}')
    return _read(text)


@lru_cache(maxsize=256)
def _read(text: str) -> TurnClock:
    turn_s = bank_s = None
    increment_s = 0.0
    for part in text.split(" ") if text != NONE else ():
        first, plus, more = part.partition("+")
        seconds = _seconds(first)
        if not 0 < seconds <= LONGEST_S or (plus and _seconds(more) > LONGEST_S):
            raise ValueError(f"A clock runs for more than no time and at most ten years, not {part}")
        if plus:
            bank_s, increment_s = seconds, _seconds(more)
        else:
            turn_s = seconds
    return TurnClock(turn_s, bank_s, increment_s)


def write(clock: TurnClock) -> str:
    """:returns: a clock as a text, in the largest units; the same for the same clock."""
    parts = [_text(clock.turn_s)] if clock.turn_s else []
    if clock.bank_s:
        parts.append(f"{_text(clock.bank_s)}+{_text(clock.increment_s)}")
    return " ".join(parts) or NONE


def _seconds(text: str) -> float:
    return float(text[:-1]) * _UNITS[text[-1]]


def _text(seconds: float) -> str:
    for unit, size in _UNITS.items():
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
