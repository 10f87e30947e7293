"""A player takes back its own last move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.protocol import messages
from gameserver.room import permission
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class UndoMove(SeatRequest[messages.Undo], frozen=True):
    """A player takes back its own last move."""

    async def do(self, room: Room, player: Player) -> None:
        """Take back the last of its messages that may be, and tell the room."""
        permission.admit_while_paused(room, player)
        room.undoing.take_back(player)
        room.say_event("room", "undone", {"seat": player.id}, None, volatile=False)
