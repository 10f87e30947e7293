"""
The server's side of a WebSocket: the one place beside ``wire.dial`` that knows Autobahn.

Autobahn shakes hands and reads frames; whole messages go to a `Session`. Frames to the client are written here, since
the same bytes go to every socket. A reader that is slow costs a bounded number of bytes, then its connection.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from zope.interface import implementer

from gameserver.wire.limits import Connections
from gameserver.wire.messages import PACKED_SUBPROTOCOL, SUBPROTOCOLS, Close
from gameserver.wire.proxies import Proxies
from gameserver.wire.session import House, Session

HANDSHAKE_S: Final = 10.0
GOODBYE_S: Final = 2.0
"""How long a client may take to answer a close frame."""

_new_factory: Any = WebSocketServerFactory  # Autobahn is annotated in part, and says that it is wholly


class GameProtocol(WebSocketServerProtocol):
    """One connection. Autobahn owns most names here; ours are ``door`` and ``session``."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door
        self.session: Session | None = None
        self.transport: Any

    def onConnect(self, request: Any) -> str | None:
        """
        The handshake: is this origin welcome, and is there room for one more from this address?

        :returns: the subprotocol, if one of ours was offered; none means JSON.
        """
        origin = request.headers.get("origin")
        headers, proxies, peer = request.headers, self.door.proxies, self.transport.getPeer()
        secure = ISSLTransport.providedBy(self.transport)
        scheme = proxies.scheme(peer, headers.get("x-forwarded-proto"), secure=secure)
        if origin is not None and not self.door.admits(origin, headers.get("host", ""), scheme):
            raise ConnectionDeny(ConnectionDeny.FORBIDDEN, "this origin is not admitted")
        address = proxies.client(peer, headers.get("x-forwarded-for"))
        if not self.door.connections.enter(address):
            self.door.house.budgets.throttled["connections"] += 1
            raise ConnectionDeny(ConnectionDeny.SERVICE_UNAVAILABLE, "too many connections from this address")
        # The client names what it speaks, the best first.
        subprotocol = next((name for name in request.protocols if name in SUBPROTOCOLS), None)
        binary = subprotocol == PACKED_SUBPROTOCOL
        outgoing = Outgoing(self, self.door.house.limits.queue_bytes, binary=binary)
        self.session = Session(self.door.house, outgoing, address, binary=binary)
        self.door.sessions[self.session] = None
        return subprotocol

    def onOpen(self) -> None:
        """The handshake is done. Autobahn leaves Nagle's algorithm on, which costs 40 ms an answer."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        # twisted.web's channel, from which the transport was taken over, is its producer still.
        self.transport.unregisterProducer()
        if self.session is not None:
            self.transport.registerProducer(self.session.transport, True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """A whole message came. An exception here would cut the connection: `Session.receive` raises none."""
        if self.session is not None:
            self.session.receive(payload, binary=isBinary)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The connection is gone, in whatever way."""
        if self.session is not None:
            self.door.connections.leave(self.session.address)
            self.door.sessions.pop(self.session, None)
            self.session.lost()
            self.session = None


