"""What the nodes of one Redis tell each other: a stream, in which each reads on from where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import BookChange, INews
from gameserver.store import keys
from gameserver.store.redis.scripts import PACK, script, unpacked

if TYPE_CHECKING:
    from gameserver.store.redis.scripts import LeaseHolder

MOST: Final = 4000
"""About how many news are kept; a node that was away for longer reads all books again."""
SAID_BYTES: Final = 16_384
"""The largest news, as JSON; larger ones say only that something was written into the book."""
READ_AT_ONCE: Final = 500

_LAST: Final = script("""
-- KEYS: news. Returns the id of the last entry.
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
return last[1] and last[1][1] or '0-0'
""")
_SINCE: Final = script(
    PACK
    + """
-- KEYS: news. ARGV: an id, how many. Returns whether none is missing, and of each entry behind it id, node and words.
local items = {'1'}
local known = ARGV[1] == '0-0' or #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 1
if not known then items[1] = '0' end
local ms, number = string.match(ARGV[1], '(%d+)-(%d+)')
local from = ms .. '-' .. string.format('%d', tonumber(number) + 1)
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])) do
  items[#items + 1], items[#items + 2], items[#items + 3] = entry[1], entry[2][2], entry[2][4]
end
return pack(items)
"""
)
_TELL: Final = script("""
-- KEYS: news. ARGV: how many are kept, node, words.
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'node', ARGV[2], 'words', ARGV[3])
return 1
""")
_decode: Final = msgspec.json.Decoder(BookChange).decode


@implementer(INews)
class RedisNews:
    """The part of a `RedisStore` that provides `INews`."""

    _ask: Callable[..., Deferred[Any]]
    _node: LeaseHolder

    def last_news(self) -> Deferred[str]:
        """Return where the list of news ends; see `INews.last_news`."""
        return self._ask(_LAST, [keys.NEWS_KEY]).addCallback(bytes.decode)

    def news_since(self, place: str) -> Deferred[tuple[str, Sequence[BookChange]] | None]:
        """Return the news after a place in the list; see `INews.news_since`."""
        asked = self._ask(_SINCE, [keys.NEWS_KEY], [place, READ_AT_ONCE])
        return asked.addCallback(lambda packed: self._read(place, list(unpacked(packed))))

    def tell_news(self, change: BookChange) -> Deferred[None]:
        """Tell all other nodes something; see `INews.tell_news`."""
        told = [MOST, self._node.name, words_of(change)]
        return self._ask(_TELL, [keys.NEWS_KEY], told).addCallback(lambda _: None)

    def _read(self, place: str, items: list[bytes]) -> tuple[str, Sequence[BookChange]] | None:
        if items[0] != b"1":
            return None
        own = self._node.name.encode()
        entries = list(zip(items[1::3], items[2::3], items[3::3], strict=True))
        changes = [_decode(words) for _, node, words in entries if node != own]
        return entries[-1][0].decode() if entries else place, changes


def words_of(change: BookChange) -> bytes:
    """:returns: news as they are kept; larger ones than `SAID_BYTES` say only that the book has changed."""
    words = msgspec.json.encode(change)
    if len(words) > SAID_BYTES:
        words = msgspec.json.encode(BookChange(book=change.book, stale=True))
    return words
