"""
A connection of HTTP. Its requests have to come whole and in time, and one address may have only so many connections.
Whatever is too much is refused at once, and nothing that follows it is looked at.

Requests may follow one another without waiting for answers. One that is whole waits for its turn
(`gameserver.web.pipelining`), and until the client has read the answers before it. What follows is not looked at until
this one is answered, and only so much of it is read at all. Twisted would answer all that are there in one go, whether
or not the client reads the answers.

A connection is idle, or a request (or the handshake of TLS) is on its way, or one is answered. Twisted's own timeout
begins anew with each byte, so that a client which sends one now and then would stay for ever. It also closes without a
look at what has come meanwhile, so that the kernel answers that with a reset.
"""

from __future__ import annotations

from socket import MSG_DONTWAIT, MSG_PEEK
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.interfaces import IDelayedCall, IHandshakeListener, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from twisted.web.http import BAD_REQUEST, REQUEST_URI_TOO_LONG, RESPONSES, HTTPChannel
from zope.interface import implementer

from gameserver.rates import network_of
from gameserver.web.answers import address_of
from gameserver.web.chunks import bounded
from gameserver.websocket.outgoing import queued_bytes

if TYPE_CHECKING:
    from gameserver.websocket.limits import Connections, Strangers
    from gameserver.websocket.proxies import Proxies

AHEAD_BYTES: Final = 16 * 1024
"""How much is read beyond a request that is not answered yet, in whole segments; then nothing, until it is."""

HEAD_TOO_LARGE: Final = 431
"""Twisted has no name for it. Source: RFC 6585 section 5"""
REASONS: Final = {**RESPONSES, HEAD_TOO_LARGE: b"Request Header Fields Too Large"}

log = Logger(namespace="gameserver.web")

GOODBYE_S: Final = 10.0
"""How long a client may take to see that its idle connection was closed (TLS waits for its answer) before a cut."""


