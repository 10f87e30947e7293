"""
A connection of HTTP, whose requests come whole and in time, and of which one address has only so many.

It is idle, or a request is on its way (or the handshake of TLS), or one is answered. Twisted's own timeout begins anew
with each byte, so that a client which sends one now and then would never end; and it closes without a look at what has
come meanwhile, which the kernel then answers with a reset.
"""

from __future__ import annotations

from socket import MSG_DONTWAIT, MSG_PEEK
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.interfaces import IDelayedCall, IHandshakeListener, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from zope.interface import implementer

if TYPE_CHECKING:
    from gameserver.wire.limits import Connections, Strangers
    from gameserver.wire.proxies import Proxies

GOODBYE_S: Final = 10.0
"""A client that does not see its idle connection end in so long is cut off; TLS waits for its word."""


@implementer(IHandshakeListener)
class Channel(HTTPChannel):
    """
    What a site makes of a connection; a WebSocket takes it over, and counts for itself from then on.

    :ivar address: whose it is, while it is counted.
    """

    address: str | None = None
    _deadline: IDelayedCall | None = None
    _is_new = True
    _is_idle = False
    _is_answering = False
    _is_over = False

    def connectionMade(self) -> None:
        """One more, if its address may have it."""
        peer = self.transport.getPeer()  # type: ignore[union-attr]
        address = str(getattr(peer, "host", "local"))
        if not self._proxies.trusts(peer):
            if not self._may_enter(address):
                self._site.budgets.throttled["connections"] += 1
                self.close()
                return
            self.address = address
        super().connectionMade()  # type: ignore[no-untyped-call]
        if ISSLTransport.providedBy(self.transport):
            self._begin()
        else:
            self._look()

    def handshakeCompleted(self) -> None:
        """TLS is ready for a request."""
        self._look()

    def dataReceived(self, data: bytes) -> None:
        """Part of a request, at least."""
        if self._is_over:
            return
        self._begin()
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        self._look()

    def allContentReceived(self) -> None:
        """The request is whole; once it is rendered the connection may be a WebSocket's."""
        self._wait_no_more()
        self._is_answering = True
        super().allContentReceived()  # type: ignore[no-untyped-call]
        if self.transport is None:
            self._leave()

    def requestDone(self, request: Any) -> None:
        """The request is answered; the next one may have come behind it."""
        self._is_answering = False
        super().requestDone(request)  # type: ignore[no-untyped-call]
        self._look()

    def timeoutConnection(self) -> None:
        """Nothing was read for long."""
        if self.has_unread():
            self.setTimeout(self.timeOut)  # type: ignore[no-untyped-call]
        else:
            self.close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        self._leave()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def close(self, code: int = 0, reason: str = "") -> None:
        """End it: cut it off, unless it is idle."""
        is_idle = self._is_idle
        self._leave()
        if self.transport is None:
            return
        if is_idle:
            self.loseConnection()  # type: ignore[no-untyped-call]
            self._wait(GOODBYE_S)
        else:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def has_unread(self) -> bool:
        """Whether something has come that was not read yet, and will be: nothing is, while we wait for the client."""
        transport: Any = self.transport
        while isinstance(transport, ProtocolWrapper):  # TLS, or what reads a PROXY header
            transport = transport.transport
        try:
            there = bool(transport.getHandle().recv(1, MSG_PEEK | MSG_DONTWAIT))
        except OSError:
            return False
        return there and not self._waitingForTransport

    def _may_enter(self, address: str) -> bool:
        """:returns: whether the address may have one more; it may cost it the one of its own that is idle longest."""
        connections = self._connections
        return connections.enter(address) or (self._strangers.close_idle(address) and connections.enter(address))

    def _look(self) -> None:
        """See whether a request is on its way: one of which a part is here, or that is answered."""
        if self._is_over or self.transport is None:
            return
        if self.requests or self._buffer:  # of a request's first line the latter has what is here
            self._begin()
        elif not self._is_idle:
            self._is_idle, self._is_new = True, False
            self._wait_no_more()
            self._strangers.rest(self)

    def _begin(self) -> None:
        """A request is on its way, with a deadline until all of it is here."""
        if self._is_idle or self._is_new:
            self._is_idle = self._is_new = False
            self._strangers.enter(self)
        if self._deadline is None and not self._is_answering:
            self._wait(self._site.request_s)

    def _wait(self, s: float) -> None:
        channel: Any = self
        self._deadline = channel.callLater(s, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        self.close()

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _leave(self) -> None:
        self._is_idle = False
        self._is_over = True
        self._wait_no_more()
        self.setTimeout(None)  # type: ignore[no-untyped-call]
        self._strangers.leave(self)
        if self.address is not None:
            self._connections.leave(self.address)
            self.address = None

    @property
    def _site(self) -> Any:
        return self.site  # type: ignore[attr-defined]

    @property
    def _strangers(self) -> Strangers:
        return self._site.strangers  # type: ignore[no-any-return]

    @property
    def _connections(self) -> Connections:
        return self._site.connections  # type: ignore[no-any-return]

    @property
    def _proxies(self) -> Proxies:
        return self._site.proxies  # type: ignore[no-any-return]
