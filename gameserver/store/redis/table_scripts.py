"""The scripts that read the tables of rooms in Redis, and the functions that read their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gameserver.interfaces import TableSize, TableSizes
from gameserver.store import keys
from gameserver.store.redis.scripts import PACK, script, unpacked

READ_ENTRIES: Final = script(
    PACK
    + """
-- KEYS: a room's. ARGV: names of entries. Returns the value of each, behind a '+', or '' where there is none.
local items = {}
for i, name in ipairs(ARGV) do
  local value = redis.call('HGET', KEYS[1] .. ':entries', name)
  items[i] = value and '+' .. value or ''
end
return pack(items)
"""
)

SCAN_ENTRIES: Final = script(
    PACK
    + """
-- KEYS: a room's. ARGV: the range of names, as ZRANGEBYLEX takes it, and so many at most. Returns names and values.
local items = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[1] .. ':order', ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
  items[#items + 1] = name
  items[#items + 1] = redis.call('HGET', KEYS[1] .. ':entries', name)
end
return pack(items)
"""
)

MEASURE_ENTRIES: Final = script(
    PACK
    + """
-- KEYS: a room's. ARGV: names of entries.
-- Returns the bytes of each value, or '' where there is no such entry; then what is known of the room's tables.
local items = {}
for i, name in ipairs(ARGV) do
  local found = redis.call('HEXISTS', KEYS[1] .. ':entries', name) == 1
  items[i] = found and tostring(redis.call('HSTRLEN', KEYS[1] .. ':entries', name)) or ''
end
for _, item in ipairs(redis.call('HGETALL', KEYS[1] .. ':tables')) do items[#items + 1] = item end
return pack(items)
"""
)


def entry_values(packed: bytes) -> list[bytes | None]:
    """Read what `READ_ENTRIES` returned."""
    return [item[1:] if item else None for item in unpacked(packed)]


def entry_page(packed: bytes) -> list[tuple[str, bytes]]:
    """Read what `SCAN_ENTRIES` returned."""
    items = unpacked(packed)
    return [(keys.split_entry(name.decode())[1], value) for name, value in zip(items, items, strict=True)]


def table_sizes(entries: Sequence[tuple[str, str]], packed: bytes) -> TableSizes:
    """Read what `MEASURE_ENTRIES` returned for these entries."""
    items = list(unpacked(packed))
    sizes = [len(key.encode()) + int(size) if size else None for (_, key), size in zip(entries, items, strict=False)]
    rest = iter(items[len(sizes) :])
    known = {name.decode(): int(number) for name, number in zip(rest, rest, strict=True)}
    names = [name[2:] for name in known if name.startswith("n/")]
    return TableSizes({name: TableSize(known[f"n/{name}"], known[f"b/{name}"]) for name in names}, sizes)
