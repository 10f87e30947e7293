"""
The contracts between the rooms and what is around them: what each promises, what its Deferreds fire and fail with.

Implementations are chosen in `gameserver.service` alone. Each contract has a suite under ``tests/contracts`` that runs
on every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IDelayedCall


class IClock(Interface):
    """Time, as rooms are given it."""

    def now() -> float:
        """The wall clock, seconds since 1970."""

    def monotonic() -> float:
        """Seconds since some moment, which only grow."""

    def later(delay_s: float, call: Callable[..., Any], *args: Any) -> IDelayedCall:
        """Call this once after so many seconds, in the reactor's thread; less than none is none."""

    def next_time(expression: str, after_s: float) -> float | None:
        """
        When a time of the calendar comes next.

        :param expression: as `gameserver.cron` takes it.
        :returns: seconds since 1970, or None if it never comes.
        :raises ValueError: it is no such expression.
        """


class Commit(Struct, frozen=True, kw_only=True):
    """
    What some steps of one room changed, to be stored together.

    A stored room is a set of *parts*, each a name (see `gameserver.store.keys`) and bytes; a commit writes only the
    parts that changed.

    :ivar room: the room's id.
    :ivar code: the code that people type, claimed before with `IStore.claim_code`.
    :ivar game: the game's name.
    :ivar fence: the fence under which the room was opened.
    :ivar version: the room's version that this commit makes; the one before it is ``version - 1``, and 0 is none.
    :ivar puts: parts to write.
    :ivar drops: parts to delete; a name is never in both.
    :ivar ends: the room is over for good: delete it whole, and keep its code from reuse for a day.
    :ivar whole: ``puts`` are all parts that the room has, whatever the store has of it: what a store is given that
        lost something.
    :ivar entries: entries of the room's tables to write, by table and key; None deletes one.
    """

    room: str
    code: str
    game: str
    fence: int
    version: int
    puts: Mapping[str, bytes]
    drops: Sequence[str] = ()
    ends: bool = False
    whole: bool = False
    entries: Mapping[tuple[str, str], bytes | None] = {}


class Stored(Struct, frozen=True, kw_only=True):
    """
    A room as it lies in the store, without its tables; the fields are those of `Commit`.

    :ivar at_ms: when the node that had the room is last known to have run: its last commit's ``now_ms``, or, from a
        store that nodes share, that node's last beat.
    :ivar table_bytes: of all entries of its tables.
    """

    room: str
    code: str
    game: str
    fence: int
    version: int
    at_ms: int
    parts: Mapping[str, bytes]
    table_bytes: int = 0


class TableSize(Struct, frozen=True):
    """How many entries a table has, and their bytes: of their keys in UTF-8, and of their values."""

    count: int
    size_bytes: int


class TableSizes(Struct, frozen=True):
    """
    What `IStore.measure_entries` tells.

    :ivar tables: by name, those that have entries.
    :ivar entries: the bytes of each entry that was asked for, or None where there is none.
    """

    tables: Mapping[str, TableSize]
    entries: Sequence[int | None]


class Outcome(Enum):
    """What became of one commit."""

    STORED = "stored"
    FENCED = "fenced"
    BEHIND = "behind"


