"""Which parts of a room's row are to be written or deleted with the next commit, and what is told outside with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Parts:
    """
    The parts of one row that differ from what the store has.

    :ivar is_stored: whether the room is kept in a store at all.
    :ivar dirty: the names of parts that are encoded when they are collected; documents and ids that were done, which
        are most, are in the next two instead.
    :ivar documents: by part, the name of a document that changed.
    :ivar done: by part, the ids of requests that were only done, which go on changing until they are collected.
    :ivar fresh: parts that are written once, encoded.
    :ivar dropped: the names of parts that are gone.
    :ivar notices: what a system outside is to be told, by page, see `gameserver.room.notices`; stored beside the row.
    """

    __slots__ = ("dirty", "documents", "done", "dropped", "fresh", "is_stored", "notices")

    def __init__(self) -> None:
        self.is_stored = True
        self.dirty: set[str] = set()
        self.documents: dict[str, str] = {}
        self.done: dict[str, list[list[int]]] = {}
        self.fresh: dict[str, bytes] = {}
        self.dropped: set[str] = set()
        self.notices: dict[str, bytes] = {}

    @property
    def settled(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.documents or self.done or self.dirty or self.fresh)

    def keep(self, part: str, content: Callable[[], bytes]) -> None:
        """Have a part written once; in a room that is never stored it is not even encoded."""
        if self.is_stored:
            self.fresh[part] = content()

    def drop(self, parts: Iterable[str]) -> None:
        """These parts are gone."""
        if not self.is_stored:
            return
        for part in parts:
            self.fresh.pop(part, None)
            self.dirty.discard(part)
            self.documents.pop(part, None)
            self.done.pop(part, None)
            self.dropped.add(part)
