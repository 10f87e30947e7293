"""
The one door to time: the reactor's timers, the wall clock, and the calendar.

Wall time here is the wall clock of the start plus the reactor's seconds, so it never jumps on its own; `Clock.adjust`
says how far the real one has moved away since. The reactor's seconds are monotonic under ``twistd gameserver``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from apscheduler.triggers.cron import CronTrigger
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from gameserver.interfaces import IClock

WATCH_S: Final = 5.0
"""How often the wall clock is looked at for steps."""
STEP_S: Final = 1.0
"""A difference of more than this is a step of the wall clock; less is its ordinary drift, followed in silence."""

_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Weekdays as crontab(5) numbers them; APScheduler's numbers start on Monday."""


@implementer(IClock)
class Clock:
    """
    :param reactor: timers, and seconds that never step.
    :param wall: seconds since 1970.
    """

    def __init__(self, reactor: IReactorTime, wall: Callable[[], float]) -> None:
        self.reactor = reactor
        self._wall = wall
        self._base = wall() - reactor.seconds()

    def now(self) -> float:
        """:returns: seconds since 1970."""
        return self._base + self.reactor.seconds()

    def monotonic(self) -> float:
        """:returns: seconds that only grow, since some moment."""
        return self.reactor.seconds()

    def later(self, delay_s: float, call: Callable[..., Any], *args: Any) -> IDelayedCall:
        """Call this once after so many seconds; less than none is none."""
        return self.reactor.callLater(max(0.0, delay_s), call, *args)

    def next_time(self, expression: str, after_s: float) -> float | None:
        """See `IClock.next_time`."""
        return Cron(expression).next_after(after_s)

    def adjust(self) -> float:
        """
        Follow the wall clock.

        :returns: how far it was stepped, seconds; 0.0 where it only drifted.
        """
        off = self._wall() - self.now()
        self._base += off
        return off if abs(off) > STEP_S else 0.0


class Cron:
    """
    A time of the calendar that comes again and again.

    :param expression: five fields as in crontab(5): weekdays as numbers from Sunday = 0, or as names; where both the
        day of the month and the weekday are named, either will do.
    :raises ValueError: it is none.

    Source: crontab(5); APScheduler 3 counts numeric weekdays from Monday, and wants both days where both are named.
    """

    def __init__(self, expression: str, timezone: Any = None) -> None:
        fields = expression.split()
        if len(fields) != 5:
            raise ValueError(f'cron: minute hour day month weekday, such as "0 20 * * sun", not {expression!r}')
        minute, hour, day, month, weekday = fields
        weekday = ",".join(_weekdays(part) for part in weekday.split(","))
        either = not day.startswith("*") and not weekday.startswith("*")
        days = [(day, "*"), ("*", weekday)] if either else [(day, weekday)]
        self._triggers = [
            CronTrigger(minute=minute, hour=hour, day=d, month=month, day_of_week=w, timezone=timezone) for d, w in days
        ]

    def next_after(self, now_s: float) -> float | None:
        """:returns: the next time after this one, seconds since 1970, or None if there is none."""
        found = []
        for trigger in self._triggers:
            now = datetime.fromtimestamp(now_s, trigger.timezone)
            due = trigger.get_next_fire_time(now, now)
            if due is not None:
                found.append(due.timestamp())
        return min(found, default=None)


def _weekdays(part: str) -> str:
    """One item of the weekday's field, in names: APScheduler's week begins on Monday, cron's on Sunday."""
    span, slash, step = part.partition("/")
    if span == "*":
        if not slash:
            return span
        span = "0-6"
    first, dash, last = span.partition("-")
    if not first.isdigit():
        return part
    low = int(first)
    high = int(last) if dash else (6 if slash else low)
    days = range(low, high + 1, int(step or 1))
    if high > 7 or not days:
        raise ValueError(f"cron: {part!r} is no span of weekdays")
    return ",".join(dict.fromkeys(_WEEKDAYS[day] for day in days))
