"""
What is told of a document at the end of a step: a patch, made of what was touched and of what is there now.

So a patch holds only what the document holds: neither what came and went again, nor what was written into something
that was taken out. Each key, splice and container that was touched is looked at once.

The ops are applied in order, so each path must lead where it should in the tree that the ops before it have left. All
paths here are those of the document at the end. They hold because only a change of a list moves what is in it, and the
ops of a list come before all ops of what is in it. Those of one list come from its front to its back.

Nothing is told of a container inside another that is sent whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gameserver.protocol.patches import DELETE, SET, SPLICE
from gameserver.room.documents.splices import IN_PLACE, Splice, end_of, net
from gameserver.room.documents.undo import NOT_THERE, SCALARS, index_in, undo_delete, undo_put, way

if TYPE_CHECKING:
    from gameserver.room.documents.tracked import DocDict, DocList, Node

Op = list[Any]
Path = list[str | int]
Change = tuple[Any, ...]
"""A change of a dict, as in the undo log: `undo_put` or `undo_delete`, the dict, a key, and the value before."""

RUN: Final = 4
"""So many neighbours in a list, set one by one, are shorter as one splice."""

_BEHIND: Final = 2**62
"""Sorts behind all splices at an index."""
_UNKNOWN: Final[Path] = []
"""In place of a path that was not looked for."""


def compile_ops(root: DocDict, touched: list[Node]) -> list[Op]:
    """
    :param root: of the document.
    :param touched: the containers that were touched since its audience was told last; each has noted what of it was.
    :returns: the ops that lead the audience from there to what the document is now. They hold parts of it by reference:
        encode them before the next change.
    """
    ops: list[Op] = []
    if len(touched) == 1:  # nearly always
        (node,) = touched
        path, top = ([], node) if node is root else way(node)
        if top is not root:
            pass
        elif isinstance(node, dict):
            _tell_keys(ops, path, node)
        else:
            _tell_splices(ops, path, node, net(node._touched or []))
        return ops
    paths = _Paths(root, ops)
    still = paths.still
    for node in touched:
        # A look at what most containers are in saves a call.
        above = still.get(id(node._up))
        found = paths.to(node) if above is None else [*above, node._key]
        if found is None:
            continue
        if isinstance(node, dict):
            _tell_keys(ops, found, node)
        else:
            paths.splices(found, node)
    return ops


def keys_of(note: Iterable[Change]) -> dict[str, Any]:
    """
    :param note: the changes of one dict.
    :returns: the keys that were touched, each with what it was before, or `NOT_THERE`; in a tuple, which no document
        holds, if the key was deleted meanwhile: set again, it stands elsewhere.
    """
    was: dict[str, Any] = {}
    for undo, _, key, old in note:
        if undo is undo_delete:
            before = was.get(key, old)
            was[key] = before if type(before) is tuple else (before,)
        elif key not in was:
            was[key] = old
    return was


def _tell_keys(ops: list[Op], path: Path, node: DocDict) -> None:
    note = node._touched or ()
    if len(note) == 1:
        ((undo, _, key, _),) = note
        if undo is undo_put:
            # Nearly always; there is no need to look at what it was.
            ops.append([SET, [*path, key], node[key]])
            return
    start = len(ops)
    seen = set()
    for undo, _, key, old in note:
        if undo is not undo_put:
            ops[start:] = _ops_with_deletes(path, node, keys_of(note))
            return
        if key in seen:
            continue
        seen.add(key)
        new = node.get(key, NOT_THERE)  # it may be deleted later
        kind = type(new)
        # 1, 1.0 and True are three values, and so are 0.0 and -0.0.
        if kind is not type(old) or kind not in SCALARS or new != old or (not new and kind is float):
            ops.append([SET, [*path, key], new])


class _Paths:
    """
    Where the containers of one patch are.

    :param ops: what must be told before is added to them.
    :ivar still: the paths of dicts of which nothing is told; what is in them is where it was.
    """

    __slots__ = ("_above", "_keys", "_ops", "_root", "_splices", "still")

    def __init__(self, root: DocDict, ops: list[Op]) -> None:
        self._root = root
        self._ops = ops
        self._above: dict[int, Path | None] = {}
        self._keys: dict[int, dict[str, Any]] = {}
        self._splices: dict[int, list[Splice]] = {}
        self.still: dict[int, Path] = {}

    def to(self, node: Node) -> Path | None:
        """:returns: None where nothing is told of it: it was taken out, or is in something that is sent whole."""
        up = node._up
        if up is None:
            return [] if node is self._root else None
        above = self._above
        path = above.get(id(up), _UNKNOWN)
        if path is _UNKNOWN:
            path = above[id(up)] = self.to(up)
            if path is not None and up._touched is None and isinstance(up, dict):
                self.still[id(up)] = path
        if path is None:
            return None
        key = node._key if isinstance(up, dict) else index_in(up, node)
        if up._touched is not None and self._sends(path, up, key):
            return None
        return [*path, key]

    def splices(self, path: Path, items: DocList) -> list[Splice]:
        """:returns: the splices of a list. The first call tells them, before anything that is in the list."""
        splices = self._splices.get(id(items))
        if splices is None:
            splices = self._splices[id(items)] = net(items._touched or [])
            _tell_splices(self._ops, path, items, splices)
        return splices

    def _sends(self, path: Path, up: Node, key: Any) -> bool:
        """Whether the ops of a container that was touched bring what is at this key."""
        if isinstance(up, dict):
            keys = self._keys.get(id(up))
            if keys is None:
                keys = self._keys[id(up)] = keys_of(up._touched or ())
            return key in keys
        splices = self.splices(path, up)
        place = bisect_right(splices, (key, _BEHIND, _BEHIND)) - 1
        return place >= 0 and key < end_of(splices[place])


def _tell_splices(ops: list[Op], path: Path, items: DocList, splices: list[Splice]) -> None:
    for index, gone, new in splices:
        if new != IN_PLACE:
            ops.append([SPLICE, path, index, gone, items[index : index + new]])
        elif gone < RUN:
            ops += [[SET, [*path, place], items[place]] for place in range(index, index + gone)]
        else:
            ops.append([SPLICE, path, index, gone, items[index : index + gone]])


def _ops_with_deletes(path: Path, node: DocDict, was: dict[str, Any]) -> list[Op]:
    """:returns: the ops of a dict from which keys were deleted; clients have the keys in the same order."""
    ops: list[Op] = []
    there = new = 0
    for key, old in was.items():
        deleted = type(old) is tuple
        before = old[0] if deleted else old
        is_there = key in node
        there += is_there
        if before is NOT_THERE:
            new += is_there
        elif deleted:
            ops.append([DELETE, [*path, key]])
            new += is_there
        elif before is not node[key]:
            ops.append([SET, [*path, key], node[key]])
    # New keys stand behind all others.
    ops += [[SET, [*path, key], node[key]] for key in reversed([*islice(reversed(node), new)])]
    if path and there == len(node) and len(ops) > len(node) + 1:
        # It is shorter to send all of it; the root cannot be set.
        return [[SET, path, node]]
    return ops
