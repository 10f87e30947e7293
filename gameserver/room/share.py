"""The space that all rooms of one game may take on this node together, and what one room takes of it."""

from __future__ import annotations

from typing import Final

ROOM_BYTES: Final = 2048
"""What a room counts besides what it keeps: an empty one has about so much in the store."""


class Quota:
    """
    The space of all rooms of one game.

    :param limit_bytes: they may take so much; rooms that were stored before count, but are not turned away.
    :ivar asleep_bytes: what rooms take that are in no node's memory.
    """

    def __init__(self, limit_bytes: float = float("inf")) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self.asleep_bytes = 0

    @property
    def full(self) -> bool:
        """Whether there is none for another room."""
        return self.used_bytes + self.asleep_bytes + ROOM_BYTES > self.limit_bytes


class Share:
    """
    What one room takes of it.

    :ivar counted_bytes: what was counted of this room last.
    :ivar kept_bytes: of that, what ``max_row_bytes`` bounds.
    :ivar sizes: bytes of each document, by its name, as far as they are known; and of what else counts.
    """

    __slots__ = ("_space", "counted_bytes", "kept_bytes", "sizes")

    def __init__(self) -> None:
        self._space = Quota()
        self.counted_bytes = 0
        self.kept_bytes = 0
        self.sizes: dict[str, int] = {}

    def enter(self, space: Quota) -> None:
        """From now on this is the space that it is taken of."""
        self._space = space

    def fits(self, size_bytes: int) -> bool:
        """:returns: whether the room may take so much; less than it takes already it always may."""
        more_bytes = size_bytes + ROOM_BYTES - self.counted_bytes
        space = self._space
        return more_bytes <= 0 or space.used_bytes + space.asleep_bytes + more_bytes <= space.limit_bytes

    def count(self, size_bytes: int) -> None:
        """The room takes so much now."""
        self._space.used_bytes += size_bytes + ROOM_BYTES - self.counted_bytes
        self.counted_bytes = size_bytes + ROOM_BYTES

    def give_back(self) -> None:
        """The room is gone; a step of it that still waits somewhere counts nothing more."""
        self._space.used_bytes -= self.counted_bytes
        self.counted_bytes = 0
        self._space = Quota()
