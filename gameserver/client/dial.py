"""
The client's side of a WebSocket: the only module of the client that knows Autobahn.

`dial` resolves, connects (TLS for ``wss``), shakes hands, and returns a `Wire`: whole messages go out by ``send`` and
come in by ``on_frame``; ``on_close`` is the last call. The caller never sees Autobahn, so that a test may pass a
function of the same shape. Autobahn answers the server's pings by itself, and sends pings too, so that a server that
has vanished is noticed.
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
"""Seconds between our own pings, for connections on which no answer is owed; see `gameserver.client.liveness`."""

PONG_S: Final = 8.0
"""Seconds that the server has to answer one, as many as it gives us; a step may block its reactor for a while."""

BROKEN: Final = 4400
"""The close code where a frame could not be handled (our ``protocol error``)."""

_new_factory: Any = WebSocketClientFactory  # Autobahn is annotated in part, and says that it is wholly

log = Logger()


class Wire(Protocol):
    """An open connection, as the caller of `dial` sees it."""

    def send(self, frame: bytes, /) -> None:
        """Send one message; if the connection is closing or gone, nothing happens."""

    def close(self, code: int = 1000) -> None:
        """Say goodbye; ``on_close`` follows, after a second at the latest."""

    def abort(self) -> None:
        """Cut the connection without a close frame; ``on_close`` follows."""


OnFrame = Callable[[bytes], object]
OnClose = Callable[[int, str], object]


class Dial(Protocol):
    """The signature of `dial`; a test may have its own such function."""

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
    """One connection: it is told of events by Autobahn's protocol, and is the `Wire` for the caller."""

    def __init__(self, on_frame: OnFrame, on_close: OnClose, *, binary: bool) -> None:
        self._on_frame = on_frame
        self._on_close = on_close
        self._binary = binary
        self._waiting = True
        self._given = False
        self._protocol: Any = None
        self.opened: Deferred[Wire] = Deferred(self._hang_up)

    def connect(self, endpoint: IStreamClientEndpoint, factory: Any) -> None:
        """Begin to connect."""
        self._connecting = endpoint.connect(factory)
        self._connecting.addErrback(self._unreachable)

    def send(self, frame: bytes, /) -> None:
        if self._protocol is not None:
            with suppress(Disconnected):  # a close frame has come, and the connection is about to end
                self._protocol.sendMessage(frame, self._binary)

    def close(self, code: int = 1000) -> None:
        if self._protocol is not None:
            self._protocol.sendClose(code)

    def abort(self) -> None:
        if self._protocol is not None:
            self._protocol.dropConnection(abort=True)

    def took(self, protocol: _ClientProtocol) -> None:
        """The TCP connection is made."""
        self._protocol = protocol

    def open(self) -> None:
        """The handshake is done."""
        self._waiting = False
        self._given = True
        self.opened.callback(self)

    def frame(self, frame: bytes) -> None:
        """A message came. If an exception reached Autobahn, it would cut the connection without a close frame."""
        execute(self._on_frame, frame).addErrback(self._broken, len(frame))

    def closed(self, code: int, reason: str) -> None:
        """The connection is gone, with this code, or was never made."""
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
    """Autobahn's protocol, with one attribute of ours, ``session``: it uses many names itself."""

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
        # Autobahn would wait, without a limit, for the server to end TCP; but nothing comes after a close frame.
        if self.transport is not None:
            self.transport.loseConnection()
        return stop

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        # If a server sends its code and then breaks TCP, Autobahn reports 1006, unclean; the server's code says more.
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
    :param on_frame: called with each message; if it raises, that is logged and the connection closed with 4400.
    :param on_close: called once with the close code (1006: no close frame came; 1005: one without a code) and the
        reason, if the Deferred has fired with a `Wire`.
    :returns: fires with the `Wire` when the handshake is done. Cancelling it hangs up.
    :raises ConnectionFailed: (in the Deferred) nobody answered, or not with a WebSocket; the text says which.
    :raises ValueError: at once: the URL is not one of a WebSocket.
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
