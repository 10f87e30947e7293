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

from gameserver.errors import NotJSON, Refused
from gameserver.protocol import values
from gameserver.protocol.texts import printable
from gameserver.room import marks
from gameserver.room.answers import Answers
from gameserver.room.changes import Aside, Departure, Newcomer, Spoken, Utterance
from gameserver.room.chat.changes import Change, HasRead, IsTyping
from gameserver.room.chat.channels import Address, Channel, hears, wire_address
from gameserver.room.chat.lines import Lines
from gameserver.room.chat.mentions import mentioned
from gameserver.room.chat.records import Record, UserWatch
from gameserver.room.chat.state import Talking
from gameserver.room.documents.document import Document
from gameserver.room.documents.fields import Fields
from gameserver.room.effects import Delivery
from gameserver.room.game_calls import GameCalls
from gameserver.room.groups import Groups
from gameserver.room.journal import Journal
from gameserver.room.marks import LOOK, NEVER
from gameserver.room.publish import broadcast
from gameserver.room.publish.streams import Streams
from gameserver.room.questions import OpenQuestions
from gameserver.room.quota import Quota, Share
from gameserver.room.replies import Replies
from gameserver.room.seats import Player, Seats
from gameserver.room.state import Ban, KeptRoom, Presence
from gameserver.room.tables import Tables
from gameserver.room.teams import Teams
from gameserver.room.timers import Timers

