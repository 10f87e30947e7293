"""What a room's audiences were told, who listens to which seat, and what is on its way to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from gameserver.room.publish.slow_readers import SlowReaders
from gameserver.room.publish.streams import Streams

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.protocol import messages
    from gameserver.room.documents.document import Document
    from gameserver.room.documents.pending import Waiting
    from gameserver.room.effects import Delivery
    from gameserver.room.publish.compact import KeyTable
    from gameserver.room.publish.sessions import Audience
    from gameserver.room.turns.legal_moves import LastTold, LegalMoves


class Publisher:
    """
    The audiences of one room.

    :param epoch: a random name, a new one each time that the room is opened.
    :param code: of the room.
    :param message_bytes: how large a message of it may be.
    :ivar streams: what was said lately, and the counters.
    :ivar outbox: what was said and is not delivered yet; whoever delivers it takes it.
    :ivar audiences: by stream, the sessions that hear it, as long as that does not change.
    :ivar info: what was told last of the room, encoded; likewise `seats`, `groups` and `channels`.
    :ivar fellows: by seat, what those in the same private groups are told of it: encoded, by these groups.
    :ivar patches: by document, what is told later; `patches_at`: from when on it may be.
    :ivar keys: by stream, the keys that travel as numbers.
    :ivar legal: by seat, the moves of its player after the last step.
    :ivar moves: by seat, what was told last of them.
    :ivar slow: from whom patches are withheld.
    """

    __slots__ = (
        "_seats",
        "_sessions",
        "audiences",
        "channels",
        "fellows",
        "groups",
        "info",
        "keys",
        "legal",
        "moves",
        "outbox",
        "patches",
        "patches_at",
        "seats",
        "slow",
        "streams",
    )

    def __init__(self, epoch: str, code: str, message_bytes: int) -> None:
        self.streams = Streams(epoch, code, message_bytes)
        self.outbox: list[Delivery] = []
        self.audiences: dict[str, Audience] = {}
        self.info = b""
        self.seats: dict[str, bytes] = {}
        self.fellows: dict[str, dict[tuple[str, ...], bytes]] = {}
        self.groups: dict[str, tuple[bool, frozenset[str]]] = {}
        self.channels: dict[str, messages.ChannelInfo] = {}
        self.patches: dict[str, Waiting] = {}
        self.patches_at = 0.0
        self.keys: dict[str, KeyTable] = {}
        self.legal: dict[str, LegalMoves] = {}
        self.moves: dict[str, LastTold] = {}
        self.slow = SlowReaders()
        self._sessions: dict[str, list[ISession]] = {}
        self._seats: dict[ISession, str] = {}

    def patches_due(self, half_tick_s: float) -> float | None:
        """When the patches that wait for their time are told at the latest; a tick at about that time comes first."""
        return self.patches_at + half_tick_s if self.patches else None

    # Who listens

    def listeners(self, seat: str) -> Sequence[ISession]:
        """:returns: the sessions of a seat."""
        return self._sessions.get(seat, ())

    def seat_of(self, session: ISession) -> str | None:
        """:returns: the seat that a session has here."""
        return self._seats.get(session)

    @property
    def heard(self) -> Collection[str]:
        """The seats to which somebody is connected; also one that is given up in this step."""
        return self._sessions.keys()

    def everybody(self) -> Iterator[ISession]:
        """:returns: all sessions, each as often as it has seats."""
        return (session for sessions in self._sessions.values() for session in sessions)

    def attach(self, session: ISession, seat: str, code: str) -> None:
        """From now on this session hears what the seat hears."""
        sessions = self._sessions.setdefault(seat, [])
        if session not in sessions:
            sessions.append(session)
            self._seats[session] = seat
            self.audiences.clear()
            session.seated(code, seat)

    def detach(self, session: ISession, seat: str) -> bool:
        """:returns: whether this session listened to the seat; it does no longer."""
        sessions = self._sessions.get(seat, [])
        if session not in sessions:
            return False
        sessions.remove(session)
        del self._seats[session]
        if not sessions:
            del self._sessions[seat]
        self.audiences.clear()
        self.slow.left((session,))
        return True

    def detach_all(self, seat: str, code: str) -> None:
        """All sessions of a seat have it no longer."""
        sessions = self._sessions.pop(seat, [])
        self.slow.left(sessions)
        for session in sessions:
            del self._seats[session]
            session.unseated(code)
        self.audiences.clear()

    def release(self, seat: str, code: str) -> None:
        """A seat is gone, and all that was kept for it."""
        key = f"seat:{seat}"
        self.detach_all(seat, code)
        self.patches.pop(key, None)
        self.keys.pop(key, None)
        self.moves.pop(seat, None)
        self.streams.forget(key)

    def take_over(self, old: Publisher, docs: dict[str, Document]) -> None:
        """
        The room was made anew from its row: its audiences are those that it had.

        :param docs: the documents that were made anew.
        """
        self._sessions, self._seats = old._sessions, old._seats
        self.outbox = old.outbox
        self.patches_at = old.patches_at
        self.patches = {name: waiting.moved_to(docs[name]) for name, waiting in old.patches.items()}
        self.keys, self.slow = old.keys, old.slow
