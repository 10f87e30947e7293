"""
The tables of a room: large collections outside memory.

What steps write waits here, encoded, until the store has it: first with the step, which may be undone; then in the
commit that waits, then in the one under way. A read looks there before it asks the store, so it sees what was written
before it, stored or not. The tables of a game that is never stored lie in this process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from gameserver.errors import Refused
from gameserver.interfaces import TableSizes
from gameserver.protocol import values
from gameserver.room.groups import checked_name
from gameserver.room.memory_tables import MemoryTables, entry_bytes
from gameserver.room.table_counts import TableCount

if TYPE_CHECKING:
    from gameserver.game.settings import GameSettings
    from gameserver.room.documents.document import Document
    from gameserver.room.journal import Journal

MAX_KEY_BYTES: Final = 512
"""Bytes of a key in UTF-8, at most: stores keep keys beside one another, in their order."""
MAX_PAGE: Final = 1000
"""Entries that one `RoomTable.scan` gives at most, and that are asked of the store at once."""
UNSURE_BYTES: Final = 1 << 20
"""So much, and as much again as the tables had, may be written before they are measured again."""

Entries = dict[tuple[str, str], bytes | None]
"""Values by table and key; None is deleted."""


class Source(Protocol):
    """Where the entries of one room are read; the calls are those of `gameserver.interfaces.IStore`."""

    async def read(self, table: str, names: Sequence[str]) -> list[bytes | None]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""

    async def scan(self, table: str, *, prefix: str, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""

    async def measure(self, entries: Sequence[tuple[str, str]]) -> TableSizes:
        """Tell how large the tables are; see `IStore.measure_entries`."""


class MemorySource:
    """The tables of a room that is never stored."""

    def __init__(self) -> None:
        self.memory = MemoryTables()

    async def read(self, table: str, names: Sequence[str]) -> list[bytes | None]:
        """Read entries of one table by their keys; see `Source.read`."""
        return self.memory.read(table, names)

    async def scan(self, table: str, *, prefix: str, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        """Read a page of one table, in the order of its keys; see `Source.scan`."""
        return self.memory.scan(table, prefix=prefix, after=after, limit=limit)

    async def measure(self, entries: Sequence[tuple[str, str]]) -> TableSizes:
        """Tell how large the tables are; see `Source.measure`."""
        return self.memory.measure(entries)


class Done:
    """What a write returns: it has happened, and may be awaited or not."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


