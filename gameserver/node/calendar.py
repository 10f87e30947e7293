"""
The calendar of a node: methods marked with `gameserver.cron` are called when their time has come.

A method is called for every open room of its game; a static method once, on one of the nodes that share the store. Each
node asks the store to be that one, naming the time that was due, and the first to ask calls; so their clocks need not
agree. While the store is away they ask again, so that the call comes as soon as it is back. The first node may die or
hang just then: `FAILOVER_S` later the others ask whether the method was called, and one of them calls it.

Times that passed while this process stood still lead to one late call; times when no process ran lead to none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import Refused, StoreUnavailable
from gameserver.game.crontab import Crontab
from gameserver.interfaces import IClock, ILeases
from gameserver.node.runner import RoomRunner
from gameserver.room.inputs.due import CalendarCall

if TYPE_CHECKING:
    from gameserver.game.spec import Spec

LOOK_S: Final = 600.0
"""How long the calendar sleeps at most, so that it follows a wall clock that is corrected little by little."""
EARLY_S: Final = 0.001
"""A call may come this much before its time: a sum of floats may fall short of it."""
CORRECTION_S: Final = 3 * 3600.0
"""A step of the wall clock by this much or more means that it was wrong; a smaller one may be daylight saving time.
Source: cron(8) of Debian"""
LATE_MINUTES_S: Final = 5 * 60.0
"""A step forward that is shorter than this counts as waking up late: every method that was skipped is called.
Source: cron.c of Debian"""
MINUTE_S: Final = 60.0
"""A step back that is shorter than this repeats no minute that was over."""
LATE_S: Final = 3600.0
"""How long after its time a static method is still called, if the store was away."""
RETRY_S: Final = 1.0
"""Until a store that did not answer is asked again."""
FAILOVER_S: Final = 30.0
"""How long the node that was first has for the call before another makes sure that it comes."""
CALLED: Final = "!"
"""Put behind the name of a call, it names the note in the store that the call was made."""
ANSWER_S: Final = 10.0
"""A node that learns only this long after asking that it is the one first checks whether another has called."""
ONCE_MS: Final = 24 * 60 * 60 * 1000
"""How long the store remembers that a node called: far longer than `LATE_S`, and than clocks differ."""


@dataclass(eq=False)
class _Entry:
    """
    A method, and its times, seconds since 1970: the next, the last that was called, and since when it is served here.

    ``run`` is a call that waits for the store; a later one takes its place.
    """

    spec: Spec
    method: str
    expression: str
    static: bool
    by_real_time: bool
    due_s: float | None = None
    called_s: float | None = None
    born_s: float = 0.0
    run: _Run | None = None

    @property
    def where(self) -> dict[str, Any]:
        return {"game": self.spec.name, "method": self.method, "expression": self.expression}


@dataclass(eq=False)
class _Run:
    """
    One call of a static method, for a time that was due.

    ``by`` is a random name for this process in this call. ``asked_s`` is when it asked first, monotonic seconds.
    """

    due_s: float
    by: str
    asked_s: float
    retry: IDelayedCall | None = None


class Calendar:
    """
    :param specs: the games, by name.
    :param entropy: returns as many random bytes as it is asked for.
    :param rooms: gives the open rooms.
    :param leases: the store, where nodes share it.
    :param log: gives the log for failures of static methods.
    """

    def __init__(
        self,
        specs: Mapping[str, Spec],
        clock: IClock,
        entropy: Callable[[int], bytes],
        *,
        rooms: Callable[[], Iterable[RoomRunner]],
        leases: ILeases | None = None,
        log: Callable[[], Logger] | None = None,
    ) -> None:
        self._clock = clock
        self._log = log or (lambda: _log)
        self._entropy = entropy
        self._rooms = rooms
        self._leases = leases
        self._stopped = False
        self._sleep: IDelayedCall | None = None
        self._entries = [entry for spec in specs.values() for entry in _entries(spec)]

    def start(self) -> None:
        """Begin to call methods."""
        now_s = self._clock.now()
        for entry in self._entries:
            entry.born_s = now_s
            self._plan(entry, now_s)
        self._wait()

    def serve(self, spec: Spec) -> None:
        """Take over the times of another release of a game."""
        others = [entry for entry in self._entries if entry.spec.name != spec.name]
        for entry in set(self._entries).difference(others):
            self._leave_off(entry)
        new = _entries(spec)
        for entry in new:
            entry.born_s = self._clock.now()
            self._plan(entry, entry.born_s)
        self._entries = [*others, *new]
        self._wait()

    def stop(self) -> None:
        """Stop calling; a call for which the store was asked already is still made if it says so: nobody else will."""
        self._stopped = True
        for entry in self._entries:
            self._leave_off(entry)
        if self._sleep is not None and self._sleep.active():
            self._sleep.cancel()

    def stepped(self, delta_s: float) -> None:
        """
        Go by the new time of the wall clock, which was set.

        As in cron(8) of Debian, methods whose times were skipped are called at once, and none is called twice for the
        same time. After a correction, and for expressions that go by real time unless the step is small, only the
        clock's new time counts.

        :param delta_s: by how much the clock was set forward; negative: back.
        """
        now_s = self._clock.now()
        corrected = abs(delta_s) >= CORRECTION_S
        noticed = not -MINUTE_S < delta_s < LATE_MINUTES_S
        for entry in self._entries:
            entry.born_s += delta_s
            if corrected or (entry.by_real_time and noticed):
                entry.called_s = None
                self._plan(entry, now_s)
            elif delta_s < 0:
                self._plan(entry, max(now_s, entry.called_s or 0.0))
        self._wait()

    def next_for(self, spec: Spec, after_s: float) -> float | None:
        """:returns: when the rooms of a game are called next, seconds since 1970; None: never."""
        each = [self._clock.next_time(entry.expression, after_s) for entry in self._of_rooms(spec)]
        return min((due_s for due_s in each if due_s is not None), default=None)

    def missed(self, spec: Spec, after_s: float) -> list[str]:
        """
        Say which methods were called for the rooms of a game while one of them slept.

        :param after_s: since when it slept, seconds since 1970.
        :returns: the names of the methods, each once; without those that are still to be called, and without calls from
            before this process served the game.
        """
        return [
            entry.method
            for entry in self._of_rooms(spec)
            if (first_s := self._clock.next_time(entry.expression, max(after_s, entry.born_s))) is not None
            and first_s < min(entry.due_s if entry.due_s is not None else first_s + 1, self._clock.now() + EARLY_S)
        ]

    def _of_rooms(self, spec: Spec) -> list[_Entry]:
        return [entry for entry in self._entries if entry.spec is spec and not entry.static]

    def _plan(self, entry: _Entry, after_s: float) -> None:
        try:
            entry.due_s = self._clock.next_time(entry.expression, after_s)
        except Exception:  # noqa: BLE001 - the timer's door: whatever is wrong with one, the others have their times
            entry.due_s = None
            _log.failure("{game}.{method} is not called any more: cron({expression!r}) cannot be told", **entry.where)

    def _wait(self) -> None:
        if self._sleep is not None and self._sleep.active():
            self._sleep.cancel()
        due_s = min((entry.due_s for entry in self._entries if entry.due_s is not None), default=None)
        if due_s is not None and not self._stopped:
            self._sleep = self._clock.later(min(due_s - self._clock.now(), LOOK_S), self._look)

    def _look(self) -> None:
        now_s = self._clock.now()
        due = [(each, each.due_s) for each in self._entries if each.due_s is not None and each.due_s <= now_s + EARLY_S]
        for entry, due_s in due:
            entry.called_s = due_s
            self._plan(entry, max(now_s, due_s))
        self._wait()
        for entry, due_s in due:
            if entry.static:
                self._call_once(entry, due_s)
            else:
                self._call_rooms(entry)

    def _call_rooms(self, entry: _Entry) -> None:
        for runner in [runner for runner in self._rooms() if runner.room.spec is entry.spec]:
            runner.post(CalendarCall(entry.method)).addErrback(lambda failure: failure.trap(Refused))

    # Static methods

    def _call_once(self, entry: _Entry, due_s: float) -> None:
        self._leave_off(entry)
        if self._leases is None:
            self._call(entry)
        else:
            entry.run = _Run(due_s, self._entropy(8).hex(), self._clock.monotonic())
            self._ask(self._leases, entry, entry.run)

    def _ask(self, leases: ILeases, entry: _Entry, run: _Run) -> None:
        """Ask the store to be the node that calls; again and again while it does not answer, for `LATE_S` at most."""
        if self._clock.now() > run.due_s + LATE_S:
            _log.error("{game}.{method} is not called this time: the store was away for too long", **entry.where)
            return
        name = f"{entry.spec.name}.{entry.method}@{round(run.due_s) // 60}"

        def answered(first: bool) -> None:
            if first and self._clock.monotonic() - run.asked_s <= ANSWER_S:
                self._call(entry)
                self._mark(leases, name, run)
            elif first:
                self._see_to(leases, name, entry, run)  # another node may have taken this one for dead
            elif not self._stopped and entry.run is run:
                run.retry = self._clock.later(FAILOVER_S, self._see_to, leases, name, entry, run)

        def not_answered(failure: Failure) -> None:
            failure.trap(StoreUnavailable)
            if entry.run is run and not self._stopped:
                run.retry = self._clock.later(RETRY_S, self._ask, leases, entry, run)

        asked = leases.once(name, by=run.by, for_ms=ONCE_MS).addCallbacks(answered, not_answered)
        asked.addErrback(lambda failure: _log.failure("{game}.{method} cannot be called", failure, **entry.where))

    def _mark(self, leases: ILeases, name: str, run: _Run) -> None:
        """Let the other nodes know that the method was called."""

        def not_marked(failure: Failure) -> None:
            failure.trap(StoreUnavailable)
            if not self._stopped and self._clock.now() <= run.due_s + LATE_S:
                self._clock.later(RETRY_S, self._mark, leases, name, run)

        leases.once(name + CALLED, by=run.by, for_ms=ONCE_MS).addErrback(not_marked)

    def _see_to(self, leases: ILeases, name: str, entry: _Entry, run: _Run) -> None:
        """Call if nobody has: the node that was to call may be gone, or stood still for too long."""

        def answered(mine: bool) -> None:
            if mine:
                self._call(entry)

        def not_answered(failure: Failure) -> None:
            failure.trap(StoreUnavailable)
            if entry.run is run and not self._stopped:  # leave time for the node that called to note it first
                run.retry = self._clock.later(FAILOVER_S, self._see_to, leases, name, entry, run)

        asked = leases.once(name + CALLED, by=run.by, for_ms=ONCE_MS).addCallbacks(answered, not_answered)
        asked.addErrback(lambda failure: _log.failure("{game}.{method} cannot be called", failure, **entry.where))

    def _call(self, entry: _Entry) -> None:
        calling = Deferred.fromCoroutine(_result(getattr(entry.spec.cls, entry.method)))
        said = "{game}.{method} failed"
        calling.addErrback(lambda f: self._log().failure(said, f, what=entry.method, **entry.where))

    @staticmethod
    def _leave_off(entry: _Entry) -> None:
        """Stop asking for a method's earlier time."""
        if entry.run is not None and entry.run.retry is not None and entry.run.retry.active():
            entry.run.retry.cancel()
        entry.run = None


def _entries(spec: Spec) -> list[_Entry]:
    return [
        _Entry(spec, method, expression, static, Crontab(expression).by_real_time)
        for expression, method, static in spec.crons
    ]


async def _result(function: Callable[[], Any]) -> None:
    result = function()
    if isawaitable(result):
        await result


_log = Logger(namespace="gameserver.rooms")
