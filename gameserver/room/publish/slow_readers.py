"""
Readers that are slow: patches are withheld from them, and a whole document comes instead.

A client needs no patch that it would read long after the next one. So while much waits for a connection, the rooms that
it hears leave it out of their patches, and keep of each such stream a copy of the document as everybody else was told
it. That copy makes good what was withheld: when the connection has read, or before anything else that is said on the
stream, for counters must not jump. It all goes through the room's outbox, so nothing shows that is not stored.

Documents are not sent more often than they save: after one, as many bytes of patches are sent before patches of that
stream are withheld again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from gameserver.protocol import values
from gameserver.protocol.patches import apply_ops
from gameserver.room.publish.sessions import Audience, audience_of

if TYPE_CHECKING:
    from gameserver.interfaces import ISession

LACKS: Final = -1
"""In place of the bytes that are to be told before patches are withheld again: one was withheld."""


class SlowReaders:
    """
    The slow readers of one room, and what they lack.

    :ivar sessions: for each, by stream, the bytes that are to be told before its patches are withheld again; or
        `LACKS`.
    :ivar copies: by stream, the document as it was told to those who lack nothing, where anybody lacks any of it;
        plain, since the paths of patches are.
    """

    __slots__ = ("copies", "sessions")

    def __init__(self) -> None:
        self.sessions: dict[ISession, dict[str, int]] = {}
        self.copies: dict[str, Any] = {}

    def enter(self, session: ISession) -> None:
        """From now on its patches are withheld."""
        self.sessions.setdefault(session, {})

    def left(self, sessions: Iterable[ISession]) -> None:
        """These hear nothing of the room any more."""
        for session in sessions:
            self.sessions.pop(session, None)
        self._prune()

    def lack_nothing(self, sessions: Iterable[ISession], key: str | None = None) -> None:
        """These were told all of a stream, or of all streams, in another way; or need it no more."""
        for session in sessions:
            streams = self.sessions.get(session)
            if streams and key is not None:
                streams.pop(key, None)
            elif streams:
                streams.clear()
        self._prune()

    def withhold(self, key: str, to: Audience, frame: bytes, ops: bytes, tree: Callable[[], Any]) -> Audience:
        """
        Find who gets a patch, and withhold it from the others.

        :param frame: the patch.
        :param ops: its ops, as JSON.
        :param tree: makes the document with the patch, in the form of the wire.
        :returns: who is to get it.
        """
        withheld = {
            session for session in to.everybody if session in self.sessions and self._lacks(session, key, frame)
        }
        if key in self.copies:
            apply_ops(self.copies[key], values.decode(ops))
        elif withheld:
            self.copies[key] = values.decode(values.encode(tree(), special=False))
        return audience_of(s for s in to.everybody if s not in withheld) if withheld else to

    def _lacks(self, session: ISession, key: str, frame: bytes) -> bool:
        streams = self.sessions[session]
        owed = streams.get(key, 0)
        streams[key] = max(owed - len(frame), 0) if owed > 0 else LACKS
        return owed <= 0

    def lacking(self, key: str, session: ISession | None = None) -> list[ISession]:
        """:returns: who lacks a patch of this stream, of all or of one session."""
        if key not in self.copies:
            return []
        asked = self.sessions if session is None else (session,)
        return [each for each in asked if self.sessions[each].get(key) == LACKS]

    def made_good(self, key: str, to: Iterable[ISession], size_bytes: int) -> None:
        """These were given the document of a stream, of so many bytes."""
        for session in to:
            self.sessions[session][key] = size_bytes
        self._prune()

    def _prune(self) -> None:
        lacked = {key for streams in self.sessions.values() for key, owed in streams.items() if owed == LACKS}
        for key in [key for key in self.copies if key not in lacked]:
            del self.copies[key]
