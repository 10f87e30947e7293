"""What is due first, of many things whose times change: found without a look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeVar

K = TypeVar("K")
At = tuple[float, Any]
"""When something is due, and what comes first of two that are due together."""


class Schedule(Generic[K]):
    """
    A heap from which nothing is taken out before it is on top: what became of it meanwhile is seen then.

    :param keys: all things that there are; asked rarely.
    :param at: when one is due, or None; different for any two.
    :param changed: the keys of what may be due at another time than before. Others add to it, and it stays the same
        set. All that there is must be in it at first.
    """

    __slots__ = ("_at", "_changed", "_heap", "_keys")

    def __init__(self, keys: Callable[[], Collection[K]], at: Callable[[K], At | None], changed: set[K]) -> None:
        self._keys = keys
        self._at = at
        self._changed = changed
        self._heap: list[tuple[At, K]] = []

    def first(self, *, settled: bool) -> K | None:
        """
        Return what is due first, or None.

        :param settled: nothing that changed may be undone any more. Else all are looked at, and nothing is kept.
        """
        if not settled:
            return min(self._all(), default=(None, None))[1]
        at, heap = self._at, self._heap
        for key in self._changed:
            due = at(key)
            if due is not None:
                heappush(heap, (due, key))
        self._changed.clear()
        while heap and at(heap[0][1]) != heap[0][0]:
            heappop(heap)
        if len(heap) > 64 and len(heap) > 4 * len(self._keys()):  # what is put off again and again
            heap[:] = self._all()
            heapify(heap)
        return heap[0][1] if heap else None

    def _all(self) -> list[tuple[At, K]]:
        return [(due, key) for key in self._keys() if (due := self._at(key)) is not None]
