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
