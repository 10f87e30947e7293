"""
The scripts that move rooms from one node to another: claimed from one that is gone, or handed over by one that stops.

To move a room, the owner in its key is changed, and the sets of the rooms of both nodes; the new node then opens it
under a higher fence. If the script's answer is lost, the room still belongs to the new node, whose set has it as one
that waits to be opened.

For the keys see `gameserver.store.keys`.
"""

from __future__ import annotations

from typing import Final

from gameserver.store import keys
from gameserver.store.redis.scripts import PACK, script

INDEX: Final = """
-- A release before this one kept no set of the rooms that a node has; nothing is known of such a node.
local function index(rooms, has, about, node)
  if redis.call('HEXISTS', about, 'games') == 1 then return end
  for _, id in ipairs(redis.call('ZRANGE', rooms, 0, -1)) do
    if redis.call('HGET', '%s{' .. id .. '}', 'node') == node then redis.call('ZADD', has, 1, id) end
  end
  redis.call('HSET', about, 'games', '{}')
end
""".replace("%s", keys.ROOM_PREFIX)

RAN: Final = """
-- Notes in a room that another process is to open that its node ran until that node's last beat.
local function ran(room_key, beat_ms)
  local at_ms = redis.call('HGET', room_key, 'at_ms')
  if at_ms and beat_ms and tonumber(beat_ms) > tonumber(at_ms) then redis.call('HSET', room_key, 'at_ms', beat_ms) end
end
"""

SILENT: Final = """
-- Whether a node missed a renewal of its lease, as one does that died a moment ago: it will take no rooms in time.
local function silent(lease, about)
  return redis.call('PTTL', lease) * 2 < tonumber(redis.call('HGET', about, 'lease_ms') or 0)
end
"""

ACQUIRE: Final = script(
    INDEX
    + RAN
    + """
-- KEYS: lease, nodes, the rooms of the node, what is known of it, rooms, meta. ARGV: node, token, how long in ms, what
-- a room's key begins and ends with, the field of its beat.
-- Whatever a process before this one had open is to be opened again.
redis.call('SCARD', KEYS[2])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[1])
index(KEYS[5], KEYS[3], KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[4], 'draining', 'drain')
local beat_ms = redis.call('HGET', KEYS[6], ARGV[6])
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  ran(ARGV[4] .. id .. ARGV[5], beat_ms)
  redis.call('ZADD', KEYS[3], 1, id)
end
return 1
"""
)

DESCRIBE: Final = script("""
-- KEYS: what is known of the node. ARGV: its games in JSON, whether it drains, then other fields and their values.
redis.call('HSET', KEYS[1], 'games', ARGV[1])
if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'draining', '1') else redis.call('HDEL', KEYS[1], 'draining') end
if #ARGV > 2 then redis.call('HSET', KEYS[1], unpack(ARGV, 3)) end
return 1
""")

WAITING: Final = script(
    PACK
    + """
-- KEYS: the rooms of the node. Returns the ids of those that it has and did not open.
return pack(redis.call('ZRANGEBYSCORE', KEYS[1], 1, 1))
"""
)

OTHERS: Final = script(
    PACK
    + """
-- KEYS: nodes, the rooms of the node, what is known of it. ARGV: node, what the keys of a lease and of what is known of
-- a node begin with. Returns whether the node has rooms to open, whether it is to stop, whether another drains, and of
-- each other its name and what is left of its lease in ms or 0.
local given, drain = redis.call('ZCOUNT', KEYS[2], 1, 1) > 0, redis.call('HEXISTS', KEYS[3], 'drain') == 1
local draining = false
local items = {}
for _, other in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if other ~= ARGV[1] then
    local left_ms = redis.call('PTTL', ARGV[2] .. other)
    draining = draining or left_ms ~= -2 and redis.call('HEXISTS', ARGV[3] .. other, 'draining') == 1
    items[#items + 1] = other
    items[#items + 1] = string.format('%d', left_ms == -2 and 0 or math.max(left_ms, 1))
  end
end
return pack({given and '1' or '', drain and '1' or '', draining and '1' or '', unpack(items)})
"""
)

ASK_TO_DRAIN: Final = script("""
-- KEYS: nodes. ARGV: which node, what the keys of a lease and of what is known of a node begin with. Returns whether
-- there is one.
local found = 0
for _, other in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local about = ARGV[3] .. other
  local is_it = other == ARGV[1] or redis.call('HGET', about, 'name') == ARGV[1]
  if is_it and redis.call('EXISTS', ARGV[2] .. other) == 1 then
    redis.call('HSET', about, 'drain', '1')
    found = 1
  end
end
return found
""")

