"""
Documents: JSON trees that notice their own changes.

A game changes `state` as it would any dict. Each change does two things: it tells the room's journal how it is undone,
and it adds an op to the patch that the document's audience gets when the step is committed. So a change costs what
changed, not what the document holds. The dicts and lists that do so are in `gameserver.room.tracked`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import NotJSON
from gameserver.room.journal import Journal
from gameserver.room.tracked import NEVER, DocDict, DocList, Op, grow
from gameserver.values import encode, plain

if TYPE_CHECKING:
    from gameserver.room.fields import Fields

__all__ = ["DocDict", "DocList", "Document", "Op"]

_MISSING: Final = object()


class Document:
    """
    One JSON tree with one audience.

    `root` is its dict. `ops` is the patch so far in this step. `special` says that the tree holds, or once held, bytes
    or keys with ``$``: encode it and its ops with ``values.encode(..., special=document.special)``. `fields` is set
    where the document is stored by its keys (`gameserver.room.fields`).

    :param journal: the room's; documents of one room share it.
    :param name: whose it is: ``room``, ``secret``, ``seat:ID``, ``group:NAME`` or ``role:NAME``.
    :param value: the first content, copied. It is no op: who enters an audience gets the whole document.
    """

    __slots__ = ("_encoded", "_encoded_at", "_unsay", "fields", "journal", "name", "ops", "root", "special", "undo")

    def __init__(self, journal: Journal, value: dict[str, Any] | None = None, *, name: str = "") -> None:
        self.name = name
        self.journal = journal
        self.undo = journal.undo
        self.special = False
        self.fields: Fields | None = None
        self._listen()
        root = grow(self, _root_content(value or {}), None, "", NEVER)
        self.root: DocDict = root

    def _listen(self) -> None:
        self.ops: list[Op] = []
        self._unsay = (self.ops.pop,)
        self._encoded = b""
        self._encoded_at = (NEVER, 0)

    def say(self, op: Op) -> None:
        """Add an op to this step's patch."""
        if not self.ops:
            self.journal.touched[self] = None
        self.ops.append(op)
        self.undo.append(self._unsay)

    def take_ops(self) -> list[Op]:
        """
        Return this step's patch and forget it; encode it before the next change.

        Only the end of a step is right for this, just before `Journal.commit`.
        """
        ops = self.ops
        self._listen()
        return ops

    def encode_ops(self) -> bytes:
        """
        Return this step's patch as JSON.

        It is encoded once, unless something changes in between: an op holds parts of the document by reference, so that
        any entry of the undo log counts as a change.
        """
        at = (self.journal.era, len(self.undo))
        if self._encoded_at != at:
            self._encoded = encode(self.ops, special=self.special)
            self._encoded_at = at
        return self._encoded

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
