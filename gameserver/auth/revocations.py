"""
Users who were cut off, or given other rights, by another system whose tokens are otherwise good until they expire.

This is kept in the store, so that a restart forgets nothing and other nodes hear of it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import IClock, Order, User

BOOK: Final = "revoked"
KEEP_S: Final = 31 * 86_400
"""How long it is remembered; no token should be good for longer."""
MOST: Final = 100_000
"""How many users are remembered; the oldest are forgotten first."""
REREAD_S: Final = 30.0
"""How often the store is asked, at most, what other nodes wrote there."""


class Revoked(Struct, frozen=True):
    """
    What holds for a user's tokens that were made until a moment.

    :ivar at_s: that moment, seconds since 1970.
    :ivar rights: those that count instead of the token's; None: the token is not good any more.
    :ivar given_s: when the order was given, seconds since 1970.
    """

    at_s: int
    rights: tuple[str, ...] | None = None
    given_s: float = 0.0


class Revocations:
    """:param books: the store, an `IBooks`."""

    def __init__(self, books: Any, clock: IClock) -> None:
        self._books = books
        self._clock = clock
        self._known: dict[str, Revoked] = {}
        self._read_s: float | None = None

    async def add(self, order: Order) -> None:
        """
        Apply an order to all tokens that the user has at this moment, unless a newer order is known already.

        :raises StoreUnavailable: whether it was stored is not known; do it again.
        """
        now_s, user = self._clock.now(), order.user
        given_s = order.given_s if order.given_s is not None else now_s
        await self._read()
        if user in self._known and self._known[user].given_s > given_s:
            return
        made = Revoked(int(now_s), order.rights, given_s)
        old = [name for name, each in self._known.items() if each.at_s < now_s - KEEP_S]
        old += list(self._known)[: max(0, len(self._known) - len(old) - MOST + 1)]
        await self._books.write_book(BOOK, {user: msgspec.json.encode(made)}, [name for name in old if name != user])
        for name in old:
            self._known.pop(name, None)
        self._known[user] = made

    async def apply(self, user: User, made_s: float) -> User:
        """
        :param made_s: when the token that proves the user was made, seconds since 1970.
        :returns: the user, with the rights that hold now.
        :raises Refused: ``unauthenticated``: that token is not good any more.
        :raises StoreUnavailable: the orders were never read yet, and cannot be.
        """
        await self._read()
        found = self._known.get(user.id)
        if found is None or made_s > found.at_s:
            return user
        if found.rights is None:
            raise Refused("That login was ended; log in again.", code="unauthenticated")
        return replace(user, rights=found.rights)

    def reread(self) -> None:
        """Read the store again before the next answer: another node has written something."""
        if self._read_s is not None:
            self._read_s = float("-inf")

    async def _read(self) -> None:
        now_s = self._clock.monotonic()
        if self._read_s is not None and now_s < self._read_s + REREAD_S:
            return
        try:
            pages = await self._books.read_book(BOOK)
        except StoreUnavailable:
            if self._read_s is None:
                raise
            return  # what is known counts until the store answers again
        self._read_s = now_s
        self._known = {name: msgspec.json.decode(page, type=Revoked) for name, page in pages.items()}
