"""
What follows from what a game did with turns and calls: `then` of a call that is over, `on_turn`, and the passing on of
a turn whose owner is gone. It waits until the method that did it returns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from gameserver.room.turns import calls, clocks, ring
from gameserver.room.turns.ring import who_is
from gameserver.room.turns.turns import Turns
from gameserver.room.turns.waiting import is_over

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore


def next_hook(room: RoomCore) -> Callable[[], Any] | None:
    """
    Do what follows, up to the next method of the game that is to be called.

    :returns: that method; None once all has followed.
    """
    state, changes, journal = room.state.turns, room.changes, room.journal
    if state is None:
        return None
    while True:
        if changes.thens:
            first, *rest = changes.thens
            journal.assign(changes, "thens", tuple(rest))
            return partial(room.game._gs_fire, first, None, {})
        calls.end_complete(room, state)
        if changes.thens:
            continue
        if _is_vacant(room):
            at, rounds = ring.step(room, state, 1)
            Turns(room).pass_to(state, at, rounds)
            continue
        clocks.run(room, state)
        if not changes.turned:
            return None
        journal.assign(changes, "turned", False)
        who = who_is(room, state.ring[state.at]) if state.at is not None else None
        if who is not None and room.spec.on_turn is not None:
            return partial(room.spec.on_turn, room.game, who)


def _is_vacant(room: RoomCore) -> bool:
    """Whether the turn waits for nobody who could end it, somebody else could have it, and no call is open."""
    state = room.state.turns
    if state is None or state.at is None or state.calls or room.state.status != "playing":
        return False
    if not is_over(room, state):
        return False
    seated = [key for key in state.ring if ring.seats_of(room, key)]
    return not seated or any(ring.plays(room, key) for key in seated)
