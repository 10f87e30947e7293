"""What was made of moves that a game has given before, found again by their content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Raw

MAX_BYTES: Final = 2 * 1024 * 1024
"""What is kept for one game at most, in bytes of memory."""

_ENTRY_BYTES: Final = 250
"""What an entry takes beside its bytes: two objects, and a place in a dict."""


class KnownMoves:
    """
    The moves of one game that were found to fit their messages, and what is told of each.

    A game gives the same moves again and again: the cards of a pack, the squares of a board. The key is all that a move
    says, encoded, and nothing else decides what becomes of it; a move for which more matters, such as one that names
    players, who come and go, is not kept. All rooms of a game share it.
    """

    __slots__ = ("_bytes", "_told")

    def __init__(self) -> None:
        self._told: dict[bytes, Raw] = {}
        self._bytes = 0

    def all_of(self, said: Sequence[bytes]) -> list[Raw] | None:
        """
        :param said: all that each move says.
        :returns: what is told of them, as JSON; None: not all are known.
        """
        try:
            return [*map(self._told.__getitem__, said)]
        except KeyError:
            return None

    def each_of(self, said: Sequence[bytes]) -> list[Raw | None]:
        """:returns: what is told of each; None for those that are not known."""
        return [*map(self._told.get, said)]

    def add(self, said: Sequence[bytes], told: Sequence[Raw], size_bytes: int) -> None:
        """
        Keep what is told of moves. Where that is more than there is place for, all others are forgotten.

        :param size_bytes: of ``said`` and ``told`` together.
        """
        size_bytes += len(said) * _ENTRY_BYTES
        if self._bytes + size_bytes > MAX_BYTES:
            self._told.clear()
            self._bytes = 0
        if size_bytes <= MAX_BYTES:
            self._told.update(zip(said, told, strict=True))
            self._bytes += size_bytes
