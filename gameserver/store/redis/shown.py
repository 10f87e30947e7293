"""
The index of the rooms that nodes show each other, in Redis.

For the keys see `gameserver.store.keys`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gameserver.interfaces.leases import BUSY
from gameserver.interfaces.shown import Shown
from gameserver.store import keys
from gameserver.store.redis import scripts
from gameserver.store.redis.scripts import PACK, script

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

SHOW: Final = script("""
-- KEYS: what rooms show, all rooms that are shown. ARGV: the node; what the keys begin with of the rooms of a game that
-- are shown, and of those of a game that are open; how many rooms are shown, then of each its id, game, when it was
-- made, whether it is open, code and listing; then id and game of each that is not shown any more.
local node, of_game, open = ARGV[1], ARGV[2], ARGV[3]
local at = 5
for _ = 1, tonumber(ARGV[4]) do
  local id, game, made = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  redis.call('HSET', KEYS[1], id, cjson.encode({node, game, made, ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]}))
  redis.call('ZADD', KEYS[2], made, id)
  redis.call('ZADD', of_game .. game, made, id)
  if ARGV[at + 3] == '1' then redis.call('ZADD', open .. game, made, id) else redis.call('ZREM', open .. game, id) end
  at = at + 6
end
while at < #ARGV do
  local id, game = ARGV[at], ARGV[at + 1]
  local known = redis.call('HGET', KEYS[1], id)
  if known and cjson.decode(known)[1] == node then
    redis.call('HDEL', KEYS[1], id)
    for _, key in ipairs({KEYS[2], of_game .. game, open .. game}) do redis.call('ZREM', key, id) end
  end
  at = at + 2
end
return 1
""")

SHOWN: Final = script(
    PACK
    + """
-- KEYS: what rooms show, all rooms that are shown, those that are wanted. ARGV: the node; what the keys begin with of
-- the rooms of a game that are shown, and of those that are open; what a room's key begins and ends with; 1: the oldest
-- first; how many at most; what the key of what is known of a node begins with, and from which load on it is busy.
-- Returns what those of other nodes show, each behind its id and whether its node is busy or about to stop; what nobody
-- runs any more goes.
local items, place, most, nodes = {}, 0, tonumber(ARGV[7]), {}
local function busy(node)
  if not nodes[node] then
    local about = redis.call('HMGET', ARGV[8] .. node, 'load', 'draining')
    nodes[node] = (about[2] or tonumber(about[1] or 0) >= tonumber(ARGV[9])) and '1' or '0'
  end
  return nodes[node]
end
local range = ARGV[6] == '1' and 'ZRANGE' or 'ZREVRANGE'
for _ = 1, 20 do
  local ids = redis.call(range, KEYS[3], place, place + 99)
  for _, id in ipairs(ids) do
    local known = redis.call('HGET', KEYS[1], id)
    local told = known and cjson.decode(known)
    local stored = redis.call('HMGET', ARGV[4] .. id .. ARGV[5], 'code', 'asleep')
    if not told or not stored[1] or stored[2] then
      redis.call('HDEL', KEYS[1], id)
      for _, key in ipairs({KEYS[2], KEYS[3]}) do redis.call('ZREM', key, id) end
      if told then for _, key in ipairs({ARGV[2], ARGV[3]}) do redis.call('ZREM', key .. told[2], id) end end
    else
      place = place + 1
      if told[1] ~= ARGV[1] then
        items[#items + 1] = id
        items[#items + 1] = busy(told[1])
        items[#items + 1] = known
        if #items == 3 * most then return pack(items) end
      end
    end
  end
  if #ids < 100 then break end
end
return pack(items)
"""
)


class RedisShown:
    """The part of a `RedisStore` that provides `IShownRooms`."""

    _node: scripts.LeaseHolder

    def _ask(
        self, script: scripts.Script, named: Sequence[str], args: Sequence[str | int | bytes] = ()
    ) -> Deferred[Any]:
        raise NotImplementedError

    def show_rooms(self, rooms: Sequence[Shown], gone: Sequence[tuple[str, str]]) -> Deferred[None]:
        """Show rooms of this node; see `IShownRooms.show_rooms`."""
        args: list[str | int | bytes] = [self._node.name, keys.SHOWN_PREFIX, keys.VACANT_PREFIX, len(rooms)]
        for room in rooms:
            args += [room.room, room.game, room.created_ms, int(room.is_open), room.code, room.listing]
        for each in gone:
            args += each
        return self._ask(SHOW, [keys.SHOWING_KEY, keys.SHOWN_KEY], args).addCallback(lambda _: None)

    def shown_rooms(self, game: str | None, *, open_only: bool, limit: int) -> Deferred[list[Shown]]:
        """Return rooms that other nodes show; see `IShownRooms.shown_rooms`."""
        prefix = keys.VACANT_PREFIX if open_only else keys.SHOWN_PREFIX
        wanted = keys.SHOWN_KEY if game is None else prefix + game
        around = keys.room_key("\0").split("\0")
        prefixes = (keys.SHOWN_PREFIX, keys.VACANT_PREFIX, *around)
        args: list[str | int | bytes] = [self._node.name, *prefixes, int(open_only), limit, keys.NODE_PREFIX, BUSY]
        return self._ask(SHOWN, [keys.SHOWING_KEY, keys.SHOWN_KEY, wanted], args).addCallback(_rooms)


def _rooms(packed: bytes) -> list[Shown]:
    """Read what `SHOWN` returned."""
    items = list(scripts.unpacked(packed))
    each = zip(items[::3], items[1::3], items[2::3], strict=True)
    return [_room(id.decode(), told, is_busy=busy == b"1") for id, busy, told in each]


def _room(id: str, told: bytes, *, is_busy: bool) -> Shown:
    _, game, created_ms, is_open, code, listing = msgspec.json.decode(told)
    return Shown(
        room=id,
        code=code,
        game=game,
        created_ms=int(created_ms),
        is_open=is_open == "1",
        listing=listing.encode(),
        is_busy=is_busy,
    )