@implementer(IPushProducer)
class Outgoing:
    """
    What a session sends through its connection.

    :param queue_bytes: what may wait for a slow reader.
    :param binary: whether its frames are binary.
    """

    __slots__ = ("_opcode", "_protocol", "_queue_bytes", "_slow", "_volatile")

    def __init__(self, protocol: GameProtocol, queue_bytes: int, *, binary: bool = False) -> None:
        self._opcode = 0x82 if binary else 0x81
        self._protocol = protocol
        self._queue_bytes = queue_bytes
        self._volatile: dict[str, bytes] = {}
        self._slow = False

    def send(self, frame: bytes) -> None:
        """Write one message; a reader that is too slow is cut off."""
        protocol = self._protocol
        if protocol.state != protocol.STATE_OPEN:
            return
        if self._slow and queued_bytes(protocol.transport) + len(frame) > self._queue_bytes:
            self.close(Close.SLOW_READER, "too slow a reader")
            return
        protocol.transport.write(_head(len(frame), self._opcode) + frame)

    def send_volatile(self, frame: bytes, slot: str) -> None:
        """Write one message at once; where the reader is slow, keep the newest of the slot for when it has read."""
        if self._slow:
            self._volatile[slot] = frame
        else:
            self.send(frame)

    def forget(self, code: str) -> None:
        """Nothing that waits of this room is wanted any more."""
        for slot in [slot for slot in self._volatile if slot.startswith(f"{code}/")]:
            del self._volatile[slot]

    def close(self, code: int, reason: str) -> None:
        """Close with a code; who does not answer in time is cut off."""
        self._volatile.clear()
        self._protocol.sendClose(code, reason)

    def pauseProducing(self) -> None:
        """The transport's buffer is full: the client reads slower than we write."""
        self._slow = True

    def resumeProducing(self) -> None:
        """The client has read all there was."""
        self._slow = False
        volatile, self._volatile = self._volatile, {}
        for frame in volatile.values():
            self.send(frame)

    def stopProducing(self) -> None:
        """The connection is lost; the protocol hears of it as well."""


class Door:
    """
    Makes the connections of one node.

    :param house: what their sessions share.
    :param origins: origins admitted besides the server's own.
    :param reactor: for handshakes and pings.
    :param proxies: whose word counts for who a client is.
    :param sessions: where the open ones are kept, for whoever else must know them.
    """

    def __init__(
        self,
        house: House,
        origins: Iterable[str],
        reactor: Any,
        sessions: dict[Session, None] | None = None,
        proxies: Proxies | None = None,
    ) -> None:
        limits = house.limits
        self.house = house
        self.proxies = proxies or Proxies()
        self.origins = frozenset(origins)
        self.connections = Connections(limits.connections_per_address)
        self.sessions: dict[Session, None] = {} if sessions is None else sessions
        self._factory = _new_factory(protocols=list(SUBPROTOCOLS), server="gameserver", reactor=reactor)
        self._factory.protocol = lambda: GameProtocol(self)
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
        )

    def resource(self) -> Any:
        """:returns: a resource of twisted.web to put at ``/ws``."""
        return WebSocketResource(self._factory)

    def admits(self, origin: str, host: str, scheme: str | None = None) -> bool:
        """Whether a page of this origin may connect: the server's own, by the request's ``Host``, or one of ours."""
        return admits(origin, host, self.origins, scheme)

    def close_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        for session in list(self.sessions):
            session.close(code, reason)


def queued_bytes(transport: Any) -> int:
    """
    :returns: what waits in a transport to be sent.

    Source: ``FileDescriptor`` in twisted/internet/abstract.py, and ``TLSMemoryBIOProtocol`` above it
    """
    waiting = sum(map(len, getattr(transport, "_appSendBuffer", ())))
    below = getattr(transport, "transport", transport)
    return int(waiting + len(below.dataBuffer) - below.offset + below._tempDataLen)


def admits(origin: str, host: str, origins: Collection[str], scheme: str | None = None) -> bool:
    """
    :param origin: of the page that calls, as the browser says it.
    :param host: the request's ``Host``, whose own pages may call.
    :param origins: others that may.
    :param scheme: what the client speaks with us, or None where that is not known. A page that came in clear may be
        anybody's, and is not our own where we speak TLS.
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


def _head(length: int, opcode: int) -> bytes:
    """
    The head of an unmasked, unfragmented frame.

    :param opcode: its first byte: 0x81 for text, 0x82 for what is binary.

    Source: RFC 6455 section 5.2
    """
    if length < 126:
        return bytes((opcode, length))
    if length < 65536:
        return bytes((opcode, 0x7E)) + length.to_bytes(2, "big")
    return bytes((opcode, 0x7F)) + struct.pack(">Q", length)
