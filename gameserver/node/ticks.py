"""
Ticks: all rooms with the same rate share a grid of times and one timer, so they share a pass and its commits.

A rate is on time on average: its ticks are due at fixed times, however late the last one came. Ticks that the process
was too late for are skipped and counted, never made up for in a burst; ``dt_s`` tells a game how much time has passed.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Final

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

if TYPE_CHECKING:
    from gameserver.interfaces import IClock
    from gameserver.node.reactor_pass import ReactorPass
    from gameserver.node.runner import RoomRunner

EARLY: Final = 1e-3
"""A timer that fires early by this part of a period is on time: sums of floats are not exact."""
LOOK_S: Final = 10.0
"""Between two looks at whether a rate keeps up."""
TOLERATED: Final = 0.05
"""The share of ticks that may be skipped without a warning."""


class Ticks:
    """
    The ticks of a node's rooms.

    :param reactor_pass: each tick of a rate begins and ends one.
    :ivar skipped: how many ticks of rooms were dropped, since they were late or the room was busy.
    :ivar taken: how many ticks of rooms were applied.
    """

    def __init__(self, clock: IClock, reactor_pass: ReactorPass) -> None:
        self.skipped = 0
        self.taken = 0
        self.reactor_pass = reactor_pass
        self._clock = clock
        self._rates: dict[float, Rate] = {}

    def follow(self, runner: RoomRunner) -> None:
        """Give a room ticks from now on, until it wants none any more."""
        hz = runner.room.game_class.tick_hz
        rate = self._rates.get(hz)
        if rate is None:
            rate = self._rates[hz] = Rate(self, hz, self._clock)
        rate.add(runner)

    def leave(self, runner: RoomRunner) -> None:
        """Give a room no more ticks."""
        rate = self._rates.get(runner.room.game_class.tick_hz)
        if rate is not None:
            rate.remove(runner)

    def forget(self, rate: Rate) -> None:
        """Forget a rate at which no room ticks any more; the next one that does begins a new grid."""
        self._rates.pop(rate.hz, None)


class Rate:
    """The rooms of one rate, in the order in which they came."""

    def __init__(self, ticks: Ticks, hz: float, clock: IClock) -> None:
        self.hz = hz
        self._ticks = ticks
        self._clock = clock
        self._runners: dict[RoomRunner, None] = {}
        # Times are computed from the beginning, not added up, so that the grid does not drift in a billion ticks.
        self._began_s = clock.monotonic()
        self._count = 0
        self._call: IDelayedCall | None = None
        self._looked = 0
        self._due = 0
        self._skipped = 0
        self._arm()

    def add(self, runner: RoomRunner) -> None:
        """Add a room; its first tick is the next of the grid."""
        if runner not in self._runners:
            self._runners[runner] = None
            runner.room.moment.ticked_s = runner.room.played_s

    def remove(self, runner: RoomRunner) -> None:
        """Remove a room; the last one stops the timer."""
        self._runners.pop(runner, None)
        if not self._runners:
            if self._call is not None and self._call.active():
                self._call.cancel()
            self._call = None
            self._ticks.forget(self)

    def _arm(self) -> None:
        due_s = self._began_s + (self._count + 1) / self.hz
        self._call = self._clock.later(due_s - self._clock.monotonic(), self._wake)

    def _wake(self) -> None:
        """Give each room one tick; further ticks of the grid that have passed are skipped."""
        passed = floor((self._clock.monotonic() - self._began_s) * self.hz + EARLY) - self._count
        late = max(0, passed - 1)
        self._count += late + 1
        # Armed before the rooms tick: a room that takes long makes the next tick late, not all that follow.
        self._arm()
        self._ticks.reactor_pass.begin()
        try:
            for runner in tuple(self._runners):
                if not runner.room.ticks:
                    self.remove(runner)
                else:
                    self._tick(runner, late)
        finally:
            self._ticks.reactor_pass.end()
        self._look()

    def _tick(self, runner: RoomRunner, late: int) -> None:
        taken = runner.tick()
        skipped = late if taken else late + 1
        runner.ticks_skipped += skipped
        self._ticks.taken += taken
        self._ticks.skipped += skipped
        self._due += late + 1
        self._skipped += skipped

    def _look(self) -> None:
        """Warn if the rate does not keep up, every `LOOK_S` at most and not at each late tick."""
        if self._count - self._looked < LOOK_S * self.hz:
            return
        if self._skipped > TOLERATED * self._due:
            _log.warn(
                "{hz:g} ticks a second are too many: {skipped} of the last {due} were skipped, of {rooms} rooms",
                hz=self.hz,
                skipped=self._skipped,
                due=self._due,
                rooms=len(self._runners),
            )
        self._looked, self._due, self._skipped = self._count, 0, 0


_log = Logger(namespace="gameserver.rooms")