class Tables:
    """
    All tables of one room.

    :param journal: of the room.
    :param game_class: the game, for its bounds.
    :param finish_later: called with what is to be awaited before the step ends.
    :ivar source: where entries are read that are not on their way.
    :ivar most_bytes: what all entries come to at most; overwriting counts twice, until it is measured.
    :ivar fresh: what steps wrote since `seal`; `waiting`: what goes with the next commit; `under_way`: with this one.
    :ivar counts: by table, how many entries it has, where that was asked since `seal`.
    """

    def __init__(
        self,
        journal: Journal[Document],
        game_class: type[GameSettings],
        finish_later: Callable[[Awaitable[None]], None],
    ) -> None:
        self.source: Source = MemorySource()
        self.most_bytes = 0
        self._known_bytes = 0
        self._measuring = False
        self._journal = journal
        self._game_class = game_class
        self._finish_later = finish_later
        self.fresh: Entries = {}
        self.waiting: Entries = {}
        self.under_way: Entries = {}
        self.counts: dict[str, TableCount] = {}

    # For tables

    def put(self, table: str, entries: Mapping[str, bytes]) -> None:
        """
        Write entries with this step: all or none.

        :raises Refused: ``too_large``: a key or a value is more than the game's bounds allow.
        """
        journal, game = self._journal, self._game_class
        for key, value in entries.items():
            if len(key.encode()) > MAX_KEY_BYTES:
                raise _too_large(f"The key of an entry has at most {MAX_KEY_BYTES} bytes.")
            if len(value) > game.max_entry_bytes:
                raise _too_large(f"An entry has at most {game.max_entry_bytes} bytes.")
        for key, value in entries.items():
            journal.put(self.fresh, (table, key), value)
        self._note(table, dict.fromkeys(entries, True))
        more_bytes = sum(entry_bytes(key, value) for key, value in entries.items())
        journal.assign(self, "most_bytes", self.most_bytes + more_bytes)
        certain_bytes = min(game.max_table_bytes, 2 * self._known_bytes + UNSURE_BYTES)
        if self.most_bytes > certain_bytes and not self._measuring:
            journal.assign(self, "_measuring", True)
            self._finish_later(self._measure())

    def begin(self, size_bytes: int) -> None:
        """The room was read from the store, and its tables come to so much."""
        self.most_bytes = self._known_bytes = size_bytes

    def delete(self, table: str, key: str) -> None:
        """Delete an entry with this step."""
        self._journal.put(self.fresh, (table, key), None)
        self._note(table, {key: False})

    def _note(self, table: str, written: Mapping[str, bool]) -> None:
        count = self.counts.get(table)
        if count is not None:
            self._journal.record(self.counts.clear)
            for key, there in written.items():
                count.note(key, there)

    async def count(self, table: str) -> int:
        """:returns: how many entries a table has, with what is on its way; each key is looked up in the store once."""
        while True:
            count = self.counts.get(table)
            if count is None:
                written = {key: value is not None for key, value in self.unstored(table).items()}
                count = self.counts[table] = TableCount(written)
                if self.fresh:  # what is in it may be undone
                    self._journal.record(self.counts.clear)
            if count.is_known:
                return count.total or 0
            asked = list(count.unknown)
            sizes = await self.source.measure([(table, key) for key in asked])
            if self.counts.get(table) is count:  # else the answer is out of date
                stored = sizes.tables[table].count if table in sizes.tables else 0
                were_there = {key: old is not None for key, old in zip(asked, sizes.entries, strict=True)}
                count.learn(stored, {key: was for key, was in were_there.items() if key in count.unknown})

    def unstored(self, table: str) -> dict[str, bytes | None]:
        """:returns: what is on its way of one table; None is to be deleted."""
        on_way = (self.under_way, self.waiting, self.fresh)
        return {key: value for entries in on_way for (name, key), value in entries.items() if name == table}

    def on_way(self, table: str, key: str) -> tuple[bool, bytes | None]:
        """:returns: whether an entry is on its way to the store, and its value."""
        for entries in (self.fresh, self.waiting, self.under_way):
            if (table, key) in entries:
                return True, entries[table, key]
        return False, None

    async def _measure(self) -> None:
        """As the step ends, count exactly, and refuse it if there is no room for what it wrote."""
        entries = {**self.under_way, **self.waiting, **self.fresh}
        sizes = await self.source.measure(list(entries))
        total = sum(table.size_bytes for table in sizes.tables.values())
        for ((_, key), value), old in zip(entries.items(), sizes.entries, strict=True):
            total += (entry_bytes(key, value) if value is not None else 0) - (old or 0)
        self._measuring = False
        self.most_bytes = self._known_bytes = total
        limit = self._game_class.max_table_bytes
        if total > limit:
            raise _too_large(f"The tables of a room have at most {limit} bytes.")

    # For commits

    @property
    def settled(self) -> bool:
        """Whether nothing is on its way."""
        return not (self.fresh or self.waiting or self.under_way)

    def seal(self) -> None:
        """Let what steps wrote so far go with the next commit, or into memory; only between two steps."""
        if isinstance(self.source, MemorySource):
            self.source.memory.write(self.fresh)
        else:
            self.waiting.update(self.fresh)
        self.fresh.clear()
        self.counts.clear()

    def send(self) -> Entries:
        """:returns: what goes with the commit that is made now."""
        self.under_way, self.waiting = self.waiting, {}
        return self.under_way

    def stored(self) -> None:
        """The store has what `send` returned."""
        self.under_way = {}

    def not_stored(self) -> None:
        """The store does not have what `send` returned: it goes with the next commit."""
        self.under_way, self.waiting = {}, {**self.under_way, **self.waiting}

    def move_to(self, tables: Tables) -> None:
        """The room is made anew from its row."""
        tables.source, tables.most_bytes, tables._known_bytes = self.source, self.most_bytes, self._known_bytes
        tables.fresh, tables.waiting, tables.under_way = self.fresh, self.waiting, self.under_way


