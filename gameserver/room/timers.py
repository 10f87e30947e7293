"""
The timers of a room: what is due when, as data in the row.

A timer has a name (the method that it calls) and may belong to a seat; arming it again replaces it. Times are seconds
since 1970 in the room's own time, which stands still while the room is paused.
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import structs

from gameserver.protocol import values
from gameserver.room.schedule import LONGEST_S, Schedule
from gameserver.room.state import Armed, TimerKey, TimersState

if TYPE_CHECKING:
    from gameserver.room.contract import Contract, RunningGame
    from gameserver.room.documents.document import Document
    from gameserver.room.journal import Journal
    from gameserver.room.state import RoomState

MAX_TIMERS: Final = 1000
"""Timers of one room and its seats at a time, at most; more would be a mistake in a game."""
SPARE: Final = 64
"""So many names of timers that are armed no more may stay noted, and some more for each that is."""
SHORTEST_EVERY_S: Final = 0.01

DEADLINES: Final = ("question", "turn", "bot")
"""The kinds that belong to something else, which ends or goes on with them: a game cannot cancel them alone."""

TimerName = str | Callable[..., Any]
"""A timer, by its method or its name."""


class TimedRoom(Protocol):
    """
    What timers know of their room.

    :ivar spec: what was read from the game's class.
    :ivar game: the author's object, whose methods they call.
    :ivar journal: how each change is undone.
    :ivar state: what the room keeps.
    """

    spec: Contract
    game: RunningGame
    journal: Journal[Document]
    state: RoomState

    @property
    def now(self) -> float:
        """Wall clock, seconds since 1970."""

    @property
    def time(self) -> float:
        """The room's own time, which stands still while it is paused."""


class TimerOwner(Protocol):
    """
    A seat that timers belong to.

    :ivar id: the seat's.
    :ivar gone: it has ended.
    """

    id: str
    gone: bool


