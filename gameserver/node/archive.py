"""
All that a store keeps, as records that another store can take: rooms with their tables, users, books.

What is good only for a while is not among them: codes that rest, tickets that were spent, leases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from gameserver.errors import GameServerError, StoreUnavailable
from gameserver.interfaces import Commit, ILeases, Outcome, Put, Stored, UserRow

if TYPE_CHECKING:
    from gameserver.interfaces import IStore

ROOMS: Final = 100
"""Rooms that are read at once."""
ENTRIES: Final = 1000
"""Entries of tables that are read, or written, at once."""
BOOK: Final = "import"
"""The book that has a page `UNFINISHED` while an import is under way: a half-filled store must not be served."""
UNFINISHED: Final = "unfinished"


class ArchivedRoom(Struct, tag="room", frozen=True):
    """One room: fields as in `Stored`, and in ``entries`` table, key and value of each entry of its tables."""

    room: str
    code: str
    game: str
    at_ms: int
    parts: dict[str, bytes]
    entries: list[tuple[str, str, bytes]] = []


class ArchivedUser(Struct, tag="user", frozen=True):
    """One user; the fields are those of `UserRow`."""

    id: str
    name_key: str | None
    value: bytes


class ArchivedPage(Struct, tag="page", frozen=True):
    """One page of a book."""

    book: str
    page: str
    value: bytes


Archived = ArchivedRoom | ArchivedUser | ArchivedPage


class CannotArchive(GameServerError):
    """A store cannot be read as a whole, or cannot take a record; the text says why."""


async def archived_room(store: IStore, stored: Stored, at_ms: int = 0) -> ArchivedRoom:
    """
    Read a room with all entries of its tables.

    :param at_ms: when its node is known to have run last, milliseconds since 1970; counts if later than the row's time.
    """
    entries: list[tuple[str, str, bytes]] = []
    sizes = await store.measure_entries(stored.room, [])
    for table in sizes.tables:
        after: str | None = None
        while page := await store.scan_entries(stored.room, table, prefix="", after=after, limit=ENTRIES):
            entries += [(table, key, value) for key, value in page]
            after = page[-1][0]
    return ArchivedRoom(stored.room, stored.code, stored.game, max(at_ms, stored.at_ms), dict(stored.parts), entries)


async def archive(store: Any, put: Callable[[Archived], None]) -> None:
    """
    Read all that a store keeps.

    :param store: provides `IStore`, `IUserStore` and `IBooks`; nobody else writes to it.
    :param put: takes each record.
    :raises CannotArchive: there are rooms that another node runs.
    """
    shared = ILeases.providedBy(store)
    beat_ms = 0 if shared else await store.last_beat_ms() or 0
    ids = await store.room_ids()
    for some in _slices(ids, ROOMS):
        opened = await store.open_rooms(some)
        try:
            if len(opened) < len(some):
                raise CannotArchive("another server runs rooms of this store: stop all of its servers first")
            for stored in opened:
                put(await archived_room(store, stored, beat_ms))
        finally:
            if shared:
                await store.release_rooms([stored.room for stored in opened])
    cursor = ""
    while True:
        cursor, rows = await store.some_users(cursor)
        for row in rows:
            put(ArchivedUser(row.id, row.name_key, row.value))
        if not cursor:
            break
    for book in await store.books():
        for page, value in (await store.read_book(book)).items():
            put(ArchivedPage(book, page, value))


async def check_empty(store: Any) -> None:
    """:raises CannotArchive: the store is not empty, and what it has is not from an import that was cut off."""
    if UNFINISHED in await store.read_book(BOOK):
        return
    rooms, (_, users), books = await store.room_ids(), await store.some_users(""), await store.books()
    if rooms or users or books:
        raise CannotArchive(
            f"there is something in that store: {len(rooms)} rooms, {'some' if users else 'no'} users,"
            f" {len(books)} books. Name an empty one"
        )


async def check_whole(store: Any) -> None:
    """:raises StoreUnavailable: the store has only a part of what an import was to put there."""
    if UNFINISHED in await store.read_book(BOOK):
        raise StoreUnavailable("an import into this store was cut off: run it again before the store is served")


async def take_in(store: Any, records: Iterable[Archived], *, whole: bool = True) -> None:
    """
    Put records into a store; what an import that was cut off has put there is put again.

    :param whole: whether they are all of a store; this one must not be served before it has them all.
    :raises CannotArchive: a record cannot be put there.
    """
    if whole:
        await check_empty(store)
        await store.write_book(BOOK, {UNFINISHED: b"1"})
    newest_ms = 0
    for record in records:
        if isinstance(record, ArchivedRoom):
            newest_ms = max(newest_ms, record.at_ms)
            await _put_room(store, record)
        elif isinstance(record, ArchivedUser):
            await _put_user(store, record)
        elif record.book != BOOK:
            await store.write_book(record.book, {record.page: record.value})
    if whole:
        if newest_ms:
            await store.beat(now_ms=newest_ms)  # the time since then counts as one in which no node ran
        await store.write_book(BOOK, {}, [UNFINISHED])


async def _put_room(store: Any, record: ArchivedRoom) -> None:
    opened = await store.open_rooms([record.room])
    fence, version = (opened[0].fence, opened[0].version) if opened else (1, 0)
    if not opened and not await store.claim_code(record.code, record.room, now_ms=record.at_ms):
        raise CannotArchive(f"the code {record.code} is another room's there, or was until yesterday")
    slices = _slices(record.entries, ENTRIES) or [[]]
    for number, some in enumerate(slices):
        commit = Commit(
            room=record.room,
            code=record.code,
            game=record.game,
            fence=fence,
            version=version + 1 + number,
            puts=record.parts if number == 0 else {},
            whole=number == 0 and version > 0,
            entries={(table, key): value for table, key, value in some},
        )
        if await store.commit([commit], now_ms=record.at_ms) != [Outcome.STORED]:
            raise CannotArchive(f"the room {record.code} cannot be put there: another server has it")
    if ILeases.providedBy(store):
        await store.release_rooms([record.room])


async def _put_user(store: Any, record: ArchivedUser) -> None:
    known = await store.user(record.id)
    version = 1 if known is None else known.version + 1
    row = UserRow(id=record.id, name_key=record.name_key, version=version, value=record.value)
    if await store.put_user(row) is not Put.STORED:
        raise CannotArchive(f"the user {record.id} cannot be put there: another has the name")


def _slices(items: Sequence[Any], size: int) -> list[Any]:
    return [items[first : first + size] for first in range(0, len(items), size)]