if TYPE_CHECKING:
    from twisted.logger import Logger

    from gameserver.game.game import Game
    from gameserver.game.spec import Spec
    from gameserver.room.publish.audience import Audience

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
    :ivar monotonic: seconds that only grow, as of this step: for ages that end with the process.
    """

    __slots__ = (
        "_unsay",
        "answers",
        "audiences",
        "chat_chars",
        "chat_data_bytes",
        "code",
        "departures",
        "docs",
        "durable",
        "ended",
        "failures",
        "game",
        "game_calls",
        "game_class",
        "id",
        "journal",
        "later",
        "lines",
        "log",
        "monotonic",
        "name_chars",
        "newcomers",
        "now",
        "only_said",
        "outbox",
        "presence",
        "records",
        "replies",
        "said",
        "seats",
        "share",
        "sizes",
        "spec",
        "state",
        "streams",
        "tables",
        "talking",
        "ticked_s",
        "timers",
        "told",
        "watch",
    )

    def __init__(self, spec: Spec, kept: KeptRoom, *, id: str, code: str, epoch: str, now: float, log: Logger) -> None:
        self.spec = spec
        self.game_class: type[Game] = spec.cls
        self.id = id
        self.code = code
        self.now = now
        self.monotonic = 0.0
        self.log = log
        self.chat_chars = 500
        self.chat_data_bytes = 1024
        self.name_chars = 32
        self.watch = UserWatch()
        self.journal = Journal()
        self.journal.parts.is_stored = spec.cls.durability != "none"
        self.state = kept.room
        self.presence = Presence(empty_since=now)
        self.docs: dict[str, Document] = {}
        self.sizes: dict[str, int] = {}
        self.seats = Seats(self, kept.seats)
        self.timers = Timers(self, kept.timers)
        self.talking = Talking(self, kept.chat)
        self.tables = Tables(self)
        self.share = Share(Quota())
        self.lines = Lines(self.game_class.chat_history, self.game_class.chat_history_s)
        self.streams = Streams(epoch)
        self.answers = Answers()
        self.replies = Replies(self)
        self.game_calls = GameCalls(self)
        self._init_step()
        self.game: Game = spec.cls._gs_of(self)

    def _init_step(self) -> None:
        """What one step gathers, and what is on its way out."""
        self.said: list[Utterance | Spoken | IsTyping | HasRead | Change] = []
        self._unsay = (self._take_back,)
        self.only_said = [self._unsay]
        self.records: list[Record] = []
        self.later: list[Any] = []
        self.newcomers: list[Newcomer] = []
        self.departures: list[Departure] = []
        self.ended = False
        self.durable = True
        self.failures = 0
        self.ticked_s = 0.0
        self.told = broadcast.Audiences()
        self.audiences: dict[str, Audience] = {}
        self.outbox: list[Delivery] = []

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
        if but is not None or volatile:
            self.journal.append(self.said, Aside(key, type, data, but.id if but is not None else None, volatile))
        else:
            self.journal.undo.append(self._unsay)
            self.said.append(Utterance(key, type, data))

    def _take_back(self) -> None:
        self.said.pop()

    def say_line(
        self, seat: Player | None, to: Address, text: str, data: Any, *, emote: bool = False, shadow: bool = False
    ) -> None:
        """
        Say a line of chat at the end of the step.

        :param shadow: to its writer alone.
        :raises TypeError: the text is no text, or the channel none.
        """
        if not isinstance(text, str):
            raise TypeError(f"a line of chat is a str, not {type(text).__name__}")
        if isinstance(to, Player):
            keys_ = tuple(dict.fromkeys(f"seat:{s.id}" for s in (to, seat) if s is not None))
        else:
            keys_ = (self.talking.channels.part(to.to).key if isinstance(to, Channel) else wire_address(to),)
        name = seat.name if seat is not None else None
        text, plain = printable(values.plain(text)), values.plain(data)
        seat_id = seat.id if seat is not None else None
        but = () if seat is None else self.others(seat) if shadow else self.deaf_to(seat)
        mentions = self.mentioned(text, keys_)
        spoken = Spoken(keys_, seat_id, name, wire_address(to), text, plain, bool(emote), mentions, but, shadow)
        self.journal.append(self.said, spoken)

    def mentioned(self, text: str, keys_: tuple[str, ...]) -> tuple[str, ...]:
        """:returns: the seats that a text mentions, of those who hear one of these streams."""
        if "@" not in text:
            return ()
        return mentioned(text, [s for s in self.seats.values() if any(hears(self, s, key) for key in keys_)])

    def deaf_to(self, speaker: Player) -> tuple[str, ...]:
        """:returns: the seats whose users have blocked this one's."""
        blocked = self.watch.blocked
        if not blocked:
            return ()
        return tuple(s.id for s in self.seats.values() if speaker.user_id in blocked.get(s.user_id, ()))

    def others(self, seat: Player) -> tuple[str, ...]:
        """:returns: all seats but this one."""
        return tuple(id for id in self.seats if id != seat.id)

    def begin_round(self) -> Any:
        """
        Start, or play again, and call ``on_start``.

        :raises Refused: it is under way, or too few are here.
        """
        if self.state.status == "playing":
            raise Refused("The game is under way.")
        if self.spec.cls.needs_start and len(list(self.seats.of_role("player"))) < self.game_class.min_players:
            raise Refused(f"It takes {self.game_class.min_players} to play.")
        self.journal.update(self.state, status="playing", result=None, played_before=0.0, playing_since=self.time)
        self.teams.begin()
        return self.game.on_start()

    def end_round(self, result: dict[str, Any]) -> None:
        """The game is over: timers and questions end, the result is public."""
        result = values.plain(result)
        played_s = self.played_s
        self.journal.update(self.state, played_before=played_s, playing_since=None, phase_timer=None)
        self.journal.update(self.state, status="over", result=result)
        self.asking.close_all()
        self.timers.cancel_all(everywhere=True, questions=True)
        self.unpause()

    def enter(self, phase: str | None, s: float | None, then: str | None) -> None:
        """Enter a phase, and end the last one's deadline; see `Game.enter`."""
        if phase is not None and not isinstance(phase, str):
            raise TypeError(f"a phase is a str or None, not {type(phase).__name__}")
        due = self.time + self.timers.seconds(s) if s is not None else None
        if self.state.phase_timer is not None:
            self.timers.cancel(self.state.phase_timer)
        name = (then or "phase") if s is not None else None
        self.journal.update(self.state, phase=values.plain(phase), phase_timer=name)
        if due is not None and name is not None:
            self.timers.arm(name, due, show=True, kind="phase", calls=then)

    def set_locked(self, locked: bool) -> None:
        """Whether newcomers are kept out."""
        self.journal.update(self.state, locked=locked)

    def pause(self) -> None:
        """Timers and ticks stand still from now on."""
        if self.state.paused_at is None:
            self.journal.update(self.state, paused_at=self.now)

    def unpause(self) -> None:
        """They go on from where they were."""
        if self.state.paused_at is not None:
            stood_s = self.now - self.state.paused_at
            self.journal.update(self.state, paused_at=None)
            self.shift(stood_s)

    def kick(self, player: Player, ban: bool) -> None:
        """End a seat from within the game; with a ban, all seats of that user."""
        if player.id not in self.seats:
            return
        ends = [player]
        if ban:
            self.talking.ban(player.user_id, Ban(player.name))
            ends += [s for s in self.seats.values() if s.user_id == player.user_id and s is not player]
        for seat in ends:
            if seat.id in self.seats:  # the hook of one may have ended another
                self.end_seat(seat, "banned" if ban else "kicked", None)
                self.finish_later(self.game.on_leave(seat))

    def close(self, reason: str, text: str | None = None) -> None:
        """Close the room at the end of this step."""
        if self.presence.closing is None:
            self.journal.update(self.presence, closing=values.plain(reason), closing_text=text)

    def secret_of(self, seat: Player) -> str:
        """:returns: what a client must show to resume this seat."""
        return self._keyed(f"{self.id}/{seat.id}", b"resume")

    # A step

    def begin(self, now: float, monotonic: float) -> None:
        """A step begins; what time it is stays the same until it ends."""
        self.now = now
        self.monotonic = monotonic
        self.durable = True

    def finish(self) -> None:
        """The step ends: tell what changed, forget how to undo it."""
        broadcast.tell(self)
        self.journal.commit()

    def abort(self) -> None:
        """The step never was: the room's own code failed in it."""
        self.journal.rollback()
        self.said.clear()
        self.records.clear()
        self.newcomers.clear()
        self.departures.clear()
        self.finish()

    # When something is due

    def next_due(self) -> float | None:
        """:returns: when `fire` should be called next, seconds since 1970, or None."""
        stale = self.journal.stale
        if stale.due_at == LOOK:
            timer, presence = self.timers.next(), self.presence
            dues = [at for seat in self.seats.values() if (at := seat._kept.hold_until) is not None]
            patches_due = self.told.patches_due(self.half_tick_s)
            others = (timer.due if timer else None, presence.grace_until, self.idle_at(), patches_due)
            dues += [due for due in others if due is not None]
            stale.due_at = min(dues, default=NEVER)
        return stale.due_at if stale.due_at != NEVER else None

    def is_due(self, now: float) -> bool:
        """Whether something may be due: it is, or what is has to be looked for."""
        return self.journal.stale.due_at <= now

    @property
    def ticks(self) -> bool:
        """Whether ticks are wanted now: the game is played, and somebody is here."""
        return (
            self.game_class.tick_hz > 0
            and self.state.status == "playing"
            and self.state.paused_at is None
            and self.presence.empty_since is None
        )

    @property
    def half_tick_s(self) -> float:
        """Half the time between two ticks; 0 where there are none now."""
        return 0.5 / self.game_class.tick_hz if self.ticks else 0.0

    def reopen(self, epoch: str) -> None:
        """A node opens the room again: a new epoch."""
        self.streams.reopen(epoch)
        self.streams.counts_changed()
        if self.game_class.patch_hz:
            # Patches that waited for their time are in the documents, but not in the log: nobody may resume over that.
            for name in self.docs:
                if name != "secret":
                    self.streams.number(name)

    def clock_stepped(self, delta_s: float) -> None:
        """The wall clock was stepped by so much: what waits is due that much later by it; clients are told."""
        self.now += delta_s
        self.told.patches_at += delta_s
        self.lines.shift(round(delta_s * 1000))
        self.talking.shift(delta_s)
        self._shift_holds(delta_s)
        for state, name in ((self.state, "paused_at"), (self.presence, "empty_since"), (self.presence, "grace_until")):
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

    def finish_later(self, result: Any) -> None:
        """What a hook returned that was called in the middle of a step: if it waits, the step ends when it is done."""
        if isawaitable(result):
            self.later.append(result)
            self.journal.record(self.forget_later, result)

    def forget_later(self, coroutine: Any) -> None:
        """The step that called it is undone: so is what it would have done."""
        if coroutine in self.later:
            self.later.remove(coroutine)
        if iscoroutine(coroutine):
            coroutine.close()
        else:
            coroutine.addErrback(lambda _: None)
            coroutine.cancel()

    def digest(self, password: str) -> str:
        """:returns: what the room keeps of its password."""
        return self._keyed(password, b"password")

    def _keyed(self, text: str, person: bytes) -> str:
        return blake2b(text.encode(), key=self.state.key, digest_size=16, person=person).hexdigest()

    # Coming and going

    def end_seat(self, seat: Player, reason: str, text: str | None) -> None:
        self.seats.give_up(seat)
        self.journal.append(self.departures, Departure(seat, reason, text))
        self.note_emptiness()

    def note_emptiness(self) -> None:
        """Nobody is connected any more: the time until the room closes for that runs."""
        if self.presence.empty_since is None and not any(s._sessions for s in self.seats.values()):
            self.journal.set(self.presence, "empty_since", self.now)

    def idle_at(self) -> float | None:
        if self.game_class.idle_close_s is None or self.presence.empty_since is None:
            return None
        return self.presence.empty_since + self.game_class.idle_close_s

    # Time

    def shift(self, delta_s: float) -> None:
        self.timers.shift(delta_s)
        self.asking.shift(delta_s)
        if self.state.playing_since is not None:
            self.journal.update(self.state, playing_since=self.state.playing_since + delta_s)
