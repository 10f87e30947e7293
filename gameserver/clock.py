"""
Everything that knows the time: the reactor's timers, the wall clock, and the calendar.

`Clock.now` is the wall clock at the start plus the seconds that the reactor counts, so it never jumps on its own;
`Clock.adjust` follows the real wall clock, and says how far that was stepped. The reactor's seconds are monotonic under
``twistd gameserver``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from math import floor
from typing import Any, Final
from zoneinfo import ZoneInfo

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from tzlocal import get_localzone
from zope.interface import implementer

from gameserver.game.crontab import Crontab
from gameserver.interfaces import IClock

WATCH_S: Final = 5.0
"""How often the wall clock is looked at for steps."""
STEP_S: Final = 1.0
"""A difference of more than this is a step of the wall clock; less is its ordinary drift, followed in silence."""

LOAD_S: Final = 0.5
"""The load is measured over at least this long: over less, it would be a matter of chance."""

_DAY_S: Final = 86400
"""The step of a search for changes of the clocks: no zone changes them twice in a day."""


@implementer(IClock)
class Clock:
    """
    :param reactor: timers, and seconds that never step.
    :param wall: seconds since 1970.
    :param zone: time zone of the calendar; None: this machine's.
    :ivar monotonic: gives seconds that only grow; see `IClock.monotonic`.
    :ivar ahead_s: see `IClock.ahead_s`.
    """

    def __init__(self, reactor: IReactorTime, wall: Callable[[], float], zone: tzinfo | None = None) -> None:
        self.reactor = reactor
        self.monotonic = reactor.seconds  # not wrapped in a method: it is called in each pass
        self._wall = wall
        self._zone = zone
        self.ahead_s = wall() - reactor.seconds()
        self._crons: dict[str, Cron] = {}

    def now(self) -> float:
        """:returns: seconds since 1970."""
        return self.ahead_s + self.reactor.seconds()

    def later(self, delay_s: float, call: Callable[..., Any], *args: Any) -> IDelayedCall:
        """Call this once after ``delay_s`` seconds; a negative delay counts as 0."""
        return self.reactor.callLater(max(0.0, delay_s), call, *args)

    def next_time(self, expression: str, after_s: float) -> float | None:
        """Return when a time of the calendar comes next, in seconds since 1970; see `IClock.next_time`."""
        cron = self._crons.get(expression)
        if cron is None:
            cron = self._crons[expression] = Cron(expression, self._zone)
        return cron.next_after(after_s)

    def adjust(self) -> float:
        """
        Follow the wall clock.

        :returns: how far it was stepped, seconds; 0.0 where it only drifted.
        """
        off = self._wall() - self.now()
        self.ahead_s += off
        return off if abs(off) > STEP_S else 0.0


class ProcessLoad:
    """
    How busy this process is.

    :param seconds: a clock that only grows, in seconds.
    :param used: the processor time that all threads of this process have used, in seconds.
    """

    def __init__(self, seconds: Callable[[], float], used: Callable[[], float]) -> None:
        self._seconds = seconds
        self._used = used
        self._asked_s, self._used_s = seconds(), used()
        self._load = 0

    def __call__(self) -> int:
        """
        :returns: percent of one processor that it used between the last two measurements, which are `LOAD_S` or more
            apart.
        """
        now_s, used_s = self._seconds(), self._used()
        if now_s - self._asked_s >= LOAD_S:
            self._load = round(100 * (used_s - self._used_s) / (now_s - self._asked_s))
            self._asked_s, self._used_s = now_s, used_s
        return self._load


class Cron:
    """
    A time of the calendar that comes again and again, in a time zone.

    APScheduler finds the next time in UTC, where clocks are never changed. What happens when the zone's clocks are
    changed is decided here, as cron(8) of Debian does: a time that is skipped comes at the first moment after the gap,
    and one that the clocks show twice comes once; but an expression whose minute or hour begins with ``*`` goes by real
    time: it comes whenever a clock shows it.

    :param expression: see `Crontab`.
    :param timezone: a time zone or its name; by default this machine's.
    :raises ValueError: there is no such time, or no such zone.

    Source: cron(8) of Debian; APScheduler's issues 529 and 606 are why it is given no zone.
    """

    def __init__(self, expression: str, timezone: str | tzinfo | None = None) -> None:
        from apscheduler.triggers.cron import CronTrigger  # it brings much that a server without a calendar never needs

        crontab = Crontab(expression)
        self._by_real_time = crontab.by_real_time
        self._zone = _zone(timezone)
        day = {"day": _spans(crontab.days)}
        # APScheduler numbers weekdays from Monday = 0.
        weekday = {"day_of_week": _spans(sorted((each - 1) % 7 for each in crontab.weekdays))}
        fields = {"minute": crontab.minutes, "hour": crontab.hours, "month": crontab.months}
        always = {name: _spans(values) for name, values in fields.items()}
        days = [day, weekday] if crontab.either_day else [{**day, **weekday}]
        self._shown = [CronTrigger(timezone=UTC, **always, **each) for each in days]

    def next_after(self, now_s: float) -> float | None:
        """:returns: the first of these times that is later than this, seconds since 1970, or None if there is none."""
        return self._by_clocks(floor(now_s)) if self._by_real_time else self._by_calendar(floor(now_s))

    def _by_clocks(self, now_s: int) -> int | None:
        at_s: int | None = now_s + 1
        due_s = None
        while at_s is not None:
            offset_s = self._offset(at_s)
            wall_s = self._next_shown(at_s + offset_s)
            if wall_s is None:
                return None
            due_s = wall_s - offset_s
            at_s = self._change(at_s, due_s)
        return due_s

    def _by_calendar(self, now_s: int) -> int | None:
        wall_s: int | None = now_s + self._offset(now_s)
        while wall_s is not None:
            wall_s = self._next_shown(wall_s + 1)
            if wall_s is not None and (due_s := self._first(wall_s)) > now_s:
                return due_s
        return None

    def _next_shown(self, wall_s: int) -> int | None:
        """The first of these times from this one on, as a clock in UTC shows it."""
        wall = datetime.fromtimestamp(wall_s, UTC)
        found = [trigger.get_next_fire_time(None, wall) for trigger in self._shown]
        return min((round(each.timestamp()) for each in found if each is not None), default=None)

    def _first(self, wall_s: int) -> int:
        """When the zone's clocks first show this time, or a later one where they never show it."""
        wall = datetime.fromtimestamp(wall_s, UTC).replace(tzinfo=self._zone)
        before_s, after_s = round(wall.timestamp()), round(wall.replace(fold=1).timestamp())
        # PEP 495: fold=0 reads it by the offset before a change, fold=1 by that after it. Where both are right, the
        # first is the earlier.
        skipped = before_s > after_s
        return (self._change(after_s, before_s) or before_s) if skipped else before_s

    def _offset(self, at_s: int) -> int:
        offset = datetime.fromtimestamp(at_s, self._zone).utcoffset() or timedelta()
        return round(offset.total_seconds())

    def _change(self, first_s: int, last_s: int) -> int | None:
        """When the clocks are first changed after the one moment and up to the other, if they are."""
        offset_s = self._offset(first_s)
        while first_s < last_s:
            next_s = min(first_s + _DAY_S, last_s)
            if self._offset(next_s) != offset_s:
                return _bisected(first_s, next_s, lambda at_s: self._offset(at_s) != offset_s)
            first_s = next_s
        return None


