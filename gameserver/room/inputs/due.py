"""Time has come: for a timer, for a seat that is held, for a tick, for an entry of the calendar."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from gameserver.protocol import values
from gameserver.room import absence, kept_places
from gameserver.room.bots import moving, thinking
from gameserver.room.hosts import lend
from gameserver.room.inputs.connections import check_questions, drop
from gameserver.room.inputs.input import Input
from gameserver.room.inputs.lifecycle import leave_for_good
from gameserver.room.marks import NEVER
from gameserver.room.state import Armed
from gameserver.room.turns.timeouts import time_up

if TYPE_CHECKING:
    from gameserver.room.room import Room


class Fire(Input, frozen=True):
    """The first thing that is due happens."""

    recurs: ClassVar[bool] = True

    async def apply(self, room: Room) -> None:
        """End the grace after a restart, lend the host's flag, fire a timer, give up a seat or places, or close."""
        if _is_due(room, room.moment.grace_until):
            await _end_grace(room)
            return
        if _is_due(room, room.state.host_away_at):
            lend(room)
            return
        if _is_due(room, room.state.places_until):
            kept_places.let_go(room)
            return
        seat = room.seats.first_held()
        if seat is not None and not _is_due(room, seat._kept.hold_until):
            seat = None
        timer = room.timers.next()
        held_until = (seat._kept.hold_until or 0) if seat is not None else NEVER
        if timer is not None and _is_due(room, timer.due) and timer.due <= held_until:
            await _fire_timer(room, timer)
        elif seat is not None:
            if absence.be_away(room, seat):
                await check_questions(room)
            else:
                await leave_for_good(room, seat)
        elif _is_due(room, room.idle_at()):
            room.close("closed", "Nobody was here for a long time.")


class Tick(Input, frozen=True):
    """A tick of a game that has them."""

    recurs: ClassVar[bool] = True

    def apply(self, room: Room) -> Coroutine[Any, Any, None] | None:
        """Call ``on_tick`` with the time that was played since the last one."""
        dt_s = room.played_s - room.moment.ticked_s
        room.moment.ticked_s = room.played_s
        if dt_s <= 0:  # it was started again since the last one
            dt_s = 1.0 / room.game_class.tick_hz
        return room.game_calls.at_once("on_tick", room.game.on_tick, dt_s)


class CalendarCall(Input, frozen=True):
    """
    The calendar calls a method of the game.

    :ivar method: its name, as the game marked it.
    """

    method: str

    async def apply(self, room: Room) -> None:
        """Call it."""
        if room.state.next is not None and room.state.next.is_made:
            return  # nobody is here any more
        room.undoing.time_came()
        await room.game_calls.alone(self.method, getattr(room.game, self.method), counts=True)


async def _end_grace(room: Room) -> None:
    """The time to come back after a restart is over: whoever is not here has dropped, one a step."""
    moment = room.moment
    if moment.grace_seats is None:
        people = (seat for seat in room.seats.values() if seat.bot is None)
        empty = tuple(seat.id for seat in people if _is_missing(room, seat.id))
        room.journal.update(moment, grace_seats=empty, grace_done=0)
    seats, place = moment.grace_seats or (), moment.grace_done
    while place < len(seats) and not _is_missing(room, seats[place]):
        place += 1
    room.journal.set(moment, "grace_done", place + 1)
    if place + 1 >= len(seats):
        room.journal.update(moment, grace_until=None, grace_seats=None)
    if place < len(seats):
        await drop(room, room.seats[seats[place]])


def _is_missing(room: Room, id: str) -> bool:
    """Whether a seat counts as online though nobody is connected to it."""
    seat = room.seats.get(id)
    return seat is not None and seat.online and not room.publisher.listeners(id)


async def _fire_timer(room: Room, timer: Armed) -> None:
    room.timers.consume(timer)
    if timer.kind != thinking.KIND:
        room.undoing.time_came()
    if timer.kind == "turn":
        await time_up(room, timer.name)
        return
    if timer.kind == thinking.KIND:
        seat = room.seats.get(timer.seat or "")
        if seat is not None:
            await moving.move(room, seat)
        return
    if timer.kind == "question":
        done = getattr(room.game, room.spec.questions[timer.name].done_method or "")
        await room.game_calls.alone(timer.name, done, room.asking.finish(timer.name), counts=True)
        return
    if timer.kind == "phase":
        room.journal.set(room.state, "phase_timer", None)
    if timer.kind == "phase" and timer.calls is None:
        return
    seat = room.seats.get(timer.seat) if timer.seat is not None else None
    data = values.plain(timer.data)  # the next call of one that repeats gets the same
    await room.game_calls.alone(timer.name, room.game._gs_fire, timer.calls or timer.name, seat, data, counts=True)


def _is_due(room: Room, at: float | None) -> bool:
    return at is not None and at <= room.now
