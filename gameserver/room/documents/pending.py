"""
What of a document is to be told later, with ``patch_hz``: what was touched in the steps since it was told last.

Nothing is copied: when its time has come, the patch is made of the document as it is then. A step adds what it touched,
whatever waits already.
"""

from __future__ import annotations

from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, Final

from gameserver.room.documents.compile import Op, compile_ops, keys_of
from gameserver.room.documents.splices import net
from gameserver.room.documents.undo import undo_delete, undo_put, way

if TYPE_CHECKING:
    from gameserver.room.documents.document import Document
    from gameserver.room.documents.tracked import Node

_MANY: Final = 64
"""The note of a container is shortened once it is longer than this; later, than twice what was left of it."""


class Waiting:
    """
    What waits to be told of one document.

    :param document: its audience was told all of it but what was touched in this step.
    """

    __slots__ = ("_bounds", "_document", "_notes", "_since")

    def __init__(self, document: Document) -> None:
        self._document = document
        self._since = document.journal.step
        self._notes: dict[int, tuple[Node, list[Any]]] = {}
        self._bounds: dict[int, int] = {}

    def add(self, touched: list[Node]) -> None:
        """Take up what was touched in one step, at its end; it is undone with the step."""
        for node in touched:
            if node._born >= self._since:
                continue  # it is sent whole
            _, known = self._notes.setdefault(id(node), (node, []))
            if len(known) > self._bounds.get(id(node), _MANY):
                known[:] = _less(node, known)
                self._bounds[id(node)] = max(_MANY, 2 * len(known))
            self._document.journal.record(_cut, known, len(known))
            known += node._touched or ()

    def ops(self) -> list[Op]:
        """:returns: the patch from what the audience was told last to what the document is now, as a step ends."""
        self._document.forget()
        nodes = [node for node, _ in self._notes.values()]
        for node, note in self._notes.values():
            node._touched = note
        ops = compile_ops(self._document.root, nodes)
        for node in nodes:
            node._touched = None
        return ops

    def moved_to(self, document: Document) -> Waiting:
        """:returns: the same for a document that was made anew and has the same content."""
        moved = Waiting(document)
        for node, note in self._notes.values():
            path, top = way(node)
            if top is self._document.root:
                twin: Any = reduce(getitem, path, document.root)  # type: ignore[arg-type]
                moved._notes[id(twin)] = twin, note
        return moved


def _cut(note: list[Any], length: int) -> None:
    del note[length:]


def _less(node: Node, note: list[Any]) -> list[Any]:
    """:returns: a shorter note that says the same: with each key once, or with the net splices."""
    if isinstance(node, list):
        return net(note)
    return [
        (undo_delete, node, key, *old) if type(old) is tuple else (undo_put, node, key, old)
        for key, old in keys_of(note).items()
    ]
