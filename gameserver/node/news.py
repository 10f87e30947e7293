"""
What other nodes write that this one has in memory, such as sanctions: this node hears of it within a second.

The store keeps a list of such news, and a node reads on from where it was, also after the store was away. If that took
so long that some news are not in the list any more, everything is read again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import BookChange, INews

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import IClock

NEWS_S: Final = 0.4
"""Between two looks: together with the time that the store takes, less than a second."""
log: Final = Logger(namespace="gameserver.rooms")


class Hearer(Protocol):
    """Takes news about some books."""

    def hears(self, book: str) -> bool:
        """Whether it wants news about a book."""

    def hear(self, change: BookChange) -> Awaitable[None]:
        """Take over what another node has written."""

    def read_again(self) -> Awaitable[None]:
        """Read everything again, since news may have been missed."""


class News:
    """
    Looks for news again and again, and hands them to those who want them.

    :param store: provides `INews` where nodes share it; otherwise there are no news.
    :ivar is_shared: whether nodes share the store.
    """

    def __init__(self, store: Any, clock: IClock) -> None:
        self._store = store
        self._clock = clock
        self._hearers: list[Hearer] = []
        self._place = ""
        self._call: IDelayedCall | None = None
        self.is_shared = INews.providedBy(store)

    def add(self, hearer: Hearer) -> None:
        """Have a hearer take the news from now on."""
        self._hearers.append(hearer)

    async def begin(self) -> None:
        """Remember where the list ends, and read on from there. To be called before the hearers read their books."""
        if self.is_shared:
            self._place = await self._store.last_news()
            self._later()

    def stop(self) -> None:
        """Stop looking."""
        self.is_shared = False
        if self._call is not None and self._call.active():
            self._call.cancel()

    def tell(self, book: str, pages: Mapping[str, bytes]) -> None:
        """Tell other nodes of something that is in no book; if the store is away they do not hear of it."""
        if self.is_shared:
            told: Deferred[None] = self._store.tell_news(BookChange(book=book, puts=pages))
            told.addErrback(lambda failure: failure.trap(StoreUnavailable))

    def _later(self) -> None:
        if self.is_shared:
            self._call = self._clock.later(NEWS_S, self._look)

    def _look(self) -> None:
        Deferred.fromCoroutine(self._read()).addErrback(_not_read).addBoth(lambda _: self._later())

    async def _read(self) -> None:
        found: tuple[str, Sequence[BookChange]] | None = await self._store.news_since(self._place)
        if found is None:
            log.warn("this node was away for too long: what others wrote is read again")
            place = await self._store.last_news()
            await self._tell_all(lambda hearer: hearer.read_again())
            self._place = place
            return
        place, changes = found
        for change in changes:
            again = [hearer for hearer in self._hearers if hearer.hears(change.book)]
            for hearer in again:
                await self._one(hearer.read_again() if change.stale else hearer.hear(change))
        self._place = place

    async def _tell_all(self, tell: Callable[[Hearer], Awaitable[None]]) -> None:
        for hearer in self._hearers:
            await self._one(tell(hearer))

    async def _one(self, heard: Awaitable[None]) -> None:
        try:
            await heard
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - the timer's door: the other news are heard all the same
            log.failure("some news cannot be heard")


def _not_read(failure: Failure) -> None:
    """Log what failed, unless the store is away; either way the next look begins at the same place."""
    if not failure.check(StoreUnavailable):
        log.failure("news cannot be read", failure)
