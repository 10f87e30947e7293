"""A player is put out of a room: by the game, its host, or somebody who moderates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from gameserver.room import absence, seating
from gameserver.room.rounds import begin_by_itself
from gameserver.room.seats import Player, check_player
from gameserver.room.state import Ban

if TYPE_CHECKING:
    from gameserver.room.room import Room


Reason = Literal["kicked", "banned"]


def put_out(room: Room, seats: Iterable[Player], reason: Reason, text: str | None = None) -> None:
    """People end seats, also where the game then fails; what follows is done before the step ends."""
    for seat in _ended(room, seats, reason, text):
        room.finish_later(room.game_calls.alone("on_leave", room.game.on_leave, seat))
    room.finish_later(begin_by_itself(room))


def kick(room: Room, player: Player, ban: bool) -> None:
    """The game ends a seat, as part of what it does in this step; with a ban, all seats of that user."""
    check_player("kick", player)
    if player.id not in room.seats:
        return
    ends = [player]
    if ban:
        room.talking.ban(player.user_id, Ban(player.name))
        ends += [s for s in room.seats.index.of_user(player.user_id) if s is not player]
    for seat in _ended(room, ends, "banned" if ban else "kicked", None):
        room.finish_later(room.game.on_leave(seat))
    room.finish_later(begin_by_itself(room))


def _ended(room: Room, seats: Iterable[Player], reason: Reason, text: str | None) -> Iterator[Player]:
    """End seats, or keep them, absent, until the game is over. :returns: one by one, those that have ended."""
    for seat in seats:
        if seat.id in room.seats and not absence.stay(room, seat, reason, text):  # a hook may have ended another
            seating.end(room, seat, reason, text)
            yield seat
