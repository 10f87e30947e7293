"""Users in Redis: the scripts for them, and the calls of `gameserver.store.redis.store` that run these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import IUserStore, Put, UserRow
from gameserver.store import keys
from gameserver.store.redis import scripts

PUT: Final = scripts.script(
    scripts.NEED
    + """
-- KEYS: the user's, its new name's (or the user's again, for none). ARGV: id, name_key, version, value, what the key
-- of a name begins with.
-- Returns 'stored', 'stale' or 'taken'.
local stored = redis.call('HMGET', KEYS[1], 'name_key', 'version', 'value')
if stored[1] == ARGV[2] and stored[2] == ARGV[3] and stored[3] == ARGV[4] then return 'stored' end
if tonumber(ARGV[3]) ~= tonumber(stored[2] or 0) + 1 then return 'stale' end
if ARGV[2] ~= '' then
  local holder = redis.call('GET', KEYS[2])
  if holder and holder ~= ARGV[1] then return 'taken' end
end
need('HSET', KEYS[1], 'a', 'a', 'a')
need('DEL', ARGV[5])
need('SET', ARGV[5], '', 'NX', 'XX')

-- From here on it writes, the version last.
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[1]) end
if stored[1] and stored[1] ~= '' and stored[1] ~= ARGV[2] then redis.call('DEL', ARGV[5] .. stored[1]) end
redis.call('HSET', KEYS[1], 'name_key', ARGV[2], 'version', ARGV[3], 'value', ARGV[4])
return 'stored'
"""
)

FIND: Final = scripts.script(
    scripts.PACK
    + """
-- KEYS: a user's, or a name's. ARGV: what the key of a user begins with.
-- Returns id, name_key, version, value, or nothing.
local key, id = KEYS[1], string.sub(KEYS[1], #ARGV[1] + 1)
if string.sub(key, 1, #ARGV[1]) ~= ARGV[1] then
  id = redis.call('GET', key)
  if not id then return '' end
  key = ARGV[1] .. id
end
local found = redis.call('HMGET', key, 'name_key', 'version', 'value')
if not found[2] then return '' end
return pack({id, found[1], found[2], found[3]})
"""
)

DROP: Final = scripts.script("""
-- KEYS: the user's. ARGV: what the key of a name begins with.
local name = redis.call('HGET', KEYS[1], 'name_key')
if name and name ~= '' then redis.call('DEL', ARGV[1] .. name) end
return redis.call('DEL', KEYS[1])
""")

SOME: Final = scripts.script(
    scripts.PACK
    + """
-- ARGV: a cursor, '0' to begin, and what the key of a user begins with.
-- Returns the next cursor, and id, name_key, version, value of each user found.
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2] .. '*', 'COUNT', 1000)
local items = {found[1]}
for _, key in ipairs(found[2]) do
  local row = redis.call('HMGET', key, 'name_key', 'version', 'value')
  if row[2] then
    items[#items + 1] = string.sub(key, #ARGV[2] + 1)
    for i = 1, 3 do items[#items + 1] = row[i] end
  end
end
return pack(items)
"""
)

SPEND: Final = scripts.script("""
-- KEYS: the mark's. ARGV: milliseconds to remember it. Returns 1 if it was new.
return redis.call('SET', KEYS[1], 1, 'NX', 'PX', ARGV[1]) and 1 or 0
""")


@implementer(IUserStore)
class RedisUsers:
    """The part of `RedisStore` that keeps users."""

    def _ask(
        self, script: scripts.Script, named: Sequence[str], args: Sequence[str | int | bytes] = ()
    ) -> Deferred[Any]:
        raise NotImplementedError

    def put_user(self, row: UserRow) -> Deferred[Put]:
        """Write a user's row if its version follows the stored one and its name is free; see `IUserStore.put_user`."""
        name = row.name_key or ""
        named = [keys.user_key(row.id), keys.name_key(name) if name else keys.user_key(row.id)]
        args: list[str | int | bytes] = [row.id, name, row.version, row.value, keys.name_key("")]
        return self._ask(PUT, named, args).addCallback(_outcome)

    def user(self, id: str) -> Deferred[UserRow | None]:
        """Return the row of this id, or None; see `IUserStore.user`."""
        return self._ask(FIND, [keys.user_key(id)], [keys.user_key("")]).addCallback(_row)

    def user_named(self, name_key: str) -> Deferred[UserRow | None]:
        """Return the row that has this name, or None; see `IUserStore.user_named`."""
        return self._ask(FIND, [keys.name_key(name_key)], [keys.user_key("")]).addCallback(_row)

    def drop_user(self, id: str) -> Deferred[None]:
        """Forget a user, and free the name; see `IUserStore.drop_user`."""
        return self._ask(DROP, [keys.user_key(id)], [keys.name_key("")]).addCallback(lambda _: None)

    def some_users(self, cursor: str) -> Deferred[tuple[str, list[UserRow]]]:
        """Read all users, some at a time; see `IUserStore.some_users`."""
        return self._ask(SOME, [], [cursor or "0", keys.user_key("")]).addCallback(_rows)

    def spend(self, mark: str, *, now_ms: int, until_ms: int) -> Deferred[bool]:
        """Note that something which is good once was used; return whether it was new; see `IUserStore.spend`."""
        return self._ask(SPEND, [keys.spent_key(mark)], [max(1, until_ms - now_ms)]).addCallback(bool)


def _outcome(reply: bytes) -> Put:
    return Put(reply.decode())


def _row(reply: bytes) -> UserRow | None:
    found = list(scripts.unpacked(reply))
    return _made(*found) if found else None


def _rows(reply: bytes) -> tuple[str, list[UserRow]]:
    cursor, *items = scripts.unpacked(reply)
    rows = [_made(*items[at : at + 4]) for at in range(0, len(items), 4)]
    return "" if cursor == b"0" else cursor.decode(), rows


def _made(id: bytes, name: bytes, version: bytes, value: bytes) -> UserRow:
    return UserRow(id=id.decode(), name_key=name.decode() or None, version=int(version), value=value)
