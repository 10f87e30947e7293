"""Times of the calendar, read as crontab(5) writes them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.clock import Cron
from gameserver.game.crontab import Crontab

ALL = [0, 1, 2, 3, 4, 5, 6]


class WeekdayTests(SynchronousTestCase):
    """Sunday is 0 and 7, and begins the week."""

    def test_spans(self) -> None:
        """Spans go from the one day to the other, over the end of the week as well."""
        for field, expected in {
            "0": [0],
            "7": [0],
            "07": [0],
            "sun-tue": [0, 1, 2],
            "SUN-Tue": [0, 1, 2],
            "0-2": [0, 1, 2],
            "7-2": [0, 1, 2],
            "6-0": [0, 6],
            "6-7": [0, 6],
            "sat-sun": [0, 6],
            "sat-0": [0, 6],
            "fri-mon": [0, 1, 5, 6],
            "5-1": [0, 1, 5, 6],
            "5-7": [0, 5, 6],
            "mon-sun": ALL,
            "1-7": ALL,
            "0-7": ALL,
            "sun-sat": ALL,
            "0-6": ALL,
            "2-1": ALL,
            "sun-sun": [0],
            "7-7": [0],
            "0-0": [0],
            "*": ALL,
        }.items():
            self.assertEqual(Crontab(f"0 0 * * {field}").weekdays, expected, field)

    def test_steps_and_lists(self) -> None:
        """A step counts from the span's first day; a list has each once."""
        for field, expected in {
            "*/2": [0, 2, 4, 6],
            "*/7": [0],
            "fri-mon/2": [0, 5],
            "6-2/3": [2, 6],
            "1-5/2": [1, 3, 5],
            "3/2": [3, 5],
            "7/3": [0, 3, 6],
            "sat,sun": [0, 6],
            "0,7,sun": [0],
            "Mon,wed-FRI,7": [0, 1, 3, 4, 5],
        }.items():
            self.assertEqual(Crontab(f"0 0 * * {field}").weekdays, expected, field)


class FieldTests(SynchronousTestCase):
    """The other fields."""

    def test_months(self) -> None:
        """Months have names too, and spans over the new year."""
        for field, expected in {
            "jan": [1],
            "DEC": [12],
            "nov-feb": [1, 2, 11, 12],
            "11-2": [1, 2, 11, 12],
            "mar-may,9": [3, 4, 5, 9],
            "*/4": [1, 5, 9],
            "feb/3": [2, 5, 8, 11],
        }.items():
            self.assertEqual(Crontab(f"0 0 * {field} *").months, expected, field)

    def test_numbers(self) -> None:
        """Minutes, hours and days of the month."""
        crontab = Crontab("  5,*/20\t09-17/4 1,31  * * ")
        self.assertEqual((crontab.minutes, crontab.hours, crontab.days), ([0, 5, 20, 40], [9, 13, 17], [1, 31]))
        self.assertEqual(Crontab("50/4 * * * *").minutes, [50, 54, 58])
        self.assertEqual(Crontab("*/60 * * * *").minutes, [0])

    def test_by_real_time(self) -> None:
        """What begins with ``*`` goes by real time, however it goes on; days do not matter."""
        for expression in ("* * * * *", "*/5 3 * * *", "0 * 1 1 *", "30 */2 * * *"):
            self.assertTrue(Crontab(expression).by_real_time, expression)
        for expression in ("0 0 * * *", "0-59 0-23 * * *", "5,*/10 3 * * *"):
            self.assertFalse(Crontab(expression).by_real_time, expression)

    def test_either_day(self) -> None:
        """Either day will do where both are named, and none begins with ``*``."""
        self.assertTrue(Crontab("0 0 13 * fri").either_day)
        for expression in ("0 0 13 * *", "0 0 * * fri", "0 0 */2 * fri", "0 0 13 * */2"):
            self.assertFalse(Crontab(expression).either_day, expression)


