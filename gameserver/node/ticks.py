"""
Ticks: all rooms of one rate share a grid of times and one timer, so they share a pass and its round of commits.

A rate is on time on average: its ticks are due at fixed times, however late the last one came. What the process slept
through is skipped and counted, never made up for in a burst; ``dt_s`` tells the game how much time passed.
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
"""A wake that is early by this part of a period is on time: sums of floats are not exact."""
LOOK_S: Final = 10.0
"""How often it is looked whether a rate keeps up."""
TOLERATED: Final = 0.05
"""The share of ticks that may be skipped without a word."""


class Ticks:
    """
    The ticks of a node's rooms.

    :param reactor_pass: each tick of a rate is one.
    :ivar skipped: ticks of rooms that came too late, or while the room was busy, and so never came.
    :ivar taken: ticks of rooms that came.
    """

    def __init__(self, clock: IClock, reactor_pass: ReactorPass) -> None:
        self.skipped = 0
        self.taken = 0
        self.reactor_pass = reactor_pass
        self._clock = clock
        self._rates: dict[float, Rate] = {}

    def follow(self, runner: RoomRunner) -> None:
        """This room wants ticks from now on; it gets them until it does not want them any more."""
        hz = runner.room.game_class.tick_hz
        rate = self._rates.get(hz)
        if rate is None:
            rate = self._rates[hz] = Rate(self, hz, self._clock)
        rate.add(runner)

    def leave(self, runner: RoomRunner) -> None:
        """No further tick for this room."""
        rate = self._rates.get(runner.room.game_class.tick_hz)
        if rate is not None:
            rate.remove(runner)

    def forget(self, rate: Rate) -> None:
        """Nobody ticks at this rate any more; the next who does begins a new grid."""
        self._rates.pop(rate.hz, None)


class Rate:
    """The rooms that tick so often, in the order in which they came."""

    def __init__(self, ticks: Ticks, hz: float, clock: IClock) -> None:
        self.hz = hz
        self._ticks = ticks
        self._clock = clock
        self._runners: dict[RoomRunner, None] = {}
        # Counted from the beginning, not added up: after a billion ticks the grid is where it was.
        self._began_s = clock.monotonic()
        self._count = 0
        self._call: IDelayedCall | None = None
        self._looked = 0
        self._due = 0
        self._skipped = 0
        self._arm()

    def add(self, runner: RoomRunner) -> None:
        """Its first tick is the next of the grid."""
        if runner not in self._runners:
            self._runners[runner] = None
            runner.room.moment.ticked_s = runner.room.played_s

    def remove(self, runner: RoomRunner) -> None:
        """Its last tick was the last of the grid."""
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
        """A tick of the grid has come, or several at once."""
        passed = floor((self._clock.monotonic() - self._began_s) * self.hz + EARLY) - self._count
        late = max(0, passed - 1)
        self._count += late + 1
        # Before the rooms: one that takes long makes the next tick late, not all that follow.
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
        """Say it where a rate does not keep up, not each time that something was late."""
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
