"""A player is ready for the round to start, or not yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from gameserver.errors import Refused
from gameserver.protocol import messages
from gameserver.room import rounds
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class MarkReady(SeatRequest[messages.ReadyMessage], frozen=True):
    """A player is ready for the round to start, or not yet."""

    async def do(self, room: Room, player: Player) -> None:
        """Mark the seat; a game that waits for all to be ready may start with it."""
        if player.role != "player":
            raise Refused("Only players are ready for something.", code="forbidden")
        if room.state.status == "playing":
            raise Refused("The game is under way.")
        room.journal.set(player._kept, "ready", self.message.on or UNSET)
        await rounds.begin_by_itself(room)
