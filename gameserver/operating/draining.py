"""
The end of a server, before its sockets are closed: players are sent elsewhere first, and rooms handed over.

For a while everything is served as usual, but ``/readyz`` says 503, so that load balancers send nobody here any more.
Then other nodes get the rooms. A second signal from the operator ends all this early.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from twisted.application.service import MultiService
from twisted.internet.defer import CancelledError, Deferred, TimeoutError, succeed
from twisted.internet.error import ReactorNotRunning
from twisted.internet.task import deferLater
from twisted.logger import Logger

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from gameserver.node.leased_rooms import LeasedRooms
    from gameserver.operating.systemd import Systemd

log = Logger(namespace="gameserver")


def stop(reactor: Any) -> None:
    """End the process, as a signal does, unless it is about to end already."""
    with suppress(ReactorNotRunning):
        reactor.stop()


class Draining:
    """
    Hands over the rooms of a server that is about to stop.

    :param leased: the rooms.
    :param delay_s: how long the server says that it is not ready, and serves all the same.
    :param limit_s: how long it may take in all, with the delay.
    :param serves: whether there are rooms: a server that could not start has none.
    :param install: called as `signal.signal`.
    """

    def __init__(
        self,
        leased: LeasedRooms,
        reactor: Any,
        *,
        delay_s: float,
        limit_s: float,
        serves: Callable[[], bool],
        install: Callable[..., Any] = signal.signal,
    ) -> None:
        self._leased = leased
        self._reactor = reactor
        self._delay_s = delay_s
        self._limit_s = limit_s
        self._serves = serves
        self._install = install

    def run(self) -> Deferred[None]:
        """:returns: fires once the rooms are handed over, at the limit, or at a second signal; never fails."""
        draining = Deferred.fromCoroutine(self._drain()) if self._serves() else succeed(None)
        self._listen(draining)
        if not draining.called:
            log.info("this server is about to stop: it makes no more rooms, and hands over those that it has")
            draining.addTimeout(self._limit_s, self._reactor)
        return draining.addErrback(self._cut_short)

    async def _drain(self) -> None:
        await self._leased.close()
        if self._delay_s:
            await deferLater(self._reactor, self._delay_s, lambda: None)
        await self._leased.hand_over()

    def _listen(self, draining: Deferred[None]) -> None:
        """
        Have a further signal cut this short: whoever sends it does not want to wait. What comes after it goes on.

        Twisted's own handler would stop the reactor once more, which it logs as an error.
        """

        def cut_short() -> None:
            if not draining.called:  # or it would cancel what waits for this: the last commits
                draining.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            self._install(number, lambda *_: self._reactor.callFromThread(cut_short))

    def _cut_short(self, failure: Failure) -> None:
        if failure.check(TimeoutError):
            log.warn("not all rooms were handed over in time: others take them once this server is gone")
        elif not failure.check(CancelledError):
            log.failure("rooms cannot be handed over", failure)


class ServerProcess(MultiService):
    """
    All parts of one server process. When it stops, the rooms are handed over first, while everything still runs.

    :param within_s: how long a stop takes at most.
    """

    def __init__(self, draining: Draining, systemd: Systemd, within_s: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._draining = draining
        self._systemd = systemd
        self._within_s = within_s

    def stopService(self) -> Deferred[Any]:
        """Drain, then stop all parts."""
        self._systemd.stopping(self._within_s)
        return self._draining.run().addCallback(self._stop_all)

    def _stop_all(self, _: None) -> Deferred[Any]:
        stopped: Deferred[Any] = super().stopService()  # type: ignore[no-untyped-call]
        return stopped