@implementer(IHandshakeListener)
class HttpConnection(HTTPChannel):
    """
    A connection of a site. When a WebSocket takes it over, it is no longer counted here.

    :ivar address: the address that it is counted for in `Connections`; None: it is not counted.
    :ivar client: the address, or IPv6 network, by which its requests and bytes are counted; behind a trusted proxy,
        that of its latest request.
    """

    address: str | None = None
    client = ""
    _deadline: IDelayedCall | None = None
    _is_new = True
    _is_idle = False
    _is_answering = False
    _is_asking = False
    _is_closing = False
    _is_over = False

    def connectionMade(self) -> None:
        """Begin, if the address may have one connection more."""
        peer = self.transport.getPeer()  # type: ignore[union-attr]
        address = self.client = network_of(str(getattr(peer, "host", "local")))
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
        """Take bytes of one request, or of several."""
        if self._is_over or self._is_closing or (self.paused and not self.persistent):
            return
        self._begin()
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        self._look()
        self._take_stock()

    def lineReceived(self, line: bytes) -> None:
        """Take a line of a request's head, unless the head is too large with it."""
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.lineLengthExceeded(line)
        else:
            super().lineReceived(line)  # type: ignore[no-untyped-call]

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse a head that is too large, or whose first line is."""
        self.refuse(HEAD_TOO_LARGE if self.requests else REQUEST_URI_TOO_LONG)

    def headerReceived(self, line: bytes) -> bool:
        """Take a header of a request, unless there are too many."""
        if self._receivedHeaderCount >= self.maxHeaders:
            self.refuse(HEAD_TOO_LARGE)
            return False
        try:
            is_good: bool = super().headerReceived(line)  # type: ignore[no-untyped-call]
        except ValueError:  # a length of more digits than Python reads
            self.refuse(BAD_REQUEST)
            return False
        self._transferDecoder = bounded(self._transferDecoder)
        return is_good

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(BAD_REQUEST)

    def refuse(self, status: int) -> None:
        """Answer with this status and no body, then hang up: the request is broken or too large."""
        if not self._is_closing:
            head = b"HTTP/1.1 %d %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            self.transport.write(head % (status, REASONS[status]))  # type: ignore[union-attr]
            self.loseConnection()

    def loseConnection(self) -> None:
        """Close. What still comes is read, since TLS has to see the end, and thrown away."""
        if not self._is_closing:
            self._is_closing = True
            self._buffer = b""
            self._networkProducer.resumeProducing()
        super().loseConnection()  # type: ignore[no-untyped-call]

    def _finishRequestBody(self, data: bytes) -> None:
        """Put what came after the body in front of the buffer; Twisted would keep it elsewhere, and out of order."""
        self._buffer = data + self._buffer
        self.allContentReceived()

    def allContentReceived(self) -> None:
        """The request is whole: look at nothing more until it had its turn and is answered."""
        self._wait_no_more()
        self._is_answering = True
        self.paused = True  # ends the loop of LineReceiver
        self.client = network_of(address_of(self.requests[-1]))
        self._ask()

    def serve(self) -> None:
        """Answer the request, whose turn it is; after that, the connection may belong to a WebSocket."""
        self._is_asking = False
        try:
            super().allContentReceived()  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - the door of what comes: one connection must not stop the others
            log.failure("a request could not be answered")
            self.close()
        if self.transport is None:
            self._leave()

    def requestDone(self, request: Any) -> None:
        """The request is answered: go on to the next, which may have come already."""
        self._is_answering = False
        super().requestDone(request)  # type: ignore[no-untyped-call]
        if self.persistent and not self._is_over:
            self.paused = False
            super().dataReceived(b"")  # type: ignore[no-untyped-call]
        self._look()
        self._take_stock()

    def pauseProducing(self) -> None:
        """The client reads slower than we write."""
        super().pauseProducing()  # type: ignore[no-untyped-call]
        self._take_stock()

    def resumeProducing(self) -> None:
        """The client has read all there was."""
        super().resumeProducing()  # type: ignore[no-untyped-call]
        self._take_stock()
        if self._is_asking:
            self._ask()

    def timeoutConnection(self) -> None:
        """Close, since nothing was read for long; unless something has come that is still to be read."""
        if self.has_unread():
            self.setTimeout(self.timeOut)  # type: ignore[no-untyped-call]
        else:
            self.close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        self._leave()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def close(self, code: int = 0, reason: str = "") -> None:
        """End the connection: in an orderly way if it is idle, else cut it off."""
        is_idle = self._is_idle
        self._leave()
        if self.transport is None:
            return
        if is_idle:
            self.loseConnection()
            self._wait(GOODBYE_S)
        else:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def cut_off(self) -> None:
        """End the connection at once, whatever waits to be sent."""
        self._is_idle = False
        self.close()

    def has_unread(self) -> bool:
        """Whether the kernel has bytes that will be read; none are while we wait for the client to read."""
        transport: Any = self.transport
        while isinstance(transport, ProtocolWrapper):  # TLS, or what reads a PROXY header
            transport = transport.transport
        try:
            there = bool(transport.getHandle().recv(1, MSG_PEEK | MSG_DONTWAIT))
        except OSError:
            return False
        return there and not self._waitingForTransport

    def _ask(self) -> None:
        """Ask for a turn, once the client has read its earlier answers."""
        self._is_asking = True
        if not self._waitingForTransport:
            self._site.queue.ask(self)

    def _take_stock(self) -> None:
        """Count what is kept for this connection, and read no more if that is enough."""
        if self._is_over or self.transport is None:
            return
        is_enough = self._waitingForTransport or (self.paused and len(self._buffer) > AHEAD_BYTES)
        if is_enough and not self._is_closing:
            self._networkProducer.pauseProducing()
        kept = len(self._buffer) + sum(request.kept_bytes for request in self.requests)
        if self._waitingForTransport:
            kept += queued_bytes(self.transport)
        self._site.kept.note(self, self.client, kept)

    def _may_enter(self, address: str) -> bool:
        """:returns: whether the address may have one more; if need be, its longest idle one is closed for it."""
        connections = self._connections
        return connections.enter(address) or (self._strangers.close_idle(address) and connections.enter(address))

    def _look(self) -> None:
        """Find out whether the connection is busy with a request, which may be here in part, or idle."""
        if self._is_over or self.transport is None:
            return
        if self.requests or self._buffer:  # the buffer has the beginning of a request's first line
            self._begin()
        elif not self._is_idle:
            self._is_idle, self._is_new = True, False
            self._wait_no_more()
            self._strangers.rest(self)

    def _begin(self) -> None:
        """Note that a request is on its way, and set a deadline until all of it is here."""
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
        self._site.queue.leave(self)
        self._site.kept.leave(self)
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