class Timers:
    """
    The timers of one room.

    :ivar data_bytes: the size of the arguments that they were armed with, as JSON.
    """

    __slots__ = ("_names", "_noted", "_room", "_schedule", "data_bytes", "state")

    def __init__(self, room: TimedRoom, state: TimersState) -> None:
        self._room = room
        self.state = state
        self.data_bytes = sum(map(_data_bytes, state.armed.values()))
        room.journal.stale.armed.update(dict.fromkeys(state.armed))
        self._schedule: Schedule[TimerKey] | None = None  # until there is a timer
        self._note_names()

    @property
    def armed(self) -> Mapping[TimerKey, Armed]:
        """The timers that are armed, by seat and name."""
        return self.state.armed

    @staticmethod
    def seconds(s: float) -> float:
        """:raises ValueError: it is no time to wait: negative, not finite, or over ten years."""
        if isinstance(s, bool) or not isinstance(s, int | float) or not math.isfinite(s) or not 0 <= s <= LONGEST_S:
            raise ValueError(f"a timer waits 0 to {LONGEST_S} seconds, not {s!r}")
        return float(s)

    def arm(
        self,
        name: str,
        due: float,
        *,
        seat: str | None = None,
        every: float | None = None,
        calendar: bool = False,
        show: bool = False,
        kind: str = "game",
        data: dict[str, Any] | None = None,
        calls: str | None = None,
    ) -> None:
        """Arm a timer; one of the same name and seat is replaced."""
        every = self.seconds(every) if every is not None else None
        if every is not None and not every >= SHORTEST_EVERY_S:
            raise ValueError(f"every: at least {SHORTEST_EVERY_S} seconds, not {every!r}")
        if kind not in DEADLINES and len(self.armed) >= MAX_TIMERS and (seat, name) not in self.armed:
            raise ValueError(f"at most {MAX_TIMERS} timers a room")
        order = self.state.order + 1
        self._room.journal.set(self.state, "order", order)
        self._put(Armed(name, seat, due, every, calendar, show, kind, data or {}, order, calls))

    def arm_named(
        self,
        timer: TimerName,
        s: float,
        *,
        show: bool,
        data: dict[str, Any],
        every: float | None = None,
        at: float | None = None,
        seat: TimerOwner | None = None,
    ) -> None:
        """
        Arm a timer of the game's, of the room or of a player.

        :param at: a date of the calendar instead of ``s``.
        :raises ValueError: there is no such timer, or no such time.
        :raises TypeError: its method does not take these arguments.
        """
        name = self._timer_name(timer)
        if seat is not None and seat.gone:
            raise ValueError(f"{seat!r} has left the room")
        if self._room.spec.timers is not None:
            inspect.signature(getattr(self._room.game, name)).bind(*([seat] if seat is not None else []), **data)
        seat_id = seat.id if seat is not None else None
        due = self._room.time + self.seconds(s) if at is None else at
        calendar = at is not None
        self.arm(name, due, seat=seat_id, every=every, calendar=calendar, show=bool(show), data=values.plain(data))

    def cancel_named(self, timer: TimerName | None, *, seat: TimerOwner | None = None) -> None:
        """Cancel one timer of the game's, or all, of the room or of a player."""
        seat_id = seat.id if seat is not None else None
        if timer is None:
            self.cancel_all(seat=seat_id)
        else:
            self.cancel(self.method_name(timer), seat_id)

    def method_name(self, method: TimerName) -> str:
        """:raises ValueError: not a method of this game."""
        name = self._name(method)
        spec = self._room.spec
        if spec.timers is None or callable(getattr(spec.cls, name, None)) or name in spec.questions:
            return name
        near = difflib.get_close_matches(name, [each for each in dir(spec.cls) if each[0] != "_"], n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"{spec.cls.__name__} has no method {name!r}{hint}")

    def method_called(self, method: TimerName) -> str:
        """
        Find a method that is to be called later, without arguments.

        :raises ValueError: not a method of this game.
        :raises TypeError: it cannot be called so: better now than when its time has come.
        """
        name = self.method_name(method)
        if self._room.spec.timers is not None:
            try:
                inspect.signature(getattr(self._room.game, name)).bind()
            except TypeError as error:
                where = f"{self._room.spec.cls.__name__}.{name}"
                raise TypeError(f"{where} cannot be called without arguments: {error}") from None
        return name

    def _name(self, method: TimerName) -> str:
        """
        :raises TypeError: it is neither a name nor a method.
        :raises ValueError: it is something else's method: one of its name here is another.
        """
        owner = getattr(method, "__self__", None) if inspect.ismethod(method) else None
        if not (owner is None or owner is self._room.game or isinstance(owner, type)):
            raise ValueError(f"{method!r} is no method of this game; write one that calls it, and give that")
        name = method if isinstance(method, str) else getattr(method, "__name__", None)
        if not isinstance(name, str):
            raise TypeError(f"a timer is given by its method or its name, not by {method!r}")
        plain: str = values.plain(name)
        return plain

    def _timer_name(self, timer: TimerName) -> str:
        """:raises ValueError: not a timer of this game; the text names near matches."""
        name = self._name(timer)
        timers = self._room.spec.timers
        if timers is None or name in timers:
            return name
        near = difflib.get_close_matches(name, timers, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "mark its method with @timer."
        raise ValueError(f"{self._room.spec.cls.__name__} has no timer {name!r}; {hint}")

    def cancel(self, name: str, seat: str | None = None, *, kind: str | None = None) -> None:
        """
        Cancel a timer; one that is not armed is no error.

        :param kind: of this kind only, since one of another may have replaced it.
        """
        timer = self.armed.get((seat, name))
        if timer is not None and kind in (None, timer.kind):
            self._count(-_data_bytes(timer))
            self._room.journal.remove_from(self.state, "armed", (seat, name), ordered=False)

    def cancel_all(self, *, seat: str | None = None, everywhere: bool = False, deadlines: bool = False) -> None:
        """Cancel the timers of the room, or of one seat, or all; `DEADLINES` only where that is said."""
        found = list(self.armed) if everywhere else [(seat, name) for name in self._names.get(seat, ())]
        for key in found:
            timer = self.armed.get(key)
            if timer is not None and (deadlines or timer.kind not in DEADLINES):
                self.cancel(key[1], key[0])

    def _note_names(self) -> None:
        """Note the names of timers by seat; some are armed no more, or may be again if a step is undone."""
        self._names: dict[str | None, dict[str, None]] = {}
        self._noted = len(self.armed)
        for seat, name in self.armed:
            self._names.setdefault(seat, {})[name] = None

    def next(self) -> Armed | None:
        """:returns: the timer that is due first, or None; none is due while the room is paused."""
        if self._room.state.paused_at is not None or not self.armed:
            return None
        journal = self._room.journal
        if self._schedule is None:
            self._schedule = Schedule(journal.stale.armed)
        settled = not journal.undo
        if settled and self._noted > SPARE + 4 * len(self.armed):
            self._note_names()
        key = self._schedule.first(self.armed, self._due_of, settled=settled)
        return self.armed[key] if key is not None else None

    def consume(self, timer: Armed) -> None:
        """A timer fires: forget it, or set it to its next time on its grid, past all that were missed."""
        if timer.every is None:
            self.cancel(timer.name, timer.seat)
            return
        missed = max(1, math.floor((self._room.now - timer.due) / timer.every) + 1)
        self._put(structs.replace(timer, due=timer.due + missed * timer.every))

    def shift(self, delta_s: float) -> None:
        """Time stood still for so long: all is due that much later, but for dates of the calendar."""
        for timer in list(self.armed.values()):
            if not timer.calendar:
                self._put(structs.replace(timer, due=timer.due + delta_s))

    def left_s(self, name: str, seat: str | None = None) -> float | None:
        """:returns: seconds until it is due, or None if it is not armed."""
        timer = self.armed.get((seat, name))
        return None if timer is None else max(0.0, timer.due - self._room.time)

    def shown(self, key: TimerKey) -> tuple[int | None, int | None]:
        """:returns: what clients are told: when it ends, milliseconds since 1970, and what is left while paused."""
        timer = self.armed.get(key)
        if timer is None or not timer.show:
            return None, None
        if self._room.state.paused_at is not None:
            return None, round(max(0.0, timer.due - self._room.state.paused_at) * 1000)
        return round(timer.due * 1000), None

    def _put(self, timer: Armed) -> None:
        key = (timer.seat, timer.name)
        old = self.armed.get(key)
        if old is None:
            self._names.setdefault(timer.seat, {})[timer.name] = None
            self._noted += 1
        self._count(_data_bytes(timer) - (_data_bytes(old) if old is not None else 0))
        self._room.journal.put_in(self.state, "armed", key, timer)

    def _count(self, more_bytes: int) -> None:
        if more_bytes:
            self._room.journal.assign(self, "data_bytes", self.data_bytes + more_bytes)

    def _due_of(self, key: TimerKey) -> tuple[float, int] | None:
        timer = self.armed.get(key)
        return (timer.due, timer.order) if timer is not None else None


def _data_bytes(timer: Armed) -> int:
    return len(values.encode(timer.data)) if timer.data else 0
