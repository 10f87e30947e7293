"""What one node writes that all others are to know of at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from zope.interface import Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class BookChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    Another node has written pages of a book.

    :ivar puts: the pages it wrote.
    :ivar drops: those it tore out.
    :ivar stale: what it wrote is too much to be told here: read the book.
    """

    book: str
    puts: Mapping[str, bytes] = {}
    drops: Sequence[str] = ()
    stale: bool = False


class INews(Interface):
    """
    What a store that nodes share has besides: a bounded list of what was written into its books of news, in order.

    Which books these are, `gameserver.store.keys.is_news` says. All methods fail with `StoreUnavailable` where nothing
    is known of the outcome.
    """

    def last_news() -> Deferred[str]:
        """Return where the list ends at present."""

    def news_since(place: str) -> Deferred[tuple[str, Sequence[BookChange]] | None]:
        """
        Read on.

        :param place: where the list ended when it was read last.
        :returns: where it ends now, and what others wrote in between; None: some of that is not in the list any more.
        """

    def tell_news(change: BookChange) -> Deferred[None]:
        """Tell all other nodes of something that is in no book."""
