"""Who is waited for now, and when nobody is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.room.turns import ring
from gameserver.room.turns.state import TurnsState

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore


def waited_for(room: RoomCore, state: TurnsState) -> list[str]:
    """:returns: the seats that are waited for now: of the call on top, or else of whose turn it is."""
    if state.at is not None and not (state.calls or state.added):  # the usual case: one player alone has the turn
        key = state.ring[state.at]
        if key in room.seats:
            return [key] if waits_for(room, state, key) else []
    waits = [seat for seat in _meant(room, state) if not ring.is_skipped(room, seat)]
    return waits[:1] if state.calls and state.calls[-1].in_order else waits


def waits_for(room: RoomCore, state: TurnsState, seat: str) -> bool:
    """Whether a seat is waited for now."""
    if not (state.calls or state.added or state.at is None) and state.ring[state.at] == seat:  # the usual case
        is_out = seat not in room.seats or seat in state.out or seat in state.done
        return not is_out and not ring.is_skipped(room, seat)
    return seat in waited_for(room, state)


def is_over(room: RoomCore, state: TurnsState) -> bool:
    """
    Whether the call on top, or the turn, waits for nobody any more.

    Where all people are absent it waits for one of them to return.
    """
    return not waited_for(room, state) and not (all_absent(room) and _meant(room, state))


def all_absent(room: RoomCore) -> bool:
    """Whether people play here, and all of them are absent: then turns wait."""
    if room.spec.absent == "leave":
        return False
    people = [seat for seat in room.seats.values() if seat.role == "player" and seat.bot is None]
    return bool(people) and all(seat._kept.absent for seat in people)


def _meant(room: RoomCore, state: TurnsState) -> list[str]:
    """:returns: those whose move it is, even if they are absent."""
    if state.calls:
        return [seat for seat in state.calls[-1].waits if seat in room.seats]
    if state.at is None:
        return []
    key = state.ring[state.at]
    seats = dict.fromkeys((*ring.seats_of(room, key), *(seat for seat in state.added if seat in room.seats)))
    return [seat for seat in seats if seat not in state.done]
