"""
One room: its state, and what each input does to it. No I/O, no clock: whoever runs it says what time it is.

An input is one of the methods under "Inputs", called between `Room.begin` and `Room.finish`. Plain ones return None;
those whose game code may wait return a coroutine, to be finished before the next input. What the game does is recorded
in the journal and undone if it fails. At the end `finish` tells the audiences what changed (`gameserver.room.telling`)
and leaves deliveries in ``outbox`` and changed parts for the store, which `gameserver.room.row` writes.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import blake2b
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw
from twisted.internet.defer import succeed
from twisted.python.failure import Failure

from gameserver import values
from gameserver.errors import NotJSON, Refused
from gameserver.room import telling
from gameserver.room.answers import Answers
from gameserver.room.chat import Chat, Lines, address, wire_address
from gameserver.room.document import Document
from gameserver.room.effects import Asker, Delivery
from gameserver.room.groups import MAX_GROUPS, NAME, Group
from gameserver.room.journal import Journal
from gameserver.room.questions import Asked, Asking
from gameserver.room.seats import MAX_PROFILE_BYTES, Player, Seats
from gameserver.room.step import Departure, Newcomer, Spoken, Utterance
from gameserver.room.streams import Streams
from gameserver.room.timers import Armed, Timers
from gameserver.store import keys
from gameserver.wire import messages

if TYPE_CHECKING:
    from twisted.logger import Logger

    from gameserver.game.game import Game
    from gameserver.game.spec import MessageSpec, Spec
    from gameserver.interfaces import ISession, User

GRACE_S: Final = 10.0
"""After a restart seats count as online for so long."""
MAX_FAILURES: Final = 10
"""Failures in a row, of inputs that no player sent, after which a room is closed."""
FAILURE_COST: Final = 5.0
"""What a failure of a player's own message costs of that player's rate."""


class Room:
    """
    One running instance of a game.

    :param spec: the game's class, read.
    :param id: unique for all time.
    :param code: what people type.
    :param key: 16 random bytes; chance and the secrets of seats come from it.
    :param epoch: a random name of this opening.
    :param now: wall clock, seconds since 1970.
    """

    def __init__(self, spec: Spec, *, id: str, code: str, key: bytes, epoch: str, now: float, log: Logger) -> None:
        self.spec = spec
        self.game_class: type[Game] = spec.cls
        self.id = id
        self.code = code
        self.key = key
        self.created = now
        self.now = now
        self.log = log
        self.chat_chars = 500
        self._init_state(epoch)
        self._init_step()
        self.game: Game = spec.cls._of(self)

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
        self.spent = 0
        self.played_before = 0.0
        self.playing_since: float | None = None
        self.banned: dict[str, None] = {}
        self.docs: dict[str, Document] = {}
        self.seats = Seats(self)
        self.groups: dict[str, Group] = {}
        self.timers = Timers(self)
        self.asking = Asking(self)
        self.lines = Lines()
        self.streams = Streams(epoch)
        self.answers = Answers()
        self.empty_since: float | None = self.now
        self.grace_until: float | None = None

    def _init_step(self) -> None:
        """What one step gathers, and what is on its way out."""
        self.said: list[Utterance | Spoken] = []
        self.later: list[Any] = []
        self.newcomers: list[Newcomer] = []
        self.departures: list[Departure] = []
        self.replies: list[tuple[ISession, bytes]] = []
        self.unsettled = False
        self.closing: str | None = None
        self.closing_text: str | None = None
        self.ended = False
        self.durable = True
        self.failures = 0
        self.touched_seats: dict[str, Player] = {}
        self.rearranged: dict[str, Player] = {}
        self.touched_groups: set[str] = set()
        self.touched_timers: set[tuple[str | None, str]] = set()
        self.info_stale = True
        self.due_stale = True
        self._due: float | None = None
        self.told = telling.Told()
        self.audiences: dict[str, tuple[ISession, ...]] = {}
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
        if not isinstance(type, str) or not type:
            raise NotJSON("an event's type is a str that is not empty")
        if key == "role:player":
            self.doc(key)
        left_out = but.id if but is not None else None
        self.journal.append(self.said, Utterance(key, values.plain(type), values.plain(data), left_out, volatile))

    def say_line(self, seat: Player | None, to: str | Group | Player, text: str, data: Any) -> None:
        """Say a line of chat at the end of the step."""
        if isinstance(to, Player):
            keys_ = tuple(dict.fromkeys(f"seat:{s.id}" for s in (to, seat) if s is not None))
        else:
            keys_ = (wire_address(to),)
        name = seat.name if seat is not None else None
        spoken = Spoken(
            keys_, seat.id if seat else None, name, wire_address(to), values.plain(text), values.plain(data)
        )
        self.journal.append(self.said, spoken)

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
        set_(self, "phase", None)
        set_(self, "played_before", 0.0)
        set_(self, "playing_since", self.time)
        self.changed()
        return self.game.on_start()

    def end_round(self, result: dict[str, Any]) -> None:
        """The game is over: timers and questions end, the result is public."""
        set_ = self.journal.set
        set_(self, "played_before", self.played_s)
        set_(self, "playing_since", None)
        set_(self, "status", "over")
        set_(self, "result", values.plain(result))
        set_(self, "phase_timer", None)
        self.asking.close_all()
        self.timers.cancel_all(everywhere=True, questions=True)
        if self.paused_at is not None:
            self.unpause()
        self.changed()

    def enter(self, phase: str | None, s: float | None, then: str | None) -> None:
        """See `Game.enter`."""
        if self.phase_timer is not None:
            self.timers.cancel(self.phase_timer)
        name = (then or "phase") if s is not None else None
        self.journal.set(self, "phase", values.plain(phase))
        self.journal.set(self, "phase_timer", name)
        if s is not None and name is not None:
            self.timers.arm(name, self.time + self.timers.seconds(s), show=True, kind="phase", calls=then)
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
            self._shift(stood_s)
            self.touched_timers.update(self.timers.armed)
            self.changed()

    def kick(self, player: Player, ban: bool) -> None:
        """End a seat from within the game."""
        if player.id not in self.seats:
            return
        if ban:
            self.journal.put(self.banned, player.user_id, None)
        self._end_seat(player, "banned" if ban else "kicked", None)
        result = self.game.on_leave(player)
        if isawaitable(result):
            self.later.append(result)
            self.journal.record(self._forget_later, result)

    def close(self, reason: str, text: str | None = None) -> None:
        """Close the room at the end of this step."""
        if self.closing is None:
            self.journal.set(self, "closing", values.plain(reason))
            self.journal.set(self, "closing_text", text)

    # What changed, for the end of the step

    def changed(self) -> None:
        """Something of the room as a whole may have changed."""
        self.info_stale = True
        self.due_stale = True
        self.dirty.add(keys.ROOM)

    def seat_changed(self, seat: Player) -> None:
        """What others know of a seat may have changed."""
        self.touched_seats[seat.id] = seat
        self.dirty.add(keys.seat(seat.id))
        self.due_stale = True

    def rearrange(self, *seats: Player) -> None:
        """The streams that these seats hear may have changed."""
        for seat in seats:
            self.rearranged[seat.id] = seat
        self.audiences.clear()

    def seat_part(self, seat: str) -> str:
        """:returns: the part of the row that holds a seat; it is written with this step."""
        self.due_stale = True
        return keys.seat(seat)

    def secret_of(self, seat: Player) -> str:
        """:returns: what a client must show to resume this seat."""
        return blake2b(f"{self.id}/{seat.id}".encode(), key=self.key, digest_size=16, person=b"resume").hexdigest()

    # Inputs

    def begin(self, now: float) -> None:
        """A step begins; ``now`` stays the same until it ends."""
        self.now = now
        self.durable = True

    async def create(
        self,
        asker: Asker | None,
        options: dict[str, Any],
        *,
        private: bool,
        password: str | None,
        user: User,
        seat: dict[str, Any] | None,
    ) -> None:
        """
        The room comes to be, and its creator takes a seat where ``asker`` says so.

        :param seat: keyword arguments of `join`.
        :raises Refused: the game will not have it so; the room never was.
        """
        self.private = private
        self.password = self._digest(password) if password is not None else None
        self.creator = user.id
        self.streams.counts_stale = True
        self.changed()
        arguments = self._read_options(options)
        newcomer = (
            self._seat_newcomer(asker, **seat) if asker and seat is not None and self.spec.function_style else None
        )
        await self._game("on_create", self.game.on_create, **arguments)
        if not self.game_class.needs_start:
            await self._game("on_start", self.begin_round)
        if newcomer is not None:
            await self._welcome(newcomer)
        elif asker is not None and seat is not None:
            await self.join(asker, **seat)

    async def join(
        self, asker: Asker, *, name: str, role: str | None, password: str | None, profile: dict[str, Any]
    ) -> None:
        """
        A user takes a seat, or comes back to it.

        :raises Refused: there is none to be had; nothing has changed.
        """
        role = role or "player"
        user = asker.user
        seat = self.seats.of_user(user.id, role)
        held = self._seat_of(asker.session)
        if held is not None and held is not seat:
            raise Refused("This connection has a seat in the room already.", code="forbidden")
        if seat is not None:
            await self._come_back(asker, seat, None)
            return
        await self._welcome(self._seat_newcomer(asker, name=name, role=role, password=password, profile=profile))

    async def resume(self, asker: Asker, *, secret: str, seen: dict[str, Any] | None) -> None:
        """
        A client comes back to its seat.

        :raises Refused: ``not_found``, whatever is wrong.
        """
        seat = next((s for s in self.seats.values() if s.user_id == asker.user.id and self._proves(s, secret)), None)
        held = self._seat_of(asker.session)
        if seat is None or (held is not None and held is not seat):
            raise Refused(code="not_found")
        missed = self.streams.missed(seat._entered, seen) if seen is not None else None
        await self._come_back(asker, seat, missed is not None, missed)

    def message(self, asker: Asker, seat_id: str, type: str, data: Raw) -> Coroutine[Any, Any, None] | None:
        """A player sends a message of the game's own."""
        player = self._asking_player(asker, seat_id)
        if player is None:
            return None
        spec = self.spec.messages.get(type)
        mark = self.journal.mark()
        try:
            if spec is None:
                result = self._function_message(player, type, data)
            else:
                self._admit_message(spec, player, type)
                self.durable = spec.durable
                result = getattr(self.game_class, spec.method)
                if spec.question:
                    result = result.function
                result = result(self.game, player, **spec.schema.decode(data, self))
            if spec is not None and spec.question:
                return self._asked(asker, player, type, mark, self._take_answer(spec.method, player, result))
            if isawaitable(result):
                return self._asked(asker, player, type, mark, result)
            reply = None if result is None else values.plain(result)
            if self.unsettled or self.later:
                return self._asked(asker, player, type, mark, succeed(reply))
        except Exception as error:  # noqa: BLE001 - the message's door
            self._answer_error(asker, player, type, mark, error)
            return None
        self.answer(asker, player, reply)
        return None

    async def chat(self, asker: Asker, seat_id: str, text: str, to: str, data: Any) -> None:
        """A player says something."""
        player = self._asking_player(asker, seat_id)
        if player is not None:
            await self._asked(asker, player, "chat", self.journal.mark(), self._say(player, text, to, data))

    async def start(self, asker: Asker, seat_id: str) -> None:
        """The host starts the game."""
        player = self._asking_player(asker, seat_id)
        if player is not None:
            await self._asked(asker, player, "start", self.journal.mark(), self._start(player))

    async def leave(self, asker: Asker, seat_id: str) -> None:
        """A player gives the seat up, for all its sockets."""
        player = self.seats.get(seat_id)
        if player is None:
            self.reply_error(asker, Refused(code="not_found"))
            return
        if asker.id is not None:
            self.replies.append((asker.session, messages.encode(messages.Ok(asker.id))))
        await self._leave_for_good(player, "left")

    async def detach(self, session: ISession, seat_id: str) -> None:
        """A connection ended; with a seat's last one, its player has dropped."""
        seat = self.seats.get(seat_id)
        if seat is None or session not in seat._sessions:
            return
        seat._sessions.remove(session)
        self.audiences.clear()
        if not seat._sessions:
            self._note_emptiness()
            await self._drop(seat)

    async def fire(self) -> None:
        """What is due first happens."""
        if self._is_due(self.grace_until):
            await self._end_grace()
            return
        seat = next((s for s in self.seats.values() if self._is_due(s._hold_until)), None)
        timer = self.timers.next()
        if timer is not None and self._is_due(timer.due) and (seat is None or timer.due <= (seat._hold_until or 0)):
            await self._fire_timer(timer)
        elif seat is not None:
            await self._leave_for_good(seat, "left")
        elif self._is_due(self._idle_at()):
            self.close("closed", "Nobody was here for a long time.")

    async def tick(self, dt_s: float) -> None:
        """A tick of a game that has them."""
        await self._alone("on_tick", self.game.on_tick, dt_s)

    async def call(self, method: str) -> None:
        """The calendar calls a method of the game."""
        await self._alone(method, getattr(self.game, method))

    def look(self, reader: Any) -> None:
        """Somebody outside looks at the room: a `gameserver.room.keeper.Reader`."""
        reader.read(self)
        self.outbox.append(Delivery((reader,), b""))

    async def load(self) -> None:
        """The room was read from the store."""
        await self._alone("on_load", self.game.on_load)

    async def end(self) -> None:
        """The room closes, with the reason that was given."""
        reason, text = self.closing or "closed", self.closing_text
        await self._alone("on_close", self.game.on_close)
        for seat in list(self.seats.values()):
            self.departures.append(Departure(seat, "closed", text or (reason if reason != "closed" else None)))
        self.ended = True

    def finish(self) -> None:
        """The step ends: tell what changed, forget how to undo it."""
        telling.tell(self)
        self.journal.commit()

    def abort(self) -> None:
        """The step never was: the room's own code failed in it."""
        self.journal.rollback()
        self.said.clear()
        self.newcomers.clear()
        self.departures.clear()
        self.finish()

    # When something is due

    def next_due(self) -> float | None:
        """:returns: when `fire` should be called next, seconds since 1970, or None."""
        if self.due_stale:
            self.due_stale = False
            timer = self.timers.next()
            dues = [s._hold_until for s in self.seats.values() if s._hold_until is not None]
            dues += [d for d in (timer.due if timer else None, self.grace_until, self._idle_at()) if d is not None]
            self._due = min(dues, default=None)
        return self._due

    @property
    def ticks(self) -> bool:
        """Whether ticks are wanted now: the game is played, and somebody is here."""
        return (
            self.game_class.tick_hz > 0
            and self.status == "playing"
            and self.paused_at is None
            and self.empty_since is None
        )

    def reopen(self, epoch: str) -> None:
        """A node opens the room again: a new epoch."""
        self.streams.reopen(epoch)
        self.streams.counts_stale = True
        if self.game_class.patch_hz:
            # Patches that waited for their time are in the documents, but not in the log: nobody may resume over that.
            for name in self.docs:
                if name != "secret":
                    self.streams.number(name)

    def clock_stepped(self, delta_s: float) -> None:
        """The wall clock was stepped by so much: what waits is due that much later by it; clients are told."""
        for seat in self.seats.values():
            if seat._hold_until is not None:
                seat._hold_until += delta_s
        for name in ("paused_at", "empty_since", "grace_until"):
            at = getattr(self, name)
            if at is not None:
                setattr(self, name, at + delta_s)
        self._shift(delta_s)
        self.touched_timers.update(self.timers.armed)
        self.due_stale = True
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
            self._shift(away_s)
        self.dirty.update((keys.ROOM, keys.TIMERS, *(keys.seat(s) for s in self.seats)))

    # Replies

    def answer(self, asker: Asker, player: Player, data: Any) -> None:
        """Answer a request, and remember the answer."""
        if asker.id is not None:
            self._remember(asker, player, messages.encode(messages.Ok(asker.id, data)))

    def reply_error(self, asker: Asker, error: Refused, player: Player | None = None) -> None:
        """Answer with an error; one for a player's request that was applied is remembered."""
        frame = messages.encode(messages.Error(asker.id, error.code, error.text, error.path))
        if player is not None and asker.id is not None:
            self._remember(asker, player, frame)
        else:
            self.replies.append((asker.session, frame))

    def _remember(self, asker: Asker, player: Player, frame: bytes) -> None:
        self.replies.append((asker.session, frame))
        if player.id not in self.seats or asker.id is None:
            return
        key = asker.session.key
        forgotten = self.answers.keep(player.id, key, asker.id, frame)
        self.keep_part(keys.answer(player.id, key, asker.id), lambda: frame)
        self.drop_parts(keys.answer(*old) for old in forgotten)

    def keep_part(self, part: str, content: Callable[[], bytes]) -> None:
        """A part of the row that is written once; a room that is never stored does not even encode it."""
        if self.game_class.durability != "none":
            self.fresh_parts[part] = content()

    def drop_parts(self, parts: Any) -> None:
        """These parts of the row are gone."""
        for part in parts:
            self.fresh_parts.pop(part, None)
            self.dirty.discard(part)
            self.dropped.add(part)

    def _asking_player(self, asker: Asker, seat_id: str) -> Player | None:
        """:returns: the player, if this request is to be applied; if not, it has been answered."""
        player = self.seats.get(seat_id)
        if player is None:
            self.reply_error(asker, Refused(code="not_found"))
        elif not player._bucket.take(self.now):
            self.reply_error(asker, Refused(code="rate_limited"))
        elif asker.id is None or not self._answer_again(asker, player):
            return player
        return None

    def _answer_again(self, asker: Asker, player: Player) -> bool:
        """Whether this request came before; then its answer is repeated."""
        memory = self.answers.find(player.id, asker.session.key)
        if memory is None or asker.id is None or asker.id > memory.last_id:
            return False
        frame = memory.answers.get(asker.id)
        if frame is None:
            self.reply_error(asker, Refused(code="stale_id"))
        else:
            self.replies.append((asker.session, frame))
        return True

    def _answer_error(self, asker: Asker, player: Player, what: str, mark: int, error: Exception) -> None:
        """A player's request failed: it leaves no trace but its answer."""
        self.journal.rollback(mark)
        if not isinstance(error, Refused):
            self._log_failure(what, error, player)
            player._bucket.charge(self.now, FAILURE_COST)
            error = Refused(code="game_error")
        self.reply_error(asker, error, player)

    # Doors to the game

    async def _game(self, what: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """
        Call the game's code; if it fails, what it did is undone.

        :raises Refused: the game refused, or failed (``game_error``).
        """
        mark = self.journal.mark()
        try:
            result = call(*args, **kwargs)
            if isawaitable(result):
                result = await result
            await self._settle()
        except Refused:
            self.journal.rollback(mark)
            raise
        except Exception as error:
            self.journal.rollback(mark)
            self._log_failure(what, error, None)
            raise Refused(code="game_error") from error
        return result

    async def _alone(self, what: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """The same where no player asked: nobody is told, but a room that fails and fails is closed."""
        try:
            await self._game(what, call, *args, **kwargs)
        except Refused as refused:
            self.failures += 1
            self.log.info(
                "room {room}: {what} came to nothing: {reason}", room=self.code, what=what, reason=refused.text
            )
            if self.failures >= MAX_FAILURES:
                self.close("closed", "The game failed again and again.")
        else:
            self.failures = 0

    async def _asked(self, asker: Asker, player: Player, what: str, mark: int, steps: Awaitable[Any]) -> None:
        """What a player asked for, where it may wait: it is answered, or leaves no trace but an error."""
        try:
            reply = await steps
            await self._settle()
            reply = values.plain(reply)
        except Exception as error:  # noqa: BLE001 - the message's door
            self._answer_error(asker, player, what, mark, error)
        else:
            self.answer(asker, player, reply)

    async def _take_answer(self, name: str, player: Player, result: Any) -> None:
        """What a question's method returned is kept, and secret."""
        if isawaitable(result):
            result = await result
        self.asking.answer(name, player, result)

    async def _say(self, player: Player, text: str, to: str, data: Any) -> None:
        chat = self._admit_line(player, text, to, data)
        result = self.game.on_chat(player, chat)
        if isawaitable(result):
            await result
        if not chat.hidden:
            self.say_line(player, chat.to, chat.text, chat.data)

    async def _start(self, player: Player) -> None:
        if player.id != self.seats.host:
            raise Refused("Only the host may start.", code="forbidden")
        result = self.begin_round()
        if isawaitable(result):
            await result

    async def _settle(self) -> None:
        """Finish what a game's code set going: hooks that wait, questions that are complete."""
        while self.unsettled or self.later:
            self.unsettled = False
            while self.later:
                await self.later.pop(0)
            for name in self.asking.complete():
                await self._finish_question(name)

    async def _finish_question(self, name: str) -> None:
        """All answers that can be had are in: the game gets them."""
        done = self.spec.questions[name].done_method
        if name in self.questions and done is not None:
            result = getattr(self.game, done)(self.asking.finish(name))
            if isawaitable(result):
                await result

    def _forget_later(self, coroutine: Any) -> None:
        if coroutine in self.later:
            self.later.remove(coroutine)
        coroutine.close()

    def _function_message(self, player: Player, type: str, data: Raw) -> Any:
        """A message of a game in the function style, which knows no schema."""
        if not self.spec.function_style:
            raise Refused(f"This game has no message {type!r}.", code="unknown_type")
        if type.isupper():
            raise Refused("Types in capitals are the framework's.", code="forbidden")
        self._admit_while_paused(player)
        try:
            decoded = values.decode(bytes(data))
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$") from None
        return self.game._receive(player, type, decoded)

    def _log_failure(self, what: str, error: Exception, player: Player | None) -> None:
        self.log.failure(
            "{game} failed in room {room} at {what} (seat {seat})",
            Failure(error),
            game=self.spec.name,
            room=self.code,
            what=what,
            seat=player.id if player is not None else None,
        )

    # Who may do what

    def _admit_newcomer(self, user: User, role: str, password: str | None) -> None:
        if user.id in self.banned:
            raise Refused("You may not come back to this room.", code="forbidden")
        if self.spec.player_seats(role) is None or (role == "host" and user.id != self.creator):
            raise Refused(f"There is no seat of a {role} for you.", code="forbidden")
        if self.password is not None and user.id != self.creator:
            given = self._digest(password or "")
            if not hmac.compare_digest(given, self.password):
                raise Refused(code="wrong_password")
        if self.locked or (self.status == "playing" and not self._open_while_playing()):
            raise Refused(code="room_locked")
        if self.status == "over" and not self._open_while_playing():
            raise Refused(code="room_over")

    def is_open_to(self, user: User, role: str, match: dict[str, Any]) -> bool:
        """Whether this user would find a seat here, in a public room whose options hold ``match``."""
        if self.private or self.password is not None or any(self.options.get(k, match) != v for k, v in match.items()):
            return False
        if self.seats.of_user(user.id, role) is not None:
            return True
        try:
            self._admit_newcomer(user, role, None)
        except Refused:
            return False
        return len(list(self.seats.of_role(role))) < (self.spec.player_seats(role) or 0)

    def _open_while_playing(self) -> bool:
        return self.game_class.late_join or not self.game_class.needs_start

    def _admit_message(self, spec: MessageSpec, player: Player, type: str) -> None:
        self._admit_while_paused(player)
        by = spec.by
        if by == "host":
            allowed = player.id == self.seats.host
        else:
            allowed = by in ("any", player.role)
        if not allowed:
            raise Refused(f"Only a {by} may do that.", code="forbidden")
        if spec.phase is not None and spec.phase != self.phase:
            raise Refused("Not now.")
        if spec.question:
            self.asking.admit(spec.method, player, revise=self.spec.questions[spec.method].revise)

    def _admit_while_paused(self, player: Player) -> None:
        if self.paused_at is not None and player.id != self.seats.host:
            raise Refused(code="paused")

    def _admit_line(self, player: Player, text: str, to: str, data: Any) -> Chat:
        if not text:
            raise Refused("There is nothing in it.", code="bad_data", path="$.text")
        if len(text) > self.chat_chars:
            raise Refused(f"At most {self.chat_chars} characters.", code="too_large")
        channel = address(self, to)
        kind = to.partition(":")[0]
        if kind not in self.game_class.chat_to:
            raise Refused("This game has no such channel.", code="forbidden")
        if isinstance(channel, Group) and player not in channel:
            raise Refused("You are not in that group.", code="forbidden")
        try:
            return Chat(text, channel, values.plain(values.from_wire(data)))
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.data") from None

    def _profile(self, profile: dict[str, Any]) -> dict[str, Any]:
        try:
            copied: dict[str, Any] = values.plain(values.from_wire(profile))
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.profile") from None
        if len(values.encode(copied)) > MAX_PROFILE_BYTES:
            raise Refused(f"A profile has at most {MAX_PROFILE_BYTES} bytes.", code="too_large", path="$.profile")
        return copied

    def _digest(self, password: str) -> str:
        return blake2b(password.encode(), key=self.key, digest_size=16, person=b"password").hexdigest()

    def _proves(self, seat: Player, secret: str) -> bool:
        return hmac.compare_digest(self.secret_of(seat).encode(), secret.encode())

    def _seat_of(self, session: ISession) -> Player | None:
        return next((s for s in self.seats.values() if session in s._sessions), None)

    def _is_full(self) -> bool:
        return len(list(self.seats.of_role("player"))) >= self.game_class.max_players

    # Coming and going

    def _read_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """:returns: the arguments of ``on_create``; the options of the room are these as JSON."""
        try:
            given = values.plain(values.from_wire(options))
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.options") from None
        if self.spec.options is None:
            self.options = given
            return dict(given)
        arguments = self.spec.options.check(given)
        self.options = self.spec.options.as_json(arguments)
        return arguments

    def _seat_newcomer(
        self, asker: Asker, *, name: str, role: str | None, password: str | None, profile: dict[str, Any]
    ) -> Player:
        role = role or "player"
        self._admit_newcomer(asker.user, role, password)
        seat = self.seats.take(asker.user.id, name, self._profile(profile), role)
        self._connect(seat)
        self.newcomers.append(Newcomer(asker, seat.id, None))
        return seat

    async def _welcome(self, seat: Player) -> None:
        """The game gets to know a newcomer, and may refuse."""
        await self._game("on_join", self.game.on_join, seat)
        if self.game_class.auto_start and self.status == "lobby" and self._is_full():
            await self._alone("on_start", self.begin_round)

    async def _come_back(self, asker: Asker, seat: Player, recovered: bool | None, missed: Any = None) -> None:
        """A session takes a seat that exists; if its owner was away, the game is told."""
        if missed is not None:
            telling.tell_recovered(self, asker, seat, missed)
        else:
            self.newcomers.append(Newcomer(asker, seat.id, recovered))
        was_away = not seat.online
        self._connect(seat)
        if was_away:
            self.journal.mark()
            await self._alone("on_resume", self.game.on_resume, seat)

    def _connect(self, seat: Player) -> None:
        self.journal.set(self, "empty_since", None)
        self.due_stale = True
        if not seat.online:
            self.journal.set(seat, "online", True)
            self.journal.set(seat, "_hold_until", None)
            self.seat_changed(seat)

    async def _drop(self, seat: Player) -> None:
        self.journal.set(seat, "online", False)
        self.journal.set(seat, "_hold_until", self.now + seat._hold_s)
        self.seat_changed(seat)
        self.unsettled = bool(self.questions)
        await self._alone("on_drop", self.game.on_drop, seat)

    async def _leave_for_good(self, seat: Player, reason: str) -> None:
        self._end_seat(seat, reason, None)
        await self._alone("on_leave", self.game.on_leave, seat)

    def _end_seat(self, seat: Player, reason: str, text: str | None) -> None:
        self.seats.give_up(seat)
        self.journal.append(self.departures, Departure(seat, reason, text))
        self._note_emptiness()

    def _note_emptiness(self) -> None:
        """Nobody is connected any more: the time until the room closes for that runs."""
        if self.empty_since is None and not any(s._sessions for s in self.seats.values()):
            self.journal.set(self, "empty_since", self.now)
            self.due_stale = True

    def _idle_at(self) -> float | None:
        if self.game_class.idle_close_s is None or self.empty_since is None:
            return None
        return self.empty_since + self.game_class.idle_close_s

    async def _end_grace(self) -> None:
        """The time to come back after a restart is over: whoever is not here has dropped, one a step."""
        absent = [s for s in self.seats.values() if s.online and not s._sessions]
        if len(absent) <= 1:
            self.grace_until = None
            self.due_stale = True
        if absent:
            await self._drop(absent[0])

    # Time

    async def _fire_timer(self, timer: Armed) -> None:
        self.timers.consume(timer)
        if timer.kind == "question":
            answers = self.asking.finish(timer.name)
            await self._alone(
                timer.name, getattr(self.game, self.spec.questions[timer.name].done_method or ""), answers
            )
            return
        if timer.kind == "phase":
            self.journal.set(self, "phase_timer", None)
        if timer.kind == "phase" and timer.calls is None:
            return
        seat = self.seats.get(timer.seat) if timer.seat is not None else None
        await self._alone(timer.name, self.game._fire, timer.calls or timer.name, seat, timer.data)

    def _is_due(self, at: float | None) -> bool:
        return at is not None and at <= self.now

    def _shift(self, delta_s: float) -> None:
        self.timers.shift(delta_s)
        self.asking.shift(delta_s)
        if self.playing_since is not None:
            self.journal.set(self, "playing_since", self.playing_since + delta_s)
