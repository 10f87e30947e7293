"""
In which order the keys of a dict stand, for those from which keys are deleted: undone, each is back in its place.

Where a key stands in a dict is found only by a walk through all of them. So the order is noted once, when the first key
is deleted, and from then on a new key goes to the end of the note. A key that was deleted stays in it, so that one may
stand there twice; the last place is the right one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Generic, TypeVar

K = TypeVar("K")

_SPARE: Final = 2
"""The note is made anew, at the beginning of a step, if it is longer than so many times the dict, and `_SMALL`."""
_SMALL: Final = 16


class KeyOrder(Generic[K]):
    """
    :param keys: those of the dict.
    :ivar keys: the note.
    :ivar era: of the journal, in which the undo log was last told how long the note is.
    """

    __slots__ = ("_step", "era", "keys")

    def __init__(self, keys: Iterable[K]) -> None:
        self.keys = list(keys)
        self.era = -1
        self._step = -1

    def mark(self, step: int, keys: Iterable[K], count: int) -> int:
        """
        A key is about to be deleted.

        :param keys: those of the dict, so many as `count`.
        :returns: how long the note is; that many of it tell the order that the dict has now.
        """
        if self._step != step:
            self._step = step
            # Nothing in the undo log speaks of the note yet.
            if len(self.keys) > _SPARE * count + _SMALL:
                self.keys = list(keys)
        return len(self.keys)

    def ordered(self, length: int) -> list[K]:
        """:returns: all keys of the first part of the note, deleted ones as well, in their order."""
        return list(reversed(dict.fromkeys(reversed(self.keys[:length]))))
