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

    def adopt() -> Deferred[bool]:
        """
        Take over rooms that belong to nobody.

        :returns: whether none was left that another node may be able to run.
        """


class UserRow(Struct, frozen=True, kw_only=True):
    """
    What a store keeps of one user; it knows nothing of what is in ``value``.

    :ivar name_key: no two rows have the same; None: the user has no name (any more).
    :ivar version: 1 for a new row, and one more with each change.
    """

    id: str
    name_key: str | None
    version: int
    value: bytes

    def __repr__(self) -> str:
        return f"UserRow({self.id!r}, version={self.version})"


class Put(Enum):
    """What became of one row."""

    STORED = "stored"
    STALE = "stale"
    TAKEN = "taken"


class IUserStore(Interface):
    """
    Where users outlive their process: the same stores, between ``start`` and ``stop``.

    Every method raises `StoreUnavailable`: nothing is known of what was asked; ask the same again.
    """

    def put_user(row: UserRow) -> Deferred[Put]:
        """
        Write a row if its version follows the stored one, and nobody else has its name.

        A row that the store has exactly so (a retry after an unknown outcome) writes nothing and is ``STORED``.

        :returns: ``STALE`` if somebody changed or dropped the row meanwhile: read it again. ``TAKEN`` if the name is
            another's.
        """

    def user(id: str) -> Deferred[UserRow | None]:
        """:returns: the row of this id, if there is one."""

    def user_named(name_key: str) -> Deferred[UserRow | None]:
        """:returns: the row that has this name, if there is one."""

    def drop_user(id: str) -> Deferred[None]:
        """Forget a user, whose name is free from now on."""

    def spend(mark: str, *, now_ms: int, until_ms: int) -> Deferred[bool]:
        """
        Take note of something that is good once.

        :param until_ms: milliseconds since 1970 until which the store remembers it.
        :returns: whether it was new.
        """


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

    :ivar id: stable, unique among all authenticators: ``guest:…``, ``account:…``.
    :ivar name: shown to others, 1 to 32 code points.
    :ivar rights: such as ``admin`` or ``moderator``.
    :ivar login: which login proved it, for authenticators that can end one; empty where there is no such thing.
    """

    id: str
    name: str
    rights: tuple[str, ...] = ()
    login: str = ""


class Grant(Struct, frozen=True):
    """
    What somebody gets who proved who they are.

    :ivar token: proves it from now on; it begins with its authenticator's kind, and a dot.
    :ivar expires_s: seconds for which the token is good, or None where nobody but its authenticator knows.
    :ivar refresh: buys the next grant, once, where there is such a thing.
    """

    user: User
    token: str
    expires_s: int | None = None
    refresh: str | None = None

    def __repr__(self) -> str:
        return f"Grant({self.user!r})"


class IAuthenticator(Interface):
    """
    One way to tell who a client is, from the token that ``hello`` or an ``Authorization`` header brought.

    Which of them a server has, and in which order, is the setting ``auth``. One lives in ``gameserver.auth.KIND``,
    whose ``make(means)`` builds it (see `gameserver.auth.means`). What else it can do it says by implementing
    `IGuests`, `IPasswords` or `ICookies` as well.
    """

    kind = Attribute("Its name in settings. Tokens of its own making begin with it and a dot.")

    def owns(token: str) -> bool:
        """Whether a token looks like this authenticator's: only its form is looked at, so that asking is cheap."""

    def authenticate(token: str, *, now_s: float) -> Deferred[User]:
        """
        :param token: one that it `owns`.
        :param now_s: seconds since 1970.
        :returns: the user whom this token proves.
        :raises Refused: ``unauthenticated`` for a token that is forged, expired or revoked; the text is for people,
            and says nothing that helps a forger.
        :raises StoreUnavailable: it cannot be looked up now.
        """


class IGuests(IAuthenticator):
    """Admits whoever says a name."""

    def guest(name: str) -> tuple[User, str]:
        """
        Make a new guest.

        :param name: as `gameserver.room.names.check_name` returns it.
        :returns: the user, and a signed token that proves it later.
        """


class IPasswords(IAuthenticator):
    """Admits whoever knows a name and its password."""

    def login(name: str, password: str, *, now_s: float) -> Deferred[Grant]:
        """
        :returns: what this user gets.
        :raises Refused: ``unauthenticated``, with the same text, and after as much work, whether there is no such
            user or the password is wrong; ``busy``: too many others are at it.
        """