class IStore(Interface):
    """Where rooms outlive their process. All methods may be called only between ``start`` and ``stop``."""

    def start() -> Deferred[None]:
        """
        Open the store.

        :raises StoreLocked: another process has it.
        :raises StoreUnavailable: it cannot be reached or written.
        """

    def stop() -> Deferred[None]:
        """Finish what was asked, then let go. Calling it again does nothing."""

    def commit(commits: Sequence[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
        """
        Store each commit if its fence is current, all of one commit or none of it, in one round trip.

        A commit whose version the store already has (a retry after an unknown outcome) writes nothing and is
        ``STORED``. One of an older fence than the store's, or of a version that the store is beyond, is ``FENCED``: a
        newer owner exists, and the room must stop here. One whose version leaves a gap is ``BEHIND``: the store lost
        what it had stored (a failover), and wants the room `Commit.whole`; an end needs no such thing.

        :param commits: at most one per room.
        :param now_ms: wall clock, milliseconds since 1970, kept with the room.
        :returns: one outcome per commit, in order.
        :raises StoreUnavailable: nothing is known of these commits; commit the same again, each is applied once.
        """

    def room_ids() -> Deferred[list[str]]:
        """The ids of all stored rooms, oldest first."""

    def open_rooms(ids: Sequence[str]) -> Deferred[list[Stored]]:
        """
        Take these rooms over: each gets a higher fence, which is stored, and what older owners commit is FENCED.

        :returns: those that exist and that no other node with a lease has, in the order asked.
        """

    def read_entries(room: str, table: str, names: Sequence[str]) -> Deferred[list[bytes | None]]:
        """
        Read entries of one table of a room, as they are after every commit that was asked for before.

        :param table: 1 to 32 of ``A-Z a-z 0-9 _ -``.
        :param names: keys.
        :returns: the value of each, in order; None where there is no such entry, table or room.
        """

    def scan_entries(
        room: str, table: str, *, prefix: str, after: str | None, limit: int
    ) -> Deferred[list[tuple[str, bytes]]]:
        """
        Read some entries of one table in the order of their keys, which is that of their code points.

        :param prefix: what the keys begin with.
        :param after: the keys are behind this one; None begins with the first.
        :param limit: so many at most.
        :returns: keys and values.
        """

    def measure_entries(room: str, entries: Sequence[tuple[str, str]]) -> Deferred[TableSizes]:
        """
        Tell how large the tables of a room are; the time it takes does not grow with them.

        :param entries: table and key of entries whose own size is asked for.
        """

    def claim_code(code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """
        Reserve a code for a room that is about to be created.

        :returns: False if a live room has it, or one that ended less than 24 hours before ``now_ms``.
        """

    def release_code(code: str) -> Deferred[None]:
        """Give a claimed code back at once: its room never came to be."""

    def beat(*, now_ms: int) -> Deferred[None]:
        """Note that this node is alive; after a crash this tells how long it was away."""

    def last_beat_ms() -> Deferred[int | None]:
        """The ``now_ms`` of the newest beat or commit before this start, or None in a new store."""


class Renewal(Enum):
    """
    What became of a lease.

    ``KEPT``: it was this node's without a gap, and the store was there all the time. ``LAPSED``: it is this node's
    again, but had ended, or the store may have lost something meanwhile: others may have taken rooms over, so look at
    each. ``TAKEN``: a later process of the same node has it, for good.
    """

    KEPT = "kept"
    LAPSED = "lapsed"
    TAKEN = "taken"


class ILeases(Interface):
    """
    What a store that nodes share has besides: each node's lease, its right to run rooms.

    The store knows its node's name; what the node opens and commits is under the lease that it acquired last, and
    fails with `StoreUnavailable` while that is not held. A room belongs to the node that opened or created it, for as
    long as that node holds a lease. All methods fail with `StoreUnavailable` where nothing is known of the outcome.
    """

    def acquire_lease(token: str, *, for_ms: int) -> Deferred[None]:
        """
        Take this node's lease, also from an earlier process of the same node.

        :param token: random; tells this process from others of the node.
        :param for_ms: how long it lasts from now, unless it is renewed.
        """

    def renew_lease(*, for_ms: int) -> Deferred[Renewal]:
        """Have the lease last for so long from now."""

    def release_lease() -> Deferred[None]:
        """End the lease at once: others may take the node's rooms over."""

    def orphaned() -> Deferred[list[str]]:
        """The nodes without a lease that may have left rooms behind."""

    def forget_nodes(nodes: Sequence[str]) -> Deferred[None]:
        """What these nodes left behind was seen to; one of them that acquires a lease again is known again."""

    def fences(ids: Sequence[str]) -> Deferred[list[tuple[int, int] | None]]:
        """
        How far the store is with these rooms.

        :returns: fence and version of each, in order; None where there is no such room.
        """

    def once(name: str, *, for_ms: int) -> Deferred[bool]:
        """
        Ask to be the one node that does something.

        :param name: of what is to be done once.
        :param for_ms: how long it is remembered that somebody asked.
        :returns: whether nobody asked before.
        """

    def release_rooms(ids: Sequence[str]) -> Deferred[None]:
        """Let go of rooms that this node opened and cannot run: they belong to nobody until one opens them."""


class ILease(Interface):
    """A node's lease, as its rooms know it."""

    held = Attribute("Whether effects may go out: false from some seconds before its end on, by monotonic time.")

    def start(holder: ILeaseHolder) -> Deferred[None]:
        """
        Acquire it, and keep it renewed.

        :raises StoreUnavailable: it cannot be acquired now.
        """

    def stop() -> Deferred[None]:
        """Release it; never fails."""


class ILeaseHolder(Interface):
    """What depends on a lease."""

    def lease_ended() -> None:
        """No effect from now on: the lease is not `ILease.held` any more. It may come back."""

    def lease_regained() -> Deferred[None]:
        """
        The lease lapsed, or the store may have lost something: look at each room. `ILease.held` as soon as this fires.

        :raises StoreUnavailable: that cannot be known yet; asked again later.
        """

    def lease_held() -> None:
        """It is held again: what waited for it may go on."""

    def lease_lost() -> None:
        """Another process is this node now, for good."""

    def adopt() -> Deferred[None]:
        """Take over rooms that belong to nobody."""


class IBooks(Interface):
    """Small collections of bytes beside the rooms, in every store, between ``start`` and ``stop``."""

    def read_book(book: str) -> Deferred[dict[str, bytes]]:
        """
        Read all pages of a book, by their names.

        :raises StoreUnavailable: nothing is known of it.
        """

    def write_book(book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """
        Write some pages of a book, and tear others out, all or none.

        :raises StoreUnavailable: nothing is known of it; write the same again, it does no harm.
        """


class User(Struct, frozen=True):
    """
    Who somebody is.

    :ivar id: stable, unique among all authenticators: ``guest:…``.
    :ivar name: shown to others, 1 to 32 code points.
    :ivar rights: such as ``admin`` or ``moderator``.
    """

    id: str
    name: str
    rights: tuple[str, ...] = ()


class IAuthenticator(Interface):
    """Tells who a client is from what ``hello`` or an ``Authorization`` header brought."""

    def guest(name: str) -> tuple[User, str]:
        """
        Make a new guest.

        :returns: the user, and a signed token that proves it later.
        :raises Refused: ``bad_data`` for a name that cannot be, ``unauthenticated`` where guests are not admitted.
        """

    def authenticate(token: str, *, now_s: float) -> Deferred[User]:
        """
        :returns: the user whom this token proves.
        :raises Refused: ``unauthenticated`` for a token that is forged, expired or revoked; the text is for people.
        """


class ISession(Interface):
    """What a room knows of a connection: one door in, three doors out."""

    address = Attribute("Whose connection it is, for bans of addresses; empty where there is none.")
    key = Attribute("The client's key: which ids of requests were already applied is kept by seat and key.")
    form = Attribute("The `gameserver.wire.messages.Form` of what it is sent.")

    def deliver(frame: bytes) -> None:
        """Send one message, encoded in this session's form, in the order of the calls. Never raises, never blocks."""

    def deliver_volatile(frame: bytes, slot: str) -> None:
        """The same; a slow reader gets the newest frame of a slot only."""

    def seated(code: str, seat: str) -> None:
        """From now on this session holds that seat in the room of that code."""

    def unseated(code: str) -> None:
        """It holds it no longer."""
