"""The host changes the options of the room, between two rounds."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.protocol import messages, values
from gameserver.room.hosts import is_host
from gameserver.room.inputs.input import SeatRequest
from gameserver.room.options import check_size, read_options

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class SetOptions(SeatRequest[messages.OptionsMessage], frozen=True):
    """The host gives the room other options: all of them, as at the creation of a room."""

    async def do(self, room: Room, player: Player) -> None:
        """Read them as those of a new room, and call ``on_options`` where the game has it."""
        if not is_host(room, player):
            raise Refused("Only the host may change the options.", code="forbidden")
        if room.state.status == "playing":
            raise Refused("The game is under way.")
        check_size(self.message.options, room.context.options_bytes)
        _, options = read_options(room.spec, self.message.options)
        old = room.state.options
        room.journal.set(room.state, "options", options)
        if room.spec.on_options is not None:
            result = room.spec.on_options(room.game, values.plain(old))
            if isawaitable(result):
                await result
