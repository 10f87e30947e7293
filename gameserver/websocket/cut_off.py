"""Closes, within a second, the connections that users have here who were cut off at another node."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

import msgspec

from gameserver.websocket.session import Session, close_user

if TYPE_CHECKING:
    from gameserver.interfaces import BookChange
    from gameserver.node.news import News
    from gameserver.websocket.standing import Standing

LOGINS: Final = "logins"
"""News of logins that ended, by users' ids."""
REVOKED: Final = "revoked"
"""The book of `gameserver.auth.revocations`."""


class CutOff:
    """
    A `gameserver.node.news.Hearer` of what ends logins.

    :param sessions: all that are connected.
    :param standing: looks users up again.
    :param rereads: called first, to read again what authenticators have in memory; see `AuthContext`.
    """

    def __init__(
        self,
        sessions: Collection[Session],
        standing: Standing,
        rereads: Collection[Callable[[], None]],
    ) -> None:
        self._sessions = sessions
        self._standing = standing
        self._rereads = rereads

    def hears(self, book: str) -> bool:
        """Whether the changes of this book may end somebody's login."""
        return book in (LOGINS, REVOKED)

    async def hear(self, change: BookChange) -> None:
        """Close the users whom it is about, or look them up again."""
        if change.book == LOGINS:
            for user, stored in change.puts.items():
                close_user(self._sessions, user, msgspec.json.decode(stored, type=str | None))
            return
        for reread in self._rereads:
            reread()
        for user in change.puts:
            await self._standing.recheck(user)

    async def read_again(self) -> None:
        """Look everybody up again."""
        for reread in self._rereads:
            reread()
        await self._standing.recheck_all()


def close_everywhere(sessions: Collection[Session], news: News, user: str, login: str | None) -> None:
    """
    Close, on all nodes, the connections of a login that has ended.

    :param user: the user's id.
    :param login: which of the user's logins ended, or None for all.
    """
    close_user(sessions, user, login)
    news.tell(LOGINS, {user: msgspec.json.encode(login)})
