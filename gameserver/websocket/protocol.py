"""
The server's side of a WebSocket: with the rest of this package, and ``client.dial``, all that knows Autobahn.

Autobahn shakes hands, closes, and reads whatever is unusual; messages that are one whole frame, nearly all, are read
by `Incoming` and go to a `Session`. Frames to the client are written by `Outgoing`, since the same bytes go to every
socket.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import ISSLTransport

from gameserver.protocol.messages import PACKED_SUBPROTOCOL, SUBPROTOCOLS, Form
from gameserver.websocket.closing import GOODBYE_S
from gameserver.websocket.frame_reader import Incoming
from gameserver.websocket.frames import BINARY, TEXT
from gameserver.websocket.limits import Connections, most_of_one
from gameserver.websocket.native import make_watch
from gameserver.websocket.outgoing import Outgoing
from gameserver.websocket.paced import Paced
from gameserver.websocket.proxies import Proxies
from gameserver.websocket.services import NodeServices
from gameserver.websocket.session import Session
from gameserver.websocket.slim_protocol import endpoint_class, let_go
from gameserver.websocket.sockets import Socket

HANDSHAKE_S: Final = 10.0
REASON_CHARS: Final = 200
"""Autobahn says why it refuses a handshake, in the log and to the client, and repeats headers: only so much of them."""

_new_factory: Any = WebSocketServerFactory  # Autobahn is annotated in part, and says that it is wholly


class GameProtocol(Paced):
    """
    One connection. Names in camelCase are Autobahn's or Twisted's; the others are ours.

    :ivar plain: the payload of each frame is what was sent: no extension, such as compression, changes it.
    """

    def __init__(self, endpoint: WebSocketEndpoint) -> None:
        self.incoming: Incoming | None = None
        self.outgoing: Outgoing | None = None
        super().__init__()
        self.endpoint = endpoint
        self.session: Session | None = None
        self.plain = False
        self.transport: Any

    def onConnect(self, request: Any) -> str | None:
        """
        The handshake: is this origin welcome, is there a common language, and room for one more from this address?

        :returns: the subprotocol; None where none was offered, which means JSON.
        """
        origin = request.headers.get("origin")
        headers, proxies, peer = request.headers, self.endpoint.proxies, self.transport.getPeer()
        secure = ISSLTransport.providedBy(self.transport)
        scheme = proxies.scheme(peer, headers.get("x-forwarded-proto"), secure=secure)
        if origin is not None and not self.endpoint.admits(origin, headers.get("host", ""), scheme):
            raise ConnectionDeny(ConnectionDeny.FORBIDDEN, "this origin is not admitted")
        # The client names what it speaks, the best first.
        offered = [name for name in request.protocols if name]
        subprotocol = next((name for name in offered if name in SUBPROTOCOLS), None)
        if offered and subprotocol is None:
            raise ConnectionDeny(ConnectionDeny.BAD_REQUEST, f"spoken here: {', '.join(SUBPROTOCOLS)}")
        address = proxies.client(peer, headers.get("x-forwarded-for"))
        if not self.endpoint.connections.enter(address):
            self.endpoint.services.budgets.throttled["connections"] += 1
            raise ConnectionDeny(ConnectionDeny.SERVICE_UNAVAILABLE, "too many connections from this address")
        binary = subprotocol == PACKED_SUBPROTOCOL
        services = self.endpoint.services
        self.outgoing = Outgoing(
            self,
            services.registry.reactor_pass,
            services.limits.queue_bytes,
            binary=binary,
            watch=self.endpoint.watch,
            message_bytes=services.message_bytes(binary=binary),
            sizes=services.sizes,
        )
        self.session = Session(services, self.outgoing, address, binary=binary)
        self.endpoint.sessions[self.session] = None
        return subprotocol

    def failHandshake(self, reason: str, code: int = 400, responseHeaders: Any = None) -> None:
        """Refuse a handshake; one too many of an address is counted for ``/metrics``, and fills no log."""
        reason = "".join(filter(str.isprintable, reason[:REASON_CHARS]))
        if code != ConnectionDeny.SERVICE_UNAVAILABLE:
            super().failHandshake(reason, code, responseHeaders)
            return
        self.sendHttpErrorResponse(code, reason, responseHeaders)  # type: ignore[no-untyped-call]
        self.wasClean = True  # to Autobahn, which otherwise warns
        self.dropConnection(abort=False)

    def onOpen(self) -> None:
        """The handshake is done. Autobahn leaves Nagle's algorithm on, which costs 40 ms an answer."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self.plain = self._perMessageCompress is None
        let_go(self)
        if self.session is None or self.outgoing is None:
            return
        own = BINARY if self.session.form is not Form.JSON else TEXT
        # `autobahn` calls `look` as soon as what came together with the handshake is read.
        session, most = self.session, self.endpoint.services.limits.frame_bytes
        ways = session.take, self.autobahn, self.wait
        self.incoming = Incoming(own, most, *ways, session.pace, session.admits, between=False)
        if isinstance(self.transport, Socket):
            self.transport.adopt(self.endpoint.watch, self.incoming)
            self.outgoing.socket = self.transport
        # The transport was taken over from twisted.web's channel, which is still registered as its producer.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.outgoing, True)

    def dataReceived(self, data: bytes) -> None:
        """Something was read."""
        if self.incoming is None:
            self.autobahn(data)
        else:
            self.incoming.feed(data)

    def look(self) -> None:
        """Find out whether what comes next may go the short way; see `Paced.look`."""
        if self.incoming is not None:
            inside = self.data or self.current_frame is not None or self.inside_message
            waits = inside or self.held or self.leaving or self.autoPingTimeoutCall is not None
            self.incoming.between = self.plain and self.state == self.STATE_OPEN and not waits

    def _sendAutoPing(self) -> None:
        super()._sendAutoPing()
        self.look()

    @property
    def state(self) -> int:
        """Autobahn's, which may change at any time."""
        return self._own_state

    @state.setter
    def state(self, state: int) -> None:
        self._own_state = state
        if self.incoming is not None:
            self.incoming.between = False
        if self.outgoing is not None and state != self.STATE_OPEN:
            self.outgoing.socket = None

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """A whole message came. An exception here would cut the connection: `Session.receive` raises none."""
        if self.session is not None:
            self.session.receive(payload, binary=isBinary)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The connection is gone, in whatever way."""
        if self.session is not None:
            self.endpoint.connections.leave(self.session.address)
            self.endpoint.sessions.pop(self.session, None)
            self.session.lost()
            self.session = None
            self.incoming = None


class WebSocketEndpoint:
    """
    Makes the connections of one node.

    :param services: what their sessions share.
    :param origins: origins admitted besides the server's own, in lower case, such as ``https://example.org``.
    :param reactor: for handshakes and pings.
    :param proxies: those whose headers are believed when they tell a client's address.
    :param native: use what was built in C, if anything was.
    :param sessions: where the open sessions are kept, if others need to know them as well.
    """

    def __init__(
        self,
        services: NodeServices,
        origins: Iterable[str],
        reactor: Any,
        sessions: dict[Session, None] | None = None,
        proxies: Proxies | None = None,
        *,
        native: bool = True,
    ) -> None:
        limits = services.limits
        self.services = services
        self.proxies = proxies or Proxies()
        self.origins = frozenset(origins)
        self.connections = Connections(most_of_one(limits))
        self.watch = make_watch(reactor, services.registry.reactor_pass, native=native)
        self.sessions: dict[Session, None] = {} if sessions is None else sessions
        self._factory = _new_factory(protocols=list(SUBPROTOCOLS), server="gameserver", reactor=reactor)
        self._factory.setProtocolOptions(
            maxFramePayloadSize=limits.frame_bytes,
            maxMessagePayloadSize=limits.frame_bytes,
            failByDrop=False,
            openHandshakeTimeout=HANDSHAKE_S,
            closeHandshakeTimeout=GOODBYE_S,
            autoPingInterval=limits.ping_s,
            autoPingTimeout=limits.pong_s,
            tcpNoDelay=True,
            webStatus=False,
            allowNullOrigin=True,  # by Autobahn, for us to answer
        )
        connection = endpoint_class(GameProtocol, self._factory)
        self._factory.protocol = lambda: connection(self)

    def resource(self) -> Any:
        """:returns: a resource of twisted.web to put at ``/ws``."""
        return WebSocketResource(self._factory)

    def admits(self, origin: str, host: str, scheme: str | None = None) -> bool:
        """Whether a page of this origin may connect: the server's own, by the request's ``Host``, or of `origins`."""
        return admits(origin, host, self.origins, scheme)

    def close_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        for session in list(self.sessions):
            session.close(code, reason)


def admits(origin: str, host: str, origins: Collection[str], scheme: str | None = None) -> bool:
    """
    Whether a page of this origin may call.

    :param origin: of the page, as the browser says it.
    :param host: the request's ``Host``, whose own pages may call.
    :param origins: other origins that may call.
    :param scheme: ``http`` or ``https``: what the client speaks with us; None where that is not known. Where we speak
        TLS, a page that came over plain HTTP is not our own: anybody may have changed it on its way.
    """
    origin = origin.lower()
    if origin in origins:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("http", "https") if scheme is None else (scheme,)
    return parts.scheme in schemes and parts.netloc != "" and parts.netloc == host.lower()
