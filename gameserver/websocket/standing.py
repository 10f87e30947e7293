"""
Whether those who are connected still may be, with the rights that they have.

A token is checked when somebody connects. Later changes are found here: at once if an order says so, and otherwise by
looking everybody up again every ``recheck_s`` seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import IAuthenticators, Order, User
from gameserver.protocol.messages import Close
from gameserver.websocket.seat_holder import SeatHolder

STRETCH: Final = 50
"""How many logins are looked up before others have a turn, where looking up need not wait for anything."""
Login = tuple[User, list[SeatHolder]]
"""A user, as one login has proved it, and the connections of that login."""

log = Logger(namespace="gameserver")


class Standing(Service):
    """
    Looks users up again while they are connected.

    :param sessions: all that are connected.
    :param every_s: after so many seconds everybody is looked up again.
    """

    def __init__(
        self, sessions: Iterable[SeatHolder], authenticators: IAuthenticators, clock: Any, every_s: float
    ) -> None:
        self._sessions = sessions
        self._authenticators = authenticators
        self._clock = clock
        self._every_s = every_s
        self._call: Any = None

    def startService(self) -> None:
        """Begin to look."""
        super().startService()  # type: ignore[no-untyped-call]
        self._call = self._clock.later(self._every_s, self._look)

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._call is not None and self._call.active():
            self._call.cancel()

    async def obey(self, orders: Sequence[Order]) -> None:
        """
        Cut users off, or have them looked up again.

        :raises StoreUnavailable: some orders may not be carried out; give them all again.
        """
        for order in orders:
            await self._authenticators.revoke(order, now_s=self._clock.now())
            await self.recheck(order.user)

    async def recheck(self, user_id: str) -> None:
        """Look this user up again; returns once the connections have the rights that hold now, or are closed."""
        for login in self._logins(user_id):
            await self._recheck(login)

    def _look(self) -> None:
        looking = Deferred.fromCoroutine(self.recheck_all())
        looking.addErrback(lambda failure: log.failure("who is connected could not be looked up", failure))
        looking.addCallback(lambda _: self._look_later())

    def _look_later(self) -> None:
        if self.running:
            self._call = self._clock.later(self._every_s, self._look)

    async def recheck_all(self) -> None:
        """Look everybody up again."""
        # One after the other: there is time, and whoever comes in meanwhile must not wait for all of them.
        for count, login in enumerate(self._logins(), 1):
            await self._recheck(login)
            if count % STRETCH == 0:
                await self._pause()

    def _pause(self) -> Deferred[None]:
        """Let others have their turn: looking up a guest never waits, so it would hold up everybody else."""
        over: Deferred[None] = Deferred()
        self._call = self._clock.later(0, over.callback, None)
        return over

    def _logins(self, user_id: str | None = None) -> list[Login]:
        """:returns: who is connected, once for each login, with its connections."""
        logins: dict[tuple[str, object], Login] = {}
        for session in self._sessions:
            user = session.user
            if user is not None and user_id in (None, user.id):
                logins.setdefault((user.id, user.login), (user, []))[1].append(session)
        return list(logins.values())

    async def _recheck(self, login: Login) -> None:
        user, sessions = login
        try:
            now = await self._authenticators.look_again(user, now_s=self._clock.now())
        except StoreUnavailable:
            return  # nothing is known: everybody stays until it is
        except Refused as refused:
            if refused.code != "busy":
                for session in sessions:
                    session.close(Close.FORBIDDEN, "you were logged out")
            return
        for session in sessions:
            if session.user is not None and session.user.rights != now.rights:
                session.has_rights(now.rights)
