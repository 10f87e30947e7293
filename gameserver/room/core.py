"""
What a room consists of: all that it keeps, and what of it ends with the process.

The rules for seats, turns, audiences and whatever else `Room` brings together are built on it; it knows none of them.
"""

from __future__ import annotations

from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any

from gameserver.errors import NotJSON
from gameserver.protocol import values
from gameserver.room import marks
from gameserver.room.changes import Aside, Changes, Utterance
from gameserver.room.documents.document import Document
from gameserver.room.documents.fields import Fields
from gameserver.room.groups import Groups
from gameserver.room.journal import Journal
from gameserver.room.publish.publisher import Publisher
from gameserver.room.quota import Share
from gameserver.room.seat_index import Seats
from gameserver.room.state import KeptRoom, Moment
from gameserver.room.tables import Tables
from gameserver.room.teams import Teams
from gameserver.room.timers import Timers

if TYPE_CHECKING:
    from gameserver.room.context import RoomContext
    from gameserver.room.contract import Contract, RunningGame
    from gameserver.room.seats import Player


class RoomCore:
    """
    The parts of one room, and what time it is in it.

    :param spec: what was read from the game's class.
    :param kept: the state that was stored, or that it begins with.
    :param id: unique for all time.
    :param code: what people type.
    :param epoch: a random name, a new one each time that the room is opened.
    :param now: wall clock, seconds since 1970.
    :param context: what the node gives all of its rooms.
    :ivar game: the author's object.
    """

    __slots__ = (
        "changes",
        "code",
        "context",
        "docs",
        "game",
        "game_class",
        "id",
        "journal",
        "moment",
        "publisher",
        "seats",
        "share",
        "spec",
        "state",
        "tables",
        "timers",
    )

    game: RunningGame

    def __init__(
        self, spec: Contract, kept: KeptRoom, *, id: str, code: str, epoch: str, now: float, context: RoomContext
    ) -> None:
        self.spec = spec
        self.game_class = spec.cls
        self.id = id
        self.code = code
        self.context = context
        self.journal: Journal[Document] = Journal()
        self.journal.parts.is_stored = spec.cls.durability != "none"
        self.state = kept.room
        self.moment = Moment(now=now, empty_since=now)
        self.changes = Changes()
        self.publisher = Publisher(epoch, code, spec.message_bytes)
        self.docs: dict[str, Document] = {}
        self.seats = Seats(self, kept.seats)
        self.timers = Timers(self, kept.timers)
        self.tables = Tables(self.journal, spec.cls, self.finish_later)
        self.share = Share()

    @property
    def now(self) -> float:
        """Wall clock, seconds since 1970; the same for all of a step."""
        return self.moment.now

    @property
    def monotonic(self) -> float:
        """Seconds that only grow: for spans of time within this process."""
        return self.moment.monotonic

    @property
    def players(self) -> list[Player]:
        """Seats of players, by number."""
        return sorted(self.seats.of_role("player"), key=lambda s: s.number or 0)

    @property
    def groups(self) -> Groups:
        """By name."""
        return Groups(self)

    @property
    def teams(self) -> Teams:
        """By name, in the order in which they were declared."""
        return Teams(self)

    @property
    def time(self) -> float:
        """The room's own time: it stands still while the room is paused."""
        return self.now if self.state.paused_at is None else self.state.paused_at

    @property
    def played_s(self) -> float:
        """How long this round has been played, pauses not counted."""
        since = 0.0 if self.state.playing_since is None else self.time - self.state.playing_since
        return self.state.played_before + since

    def doc(self, name: str) -> Document:
        """:returns: the document of that name; the first use makes it."""
        found = self.docs.get(name)
        if found is None:
            found = Document(self.journal, name=name)
            if self.game_class.storage == "fields":
                found.fields = Fields()
            self.journal.put(self.docs, name, found)
            if name == "role:player":
                for seat in self.seats.of_role("player"):
                    self.journal.note(marks.hears, seat._kept)
        return found

    def say_event(self, key: str, type: str, data: Any, but: Player | None, volatile: bool) -> None:
        """Tell a stream's audience, at the end of the step, that something happened."""
        if type.__class__ is not str or not type.isascii() or not type:
            if not isinstance(type, str) or not type:
                raise NotJSON("an event's type is a str that is not empty")
            type = values.plain(type)
        if data.__class__ is not str or not data.isascii():
            data = values.plain(data)
        if key == "role:player":
            self.doc(key)
        changes = self.changes
        if but is not None or volatile:
            self.journal.append(changes.said, Aside(key, type, data, but.id if but is not None else None, volatile))
        else:
            self.journal.undo.append(changes.unsay)
            changes.said.append(Utterance(key, type, data))

    def close(self, reason: str, text: str | None = None) -> None:
        """Close the room at the end of this step."""
        if self.moment.closing is None:
            self.journal.update(self.moment, closing=values.plain(reason), closing_text=text)

    def take_apart(self) -> None:
        """Nobody asks the room for anything any more: its objects forget each other, so that all are free at once."""
        for document in self.docs.values():
            document.take_apart()
        self.changes.take_apart()
        for cls in type(self).__mro__:
            for part in getattr(cls, "__slots__", ()):
                delattr(self, part)

    def finish_later(self, result: Any) -> None:
        """Take what a hook called within a step returned: if it is an awaitable, the step ends when that is done."""
        if isawaitable(result):
            self.changes.later.append(result)
            self.journal.stale.asked = True
            self.journal.record(self.forget_later, result)

    def forget_later(self, coroutine: Any) -> None:
        """Cancel what was given to `finish_later`, since the step is undone."""
        if coroutine in self.changes.later:
            self.changes.later.remove(coroutine)
        if iscoroutine(coroutine):
            coroutine.close()
        else:
            coroutine.addErrback(lambda _: None)
            coroutine.cancel()
