"""The calendar of a node: whatever happens to its clock and to the store, each time comes as often as it should."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, clock, cron
from gameserver.node import calendar
from gameserver.node.calendar import LOOK_S
from tests.node.registries import START_S, Place

HOUR_S, DAY_S = 3600.0, 86400.0


def timed(expression: str) -> type[Game]:
    """A game that is called then, and notes what its clock says."""

    class Timed(Game):
        needs_start = False
        idle_close_s = None

        @cron(expression)
        def come(self) -> None:
            self.state.setdefault("at", []).append(self.now)

    return Timed


class CalendarCase(SynchronousTestCase):
    """One node in UTC, whose wall clock the test sets; it is midnight."""

    def setUp(self) -> None:
        self.patch(clock, "get_localzone", lambda: UTC)
        self.events: list[Any] = []
        log = Logger(namespace="test", observer=self.events.append)  # type: ignore[arg-type]
        self.patch(calendar, "_log", log)
        self.off_s = 0.0

    def open(self, *expressions: str) -> None:
        """Start a server, with an open room of a game for each of these times."""
        games = [timed(expression) for expression in expressions]
        for number, game in enumerate(games):
            game.name = f"timed{number}"
        self.place = Place(*games, beats=False)
        self.place.clock._wall = lambda: START_S + self.place.time.seconds() + self.off_s
        self.rooms = []
        for game in games:
            self.place.game = game.name
            self.rooms.append(self.place.create())

    def advance(self, s: float) -> None:
        """Let time pass."""
        self.place.advance(s)

    def set_clock(self, by_s: float) -> None:
        """Set the wall clock on or back; the server finds out."""
        self.off_s += by_s
        if stepped_s := self.place.clock.adjust():
            self.place.registry.shift(stepped_s)
        self.place.settle()

    def came(self, room: int = 0) -> list[str]:
        """When a room was called, by its own clock, to the hundredth of a second."""
        times = self.rooms[room].room.doc("room").plain().get("at", [])
        return [f"{datetime.fromtimestamp(round(at, 2), UTC):%d %H:%M:%S.%f}".removesuffix(".000000") for at in times]

    def told(self) -> list[str]:
        """What was logged."""
        return [str(formatEvent(event)) for event in self.events]


class DriftTests(CalendarCase):
    """A clock that is corrected little by little."""

    def test_back_by_a_blink(self) -> None:
        """A clock that goes back a little after each time, and just before, lets each come once, and not early."""
        for back_s in (0.02, 0.3, 0.9):
            for before_s in (0.0, 0.01, 0.4):
                self.off_s = 0.0
                self.open("* * * * *", "*/2 * * * *", "1-59 0 * * *")
                self.advance(60 - before_s)
                for _ in range(5):
                    self.set_clock(-back_s)
                    self.advance(60)
                self.advance(10)
                expected = [f"01 00:0{n}:00" for n in range(1, 6)]
                for room, wanted in ((0, expected), (1, expected[1::2]), (2, expected)):
                    came = [at for at in self.came(room) if at < "01 00:06"]
                    self.assertEqual(came, wanted, (back_s, before_s, room))

    def test_followed(self) -> None:
        """However long the calendar sleeps, it follows a clock that goes wrong by one in a hundred, never early."""
        for drift_s in (-0.05, 0.05):
            self.off_s = 0.0
            self.open("0 2 * * *")
            while self.place.clock.now() < START_S + 2.2 * HOUR_S:
                self.advance(5)
                self.set_clock(drift_s)
            (at,) = self.rooms[0].room.doc("room").plain()["at"]
            late_s = at - START_S - 2 * HOUR_S
            self.assertGreater(late_s, -0.01)
            self.assertLessEqual(late_s, LOOK_S / 100 + 1)

    def test_after_a_standstill(self) -> None:
        """What was due meanwhile comes late, and once for many."""
        self.open("* * * * *", "5 0 * * *")
        self.advance(30)
        self.place.time.rightNow += 600
        self.place.settle()
        self.advance(60)
        self.assertEqual(self.came(0), ["01 00:10:30", "01 00:11:00"])
        self.assertEqual(self.came(1), ["01 00:10:30"])


class StepTests(CalendarCase):
    """A clock that is set: the new time counts."""

    def check(self, expression: str, at_s: float, by_s: float, *expected: str, until_s: float = 2 * DAY_S) -> None:
        """Set the clock at that moment of the first day, and see when it comes."""
        self.off_s = 0.0
        self.open(expression)
        self.advance(at_s)
        self.set_clock(by_s)
        self.advance(until_s - at_s)
        self.assertEqual(self.came(), list(expected), (expression, at_s, by_s))

    def test_back_an_hour(self) -> None:
        """What came does not come again; what is to come does so by the new time."""
        self.check("30 0 * * *", 0.75 * HOUR_S, -HOUR_S, "01 00:30:00", "02 00:30:00")
        self.check("30 1 * * *", 0.75 * HOUR_S, -HOUR_S, "01 01:30:00", "02 01:30:00")
        self.check("0,50 0 * * *", 0.75 * HOUR_S, -HOUR_S, "01 00:00:00", "01 00:50:00", until_s=2.5 * HOUR_S)

    def test_back_before_the_start(self) -> None:
        """What comes by the new time comes, though the old one was past it when the server started."""
        self.check("45 23 * * *", 0.25 * HOUR_S, -HOUR_S, "31 23:45:00", "01 23:45:00", until_s=1.5 * DAY_S)

    def test_on_an_hour(self) -> None:
        """What is skipped comes at once; the rest by the new time."""
        self.check("30 0 * * *", 0.25 * HOUR_S, HOUR_S, "01 01:15:00", "02 00:30:00", until_s=1.5 * DAY_S)
        self.check("30 1 * * *", 0.25 * HOUR_S, HOUR_S, "01 01:30:00", "02 01:30:00", until_s=1.5 * DAY_S)
        self.check("20,40 0 * * *", 0.25 * HOUR_S, HOUR_S, "01 01:15:00", "02 00:20:00", until_s=DAY_S - 0.5 * HOUR_S)

    def test_real_time(self) -> None:
        """What goes by real time does not make up for an hour that was skipped, and comes in one that comes again."""
        self.check("*/20 * * * *", 0.25 * HOUR_S, HOUR_S, "01 01:20:00", "01 01:40:00", until_s=2700)
        again = ("01 00:20:00", "01 00:40:00", "01 00:00:00", "01 00:20:00")
        self.check("*/20 * * * *", 0.75 * HOUR_S, -HOUR_S, *again, until_s=5000)
        self.check("0 * * * *", 1.25 * HOUR_S, -HOUR_S, "01 01:00:00", "01 01:00:00", until_s=2.5 * HOUR_S)

    def test_small(self) -> None:
        """A step of seconds makes nothing come twice, and nothing be left out."""
        for expression in ("0 * * * *", "0 1 * * *"):
            self.check(expression, HOUR_S + 1, -2, "01 01:00:00", until_s=1.5 * HOUR_S)
            self.check(expression, HOUR_S - 1, 2, "01 01:00:01", until_s=1.5 * HOUR_S)
            self.check(expression, HOUR_S - 30, 90, "01 01:01:00", until_s=1.5 * HOUR_S)

    def test_correction(self) -> None:
        """After a step of three hours or more all is as though the server had just started."""
        self.check("30 0 * * *", 0.25 * HOUR_S, 4 * HOUR_S, "02 00:30:00", until_s=DAY_S)
        self.check("30 0 * * *", HOUR_S, -4 * HOUR_S, "01 00:30:00", "01 00:30:00", until_s=DAY_S)
        self.check("30 0 * * *", HOUR_S, -365 * DAY_S, "01 00:30:00", "02 00:30:00", until_s=1.2 * DAY_S)

    def test_small_step_after_a_correction(self) -> None:
        """What came by the wrong time is forgotten with it."""
        self.open("30 0 * * *")
        self.advance(HOUR_S)
        self.set_clock(-365 * DAY_S)
        self.advance(60)
        self.set_clock(-2)
        self.advance(DAY_S)
        self.assertEqual(len(self.came()), 2)


class FailureTests(CalendarCase):
    """One time that fails."""

    def failing(self, bad: str) -> Callable[[str, float], float | None]:
        """A clock's `next_time` that does not know one of them."""
        whole = clock.Clock.next_time

        def next_time(expression: str, after_s: float) -> float | None:
            if expression == bad:
                raise OverflowError("date value out of range")
            return whole(self.place.clock, expression, after_s)

        return next_time

    def test_later(self) -> None:
        """It is logged with game, method and expression, and comes no more; the others do."""
        self.open("*/2 * * * *", "* * * * *")
        self.place.clock.next_time = self.failing("*/2 * * * *")  # type: ignore[method-assign]
        self.advance(300)
        self.assertEqual(self.came(0), ["01 00:02:00"])
        self.assertEqual(len(self.came(1)), 5)
        self.assertEqual(self.told(), ["timed0.come is not called any more: cron('*/2 * * * *') cannot be told"])

    def test_at_the_start(self) -> None:
        """A server starts without knowing the time zone; a game that needs none is served."""

        def unknown() -> None:
            raise LookupError("no such zone")

        self.patch(clock, "get_localzone", unknown)
        self.open("* * * * *")
        self.advance(100)
        self.assertEqual(self.came(), [])
        self.assertEqual(self.told(), ["timed0.come is not called any more: cron('* * * * *') cannot be told"])

    def test_stopped(self) -> None:
        """A server that stops calls nobody any more."""
        self.open("* * * * *")
        self.advance(30)
        self.place.get(Deferred.fromCoroutine(self.place.registry.stop()))
        self.assertEqual(self.place.time.getDelayedCalls(), [])
