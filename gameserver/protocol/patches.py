"""
Patches: how a change of a document travels.

A patch is a list of ops, applied in order to the tree that the client has:

- ``[0, path, value]`` sets the key or index at the end of the path,
- ``[1, path]`` deletes the key at the end of the path,
- ``[2, path, index, count, [items]]`` replaces `count` items of the list at the path.

Keys in a path are written as they are: only the keys of dicts double a leading ``$``.

In the MessagePack form a key that was sent once travels as a number afterwards: ``-1-k`` in a path is entry k of the
stream's keys. ``joined`` and ``doc`` give those keys (an empty one for each that is gone), and a patch adds to them:

- ``[3, key]`` puts a key at their end.

A client that says so in ``hello`` (``ops: 4``) is sent many sets as one:

- ``[4, path, keys, scales, rows]``: in the container at the path, for each child that a row names, set each of the
  keys. ``rows`` is flat: a child's key or index, then a value for each of the keys, then the next child. ``scales`` is
  nil, or has for each of the keys nil, or a number by which its values are divided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

SET: Final = 0
DELETE: Final = 1
SPLICE: Final = 2
KEY: Final = 3
COLUMNS: Final = 4


def expand(ops: Iterable[Sequence[Any]], keys: list[str]) -> list[Sequence[Any]]:
    """
    Write a patch of the MessagePack form in the ops that every client knows.

    :param keys: the stream's; those that the patch adds are appended.
    :returns: ops 0 to 2, with all keys as they are.
    :raises LookupError: a number stands for no key.
    """
    plain: list[Sequence[Any]] = []
    for op in ops:
        if op[0] == KEY:
            keys.append(op[1])
        elif op[0] == COLUMNS:
            plain += _sets(op, keys)
        else:
            plain.append([op[0], [_named(key, keys) for key in op[1]], *op[2:]])
    return plain


def _sets(op: Sequence[Any], keys: list[str]) -> Iterator[Sequence[Any]]:
    _, path, fields, scales, rows = op
    path = [_named(key, keys) for key in path]
    fields = [_named(key, keys) for key in fields]
    width = 1 + len(fields)
    for start in range(0, len(rows), width):
        child = _named(rows[start], keys)
        for place, field in enumerate(fields):
            value, scale = rows[start + 1 + place], scales[place] if scales else None
            yield [SET, [*path, child, field], value if scale is None else value / scale]


def _named(key: str | int, keys: list[str]) -> str | int:
    return keys[-1 - key] if isinstance(key, int) and key < 0 else key


def apply_ops(target: dict[str, Any] | list[Any], ops: Iterable[Sequence[Any]]) -> None:
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