class NoneTests(SynchronousTestCase):
    """What is none is a ValueError that says where."""

    def test_field(self) -> None:
        """The field at fault is named."""
        for expression, reason in {
            "60 * * * *": "'60' is no minute",
            "-1 * * * *": "'-1' is no minute",
            "1.5 * * * *": "'1.5' is no minute",
            "jan * * * *": "'jan' is no minute",
            "50-10 * * * *": "'50-10' is no minute: it ends before it begins",
            "*/0 * * * *": "'*/0' is no minute: a step is 1 to 60",
            "*/90 * * * *": "'*/90' is no minute: a step is 1 to 60",
            "*-5 * * * *": "'*-5' is no minute",
            "1,,2 * * * *": "'' is no minute",
            "\N{ARABIC-INDIC DIGIT ONE} * * * *": "'\N{ARABIC-INDIC DIGIT ONE}' is no minute",
            "0 24 * * *": "'24' is no hour",
            "0 22-2 * * *": "'22-2' is no hour: it ends before it begins",
            "0 0 0 * *": "'0' is no day",
            "0 0 32 * *": "'32' is no day",
            "0 0 L * *": "'l' is no day",
            "0 0 ? * *": "'?' is no day",
            "0 0 * foo *": "'foo' is no month",
            "0 0 * 13 *": "'13' is no month",
            "0 0 * january *": "'january' is no month",
            "0 0 * mon *": "'mon' is no month",
            "0 0 * * 8": "'8' is no weekday",
            "0 0 * * 5-9": "'9' is no weekday",
            "0 0 * * fun": "'fun' is no weekday",
            "0 0 * * sun-": "'sun-' is no weekday",
            "0 0 * * mon-fri-sun": "'mon-fri-sun' is no weekday",
            "0 0 * * mon#1": "'mon#1' is no weekday",
            "0 0 * * */8": "'*/8' is no weekday: a step is 1 to 7",
        }.items():
            with self.assertRaises(ValueError, msg=expression) as caught:
                Crontab(expression)
            self.assertEqual(str(caught.exception), reason, expression)

    def test_fields(self) -> None:
        """There are five."""
        for expression in ("", "* * * *", "0 0 * * * *", "@daily", None, 5):
            with self.assertRaisesRegex(ValueError, "must be minute hour day month weekday"):
                Crontab(expression)

    def test_never(self) -> None:
        """A date that no year has; with a weekday beside it, that day comes."""
        for expression in ("0 0 30 2 *", "0 0 31 2,4,jun *", "0 0 30 feb */2"):
            with self.assertRaisesRegex(ValueError, "no such month has a day 3[01]"):
                Crontab(expression)
        for expression in ("0 0 29 2 *", "0 0 31 2,3 *", "0 0 30 2 mon"):
            self.assertIsNotNone(Cron(expression, "UTC").next_after(0.0), expression)


def items(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    """Items of a field, of which most are right."""
    value = st.one_of(st.integers(low, high).map(str), st.sampled_from([*names.split(), str(low)]))
    span = st.one_of(st.just("*"), value, st.tuples(value, value).map("-".join))
    return st.tuples(span, st.sampled_from(["", "", "/1", "/2", "/7", "/30"])).map("".join)


def field(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    """A list of up to three of them."""
    return st.lists(items(low, high, names), min_size=1, max_size=3).map(",".join)


class AnyTests(SynchronousTestCase):
    """Whatever passes the check has times."""

    @settings(deadline=None)
    @given(
        st.tuples(
            field(0, 59), field(0, 23), field(1, 31), field(1, 12, "jan FEB nov"), field(0, 7, "sun Mon sat")
        ).map(" ".join)
    )
    def test_next(self, expression: str) -> None:
        """What can be read comes, later than asked for, again and again; what cannot is refused by both."""
        try:
            Crontab(expression)
        except ValueError:
            with self.assertRaises(ValueError):
                Cron(expression, "Europe/Berlin")
            return
        cron, at = Cron(expression, "Europe/Berlin"), 1_774_000_000.25
        for _ in range(3):
            due = cron.next_after(at)
            assert due is not None
            self.assertGreater(due, at)
            self.assertEqual(due % 60, 0)
            at = due

    @given(st.text(max_size=20))
    def test_text(self, text: str) -> None:
        """Any text is an expression or a ValueError."""
        try:
            Crontab(text)
        except ValueError as error:
            self.assertTrue(str(error))
