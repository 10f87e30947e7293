"""
A node that cannot reach the store: while other nodes serve, it sends away whoever is connected to it.

Once its lease has ended, other nodes have its rooms, and it cannot know which. It can send nothing of these rooms, but
it does answer pings: its clients would wait until the store is back. So it closes their connections, and takes no new
ones, for as long as somebody serves at the address that all nodes share. Where nobody does, the store is away for all:
then everybody stays, and plays on once it is back.
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
"""How long after an answer it asks again: a part of the 2 s that people wait at most once a lease has ended."""
ASK_S: Final = 2.0
"""How long the address that all share may take to answer."""

log = Logger(namespace="gameserver")


class Isolation(Service):
    """
    Watches the lease of this node, and closes connections once it has ended and other nodes serve.

    :param lease: this node's; None: the store is this node's alone, and nobody else serves.
    :param sessions: all that are connected.
    :param others_serve: asks whether other nodes serve; its Deferred fires with the answer, and never fails.
    :ivar isolated: whether other nodes serve while this one cannot.
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
        """Look when the lease would end if it is not renewed; where it has ended already, after `ASK_AGAIN_S`."""
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
    Make the call that asks whether some node serves at the address that all share. This node itself answers that it
    does not.

    :param url: that address; None: there is none, and the answer is always no.
    :param fetch: reads a page; fails where there is none.
    :param clock: a reactor, or a clock of tests.
    """

    def ask() -> Deferred[bool]:
        if url is None:
            return succeed(False)
        asked: Deferred[Any] = fetch(f"{url}/readyz").addTimeout(ASK_S, clock)
        return asked.addCallbacks(lambda _: True, lambda _: False)

    return ask
