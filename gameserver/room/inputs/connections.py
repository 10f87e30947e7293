"""A connection of a seat comes, goes, or reads on; with its last one a player has dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.interfaces import ISession
from gameserver.room import hosts, marks
from gameserver.room.inputs.input import Input
from gameserver.room.publish.audience import caught_up
from gameserver.room.seating import note_emptiness

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class Detach(Input, frozen=True):
    """
    A connection ended; with a seat's last one, its player has dropped.

    :ivar seat: which seat it had, by its id.
    """

    session: ISession
    seat: str

    async def apply(self, room: Room) -> None:
        """Take the connection off its seat."""
        seat = room.seats.get(self.seat)
        was_heard = room.publisher.detach(self.session, self.seat)
        if was_heard and seat is not None and not room.publisher.listeners(seat.id):
            note_emptiness(room)
            await drop(room, seat)


class CaughtUp(Input, frozen=True):
    """A session from which patches were withheld has read what waited for it."""

    session: ISession

    def apply(self, room: Room) -> None:
        """Give it what was withheld."""
        caught_up(room, self.session)


def connect(room: Room, seat: Player) -> None:
    """Somebody is connected to that seat."""
    room.journal.set(room.moment, "empty_since", None)
    if not seat.online:
        room.journal.update(seat._kept, online=True, hold_until=None)
        hosts.host_back(room, seat)


async def drop(room: Room, seat: Player) -> None:
    """Nobody is connected to that seat any more: it is held for its player."""
    hold_s = seat._kept.hold_s
    hold_until = room.now + hold_s if hold_s is not None else None
    room.journal.update(seat._kept, online=False, hold_until=hold_until)
    hosts.host_away(room, seat)
    await room.game_calls.alone("on_drop", room.game.on_drop, seat)
    await check_questions(room)


async def check_questions(room: Room) -> None:
    """Somebody is away or gone: finish what waits for nobody else."""
    if room.state.questions or room.state.turns is not None:
        room.journal.note(marks.asked, room.state)
        await room.game_calls.alone("question", _nothing)


def _nothing() -> None:
    """The game itself has nothing to do; what follows from the state is done."""
