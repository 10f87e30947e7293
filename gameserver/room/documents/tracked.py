"""
The dicts and lists inside a document, which notice every change of themselves.

How undo and patch stay right:

- What is assigned is copied and checked first, so a change that fails changes nothing, and no two places share a value.
- A change puts into the journal's undo log how it is undone (`gameserver.room.documents.undo`), and into `_touched` of
    the container what was touched; that is undone as well. Values are never noted: what is told is found at the end of
    the step, from what was touched and from the document as it is then (`gameserver.room.documents.compile`).
- A container that came into the document in this step (`_born` is the step) is sent whole, as it is at the end, and
  notes nothing. All that is inside a born container is born as well.

What changes a list behind its methods' backs (in CPython `heapq`, or ``list.append(items, 1)``) is not noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import index as to_index
from operator import is_not
from typing import TYPE_CHECKING, Any, Final, SupportsIndex, TypeVar

from gameserver.protocol.values import MAX_INT, is_scalar, plain, plain_key
from gameserver.room.documents.key_order import KeyOrder
from gameserver.room.documents.places import Places
from gameserver.room.documents.splices import IN_PLACE, Splice
from gameserver.room.documents.undo import (
    NOT_THERE,
    dict_delete,
    dict_set,
    list_set,
    release,
    renumber,
    undo_delete,
    undo_item,
    undo_order,
    undo_put,
    undo_splices,
    way,
)

if TYPE_CHECKING:
    from gameserver.room.documents.document import Document

NEVER: Final = -1
"""No step has this number."""

# What is looked for inside a plain value: these become containers, or make the document special.
_DEEPER: Final = frozenset((dict, list, bytes))


class DocDict(dict[str, Any]):
    """A dict inside a document. Copies (``copy``, ``deepcopy``, pickle, ``|``) are plain dicts."""

    __slots__ = ("_born", "_doc", "_key", "_order", "_touched", "_up")

    _doc: Document
    _up: Node | None
    _key: str | int
    _born: int
    _order: KeyOrder[str] | None
    """How the keys stand, once one was deleted."""
    _touched: list[tuple[Any, ...]] | None
    """The changes of this step, each as in the undo log, or None: there is none yet."""

    def __setitem__(self, key: str, value: Any) -> None:
        old = self.get(key, NOT_THERE)
        if value is old:
            return
        if old is NOT_THERE or type(key) is not str:
            key = self._checked(key)
        kind = type(value)
        # Numbers and flags, which change most, need no call.
        if not ((kind is int and -MAX_INT <= value <= MAX_INT) or kind is bool or is_scalar(value)):
            value = _adopt(self, key, value)
        elif type(old) is kind and old == value and (value or kind is not float):
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
        changes = {self._checked(key): value for key, value in changes.items() if value is not self.get(key, NOT_THERE)}
        changes = {key: _adopt(self, key, value) for key, value in changes.items()}
        for key, value in changes.items():
            if is_scalar(value):
                self[key] = value
            else:
                self._put(key, value, self.get(key, NOT_THERE))

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
        self._keep_order()
        dict_delete(self, key)
        self._note_deleted(key, value)
        return value

    def popitem(self) -> tuple[str, Any]:
        """Delete the last key and return it with its value."""
        if not self:
            raise KeyError("popitem(): dictionary is empty")
        self._keep_order()
        key, value = dict.popitem(self)
        self._note_deleted(key, value)
        return key, value

    def clear(self) -> None:
        """Delete all keys."""
        if not self:
            return
        self._keep_order()
        items = list(self.items())
        dict.clear(self)
        for key, value in reversed(items):
            self._note_deleted(key, value)

    def _put(self, key: str, value: Any, old: Any) -> None:
        dict_set(self, key, value)
        if type(old) in _CONTAINERS:
            old._up = None
        elif old is NOT_THERE and self._order is not None:
            self._order.keys.append(key)
        self._note((undo_put, self, key, old))

    def _note(self, undo: tuple[Any, ...]) -> None:
        doc = self._doc
        doc.undo.append(undo)
        touched = self._touched
        if touched is not None:
            touched.append(undo)
        elif self._born != doc.journal.step:
            self._touched = [undo]
            doc.touch(self)

    def _note_deleted(self, key: str, value: Any) -> None:
        release(value)
        self._note((undo_delete, self, key, value))

    def _keep_order(self) -> None:
        """A key is about to be deleted: let the undo log know where it stands, once an era."""
        journal = self._doc.journal
        order = self._order
        if order is None:
            order = self._order = KeyOrder(self)
        if order.era != journal.era:
            order.era = journal.era
            journal.undo.append((undo_order, self, order, order.mark(journal.step, self, len(self))))

    def _checked(self, key: Any) -> str:
        if type(key) is not str or not key.isascii():
            key = plain_key(key, tuple(way(self)[0]))
        name: str = key
        if name[:1] == "$":
            self._doc.special = True
        return name


class DocList(list[Any]):
    """A list inside a document. Copies (``copy``, ``deepcopy``, pickle, slices, ``+``) are plain lists."""

    __slots__ = ("_born", "_doc", "_key", "_places", "_touched", "_up")

    _doc: Document
    _up: Node | None
    _key: str | int
    _born: int
    _places: Places | None
    """Where the items are, once one was looked for that had moved."""
    _touched: list[Splice] | None
    """The splices of this step, as they were made, or None: there is none yet."""

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
        elif places:
            self._take_out(index, places if places.step < 0 else places[::-1])

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
        list_set(self, index, value)
        if type(old) in _CONTAINERS:
            old._up = None
        if self._places is not None:
            renumber(self, range(index, index + 1))
        self._note((undo_item, self, index, old), [(index, 1, IN_PLACE)])

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
        span = slice(index, index + count)
        removed = self[span] if count else []
        list_set(self, span, items)
        if self._places is not None:
            renumber(self, self._places.splice(index, index + count, len(items)))
        for item in removed:
            release(item)
        self._note((undo_splices, self, index, len(items), removed, 1), [(index, count, len(items))])

    def _take_out(self, index: slice, places: range) -> None:
        """Delete the items of a slice that leaves others between them; the last comes first in places."""
        before, taken = self[places[-1] : places[0] + 1], self[index]
        list.__delitem__(self, index)
        if self._places is not None:
            self._places.delete(index)
        for item in taken:
            release(item)
        undo = (undo_splices, self, places[-1], len(before) - len(taken), before, len(places))
        self._note(undo, [(place, 1, 0) for place in places])

    def _arrange(self, items: list[Any]) -> None:
        """Give the same items another order; only the span that differs is sent."""
        moved = [place for place, (item, old) in enumerate(zip(items, self, strict=True)) if item is not old]
        if not moved:
            return
        start, size = moved[0], moved[-1] + 1 - moved[0]
        span = slice(start, start + size)
        before = self[span]
        list_set(self, span, items[span])
        renumber(self, range(start, start + size))
        self._note((undo_splices, self, start, size, before, 1), [(start, size, size)])

    def _note(self, undo: tuple[Any, ...], splices: list[Splice]) -> None:
        doc = self._doc
        doc.undo.append(undo)
        touched = self._touched
        if touched is not None:
            touched += splices
        elif self._born != doc.journal.step:
            self._touched = splices
            doc.touch(self)


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
    return grow(doc, plain(value, (*way(node)[0], key)), node, key, doc.journal.step)


def grow(doc: Document, value: Any, up: Node | None, key: str | int, born: int) -> Any:
    """Turn a plain value into a tracked one."""
    kind = type(value)
    if kind is dict:
        node = _plant(DocDict(value), doc, up, key, born)
        node._order = None
        for name, item in value.items():
            if name[:1] == "$":
                doc.special = True
            if type(item) in _DEEPER:
                dict_set(node, name, grow(doc, item, node, name, born))
        return node
    if kind is list:
        items = _plant(DocList(value), doc, up, key, born)
        items._places = None
        for index, item in enumerate(value):
            if type(item) in _DEEPER:
                list_set(items, index, grow(doc, item, items, index, born))
        return items
    if kind is bytes:
        doc.special = True
    return value


def _plant(node: N, doc: Document, up: Node | None, key: str | int, born: int) -> N:
    node._doc = doc
    node._up = up
    node._key = key
    node._born = born
    node._touched = None
    return node