def _bisected(before: int, after: int, is_after: Callable[[int], bool]) -> int:
    """Return the first integer for which ``is_after`` holds; it holds for ``after``, and not for ``before``."""
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if is_after(middle) else (middle, after)
    return after


def _spans(values: list[int]) -> str:
    """Write ascending numbers as spans for APScheduler, which is slow with single numbers."""
    spans = [[values[0], values[0]]]
    for value in values[1:]:
        if value == spans[-1][1] + 1:
            spans[-1][1] = value
        else:
            spans.append([value, value])
    return ",".join(f"{first}-{last}" for first, last in spans)


def server_zone(named: str | None) -> tzinfo | None:
    """
    Find the time zone of the server's calendar, once: games and Django projects may change ``TZ`` later.

    :param named: the setting ``time_zone``.
    :returns: the zone; None where it is not known: then `Cron` raises the error for each game that needs it.
    """
    try:
        return _zone(named)
    except ValueError:
        return None


def _zone(named: str | tzinfo | None) -> tzinfo:
    """:raises ValueError: there is no such time zone."""
    try:
        if named is None:
            return get_localzone()
        return ZoneInfo(named) if isinstance(named, str) else named
    except (LookupError, ValueError, OSError, struct.error) as error:  # struct.error: a zone file that is cut off
        said = error.args[0] if isinstance(error, LookupError) and error.args else error  # str() would add quotes
        raise ValueError(f"the time zone cannot be told: {' '.join(str(said).split())}") from error
