"""
The client's side of a WebSocket: the one place beside ``wire.protocol`` that knows Autobahn.

`dial` resolves, connects (TLS for ``wss``), shakes hands, and gives a `Wire`: whole messages go in by ``send`` and come
out by ``on_frame``; ``on_close`` is the last thing heard of it. Whoever calls never sees Autobahn, so that a test may
hand in a function of the same shape. Autobahn answers the server's pings by itself, and pings it too: a server that is
gone without a word is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from autobahn.exception import Disconnected
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.defer import Deferred, execute
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint, ITCPTransport
from twisted.internet.ssl import optionsForClientTLS
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import ConnectionFailed

HANDSHAKE_S: Final = 10.0
"""Seconds for the opening handshake, as long as a server waits for ``hello``."""

PING_S: Final = 15.0
"""Seconds between our own pings, for connections on which nothing is asked; see `gameserver.client.liveness`."""

PONG_S: Final = 8.0
"""Seconds that the server has to answer one, as many as it gives us; a step may hold its reactor for some."""

BROKEN: Final = 4400
"""What we close with where a frame could not be taken (our ``protocol error``)."""

_new_factory: Any = WebSocketClientFactory  # Autobahn is annotated in part, and says that it is wholly

log = Logger()


class Wire(Protocol):
    """An open connection, as whoever dialled it sees it."""

    def send(self, frame: bytes, /) -> None:
        """Send one message; nothing happens where the connection is closing or gone."""

    def close(self, code: int = 1000) -> None:
        """Say goodbye; ``on_close`` follows, after a second at the latest."""

    def abort(self) -> None:
        """Cut the connection without a word; ``on_close`` follows."""


OnFrame = Callable[[bytes], object]
OnClose = Callable[[int, str], object]


class Dial(Protocol):
    """What `dial` looks like; a test has its own."""

    def __call__(
        self,
        reactor: Any,
        url: str,
        *,
        subprotocol: str,
        headers: Mapping[str, str] | None = None,
        on_frame: OnFrame,
        on_close: OnClose,
    ) -> Deferred[Wire]: ...


class _Call:
    """One connection: what Autobahn tells it, and the `Wire` for whoever dialled."""

    def __init__(self, on_frame: OnFrame, on_close: OnClose, *, binary: bool) -> None:
        self._on_frame = on_frame
        self._on_close = on_close
        self._binary = binary
        self._waiting = True
        self._given = False
        self._protocol: Any = None
        self.opened: Deferred[Wire] = Deferred(self._hang_up)

    def connect(self, endpoint: IStreamClientEndpoint, factory: Any) -> None:
        """Begin; all else follows from what Autobahn tells."""
        self._connecting = endpoint.connect(factory)
        self._connecting.addErrback(self._unreachable)

    def send(self, frame: bytes, /) -> None:
        if self._protocol is not None:
            with suppress(Disconnected):  # a close frame came, and the connection is about to be gone
                self._protocol.sendMessage(frame, self._binary)

    def close(self, code: int = 1000) -> None:
        if self._protocol is not None:
            self._protocol.sendClose(code)

    def abort(self) -> None:
        if self._protocol is not None:
            self._protocol.dropConnection(abort=True)

    def took(self, protocol: _ClientProtocol) -> None:
        """TCP stands."""
        self._protocol = protocol

    def open(self) -> None:
        """The handshake is done."""
        self._waiting = False
        self._given = True
        self.opened.callback(self)

    def frame(self, frame: bytes) -> None:
        """A message came. Autobahn would cut the connection without a close frame, were an exception to reach it."""
        execute(self._on_frame, frame).addErrback(self._broken, len(frame))

    def closed(self, code: int, reason: str) -> None:
        """The connection is gone, with this code, or never came about."""
        self._protocol = None
        if self._waiting:
            self._fail(ConnectionFailed(reason))
        elif self._given:
            self._on_close(code, reason)

    def _unreachable(self, failure: Failure) -> None:
        failed = ConnectionFailed(failure.getErrorMessage() or failure.value.__class__.__name__)
        failed.__cause__ = failure.value
        self._fail(failed)

    def _fail(self, failed: ConnectionFailed) -> None:
        if self._waiting:
            self._waiting = False
            self.opened.errback(failed)

    def _broken(self, failure: Failure, size_bytes: int) -> None:
        log.failure("A frame of {size_bytes} bytes could not be taken", failure=failure, size_bytes=size_bytes)
        self.close(BROKEN)

    def _hang_up(self, _: Deferred[Wire]) -> None:
        self._waiting = False
        self._connecting.cancel()
        self.abort()


class _ClientProtocol(WebSocketClientProtocol):
    """Autobahn's protocol, with one attribute of ours: it uses many names itself."""

    def __init__(self, session: _Call) -> None:
        super().__init__()
        self.session = session

    def connectionMade(self) -> None:
        super().connectionMade()
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)  # Autobahn 26.10 reads its setting before it is set, and leaves Nagle on
        self.session.took(self)

    def onOpen(self) -> None:
        self.session.open()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.session.frame(payload)

    def onCloseFrame(self, code: int, reasonRaw: bytes) -> bool | None:
        stop = super().onCloseFrame(code, reasonRaw)
        # Autobahn would wait, without a limit, for the server to drop TCP; what it has to say is said.
        if self.transport is not None:
            self.transport.loseConnection()
        return stop

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        # A server that sent its code and then broke TCP counts as unclean, 1006; its own code says more.
        told = self.remoteCloseCode
        self.session.closed(1005 if code is None else code if told is None else told, reason or "")


def dial(
    reactor: Any,
    url: str,
    *,
    subprotocol: str,
    headers: Mapping[str, str] | None = None,
    on_frame: OnFrame,
    on_close: OnClose,
) -> Deferred[Wire]:
    """
    Open a WebSocket.

    :param reactor: a Twisted reactor (`IReactorTCP`, `IReactorTime`, and a name resolver).
    :param url: ``ws://host[:port]/path`` or ``wss://...``; certificates are checked against the platform's.
    :param subprotocol: the one offered; a name that ends in ``msgpack`` makes binary frames, others text.
    :param headers: added to the handshake.
    :param on_frame: called with each message; where it raises, that is logged and the connection closed with 4400.
    :param on_close: called once with the close code (1006: no close frame came; 1005: one without a code) and its
        reason, if the Deferred had given a `Wire`.
    :returns: fires with the `Wire` when the handshake is done. Cancelling it hangs up.
    :raises ConnectionFailed: (in the Deferred) nobody answered, or not with a WebSocket; the text says which.
    :raises ValueError: at once: that is no such URL.
    """
    factory: Any = _new_factory(url, protocols=[subprotocol], headers=dict(headers or {}), reactor=reactor)
    factory.setProtocolOptions(openHandshakeTimeout=HANDSHAKE_S, autoPingInterval=PING_S, autoPingTimeout=PONG_S)
    call = _Call(on_frame, on_close, binary=subprotocol.endswith("msgpack"))
    factory.protocol = lambda: _ClientProtocol(call)
    endpoint: IStreamClientEndpoint = HostnameEndpoint(reactor, factory.host, factory.port)
    if factory.isSecure:
        endpoint = wrapClientTLS(optionsForClientTLS(factory.host), endpoint)
    call.connect(endpoint, factory)
    return call.opened
