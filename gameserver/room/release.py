"""
What a room keeps by names that its game gave: timers, questions, the phase, options. Another release of the game may
have other names.

`hold_against` finds what this release does not know; `plain` and `take` show it to ``migrate``, which may change it.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import structs

from gameserver.errors import CannotMigrate, CannotOpen, Refused
from gameserver.room.options import checked
from gameserver.room.state import Armed, Asked, Kept
from gameserver.room.timers import DEADLINES
from gameserver.room.turns.state import TurnsState

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

KEYS: Final = ("timers", "questions", "phase", "options")
"""Keys of a row that ``migrate`` may leave out of what it returns: then they stay as they are."""
_UNSAID: Final[dict[str, Any]] = {
    "seat": None,
    "every": None,
    "calendar": False,
    "show": False,
    "kind": "game",
    "data": {},
}


def hold_against(room: RoomCore) -> None:
    """
    Fill in new options, and check that this release knows all that the room holds by name.

    :raises CannotOpen: it does not: the text names what is unknown. Nothing of it may be dropped or spent.
    """
    _check_options(room)
    spec = room.spec
    for name in room.state.questions:
        if name not in spec.questions:
            raise CannotOpen(f"it asks the question {name!r}, which this release has not")
    for timer in room.timers.armed.values():
        if timer.kind == "phase":
            _check_phase(room, timer)
        elif timer.kind == "question":
            if timer.name not in room.state.questions:
                raise CannotOpen(f"it has a deadline for the question {timer.name!r}, which it does not ask")
        elif timer.kind == "game" and spec.timers is not None:
            _check_timer(room, timer)
    check_calls(room, room.state.turns)


def check_calls(room: RoomCore, state: TurnsState | None) -> None:
    """
    Check that this release knows all that open calls name.

    :raises CannotOpen: it does not.
    """
    for call in state.calls if state is not None else ():
        if call.stage is not None and call.stage not in room.spec.stages:
            raise CannotOpen(f"it is in the stage {call.stage!r}, in which no message of this release is open")
        if call.then is not None:
            _check_end(room, "a call", call.then)


def kept_over(room: RoomCore) -> list[str]:
    """
    Say what the room has that this release would not let in.

    :returns: in words, one thing each; all of it stays.
    """
    found: list[str] = []
    most, players = room.game_class.max_players, len(room.players)
    if players > most:
        found.append(f"{players} players have seats, of {most} that it lets in")
    roles = sorted({seat.role for seat in room.seats.values()} - {"player", *room.game_class.roles})
    found += [f"there are seats of the role {role!r}, which it has not" for role in roles]
    if room.share.kept_bytes > room.game_class.max_row_bytes:
        found.append(
            f"the room keeps {room.share.kept_bytes} bytes, of {room.game_class.max_row_bytes}; it may only shrink"
        )
    return found


def _check_options(room: RoomCore) -> None:
    if room.spec.options is None and not room.spec.clock_option:
        return
    try:
        _, options = checked(room.spec, room.state.options)
    except Refused as refused:
        raise CannotOpen(f"its options are not those of this release: {refused.text} ({refused.path})") from None
    if options != room.state.options:
        room.journal.set(room.state, "options", options)


def _check_phase(room: RoomCore, timer: Armed) -> None:
    if timer.calls is not None:
        _check_end(room, f"its phase {room.state.phase!r}", timer.calls)


def _check_end(room: RoomCore, what: str, method: str) -> None:
    try:
        room.timers.method_called(method)
    except ValueError:
        raise CannotOpen(f"{what} ends in {method!r}, which this release has not") from None
    except TypeError as error:
        raise CannotOpen(f"{what} ends in {method!r}: {error}") from None


def _check_timer(room: RoomCore, timer: Armed) -> None:
    if timer.name not in (room.spec.timers or ()):
        raise CannotOpen(f"the timer {timer.name!r} is armed, which this release has not")
    try:
        method = getattr(room.game, timer.name)
        inspect.signature(method).bind(*([timer.seat] if timer.seat is not None else []), **timer.data)
    except TypeError as error:
        raise CannotOpen(f"the timer {timer.name!r} was armed with other data than it takes: {error}") from None


def plain(room: RoomCore) -> dict[str, Any]:
    """:returns: what the room keeps by name, in the shape that ``migrate`` is given."""
    armed = room.timers.armed.values()
    ends = {timer.name: timer.due for timer in armed if timer.kind == "question"}
    questions = {
        name: {**msgspec.to_builtins(asked, builtin_types=(bytes,)), "ends": ends.get(name)}
        for name, asked in room.state.questions.items()
    }
    timers = [_plain_timer(timer) for timer in armed if timer.kind not in DEADLINES]
    return {"timers": timers, "questions": questions, "phase": room.state.phase, "options": room.state.options}


def _plain_timer(timer: Armed) -> dict[str, Any]:
    shown = structs.asdict(timer)
    calls = shown.pop("calls")
    return {**shown, "name": calls} if timer.kind == "phase" else shown


def take(room: RoomCore, row: dict[str, Any]) -> None:
    """
    Undo `plain`: what ``migrate`` left becomes what the room keeps.

    :raises CannotMigrate: it is not of that shape.
    """
    before = plain(room)
    left = {key: row.get(key, before[key]) for key in KEYS}
    if left == before:
        return
    try:
        questions = {name: _question(each) for name, each in left["questions"].items()}
        timers = [_timer(room, each) for each in left["timers"]]
        timers += [
            _timer(room, {"name": name, "due": each["ends"], "show": True, "kind": "question"})
            for name, each in left["questions"].items()
            if each.get("ends") is not None
        ]
        options = msgspec.convert(left["options"], dict[str, Any])
        phase = msgspec.convert(left["phase"], str | None)
    except (msgspec.ValidationError, AttributeError, KeyError, TypeError) as error:
        raise CannotMigrate(f"what migrate left in timers, questions, phase or options is misshapen: {error}") from None
    timers += [timer for timer in room.timers.armed.values() if timer.kind in ("turn", "bot")]
    armed = {(timer.seat, timer.name): timer for timer in timers}
    phase_timer = next((timer.name for timer in timers if timer.kind == "phase"), None)
    _put(room, room.timers.state, "armed", armed)
    _put(room, room.state, "questions", questions)
    room.journal.update(room.state, options=options, phase=phase, phase_timer=phase_timer)


def _put(room: RoomCore, state: Kept, field: str, items: dict[Any, Any]) -> None:
    """Make a field hold these, one by one, so that what follows from each change is marked."""
    before = dict(getattr(state, field))
    for key in before.keys() - items.keys():
        room.journal.remove_from(state, field, key)
    for key, item in items.items():
        if before.get(key) != item:
            room.journal.put_in(state, field, key, item)


def _question(shown: dict[str, Any]) -> Asked:
    return msgspec.convert({key: value for key, value in shown.items() if key != "ends"}, Asked)


def _timer(room: RoomCore, shown: dict[str, Any]) -> Armed:
    timer = {**_UNSAID, "order": 0, "calls": None, **shown}
    if timer["kind"] == "phase":
        timer["calls"] = timer["name"]
        timer["name"] = timer["name"] or "phase"
    armed = msgspec.convert(timer, Armed)
    if armed.seat is not None and armed.seat not in room.seats:
        raise KeyError(f"no seat {armed.seat!r}")
    return armed if armed.order else structs.replace(armed, order=_order_of(room, armed))


def _order_of(room: RoomCore, armed: Armed) -> int:
    """:returns: the order of a timer as it was; of a new one, behind all others."""
    known = room.timers.armed.get((armed.seat, armed.name))
    if known is not None:
        return known.order
    room.journal.set(room.timers.state, "order", room.timers.state.order + 1)
    return room.timers.state.order
