"""How much the rooms of one game take on this node, and may take."""

from __future__ import annotations

from typing import Final

from gameserver.errors import Refused

ROOM_BYTES: Final = 2048
"""What a room counts besides what it keeps: an empty one has about so much in the store."""


class Space:
    """
    The space of all rooms of one game.

    :param limit_bytes: they may take so much; rooms that were stored before count, but are not turned away.
    """

    def __init__(self, limit_bytes: float = float("inf")) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0

    @property
    def full(self) -> bool:
        """Whether there is none for another room."""
        return self.used_bytes + ROOM_BYTES > self.limit_bytes


class Share:
    """
    What one room takes of it.

    :ivar counted_bytes: what was counted of this room last.
    """

    __slots__ = ("_space", "counted_bytes")

    def __init__(self, space: Space) -> None:
        self._space = space
        self.counted_bytes = 0

    def fits(self, size_bytes: int) -> bool:
        """:returns: whether the room may take so much; less than it takes already it always may."""
        more_bytes = size_bytes + ROOM_BYTES - self.counted_bytes
        return more_bytes <= 0 or self._space.used_bytes + more_bytes <= self._space.limit_bytes

    def count(self, size_bytes: int) -> None:
        """The room takes so much now."""
        self._space.used_bytes += size_bytes + ROOM_BYTES - self.counted_bytes
        self.counted_bytes = size_bytes + ROOM_BYTES

    def give_back(self) -> None:
        """The room is gone; a step of it that still waits somewhere counts nothing more."""
        self._space.used_bytes -= self.counted_bytes
        self.counted_bytes = 0
        self._space = Space()


def no_space() -> Refused:
    """:returns: why a step is refused that would make a room larger."""
    return Refused("The rooms of this game take all the space that they may have here.", code="too_large")
