"""
The script for commits, and what all scripts need: how their arguments are encoded, and their answers decoded.

For keys and fields see `gameserver.store.keys`. Redis runs a script alone, and does not undo what a failing one did. So
each script looks at every key that it will write (a key of another type makes it fail there), and at whether it may,
before it writes the first. Redis itself refuses (memory full, a disk that cannot be written, a replica) at the first
write of a script or never. The version, which says that a change is there, is written last.

Numbers pass through as the text that they came as: Lua's are doubles, and would come out as ``1.7e+12``. What may be
long is returned as one string, each item after its length in four bytes: for a list txredisapi takes a pass of the
reactor for each string.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from struct import Struct as Packed
from typing import Final

from msgspec import Struct
from msgspec.json import Encoder

from gameserver.interfaces import Commit
from gameserver.store import keys
from gameserver.store.redis.sleep_lua import SLEEP

_SIZE: Final = Packed(">I")
_json = Encoder().encode


class Script(Struct, frozen=True):
    """A script, and its SHA-1, under which Redis keeps it."""

    source: bytes
    sha: str


def script(source: str) -> Script:
    """Make a script from its source in Lua."""
    text = source.strip().encode()
    return Script(text, hashlib.sha1(text, usedforsecurity=False).hexdigest())


PACK: Final = """
local function pack(items)
  local packed = {}
  for i, item in ipairs(items) do packed[i] = struct.pack('>I4', #item) .. item end
  return table.concat(packed)
end
"""

NEED: Final = """
-- Fails if the caller may not do this. The arguments are such that nothing would be changed by it.
local function need(command, key, ...)
  if redis.acl_check_cmd then
    if not redis.acl_check_cmd(command, key, ...) then error('this user may not ' .. command .. ' ' .. key, 0) end
    return
  end
  -- Before Redis 7 one finds out by trying.
  local answer = redis.pcall(command, key, ...)
  local refusal = type(answer) == 'table' and answer.err
  if not refusal then return end
  for _, harmless in ipairs({'wrong number of arguments', 'not an integer', 'syntax error'}) do
    if string.find(refusal, harmless, 1, true) then return end
  end
  error(refusal, 0)
end
"""

COMMIT: Final = script(
    NEED
    + SLEEP
    + """
-- KEYS: rooms, claims, meta, lease, the book of notices, the rooms of the node, then of each commit its room and code.
-- ARGV: now_ms, how long a code rests in ms, node, the token of its lease or '', what the key of a lease begins with,
-- the field of its beat, then of each commit a list in JSON: id, code, game, fence, version, at_ms (all text), whether
-- it is whole, when its code is free if it ends or '', parts to put, parts to drop, entries to put, entries to delete,
-- notices, what a room that falls asleep leaves in the index or ''; and behind it the value of each part to put, of
-- each entry, and of each notice.
-- What belongs to tables lies in keys that are named after the room's.
-- Returns 'l' if the lease is not held, else a letter for each commit: 's' stored, 'f' fenced, 'b' behind.
local rooms, claims, meta, has = KEYS[1], KEYS[2], KEYS[3], KEYS[6]
local now_ms, rest_ms, node, token, lease_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if token ~= '' and redis.call('GET', KEYS[4]) ~= token then return 'l' end
local AT_ONCE = 2000 -- Lua cannot pass more than some 8,000 arguments, and a field and its value are two
local outcomes, ending, lasting, taken = {}, {}, {}, {}

local function judge(c)
  local stored = redis.call('HMGET', c.room_key, 'fence', 'version', 'node')
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
  if its_fence < fence or its_version <= version then return 'f' end
  if stored[3] and stored[3] ~= node and redis.call('EXISTS', lease_prefix .. stored[3]) == 1 then return 'f' end
  if its_version ~= version + 1 and not c.whole and c.free_at_ms == '' then return 'b' end
  if c.is_new then
    if taken[c.code_key] then return 'f' end
    taken[c.code_key] = true
  end
  local list = c.free_at_ms == '' and lasting or ending
  list[#list + 1] = c
  return 's'
end

local at = 7
for key = 7, #KEYS, 2 do
  local told = cjson.decode(ARGV[at])
  local c = {
    room_key = KEYS[key], code_key = KEYS[key + 1], id = told[1], code = told[2], game = told[3], fence = told[4],
    version = told[5], at_ms = told[6], whole = told[7], free_at_ms = told[8], puts = told[9], drops = told[10],
    entries = told[11], gone = told[12], notices = told[13], sleeps = told[14], puts_at = at,
    entries_at = at + #told[9],
  }
  c.notices_at = c.entries_at + #c.entries
  at = c.notices_at + #c.notices + 1
  outcomes[#outcomes + 1] = judge(c)
end
local newest = redis.call('ZREVRANGE', rooms, 0, 0, 'WITHSCORES')[2]
redis.call('SCARD', claims)
redis.call('ZCARD', has)
redis.call('HLEN', meta)
local some, drops, whole, new, entries, ends, notices, sleeps -- one commit of each kind, if there is any
for _, c in ipairs(lasting) do
  some = c
  if #c.notices > 0 then notices = c end
  if #c.drops > 0 then drops = c end
  if c.sleeps ~= '' then
    sleeps = c
    check_sleep(c.game)
  end
  if c.whole then whole = c end
  if c.whole or c.is_new then
    new = c
    redis.call('HLEN', c.code_key)
  end
  if #c.entries + #c.gone > 0 then
    entries = c.room_key
    redis.call('HLEN', c.room_key .. ':entries')
    redis.call('ZCARD', c.room_key .. ':order')
    redis.call('HLEN', c.room_key .. ':tables')
  end
end
for _, c in ipairs(ending) do
  ends = c
  if #c.notices > 0 then notices = c end
  redis.call('HLEN', c.code_key)
end
if ends then
  need('ZREM', rooms, '')
  need('ZREM', has, '')
  need('SREM', claims, '')
  need('HSET', ends.code_key, 'a', 'a', 'a')
  need('PEXPIRE', ends.code_key .. ':none', 1)
  need('DEL', ends.room_key .. ':none')
  need('UNLINK', ends.room_key .. ':none')
end
need('HSET', meta, 'a', 'a', 'a')
if some then need('HSET', some.room_key, 'a', 'a', 'a') end
if notices then need('HSET', KEYS[5], 'a', 'a', 'a') end
if drops then need('HDEL', drops.room_key, '') end
if whole then need('DEL', whole.room_key .. ':none') end
if new then
  need('HSET', new.code_key, 'a', 'a', 'a')
  need('ZADD', rooms, 'XX', 0, '')
  need('ZADD', has, 'XX', 0, '')
  need('SREM', claims, '')
end
if sleeps then
  for _, key in ipairs({DUE, DATES, LISTED, LISTED .. ':' .. sleeps.game, OPEN_TO .. sleeps.game}) do
    need('ZADD', key, 'XX', 0, '')
  end
  need('ZADD', ASLEEP .. sleeps.game, 'XX', 0, '')
  need('HINCRBY', SPACE, '', 'a')
  need('ZREM', has, '')
  need('HDEL', sleeps.room_key, '')
end
if entries then
  local values, order, tables = entries .. ':entries', entries .. ':order', entries .. ':tables'
  need('HSET', values, 'a', 'a', 'a')
  need('HEXISTS', values, '')
  need('HSTRLEN', values, '')
  need('HDEL', values, '')
  need('ZADD', order, 'XX', 0, '')
  need('ZREM', order, '')
  need('HINCRBY', tables, '', 'a')
  need('HDEL', tables, '')
end

-- From here on it writes. What ends goes first: deleting is never refused, so that rooms can end while memory is full.
local function write_entry(c, name, value)
  local table = string.match(name, '^[^/]*')
  local entries, order, tables = c.room_key .. ':entries', c.room_key .. ':order', c.room_key .. ':tables'
  local key_bytes = #name - #table - 1
  local was = redis.call('HEXISTS', entries, name)
  local grown = was == 1 and -(key_bytes + redis.call('HSTRLEN', entries, name)) or 0
  if value then
    grown = grown + key_bytes + #value
    redis.call('HSET', entries, name, value)
    if was == 0 then redis.call('ZADD', order, 0, name) end
  else
    redis.call('HDEL', entries, name)
    redis.call('ZREM', order, name)
  end
  local more = (value and 1 or 0) - was
  redis.call('HINCRBY', tables, 'b/' .. table, string.format('%d', grown))
  if redis.call('HINCRBY', tables, 'n/' .. table, string.format('%d', more)) == 0 then
    redis.call('HDEL', tables, 'n/' .. table, 'b/' .. table)
  end
end
local function put_parts(c)
  for first = 1, #c.puts, AT_ONCE do
    local said = {}
    for i = first, math.min(first + AT_ONCE - 1, #c.puts) do
      said[#said + 1] = '/' .. c.puts[i]
      said[#said + 1] = ARGV[c.puts_at + i]
    end
    redis.call('HSET', c.room_key, unpack(said))
  end
end
local function write_notices(c)
  for i, page in ipairs(c.notices) do redis.call('HSET', KEYS[5], page, ARGV[c.notices_at + i]) end
end
local function drop_parts(c)
  for first = 1, #c.drops, AT_ONCE do
    local fields = {}
    for i = first, math.min(first + AT_ONCE - 1, #c.drops) do fields[#fields + 1] = '/' .. c.drops[i] end
    redis.call('HDEL', c.room_key, unpack(fields))
  end
end
for _, c in ipairs(ending) do
  wake(c.room_key, c.id)
  redis.call('ZREM', rooms, c.id)
  redis.call('ZREM', has, c.id)
  redis.call('SREM', claims, c.code)
  redis.call('HSET', c.code_key, 'room', c.id, 'fence', c.fence, 'version', c.version, 'free_at_ms', c.free_at_ms)
  redis.call('PEXPIRE', c.code_key, rest_ms)
  redis.call('UNLINK', c.room_key .. ':entries', c.room_key .. ':order', c.room_key .. ':tables')
  redis.call('DEL', c.room_key)
  write_notices(c)
end
local number = tonumber(newest or 0)
for _, c in ipairs(lasting) do
  if c.whole then
    wake(c.room_key, c.id)
    redis.call('DEL', c.room_key)
  end
  if c.is_new or c.whole then
    number = number + 1
    redis.call('HSET', c.room_key, 'code', c.code, 'game', c.game)
    redis.call('HSET', c.code_key, 'room', c.id)
    redis.call('ZADD', rooms, 'NX', number, c.id)
    redis.call('ZADD', has, 0, c.id)
    redis.call('SREM', claims, c.code)
  end
  put_parts(c)
  drop_parts(c)
  for i, name in ipairs(c.entries) do write_entry(c, name, ARGV[c.entries_at + i]) end
  for _, name in ipairs(c.gone) do write_entry(c, name, nil) end
  write_notices(c)
  if c.sleeps == '' then
    redis.call('HSET', c.room_key, 'fence', c.fence, 'version', c.version, 'at_ms', c.at_ms, 'node', node)
  else
    sleep(c.room_key, c.id, c.code, c.game, c.sleeps)
    redis.call('ZREM', has, c.id)
    redis.call('HDEL', c.room_key, 'node')
    redis.call('HSET', c.room_key, 'fence', c.fence, 'version', c.version, 'at_ms', c.at_ms)
  end
end
redis.call('HSET', meta, ARGV[6], now_ms)
return table.concat(outcomes)
"""
)

COMMIT_KEYS: Final = 6
"""How many keys of `COMMIT` come before those of the commits, which are two for each."""
COMMIT_ARGS: Final = 6
"""How many of its arguments come before those of the commits."""


class LeaseHolder(Struct, frozen=True):
    """
    The node that calls, in the form in which scripts get it.

    :ivar name: the node's name, or ``""`` if it has the store for itself.
    :ivar token: that of the lease that it holds, or ``""`` without one.
    """

    name: str
    token: str = ""

    @property
    def beat_field(self) -> str:
        """The field in which the node's beat is kept."""
        return keys.BEAT_PREFIX + self.name


def to_bytes(values: Sequence[str | int | bytes]) -> list[bytes]:
    """Encode texts and numbers as they are sent to Redis."""
    return [value if isinstance(value, bytes) else str(value).encode() for value in values]


def encoded(commits: Sequence[Commit], now_ms: int, node: LeaseHolder) -> tuple[list[bytes], list[bytes]]:
    """
    Encode commits as the keys and arguments of `COMMIT`.

    All of a commit but its values is one argument, in JSON: each argument takes time in Python, JSON is encoded in C.
    """
    lease, notices = keys.lease_key(node.name), keys.book_key(keys.NOTICES)
    has = keys.has_key(node.name)
    named = to_bytes([keys.ROOMS_KEY, keys.claims_key(node.name), keys.META_KEY, lease, notices, has])
    args = to_bytes([now_ms, keys.CODE_REST_MS, node.name, node.token, keys.LEASE_PREFIX, node.beat_field])
    at_ms, free_at_ms = str(now_ms), str(now_ms + keys.CODE_REST_MS)
    for c in commits:
        named += (keys.room_key(c.room).encode(), keys.code_key(c.code).encode())
        about = (c.room, c.code, c.game, str(c.fence), str(c.version), at_ms, c.whole)
        if c.ends:
            args.append(_json((*about, free_at_ms, (), (), (), (), list(c.notices), "")))
            args += c.notices.values()
            continue
        puts, gone = _entries(c) if c.entries else ({}, [])
        sleeps = "" if c.sleeps is None else _json(c.sleeps).decode()
        args.append(_json((*about, "", list(c.puts), c.drops, list(puts), gone, list(c.notices), sleeps)))
        args += c.puts.values()
        args += puts.values()
        args += c.notices.values()
    return named, args


def _entries(commit: Commit) -> tuple[dict[str, bytes], list[str]]:
    """:returns: the entries to put, and those to delete, by their names in Redis."""
    puts = {keys.entry(*entry): value for entry, value in commit.entries.items() if value is not None}
    return puts, [keys.entry(*entry) for entry, value in commit.entries.items() if value is None]


def unpacked(packed: bytes) -> Iterator[bytes]:
    """Take apart what a script put together with `PACK`."""
    at = 0
    while at < len(packed):
        (size,) = _SIZE.unpack_from(packed, at)
        at += 4 + size
        yield packed[at - size : at]
