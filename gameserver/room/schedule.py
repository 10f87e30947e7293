"""What is due first, of many things whose times change: found without a look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heapify, heappop, heappush
from typing import Any, Final, Generic, TypeVar

K = TypeVar("K")
At = tuple[float, Any]
"""When something is due, and what comes first of two that are due together."""

LONGEST_S: Final = 10 * 366 * 86400
"""Nothing in a room waits for longer."""


class Schedule(Generic[K]):
    """
    A heap from which nothing is taken out before it is on top: what became of it meanwhile is seen then.

    :param changed: the keys of what may be due at another time than before. Others add to it, and it stays the same
        dict. All keys must be in it at first.
    """

    __slots__ = ("_changed", "_heap")

    def __init__(self, changed: dict[K, None]) -> None:
        self._changed = changed
        self._heap: list[tuple[At, K]] = []

    def first(self, keys: Collection[K], at: Callable[[K], At | None], *, settled: bool) -> K | None:
        """
        Return what is due first, or None.

        :param keys: all things that there are.
        :param at: when one is due, or None; different for any two.
        :param settled: no change can be undone any more. Else all things are looked at, and nothing is remembered.
        """
        if not settled:
            return min(_all(keys, at), default=(None, None))[1]
        heap = self._heap
        for key in self._changed:
            due = at(key)
            if due is not None:
                heappush(heap, (due, key))
        self._changed.clear()
        while heap and at(heap[0][1]) != heap[0][0]:
            heappop(heap)
        if len(heap) > 64 and len(heap) > 4 * len(keys):  # what is put off again and again
            heap[:] = _all(keys, at)
            heapify(heap)
        return heap[0][1] if heap else None


def _all(keys: Collection[K], at: Callable[[K], At | None]) -> list[tuple[At, K]]:
    return [(due, key) for key in keys if (due := at(key)) is not None]
