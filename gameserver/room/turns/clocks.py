"""
The clocks of turns: so long for each turn or call, or for all turns of a player together.

A clock that runs is a timer of the room, so it stands still with the others while the room is paused or no server runs;
what is left of one that stands is in the room's state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import structs

from gameserver.room import marks
from gameserver.room.turns import ring
from gameserver.room.turns.state import Call, Level, TurnsState
from gameserver.room.turns.time_control import OPTION, TurnClock, read
from gameserver.room.turns.waiting import all_absent, waited_for

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

KIND: Final = "turn"
"""The kind of the timers that are clocks."""
OF_LEVEL: Final = " turn"
BANK: Final = " bank "
"""
The names of such timers: of the turn or call on top; and of an entry of the ring, whose key follows. The space keeps
them apart from those of games.
"""


def clock_of(room: RoomCore) -> TurnClock:
    """:returns: the clock of a room's turns."""
    return read(room.state.options[OPTION]) if room.spec.clock_option else room.spec.clock


def top_of(state: TurnsState) -> Level:
    """:returns: the call on top, or else the turn itself."""
    return state.calls[-1] if state.calls else state.turn


def set_top(room: RoomCore, state: TurnsState, level: Level) -> None:
    """Replace the call on top, or else the turn itself."""
    if state.calls:
        room.journal.set(state, "calls", (*state.calls[:-1], level))
    else:
        room.journal.set(state, "turn", level)


def fill_banks(room: RoomCore, state: TurnsState) -> None:
    """Give the whole time to each entry of the ring that has no bank yet."""
    bank_s = clock_of(room).bank_s
    if bank_s is not None:
        banks = {key: state.banks.get(key, bank_s) for key in state.ring}
        room.journal.set(state, "banks", banks)


def stop(room: RoomCore, state: TurnsState) -> None:
    """All clocks stand still, with what is left."""
    _stop_level(room, state)
    for key in state.banks:
        _stop_bank(room, state, key)


def end_turn(room: RoomCore, state: TurnsState) -> None:
    """The turn ends: its clocks stand, and whoever had it gets the increment."""
    stop(room, state)
    clock = clock_of(room)
    if not clock.increment_s or state.at is None or state.number <= state.paid:
        return
    key = state.ring[state.at]
    if key in state.banks:
        banks = {**state.banks, key: state.banks[key] + clock.increment_s}
        room.journal.update(state, banks=banks, paid=state.number)


def run(room: RoomCore, state: TurnsState) -> None:
    """Let those clocks run that are to run now, and no others."""
    active = waited_for(room, state)
    stands = room.state.status != "playing" or not active or all_absent(room)
    clock, top = clock_of(room), top_of(state)
    own_s = top.s if isinstance(top, Call) else None
    level_s = own_s if own_s is not None else clock.turn_s
    if stands or level_s is None:
        _stop_level(room, state)
    elif (None, OF_LEVEL) not in room.timers.armed:
        left_s = top.left_s if top.left_s is not None else level_s
        room.timers.arm(OF_LEVEL, room.time + left_s, kind=KIND)
        if top.left_s is not None:
            set_top(room, state, structs.replace(top, left_s=None))
        room.journal.note(marks.info, state)
    owners = {ring.owner_of(state, room, seat) for seat in active} if not stands and own_s is None else set()
    for key in state.banks:
        if key not in owners:
            _stop_bank(room, state, key)
        elif (None, BANK + key) not in room.timers.armed:
            room.timers.arm(BANK + key, room.time + state.banks[key], kind=KIND)
            room.journal.note(marks.info, state)


def ends_of(room: RoomCore, name: str) -> int | None:
    """:returns: when a clock runs out, Unix milliseconds; None where it stands, or there is none."""
    timer = room.timers.armed.get((None, name))
    return round(timer.due * 1000) if timer is not None and room.state.paused_at is None else None


def _stop_level(room: RoomCore, state: TurnsState) -> None:
    left_s = room.timers.left_s(OF_LEVEL)
    if left_s is not None:
        room.timers.cancel(OF_LEVEL)
        set_top(room, state, structs.replace(top_of(state), left_s=left_s))


def _stop_bank(room: RoomCore, state: TurnsState, key: str) -> None:
    left_s = room.timers.left_s(BANK + key)
    if left_s is not None:
        room.timers.cancel(BANK + key)
        room.journal.set(state, "banks", {**state.banks, key: left_s})
