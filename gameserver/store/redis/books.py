"""Books in Redis, a hash each; see `gameserver.store.redis.store`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import BookChange, IBooks
from gameserver.store import keys
from gameserver.store.redis.news import MOST, words_of
from gameserver.store.redis.scripts import PACK, LeaseHolder, script, unpacked

_READ: Final = script(PACK + "return pack(redis.call('HGETALL', KEYS[1])) -- KEYS: a book's")
_NAMES: Final = script(
    PACK
    + """
-- ARGV: a cursor, '0' to begin, and what the key of a book begins with. Returns the next cursor, and keys of books.
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2] .. '*', 'COUNT', 1000)
return pack({found[1], unpack(found[2])})
"""
)
_WRITE: Final = script("""
-- KEYS: a book's; and news, if this is to be some. ARGV: how many pages to write, page and value of each, how many news
-- are kept, node, words, and pages to tear out.
local puts = tonumber(ARGV[1])
for i = 2, 2 * puts + 1, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
local behind = 2 * puts + 2
if KEYS[2] then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[behind], '*', 'node', ARGV[behind + 1], 'words', ARGV[behind + 2])
end
for i = behind + 3, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
return 1
""")


@implementer(IBooks)
class RedisBooks:
    """The books of a store on Redis: a hash each, ``gameserver:book:NAME``."""

    _ask: Callable[..., Deferred[Any]]
    _node: LeaseHolder

    def read_book(self, book: str) -> Deferred[dict[str, bytes]]:
        """Read all pages of a book, by their names; see `IBooks.read_book`."""
        return self._ask(_READ, [keys.book_key(book)]).addCallback(_pages)

    def books(self) -> Deferred[list[str]]:
        """List the names of books that have pages; see `IBooks.books`."""
        return Deferred.fromCoroutine(self._books())

    async def _books(self) -> list[str]:
        names: set[str] = set()
        cursor = "0"
        while True:
            packed = await self._ask(_NAMES, [], [cursor, keys.book_key("")])
            cursor, *found = (item.decode() for item in unpacked(packed))
            names.update(name.removeprefix(keys.book_key("")) for name in found)
            if cursor == "0":
                return sorted(names)

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """Write pages of a book and delete others, all or none; see `IBooks.write_book`."""
        written: list[str | int | bytes] = [len(puts)]
        for page, value in puts.items():
            written += [page, value]
        named, told = [keys.book_key(book)], b""
        if keys.is_news(book):
            named.append(keys.NEWS_KEY)
            told = words_of(BookChange(book=book, puts=puts, drops=drops))
        written += [MOST, self._node.name, told]
        return self._ask(_WRITE, named, [*written, *drops]).addCallback(lambda _: None)


def _pages(packed: bytes) -> dict[str, bytes]:
    items = unpacked(packed)
    return {page.decode(): value for page, value in sorted(zip(items, items, strict=True))}
