"""Books in memory; see `gameserver.store.memory.store`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import IBooks


@implementer(IBooks)
class MemoryBooks:
    """The books of a store in memory."""

    _ask: Callable[[Callable[[], Any]], Deferred[Any]]
    _books: dict[str, dict[str, bytes]]

    def read_book(self, book: str) -> Deferred[dict[str, bytes]]:
        """Read all pages of a book, by their names; see `IBooks.read_book`."""
        return self._ask(lambda: dict(self._books.get(book, {})))

    def books(self) -> Deferred[list[str]]:
        """List the names of books that have pages; see `IBooks.books`."""
        return self._ask(lambda: sorted(book for book, pages in self._books.items() if pages))

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """Write pages of a book and delete others, all or none; see `IBooks.write_book`."""

        def work() -> None:
            pages = self._books.setdefault(book, {})
            pages.update(puts)
            for page in drops:
                pages.pop(page, None)

        return self._ask(work)
