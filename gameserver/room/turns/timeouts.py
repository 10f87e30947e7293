"""A clock has run out: the game decides what becomes of those who are waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from gameserver.room import absence
from gameserver.room.bots import standing_in
from gameserver.room.groups import Group
from gameserver.room.turns import calls, clocks, ring
from gameserver.room.turns.state import Call, TurnsState
from gameserver.room.turns.waiting import waited_for

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.turns.ring import Who


async def time_up(room: Room, name: str) -> None:
    """
    End a call that has its own time; of any other clock ``on_timeout`` is told, and whoever is still waited for is
    done.

    Where the game has no ``on_timeout``, stand-ins move for those who are waited for.

    :param name: of the clock.
    """
    state = room.state.turns
    if state is None:
        return
    top = clocks.top_of(state)
    if name == clocks.OF_LEVEL and isinstance(top, Call) and top.s is not None:
        await room.game_calls.alone("call", calls.end_by_time, room, state, counts=True)
        return
    key = name[len(clocks.BANK) :] if name != clocks.OF_LEVEL else None
    seats = [seat for seat in waited_for(room, state) if key is None or ring.owner_of(state, room, seat) == key]
    if key is not None:
        room.journal.set(state, "banks", {**state.banks, key: 0.0})
    still = _still(room, state)
    on_timeout = room.spec.on_timeout
    before = len(room.journal.undo)
    if on_timeout is not None:
        await room.game_calls.alone("on_timeout", _tell_game, room, on_timeout, seats, still, counts=True)
    if on_timeout is None or (room.spec.function_style and len(room.journal.undo) == before):
        await stand_in(room, seats)  # a function is told of everything: no method shows whether it deals with this
    await room.game_calls.alone("turn", _be_done, room, seats, still, counts=True)
    await room.game_calls.alone("turn", absence.be_late, room, seats, counts=True)


async def stand_in_for(room: Room, who: Who) -> None:
    """Make moves for a player, or all of a group; see `stand_in`."""
    await stand_in(room, list(who.members) if isinstance(who, Group) else [who.id])


async def stand_in(room: Room, seats: Sequence[str]) -> None:
    """Make moves for those of these seats that are waited for, until they are not, or turn and call are over."""
    state = room.state.turns
    if state is None:
        return
    number, serial = state.number, _serial(state)

    def lasts() -> bool:
        open_calls = [call.serial for call in state.calls]
        return room.state.status == "playing" and state.number == number and (not serial or serial in open_calls)

    for id in seats:
        if id in room.seats:
            await standing_in.play(room, room.seats[id], lasts)


def _still(room: Room, state: TurnsState) -> Callable[[], bool]:
    """:returns: says whether the same turn and call goes on."""
    number, serial = state.number, _serial(state)
    return lambda: room.state.status == "playing" and state.number == number and _serial(state) == serial


def _serial(state: TurnsState) -> int:
    return state.calls[-1].serial if state.calls else 0


async def _tell_game(
    room: Room, on_timeout: Callable[[Any, Any], Any], seats: list[str], still: Callable[[], bool]
) -> None:
    state = room.state.turns
    assert state is not None
    whose: Who | None = room.turns.current
    team = whose if isinstance(whose, Group) and not state.calls else None
    if team is not None:
        await _awaited(on_timeout(room.game, team))
        return
    for seat in seats:
        if still() and seat in waited_for(room, state):
            await _awaited(on_timeout(room.game, room.seats[seat]))


async def _awaited(result: Any) -> None:
    if isawaitable(result):
        await result


def _be_done(room: Room, seats: list[str], still: Callable[[], bool]) -> None:
    for seat in seats:
        if still() and seat in room.seats:
            room.turns.done(room.seats[seat])
