"""
Patches: how a change of a document travels.

A patch is a list of ops, applied in order to the tree that the client has:

- ``[0, path, value]`` sets the key or index at the end of the path,
- ``[1, path]`` deletes the key at the end of the path,
- ``[2, path, index, count, [items]]`` replaces `count` items of the list at the path.

Keys in a path are written as they are: only the keys of dicts double a leading ``$``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

SET: Final = 0
DELETE: Final = 1
SPLICE: Final = 2


def apply_ops(target: dict[str, Any], ops: Iterable[Sequence[Any]]) -> None:
    """
    Apply a patch to a plain tree, in place, as clients do.

    :param target: the document as it was before.
    :param ops: decoded; their values become part of the tree, they are not copied.
    :raises LookupError: the patch was made for another tree.
    :raises ValueError: there is no such op.
    """
    for op in ops:
        if op[0] == SET:
            _parent(target, op[1])[op[1][-1]] = op[2]
        elif op[0] == DELETE:
            del _parent(target, op[1])[op[1][-1]]
        elif op[0] == SPLICE:
            _, path, index, count, items = op
            _follow(target, path)[index : index + count] = items
        else:
            raise ValueError(f"{op[0]!r} is not a patch op")


def _parent(target: Any, path: Sequence[str | int]) -> Any:
    return _follow(target, path[:-1])


def _follow(target: Any, path: Sequence[str | int]) -> Any:
    for key in path:
        target = target[key]
    return target
