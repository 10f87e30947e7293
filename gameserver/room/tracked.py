"""
The dicts and lists inside a document, which notice every change of themselves.

How undo and patch stay right:

- What is assigned is copied and checked first, so a change that fails changes nothing, and no two places share a value.
- An op holds its value by reference and is encoded when the step ends. A container that came with an op of this step
  (`_born` is the step) is therefore sent as it is then: later changes inside it need no op. All that is inside a born
  container is born as well.
- Sorting a list sends containers again that the clients have; from then on they count as born, until undone.
- A container that was taken out (popped, overwritten) has no way up to the root: its changes are undone with the
  step, but nobody is told.

What changes a list behind its methods' backs (in CPython `heapq`, or ``list.append(items, 1)``) is not noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import index as to_index
from operator import is_not
from typing import TYPE_CHECKING, Any, Final, SupportsIndex, TypeVar, cast

from gameserver.patches import DELETE, SET, SPLICE
from gameserver.values import is_scalar, plain, plain_key

if TYPE_CHECKING:
    from gameserver.room.document import Document

Op = list[Any]

NEVER: Final = -1
"""No step and no era has this number."""

_MISSING: Final = object()

# What a plain value is looked into for: these become containers, or make the document special.
_DEEPER: Final = frozenset((dict, list, bytes))

# The changes below go around the tracked classes' own methods.
_dict_set = dict.__setitem__
_dict_delete = dict.__delitem__
_list_set: Callable[[list[Any], Any, Any], None] = list.__setitem__


class DocDict(dict[str, Any]):
    """A dict inside a document. Copies (``copy``, ``deepcopy``, pickle, ``|``) are plain dicts."""

    __slots__ = ("_born", "_doc", "_key", "_order", "_up")

    _doc: Document
    _up: Node | None
    _key: str | int
    _born: int
    _order: int
    """The era in which the order of the keys was last saved."""

    def __setitem__(self, key: str, value: Any) -> None:
        old = self.get(key, _MISSING)
        if value is old:
            return
        if old is _MISSING or type(key) is not str:
            key = self._checked(key)
        if not is_scalar(value):
            value = _adopt(self, key, value)
        elif type(old) is type(value) and old == value and (value or type(value) is not float):
            # The same again; but 0.0 and -0.0, though equal, are two values.
            return
        self._put(key, value, old)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __ior__(self, other: Any) -> DocDict:  # type: ignore[override,misc]
        self.update(other)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set many keys, or none if one of the values is refused."""
        changes = dict(*args, **kwargs)
        changes = {self._checked(key): value for key, value in changes.items() if value is not self.get(key, _MISSING)}
        changes = {key: _adopt(self, key, value) for key, value in changes.items()}
        for key, value in changes.items():
            if is_scalar(value):
                self[key] = value
            else:
                self._put(key, value, self.get(key, _MISSING))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of the key, which is set if it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, *default: Any) -> Any:
        """Delete the key and return its value; a missing one is a KeyError, or the default."""
        if key not in self:
            missing: dict[str, Any] = {}
            return missing.pop(key, *default)
        value = self[key]
        key = str.__str__(key)
        self._save_order(key)
        self._doc.undo.append((_undo_put, self, key, value))
        _dict_delete(self, key)
        _release(value)
        if self._born != self._doc.journal.step and (path := _path(self)) is not None:
            self._doc.say([DELETE, [*path, key]])
        return value

    def popitem(self) -> tuple[str, Any]:
        """Delete the last key and return it with its value."""
        if not self:
            raise KeyError("popitem(): dictionary is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Delete all keys; a dict inside the document is sent anew, with one op."""
        if len(self) > 1:
            self._send_again()
        for key in [*reversed(self)]:
            self.pop(key)

    def _put(self, key: str, value: Any, old: Any) -> None:
        doc = self._doc
        doc.undo.append((_undo_put, self, key, old))
        _dict_set(self, key, value)
        if type(old) in _CONTAINERS:
            old._up = None
        if self._born != doc.journal.step:
            path = _path(self)
            if path is not None:
                path.append(key)
                doc.say([SET, path, value])

    def _send_again(self) -> None:
        """Send what will be in this dict when the step ends, instead of the changes to come; the root cannot be set."""
        path = _path(self)
        if path and self._born != self._doc.journal.step:
            self._doc.say([SET, path, self])
            _bear(self)

    def _checked(self, key: Any) -> str:
        if type(key) is not str or not key.isascii():
            key = plain_key(key, tuple(_way(self)[0]))
        name: str = key
        if name[:1] == "$":
            self._doc.special = True
        return name

    def _save_order(self, key: str) -> None:
        """Let the undo log know where the key stands, once an era: it takes time by the length of the dict."""
        era = self._doc.journal.era
        if self._order != era and next(reversed(self)) != key:
            self._order = era
            self._doc.undo.append((_undo_order, self, list(self)))


class DocList(list[Any]):
    """A list inside a document. Copies (``copy``, ``deepcopy``, pickle, slices, ``+``) are plain lists."""

    __slots__ = ("_born", "_doc", "_key", "_up")

    _doc: Document
    _up: Node | None
    _key: str | int
    _born: int

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            return self._set_slice(index, value)
        old = self[index]
        if value is old:
            return None
        if type(index) is not int or index < 0:
            index = self._place(index)
        if not is_scalar(value):
            value = _adopt(self, index, value)
        elif type(old) is type(value) and old == value and (value or type(value) is not float):
            return None
        self._put(index, value, old)
        return None

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        if not isinstance(index, slice):
            self.pop(index)
            return
        places = range(*index.indices(len(self)))
        if places.step == 1:
            self._splice(places.start, len(places), [])
            return
        for place in sorted(places, reverse=True):
            self._splice(place, 1, [])

    def __iadd__(self, values: Iterable[Any]) -> DocList:  # type: ignore[misc]
        self.extend(values)
        return self

    def __imul__(self, times: SupportsIndex) -> DocList:
        times = to_index(times)
        if times < 1:
            self.clear()
        else:
            self.extend(list(self) * (times - 1))
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)

    def append(self, value: Any) -> None:
        """Add one item at the end."""
        place = len(self)
        self._splice(place, 0, [_adopt(self, place, value)])

    def extend(self, values: Iterable[Any]) -> None:
        """Add items at the end, or none if one of them is refused."""
        items = list(values)
        self._splice(len(self), 0, self._adopt_all(len(self), items))

    def insert(self, index: SupportsIndex, value: Any) -> None:
        """Add one item before the index."""
        place = slice(index, None).indices(len(self))[0]
        self._splice(place, 0, [_adopt(self, place, value)])

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Delete one item, the last by default, and return it."""
        if not self:
            raise IndexError("pop from empty list")
        value = self[index]
        self._splice(self._place(index), 1, [])
        return value

    def remove(self, value: Any) -> None:
        """Delete the first item that is equal."""
        self._splice(self.index(value), 1, [])

    def clear(self) -> None:
        """Delete all items."""
        self._splice(0, len(self), [])

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        """Sort in place; the items stay the same objects. If a comparison fails, nothing is changed."""
        before = list(self)
        ordered = sorted(before, key=key, reverse=reverse)
        if len(before) != len(self) or any(map(is_not, before, self)):
            raise ValueError("list modified during sort")
        self._arrange(ordered)

    def reverse(self) -> None:
        """Turn the order round; the items stay the same objects."""
        self._arrange(self[::-1])

    def _place(self, index: SupportsIndex) -> int:
        """The index of an item that exists, from the front, as an exact int."""
        return range(len(self))[to_index(index)]

    def _put(self, index: int, value: Any, old: Any) -> None:
        doc = self._doc
        doc.undo.append((_undo_item, self, index, old))
        _list_set(self, index, value)
        if type(old) in _CONTAINERS:
            old._up = None
        if self._born != doc.journal.step:
            path = _path(self)
            if path is not None:
                path.append(index)
                doc.say([SET, path, value])

    def _set_slice(self, index: slice, values: Iterable[Any]) -> None:
        values = list(values)
        places = range(*index.indices(len(self)))
        items = self._adopt_all(places.start, values)
        if places.step == 1:
            return self._splice(places.start, len(places), items)
        if len(values) != len(places):
            sizes = f"{len(values)} to extended slice of size {len(places)}"
            raise ValueError(f"attempt to assign sequence of size {sizes}")
        for place, item in zip(places, items, strict=True):
            self._put(place, item, self[place])
        return None

    def _adopt_all(self, place: int, values: list[Any]) -> list[Any]:
        return [_adopt(self, n, value) for n, value in enumerate(values, place)]

    def _splice(self, index: int, count: int, items: list[Any]) -> None:
        """Replace items by adopted ones: what every change of length comes to."""
        if not count and not items:
            return
        doc = self._doc
        span = slice(index, index + count)
        removed = self[span] if count else []
        doc.undo.append((_undo_splice, self, slice(index, index + len(items)), removed))
        _list_set(self, span, items)
        for item in removed:
            _release(item)
        if self._born != doc.journal.step:
            path = _path(self)
            if path is not None:
                doc.say([SPLICE, path, index, count, items])

    def _arrange(self, items: list[Any]) -> None:
        """Give the same items another order; only the span that differs is sent."""
        moved = [place for place, (item, old) in enumerate(zip(items, self, strict=True)) if item is not old]
        if not moved:
            return
        doc = self._doc
        start, stop = moved[0], moved[-1] + 1
        span = items[start:stop]
        doc.undo.append((_list_set, self, slice(start, stop), self[start:stop]))
        _list_set(self, slice(start, stop), span)
        if self._born != doc.journal.step and (path := _path(self)) is not None:
            doc.say([SPLICE, path, start, len(span), span])
            for item in span:
                _bear_all(item)


Node = DocDict | DocList
N = TypeVar("N", DocDict, DocList)

_CONTAINERS: Final = frozenset((DocDict, DocList))


def _adopt(node: Node, key: str | int, value: Any) -> Any:
    """
    Copy a value, with all that is in it, to stand at a key of the node.

    :raises NotJSON: with the path from the document's root.
    """
    if is_scalar(value):
        return value
    doc = node._doc
    return grow(doc, plain(value, (*_way(node)[0], key)), node, key, doc.journal.step)


def grow(doc: Document, value: Any, up: Node | None, key: str | int, born: int) -> Any:
    """Turn a plain value into a tracked one."""
    kind = type(value)
    if kind is dict:
        node = _plant(DocDict(value), doc, up, key, born)
        node._order = NEVER
        for name, item in value.items():
            if name[:1] == "$":
                doc.special = True
            if type(item) in _DEEPER:
                _dict_set(node, name, grow(doc, item, node, name, born))
        return node
    if kind is list:
        items = _plant(DocList(value), doc, up, key, born)
        for index, item in enumerate(value):
            if type(item) in _DEEPER:
                _list_set(items, index, grow(doc, item, items, index, born))
        return items
    if kind is bytes:
        doc.special = True
    return value


def _plant(node: N, doc: Document, up: Node | None, key: str | int, born: int) -> N:
    node._doc = doc
    node._up = up
    node._key = key
    node._born = born
    return node


def _way(node: Node) -> tuple[list[str | int], Node]:
    """The keys that lead to a node, and where they begin: at the root, or at a container that was taken out."""
    path: list[str | int] = []
    while (up := node._up) is not None:
        path.append(node._key if type(up) is DocDict else _index_in(up, node))
        node = up
    path.reverse()
    return path, node


def _path(node: Node) -> list[str | int] | None:
    """The keys that lead from the root to a node, or None if it was taken out."""
    if node._up is None:
        return [] if node is node._doc.root else None
    path, top = _way(node)
    return path if top is node._doc.root else None


def _index_in(up: Node, node: Node) -> int:
    """Where a list holds a node; what the node remembers is right unless something was inserted before it."""
    items = cast("list[Any]", up)
    index = cast("int", node._key)
    if index >= len(items) or items[index] is not node:
        index = next(place for place, item in enumerate(items) if item is node)
        node._key = index
    return index


def _release(item: Any) -> None:
    if type(item) in _CONTAINERS:
        item._up = None


def _claim(item: Any, up: Node) -> None:
    if type(item) in _CONTAINERS:
        item._up = up


def _bear(node: Node) -> None:
    """From now on an op of this step holds the node."""
    step = node._doc.journal.step
    if node._born != step:
        node._doc.undo.append((_undo_born, node, node._born))
        node._born = step


def _bear_all(item: Any) -> None:
    """From now on an op of this step holds the item and all that is in it."""
    if type(item) in _CONTAINERS:
        _bear(item)
        for inner in item.values() if type(item) is DocDict else item:
            _bear_all(inner)


def _undo_born(item: Node, born: int) -> None:
    item._born = born


def _undo_put(node: DocDict, key: str, old: Any) -> None:
    _release(node.get(key))
    if old is _MISSING:
        _dict_delete(node, key)
    else:
        _dict_set(node, key, old)
        _claim(old, node)


def _undo_order(node: DocDict, keys: list[str]) -> None:
    items = {key: node[key] for key in keys}
    dict.clear(node)
    dict.update(node, items)


def _undo_item(node: DocList, index: int, old: Any) -> None:
    _release(node[index])
    _list_set(node, index, old)
    _claim(old, node)


def _undo_splice(node: DocList, span: slice, removed: list[Any]) -> None:
    for item in node[span]:
        _release(item)
    _list_set(node, span, removed)
    for item in removed:
        _claim(item, node)
