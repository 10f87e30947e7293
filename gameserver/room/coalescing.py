"""
Many ops of one patch made few: of what is set twice only the last counts, and what is overwritten is not told.

An op that is left out, or that takes another's place, must not change what comes of the others. So of each op that sets
something it is known whether its path still leads where it led (`Patch._live`); a splice of a list ends that for all
that is in the list.
"""

from __future__ import annotations

from typing import Any, Final

from gameserver.patches import DELETE, SET, SPLICE, apply_ops

Op = list[Any]
Path = tuple[str | int, ...]

_RUN: Final = 4
"""So many neighbours in a list, set one by one, are shorter as one splice."""
_CONTAINERS: Final = (dict, list)


def coalesce(ops: list[Op], *, fold: bool = False) -> list[Op]:
    """
    :param ops: in order. They are not changed.
    :param fold: the values are plain copies that nobody else has: change what an earlier op sets, where a later one
        changes it inside.
    :returns: fewer ops, or as many, after which every tree is the same.
    """
    if len(ops) < 2 or _is_plain(ops):
        return ops
    patch = _Patch(fold)
    for op in ops:
        patch.add(op)
    return _with_runs(patch.ops)


def _is_plain(ops: list[Op]) -> bool:
    """The quick look: most steps set a few keys side by side, each once, and there is nothing to do."""
    size = len(ops[0][1])
    if size == 1:
        return len({op[1][0] for op in ops if op[0] == SET and len(op[1]) == 1}) == len(ops)
    paths = set()
    for op in ops:
        path = op[1]
        if op[0] != SET or len(path) != size or type(path[-1]) is int:
            return False
        paths.add(tuple(path))
    return len(paths) == len(ops)


class _Patch:
    """The ops so far, with None where one was left out."""

    __slots__ = ("_deepest", "_fold", "_kept", "_live")

    def __init__(self, fold: bool) -> None:
        self._fold = fold
        self._kept: list[Op | None] = []
        self._live: dict[Path, int] = {}
        self._deepest = 0

    @property
    def ops(self) -> list[Op]:
        """What is left."""
        return [op for op in self._kept if op is not None]

    def add(self, op: Op) -> None:
        """Take one more op."""
        path = tuple(op[1])
        if self._is_inside(path, op):
            return
        if op[0] == SPLICE:
            self._end(path)
        elif len(path) < self._deepest:
            self._drop_inside(path)
        known = self._live.get(path)
        if op[0] == SET:
            if known is not None:
                self._kept[known] = op
                return
            self._live[path] = len(self._kept)
            self._deepest = max(self._deepest, len(path))
        elif op[0] == DELETE and known is not None:
            self._kept[known] = [SET, op[1], None]  # whether it was there before is not known here
            del self._live[path]
        self._kept.append(op)

    def _is_inside(self, path: Path, op: Op) -> bool:
        """Whether this op changes what an earlier one sets, and was made part of it."""
        for size in range(len(path) - (op[0] != SPLICE), 0, -1):
            place = self._live.get(path[:size])
            if place is None:
                continue
            outer = self._kept[place]
            if outer is not None and self._fold and isinstance(outer[2], _CONTAINERS):
                apply_ops(outer[2], [[op[0], list(path[size:]), *op[2:]]])
                return True
            del self._live[path[:size]]
        return False

    def _drop_inside(self, path: Path) -> None:
        """All that was set in here is overwritten or deleted."""
        size = len(path)
        for inner in [inner for inner in self._live if len(inner) > size and inner[:size] == path]:
            self._kept[self._live.pop(inner)] = None

    def _end(self, path: Path) -> None:
        """Items of this list move."""
        size = len(path)
        for inner in [inner for inner in self._live if inner[:size] == path]:
            del self._live[inner]


def _with_runs(ops: list[Op]) -> list[Op]:
    """Items of a list that are set one after the other become one splice."""
    told: list[Op] = []
    start = 0
    while start < len(ops):
        stop = _run_end(ops, start)
        if stop - start < _RUN:
            told.append(ops[start])
            start += 1
            continue
        path = ops[start][1]
        told.append([SPLICE, path[:-1], path[-1], stop - start, [op[2] for op in ops[start:stop]]])
        start = stop
    return told


def _run_end(ops: list[Op], start: int) -> int:
    """:returns: where the items that stand one after the other end."""
    op = ops[start]
    if op[0] != SET or type(op[1][-1]) is not int:
        return start + 1
    before, index, stop = op[1][:-1], op[1][-1], start + 1
    while stop < len(ops) and ops[stop][0] == SET and ops[stop][1] == [*before, index + stop - start]:
        stop += 1
    return stop
