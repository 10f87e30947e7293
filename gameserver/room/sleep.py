"""Rooms that are in no node's memory: when one is to be woken, and how its times are shifted then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gameserver.room.marks import LOOK, NEVER
from gameserver.room.publish import broadcast

if TYPE_CHECKING:
    from gameserver.room.room import Room


class Dues(NamedTuple):
    """
    When something is due next, seconds since 1970; None: nothing is.

    :ivar waits_s: of what waits for a span of time, whatever the clock is set to.
    :ivar date_s: of dates of the calendar.
    """

    waits_s: float | None
    date_s: float | None


def dues(room: Room) -> Dues:
    """:returns: when a room to which nobody is connected has something to do next."""
    timers = room.timers.armed.values() if room.state.paused_at is None else ()
    held = room.seats.first_held()
    waits = [timer.due for timer in timers if not timer.calendar]
    dates = [timer.due for timer in timers if timer.calendar]
    others = (held._kept.hold_until if held is not None else None, room.idle_at(), room.state.host_away_at)
    waits += [due for due in others if due is not None]
    first = room.next_due()
    if first is not None and first < min([*waits, *dates], default=NEVER):
        waits.append(first)
    return Dues(min(waits, default=None), min(dates, default=None))


def wake(room: Room, *, empty_since: float, outage_s: float, stepped_s: float) -> None:
    """
    Wake a room that was just read and had slept: nobody has been connected all the time.

    :param empty_since: since when, seconds since 1970 by the clock of then.
    :param outage_s: for so long no node ran meanwhile.
    :param stepped_s: by so much the clock was set forward meanwhile.
    """
    if stepped_s:
        room.clock_stepped(stepped_s)
        broadcast.finish(room)
    if outage_s:
        room.away(outage_s)
    room.moment.grace_until = None
    room.moment.empty_since = empty_since + outage_s + stepped_s
    room.journal.stale.due_at = LOOK
