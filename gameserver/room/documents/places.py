"""
Where the items of a list are, for items that know their number.

Numbers grow along the list, with gaps, so that an item keeps its own whatever is put in or taken out before it, and a
bisection finds its index. Where a gap is used up, the numbers around it are spread anew: the fuller it is there, the
more items. So each item that is put in renumbers, on average, a number of others that grows with the logarithm of the
list's length.

Source: Bender, Cole, Demaine, Farach-Colton, Zito: Two Simplified Algorithms for Maintaining Order in a List (2002).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

GAP: Final = 2**32
"""Between two numbers of a list that is numbered anew: room for as many items, and for 2**30 such gaps in 64 bits."""
_FARTHEST: Final = 2**62
_REACH: Final = 2
"""Twice so many items on either side are numbered anew at least."""


class Places:
    """
    The numbers of the items of one list.

    :param size: so many items the list has.
    """

    __slots__ = ("_numbers",)

    def __init__(self, size: int) -> None:
        self._numbers = _spaced(0, GAP, size)

    def __getitem__(self, index: int) -> int:
        """:returns: the number of the item at an index."""
        return self._numbers[index]

    def index(self, number: int) -> int:
        """:returns: the index of the item with a number."""
        return bisect_left(self._numbers, number)

    def delete(self, span: slice) -> None:
        """The items at these indexes were taken out."""
        del self._numbers[span]

    def splice(self, start: int, stop: int, count: int) -> range:
        """
        Items were taken out from start to stop, and so many put in instead.

        :returns: the indexes of the items that have another number now, those that were put in among them.
        """
        numbers = self._numbers
        if not count:
            del numbers[start:stop]
            return range(0)
        low, gap = self._room(start, stop, count)
        numbers[start:stop] = _spaced(low, gap, count) if gap else array("q", (low,)) * count
        told = range(start, start + count) if gap else self._spread(start, start + count)
        if numbers[0] > -_FARTHEST and numbers[-1] < _FARTHEST:
            return told
        self._numbers = _spaced(0, GAP, len(numbers))
        return range(len(numbers))

    def _spread(self, start: int, stop: int) -> range:
        """Number those items anew that have all the same number, and as many around them as it takes."""
        reach, gap = _REACH, 0
        while gap <= reach:
            reach *= 2
            start, stop = max(start - reach, 0), min(stop + reach, len(self._numbers))
            low, gap = self._room(start, stop, stop - start)
        self._numbers[start:stop] = _spaced(low, gap, stop - start)
        return range(start, stop)

    def _room(self, start: int, stop: int, count: int) -> tuple[int, int]:
        """:returns: the number before start, and how far apart so many are up to the next; at the ends room is free."""
        numbers = self._numbers
        if stop == len(numbers):
            return (numbers[start - 1] if start else -GAP), GAP
        low = numbers[start - 1] if start else numbers[stop] - GAP * (count + 1)
        return low, (numbers[stop] - low) // (count + 1)


def _spaced(low: int, gap: int, count: int) -> array[int]:
    return array("q", range(low + gap, low + gap * (count + 1), gap))
