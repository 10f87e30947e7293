"""
The scripts that Redis runs for `gameserver.store.redis`, and how what they take and give is written.

Keys and fields are those of `gameserver.store.keys`. Redis runs a script alone and does not undo what one did that
fails. So each looks at every key that it will write (a key of another type fails there) before it writes the first.
Redis itself refuses (memory full, a disk that cannot be written, a replica) at the first write of a script or never.

Numbers pass through as the text that they came as: Lua's are doubles, and would come out as ``1.7e+12``. What may be
long comes back as one string, each item behind its length in four bytes: txredisapi takes a turn of the reactor for
each string of a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from struct import Struct as Packed
from typing import Final

from msgspec import Struct

from gameserver.interfaces import Commit, Stored
from gameserver.store import keys

_SIZE: Final = Packed(">I")


class Script(Struct, frozen=True):
    """A script, and the name under which Redis keeps it."""

    source: bytes
    sha: str


def script(source: str) -> Script:
    """Make a script of its source."""
    text = source.strip().encode()
    return Script(text, hashlib.sha1(text, usedforsecurity=False).hexdigest())


PACK: Final = """
local function pack(items)
  local packed = {}
  for i, item in ipairs(items) do packed[i] = struct.pack('>I4', #item) .. item end
  return table.concat(packed)
end
"""

COMMIT: Final = script("""
-- KEYS: rooms, claims, meta, then of each commit its room and its code.
-- ARGV: now_ms, how long a code rests in ms, then of each commit: id, code, game, fence, version, at_ms, when its code
-- is free if it ends or '', the count of what to put, the count of what to drop; field and value of each put; the
-- field of each drop.
-- Returns a letter for each commit: 's' stored, 'f' fenced.
local rooms, claims, meta = KEYS[1], KEYS[2], KEYS[3]
local now_ms, rest_ms = ARGV[1], ARGV[2]
local AT_ONCE = 4000 -- Lua cannot pass more than some 8,000 arguments; even, as fields and values are pairs
local outcomes, ending, lasting, taken = {}, {}, {}, {}

local function judge(c)
  local stored = redis.call('HMGET', c.room_key, 'fence', 'version')
  if not stored[1] then
    local claim = redis.call('HMGET', c.code_key, 'room', 'free_at_ms', 'fence', 'version')
    if claim[1] and (claim[1] ~= c.id or claim[2]) then
      return (claim[1] == c.id and claim[3] == c.fence and claim[4] == c.version) and 's' or 'f'
    end
    c.is_new = true
  end
  local fence, version = tonumber(stored[1] or 0), tonumber(stored[2] or 0)
  local its_fence, its_version = tonumber(c.fence), tonumber(c.version)
  if its_fence == fence and its_version == version then return 's' end
  if its_fence < fence or its_version ~= version + 1 then return 'f' end
  if c.is_new then
    if taken[c.code_key] then return 'f' end
    taken[c.code_key] = true
  end
  local list = c.free_at_ms == '' and lasting or ending
  list[#list + 1] = c
  return 's'
end

local at = 3
for key = 4, #KEYS, 2 do
  local c = {
    room_key = KEYS[key], code_key = KEYS[key + 1], id = ARGV[at], code = ARGV[at + 1], game = ARGV[at + 2],
    fence = ARGV[at + 3], version = ARGV[at + 4], at_ms = ARGV[at + 5], free_at_ms = ARGV[at + 6],
    puts_at = at + 9, drops_at = at + 9 + 2 * ARGV[at + 7],
  }
  at = c.drops_at + ARGV[at + 8]
  c.last = at - 1
  outcomes[#outcomes + 1] = judge(c)
end
local newest = redis.call('ZREVRANGE', rooms, 0, 0, 'WITHSCORES')[2]
redis.call('SCARD', claims)
redis.call('HLEN', meta)

-- From here on it writes. What ends goes first: deleting is never refused, so that rooms can end while memory is full.
for _, c in ipairs(ending) do
  redis.call('DEL', c.room_key, c.code_key)
  redis.call('ZREM', rooms, c.id)
  redis.call('SREM', claims, c.code)
  redis.call('HSET', c.code_key, 'room', c.id, 'fence', c.fence, 'version', c.version, 'free_at_ms', c.free_at_ms)
  redis.call('PEXPIRE', c.code_key, rest_ms)
end
local number = tonumber(newest or 0)
for _, c in ipairs(lasting) do
  redis.call('HSET', c.room_key, 'fence', c.fence, 'version', c.version, 'at_ms', c.at_ms)
  if c.is_new then
    number = number + 1
    redis.call('HSET', c.room_key, 'code', c.code, 'game', c.game)
    redis.call('HSET', c.code_key, 'room', c.id)
    redis.call('ZADD', rooms, number, c.id)
    redis.call('SREM', claims, c.code)
  end
  for first = c.puts_at, c.drops_at - 1, AT_ONCE do
    redis.call('HSET', c.room_key, unpack(ARGV, first, math.min(first + AT_ONCE, c.drops_at) - 1))
  end
  for first = c.drops_at, c.last, AT_ONCE do
    redis.call('HDEL', c.room_key, unpack(ARGV, first, math.min(first + AT_ONCE - 1, c.last)))
  end
end
redis.call('HSET', meta, 'beat_ms', now_ms)
return table.concat(outcomes)
""")

COMMIT_KEYS: Final = 3
"""So many keys of `COMMIT` stand before those of the commits: two each."""
COMMIT_ARGS: Final = 2
"""So many of its arguments stand before those of the commits."""

OPEN: Final = script(
    PACK
    + """
-- KEYS: rooms' keys. Raises the fence of each that exists.
-- Returns, of each: its place among the keys from 0, the count of its fields and values, and these.
local found, items = {}, {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HEXISTS', key, 'fence') end
for i, key in ipairs(KEYS) do
  if found[i] == 1 then
    redis.call('HINCRBY', key, 'fence', 1)
    local fields = redis.call('HGETALL', key)
    items[#items + 1] = tostring(i - 1)
    items[#items + 1] = tostring(#fields)
    for _, field in ipairs(fields) do items[#items + 1] = field end
  end
end
return pack(items)
"""
)

ROOM_IDS: Final = script(PACK + "return pack(redis.call('ZRANGE', KEYS[1], 0, -1))")

CLAIM: Final = script("""
-- KEYS: the code's, claims. ARGV: code, room, now_ms. Returns 1 if the room has the code now.
local claim = redis.call('HMGET', KEYS[1], 'room', 'free_at_ms')
redis.call('SCARD', KEYS[2])
if claim[2] and tonumber(claim[2]) <= tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[1])
  claim = {false, false}
end
if not claim[1] then
  redis.call('HSET', KEYS[1], 'room', ARGV[2])
  redis.call('SADD', KEYS[2], ARGV[1])
  return 1
end
return (claim[1] == ARGV[2] and not claim[2]) and 1 or 0
""")

RELEASE: Final = script("""
-- KEYS: the code's, claims. ARGV: code. Does nothing to the code of a room that is stored, or was.
if redis.call('SREM', KEYS[2], ARGV[1]) == 1 then redis.call('DEL', KEYS[1]) end
return 1
""")

BEGIN: Final = script(
    PACK
    + """
-- KEYS: claims, meta. ARGV: the schema that the caller knows, what the key of a code begins with.
-- Frees what a process claimed and then died: no other can be about to create that room.
-- Returns the store's schema, and its beat_ms or ''. If the schema is a newer one nothing is written.
local stored = redis.call('HMGET', KEYS[2], 'schema', 'beat_ms')
local schema = stored[1] or ARGV[1]
if tonumber(schema) <= tonumber(ARGV[1]) then
  for _, code in ipairs(redis.call('SMEMBERS', KEYS[1])) do redis.call('DEL', ARGV[2] .. code) end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[2], 'schema', ARGV[1])
end
return pack({schema, stored[2] or ''})
"""
)


def to_bytes(values: Sequence[str | int | bytes]) -> list[bytes]:
    """Write text and numbers as what Redis is sent."""
    return [value if isinstance(value, bytes) else str(value).encode() for value in values]


def encoded(commits: Sequence[Commit], now_ms: int) -> tuple[list[bytes], list[bytes]]:
    """Write commits as the keys and arguments of `COMMIT`."""
    named = to_bytes([keys.ROOMS_KEY, keys.CLAIMS_KEY, keys.META_KEY])
    at_ms, free_at_ms = b"%d" % now_ms, b"%d" % (now_ms + keys.CODE_REST_MS)
    args = [at_ms, b"%d" % keys.CODE_REST_MS]
    for commit in commits:
        named += (keys.room_key(commit.room).encode(), keys.code_key(commit.code).encode())
        args += (commit.room.encode(), commit.code.encode(), commit.game.encode())
        args += (b"%d" % commit.fence, b"%d" % commit.version, at_ms)
        if commit.ends:
            args += (free_at_ms, b"0", b"0")
            continue
        args += (b"", b"%d" % len(commit.puts), b"%d" % len(commit.drops))
        for part, value in commit.puts.items():
            args += ((keys.PART_FIELD + part).encode(), value)
        args += [(keys.PART_FIELD + part).encode() for part in commit.drops]
    return named, args


def unpacked(packed: bytes) -> Iterator[bytes]:
    """Take apart what ``pack`` in a script put together."""
    at = 0
    while at < len(packed):
        (size,) = _SIZE.unpack_from(packed, at)
        at += 4 + size
        yield packed[at - size : at]


def rooms(ids: Sequence[str], packed: bytes) -> Iterator[Stored]:
    """Read what `OPEN` gave for these rooms."""
    items = unpacked(packed)
    prefix = keys.PART_FIELD.encode()
    for place in items:
        fields = {next(items): next(items) for _ in range(int(next(items)) // 2)}
        yield Stored(
            room=ids[int(place)],
            code=fields[b"code"].decode(),
            game=fields[b"game"].decode(),
            fence=int(fields[b"fence"]),
            version=int(fields[b"version"]),
            at_ms=int(fields[b"at_ms"]),
            parts={name[1:].decode(): value for name, value in fields.items() if name.startswith(prefix)},
        )
