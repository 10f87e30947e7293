"""The scripts that reserve codes of rooms, give them back, and say which room has one."""

from __future__ import annotations

from typing import Final

from gameserver.interfaces import Located
from gameserver.store.redis.scripts import PACK, script, unpacked

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

LOCATE: Final = script(
    PACK
    + """
-- KEYS: the code's, nodes. ARGV: node, what the key of a lease begins with, what a room's key begins and ends with,
-- what the keys begin with of what is known of a node and of the codes that it claimed, the code.
-- Returns the id and game of the room that has the code, the other node with a lease that has the room or '', what is
-- left of that lease in ms, that node's address or '', how long its lease is once renewed, and whether it was a node's
-- that has no lease any more; or nothing. A room that is not stored is at the node that claimed its code, and its game
-- is ''.
local id = redis.call('HGET', KEYS[1], 'room')
if not id then return '' end
local stored = redis.call('HMGET', ARGV[3] .. id .. ARGV[4], 'game', 'node')
local is_stored = stored[1]
if not is_stored then
  stored = {'', false}
  for _, other in ipairs(redis.call('SMEMBERS', KEYS[2])) do
    if redis.call('SISMEMBER', ARGV[6] .. other, ARGV[7]) == 1 then stored[2] = other end
  end
end
local node, left_ms = stored[2] or '', 0
if node == ARGV[1] then node = '' end
if node ~= '' then left_ms = redis.call('PTTL', ARGV[2] .. node) end
if left_ms <= 0 then node, left_ms = '', 0 end
if node == '' and not is_stored then return '' end
local about = {false, false}
if node ~= '' then about = redis.call('HMGET', ARGV[5] .. node, 'url', 'lease_ms') end
local orphaned = node == '' and stored[2] and stored[2] ~= ARGV[1] and '1' or ''
return pack({id, stored[1], node, string.format('%d', left_ms), about[1] or '', about[2] or '0', orphaned})
"""
)


def located(code: str, packed: bytes) -> Located | None:
    """
    Read what `LOCATE` returned.

    :returns: where the room is; None: there is no such room.
    """
    if not packed:
        return None
    id, game, node, left_ms, url, lease_ms, orphaned = (item.decode() for item in unpacked(packed))
    return Located(
        room=id,
        code=code,
        game=game,
        node=node or None,
        lease_ms=int(left_ms),
        url=url or None,
        orphaned=bool(orphaned),
        silent=is_silent(int(left_ms), int(lease_ms)),
    )


def is_silent(left_ms: int, lease_ms: int) -> bool:
    """
    Whether a node has missed a renewal of its lease: with none missed, about two thirds of the lease are left or more.

    :param left_ms: what is left of the lease.
    :param lease_ms: how long it is when it is renewed.
    """
    return left_ms * 2 < lease_ms
