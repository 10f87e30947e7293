"""Which user has blocked which: one page of the store for each block, so that a new one does not write all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec

from gameserver.errors import Refused
from gameserver.interfaces import BookChange

MOST_BLOCKED: Final = 1000
"""How many users one user may block."""
MOST_BLOCKS: Final = 50_000
"""How many blocks all users together may have. One more drops the oldest block of a guest: guests come and go."""
ID_CHARS: Final = 1024
"""No user's id is longer."""
_PAIR: Final = "pair:"
"""How names of pages begin. An older version's page has a user's id as name, and lists all whom that user blocked."""


class Blocks:
    """
    The book of blocks.

    :param write: takes pages to write, by name, and names of pages to delete.
    :param most: the most blocks of all users together.
    :ivar blocked: for each user the ids of those whom that user does not want to hear.
    """

    def __init__(self, write: Callable[[dict[str, bytes], list[str]], None], most: int = MOST_BLOCKS) -> None:
        self.blocked: dict[str, frozenset[str]] = {}
        self._write = write
        self._most = most
        self._count = 0
        self._guests: dict[tuple[str, str], None] = {}
        self._pairs: dict[str, tuple[str, str]] = {}

    def read(self, pages: Mapping[str, bytes]) -> None:
        """Take the pages that the store has; those of an older version are replaced by new ones."""
        puts: dict[str, bytes] = {}
        drops = []
        for page, stored in pages.items():
            names = msgspec.json.decode(stored, type=list[str])
            if page.startswith(_PAIR):
                self._keep(*names)
            else:
                drops.append(page)
                for other in names:
                    self._keep(page, other)
                    puts[_page(page, other)] = _value(page, other)
        if drops:
            self._write(puts, drops)

    def hear(self, change: BookChange) -> None:
        """Take over what another node has written."""
        for page in change.drops:
            pair = self._pairs.get(page)
            if pair is not None:
                self._forget(*pair)
        for stored in change.puts.values():
            user_id, other = msgspec.json.decode(stored, type=tuple[str, str])
            if other not in self.blocked.get(user_id, ()):
                self._keep(user_id, other)

    def read_again(self, pages: Mapping[str, bytes]) -> None:
        """Replace what is known by what the store has."""
        for page, pair in list(self._pairs.items()):
            if page not in pages:
                self._forget(*pair)
        new = {page: stored for page, stored in pages.items() if page not in self._pairs}
        self.read(new)

    def put(self, user_id: str, other: str) -> None:
        """
        Have one user block another.

        :raises Refused: ``too_large``: that would be too many blocks; ``bad_data``: the other's id is too long.
        """
        drops = [] if other in self.blocked.get(user_id, ()) else self._make_room(user_id, other)
        # Written even if the block is known: whoever asks again may have been told that it was not stored.
        self._write({_page(user_id, other): _value(user_id, other)}, drops)

    def drop(self, user_id: str, other: str) -> None:
        """Take a block back; one that there is not is no error."""
        if other in self.blocked.get(user_id, ()):
            self._forget(user_id, other)
        self._write({}, [_page(user_id, other)])

    def _make_room(self, user_id: str, other: str) -> list[str]:
        """
        Keep one more block, and forget the oldest of a guest if there are too many.

        :returns: the names of the pages of what was forgotten.
        """
        if len(other) > ID_CHARS:
            raise Refused("There is no such user.", code="bad_data", path="$.user")
        if len(self.blocked.get(user_id, ())) >= MOST_BLOCKED:
            raise Refused(f"You have blocked {MOST_BLOCKED} users; let one go first.", code="too_large")
        drops = []
        if self._count >= self._most:
            if not self._guests:
                raise Refused("There are too many blocks.", code="too_large")
            oldest = next(iter(self._guests))
            self._forget(*oldest)
            drops.append(_page(*oldest))
        self._keep(user_id, other)
        return drops

    def _keep(self, user_id: str, other: str) -> None:
        self.blocked[user_id] = self.blocked.get(user_id, frozenset()) | {other}
        self._count += 1
        self._pairs[_page(user_id, other)] = (user_id, other)
        if user_id.startswith("guest:"):
            self._guests[user_id, other] = None

    def _forget(self, user_id: str, other: str) -> None:
        self.blocked[user_id] -= {other}
        if not self.blocked[user_id]:
            del self.blocked[user_id]
        self._count -= 1
        self._pairs.pop(_page(user_id, other), None)
        self._guests.pop((user_id, other), None)


def _page(user_id: str, other: str) -> str:
    return _PAIR + blake2b(_value(user_id, other), digest_size=16).hexdigest()


def _value(user_id: str, other: str) -> bytes:
    return msgspec.json.encode([user_id, other])
