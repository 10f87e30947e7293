"""Tables that lie in this process: those of games that are never stored, and of the store that forgets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from itertools import islice, takewhile

from gameserver.interfaces import TableSize, TableSizes


class _Table:
    """One table; its keys are kept in order, so that a page is found without looking at the others."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.names: list[str] = []
        self.size_bytes = 0

    def write(self, name: str, value: bytes | None) -> None:
        old = self.values.pop(name, None)
        if old is not None:
            self.size_bytes -= entry_bytes(name, old)
        if value is not None:
            self.values[name] = value
            self.size_bytes += entry_bytes(name, value)
        if value is not None and old is None:
            insort(self.names, name)
        elif value is None and old is not None:
            del self.names[bisect_left(self.names, name)]


class MemoryTables:
    """The tables of one room; see `gameserver.interfaces.IStore` for what each call takes and returns."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}

    @property
    def size_bytes(self) -> int:
        """Of all entries."""
        return sum(table.size_bytes for table in self._tables.values())

    def write(self, entries: Mapping[tuple[str, str], bytes | None]) -> None:
        """Put and delete entries."""
        for (table, name), value in entries.items():
            self._tables.setdefault(table, _Table()).write(name, value)

    def read(self, table: str, names: Sequence[str]) -> list[bytes | None]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""
        values = self._tables[table].values if table in self._tables else {}
        return [values.get(name) for name in names]

    def scan(self, table: str, *, prefix: str, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""
        if table not in self._tables:
            return []
        names, values = self._tables[table].names, self._tables[table].values
        first = bisect_left(names, prefix)
        if after is not None:
            first = max(first, bisect_right(names, after))
        within = takewhile(lambda name: name.startswith(prefix), islice(names, first, first + limit))
        return [(name, values[name]) for name in within]

    def measure(self, entries: Sequence[tuple[str, str]]) -> TableSizes:
        """Tell how large the tables are; see `IStore.measure_entries`."""
        tables = {
            name: TableSize(len(table.values), table.size_bytes) for name, table in self._tables.items() if table.values
        }
        found = (self.read(table, [name])[0] for table, name in entries)
        sizes = [
            None if value is None else entry_bytes(name, value) for (_, name), value in zip(entries, found, strict=True)
        ]
        return TableSizes(tables, sizes)


def entry_bytes(name: str, value: bytes) -> int:
    """:returns: what an entry counts: the bytes of its key in UTF-8, and of its value."""
    return len(name.encode()) + len(value)
