"""
One room: its state, and what each input does to it. No I/O, no clock: whoever runs it says what time it is.

A step is `Room.begin`, an input that is applied (`gameserver.room.inputs`), and `Room.finish`. What the game does
(through `GameCalls`) is recorded in the journal and undone if it fails. At the end `finish` tells the audiences what
changed (`gameserver.room.publish.broadcast`) and leaves deliveries in ``outbox`` and changed parts for the store, which
`gameserver.room.row` writes.
"""

from __future__ import annotations

from hashlib import blake2b
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import NotJSON
from gameserver.protocol import values
from gameserver.room import marks, notices
from gameserver.room.bots.seats import Bots
from gameserver.room.changes import Aside, Changes, Departure, Utterance
from gameserver.room.chat.state import Talking
from gameserver.room.context import RoomContext
from gameserver.room.documents.document import Document
from gameserver.room.documents.fields import Fields
from gameserver.room.game_calls import GameCalls
from gameserver.room.groups import Groups
from gameserver.room.journal import Journal
from gameserver.room.marks import LOOK, NEVER
from gameserver.room.publish import broadcast
from gameserver.room.publish.audience import audience, hand_out_event
from gameserver.room.publish.publisher import Publisher
from gameserver.room.questions import OpenQuestions
from gameserver.room.quota import Share
from gameserver.room.replies import Replies
from gameserver.room.seats import Player, Seats
from gameserver.room.state import KeptRoom, Moment
from gameserver.room.tables import Tables
from gameserver.room.teams import Teams
from gameserver.room.timers import Timers
from gameserver.room.turns.turns import Turns
from gameserver.room.turns.undoing import Undoing

if TYPE_CHECKING:
    from gameserver.room.contract import Contract

GRACE_S: Final = 10.0
"""After a restart seats count as online for so long."""


