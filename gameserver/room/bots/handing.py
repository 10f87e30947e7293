"""A player's seat is handed to a bot, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.room import absence
from gameserver.room.hosts import is_host

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


def hand_over(room: Room, by: Player, seat: Player, level: str | None) -> None:
    """
    Have a bot move for a player, or nobody any more.

    :param by: who asks: the player, or the host for one who is away.
    :param level: of the bot; None: the player moves again.
    :raises Refused: ``forbidden``; ``bad_data``: there is no such level, or no player to move for.
    """
    if by != seat and not is_host(room, by):
        raise Refused("Only the host may do that.", code="forbidden")
    if seat.role != "player":
        code = "forbidden" if by == seat else "bad_data"
        raise Refused("Only players have somebody move for them.", code=code, path="$.seat")
    if by != seat and seat.online and not seat._kept.absent:
        raise Refused("Who is here moves alone.", code="forbidden")
    if level is not None and level not in room.spec.bots:
        levels = ", ".join(room.spec.bots) or "none"
        raise Refused(f"There is no such level; there are {levels}.", code="bad_data", path="$.level")
    if level is not None and room.state.status != "playing":
        raise Refused("No round is being played.")
    if by == seat:
        absence.be_back(room, seat)
    elif level is not None:
        absence.be_handed(room, seat)
    absence.set_stand_in(room, seat, level)
