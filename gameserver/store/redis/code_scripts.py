"""The scripts that reserve codes of rooms, and give them back."""

from __future__ import annotations

from typing import Final

from gameserver.store.redis.scripts import script

CLAIM: Final = script("""
-- KEYS: the code's, claims. ARGV: code, room, now_ms. Returns 1 if the room has the code now.
local claim = redis.call('HMGET', KEYS[1], 'room', 'free_at_ms')
redis.call('SCARD', KEYS[2])
if claim[2] and tonumber(claim[2]) <= tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[1])
  claim = {false, false}
end
if not claim[1] then
  redis.call('SADD', KEYS[2], ARGV[1]) -- first: what stands there is freed in the end, whatever becomes of this call
  redis.call('HSET', KEYS[1], 'room', ARGV[2])
  return 1
end
return (claim[1] == ARGV[2] and not claim[2]) and 1 or 0
""")

RELEASE: Final = script("""
-- KEYS: the code's, claims. ARGV: code. Does nothing to the code of a room that is stored, or was.
if redis.call('SREM', KEYS[2], ARGV[1]) == 1 then redis.call('DEL', KEYS[1]) end
return 1
""")
