"""A room is read from the store, a round of it is started, a seat in it is given up; and it ends."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, ClassVar

from gameserver.errors import CannotOpen, Refused
from gameserver.protocol import messages
from gameserver.room import absence, rounds, seating
from gameserver.room.changes import Departure
from gameserver.room.hosts import is_host
from gameserver.room.inputs.connections import check_questions
from gameserver.room.inputs.input import Input, SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class LoadRoom(Input, frozen=True):
    """The room was read from the store."""

    recurs: ClassVar[bool] = True

    async def apply(self, room: Room) -> None:
        """
        Call ``on_load``.

        :raises CannotOpen: it failed: the game would go on without what it derives from its documents.
        """
        successor = room.state.next
        if successor is not None and successor.is_made:
            return  # there is nothing of the game any more
        try:
            await room.game_calls.raising(room.game.on_load)
        except (Exception, SystemExit) as error:
            raise CannotOpen(f"on_load failed: {type(error).__name__}: {error}") from error
        if successor is not None and room.context.go_on is not None:
            room.context.go_on(room.code)


class StartRound(SeatRequest[messages.Start], frozen=True):
    """The host starts the game."""

    async def do(self, room: Room, player: Player) -> None:
        """Begin a round, if the host asks."""
        if not is_host(room, player):
            raise Refused("Only the host may start.", code="forbidden")
        result = rounds.begin(room)
        if isawaitable(result):
            await result


class GiveUpSeat(SeatRequest[messages.Leave], frozen=True):
    """A player gives the seat up, for all its sockets."""

    async def apply(self, room: Room) -> None:
        """Confirm it, free the seat, and call ``on_leave``."""
        player = room.replies.asking_player(self.requester, self.seat, counts=False)
        if player is not None:
            # The answers to a seat go with it: the same request again gets `not_found`, which is as good.
            room.replies.confirm(self.requester)
            await leave_for_good(room, player)


class MakeWay(Input, frozen=True):
    """Nobody plays here, and the address that opened this room has opened too many."""

    def apply(self, room: Room) -> None:
        """Close the room."""
        room.close("closed", "Nobody played here, and many more rooms were opened from the same place.")


class EndRoom(Input, frozen=True):
    """The room closes, with the reason that was given."""

    async def apply(self, room: Room) -> None:
        """Call ``on_close``, and let everybody go."""
        reason, text = room.moment.closing or "closed", room.moment.closing_text
        await room.game_calls.alone("on_close", room.game.on_close)
        told = text or (reason if reason != "closed" else None)
        for seat in list(room.seats.values()):
            room.journal.append(room.changes.departures, Departure(seat, "closed", told))
        room.moment.ended = True


async def leave_for_good(room: Room, seat: Player) -> None:
    """A seat is free again, and the game hears of it; or it stays, absent, while a game is played."""
    if not absence.stay(room, seat, "left", None):
        seating.end(room, seat, "left", None)
        await room.game_calls.alone("on_leave", room.game.on_leave, seat)
    await check_questions(room)
    await rounds.begin_by_itself(room)
