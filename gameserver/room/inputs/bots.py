"""The host has a bot play, or a seat is handed to one, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.protocol import messages
from gameserver.room.admission import is_host
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class SetBot(SeatRequest[messages.BotMessage], frozen=True):
    """A new bot; or a seat is handed to a bot, given back, or a bot's seat removed."""

    async def do(self, room: Room, player: Player) -> None:
        """Look whether this player may."""
        if self.message.seat is not None and self.message.seat not in room.seats:
            raise Refused("There is no such seat.", code="bad_data", path="$.seat")
        if self.message.seat != player.id and not is_host(room, player):
            raise Refused("Only the host may do that.", code="forbidden")
        raise Refused("This game has no bots.")
