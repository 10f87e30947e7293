"""
The journal of a room: how each change of this step is undone.

Whatever changes a room says first how to undo it. A step that fails is rolled back; one that holds is committed, which
forgets the undoing and begins the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from gameserver.room import marks
from gameserver.room.documents.key_order import KeyOrder
from gameserver.room.parts import Parts

if TYPE_CHECKING:
    from gameserver.room.kept import Kept

K = TypeVar("K")
V = TypeVar("V")

_MISSING: Final = object()
SMALL: Final = 64
"""Up to so many keys are copied, which is faster than to keep their order."""


class Touched(Protocol):
    """A document, as far as the journal knows it."""

    def forget(self) -> None:
        """The step ends: nothing is touched any more."""


D = TypeVar("D", bound=Touched)


class Journal(Generic[D]):
    """
    The undo log of one room.

    `undo` holds ``(function, *arguments)``, oldest first, and stays the same list. `step` counts committed steps. `era`
    grows whenever a place to roll back to may have been taken: what was saved in an earlier era does not serve a later
    mark. `rollbacks` counts those. `touched` holds, in order, the documents of which something was touched in this step
    (it may have been rolled back since). `stale` and `parts` are what follows from changes: what may have to be told,
    and what is to be stored.
    """

    __slots__ = ("_orders", "era", "parts", "rollbacks", "stale", "step", "touched", "undo")

    def __init__(self) -> None:
        self.undo: list[tuple[Any, ...]] = []
        self.step = 0
        self.era = 0
        self.rollbacks = 0
        self.touched: dict[D, None] = {}
        self.stale = marks.Stale()
        self.parts = Parts()
        self._orders: dict[int, tuple[dict[Any, Any], KeyOrder[Any]]] = {}  # of large dicts, by their ids

    def record(self, undo: Callable[..., object], *args: object) -> None:
        """Call ``undo(*args)`` if this step, or this part of it, is rolled back."""
        self.undo.append((undo, *args))

    def mark(self) -> int:
        """Return a place to roll back to; it serves until the next `commit`, or a rollback beyond it."""
        self.era += 1
        return len(self.undo)

    def rollback(self, mark: int = 0) -> None:
        """
        Undo what was recorded since, the newest first.

        :param mark: what `mark` returned; 0 is the beginning of the step.
        """
        undo = self.undo
        while len(undo) > mark:
            function, *args = undo.pop()
            function(*args)
        self.era += 1
        self.rollbacks += 1

    def commit(self) -> None:
        """Keep all changes and begin the next step; what is to be told of them was found before."""
        self.undo.clear()
        for document in self.touched:
            document.forget()
        self.touched.clear()
        self.step += 1
        self.era += 1

    # What a room keeps

    def set(self, state: Kept, field: str, value: object) -> None:
        """Set a field; what follows from that is marked, as it is declared."""
        old = getattr(state, field)
        self.undo.append((setattr, state, field, old))
        setattr(state, field, value)
        self._mark(state, field, old, value)

    def update(self, state: Kept, **fields: object) -> None:
        """Set several fields."""
        for field, value in fields.items():
            self.set(state, field, value)

    def put_in(self, state: Kept, field: str, key: Any, value: object) -> None:
        """Set a key of a field that is a dict."""
        self.put(getattr(state, field), key, value)
        self._mark_in(state, field, key)

    def remove_from(self, state: Kept, field: str, key: Any, *, ordered: bool = True) -> None:
        """
        Delete a key of a field that is a dict.

        :param ordered: undone, it is to stand where it stood; else it is the last.
        :raises KeyError: there is no such key.
        """
        mapping = getattr(state, field)
        if ordered:
            self.remove(mapping, key)
        else:
            self.undo.append((mapping.__setitem__, key, mapping.pop(key)))
        self._mark_in(state, field, key)

    def touch(self, state: Kept) -> None:
        """A piece of state has come, or is gone: call the marks of all its fields."""
        for field, found in marks.of(type(state)).items():
            for mark in found:
                mark(self.stale, state, getattr(state, field), getattr(state, field))
        if state.part:
            self.parts.dirty.add(state.part)

    def note(self, mark: marks.Mark, state: Kept) -> None:
        """Call a mark for a change of something that is no field."""
        mark(self.stale, state)

    def _mark(self, state: Kept, field: str, *change: object) -> None:
        for mark in marks.of(type(state))[field]:
            mark(self.stale, state, *change)
        if state.part:
            self.parts.dirty.add(state.part)

    def _mark_in(self, state: Kept, field: str, key: Any) -> None:
        for mark in marks.of(type(state))[field]:
            mark(self.stale, state, key)
        part = state.part_of(field, key)
        if part:
            self.parts.dirty.add(part)

    # Anything else

    def assign(self, target: object, attribute: str, value: object) -> None:
        """Set an attribute of an object that is no part of what a room keeps."""
        old = getattr(target, attribute, _MISSING)
        if old is _MISSING:
            self.undo.append((delattr, target, attribute))
        else:
            self.undo.append((setattr, target, attribute, old))
        setattr(target, attribute, value)

    def put(self, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """Set a key of an ordinary dict."""
        if key in mapping:
            self.undo.append((mapping.__setitem__, key, mapping[key]))
        else:
            _, order = self._orders.get(id(mapping), (None, None))
            if order is not None:
                order.keys.append(key)
                self.undo.append((order.keys.pop,))
            self.undo.append((mapping.__delitem__, key))
        mapping[key] = value

    def remove(self, mapping: dict[K, V], key: K) -> V:
        """
        Delete a key of an ordinary dict; undone, it stands where it stood.

        :returns: the value that it had.
        :raises KeyError: there is no such key.
        """
        value = mapping[key]
        self._keep_order(mapping)
        del mapping[key]
        self.undo.append((mapping.__setitem__, key, value))
        return value

    def _keep_order(self, mapping: dict[Any, Any]) -> None:
        """A key is about to be deleted: let the undo log know where it stands, once an era."""
        _, order = self._orders.get(id(mapping), (None, None))
        if len(mapping) <= SMALL and (order is None or order.era != self.era):
            self._orders.pop(id(mapping), None)
            self.undo.append((put_in_order, mapping, list(mapping)))
            return
        if order is None:
            order = KeyOrder(mapping)
            self._orders[id(mapping)] = (mapping, order)
        if order.era != self.era:
            order.era = self.era
            self.undo.append((put_in_noted_order, mapping, order, order.mark(self.step, mapping, len(mapping))))

    def append(self, items: list[V], item: V) -> None:
        """Append to an ordinary list."""
        self.undo.append((items.pop,))
        items.append(item)


def put_in_order(mapping: dict[Any, Any], keys: Iterable[Any]) -> None:
    """Put the keys of a dict into this order; keys that it lacks are skipped."""
    items = {key: mapping[key] for key in keys if key in mapping}
    items.update((key, value) for key, value in mapping.items() if key not in items)
    # It is the same dict with the same keys: what a subclass knows of them stays true.
    dict.clear(mapping)
    dict.update(mapping, items)


def put_in_noted_order(mapping: dict[Any, Any], order: KeyOrder[Any], length: int) -> None:
    """The same, by the first ``length`` keys of a noted order."""
    put_in_order(mapping, order.ordered(length))
