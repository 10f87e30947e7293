"""Books in the embedded store; see `gameserver.store.sqlite.store`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import IBooks

BOOKS_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS books (book TEXT NOT NULL, page TEXT NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY (book, page)) WITHOUT ROWID"
)

DROP_PAGE: Final = "DELETE FROM books WHERE book = ? AND page = ?"
PUT_PAGE: Final = "INSERT OR REPLACE INTO books (book, page, value) VALUES (?, ?, ?)"


@implementer(IBooks)
class SQLiteBooks:
    """The part of a `SQLiteStore` that keeps books."""

    _ask: Callable[[Callable[[Any], Any]], Deferred[Any]]

    def read_book(self, book: str) -> Deferred[dict[str, bytes]]:
        """Read all pages of a book, by their names; see `IBooks.read_book`."""
        return self._ask(
            lambda database: dict(database.run("SELECT page, value FROM books WHERE book = ? ORDER BY page", (book,)))
        )

    def books(self) -> Deferred[list[str]]:
        """List the names of books that have pages; see `IBooks.books`."""
        named = "SELECT DISTINCT book FROM books ORDER BY book"
        return self._ask(lambda database: [book for (book,) in database.run(named, ())])

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """Write pages of a book and delete others, all or none; see `IBooks.write_book`."""

        def work(database: Any) -> None:
            for page, value in puts.items():
                database.run(PUT_PAGE, (book, page, value))
            for page in drops:
                database.run(DROP_PAGE, (book, page))

        return self._ask(work)
