"""The host has a bot play, or a seat is handed to one, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.protocol import messages
from gameserver.room.bots import handing
from gameserver.room.bots.seats import Bots, send_away
from gameserver.room.hosts import is_host
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class SetBot(SeatRequest[messages.BotMessage], frozen=True):
    """A new bot; or a seat is handed to a bot, given back, or a bot's seat removed."""

    async def do(self, room: Room, player: Player) -> str | None:
        """
        Do it, if this player may.

        :returns: the id of a new bot's seat.
        """
        message = self.message
        if message.seat is None:
            return _add(room, player, message)
        seat = room.seats.get(message.seat)
        if seat is None:
            raise Refused("There is no such seat.", code="bad_data", path="$.seat")
        if seat.bot is None:
            handing.hand_over(room, player, seat, message.level)
        else:
            _check_host(room, player)
            _check_not_playing(room)
            if message.level is None:
                await send_away(room, seat)
            else:
                _check_level(room, message.level)
                room.journal.set(seat._kept, "bot", message.level)
        return None


def _add(room: Room, player: Player, message: messages.BotMessage) -> str:
    _check_host(room, player)
    _check_not_playing(room)
    if not room.spec.bots:
        raise Refused("This game has no bots.")
    if message.level is not None:
        _check_level(room, message.level)
    try:
        return Bots(room).add(message.level, message.name).id
    except ValueError as error:
        raise Refused(str(error), code="bad_data", path="$.name") from None


def _check_level(room: Room, level: str) -> None:
    if level not in room.spec.bots:
        levels = ", ".join(room.spec.bots)
        raise Refused(f"There is no such level; there are {levels}.", code="bad_data", path="$.level")


def _check_host(room: Room, player: Player) -> None:
    if not is_host(room, player):
        raise Refused("Only the host may do that.", code="forbidden")


def _check_not_playing(room: Room) -> None:
    if room.state.status == "playing":
        raise Refused("The game is under way.")
