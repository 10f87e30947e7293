"""The tables of rooms in the SQLite file: entries by their names, and for each table its count and its bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gameserver.interfaces import TableSize, TableSizes
from gameserver.store import keys

if TYPE_CHECKING:
    from typing import Any

    Database = Any  # `gameserver.store.sqlite.file` alone imports SQLite


class Entries:
    """
    The entries of all rooms; each method is called inside a transaction, in the thread that writes.

    :param database: an open ``sqlite3.Connection``.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def write(self, room: str, entries: Mapping[tuple[str, str], bytes | None]) -> None:
        """Put entries of one room, or delete those whose value is None, and keep count."""
        counts: dict[str, int] = defaultdict(int)
        sizes: dict[str, int] = defaultdict(int)
        for (table, key), value in entries.items():
            name = _name(table, key)
            old = self._size(room, table, key)
            counts[table] += (value is not None) - (old is not None)
            sizes[table] -= old or 0
            if value is None:
                self._db.execute("DELETE FROM entry WHERE room = ? AND name = ?", (room, name))
                continue
            sizes[table] += _key_bytes(table, name) + len(value)
            self._db.execute(
                "INSERT INTO entry (room, name, value) VALUES (?, ?, ?)"
                " ON CONFLICT (room, name) DO UPDATE SET value = excluded.value",
                (room, name, value),
            )
        self._db.executemany(
            "INSERT INTO tables (room, name, entries, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (room, name)"
            " DO UPDATE SET entries = entries + excluded.entries, bytes = bytes + excluded.bytes",
            [(room, table, counts[table], sizes[table]) for table in counts],
        )

    def read(self, room: str, table: str, names: Sequence[str]) -> list[bytes | None]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""
        found = (
            self._db.execute(
                "SELECT value FROM entry WHERE room = ? AND name = ?", (room, _name(table, key))
            ).fetchone()
            for key in names
        )
        return [None if row is None else row[0] for row in found]

    def scan(self, room: str, table: str, prefix: str, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""
        first, last = keys.entry_range(table, prefix)
        behind = _name(table, after) if after is not None else b""
        rows = self._db.execute(
            "SELECT name, value FROM entry WHERE room = ? AND name >= ? AND name > ? AND name < ?"
            " ORDER BY name LIMIT ?",
            (room, max(first, behind), behind, last, limit),
        )
        return [(keys.split_entry(name.decode())[1], value) for name, value in rows]

    def measure(self, room: str, entries: Sequence[tuple[str, str]]) -> TableSizes:
        """Say how large the tables are; see `IStore.measure_entries`."""
        rows = self._db.execute("SELECT name, entries, bytes FROM tables WHERE room = ? AND entries > 0", (room,))
        tables = {name: TableSize(count, size_bytes) for name, count, size_bytes in rows}
        return TableSizes(tables, [self._size(room, table, key) for table, key in entries])

    def size_bytes(self, room: str) -> int:
        """:returns: the bytes of all entries of a room."""
        total: int = self._db.execute("SELECT total(bytes) FROM tables WHERE room = ?", (room,)).fetchone()[0]
        return int(total)

    def _size(self, room: str, table: str, key: str) -> int | None:
        name = _name(table, key)
        row = self._db.execute("SELECT length(value) FROM entry WHERE room = ? AND name = ?", (room, name)).fetchone()
        return None if row is None else _key_bytes(table, name) + row[0]


def _name(table: str, key: str) -> bytes:
    return keys.entry(table, key).encode()


def _key_bytes(table: str, name: bytes) -> int:
    return len(name) - len(table) - len(keys.ENTRY)
