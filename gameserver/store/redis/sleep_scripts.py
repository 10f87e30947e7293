"""The scripts for rooms that sleep: which are due, which the lobby shows, and for how long no node ran."""

from __future__ import annotations

from typing import Final

from gameserver.store.redis.scripts import PACK, script

BEGIN_TIME: Final = script(
    PACK
    + """
-- KEYS: meta, nodes. ARGV: now_ms, node, what the key of a lease begins with, what the field of a beat begins with, how
-- long ago a node with a lease may have beaten that is running.
-- Returns for how long no node ran, by how much clocks were set, and since when one runs; and the clock of Redis in ms.
local now, newest, others = tonumber(ARGV[1]), 0, false
local fields = redis.call('HGETALL', KEYS[1])
local time = {outage_ms = 0, stepped_ms = 0, since_ms = 0}
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, #ARGV[4]) == ARGV[4] then newest = math.max(newest, tonumber(fields[i + 1])) end
  if time[fields[i]] then time[fields[i]] = tonumber(fields[i + 1]) end
end
for _, other in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  others = others or (other ~= ARGV[2] and redis.call('EXISTS', ARGV[3] .. other) == 1)
end
newest = math.max(newest, time.since_ms)
local clock = redis.call('TIME')
local away = now - newest
if newest > 0 and away > 0 and not (others and away <= tonumber(ARGV[5])) then
  time.outage_ms, time.since_ms = time.outage_ms + away, now
  redis.call('HSET', KEYS[1], 'outage_ms', string.format('%.0f', time.outage_ms),
    'since_ms', string.format('%.0f', time.since_ms))
end
local items = {}
for i, name in ipairs({'outage_ms', 'stepped_ms', 'since_ms'}) do items[i] = string.format('%.0f', time[name]) end
items[4] = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
return pack(items)
"""
)

STEP_TIME: Final = script(
    PACK
    + """
-- KEYS: meta. ARGV: by how much the node's clock was set, what it is now, by how much it was ahead of Redis's before.
-- Counts a step that Redis's own clock has made as well, once, whichever node notices it first.
-- Returns as BEGIN_TIME.
local delta, now, ahead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local stored = redis.call('HMGET', KEYS[1], 'outage_ms', 'stepped_ms', 'since_ms', 'step_at_ms', 'step_by_ms')
local clock = redis.call('TIME')
local here = clock[1] * 1000 + math.floor(clock[2] / 1000)
local stepped = tonumber(stored[2] or 0)
local like = math.max(1000, math.abs(delta) / 10)
local shared = math.abs(now - here - ahead) < math.abs(delta) / 2
local known = stored[4] and math.abs(here - stored[4]) < 60000 and math.abs(delta - stored[5]) <= like
if shared and not known then
  stepped = stepped + delta
  redis.call('HSET', KEYS[1], 'stepped_ms', string.format('%.0f', stepped), 'step_at_ms', string.format('%.0f', here),
    'step_by_ms', string.format('%.0f', delta))
end
return pack({stored[1] or '0', string.format('%.0f', stepped), stored[3] or '0', string.format('%.0f', here)})
"""
)

AWAKE_IDS: Final = script(
    PACK
    + """
-- KEYS: rooms. ARGV: what a room's key begins and ends with.
local awake = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local stored = redis.call('HMGET', ARGV[1] .. id .. ARGV[2], 'asleep', 'node')
  if not stored[1] and (not stored[2] or stored[2] == '') then awake[#awake + 1] = id end
end
return pack(awake)
"""
)

DUE_ROOMS: Final = script(
    PACK
    + """
-- KEYS: due, dates, meta. ARGV: until when in ms, how many at most.
-- Returns how time goes by, and the ids of rooms, first what is over for longest.
local stored = redis.call('HMGET', KEYS[3], 'outage_ms', 'stepped_ms', 'since_ms')
local untils = {ARGV[1] - tonumber(stored[2] or 0), tonumber(ARGV[1])}
local late, ids = {}, {}
for i = 1, 2 do
  local until_ms = string.format('%.0f', untils[i])
  local found = redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', until_ms, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
  for at = 1, #found, 2 do
    if not late[found[at]] then ids[#ids + 1] = found[at] end
    late[found[at]] = math.max(late[found[at]] or 0, untils[i] - found[at + 1])
  end
end
table.sort(ids, function(a, b) return late[a] > late[b] or (late[a] == late[b] and a < b) end)
local items = {stored[1] or '0', stored[2] or '0', stored[3] or '0'}
for i = 1, math.min(#ids, tonumber(ARGV[2])) do items[#items + 1] = ids[i] end
return pack(items)
"""
)

LISTED: Final = script(
    PACK
    + """
-- KEYS: what is listed. ARGV: the first and last place, what a room's key begins and ends with.
-- Returns of each room its id, code, and what it left in the index.
local items = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], ARGV[1], ARGV[2])) do
  local about = redis.call('HMGET', ARGV[3] .. id .. ARGV[4], 'code', 'asleep')
  if about[1] and about[2] then
    items[#items + 1] = id
    items[#items + 1] = about[1]
    items[#items + 1] = about[2]
  end
end
return pack(items)
"""
)

SLEEPING_OF: Final = script(
    PACK
    + """
-- KEYS: where one has a seat, what one made. Returns the codes of each with its number before it.
local items = {}
for i = 1, 2 do
  for _, code in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do items[#items + 1] = i .. code end
end
return pack(items)
"""
)

TOTALS: Final = script(
    PACK
    + """
-- KEYS: space. ARGV: what the key of a game's sleeping rooms begins with.
-- Returns of each game its name, how many rooms sleep, and their bytes.
local items, space = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #space, 2 do
  local count = redis.call('ZCARD', ARGV[1] .. space[i])
  if count > 0 then
    items[#items + 1] = space[i]
    items[#items + 1] = string.format('%d', count)
    items[#items + 1] = space[i + 1]
  end
end
return pack(items)
"""
)

ROUSE: Final = script(
    PACK
    + """
-- KEYS: the game's sleeping rooms, dates. ARGV: where to go on, when they are due. Returns where to go on then.
local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', 1000)
for i = 1, #found[2], 2 do
  local id = found[2][i]
  local due = redis.call('ZSCORE', KEYS[2], id)
  if not due or tonumber(due) > tonumber(ARGV[2]) then redis.call('ZADD', KEYS[2], ARGV[2], id) end
end
return found[1]
"""
)
