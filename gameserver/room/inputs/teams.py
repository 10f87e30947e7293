"""A player goes into a team, or the host puts somebody into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.protocol import messages
from gameserver.room.hosts import is_host
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class ChooseTeam(SeatRequest[messages.TeamMessage], frozen=True):
    """A player goes into a team, or the host puts somebody into one."""

    async def do(self, room: Room, player: Player) -> None:
        """Move the player, or whom it names."""
        whom = self.message.seat
        mover = room.seats.get(whom) if whom is not None else player
        if mover is None:
            raise Refused("There is no such seat.", code="bad_data", path="$.seat")
        if mover is not player and not is_host(room, player):
            raise Refused("Only the host may move others.", code="forbidden")
        room.teams.choose(mover, self.message.team)
