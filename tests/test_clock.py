"""The calendar's next times, beside a walk over every minute there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import SynchronousTestCase

from gameserver import clock
from gameserver.clock import LOAD_S, Clock, Cron, ProcessLoad, server_zone

MINUTE: Final = timedelta(minutes=1)

CHANGES: Final = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Europe/Dublin", "2026-10-25"),  # where winter is what is saved
    ("America/Los_Angeles", "2026-03-08"),
    ("America/Los_Angeles", "2026-11-01"),
    ("America/Santiago", "2026-04-05"),  # at midnight, as the next five
    ("America/Santiago", "2026-09-06"),
    ("Africa/Cairo", "2026-04-24"),
    ("Africa/Cairo", "2026-10-30"),
    ("Asia/Beirut", "2026-03-29"),
    ("Asia/Beirut", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour, as the next
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/St_Johns", "2010-03-14"),  # a minute after midnight, as the next
    ("America/St_Johns", "2010-11-07"),
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
]
"""Where and when the clocks were, or will be, changed."""

EXPRESSIONS: Final[dict[str, Callable[[datetime], bool]]] = {
    "0 0 * * *": lambda at: at.hour == 0 and at.minute == 0,
    "30 0 * * *": lambda at: at.hour == 0 and at.minute == 30,
    "15 2 * * *": lambda at: at.hour == 2 and at.minute == 15,
    "30 2 * * *": lambda at: at.hour == 2 and at.minute == 30,
    "45 1 * * *": lambda at: at.hour == 1 and at.minute == 45,
    "30 23 * * *": lambda at: at.hour == 23 and at.minute == 30,
    "0 2,3 * * *": lambda at: at.hour in (2, 3) and at.minute == 0,
    "15,45 0-3 * * *": lambda at: at.hour < 4 and at.minute in (15, 45),
    "0-59 0-3 * * *": lambda at: at.hour < 4,
    "30 1 * * sun": lambda at: at.hour == 1 and at.minute == 30 and at.isoweekday() == 7,
    "0 0 24,29,30 * sun": lambda at: (
        at.hour == 0 and at.minute == 0 and (at.day in (24, 29, 30) or at.isoweekday() == 7)
    ),
    "0 0 24,29,30 * *": lambda at: at.hour == 0 and at.minute == 0 and at.day in (24, 29, 30),
    "* * * * *": lambda at: True,
    "0 * * * *": lambda at: at.minute == 0,
    "45 * * * *": lambda at: at.minute == 45,
    "*/20 0 * * *": lambda at: at.hour == 0 and at.minute % 20 == 0,
    "*/20 2-4 * * *": lambda at: at.hour in (2, 3, 4) and at.minute % 20 == 0,
    "30 */2 * * *": lambda at: at.hour % 2 == 0 and at.minute == 30,
    "*/10 * 29,25 * sun": lambda at: at.minute % 10 == 0 and (at.day in (25, 29) or at.isoweekday() == 7),
}
"""What each means on a clock on the wall."""


def window(name: str, day: str) -> tuple[ZoneInfo, datetime, datetime]:
    """From noon before that day to the morning after the next."""
    zone = ZoneInfo(name)
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=zone).astimezone(UTC)
    return zone, midnight - timedelta(hours=12), midnight + timedelta(hours=28)


@cache
def walls(name: str, day: str) -> list[tuple[datetime, datetime]]:
    """Each minute of the window, and what a clock on the wall shows then."""
    zone, first, last = window(name, day)
    minutes = [first + n * MINUTE for n in range((last - first) // MINUTE)]
    return [(at, at.astimezone(zone).replace(tzinfo=None)) for at in minutes]


def walked(expression: str, name: str, day: str) -> list[datetime]:
    """
    Look at the clock on the wall at each minute, as cron does.

    Source: cron(8) of Debian, and its cron.c: what begins with ``*`` comes whenever the clock shows it. The rest comes
    at the minute at which the clock first shows it or, for the first time, a later time.
    """
    meant = EXPRESSIONS[expression]
    if any(field.startswith("*") for field in expression.split()[:2]):
        return [at for at, wall in walls(name, day) if meant(wall)]
    found = []
    seen = walls(name, day)[0][1] - MINUTE
    for at, wall in walls(name, day):
        comes = False
        while seen < wall:
            seen += MINUTE
            comes = comes or meant(seen)
        if comes:
            found.append(at)
    return found


def moments(times: Iterable[datetime]) -> list[str]:
    """For people to read, in UTC."""
    return [f"{at:%d %H:%M}" for at in times]


class ZoneTests(SynchronousTestCase):
    """Over a change of the clocks each time of the calendar comes as often as cron(8) of Debian says."""

    def test_clocks_are_changed(self) -> None:
        """There is something to be tested: in each window the clocks are changed."""
        for name, day in CHANGES:
            zone, first, last = window(name, day)
            self.assertNotEqual(first.astimezone(zone).utcoffset(), last.astimezone(zone).utcoffset(), (name, day))

    def test_one_after_the_other(self) -> None:
        """From each time to the next: none is left out, none comes twice."""
        for name, day in CHANGES:
            _, first, last = window(name, day)
            for expression in EXPRESSIONS:
                cron, at, found = Cron(expression, name), first - MINUTE / 2, []
                while (due := cron.next_after(at.timestamp())) is not None and due < last.timestamp():
                    self.assertGreater(due, at.timestamp(), (name, day, expression))
                    at = datetime.fromtimestamp(due, UTC)
                    found.append(at)
                self.assertEqual(moments(found), moments(walked(expression, name, day)), (name, day, expression))

    def test_from_any_moment(self) -> None:
        """Whenever it is asked, the next one is the first that is later: also within a gap, or an hour shown twice."""
        for name, day in CHANGES:
            _, first, last = window(name, day)
            for expression in EXPRESSIONS:
                cron, expected = Cron(expression, name), walked(expression, name, day)
                for n in range(24):
                    at = first + timedelta(hours=9, minutes=19.4 * n)
                    later = [each for each in expected if each > at]
                    due = cron.next_after(at.timestamp())
                    assert due is not None
                    if later:
                        self.assertEqual(due, later[0].timestamp(), (name, day, expression, at))
                    else:
                        self.assertGreaterEqual(due, last.timestamp(), (name, day, expression, at))

    def test_at_the_very_moment(self) -> None:
        """What is due now is over; a blink before, it comes."""
        for name, day in CHANGES:
            for expression in EXPRESSIONS:
                cron, expected = Cron(expression, name), walked(expression, name, day)
                for at, next_ in pairwise(expected[-12:]):
                    self.assertEqual(cron.next_after(at.timestamp()), next_.timestamp(), (name, day, expression, at))
                    self.assertEqual(cron.next_after(at.timestamp() - 0.02), at.timestamp(), (name, expression, at))


class RareTests(SynchronousTestCase):
    """Times that come seldom."""

    def test_leap_days(self) -> None:
        """The 29th of February, and one that is a Sunday."""
        for expression, first in {"0 0 29 2 *": "2028-02-29", "0 0 29 2 */7": "2032-02-29"}.items():
            due = Cron(expression, "Europe/Berlin").next_after(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
            wanted = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo("Europe/Berlin"))
            self.assertEqual(due, wanted.timestamp(), expression)

    def test_last_days(self) -> None:
        """The 31st of the months that have one."""
        cron, at, found = Cron("59 23 31 * *", "Asia/Tokyo"), datetime(2026, 1, 31, 15, tzinfo=UTC).timestamp(), []
        while len(found) < 7:
            at = cron.next_after(at) or 0.0
            found.append(datetime.fromtimestamp(at, ZoneInfo("Asia/Tokyo")))
        self.assertEqual([each.month for each in found], [3, 5, 7, 8, 10, 12, 1])
        self.assertEqual({(each.day, each.hour, each.minute) for each in found}, {(31, 23, 59)})


class TimeZoneTests(SynchronousTestCase):
    """The server's time zone is its machine's, or the variable TZ."""

    def test_unknown(self) -> None:
        """A time zone that cannot be told is a ValueError, whatever it is that fails."""
        for raised, told in (
            (ZoneInfoNotFoundError("no\nsuch zone: 'Mars'"), "no such zone: 'Mars'"),
            (ValueError("malformed"), "malformed"),
            (IsADirectoryError(21, "is a directory", "Europe"), "[Errno 21] is a directory: 'Europe'"),
        ):

            def fail(raised: Exception = raised) -> None:
                raise raised

            self.patch(clock, "get_localzone", fail)
            with self.assertRaises(ValueError) as caught:
                Cron("0 0 * * *")
            self.assertEqual(str(caught.exception), f"the time zone cannot be told: {told}")

    def test_told_once(self) -> None:
        """What the server's zone is at its start it stays, whatever sets ``TZ`` later; a setting comes before it."""
        self.patch(clock, "get_localzone", lambda: ZoneInfo("Asia/Tokyo"))
        zones = [server_zone(None), server_zone("America/New_York")]
        self.patch(clock, "get_localzone", lambda: ZoneInfo("Europe/Berlin"))
        midnight_s = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        hours = [
            (Clock(Seconds(), lambda: 0.0, zone).next_time("0 12 * * *", midnight_s) or 0.0) - midnight_s
            for zone in (*zones, None)
        ]
        self.assertEqual([hour / 3600 for hour in hours], [3, 17, 11])

    def test_that_cannot_be_told(self) -> None:
        """It is a fault only of games that ask for it."""

        def fail() -> None:
            raise ValueError("malformed")

        self.patch(clock, "get_localzone", fail)
        self.assertIsNone(server_zone(None))

    def test_unknown_name(self) -> None:
        """A name that is none, too."""
        for name in ("CET-1CEST", "Mars/Phobos", "", "../etc/passwd"):
            with self.assertRaises(ValueError, msg=name):
                Cron("0 0 * * *", name)


class ProcessLoadTests(SynchronousTestCase):
    def test_of_the_time_between(self) -> None:
        """It is what the process used since it was asked for last; asked too soon, it is as before."""
        time, used = Seconds(), [10.0]
        load = ProcessLoad(time.seconds, lambda: used[0])
        self.assertEqual(load(), 0)
        time.advance(2)
        used[0] += 0.5
        self.assertEqual(load(), 25)
        time.advance(LOAD_S / 2)
        used[0] += 5
        self.assertEqual(load(), 25)
        time.advance(10 - LOAD_S / 2)
        self.assertEqual(load(), 50)
        time.advance(1)
        self.assertEqual(load(), 0)
