"""Who is waited for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.room.turns import ring
from gameserver.room.turns.state import TurnsState

if TYPE_CHECKING:
    from gameserver.room.room import Room


def waited_for(room: Room, state: TurnsState) -> list[str]:
    """:returns: the seats that are waited for now: of the call on top, or else of whose turn it is."""
    if state.calls:
        top = state.calls[-1]
        waits = [seat for seat in top.waits if seat in room.seats]
        return waits[:1] if top.in_order else waits
    if state.at is None:
        return []
    key = state.ring[state.at]
    seats = dict.fromkeys((*ring.seats_of(room, key), *(seat for seat in state.added if seat in room.seats)))
    return [seat for seat in seats if seat not in state.done]
