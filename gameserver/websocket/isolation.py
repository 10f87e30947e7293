"""
A node that lost its way to the store: while others serve, whoever is connected here is sent there.

When its lease has ended, others have its rooms and this node cannot know where: it says nothing of them any more, and
answers pings, so that its clients would wait until its store is back. So it closes their connections, and takes no new
ones, for as long as somebody serves at the address that all share. Where nobody does, the store is away for all: then
everybody stays, and plays on once it is back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from gameserver.protocol.messages import Close

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, ILease
    from gameserver.websocket.session import Session

ASK_AGAIN_S: Final = 0.5
"""So long after an answer others are asked again: a part of the 2 s that people wait at most once a lease has ended."""
ASK_S: Final = 2.0
"""So long the address that all share has to answer."""

log = Logger(namespace="gameserver")


class Isolation(Service):
    """
    :param lease: None: the store is this node's alone, and nobody else serves.
    :param sessions: all that are connected.
    :param others_serve: asks whether other nodes do; fires with that, and never fails.
    :ivar isolated: others serve, and this node does not.
    """

    def __init__(
        self,
        lease: ILease | None,
        clock: IClock,
        sessions: Collection[Session],
        others_serve: Callable[[], Deferred[bool]],
    ) -> None:
        self.isolated = False
        self._lease = lease
        self._clock = clock
        self._sessions = sessions
        self._others_serve = others_serve
        self._call: Any = None

    def startService(self) -> None:
        """Begin to look."""
        super().startService()  # type: ignore[no-untyped-call]
        self._look_later()

    def stopService(self) -> None:
        """Look no more."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _look_later(self) -> None:
        """When the lease would end if it were not renewed meanwhile; where it has ended already, a little later."""
        if self.running and self._lease is not None:
            self._call = self._clock.later(max(self._lease.left_s, ASK_AGAIN_S), self._look)

    @property
    def _is_over(self) -> bool:
        return self._lease is not None and self._lease.left_s <= 0

    def _look(self) -> None:
        if self._is_over:
            self._others_serve().addCallback(self._judge).addBoth(self._looked)
        else:
            self._looked(None)

    def _judge(self, others_serve: bool) -> None:
        is_new = not self.isolated
        self.isolated = others_serve and self._is_over
        if not self.isolated:
            return
        if is_new:
            log.warn("the lease of this node has ended, and others serve: who is connected here is sent there")
        for session in list(self._sessions):
            if session.user is not None and not any(not runner.is_stored for runner in session.runners()):
                session.close(Close.GOING, "this server cannot reach its store; others can")

    def _looked(self, failed: Any) -> None:
        if failed is not None:
            log.failure("it is not known whether other nodes serve", failed)
        if not self._is_over and self.isolated:
            self.isolated = False
            log.info("this node has its lease again")
        self._look_later()


def serving_at(url: str | None, fetch: Callable[[str], Deferred[bytes]], clock: Any) -> Callable[[], Deferred[bool]]:
    """
    Tell what asks whether some node serves at the address that all share. This node says itself that it does not.

    :param url: that address; None: there is none.
    :param fetch: reads a page; fails where there is none.
    :param clock: a reactor, or a clock.
    """

    def ask() -> Deferred[bool]:
        if url is None:
            return succeed(False)
        asked: Deferred[Any] = fetch(f"{url}/readyz").addTimeout(ASK_S, clock)
        return asked.addCallbacks(lambda _: True, lambda _: False)

    return ask
