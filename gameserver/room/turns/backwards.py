"""
The way back from what a document holds to what it held: few small changes, as JSON, which are kept.

Each is ``[path, what, ...]``; no change moves what the path of another leads to.

================================ =====================================================================
``[path, "set", value]``         what the path leads to is this
``[path, "delete"]``             the key that the path ends in is gone
``[path, "splice", at, n, new]`` so many items of a list, from ``at`` on, are these
``[path, "order", keys]``        the keys of a dict stand in this order; it comes behind all others of it
================================ =====================================================================
"""

from __future__ import annotations

from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any

from gameserver.room.documents.document import bare

if TYPE_CHECKING:
    from gameserver.room.documents.document import Document

Change = list[Any]


def changes_back(before: Any, after: Any) -> list[Change]:
    """
    :param before: what a document held, plain.
    :param after: what it holds.
    :returns: what makes one of the other again.
    """
    found: list[Change] = []
    _compare_dicts(before, after, [], found)
    return found


def apply(document: Document, changes: list[Change]) -> None:
    """Make these changes to a document, which holds what it held when they were found."""
    for path, what, *args in changes:
        if what in ("splice", "order"):
            node: Any = reduce(getitem, path, document.root)
            (_splice if what == "splice" else _arrange)(node, *args)
            continue
        node = reduce(getitem, path[:-1], document.root)
        if what == "set":
            node[path[-1]] = args[0]
        else:
            del node[path[-1]]


def _splice(items: Any, at: int, count: int, new: list[Any]) -> None:
    items[at : at + count] = new


def _arrange(node: Any, keys: list[str]) -> None:
    """Put the keys from the first wrong one on in anew, in their order."""
    right = 0
    for key, wanted in zip(list(node), keys, strict=True):
        if key != wanted:
            break
        right += 1
    for key in keys[right:]:
        node[key] = bare(node.pop(key))


def _compare(before: Any, after: Any, path: list[Any], found: list[Change]) -> None:
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        _compare_dicts(before, after, path, found)
    elif isinstance(before, list) and isinstance(after, list):
        _compare_lists(before, after, path, found)
    elif not _same(before, after):
        found.append([path, "set", bare(before)])


def _compare_dicts(before: dict[str, Any], after: dict[str, Any], path: list[Any], found: list[Change]) -> None:
    found += [[[*path, key], "delete"] for key in after if key not in before]
    for key, value in before.items():
        if key in after:
            _compare(value, after[key], [*path, key], found)
        else:
            found.append([[*path, key], "set", bare(value)])
    would_be = [key for key in after if key in before] + [key for key in before if key not in after]
    if would_be != list(before):
        found.append([path, "order", list(before)])


def _compare_lists(before: list[Any], after: list[Any], path: list[Any], found: list[Change]) -> None:
    if len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            _compare(old, new, [*path, index], found)
        return
    most = min(len(before), len(after))
    first = next((i for i in range(most) if not _same(before[i], after[i])), most)
    last = next((i for i in range(most - first) if not _same(before[-1 - i], after[-1 - i])), most - first)
    old = bare(before[first : len(before) - last])
    found.append([path, "splice", first, len(after) - last - first, old])


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last: 1, 1.0 and True are three, 0.0 and -0.0 two, and keys have order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other and (type(one) is not float or repr(one) == repr(other))
