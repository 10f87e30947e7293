"""`@cron`: the calendar, in every open room or once per cluster."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, cron, message
from gameserver.clock import Cron
from gameserver.testing import Table
from tests.node.registries import START_S, FakeSession, Place

DAY_S = 86400
SUNDAY_S = START_S - 4 * DAY_S
"""2025-12-28T00:00Z; `START_S` is a Thursday."""


def weekdays(expression: str) -> list[int]:
    """On which days of a week, Sunday = 0, an expression comes."""
    cron_ = Cron(expression, "UTC")
    found: list[int] = []
    at = SUNDAY_S - 1
    while (next_ := cron_.next_after(at)) is not None and next_ < SUNDAY_S + 7 * DAY_S:
        found.append(int((next_ - SUNDAY_S) // DAY_S))
        at = next_
    return found


class WeekdayTests(SynchronousTestCase):
    """Weekdays are crontab's: 0 and 7 are Sunday."""

    def test_numbers_and_names(self) -> None:
        """A number means the same as its name."""
        names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        for number, name in enumerate(names):
            self.assertEqual(weekdays(f"0 20 * * {number}"), [number % 7], number)
            self.assertEqual(weekdays(f"0 20 * * {name}"), [number % 7], name)

    def test_lists_and_spans(self) -> None:
        """Lists and spans too, past Sunday as well."""
        for field, expected in {
            "1-5": [1, 2, 3, 4, 5],
            "0,6": [0, 6],
            "5-7": [0, 5, 6],
            "0-2": [0, 1, 2],
            "0-6": [0, 1, 2, 3, 4, 5, 6],
            "mon-fri": [1, 2, 3, 4, 5],
            "1-5/2": [1, 3, 5],
            "*": [0, 1, 2, 3, 4, 5, 6],
            "sat,0": [0, 6],
        }.items():
            self.assertEqual(weekdays(f"0 20 * * {field}"), expected, field)

    def test_steps(self) -> None:
        """Every second day counts from Sunday, as in crontab(5)."""
        self.assertEqual(weekdays("0 0 * * */2"), [0, 2, 4, 6])
        self.assertEqual(weekdays("0 0 * * */3"), [0, 3, 6])

    def test_either_day(self) -> None:
        """Where both days are restricted, either will do, as in crontab(5): the 30th, and Fridays."""
        self.assertEqual(weekdays("0 0 30 * fri"), [2, 5])

    def test_none(self) -> None:
        """What is no expression is a ValueError."""
        for expression in ("", "* * * *", "* * * * * *", "0 20 * * 8", "60 * * * *", "0 20 * * fun", "0 20 * * 5-9"):
            with self.assertRaises(ValueError, msg=expression):
                Cron(expression)


class Nightly(Game):
    """Something each minute in each room, and once."""

    needs_start = False
    idle_close_s = None
    once: ClassVar[list[Any]] = []

    @cron("* * * * *")
    def each(self) -> None:
        self.state.setdefault("at", []).append(self.now - START_S)

    @cron("*/5 * * * *")
    async def slowly(self) -> None:
        self.state["slow"] = self.state.get("slow", 0) + 1

    @cron("*/2 * * * *")
    def failing(self) -> None:
        self.state["bad"] = 1
        raise ValueError("bad")

    @staticmethod
    @cron("*/3 * * * *")
    def alone() -> None:
        Nightly.once.append("alone")

    @cron("*/3 * * * *")
    @staticmethod
    async def other_way_round() -> None:
        Nightly.once.append("async")

    @message
    def close_it(self, player: Player) -> None:
        self.close("done")


class CronTests(SynchronousTestCase):
    """A time of the calendar comes exactly once, in every open room."""

    def setUp(self) -> None:
        Nightly.once.clear()

    def test_each_minute(self) -> None:
        """However time passes, each minute comes once."""
        for part in (0.1, 1 / 3, 7.7, 59.999999):
            table = Table(Nightly, raises=False)
            while table.now < START_S + 600:
                table.advance(min(part, START_S + 600.5 - table.now))
            table.advance(0.01)
            self.assertEqual([round(at, 3) for at in table.state["at"]], [60.0 * n for n in range(1, 11)], part)
        self.flushLoggedErrors(ValueError)

    def test_failing(self) -> None:
        """One that fails is undone and logged, and comes again."""
        table = Table(Nightly, raises=False)
        table.advance(250)
        self.assertNotIn("bad", table.state)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_async(self) -> None:
        """It may be a coroutine."""
        table = Table(Nightly, raises=False)
        table.advance(301)
        self.assertEqual(table.state["slow"], 1)
        self.flushLoggedErrors(ValueError)

    def test_every_room_and_static_once(self) -> None:
        """Every open room is called, a static method once."""
        place = Place(Nightly)
        runners = [place.create() for _ in range(3)]
        ann = place.join(runners[0], FakeSession("ann"))
        place.advance(61)
        place.send(ann, "close_it")
        place.advance(120)
        self.flushLoggedErrors(ValueError)
        self.assertEqual([k.room.doc("room").plain()["at"] for k in runners], [[60.0], *[[60.0, 120.0, 180.0]] * 2])
        self.assertEqual(sorted(Nightly.once), ["alone", "async"])

    def test_after_restart(self) -> None:
        """The calendar goes on after a restart."""
        table = Table(Nightly, raises=False)
        table.advance(90)
        table.restart()
        table.advance(60)
        self.assertEqual(table.state["at"], [60.0, 120.0])
        self.flushLoggedErrors(ValueError)
