"""
A connection of HTTP, whose requests come whole and in time, and of which one address has only so many.

Twisted's own timeout begins anew with each byte, so that a client which sends one now and then would never end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

if TYPE_CHECKING:
    from gameserver.wire.limits import Connections, Strangers
    from gameserver.wire.proxies import Proxies


class Channel(HTTPChannel):
    """What a site makes of a connection; a WebSocket takes it over, and counts for itself from then on."""

    _deadline: IDelayedCall | None = None
    _counted: str | None = None

    def connectionMade(self) -> None:
        """One more, if its address may have it."""
        site: Any = self.site  # type: ignore[attr-defined]
        peer = self.transport.getPeer()  # type: ignore[union-attr]
        address = str(getattr(peer, "host", "local"))
        if not self._proxies.trusts(peer):
            if not self._connections.enter(address):
                site.budgets.throttled["connections"] += 1
                self.close()
                return
            self._counted = address
        self._strangers.enter(self)
        super().connectionMade()  # type: ignore[no-untyped-call]
        self._wait()

    def dataReceived(self, data: bytes) -> None:
        """Part of a request, at least."""
        if self._deadline is None and not self.requests:
            self._wait()
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def allContentReceived(self) -> None:
        """The request is whole; once it is rendered the connection may be a WebSocket's."""
        self._wait_no_more()
        super().allContentReceived()  # type: ignore[no-untyped-call]
        if self.transport is None:
            self._leave()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        self._leave()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def close(self, code: int = 0, reason: str = "") -> None:
        """Cut it off."""
        self._leave()
        if self.transport is not None:
            transport: Any = self.transport
            transport.abortConnection()

    def _wait(self) -> None:
        channel: Any = self
        self._deadline = channel.callLater(channel.site.request_s, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        self.close()

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _leave(self) -> None:
        self._wait_no_more()
        self._strangers.leave(self)
        if self._counted is not None:
            self._connections.leave(self._counted)
            self._counted = None

    @property
    def _strangers(self) -> Strangers:
        return self.site.strangers  # type: ignore[attr-defined,no-any-return]

    @property
    def _connections(self) -> Connections:
        return self.site.connections  # type: ignore[attr-defined,no-any-return]

    @property
    def _proxies(self) -> Proxies:
        return self.site.proxies  # type: ignore[attr-defined,no-any-return]
