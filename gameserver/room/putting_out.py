"""A player is put out of a room: by the game, its host, or somebody who moderates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from gameserver.room import absence, seating
from gameserver.room.rounds import begin_by_itself
from gameserver.room.state import Ban

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


def put_out(room: Room, seats: Iterable[Player], reason: Literal["kicked", "banned"], text: str | None = None) -> None:
    """End seats, or keep them, absent, until the game is over; what follows is done before the step ends."""
    for seat in seats:
        if seat.id not in room.seats:
            continue  # the hook of one may have ended another
        if not absence.stay(room, seat, reason, text):
            seating.end(room, seat, reason, text)
            room.finish_later(room.game.on_leave(seat))
    room.finish_later(begin_by_itself(room))


def kick(room: Room, player: Player, ban: bool) -> None:
    """End a seat from within the game; with a ban, all seats of that user."""
    if player.id not in room.seats:
        return
    ends = [player]
    if ban:
        room.talking.ban(player.user_id, Ban(player.name))
        ends += [s for s in room.seats.index.of_user(player.user_id) if s is not player]
    put_out(room, ends, "banned" if ban else "kicked")
