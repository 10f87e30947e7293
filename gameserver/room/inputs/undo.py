"""A player takes back its own last moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.protocol import messages
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class UndoMove(SeatRequest[messages.Undo], frozen=True):
    """A player takes back its own last moves."""

    async def do(self, room: Room, player: Player) -> None:
        """Look for what may be taken back."""
        raise Refused("There is nothing of yours that can be taken back.", code="cannot_undo")