class RoomTable:
    """
    A large collection that belongs to a room: ``self.table("words")``. It is read entry by entry, and never as a whole.

    >>> class Words(Game):
    ...     @message
    ...     async def add(self, player: Player, word: str) -> int:
    ...         words = self.table("words")
    ...         await words.put(word, {"by": player.name})
    ...         return await words.count()
    """

    __slots__ = ("_tables", "name")

    def __init__(self, tables: Tables, name: str) -> None:
        self.name = checked_name("table", name)
        self._tables = tables

    async def get(self, key: str, default: Any = None) -> Any:
        """
        Read the value of a key.

        :param key: as it was written.
        :param default: what is returned where there is none.
        :returns: a copy of it, or the default where there is no such entry.
        """
        return (await self.get_many((key,))).get(key, default)

    async def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """
        Read the values of several keys.

        :returns: copies of those that are there, by key, in the order asked.
        """
        wanted = [values.plain_key(key) for key in keys]
        found: dict[str, bytes | None] = {}
        missing: list[str] = []
        for key in wanted:
            on_way, value = self._tables.on_way(self.name, key)
            if on_way:
                found[key] = value
            else:
                missing.append(key)
        for first in range(0, len(missing), MAX_PAGE):
            some = missing[first : first + MAX_PAGE]
            found.update(zip(some, await self._tables.source.read(self.name, some), strict=True))
        return {key: values.decode(value) for key in wanted if (value := found[key]) is not None}

    def put(self, key: str, value: Any) -> Awaitable[None]:
        """
        Write an entry, with this step. It need not be awaited.

        :param key: at most 512 bytes in UTF-8.
        :param value: any JSON, of at most ``max_entry_bytes``; copied.
        :raises Refused: ``too_large``: it is more.
        :raises NotJSON: it is no JSON.
        """
        return self.put_many({key: value})

    def put_many(self, entries: Mapping[str, Any]) -> Awaitable[None]:
        """
        Write entries, with this step: all, or none if one of them cannot be.

        :raises Refused: as for `put`.
        :raises NotJSON: as for `put`.
        """
        encoded = {values.plain_key(key): values.encode(values.plain(value, (key,))) for key, value in entries.items()}
        self._tables.put(self.name, encoded)
        return Done()

    def delete(self, *keys: str) -> Awaitable[None]:
        """Delete entries, with this step; keys that are not there are ignored. It need not be awaited."""
        for key in [values.plain_key(key) for key in keys]:
            self._tables.delete(self.name, key)
        return Done()

    async def scan(self, prefix: str = "", after: str | None = None, limit: int = 100) -> list[tuple[str, Any]]:
        """
        Read one page of entries, in the order of their keys.

        :param prefix: what the keys begin with.
        :param after: the last key of the page before; None begins with the first.
        :param limit: 1 to 1000.
        :returns: keys and values; fewer than ``limit`` are the last.
        :raises ValueError: not such a limit.
        """
        if type(limit) is not int or not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"limit is 1 to {MAX_PAGE}, not {limit!r}")
        prefix, after = values.plain_key(prefix), None if after is None else values.plain_key(after)
        changed = {
            key: value
            for key, value in self._tables.unstored(self.name).items()
            if key.startswith(prefix) and (after is None or key > after)
        }
        page: dict[str, bytes | None] = {}
        while True:
            # Of what the store has, what is on its way to be deleted does not count.
            stored = await self._tables.source.scan(self.name, prefix=prefix, after=after, limit=limit)
            page.update(stored)
            kept = sum(1 for key in page if changed.get(key, b"") is not None)
            if len(stored) < limit or kept >= limit:
                break
            after = stored[-1][0]
        page.update(changed)
        left = ((key, value) for key, value in sorted(page.items()) if value is not None)
        return [(key, values.decode(value)) for (key, value), _ in zip(left, range(limit), strict=False)]

    async def count(self) -> int:
        """Return how many entries there are; the time it takes does not grow with them."""
        return await self._tables.count(self.name)


def _too_large(text: str) -> Refused:
    return Refused(text, code="too_large")
