"""
Documents: JSON trees that notice their own changes.

A game changes `state` as it would any dict. Each change does two things: it tells the room's journal how it is undone,
and it notes what was touched. When the step ends, a patch for the document's audience is made of what was touched and
of what is there then. So a change costs what changed, not what the document holds. The dicts and lists that do so are
in `gameserver.room.documents.tracked`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import NotJSON
from gameserver.protocol.values import encode, encode_as_it_is, plain
from gameserver.room.documents.compile import Op, compile_ops
from gameserver.room.documents.tracked import NEVER, DocDict, DocList, grow
from gameserver.room.journal import Journal
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.documents.fields import Fields
    from gameserver.room.documents.tracked import Node

__all__ = ["DocDict", "DocList", "Document", "Op"]

_MISSING: Final = object()
_NO_OPS: Final[list[Op]] = []


class Document:
    """
    One JSON tree with one audience.

    `root` is its dict. `touched` are the containers that were changed in this step, though that may have been rolled
    back since. `special` says that the tree holds, or once held, bytes or keys with ``$``: encode it and its ops with
    ``values.encode(..., special=document.special)``. `fields` is set where the document is stored by its keys
    (`gameserver.room.documents.fields`). `encoded` is `ops` as JSON, once that was wanted.

    :param journal: the room's; documents of one room share it.
    :param name: whose it is: ``room``, ``secret``, ``seat:ID``, ``group:NAME`` or ``role:NAME``.
    :param value: the first content, copied. It is no op: whoever enters the audience gets the whole document.
    """

    __slots__ = (
        "_made_after",
        "_made_in",
        "_ops",
        "encoded",
        "fields",
        "journal",
        "name",
        "part",
        "root",
        "special",
        "touched",
        "undo",
    )

    def __init__(self, journal: Journal[Document], value: dict[str, Any] | None = None, *, name: str = "") -> None:
        self.name = name
        self.part = keys.doc(name)
        self.journal = journal
        self.undo = journal.undo
        self.special = False
        self.fields: Fields | None = None
        self.touched: list[Node] = []
        self._ops = _NO_OPS
        self._made_after = self._made_in = -1  # `_ops`, in the undo log and era of the journal
        self.encoded: bytes | None = None
        root = grow(self, _root_content(value or {}), None, "", NEVER)
        self.root: DocDict = root

    def touch(self, node: Node) -> None:
        """A container has begun to note what of it is touched in this step."""
        if not self.touched:
            self.journal.touched[self] = None
        self.touched.append(node)

    @property
    def ops(self) -> list[Op]:
        """
        The patch so far in this step. It holds parts of the document by reference: encode it before any change.

        It is made once, unless something changed in between: any entry of the undo log counts as a change.
        """
        journal, after = self.journal, len(self.undo)
        if self._made_in != journal.era or self._made_after != after:
            self._made_in, self._made_after = journal.era, after
            self._ops = ops = compile_ops(self.root, self.touched)
            self.encoded = None
            if ops:
                journal.parts.documents[self.part] = self.name
        return self._ops

    def encode_ops(self) -> bytes:
        """:returns: `ops` as JSON, encoded once."""
        ops, encoded = self.ops, self.encoded
        if encoded is None:
            encoded = self.encoded = encode(ops, special=True) if self.special else encode_as_it_is(ops)
        return encoded

    def encode(self) -> bytes:
        """:returns: all of it as JSON."""
        return encode(self.root, special=True) if self.special else encode_as_it_is(self.root)

    def forget(self) -> None:
        """The step ends: nothing is touched any more."""
        for node in self.touched:
            node._touched = None
        self.touched.clear()
        self._ops = _NO_OPS
        self.encoded = None

    def replace(self, value: dict[str, Any]) -> None:
        """
        Give the root this content, with ops for the keys that differ.

        :raises NotJSON: it is not a dict of JSON values; nothing was changed.
        """
        root = self.root
        if value is root:
            return
        content = _root_content(value)
        for key in [key for key in reversed(root) if key not in content]:
            del root[key]
        root.update({key: item for key, item in content.items() if not _same(root.get(key, _MISSING), item)})

    def take_apart(self) -> None:
        """Nobody changes or reads it any more: its dicts and lists forget what they are in."""
        nodes: list[Any] = [self.root]
        while nodes:
            node = nodes.pop()
            node._doc = node._up = node._touched = None
            nodes += [item for item in (node.values() if isinstance(node, dict) else node) if hasattr(item, "_up")]

    def plain(self) -> dict[str, Any]:
        """Return a deep copy as plain dicts and lists."""
        copy: dict[str, Any] = bare(self.root)
        return copy


def _root_content(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotJSON(f"a document is a dict, not {type(value).__name__}")
    content: dict[str, Any] = plain(value)
    return content


def _same(old: Any, new: Any) -> bool:
    """Tell whether a tracked value and a plain one are the same JSON; 1, 1.0 and True are three values."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_same(item, new[key]) for key, item in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return type(old) is type(new) and bool(old == new)


def bare(value: Any) -> Any:
    """:returns: a deep copy of a value, tracked or not, as plain dicts and lists."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value
