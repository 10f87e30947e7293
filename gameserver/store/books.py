"""
Books: small collections of bytes beside the rooms, read whole and written page by page, in every store.

What is in them is `gameserver.node.moderation` and `gameserver.node.lobby_chat`: blocks, sanctions, the moderation log,
lines outside rooms. Each book is bounded by whoever writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred

from gameserver.store.redis.scripts import PACK, script, unpacked

BOOKS_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS books (book TEXT NOT NULL, page TEXT NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY (book, page)) WITHOUT ROWID"
)
_READ: Final = script(PACK + "return pack(redis.call('HGETALL', KEYS[1])) -- KEYS: a book's")
_WRITE: Final = script("""
-- KEYS: a book's. ARGV: how many pages to write, page and value of each, and pages to tear out.
local puts = tonumber(ARGV[1])
for i = 2, 2 * puts + 1, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = 2 * puts + 2, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
return 1
""")


class MemoryBooks:
    """The books of a store in memory."""

    _ask: Callable[[Callable[[], Any]], Deferred[Any]]
    _books: dict[str, dict[str, bytes]]

    def read_book(self, book: str) -> Deferred[dict[str, bytes]]:
        """See `IBooks.read_book`."""
        return self._ask(lambda: dict(self._books.get(book, {})))

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """See `IBooks.write_book`."""

        def work() -> None:
            pages = self._books.setdefault(book, {})
            pages.update(puts)
            for page in drops:
                pages.pop(page, None)

        return self._ask(work)


class SQLiteBooks:
    """The books of a SQLite store: what is asked in the reactor's thread."""

    _ask: Callable[[Callable[[Any], Any]], Deferred[Any]]

    def read_book(self, book: str) -> Deferred[dict[str, bytes]]:
        """See `IBooks.read_book`."""
        return self._ask(
            lambda database: dict(database.run("SELECT page, value FROM books WHERE book = ? ORDER BY page", (book,)))
        )

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """See `IBooks.write_book`."""

        def work(database: Any) -> None:
            for page, value in puts.items():
                database.run("INSERT OR REPLACE INTO books (book, page, value) VALUES (?, ?, ?)", (book, page, value))
            for page in drops:
                database.run("DELETE FROM books WHERE book = ? AND page = ?", (book, page))

        return self._ask(work)


class RedisBooks:
    """The books of a store on Redis: a hash each, ``gameserver:book:NAME``."""

    _ask: Callable[..., Deferred[Any]]

    def read_book(self, book: str) -> Deferred[dict[str, bytes]]:
        """See `IBooks.read_book`."""
        return self._ask(_READ, [_key(book)]).addCallback(_pages)

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """See `IBooks.write_book`."""
        written: list[str | int | bytes] = [len(puts)]
        for page, value in puts.items():
            written += [page, value]
        return self._ask(_WRITE, [_key(book)], [*written, *drops]).addCallback(lambda _: None)


def _key(book: str) -> str:
    return f"gameserver:book:{book}"


def _pages(packed: bytes) -> dict[str, bytes]:
    items = unpacked(packed)
    return {page.decode(): value for page, value in sorted(zip(items, items, strict=True))}
