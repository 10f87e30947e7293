"""
Documents in the store: whole, or one part per top-level key (``storage = "fields"``).

In fields the part of the document itself is ``{}`` and is written once; each top-level key is a part of its own, its
place among the keys and its value as a JSON list, so that the document comes back in the order in which it was made.
Which keys changed, and in which order they stand, is read from the patch ops that each step leaves anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from gameserver.errors import NotJSON
from gameserver.protocol import values
from gameserver.protocol.patches import DELETE
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.documents.compile import Op
    from gameserver.room.documents.document import Document

_NONE_WITHIN: Final = b"{}"


class Fields:
    """
    What the store has, or is to have, of one document that is stored by its keys.

    :ivar places: each top-level key to its place; they grow in the order of the keys, with gaps.
    :ivar stale: the keys that changed since they were last encoded.
    :ivar named: the part of the document itself is in the store, or was handed out for it.
    """

    __slots__ = ("named", "places", "stale")

    def __init__(self, places: Mapping[str, int] | None = None) -> None:
        self.places: dict[str, int] = dict(places or {})
        self.stale: dict[str, None] = {}
        self.named = False

    def note(self, ops: Iterable[Op]) -> None:
        """Take note of the patch of one step, before another changes the document."""
        for op in ops:
            path = op[1]
            key = path[0]
            self.stale[key] = None
            if op[0] == DELETE and len(path) == 1:
                self.places.pop(key, None)
            elif key not in self.places:
                self.places[key] = self._next_place()

    def begin_anew(self, content: Iterable[str]) -> None:
        """The document is another now, with these keys: all of it is to be written, and all other keys deleted."""
        gone = {**self.places, **self.stale}
        self.places = {key: place for place, key in enumerate(content)}
        self.stale = dict.fromkeys([*gone, *self.places])

    def _next_place(self) -> int:
        # The newest place is the highest: a key that is deleted takes its own away, and no other moves.
        return self.places[next(reversed(self.places))] + 1 if self.places else 0


def take(document: Document) -> tuple[dict[str, bytes], list[str]]:
    """:returns: the parts of a document to write, and those to delete; it forgets what changed."""
    fields = document.fields
    if fields is None:
        return {document.part: document.encode()}, []
    puts: dict[str, bytes] = {} if fields.named else {document.part: _NONE_WITHIN}
    drops: list[str] = []
    for key in fields.stale:
        part = keys.field(document.name, key)
        if key in fields.places:
            puts[part] = _field(document, fields, key)
        else:
            drops.append(part)
    fields.named = True
    fields.stale.clear()
    return puts, drops


def dump(document: Document) -> dict[str, bytes]:
    """:returns: all parts of a document."""
    fields = document.fields
    if fields is None:
        return {document.part: document.encode()}
    parts = {keys.field(document.name, key): _field(document, fields, key) for key in fields.places}
    return {document.part: _NONE_WITHIN, **parts}


def parts_of(document: Document) -> list[str]:
    """:returns: the names of all parts that the store may have of a document."""
    fields = document.fields
    stored = {**fields.places, **fields.stale} if fields is not None else {}
    return [document.part, *(keys.field(document.name, key) for key in stored)]


class StoredDocument(Struct):
    """
    A document as it lies in the store.

    :ivar tree: all of it.
    :ivar places: of the keys that are parts of their own; none if it is stored whole.
    :ivar size_bytes: of its parts together.
    """

    tree: dict[str, Any] = {}
    places: dict[str, int] = {}
    size_bytes: int = 0


def read(parts: Mapping[str, bytes]) -> dict[str, StoredDocument]:
    """
    Put documents together from the parts of a room.

    :returns: documents by name.
    :raises NotJSON: a part is not as this module writes it.
    """
    documents: dict[str, StoredDocument] = {}
    by_key: list[tuple[str, int, Any, str]] = []
    for part, content in parts.items():
        kind, rest = keys.split(part)
        if kind == keys.DOC:
            documents.setdefault(rest, StoredDocument()).tree = values.decode(content)
            documents[rest].size_bytes += len(content)
        elif kind == keys.FIELD:
            name, key = keys.split_field(rest)
            by_key.append((name, *_placed(content), key))
            documents.setdefault(name, StoredDocument()).size_bytes += len(content)
    for name, place, value, key in sorted(by_key, key=lambda field: field[:2]):
        documents[name].tree[key] = value
        documents[name].places[key] = place
    return documents


def restore(document: Document, stored: StoredDocument, *, by_key: bool) -> list[str]:
    """
    Take up how a document that was just read is stored.

    :param by_key: whether it is to be stored by its keys.
    :returns: the parts that are to be deleted when it is next written. Where `is_other_form` holds, it is to be written
        at once.
    """
    if not by_key:
        return [keys.field(document.name, key) for key in stored.places]
    document.fields = Fields(stored.places)
    document.fields.named = bool(stored.places) or not stored.tree
    if not document.fields.named:
        document.fields.begin_anew(stored.tree)
    return []


def is_other_form(stored: StoredDocument, *, by_key: bool) -> bool:
    """:returns: whether a document lies in the store in another form than the game's ``storage`` asks for."""
    return bool(stored.tree) and bool(stored.places) is not by_key


def _placed(content: bytes) -> tuple[int, Any]:
    pair = values.decode(content)
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], int):
        raise NotJSON("the part of a key is its place and its value")
    return pair[0], pair[1]


def _field(document: Document, fields: Fields, key: str) -> bytes:
    return values.encode([fields.places[key], document.root[key]], special=document.special)
