"""
The moderation log, in three books of the store, each with its own bound, so that one kind cannot drive out another.

A guest can become host of a room in a moment, and make reports in the next. So what operators did is kept apart from
what hosts did, and from what was reported.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Final

from gameserver.room.chat.records import HOSTS, OPERATORS, REPORTS, Record

MOST_RECORDS: Final = {OPERATORS: 2000, HOSTS: 2000, REPORTS: 1000}
"""How many entries of each book are kept; the oldest are dropped."""
BOOK_BYTES: Final = 8 * 2**20
"""How much the entries of one book may take together: a report comes with the lines around it."""


class LogBook:
    """
    Entries by the names of their pages, oldest first.

    :param most: how many entries are kept.
    :ivar size_bytes: the size of all of them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._records: dict[str, Record] = {}
        self._sizes: dict[str, int] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._records)

    def put(self, page: str, record: Record, size_bytes: int) -> list[str]:
        """
        Add an entry, the newest.

        :returns: the names of the pages of entries that were forgotten for it.
        """
        self._records[page] = record
        self._sizes[page] = size_bytes
        self.size_bytes += size_bytes
        forgotten = []
        while len(self._records) > 1 and (len(self._records) > self._most or self.size_bytes > BOOK_BYTES):
            oldest = next(iter(self._records))
            del self._records[oldest]
            self.size_bytes -= self._sizes.pop(oldest)
            forgotten.append(oldest)
        return forgotten

    def __reversed__(self) -> Iterator[tuple[str, Record]]:
        """Iterate over the entries with their pages, the newest first."""
        return reversed(self._records.items())


def newest(
    books: Iterable[LogBook], *, most: int, kind: str | None = None, before: str | None = None
) -> Iterator[tuple[str, Record]]:
    """
    :param most: how many at most.
    :param kind: only entries of this act; None: of all.
    :param before: only entries older than the one of this page; None: all.
    :returns: the newest entries of several books, the newest first, each with its page.
    """
    found = 0
    for page, record in heapq.merge(*map(reversed, books), key=lambda entry: entry[0], reverse=True):
        if kind in (None, record.act) and (before is None or page < before):
            found += 1
            yield page, record
        if found >= most:
            return
