"""What keeps rooms and users beyond their process: what is stored, and the contracts of every store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from zope.interface import Interface

from gameserver.interfaces.asleep import Asleep, Slept

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


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
    :ivar whole: ``puts`` are all parts that the room has, whatever the store has of it, and ``game`` is its game from
        now on: for a store that lost something, or a game that has another name.
    :ivar entries: entries of the room's tables to write, by table and key; None deletes one.
    :ivar notices: pages to write in the book `gameserver.store.keys.NOTICES`, which outlive the room.
    :ivar sleeps: the room leaves memory with this commit, and is nobody's until it is opened.
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
    notices: Mapping[str, bytes] = {}
    sleeps: Asleep | None = None


class Stored(Struct, frozen=True, kw_only=True):
    """
    A room as it lies in the store, without its tables; the fields are those of `Commit`.

    :ivar at_ms: when the node that had the room is last known to have run: its last commit's ``now_ms``, or, from a
        store that nodes share, that node's last beat.
    :ivar table_bytes: of all entries of its tables.
    :ivar slept: how it slept, if it did.
    """

    room: str
    code: str
    game: str
    fence: int
    version: int
    at_ms: int
    parts: Mapping[str, bytes]
    table_bytes: int = 0
    slept: Slept | None = None


class Located(Struct, frozen=True, kw_only=True):
    """
    Where a room is, as `IStore.locate` tells it.

    :ivar game: empty if the room is not stored.
    :ivar node: whose it is: another node that holds a lease; None: this node may open it.
    :ivar lease_ms: what is left of that node's lease, milliseconds; 0 where there is none.
    :ivar url: of that node's WebSocket, as it has told; None: it told none.
    :ivar orphaned: its node holds no lease any more: the nodes that can run it are claiming such rooms at present.
    :ivar silent: it has not renewed its lease for so long that it may be gone.
    """

    room: str
    code: str
    game: str
    node: str | None = None
    lease_ms: int = 0
    url: str | None = None
    silent: bool = False
    orphaned: bool = False


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
    """What became of one commit, as `IStore.commit` explains."""

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
        """Return the ids of all stored rooms, oldest first."""

    def open_rooms(ids: Sequence[str]) -> Deferred[list[Stored]]:
        """
        Take these rooms over: each gets a higher fence, which is stored, and what older owners commit is FENCED.

        One that sleeps is woken by it.

        :returns: those that exist and that no other node with a lease has, in the order asked.
        """

    def locate(code: str) -> Deferred[Located | None]:
        """
        Say which room has a code, and which node has that room.

        :param code: exactly as it is stored.
        :returns: None where no stored room has it. A code that is only claimed is no room's yet; but where nodes share
            the store, another one that claimed it may have a room that is never stored, and is told as the node.
        :raises StoreUnavailable: nothing is known of it.
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
        """Return the ``now_ms`` of the newest beat or commit before this start, or None in a new store."""


class IRoomReader(Interface):
    """
    What a store may be able to do besides, for those who only look: read rooms and leave them where they are.

    Where a store cannot do it, commands that look at rooms open them, and know less of those that sleep.
    """

    def read_rooms(ids: Sequence[str]) -> Deferred[list[Stored]]:
        """
        Read rooms as they are stored: nothing is written, fences stay, and a room that sleeps sleeps on.

        :returns: those that exist and that no other node with a lease has, in the order asked, without `Stored.slept`.
        :raises StoreUnavailable: nothing is known of them.
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
    """What became of one row, as `IUserStore.put_user` explains."""

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
        """Return the row of this id, or None where there is none."""

    def user_named(name_key: str) -> Deferred[UserRow | None]:
        """Return the row that has this name, or None where there is none."""

    def drop_user(id: str) -> Deferred[None]:
        """Forget a user, whose name is free from now on."""

    def some_users(cursor: str) -> Deferred[tuple[str, list[UserRow]]]:
        """
        Read all users, some at a time, in any order; one that is written meanwhile may come twice, or not at all.

        :param cursor: ``""`` to begin, then what the call before returned.
        :returns: the next cursor, ``""`` where these were the last; and the rows.
        """

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

    def books() -> Deferred[list[str]]:
        """
        Name the books that have pages, in order.

        :raises StoreUnavailable: nothing is known of them.
        """

    def write_book(book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """
        Write some pages of a book, and tear others out, all or none.

        :raises StoreUnavailable: nothing is known of it; write the same again, it does no harm.
        """
