"""Moves for those who let a clock run out, where the game does not say what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gameserver.room.bots import moving, thinking
from gameserver.room.turns.waiting import waited_for

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

MOST_MOVES: Final = 200
"""Moves that are made at once for one player, at most, in case they never come to an end."""


async def play(room: Room, seat: Player, lasts: Callable[[], bool]) -> None:
    """
    Make the moves of a seat until it is not waited for.

    :param lasts: says whether the turn and the call whose time is up still go on.
    """
    for _ in range(MOST_MOVES):
        level = thinking.level_of(seat) or room.spec.stand_in
        state = room.state.turns
        if level is None or state is None or not lasts() or seat.id not in waited_for(room, state):
            return
        await moving.move_now(room, seat, level)
