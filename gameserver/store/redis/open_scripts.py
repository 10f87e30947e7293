"""The scripts with which a store on Redis is opened, and rooms are found and taken over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from gameserver.interfaces import Asleep, Slept, Stored
from gameserver.store import keys
from gameserver.store.redis.scripts import PACK, script, unpacked
from gameserver.store.redis.sleep_lua import SLEEP

TOLD: Final = """
-- Puts into items what is told of a room, but for its place and the beat: the bytes of its tables, what it left in the
-- index if it slept or '', the count of its fields and values, and these.
local function tell(items, room_key, slept)
  local fields, table_bytes, tables = redis.call('HGETALL', room_key), 0, room_key .. ':tables'
  for _, name in ipairs(redis.call('HKEYS', tables)) do
    if string.sub(name, 1, 2) == 'b/' then table_bytes = table_bytes + redis.call('HGET', tables, name) end
  end
  items[#items + 1] = string.format('%d', table_bytes)
  items[#items + 1] = slept
  items[#items + 1] = tostring(#fields)
  for _, field in ipairs(fields) do items[#items + 1] = field end
end
"""

OPEN: Final = script(
    PACK
    + SLEEP
    + TOLD
    + """
-- KEYS: lease, meta, then rooms'. ARGV: node, the token of its lease or '', what the key of a lease begins with, what
-- the field of a beat begins with, what the key of the rooms of a node begins with, then the ids of the rooms.
-- Raises the fence of each room that exists and that no other node has.
-- Returns false if the lease is not held, else for how long no node ran, by how much clocks were set, and of each room:
-- its place among the rooms from 0, the last beat of another node that had it or '', and what `tell` tells. What was
-- the caller's own has in it already until when it was run before.
local node, token = ARGV[1], ARGV[2]
if token ~= '' and redis.call('GET', KEYS[1]) ~= token then return false end
local function is_free(owner)
  return not owner or owner == node or redis.call('EXISTS', ARGV[3] .. owner) == 0
end
local time = redis.call('HMGET', KEYS[2], 'outage_ms', 'stepped_ms')
local found, items = {}, {time[1] or '0', time[2] or '0'}
for i = 3, #KEYS do
  local stored = redis.call('HMGET', KEYS[i], 'fence', 'node')
  found[i] = stored[1] and is_free(stored[2]) and (stored[2] or '')
  if not found[i] then redis.call('ZREM', ARGV[5] .. node, ARGV[i + 3]) end
end
for i = 3, #KEYS do
  if found[i] then
    redis.call('HINCRBY', KEYS[i], 'fence', 1)
    redis.call('HSET', KEYS[i], 'node', node)
    local id = ARGV[i + 3]
    local beat_ms
    if found[i] ~= '' and found[i] ~= node then
      redis.call('ZREM', ARGV[5] .. found[i], id)
      beat_ms = redis.call('HGET', KEYS[2], ARGV[4] .. found[i])
    end
    redis.call('ZADD', ARGV[5] .. node, 0, id)
    local slept = wake(KEYS[i], id)
    items[#items + 1] = tostring(i - 3)
    items[#items + 1] = beat_ms or ''
    tell(items, KEYS[i], slept)
  end
end
return pack(items)
"""
)

READ: Final = script(
    PACK
    + TOLD
    + """
-- KEYS: meta, then rooms'. ARGV: node, what the key of a lease begins with, what the field of a beat begins with.
-- Changes nothing. Returns as OPEN does, of each room that exists and that no other node has.
local items = {'0', '0'}
for i = 2, #KEYS do
  local stored = redis.call('HMGET', KEYS[i], 'fence', 'node')
  local owner = stored[2] or ''
  local is_free = owner == '' or owner == ARGV[1] or redis.call('EXISTS', ARGV[2] .. owner) == 0
  if stored[1] and is_free then
    items[#items + 1] = tostring(i - 2)
    items[#items + 1] = owner ~= '' and redis.call('HGET', KEYS[1], ARGV[3] .. owner) or ''
    tell(items, KEYS[i], '')
  end
end
return pack(items)
"""
)

ROOM_IDS: Final = script(PACK + "return pack(redis.call('ZRANGE', KEYS[1], 0, -1))")

BEGIN: Final = script(
    PACK
    + """
-- KEYS: claims, meta. ARGV: the schema that the caller knows, what the key of a code begins with, the field of its
-- beat, the fingerprints of its secrets, the one that signs first, or none.
-- Frees what a process of this node claimed and then died: no other can be about to create that room.
-- Returns the store's schema, its beat or '', and the fingerprint of the secret that signed last. If the schema is a
-- newer one, or that secret is none of the caller's, nothing is written; else its own signs from now on.
local stored = redis.call('HMGET', KEYS[2], 'schema', ARGV[3], 'secret')
local schema, secret, is_known = stored[1] or ARGV[1], stored[3] or ARGV[4] or '', #ARGV < 4
for i = 4, #ARGV do is_known = is_known or ARGV[i] == secret end
if tonumber(schema) <= tonumber(ARGV[1]) and is_known then
  for _, code in ipairs(redis.call('SMEMBERS', KEYS[1])) do redis.call('DEL', ARGV[2] .. code) end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[2], 'schema', ARGV[1])
  if ARGV[4] then redis.call('HSET', KEYS[2], 'secret', ARGV[4]) end
end
return pack({schema, stored[2] or '', secret})
"""
)


def rooms(ids: Sequence[str], packed: bytes) -> Iterator[Stored]:
    """Read what `OPEN` or `READ` returned for these rooms."""
    items = unpacked(packed)
    outage_ms, stepped_ms = int(next(items)), int(next(items))
    prefix = keys.PART_FIELD.encode()
    for place in items:
        beat_ms = int(next(items) or 0)
        table_bytes = int(next(items))
        about = next(items)
        fields = {next(items): next(items) for _ in range(int(next(items)) // 2)}
        yield Stored(
            room=ids[int(place)],
            code=fields[b"code"].decode(),
            game=fields[b"game"].decode(),
            fence=int(fields[b"fence"]),
            version=int(fields[b"version"]),
            at_ms=max(int(fields[b"at_ms"]), beat_ms),
            parts={name[1:].decode(): value for name, value in fields.items() if name.startswith(prefix)},
            table_bytes=table_bytes,
            slept=_slept(about, outage_ms, stepped_ms) if about else None,
        )


def _slept(about: bytes, outage_ms: int, stepped_ms: int) -> Slept:
    asleep = msgspec.json.decode(about, type=Asleep)
    return Slept(asleep=asleep, outage_ms=outage_ms - asleep.outage_ms, stepped_ms=stepped_ms - asleep.stepped_ms)