CLAIM: Final = script(
    PACK
    + INDEX
    + RAN
    + SILENT
    + """
-- KEYS: lease, nodes, the rooms of the node, those that are due, all rooms, meta. ARGV: node, token, what the keys of a
-- lease, of the rooms of a node, of what is known of a node and of a room begin with, how many rooms at most, whether
-- only a fair share, the version of each game that the node has, in JSON, from which load on a node is busy, and what
-- the field of a beat begins with.
-- Gives the node rooms of nodes without a lease: those that are due first, none of a game that it has not, and none of
-- a node that had a newer version of the game. A fair share is what makes nodes equally full in the end; nodes that are
-- busy have none, unless all are, and those that are silent have none.
-- Returns false if the lease is not held, else how many more this node could have, and the ids.
local node, token, most, games = ARGV[1], ARGV[2], tonumber(ARGV[7]), cjson.decode(ARGV[9])
if redis.call('GET', KEYS[1]) ~= token then return false end
local function key(place, id) return ARGV[place] .. id end
local function busy(other)
  return tonumber(redis.call('HGET', key(5, other), 'load') or 0) >= tonumber(ARGV[10])
end
local function drains(other) return redis.call('HEXISTS', key(5, other), 'draining') == 1 end
local full, all, gone, orphans = {}, {}, {}, 0
for _, other in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  if redis.call('EXISTS', key(3, other)) == 0 then
    index(KEYS[5], key(4, other), key(5, other), other)
    local count = redis.call('ZCARD', key(4, other))
    if count > 0 then
      gone[#gone + 1] = other
      orphans = orphans + count
    end
  elseif other == node or not (silent(key(3, other), key(5, other)) or drains(other)) then
    all[#all + 1] = redis.call('ZCARD', key(4, other))
    if not busy(other) then full[#full + 1] = all[#all] end
  end
end
if orphans == 0 then return pack({'0'}) end
if ARGV[8] == '1' then
  -- The level to which the rooms that are to be had would fill these nodes, the emptiest first.
  if #full == 0 then full = all elseif busy(node) then most = 0 end
  table.sort(full)
  local level, rest = full[1] or 0, orphans
  for i = 1, #full do
    local next = full[i + 1]
    local room = next and (next - level) * i or rest
    if room >= rest then
      level = level + math.ceil(rest / i)
      break
    end
    level, rest = next, rest - room
  end
  most = math.min(most, math.max(level - redis.call('ZCARD', KEYS[3]), 0))
end
local wanted = {}
for _, other in ipairs(gone) do
  local had = redis.call('HGET', key(5, other), 'games')
  had = had and cjson.decode(had) or {}
  for _, id in ipairs(redis.call('ZRANGE', key(4, other), 0, -1)) do
    local room_key = key(6, '{' .. id .. '}')
    local about = redis.call('HMGET', room_key, 'node', 'game')
    if about[1] ~= other then
      redis.call('ZREM', key(4, other), id)
    elseif about[2] and games[about[2]] and games[about[2]] >= (had[about[2]] or 0) then
      local due = redis.call('ZSCORE', KEYS[4], id)
      wanted[#wanted + 1] = {id, other, room_key, due and tonumber(due) or math.huge, #wanted}
    end
  end
end
table.sort(wanted, function(a, b) return a[4] < b[4] or (a[4] == b[4] and a[5] < b[5]) end)
local taken = {string.format('%d', math.max(#wanted - most, 0))}
for i = 1, math.min(most, #wanted) do
  local id, other, room_key = unpack(wanted[i], 1, 3)
  redis.call('ZADD', KEYS[3], 1, id)
  redis.call('ZREM', key(4, other), id)
  ran(room_key, redis.call('HGET', KEYS[6], key(11, other)))
  redis.call('HSET', room_key, 'node', node)
  taken[#taken + 1] = id
end
return pack(taken)
"""
)

HAND_OVER: Final = script(
    PACK
    + RAN
    + """
-- KEYS: lease, the lease of the heir, the rooms of the node, those of the heir, meta, then rooms'. ARGV: node, token,
-- heir, the field of the node's beat, ids of the rooms. Returns false if one of the leases is not held, else the ids of
-- those that are the heir's now.
if redis.call('GET', KEYS[1]) ~= ARGV[2] or redis.call('EXISTS', KEYS[2]) == 0 then return false end
local given, beat_ms = {}, redis.call('HGET', KEYS[5], ARGV[4])
for i = 6, #KEYS do
  local id, owner = ARGV[i - 1], redis.call('HGET', KEYS[i], 'node')
  if owner == ARGV[1] then
    redis.call('ZADD', KEYS[4], 1, id)
    redis.call('ZREM', KEYS[3], id)
    ran(KEYS[i], beat_ms)
    redis.call('HSET', KEYS[i], 'node', ARGV[3])
  end
  if owner == ARGV[1] or owner == ARGV[3] then given[#given + 1] = id end
end
return pack(given)
"""
)

HEIRS: Final = script(
    PACK
    + SILENT
    + """
-- KEYS: nodes. ARGV: node, what the keys of a lease, of the rooms of a node and of what is known of a node begin with.
-- Returns of each other node that renews its lease and does not drain: its name, how many rooms it has, its games in
-- JSON, its URL or '', its load.
local items = {}
for _, other in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local about = redis.call('HMGET', ARGV[4] .. other, 'draining', 'games', 'url', 'load')
  local lease = ARGV[2] .. other
  local runs = redis.call('EXISTS', lease) == 1 and not silent(lease, ARGV[4] .. other)
  if other ~= ARGV[1] and runs and not about[1] then
    items[#items + 1] = other
    items[#items + 1] = string.format('%d', redis.call('ZCARD', ARGV[3] .. other))
    items[#items + 1] = about[2] or '{}'
    items[#items + 1] = about[3] or ''
    items[#items + 1] = about[4] or '0'
  end
end
return pack(items)
"""
)
