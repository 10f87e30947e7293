"""
The server's side of a WebSocket: the one place beside ``wire.dial`` that knows Autobahn.

Autobahn shakes hands, closes, and reads whatever is unusual; messages that are one whole frame, nearly all, are read
here and go to a `Session`. Frames to the client are written here, since the same bytes go to every socket: what a
connection is owed in one turn is one write. A reader that is slow costs a bounded number of bytes, then its connection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from zope.interface import implementer

from gameserver.room.passes import Pass
from gameserver.wire.frames import BINARY, MEDIUM, TEXT, head, is_text
from gameserver.wire.lean import door_class, let_go
from gameserver.wire.limits import Connections
from gameserver.wire.messages import PACKED_SUBPROTOCOL, SUBPROTOCOLS, Close
from gameserver.wire.proxies import Proxies
from gameserver.wire.session import House, Session
from gameserver.wire.transport import Socket, Watch

HANDSHAKE_S: Final = 10.0
GOODBYE_S: Final = 2.0
"""How long a client may take to answer a close frame."""

_new_factory: Any = WebSocketServerFactory  # Autobahn is annotated in part, and says that it is wholly


class GameProtocol(WebSocketServerProtocol):
    """
    One connection. Autobahn owns most names here; ours are ``door``, ``session``, ``outgoing``, ``plain``, ``own``.

    :ivar plain: frames hold what was sent, as they come: no extension changes them.
    :ivar own: the first byte of a whole frame in the form that the session speaks.
    """

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door
        self.session: Session | None = None
        self.outgoing: Outgoing | None = None
        self.plain = False
        self.own = TEXT
        self.maxFramePayloadSize: int
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
        self.own = BINARY if binary else TEXT
        house = self.door.house
        self.outgoing = Outgoing(self, house.hall.passes, house.limits.queue_bytes, binary=binary)
        self.session = Session(house, self.outgoing, address, binary=binary)
        self.door.sessions[self.session] = None
        return subprotocol

    def onOpen(self) -> None:
        """The handshake is done. Autobahn leaves Nagle's algorithm on, which costs 40 ms an answer."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self.plain = self._perMessageCompress is None
        let_go(self)
        if isinstance(self.transport, Socket):
            self.transport.adopt(self.door.watch)
            if self.outgoing is not None:
                self.outgoing.socket = self.transport
        # twisted.web's channel, from which the transport was taken over, is its producer still.
        self.transport.unregisterProducer()
        if self.session is not None:
            self.transport.registerProducer(self.session.transport, True)

    def dataReceived(self, data: bytes) -> None:
        """
        Hand over messages that are one frame each, up to the first that is not, or is not quite right; Autobahn reads
        from there. For that it must be between two messages; and while its timers of pings run they see every frame.

        This is one function, and does what `unmask` does itself, because most of what is sent comes this way.
        """
        if self.plain and not (
            self.data or self.current_frame is not None or self.inside_message or self.autoPingTimeoutCall is not None
        ):
            at, end, own = 0, len(data), self.own
            while end - at >= 6 and self.state == self.STATE_OPEN and self.session is not None:
                length, start = data[at + 1] - 0x80, at + 6
                if length == 126 and end - at >= 8:
                    length, start = data[at + 2] << 8 | data[at + 3], at + 8
                    if length < 126:
                        break
                elif not 0 <= length < 126:
                    break
                stop = start + length
                if data[at] != own or stop > end or length > self.maxFramePayloadSize:
                    break
                key = (data[start - 4 : start] * (length // 4 + 1))[:length]
                number = int.from_bytes(data[start:stop], "little") ^ int.from_bytes(key, "little")
                payload = number.to_bytes(length, "little")
                if own == TEXT and not payload.isascii() and not is_text(payload):
                    break
                at = stop
                self.session.take(payload)
            if at == end:
                return
            data = data[at:] if at else data
        super().dataReceived(data)

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
    What a session sends through its connection: gathered during a pass of the reactor, written once at its end.

    :param passes: at the end of each.
    :param queue_bytes: what may wait for a slow reader.
    :param binary: whether its frames are binary.
    :ivar socket: what the connection is written to, if it is one of ours.
    """

    __slots__ = ("_behind", "_first", "_owed", "_pass", "_protocol", "_queue_bytes", "_slow", "_volatile", "socket")

    def __init__(self, protocol: GameProtocol, passes: Pass, queue_bytes: int, *, binary: bool = False) -> None:
        self._first = BINARY if binary else TEXT
        self._protocol = protocol
        self._pass = passes
        self._queue_bytes = queue_bytes
        self._owed: list[bytes] = []
        self._volatile: dict[str, bytes] = {}
        self._slow = False
        self._behind = False
        self.socket: Socket | None = None

    def send(self, frame: bytes) -> None:
        """Owe one message."""
        if not self._owed:
            self._pass.owe(self.write)
        if frame is not framed.message:
            framed.take(self._first, frame)
        self._owed.append(framed.frame)

    def send_all(self, frames: list[bytes]) -> None:
        """Owe several at once, which are framed once for all who get this list."""
        if not self._owed:
            self._pass.owe(self.write)
        if frames is not framed.messages:
            framed.take_all(self._first, frames)
        self._owed.append(framed.frames)

    def write(self) -> None:
        """The turn ends: write what is owed."""
        owed, self._owed = self._owed, []
        protocol = self._protocol
        if not owed or protocol.state != protocol.STATE_OPEN:
            return
        data = owed[0] if len(owed) == 1 else b"".join(owed)
        socket = self.socket
        if self._slow or len(data) > self._queue_bytes:
            self._write_bounded(owed)
        elif socket is None or socket.send is None:
            protocol.transport.write(data)
        else:
            # As Socket.write, which most that is written would only pass through.
            try:
                sent = socket.send(data)
            except OSError:
                sent = 0
            if sent != len(data):
                socket.buffer(data[sent:])

    def _write_bounded(self, owed: list[bytes]) -> None:
        """Write no more than may wait; a reader that is too slow is cut off."""
        transport = self._protocol.transport
        for frame in owed:
            if self._slow and queued_bytes(transport) + len(frame) > self._queue_bytes:
                self.close(Close.SLOW_READER, "too slow a reader")
                return
            transport.write(frame)
        if self._slow and not self._behind and queued_bytes(transport) > self._queue_bytes // 2:
            self._behind = True
            if self._protocol.session is not None:
                self._protocol.session.fell_behind()

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
        """Close with a code, behind what is owed; who does not answer in time is cut off."""
        self._volatile.clear()
        self.write()
        self._protocol.sendClose(code, reason)

    def pauseProducing(self) -> None:
        """The transport's buffer is full: the client reads slower than we write."""
        self._slow = True

    def resumeProducing(self) -> None:
        """The client has read all there was."""
        self._slow = False
        # Behind what rooms make good in this turn: nothing that is said of a document comes before it.
        self._pass.owe(self._send_newest)
        if self._behind:
            self._behind = False
            if self._protocol.session is not None:
                self._protocol.session.caught_up()

    def _send_newest(self) -> None:
        """What is volatile and waited."""
        volatile, self._volatile = self._volatile, {}
        for frame in volatile.values():
            self.send(frame)

    def stopProducing(self) -> None:
        """The connection is lost; the protocol hears of it as well."""


class Framing:
    """
    Puts messages into frames, each once: what goes to many goes to them one after the other.

    :ivar message: the last one.
    :ivar frame: its frame.
    :ivar messages: the last that were several.
    :ivar frames: theirs, one behind the other.
    """

    def __init__(self) -> None:
        self.message = b""
        self.frame = head(TEXT, 0)
        self.messages: list[bytes] = []
        self.frames = b""

    def take(self, first: int, message: bytes) -> None:
        """Put a message into a frame that begins with ``first``: `TEXT` or `BINARY`, always one of them for it."""
        size = len(message)
        self.frame = (MEDIUM(first, 126, size) if 126 <= size < 65536 else head(first, size)) + message
        self.message = message

    def take_all(self, first: int, messages: list[bytes]) -> None:
        """The same of several."""
        parts: list[bytes] = []
        for message in messages:
            parts += (head(first, len(message)), message)
        self.frames = b"".join(parts)
        self.messages = messages


framed: Final = Framing()


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
        self.watch = Watch(reactor, house.hall.passes)
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
        )
        connection = door_class(GameProtocol, self._factory)
        self._factory.protocol = lambda: connection(self)

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
