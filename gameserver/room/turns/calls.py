"""Calls: the game waits for others, on top of the turn or of another call, and then goes on where it stood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import structs

from gameserver.room.turns import clocks
from gameserver.room.turns.state import Call, TurnsState
from gameserver.room.turns.waiting import is_over

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

MAX_CALLS: Final = 16
"""Calls that are open within one another."""


def add(room: RoomCore, state: TurnsState, call: Call) -> None:
    """Open a call on top of all else."""
    if len(state.calls) >= MAX_CALLS:
        raise RuntimeError(f"{MAX_CALLS} calls are open within one another; no more can be")
    clocks.stop(room, state)
    room.journal.set(state, "calls", (*state.calls, call))
    clocks.run(room, state)


def take_out(room: RoomCore, state: TurnsState, seats: Iterable[str], *, everywhere: bool = False) -> None:
    """These need not be waited for any more: by the call on top, or by all calls."""
    gone = set(seats)
    calls = [
        structs.replace(call, waits=tuple(seat for seat in call.waits if seat not in gone))
        if everywhere or call is state.calls[-1]
        else call
        for call in state.calls
    ]
    room.journal.set(state, "calls", tuple(calls))
    end_complete(room, state)


def end_complete(room: RoomCore, state: TurnsState) -> None:
    """End the call on top, and whichever is on top then, as long as they wait for nobody; what follows is noted."""
    while state.calls and is_over(room, state):
        end(room, state, then=True)


def end(room: RoomCore, state: TurnsState, *, then: bool) -> None:
    """
    End the call on top.

    :param then: its method is called, once the method that does this has returned.
    """
    top = state.calls[-1]
    clocks.stop(room, state)
    room.journal.set(state, "calls", state.calls[:-1])
    if then and top.then is not None:
        room.journal.assign(room.changes, "thens", (*room.changes.thens, top.then))
    clocks.run(room, state)


def end_by_time(room: RoomCore, state: TurnsState) -> None:
    """The time of the call on top is over."""
    end(room, state, then=True)
