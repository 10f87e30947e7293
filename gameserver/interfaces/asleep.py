"""Rooms that are in no node's memory: what a store knows of them besides their parts, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from zope.interface import Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class Asleep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What a room leaves in the store's index when it falls asleep, see `Commit.sleeps`.

    All times are milliseconds since 1970.

    :ivar slept_ms: when it fell asleep.
    :ivar empty_ms: since when nobody was connected.
    :ivar stepped_ms: that of `StoreTime` when it fell asleep.
    :ivar outage_ms: likewise.
    :ivar due_ms: when something is due next that waits for a span of time, whatever the clock is set to.
    :ivar date_ms: when something is due next at a date of the calendar.
    :ivar created_ms: when it was made.
    :ivar listing: what the lobby shows of it, JSON; None: it is private.
    :ivar is_open: somebody new may find a seat there without knowing its code.
    :ivar users: the ids of the users who have seats.
    :ivar maker: the id of the user who made it, where nobody has a seat.
    :ivar size_bytes: how much it takes of the space of its game.
    """

    slept_ms: int
    empty_ms: int
    stepped_ms: int = 0
    outage_ms: int = 0
    due_ms: int | None = None
    date_ms: int | None = None
    created_ms: int = 0
    listing: str | None = None
    is_open: bool = False
    users: Sequence[str] = ()
    maker: str | None = None
    size_bytes: int = 0


class StoreTime(Struct, frozen=True, kw_only=True):
    """
    How time went by for all rooms of a store.

    :ivar outage_ms: for so long no node ran, in all.
    :ivar stepped_ms: by so much the wall clock was set forward while one ran, in all.
    :ivar since_ms: when the last outage ended, milliseconds since 1970; 0: there was none.
    """

    outage_ms: int = 0
    stepped_ms: int = 0
    since_ms: int = 0


class Slept(Struct, frozen=True, kw_only=True):
    """
    How a room that was opened had slept.

    :ivar outage_ms: for so long no node ran meanwhile.
    :ivar stepped_ms: by so much the wall clock was set forward meanwhile, by this node's count.
    """

    asleep: Asleep
    outage_ms: int = 0
    stepped_ms: int = 0


class DueRooms(Struct, frozen=True, kw_only=True):
    """
    What `ISleepStore.due_rooms` tells.

    :ivar ids: the rooms that are due, those first that were due first.
    :ivar time: how time goes by, also by what other nodes found.
    """

    ids: Sequence[str]
    time: StoreTime


class Listed(Struct, frozen=True, kw_only=True):
    """A sleeping room that is shown in the lobby: its ``listing`` is JSON, and ``created_ms`` when it was made."""

    room: str
    code: str
    created_ms: int
    listing: str


class SleepingRooms(Struct, frozen=True, kw_only=True):
    """The codes of sleeping rooms in which a user has a seat, and of those that the user made, where nobody has one."""

    seated: Sequence[str] = ()
    empty: Sequence[str] = ()


class SleepingTotal(Struct, frozen=True, kw_only=True):
    """How many rooms of a game sleep, and how much they take of its space."""

    count: int
    size_bytes: int


class ISleepStore(Interface):
    """
    What every store is asked of rooms that sleep: they belong to no node, and whoever opens one wakes it.

    A room sleeps from a commit with `Commit.sleeps` until it is opened. All methods fail with `StoreUnavailable` where
    nothing is known of the outcome, and do no harm when they are called again.
    """

    def begin_time(*, now_ms: int) -> Deferred[StoreTime]:
        """
        A node starts: count the time in which none ran as an outage, once, however often it is called.

        :returns: how time goes by from now on.
        """

    def step_time(delta_ms: int, *, now_ms: int) -> Deferred[StoreTime]:
        """
        This node's wall clock was set forward by so much, and is ``now_ms`` now: count that once for all rooms.

        Where nodes share the store, only if the store's own clock was set as well: else that one node's clock was
        wrong, which concerns the rooms that it runs.
        """

    def awake_ids() -> Deferred[list[str]]:
        """
        Return the ids of the stored rooms that do not sleep, oldest first.

        Where nodes share the store, only those that no node has: `ILeases` tells what a node has, or had.
        """

    def due_rooms(*, until_ms: int, limit: int) -> Deferred[DueRooms]:
        """Tell which sleeping rooms have something due until then, by this node's wall clock; so many at most."""

    def listed_rooms(game: str | None, *, open_only: bool, skip: int, limit: int) -> Deferred[list[Listed]]:
        """
        Return a page of the sleeping rooms that the lobby shows, newest first.

        :param game: only those of this game; None: of all.
        :param open_only: only those with `Asleep.is_open`.
        :param skip: how many come before the page.
        """

    def sleeping_rooms_of(user: str) -> Deferred[SleepingRooms]:
        """Tell which sleeping rooms count for a user."""

    def sleeping_totals() -> Deferred[Mapping[str, SleepingTotal]]:
        """Tell how many rooms of each game sleep, and how much space they take."""

    def rouse(game: str, *, now_ms: int) -> Deferred[None]:
        """Make all sleeping rooms of a game due now, by the calendar."""
