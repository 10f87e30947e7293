"""
The scripts for what nodes share: their leases, and the rooms that one leaves to others.

A lease is a key with a time to live, so that Redis itself ends it. For the keys see `gameserver.store.keys`.
"""

from __future__ import annotations

from typing import Final

from gameserver.store.redis.scripts import PACK, script

RENEW: Final = script("""
-- KEYS: lease, nodes. ARGV: node, token, how long in ms. Returns 'kept', 'lapsed' or 'taken', as `LeaseRenewal` has it.
-- Only what is missing is set: a Redis whose memory is full refuses that, but lets a lease that is held last longer.
local is_known = redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1
local token = redis.call('GET', KEYS[1])
if token and token ~= ARGV[2] then return 'taken' end
if token then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
if not is_known then redis.call('SADD', KEYS[2], ARGV[1]) end
return token and 'kept' or 'lapsed'
""")

RELEASE: Final = script("""
-- KEYS: lease. ARGV: token.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
""")

ORPHANED: Final = script(
    PACK
    + """
-- KEYS: nodes. ARGV: what the key of a lease begins with. Returns the nodes that hold none.
local orphaned = {}
for _, node in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('EXISTS', ARGV[1] .. node) == 0 then orphaned[#orphaned + 1] = node end
end
return pack(orphaned)
"""
)

FORGET: Final = script("""
-- KEYS: nodes, meta, then of each node: lease, claims, its rooms, what is known of it. ARGV: what the key of a code
-- begins with, the field of the caller's beat, what the field of a beat begins with, the nodes. Frees the codes that
-- each claimed and made no room of, unless it is back or has rooms. Then the beats go of all that are gone, but those
-- that are newer than the caller's: the newest of all tells since when no node ran.
for i = 4, #ARGV do
  local lease, claims, has, about = KEYS[4 * i - 13], KEYS[4 * i - 12], KEYS[4 * i - 11], KEYS[4 * i - 10]
  if redis.call('EXISTS', lease) == 0 and redis.call('EXISTS', has) == 0 then
    for _, code in ipairs(redis.call('SMEMBERS', claims)) do redis.call('DEL', ARGV[1] .. code) end
    redis.call('DEL', claims, about)
    redis.call('SREM', KEYS[1], ARGV[i])
  end
end
local mine = tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or 0)
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if string.sub(field, 1, #ARGV[3]) == ARGV[3] then
    local is_gone = redis.call('SISMEMBER', KEYS[1], string.sub(field, #ARGV[3] + 1)) == 0
    if is_gone and tonumber(redis.call('HGET', KEYS[2], field)) < mine then redis.call('HDEL', KEYS[2], field) end
  end
end
return 1
""")

FENCES: Final = script(
    PACK
    + """
-- KEYS: rooms'. Returns fence and version of each, '' where there is none.
local items = {}
for i, key in ipairs(KEYS) do
  local stored = redis.call('HMGET', key, 'fence', 'version')
  items[2 * i - 1], items[2 * i] = stored[1] or '', stored[2] or ''
end
return pack(items)
"""
)

RELEASE_ROOMS: Final = script("""
-- KEYS: the rooms of the node, then rooms'. ARGV: node, ids of the rooms. Those that are its own belong to nobody from
-- now on.
for i = 2, #KEYS do
  if redis.call('HGET', KEYS[i], 'node') == ARGV[1] then redis.call('HDEL', KEYS[i], 'node') end
  redis.call('ZREM', KEYS[1], ARGV[i])
end
return 1
""")

ONCE: Final = script("""
-- KEYS: once. ARGV: who asks, how long in ms. Returns whether nobody else asked before.
if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 1 end
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
""")