class IAccounts(IPasswords):
    """
    Keeps users with passwords of its own.

    What ends a login (`logout`, `change_password`, `delete`, a refresh token that is used twice) closes its connections
    once that is stored.
    """

    def register(
        name: str, password: str, *, guest: User | None = None, invitation: str | None = None, now_s: float
    ) -> Deferred[Grant]:
        """
        Make an account.

        :param name: as `gameserver.room.names.check_name` returns it.
        :param guest: becomes this account, and keeps id and seats; its token proves nothing from now on.
        :param invitation: what the operator gave this person, where that is asked for.
        :raises Refused: ``name_taken``, ``bad_data`` for a password that is too short, ``forbidden``, ``busy``.
        """

    def refresh(token: str, *, now_s: float) -> Deferred[Grant]:
        """
        Buy the next grant, and spend the refresh token; one that was spent before ends its login.

        :raises Refused: ``unauthenticated``.
        """

    def logout(token: str, *, now_s: float) -> Deferred[None]:
        """
        End the login of this token, of whatever kind; one that ended before is fine.

        :raises Refused: ``unauthenticated``: it is no token of this server.
        """

    def change_password(user: User, old: str, new: str, *, now_s: float) -> Deferred[Grant]:
        """
        End every login of this user, and begin a new one.

        :raises Refused: ``wrong_password``, ``bad_data`` for one that is too short, ``busy``.
        """

    def delete(user: User, password: str, *, now_s: float) -> Deferred[None]:
        """
        Forget this user.

        :raises Refused: ``wrong_password``, ``busy``.
        """

    def cookie(grant: Grant, *, now_s: float) -> str:
        """:returns: what a browser keeps of a grant in a cookie that pages cannot read; good for tickets alone."""


class ICookies(IAuthenticator):
    """Admits a browser by a cookie, to sell it a ticket; a WebSocket is never authenticated by a cookie."""

    def authenticate_cookies(cookies: Mapping[str, str], *, now_s: float) -> Deferred[Grant | None]:
        """
        The request's origin was checked before.

        :param cookies: name to value, all that the request brought.
        :returns: what this user gets, or None if none of the cookies is this authenticator's.
        :raises Refused: ``unauthenticated``: one is, and proves nothing.
        """


class IAuthenticators(Interface):
    """All authenticators of a server, as sessions and HTTP calls see them."""

    def guest(name: str) -> tuple[User, str]:
        """
        Make a new guest.

        :raises Refused: ``unauthenticated`` where guests are not admitted.
        """

    def authenticate(token: str, *, now_s: float) -> Deferred[User]:
        """See `IAuthenticator.authenticate`; a token that nobody owns is refused as well."""

    def login(name: str, password: str, *, now_s: float) -> Deferred[Grant]:
        """See `IPasswords.login`: each that has passwords is asked in turn."""

    def authenticate_cookies(cookies: Mapping[str, str], *, now_s: float) -> Deferred[Grant | None]:
        """See `ICookies.authenticate_cookies`: each that knows cookies is asked in turn."""

    def offering(contract: type[Interface]) -> IAuthenticator | None:
        """:returns: the first that implements this contract, or None."""


class ITickets(Interface):
    """Sells what is shown once in place of a token."""

    def sell(token: str, *, now_s: float) -> str:
        """
        :param token: that was proved just now.
        :returns: a ticket, good once and for half a minute.
        """

    def redeem(ticket: str, *, now_s: float) -> Deferred[str]:
        """
        :returns: the token that bought it, which is yet to be proved again.
        :raises Refused: ``unauthenticated``: it is forged, expired, or was shown before.
        :raises StoreUnavailable: the store does not tell whether it was shown.
        """


class IHasher(Interface):
    """Hashes passwords outside the reactor's thread."""

    asked = Attribute("How many are asked for now.")
    refused = Attribute("How many were refused since the start.")

    def hash(password: str) -> Deferred[str]:
        """
        :returns: what to keep of a password; each time another.
        :raises Refused: ``busy``: too many wait; ``bad_data``: it is too long.
        """

    def verify(kept: str | None, password: str) -> Deferred[bool]:
        """
        Tell whether this is the password; for nobody's it costs as much, and is never right.

        :param kept: what `hash` returned, or None for nobody's password.
        :raises Refused: ``busy``: too many wait; ``bad_data``: it is too long.
        """


class ISession(Interface):
    """What a room knows of a connection: one door in, three doors out."""

    address = Attribute("Whose connection it is, for bans of addresses; empty where there is none.")
    key = Attribute("The client's key: which ids of requests were already applied is kept by seat and key.")
    form = Attribute("The `gameserver.wire.messages.Form` of what it is sent.")

    def deliver(frame: bytes) -> None:
        """Send one message, encoded in this session's form, in the order of the calls. Never raises, never blocks."""

    def deliver_all(frames: list[bytes]) -> None:
        """The same of several, of a list that never changes: whoever is told the same is given the same list."""

    def deliver_volatile(frame: bytes, slot: str) -> None:
        """The same; a slow reader gets the newest frame of a slot only."""

    def seated(code: str, seat: str) -> None:
        """From now on this session holds that seat in the room of that code."""

    def unseated(code: str) -> None:
        """It holds it no longer."""
