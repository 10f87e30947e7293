"""
The inputs of a room: what players, connections, time and the calendar do to it.

Each is one step, called between `Room.begin` and `Room.finish`. Plain ones return None; those whose game code may wait
return a coroutine, to be finished before the next input.
"""

from __future__ import annotations

import hmac
from collections.abc import Coroutine
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw
from twisted.internet.defer import succeed

from gameserver.errors import NotJSON, Refused
from gameserver.interfaces.users import is_guest
from gameserver.protocol import values
from gameserver.room import admission, quota
from gameserver.room.changes import Departure, Newcomer
from gameserver.room.chat.inputs import ChatInputs
from gameserver.room.chat.moderation import has_right
from gameserver.room.effects import Requester
from gameserver.room.publish import broadcast
from gameserver.room.seats import HOST_ROLES
from gameserver.room.timers import LOOK, Armed

if TYPE_CHECKING:
    from gameserver.interfaces import ISession, User
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

MAX_PROFILE_BYTES: Final = 2048
"""An avatar's name and a colour, not a picture."""


class Inputs(ChatInputs):
    """The inputs of one room."""

    __slots__ = ()

    def __init__(self, room: Room) -> None:
        self._room = room

    async def create(
        self,
        requester: Requester | None,
        options: dict[str, Any],
        *,
        private: bool,
        password: str | None,
        user: User,
        seat: dict[str, Any] | None,
    ) -> None:
        """
        The room comes to be, and its creator takes a seat where ``requester`` says so.

        :param password: as the room keeps it, see `gameserver.node.passwords`.
        :param seat: keyword arguments of `join`.
        :raises Refused: the game will not have it so; the room never was.
        """
        self._room.private = private
        self._room.password = password
        self._room.creator = user.id
        self._room.streams.counts_changed()
        self._room.changed()
        arguments = self._read_options(options)
        newcomer = None
        if self._room.spec.function_style and requester is not None and seat is not None:
            newcomer = self._seat_newcomer(requester, **seat)
        await self._room.game_calls.game("on_create", self._room.game.on_create, **arguments)
        if not self._room.game_class.needs_start:
            await self._room.game_calls.game("on_start", self._room.begin_round)
        if newcomer is not None:
            await self._welcome(newcomer)
        elif requester is not None and seat is not None:
            await self.join(requester, **seat)

    async def join(
        self, requester: Requester, *, name: str, role: str | None, password: str | None, profile: dict[str, Any]
    ) -> None:
        """
        A user takes a seat, or comes back to it.

        :raises Refused: there is none to be had; nothing has changed.
        """
        role = role or "player"
        user = requester.user
        seat = self._room.seats.of_user(user.id, role)
        held = self._seat_of(requester.session)
        if held is not None and held is not seat:
            raise Refused("This connection has a seat in the room already.", code="forbidden")
        if seat is not None:
            await self._come_back(requester, seat, None)
            return
        await self._welcome(self._seat_newcomer(requester, name=name, role=role, password=password, profile=profile))

    async def resume(self, requester: Requester, *, secret: str, seen: dict[str, Any] | None) -> None:
        """
        A client comes back to its seat.

        :raises Refused: ``not_found``, whatever is wrong.
        """
        own = (s for s in self._room.seats.values() if s.user_id == requester.user.id)
        seat = next((s for s in own if self._proves(s, secret)), None)
        held = self._seat_of(requester.session)
        if seat is None or (held is not None and held is not seat):
            raise Refused(code="not_found")
        missed = self._room.streams.missed(seat._entered, seen) if seen is not None else None
        await self._come_back(requester, seat, missed is not None, missed)

    def message(
        self, requester: Requester, seat_id: str, type: str, data: Raw | bytes
    ) -> Coroutine[Any, Any, None] | None:
        """A player sends a message of the game's own."""
        room = self._room
        player = room.replies.asking_player(requester, seat_id)
        if player is None:
            return None
        spec = room.spec.messages.get(type)
        mark = 0  # nothing was done in this step
        try:
            if spec is None:
                result = self._function_message(player, type, data)
            else:
                admission.admit_message(room, spec, player, type)
                room.durable = spec.durable
                result = spec.call(room, player, data)
                if spec.question:
                    return room.game_calls.asked(
                        requester, player, type, mark, self._take_answer(spec.method, player, result)
                    )
        except Exception as error:  # noqa: BLE001 - the message's door
            room.game_calls.refuse(requester, player, type, mark, error)
            return None
        return self.called(requester, player, type, result)

    def called(self, requester: Requester, player: Player, type: str, result: Any) -> Coroutine[Any, Any, None] | None:
        """
        The game's code for a message was called, and nothing was done in this step before.

        :returns: None where it is done and answered; otherwise what is to be awaited.
        """
        room, mark = self._room, 0
        try:
            reply = None
            if result is not None:
                if isawaitable(result):
                    return room.game_calls.asked(requester, player, type, mark, result)
                reply = values.plain(result)
            if room.unsettled or room.later:
                return room.game_calls.asked(requester, player, type, mark, succeed(reply))
            if quota.may_have_grown(room):
                quota.check(room)
            elif room.said:
                quota.check_said(room)
            if requester.id is not None:
                room.replies.answer(requester, player, reply)
        except Exception as error:  # noqa: BLE001 - the message's door
            room.game_calls.refuse(requester, player, type, mark, error)
        return None

    async def start(self, requester: Requester, seat_id: str) -> None:
        """The host starts the game."""
        player = self._room.replies.asking_player(requester, seat_id)
        if player is not None:
            await self._room.game_calls.asked(
                requester, player, "start", self._room.journal.mark(), self._start(player)
            )

    async def leave(self, requester: Requester, seat_id: str) -> None:
        """A player gives the seat up, for all its sockets."""
        player = self._room.replies.asking_player(requester, seat_id, counts=False)
        if player is not None:
            # With the seat goes what was answered to it: said again, it is `not_found`, and just as well.
            self._room.replies.confirm(requester)
            await self._leave_for_good(player, "left")

    async def detach(self, session: ISession, seat_id: str) -> None:
        """A connection ended; with a seat's last one, its player has dropped."""
        seat = self._room.seats.get(seat_id)
        if seat is None or session not in seat._sessions:
            return
        seat._sessions.remove(session)
        self._room.audiences.clear()
        self._room.told.slow.left((session,))
        if not seat._sessions:
            self._room.note_emptiness()
            await self._drop(seat)

    def caught_up(self, session: ISession) -> None:
        """A session from which patches were withheld has read what waited for it."""
        self._room.told.slow.caught_up(self._room, session)

    async def fire(self) -> None:
        """What is due first happens."""
        if self._is_due(self._room.grace_until):
            await self._end_grace()
            return
        seat = next((s for s in self._room.seats.values() if self._is_due(s._hold_until)), None)
        timer = self._room.timers.next()
        if timer is not None and self._is_due(timer.due) and (seat is None or timer.due <= (seat._hold_until or 0)):
            await self._fire_timer(timer)
        elif seat is not None:
            await self._leave_for_good(seat, "left")
        elif self._is_due(self._room.idle_at()):
            self._room.close("closed", "Nobody was here for a long time.")

    def tick(self) -> Coroutine[Any, Any, None] | None:
        """A tick of a game that has them."""
        room = self._room
        dt_s = room.played_s - room.ticked_s
        room.ticked_s = room.played_s
        if dt_s <= 0:  # it was started again since the last one
            dt_s = 1.0 / room.game_class.tick_hz
        return room.game_calls.at_once("on_tick", room.game.on_tick, dt_s)

    async def call(self, method: str) -> None:
        """The calendar calls a method of the game."""
        await self._room.game_calls.alone(method, getattr(self._room.game, method), counts=True)

    def look(self, reader: Any) -> None:
        """Somebody outside looks at the room: a `gameserver.node.runner.Reader`."""
        reader.read(self._room)
        self._room.outbox.append(((reader,), b"", None))

    async def make_way(self) -> None:
        """Nobody plays here, and the address that opened this room has opened too many."""
        self._room.close("closed", "Nobody played here, and many more rooms were opened from the same place.")

    async def load(self) -> None:
        """The room was read from the store."""
        await self._room.game_calls.alone("on_load", self._room.game.on_load)

    async def end(self) -> None:
        """The room closes, with the reason that was given."""
        reason, text = self._room.closing or "closed", self._room.closing_text
        await self._room.game_calls.alone("on_close", self._room.game.on_close)
        for seat in list(self._room.seats.values()):
            self._room.departures.append(Departure(seat, "closed", text or (reason if reason != "closed" else None)))
        self._room.ended = True

    async def _take_answer(self, name: str, player: Player, result: Any) -> None:
        """What a question's method returned is kept, and secret."""
        if isawaitable(result):
            result = await result
        self._room.asking.answer(name, player, result)

    async def _start(self, player: Player) -> None:
        if player.id != self._room.seats.host:
            raise Refused("Only the host may start.", code="forbidden")
        result = self._room.begin_round()
        if isawaitable(result):
            await result

    def _function_message(self, player: Player, type: str, data: Raw | bytes) -> Any:
        """A message of a game in the function style, which knows no schema."""
        if not self._room.spec.function_style:
            raise Refused(f"This game has no message {type!r}.", code="unknown_type")
        if type.isupper():
            raise Refused("Types in capitals are the framework's.", code="forbidden")
        admission.admit_while_paused(self._room, player)
        try:
            decoded = values.read(data)
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$") from None
        return self._room.game._gs_receive(player, type, decoded)

    def _read_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """:returns: the arguments of ``on_create``; the options of the room are these as JSON."""
        try:
            given = values.received(options)
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.options") from None
        if self._room.spec.options is None:
            self._room.options = given
            return dict(given)
        arguments = self._room.spec.options.check(given)
        self._room.options = self._room.spec.options.as_json(arguments)
        return arguments

    def _seat_newcomer(
        self, requester: Requester, *, name: str, role: str | None, password: str | None, profile: dict[str, Any]
    ) -> Player:
        role = role or "player"
        admission.admit_newcomer(self._room, requester, role, password)
        seat = self._room.seats.take(requester.user.id, name, self._profile(profile), role)
        self._recognise(seat, requester.user)
        self._connect(seat)
        if requester.user.id == self._room.creator and not self._room.creator_came:
            self._room.journal.set(self._room, "creator_came", True)
            if role in HOST_ROLES:
                self._room.seats.set_host(seat)
        self._room.newcomers.append(Newcomer(requester, seat.id, None))
        return seat

    async def _welcome(self, seat: Player) -> None:
        """The game gets to know a newcomer, and may refuse."""
        self._room.teams.welcome(seat)
        await self._room.game_calls.game("on_join", self._room.game.on_join, seat)
        if self._room.game_class.auto_start and self._room.status == "lobby" and admission.is_full(self._room):
            await self._room.game_calls.alone("on_start", self._room.begin_round)

    async def _come_back(self, requester: Requester, seat: Player, recovered: bool | None, missed: Any = None) -> None:
        """A session takes a seat that exists; if its owner was away, the game is told."""
        if missed is not None:
            broadcast.tell_recovered(self._room, requester, seat, missed)
        else:
            self._room.newcomers.append(Newcomer(requester, seat.id, recovered))
        self._recognise(seat, requester.user)
        was_away = not seat.online
        self._connect(seat)
        if was_away:
            self._room.journal.mark()
            await self._room.game_calls.alone("on_resume", self._room.game.on_resume, seat)

    def _recognise(self, seat: Player, user: User) -> None:
        """Whose seat this is, as that is known now: a guest may have made an account since."""
        seat._moderates = has_right(user)
        if seat.account == is_guest(user):
            self._room.journal.set(seat, "account", not is_guest(user))
            self._room.seat_changed(seat)

    def _connect(self, seat: Player) -> None:
        self._room.journal.set(self._room, "empty_since", None)
        self._room.due_at = LOOK
        if not seat.online:
            self._room.journal.set(seat, "online", True)
            self._room.journal.set(seat, "_hold_until", None)
            self._room.seat_changed(seat)

    async def _drop(self, seat: Player) -> None:
        self._room.journal.set(seat, "online", False)
        self._room.journal.set(seat, "_hold_until", self._room.now + seat._hold_s)
        self._room.seat_changed(seat)
        await self._room.game_calls.alone("on_drop", self._room.game.on_drop, seat)
        await self._check_questions()

    async def _leave_for_good(self, seat: Player, reason: str) -> None:
        self._room.end_seat(seat, reason, None)
        await self._room.game_calls.alone("on_leave", self._room.game.on_leave, seat)
        await self._check_questions()

    async def _check_questions(self) -> None:
        """Somebody is away or gone: whom else is there to wait for?"""
        if self._room.questions:
            self._room.unsettled = True
            await self._room.game_calls.alone("question", _nothing)

    async def _end_grace(self) -> None:
        """The time to come back after a restart is over: whoever is not here has dropped, one a step."""
        absent = [s for s in self._room.seats.values() if s.online and not s._sessions]
        if len(absent) <= 1:
            self._room.grace_until = None
            self._room.due_at = LOOK
        if absent:
            await self._drop(absent[0])

    async def _fire_timer(self, timer: Armed) -> None:
        self._room.timers.consume(timer)
        if timer.kind == "question":
            done = getattr(self._room.game, self._room.spec.questions[timer.name].done_method or "")
            await self._room.game_calls.alone(timer.name, done, self._room.asking.finish(timer.name), counts=True)
            return
        if timer.kind == "phase":
            self._room.journal.set(self._room, "phase_timer", None)
        if timer.kind == "phase" and timer.calls is None:
            return
        seat = self._room.seats.get(timer.seat) if timer.seat is not None else None
        await self._room.game_calls.alone(
            timer.name, self._room.game._gs_fire, timer.calls or timer.name, seat, timer.data, counts=True
        )

    def _seat_of(self, session: ISession) -> Player | None:
        return next((s for s in self._room.seats.values() if session in s._sessions), None)

    def _is_due(self, at: float | None) -> bool:
        return at is not None and at <= self._room.now

    def _profile(self, profile: dict[str, Any]) -> dict[str, Any]:
        try:
            copied: dict[str, Any] = values.received(profile)
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.profile") from None
        if len(values.encode(copied)) > MAX_PROFILE_BYTES:
            raise Refused(f"A profile has at most {MAX_PROFILE_BYTES} bytes.", code="too_large", path="$.profile")
        return copied

    def _proves(self, seat: Player, secret: str) -> bool:
        return hmac.compare_digest(self._room.secret_of(seat).encode(), secret.encode())


def _nothing() -> None:
    """The game itself has nothing to do; what follows from the state is done."""
