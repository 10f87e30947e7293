"""
One room: its state, and what each input does to it. No I/O, no clock: whoever runs it says what time it is.

A step is `Room.begin`, an `Input` applied, and `Room.finish`. What the game does (through `GameCalls`) is recorded in
the journal and undone if it fails. At the end `finish` tells the audiences what changed
(`gameserver.room.publish.broadcast`) and leaves deliveries in ``outbox`` and changed parts for the store, which
`gameserver.room.row` writes.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import NotJSON, Refused
from gameserver.protocol import values
from gameserver.room.answers import Answers
from gameserver.room.changes import Aside, Departure, Newcomer, Spoken, Utterance
from gameserver.room.chat.changes import Change, HasRead, IsTyping
from gameserver.room.chat.channels import Address, Channel, hears, wire_address
from gameserver.room.chat.lines import Lines
from gameserver.room.chat.mentions import mentioned
from gameserver.room.chat.records import Record, UserWatch
from gameserver.room.chat.state import Ban, Talking
from gameserver.room.documents.document import Document
from gameserver.room.documents.fields import Fields
from gameserver.room.effects import Delivery
from gameserver.room.game_calls import GameCalls
from gameserver.room.groups import MAX_GROUPS, NAME, Group
from gameserver.room.journal import Journal
from gameserver.room.publish import broadcast
from gameserver.room.publish.streams import Streams
from gameserver.room.questions import Asked, OpenQuestions
from gameserver.room.quota import Quota, Share
from gameserver.room.replies import Replies
from gameserver.room.seats import Player, Seats
from gameserver.room.tables import Tables
from gameserver.room.teams import Teams
from gameserver.room.timers import LOOK, NEVER, Timers
from gameserver.store import keys

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
    :param id: unique for all time.
    :param code: what people type.
    :param key: 16 random bytes; chance and the secrets of seats come from it.
    :param epoch: a random name of this opening.
    :param now: wall clock, seconds since 1970.
    :ivar monotonic: seconds that only grow, as of this step: for ages that end with the process.
    """

    __slots__ = (
        "_unsay",
        "answers",
        "asking",
        "audiences",
        "chat_chars",
        "chat_data_bytes",
        "closing",
        "closing_text",
        "code",
        "created",
        "creator",
        "creator_came",
        "departures",
        "dirty",
        "docs",
        "dropped",
        "due_at",
        "durable",
        "empty_since",
        "ended",
        "failures",
        "fresh_parts",
        "game",
        "game_calls",
        "game_class",
        "grace_until",
        "groups",
        "id",
        "info_stale",
        "is_stored",
        "journal",
        "key",
        "later",
        "lines",
        "locked",
        "log",
        "monotonic",
        "newcomers",
        "now",
        "only_said",
        "options",
        "outbox",
        "password",
        "paused_at",
        "phase",
        "phase_timer",
        "played_before",
        "playing_since",
        "private",
        "rearranged",
        "records",
        "replies",
        "result",
        "said",
        "seats",
        "share",
        "sizes",
        "spec",
        "spent",
        "status",
        "streams",
        "tables",
        "talking",
        "teams",
        "ticked_s",
        "timers",
        "told",
        "touched_groups",
        "touched_seats",
        "touched_timers",
        "unsettled",
        "watch",
    )

    def __init__(self, spec: Spec, *, id: str, code: str, key: bytes, epoch: str, now: float, log: Logger) -> None:
        self.spec = spec
        self.game_class: type[Game] = spec.cls
        self.is_stored = spec.cls.durability != "none"
        self.id = id
        self.code = code
        self.key = key
        self.created = now
        self.now = now
        self.monotonic = 0.0
        self.log = log
        self.chat_chars = 500
        self.chat_data_bytes = 1024
        self.watch = UserWatch()
        self._init_state(epoch)
        self._init_step()
        self.game: Game = spec.cls._gs_of(self)

    def _init_state(self, epoch: str) -> None:
        """What the row holds."""
        self.journal = Journal()
        self.status = "lobby"
        self.phase: str | None = None
        self.phase_timer: str | None = None
        self.locked = False
        self.private = False
        self.password: str | None = None
        self.paused_at: float | None = None
        self.options: dict[str, Any] = {}
        self.result: Any = None
        self.creator: str | None = None
        self.creator_came = False
        self.spent = 0
        self.played_before = 0.0
        self.playing_since: float | None = None
        self.docs: dict[str, Document] = {}
        self.sizes: dict[str, int] = {}
        self.seats = Seats(self)
        self.groups: dict[str, Group] = {}
        self.timers = Timers(self)
        self.asking = OpenQuestions(self)
        self.tables = Tables(self)
        self.share = Share(Quota())
        self.lines = Lines(self.game_class.chat_history, self.game_class.chat_history_s)
        self.talking = Talking(self)
        self.teams = Teams(self)
        self.streams = Streams(epoch)
        self.answers = Answers()
        self.replies = Replies(self)
        self.game_calls = GameCalls(self)
        self.empty_since: float | None = self.now
        self.grace_until: float | None = None

    def _init_step(self) -> None:
        """What one step gathers, and what is on its way out."""
        self.said: list[Utterance | Spoken | IsTyping | HasRead | Change] = []
        self._unsay = (self._take_back,)
        self.only_said = [self._unsay]
        self.records: list[Record] = []
        self.later: list[Any] = []
        self.newcomers: list[Newcomer] = []
        self.departures: list[Departure] = []
        self.unsettled = False
        self.closing: str | None = None
        self.closing_text: str | None = None
        self.ended = False
        self.durable = True
        self.failures = 0
        self.ticked_s = 0.0
        self.touched_seats: dict[str, Player] = {}
        self.rearranged: dict[str, Player] = {}
        self.touched_groups: set[str] = set()
        self.touched_timers: set[tuple[str | None, str]] = set()
        self.info_stale = True
        self.due_at = LOOK
        self.told = broadcast.Audiences()
        self.audiences: dict[str, Audience] = {}
        self.outbox: list[Delivery] = []
        self.dirty: set[str] = set()
        self.dropped: set[str] = set()
        self.fresh_parts: dict[str, bytes] = {}

    # What the game sees

    @property
    def players(self) -> list[Player]:
        """Seats of players, by number."""
        return sorted(self.seats.of_role("player"), key=lambda s: s.number or 0)

    @property
    def questions(self) -> dict[str, Asked]:
        """The questions that are asked at present."""
        return self.asking.open

    @property
    def time(self) -> float:
        """The room's own time: it stands still while the room is paused."""
        return self.now if self.paused_at is None else self.paused_at

    @property
    def played_s(self) -> float:
        """How long this round has been played, pauses not counted."""
        since = 0.0 if self.playing_since is None else self.time - self.playing_since
        return self.played_before + since

    def doc(self, name: str) -> Document:
        """:returns: the document of that name; the first use makes it."""
        found = self.docs.get(name)
        if found is None:
            found = Document(self.journal, name=name)
            if self.game_class.storage == "fields":
                found.fields = Fields()
            self.journal.put(self.docs, name, found)
            if name == "role:player":
                self.rearrange(*self.seats.of_role("player"))
        return found

    def group(self, name: str) -> Group:
        """
        :returns: the group of that name; the first use makes it.
        :raises ValueError: not a name, or too many groups.
        """
        found = self.groups.get(name)
        if found is None:
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise ValueError(f"a group's name is 1 to 32 of A-Z a-z 0-9 _ -, not {name!r}")
            if len(self.groups) >= MAX_GROUPS:
                raise ValueError(f"at most {MAX_GROUPS} groups a room")
            found = Group(self, name)
            self.journal.put(self.groups, name, found)
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
        text, plain = values.plain(text), values.plain(data)
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
        if self.status == "playing":
            raise Refused("The game is under way.")
        if self.spec.cls.needs_start and len(list(self.seats.of_role("player"))) < self.game_class.min_players:
            raise Refused(f"It takes {self.game_class.min_players} to play.")
        set_ = self.journal.set
        set_(self, "status", "playing")
        set_(self, "result", None)
        set_(self, "played_before", 0.0)
        set_(self, "playing_since", self.time)
        self.changed()
        self.teams.begin()
        return self.game.on_start()

    def end_round(self, result: dict[str, Any]) -> None:
        """The game is over: timers and questions end, the result is public."""
        result = values.plain(result)
        set_ = self.journal.set
        set_(self, "played_before", self.played_s)
        set_(self, "playing_since", None)
        set_(self, "status", "over")
        set_(self, "result", result)
        set_(self, "phase_timer", None)
        self.asking.close_all()
        self.timers.cancel_all(everywhere=True, questions=True)
        if self.paused_at is not None:
            self.unpause()
        self.changed()

    def enter(self, phase: str | None, s: float | None, then: str | None) -> None:
        """See `Game.enter`."""
        if phase is not None and not isinstance(phase, str):
            raise TypeError(f"a phase is a str or None, not {type(phase).__name__}")
        due = self.time + self.timers.seconds(s) if s is not None else None
        if self.phase_timer is not None:
            self.timers.cancel(self.phase_timer)
        name = (then or "phase") if s is not None else None
        self.journal.set(self, "phase", values.plain(phase))
        self.journal.set(self, "phase_timer", name)
        if due is not None and name is not None:
            self.timers.arm(name, due, show=True, kind="phase", calls=then)
        self.changed()

    def set_locked(self, locked: bool) -> None:
        """Whether newcomers are kept out."""
        self.journal.set(self, "locked", locked)
        self.changed()

    def pause(self) -> None:
        """Timers and ticks stand still from now on."""
        if self.paused_at is None:
            self.journal.set(self, "paused_at", self.now)
            self.touched_timers.update(self.timers.armed)
            self.changed()

    def unpause(self) -> None:
        """They go on from where they were."""
        if self.paused_at is not None:
            stood_s = self.now - self.paused_at
            self.journal.set(self, "paused_at", None)
            self.shift(stood_s)
            self.touched_timers.update(self.timers.armed)
            self.changed()

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
        if self.closing is None:
            self.journal.set(self, "closing", values.plain(reason))
            self.journal.set(self, "closing_text", text)

    # What changed, for the end of the step

    def changed(self) -> None:
        """Something of the room as a whole may have changed."""
        self.info_stale = True
        self.due_at = LOOK
        self.dirty.add(keys.ROOM)

    def seat_changed(self, seat: Player) -> None:
        """What others know of a seat may have changed."""
        self.touched_seats[seat.id] = seat
        self.dirty.add(keys.seat(seat.id))
        self.due_at = LOOK

    def rearrange(self, *seats: Player) -> None:
        """The streams that these seats hear may have changed."""
        for seat in seats:
            self.rearranged[seat.id] = seat
        self.audiences.clear()

    def seat_part(self, seat: str) -> str:
        """:returns: the part of the row that holds a seat; it is written with this step."""
        self.due_at = LOOK
        return keys.seat(seat)

    def secret_of(self, seat: Player) -> str:
        """:returns: what a client must show to resume this seat."""
        return blake2b(f"{self.id}/{seat.id}".encode(), key=self.key, digest_size=16, person=b"resume").hexdigest()

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
        if self.due_at == LOOK:
            timer = self.timers.next()
            dues = [s._hold_until for s in self.seats.values() if s._hold_until is not None]
            patches_due = self.told.patches_due(self.half_tick_s)
            others = (timer.due if timer else None, self.grace_until, self.idle_at(), patches_due)
            dues += [due for due in others if due is not None]
            self.due_at = min(dues, default=NEVER)
        return self.due_at if self.due_at != NEVER else None

    def is_due(self, now: float) -> bool:
        """Whether something may be due: it is, or what is has to be looked for."""
        return self.due_at <= now

    @property
    def ticks(self) -> bool:
        """Whether ticks are wanted now: the game is played, and somebody is here."""
        return (
            self.game_class.tick_hz > 0
            and self.status == "playing"
            and self.paused_at is None
            and self.empty_since is None
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
        for seat in self.seats.values():
            if seat._hold_until is not None:
                seat._hold_until += delta_s
        for name in ("paused_at", "empty_since", "grace_until"):
            at = getattr(self, name)
            if at is not None:
                setattr(self, name, at + delta_s)
        self.shift(delta_s)
        self.touched_timers.update(self.timers.armed)
        self.due_at = LOOK
        self.dirty.update((keys.ROOM, *(keys.seat(s) for s in self.seats)))
        self.finish()

    def away(self, away_s: float) -> None:
        """No node ran this room for so long: what stood still meanwhile is due later."""
        for seat in self.seats.values():
            if seat._hold_until is not None:
                seat._hold_until += away_s
        if self.game_class.downtime == "pause":
            if self.paused_at is not None:
                self.paused_at += away_s
            self.shift(away_s)
        self.dirty.update((keys.ROOM, keys.TIMERS, *(keys.seat(s) for s in self.seats)))

    # Parts of the row

    def keep_part(self, part: str, content: Callable[[], bytes]) -> None:
        """A part of the row that is written once; a room that is never stored does not even encode it."""
        if self.is_stored:
            self.fresh_parts[part] = content()

    def drop_parts(self, parts: Any) -> None:
        """These parts of the row are gone."""
        if not self.is_stored:
            return
        for part in parts:
            self.fresh_parts.pop(part, None)
            self.dirty.discard(part)
            self.dropped.add(part)

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
        return blake2b(password.encode(), key=self.key, digest_size=16, person=b"password").hexdigest()

    # Coming and going

    def end_seat(self, seat: Player, reason: str, text: str | None) -> None:
        self.seats.give_up(seat)
        self.journal.append(self.departures, Departure(seat, reason, text))
        self.note_emptiness()

    def note_emptiness(self) -> None:
        """Nobody is connected any more: the time until the room closes for that runs."""
        if self.empty_since is None and not any(s._sessions for s in self.seats.values()):
            self.journal.set(self, "empty_since", self.now)
            self.due_at = LOOK

    def idle_at(self) -> float | None:
        if self.game_class.idle_close_s is None or self.empty_since is None:
            return None
        return self.empty_since + self.game_class.idle_close_s

    # Time

    def shift(self, delta_s: float) -> None:
        self.timers.shift(delta_s)
        self.asking.shift(delta_s)
        if self.playing_since is not None:
            self.journal.set(self, "playing_since", self.playing_since + delta_s)
