"""
How the changes of tracked dicts and lists are undone, and how a container and what holds it know of each other.

A container that was taken out has no way up to the root. One that is in a dict knows its key; one that is in a list
knows its index, which is right until something is put in or taken out before it. Once that has happened, the list gives
all that are in it numbers (`gameserver.room.documents.places`), which lead to the index wherever it has moved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from gameserver.room.documents.places import Places

if TYPE_CHECKING:
    from gameserver.room.documents.key_order import KeyOrder
    from gameserver.room.documents.tracked import DocDict, DocList, Node

NOT_THERE: Final = object()
"""In place of the value of a key that is not there."""
SCALARS: Final = frozenset((str, int, float, bool, bytes, type(None)))
"""What is none of these, in a document, is a container."""

# The changes here, and those that are undone, go around the tracked classes' own methods.
dict_set = dict.__setitem__
dict_delete = dict.__delitem__
list_set: Callable[[list[Any], Any, Any], None] = list.__setitem__


# Up


def way(node: Node) -> tuple[list[str | int], Node]:
    """:returns: the keys that lead to a node, and where they begin: at the root, or at what was taken out."""
    path: list[str | int] = []
    while (up := node._up) is not None:
        path.append(node._key if isinstance(up, dict) else index_in(up, node))
        node = up
    path.reverse()
    return path, node


def index_in(up: DocList, node: Node) -> int:
    """:returns: where a list holds a node."""
    index = cast("int", node._key)
    if up._places is None:
        if index < len(up) and up[index] is node:
            return index
        up._places = Places(len(up))
        renumber(up, range(len(up)))
        index = cast("int", node._key)
    return up._places.index(index)


def renumber(items: DocList, places: range) -> None:
    """Let the containers at these places of a list know where they are."""
    numbers = items._places
    for place in places:
        item = items[place]
        if type(item) not in SCALARS:
            item._key = place if numbers is None else numbers[place]


def release(item: Any) -> None:
    """Note that an item was taken out, if it is a container."""
    if type(item) not in SCALARS:
        item._up = None


def _claim(item: Any, up: Node) -> None:
    if type(item) not in SCALARS:
        item._up = up


# Undoing: each takes back what its container noted last as well


def undo_put(node: DocDict, key: str, old: Any) -> None:
    """A key was set."""
    if node._touched:
        node._touched.pop()
    release(node.get(key))
    if old is NOT_THERE:
        dict_delete(node, key)
        if node._order is not None:
            node._order.keys.pop()
    else:
        dict_set(node, key, old)
        _claim(old, node)


def undo_delete(node: DocDict, key: str, value: Any) -> None:
    """A key was deleted; `undo_order` puts it in its place, where that is not the last."""
    if node._touched:
        node._touched.pop()
    dict_set(node, key, value)
    _claim(value, node)


def undo_order(node: DocDict, order: KeyOrder[str], length: int) -> None:
    """Deleted keys are there again: put them back into their order. Nothing was noted of that."""
    items = {key: node[key] for key in order.ordered(length) if key in node}
    dict.clear(node)
    dict.update(node, items)


def undo_item(node: DocList, index: int, old: Any) -> None:
    """An item was set."""
    if node._touched:
        node._touched.pop()
    release(node[index])
    list_set(node, index, old)
    _claim(old, node)
    renumber(node, range(index, index + 1))


def undo_splices(node: DocList, start: int, count: int, old: list[Any], told: int) -> None:
    """
    So many items from start on were others, or stood in another order.

    :param told: how many splices were noted.
    """
    if node._touched:
        del node._touched[-told:]
    for item in node[start : start + count]:
        release(item)
    stop, places = start + count, range(start, start + len(old))
    list_set(node, slice(start, stop), old)
    renumber(node, places if node._places is None else node._places.splice(start, stop, len(old)))
    for item in old:
        _claim(item, node)
