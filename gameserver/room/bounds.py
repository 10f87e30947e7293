"""
How large a message that a room sends may be.

Clients must know: many engines have a buffer whose size is set before they connect, and silently drop what is larger.
What a room keeps is bounded anyway, and with that ``joined`` and ``doc``; other messages of a game are refused where
they would be larger (`gameserver.room.quota`), and in place of a larger patch the document is sent.

All sizes are of JSON. The same is at most `PACKED` times as large in MessagePack, where 0.1 takes nine bytes, not four.
"""

from __future__ import annotations

from typing import Final, TypeVar

from gameserver.errors import Refused
from gameserver.protocol import values

T = TypeVar("T")

PACKED: Final = 9 / 4
SEAT_BYTES: Final = 6 * 1024
"""Of a seat at most: a profile of 2 KiB, the names of 64 groups, and the rest."""
LINES_BYTES: Final = 256 * 1024
"""Of lines that were said before: what a room keeps, and tells in ``joined`` and in ``doc``."""
REST_BYTES: Final = 256 * 1024
"""Of all else in ``joined``: timers, teams, channels, counters, keys."""
ENVELOPE_BYTES: Final = 1024
"""What stands around the data of a message."""


def message_bytes(max_row_bytes: int, seats: int) -> int:
    """
    :param max_row_bytes: what a room keeps.
    :param seats: of all roles.
    :returns: how large a message of such a room may be.
    """
    return max_row_bytes + (seats + 1) * SEAT_BYTES + LINES_BYTES + REST_BYTES


def check_message(size_bytes: int, most_bytes: int) -> None:
    """
    :param most_bytes: how large a message of the room may be.
    :raises Refused: ``too_large``: it is larger.
    """
    if size_bytes > most_bytes:
        raise Refused(f"A message has at most {most_bytes} bytes.", code="too_large")


def newest(lines: list[T], most_bytes: int = LINES_BYTES) -> list[T]:
    """:returns: the last of these lines, as many as fit into so many bytes on the wire."""
    size_bytes = 0
    for place in range(len(lines) - 1, -1, -1):
        size_bytes += len(values.encode(lines[place], special=False)) + 1
        if size_bytes > most_bytes:
            return lines[place + 1 :]
    return lines
