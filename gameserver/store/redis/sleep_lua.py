"""Functions in Lua that several scripts contain: they let a room fall asleep, or wake it (keys: `store.keys`)."""

from __future__ import annotations

from typing import Final

from gameserver.store import keys

_NAMES: Final = f"""
local DUE, DATES, LISTED, SPACE = '{keys.DUE_KEY}', '{keys.DATES_KEY}', '{keys.LISTED_KEY}', '{keys.SPACE_KEY}'
local OPEN_TO, ASLEEP, SLEEPS = '{keys.OPEN_PREFIX}', '{keys.ASLEEP_PREFIX}', '{keys.SLEEPS_PREFIX}'
"""

SLEEP: Final = (
    _NAMES
    + """
-- What a room left in the index is the JSON of an `Asleep` in its field 'asleep'.
local function check_sleep(game)
  for _, key in ipairs({DUE, DATES, LISTED, LISTED .. ':' .. game, OPEN_TO .. game}) do redis.call('ZCARD', key) end
  redis.call('ZCARD', ASLEEP .. game)
  redis.call('HLEN', SPACE)
end
local function sleepers(about)
  local names = {}
  for _, user in ipairs(about.users or {}) do names[#names + 1] = SLEEPS .. 's/' .. user end
  if about.maker then names[#names + 1] = SLEEPS .. 'm/' .. about.maker end
  return names
end
local function wake(room_key, id)
  local told = redis.call('HMGET', room_key, 'asleep', 'code', 'game')
  if not told[1] then return '' end
  local about, code, game = cjson.decode(told[1]), told[2], told[3]
  redis.call('HDEL', room_key, 'asleep')
  for _, key in ipairs({DUE, DATES, LISTED, LISTED .. ':' .. game, OPEN_TO .. game}) do redis.call('ZREM', key, id) end
  redis.call('ZREM', ASLEEP .. game, id)
  redis.call('HINCRBY', SPACE, game, string.format('%.0f', 0 - (about.size_bytes or 0)))
  for _, key in ipairs(sleepers(about)) do redis.call('ZREM', key, code) end
  return told[1]
end
local function sleep(room_key, id, code, game, text)
  local about = cjson.decode(text)
  redis.call('HSET', room_key, 'asleep', text)
  if about.due_ms then
    redis.call('ZADD', DUE, string.format('%.0f', about.due_ms - (about.stepped_ms or 0)), id)
  end
  if about.date_ms then redis.call('ZADD', DATES, string.format('%.0f', about.date_ms), id) end
  if about.listing then
    local made = string.format('%.0f', about.created_ms or 0)
    redis.call('ZADD', LISTED, made, id)
    redis.call('ZADD', LISTED .. ':' .. game, made, id)
    if about.is_open then redis.call('ZADD', OPEN_TO .. game, made, id) end
  end
  redis.call('ZADD', ASLEEP .. game, 0, id)
  redis.call('HINCRBY', SPACE, game, string.format('%.0f', about.size_bytes or 0))
  for _, key in ipairs(sleepers(about)) do redis.call('ZADD', key, 0, code) end
end
"""
)
