"""
Times of the calendar as crontab(5) writes them: ``minute hour day month weekday``.

They are read here, so that a game with a wrong one is found when it is loaded. `gameserver.clock.Cron` tells when such
a time comes next, across all changes of the clocks.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

_ITEM: Final = re.compile(r"(?:\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?")
"""``*``, ``7``, ``1-5``, ``mon-fri``, each perhaps with a step: ``*/2``."""
_LAST_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""The last day of each month, in a leap year."""


class _Field(NamedTuple):
    """
    One of the five fields: the values it takes, and their names, beginning with the first value's. Spans of a round one
    may go over the end.
    """

    what: str
    first: int
    last: int
    names: tuple[str, ...] = ()
    is_round: bool = False


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS, is_round=True),
    _Field("weekday", 0, 6, _WEEKDAYS, is_round=True),
)


class Crontab:
    """
    :param expression: five fields: numbers, ``*``, spans, steps, lists; months and weekdays also by their first three
        letters, in any case. Sunday is 0 and 7. Spans of months and weekdays may go over the end: ``fri-mon``.
    :ivar minutes: the minutes that the field names, ascending; likewise ``hours``, ``days``, ``months`` and
        ``weekdays``, the last from Sunday = 0.
    :ivar by_real_time: its minute or hour begins with ``*``: it comes whenever a clock on the wall shows such a time,
        also if the clocks are changed. Others come once for each time of the calendar.
    :ivar either_day: day of the month and weekday are both named, so that either will do.
    :raises ValueError: it is no such expression, or its time never comes.

    Source: crontab(5) and cron(8) of Debian.
    """

    def __init__(self, expression: Any) -> None:
        fields = expression.split() if isinstance(expression, str) else []
        if len(fields) != len(_FIELDS):
            raise ValueError('it must be minute hour day month weekday, such as "0 20 * * sun"')
        self.minutes, self.hours, self.days, self.months, self.weekdays = map(_values, _FIELDS, fields)
        minute, hour, day, _, weekday = fields
        self.by_real_time = minute.startswith("*") or hour.startswith("*")
        self.either_day = not day.startswith("*") and not weekday.startswith("*")
        if not self.either_day and all(self.days[0] > _LAST_DAYS[month - 1] for month in self.months):
            raise ValueError(f"no such month has a day {self.days[0]}")


def _values(field: _Field, text: str) -> list[int]:
    return sorted({value for item in text.lower().split(",") for value in _item(field, item)})


def _item(field: _Field, text: str) -> list[int]:
    """Read one item of a list."""
    match = _ITEM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no {field.what}")
    start, end, every = match.groups()
    first = field.first if start is None else _value(field, start)
    if end is not None:
        last = _value(field, end)
    else:
        last = first if start is not None and every is None else field.last  # "5/15" goes on to the end
    count, step = field.last - field.first + 1, int(every or 1)
    if last < first and not field.is_round:
        raise ValueError(f"{text!r} is no {field.what}: it ends before it begins")
    if not 1 <= step <= count:
        raise ValueError(f"{text!r} is no {field.what}: a step is 1 to {count}")
    length = last - first if first <= last else last - first + count
    return [field.first + (value - field.first) % count for value in range(first, first + length + 1, step)]


def _value(field: _Field, text: str) -> int:
    if text in field.names:
        return field.first + field.names.index(text)
    last = 7 if field.names == _WEEKDAYS else field.last  # Sunday is 0 and 7
    if not text.isdigit() or not field.first <= int(text) <= last:
        raise ValueError(f"{text!r} is no {field.what}")
    return int(text)
