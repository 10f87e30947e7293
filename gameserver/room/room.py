"""
One room: what it consists of, and what it can do. No I/O, no clock: whoever runs it says what time it is.

A step is `Room.begin`, an input that is applied (`gameserver.room.inputs`), and ``finish`` of
`gameserver.room.publish.broadcast`. What the game does (through `GameCalls`) is recorded in the journal and undone if
it fails. At the end ``finish`` tells the audiences what changed and leaves deliveries in the publisher's ``outbox`` and
changed parts for the store, which `gameserver.room.row` writes.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from gameserver.room import marks
from gameserver.room.chat.state import Talking
from gameserver.room.core import RoomCore
from gameserver.room.game_calls import GameCalls
from gameserver.room.marks import LOOK, NEVER
from gameserver.room.questions import OpenQuestions
from gameserver.room.replies import Replies
from gameserver.room.turns.turns import Turns
from gameserver.room.turns.undoing import Undoing

if TYPE_CHECKING:
    from gameserver.room.context import RoomContext
    from gameserver.room.contract import Contract
    from gameserver.room.seats import Player
    from gameserver.room.state import KeptRoom

GRACE_S: Final = 10.0
"""After a restart seats count as online for so long."""


class Room(RoomCore):
    """
    One running instance of a game.

    :ivar talking: its chat.
    :ivar replies: what those who asked for something are answered.
    :ivar game_calls: the calls of the game's code.
    :ivar undoing: what players may take back.
    """

    __slots__ = ("game_calls", "replies", "talking", "undoing")

    def __init__(
        self, spec: Contract, kept: KeptRoom, *, id: str, code: str, epoch: str, now: float, context: RoomContext
    ) -> None:
        super().__init__(spec, kept, id=id, code=code, epoch=epoch, now=now, context=context)
        self.talking = Talking(self, kept.chat)
        self.undoing = Undoing(self)
        self.replies = Replies(self)
        self.game_calls = GameCalls(self, self.replies)
        self.game = spec.make(self)

    @property
    def turns(self) -> Turns:
        """Whose turn it is, and who is waited for."""
        return Turns(self)

    @property
    def asking(self) -> OpenQuestions:
        """What is asked at present."""
        return OpenQuestions(self)

    def secret_of(self, seat: Player) -> str:
        """:returns: what a client must show to resume this seat."""
        return self._keyed(f"{self.id}/{seat.id}", b"resume")

    def take_apart(self) -> None:
        """Nobody asks the room for anything any more: its objects forget each other, so that all are free at once."""
        del self.talking.channels  # they know of the chat: a cycle
        super().take_apart()

    # A step

    def begin(self, now: float, monotonic: float) -> None:
        """Begin a step; the time stays the same until it ends."""
        self.moment.now = now
        self.moment.monotonic = monotonic
        self.changes.durable = True

    # When something is due

    def next_due(self) -> float | None:
        """:returns: when the input `Fire` is due next, seconds since 1970, or None."""
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
        """
        The wall clock was stepped by so much: shift the times at which anything is due.

        Clients are told of that when the caller ends the step.
        """
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

    def digest(self, password: str) -> str:
        """:returns: what the room keeps of its password."""
        return self._keyed(password, b"password", self.state.password_key)

    def _keyed(self, text: str, person: bytes, key: bytes | None = None) -> str:
        return blake2b(text.encode(), key=key or self.state.key, digest_size=16, person=person).hexdigest()

    def idle_at(self) -> float | None:
        """:returns: when the room closes, since nobody is here, or has any more use for its code; None: it does not."""
        if self.state.next is not None and self.state.next.until is not None:
            return self.state.next.until
        if self.game_class.idle_close_s is None or self.moment.empty_since is None:
            return None
        return self.moment.empty_since + self.game_class.idle_close_s

    def shift(self, delta_s: float) -> None:
        self.timers.shift(delta_s)
        self.asking.shift(delta_s)
        if self.state.turns is not None:
            self.journal.note(marks.info, self.state)
        if self.state.playing_since is not None:
            self.journal.update(self.state, playing_since=self.state.playing_since + delta_s)