class Room:
    """
    One running instance of a game.

    :param spec: the game's class, read.
    :param kept: what it was stored as, or begins with.
    :param id: unique for all time.
    :param code: what people type.
    :param epoch: a random name of this opening.
    :param now: wall clock, seconds since 1970.
    :param context: what the node gives all of its rooms.
    """

    __slots__ = (
        "changes",
        "code",
        "context",
        "docs",
        "game",
        "game_calls",
        "game_class",
        "id",
        "journal",
        "moment",
        "publisher",
        "replies",
        "seats",
        "share",
        "spec",
        "state",
        "tables",
        "talking",
        "timers",
        "undoing",
    )

    def __init__(
        self, spec: Contract, kept: KeptRoom, *, id: str, code: str, epoch: str, now: float, context: RoomContext
    ) -> None:
        self.spec = spec
        self.game_class = spec.cls
        self.id = id
        self.code = code
        self.context = context
        self.journal = Journal()
        self.journal.parts.is_stored = spec.cls.durability != "none"
        self.state = kept.room
        self.moment = Moment(now=now, empty_since=now)
        self.changes = Changes()
        self.publisher = Publisher(epoch)
        self.docs: dict[str, Document] = {}
        self.seats = Seats(self, kept.seats)
        self.timers = Timers(self, kept.timers)
        self.talking = Talking(self, kept.chat)
        self.tables = Tables(self)
        self.undoing = Undoing(self)
        self.share = Share()
        self.replies = Replies(self)
        self.game_calls = GameCalls(self)
        self.game = spec.make(self)

    @property
    def now(self) -> float:
        """Wall clock, seconds since 1970; the same for all of a step."""
        return self.moment.now

    @property
    def monotonic(self) -> float:
        """Seconds that only grow: for ages that end with the process."""
        return self.moment.monotonic

    # What the game sees

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
    def turns(self) -> Turns:
        """Whose turn it is, and who is waited for."""
        return Turns(self)

    @property
    def bots(self) -> Bots:
        """The seats that bots have."""
        return Bots(self)

    @property
    def asking(self) -> OpenQuestions:
        """What is asked at present."""
        return OpenQuestions(self)

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

    def secret_of(self, seat: Player) -> str:
        """:returns: what a client must show to resume this seat."""
        return self._keyed(f"{self.id}/{seat.id}", b"resume")

    # A step

    def begin(self, now: float, monotonic: float) -> None:
        """A step begins; what time it is stays the same until it ends."""
        self.moment.now = now
        self.moment.monotonic = monotonic
        self.changes.durable = True

    def finish(self) -> bool:
        """
        The step ends: tell what changed, forget how to undo it.

        :returns: whether it did anything but speak.
        :raises Refused: ``too_large``: the one thing that it said fits no message, which nobody has looked at before.
        """
        journal, changes = self.journal, self.changes
        undo = journal.undo
        if undo == changes.only_said:
            # Most steps say one event and do nothing else: they end here without a look at all that they did not do.
            publisher = self.publisher
            if not (journal.stale.info or publisher.patches or publisher.slow.copies):
                one: Any = changes.said.pop()
                undo.clear()
                changes.cause = None
                frame = publisher.streams.say_event(self, one)
                to = publisher.audiences.get(one.key) or audience(self, one.key)
                if to.binary:
                    hand_out_event(self, to, one, frame)
                elif to.json:
                    publisher.outbox.append((to.json, frame, None))
                if changes.done:
                    self.replies.confirm_done()
                elif changes.replies:
                    broadcast.tell(self)
                return False
        only_spoke = len(undo) == len(changes.said)
        broadcast.tell(self)
        journal.commit()
        return not only_spoke

    def abort(self) -> None:
        """The step never was: the room's own code failed in it."""
        self.journal.rollback()
        replies = list(self.changes.replies)
        self.changes.clear()
        self.changes.replies += replies
        self.finish()

    # When something is due

    def next_due(self) -> float | None:
        """:returns: when `fire` should be called next, seconds since 1970, or None."""
        stale = self.journal.stale
        if stale.due_at == LOOK:
            timer, moment, held = self.timers.next(), self.moment, self.seats.first_held()
            patches_due = self.publisher.patches_due(self.half_tick_s)
            lent_at = self.state.host_away_at
            held_until = held._kept.hold_until if held else None
            kept_until = self.state.places_until
            dues = (timer.due if timer else None, held_until, moment.grace_until, self.idle_at(), patches_due, lent_at,
                    kept_until)  # fmt: skip
            stale.due_at = min([due for due in dues if due is not None], default=NEVER)
        return stale.due_at if stale.due_at != NEVER else None

    @property
    def ticks(self) -> bool:
        """Whether ticks are wanted now: the game is played, and somebody is here."""
        return (
            self.game_class.tick_hz > 0
            and self.state.status == "playing"
            and self.state.paused_at is None
            and self.moment.empty_since is None
        )

    @property
    def half_tick_s(self) -> float:
        """Half the time between two ticks; 0 where there are none now."""
        return 0.5 / self.game_class.tick_hz if self.ticks else 0.0

    def reopen(self, epoch: str) -> None:
        """A node opens the room again: a new epoch."""
        self.publisher.streams.reopen(epoch)
        self.publisher.streams.counts_changed()
        if self.game_class.patch_hz:
            # Patches that waited for their time are in the documents, but not in the log: nobody may resume over that.
            for name in self.docs:
                if name != "secret":
                    self.publisher.streams.number(name)

    def clock_stepped(self, delta_s: float) -> None:
        """The wall clock was stepped by so much: what waits is due that much later by it; clients are told."""
        self.moment.now += delta_s
        self.publisher.patches_at += delta_s
        self.talking.lines.shift(round(delta_s * 1000))
        self.talking.shift(delta_s)
        self._shift_holds(delta_s)
        for state, name in ((self.state, "paused_at"), (self.moment, "empty_since"), (self.moment, "grace_until")):
            at = getattr(state, name)
            if at is not None:
                self.journal.set(state, name, at + delta_s)
        self.shift(delta_s)
        self.journal.note(marks.all_timers, self.state)
        self.finish()

    def away(self, away_s: float) -> None:
        """No node ran this room for so long: what stood still meanwhile is due later."""
        self._shift_holds(away_s)
        if self.game_class.downtime == "pause":
            if self.state.paused_at is not None:
                self.journal.update(self.state, paused_at=self.state.paused_at + away_s)
            self.shift(away_s)
        self.journal.commit()

    def _shift_holds(self, delta_s: float) -> None:
        for kept in [seat._kept for seat in self.seats.values()]:
            if kept.hold_until is not None:
                self.journal.set(kept, "hold_until", kept.hold_until + delta_s)
        for name in ("host_away_at", "places_until"):
            at = getattr(self.state, name)
            if at is not None:
                self.journal.set(self.state, name, at + delta_s)

    def finish_later(self, result: Any) -> None:
        """What a hook returned that was called in the middle of a step: if it waits, the step ends when it is done."""
        if isawaitable(result):
            self.changes.later.append(result)
            self.journal.record(self.forget_later, result)

    def forget_later(self, coroutine: Any) -> None:
        """The step that called it is undone: so is what it would have done."""
        if coroutine in self.changes.later:
            self.changes.later.remove(coroutine)
        if iscoroutine(coroutine):
            coroutine.close()
        else:
            coroutine.addErrback(lambda _: None)
            coroutine.cancel()

    def digest(self, password: str) -> str:
        """:returns: what the room keeps of its password."""
        return self._keyed(password, b"password", self.state.password_key)

    def _keyed(self, text: str, person: bytes, key: bytes | None = None) -> str:
        return blake2b(text.encode(), key=key or self.state.key, digest_size=16, person=person).hexdigest()

    # Coming and going

    def end_seat(self, seat: Player, reason: str, text: str | None) -> None:
        if seat.bot is None:
            notices.note(self, "player_left", left=seat, reason=reason)
        self.seats.give_up(seat)
        self.journal.append(self.changes.departures, Departure(seat, reason, text))
        self.note_emptiness()

    def note_emptiness(self) -> None:
        """Nobody is connected any more: the time until the room closes for that runs."""
        if self.moment.empty_since is None and not any(map(self._has_owner, self.publisher.heard)):
            self.journal.set(self.moment, "empty_since", self.now)

    def _has_owner(self, seat: str) -> bool:
        return seat in self.seats and not self.seats[seat]._kept.has_left

    def idle_at(self) -> float | None:
        """:returns: when the room closes, since nobody is here, or has any more use for its code; None: it does not."""
        if self.state.next is not None and self.state.next.until is not None:
            return self.state.next.until
        if self.game_class.idle_close_s is None or self.moment.empty_since is None:
            return None
        return self.moment.empty_since + self.game_class.idle_close_s

    # Time

    def shift(self, delta_s: float) -> None:
        self.timers.shift(delta_s)
        self.asking.shift(delta_s)
        if self.state.turns is not None:
            self.journal.note(marks.info, self.state)
        if self.state.playing_since is not None:
            self.journal.update(self.state, playing_since=self.state.playing_since + delta_s)
