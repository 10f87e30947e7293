"""
The server's side of a WebSocket: the one place beside ``wire.dial`` that knows Autobahn.

Autobahn shakes hands, closes, and reads whatever is unusual; messages that are one whole frame, nearly all, are read
here and go to a `Session`. Frames to the client are written here, since the same bytes go to every socket: what a
connection is owed in one turn is one write. A reader that is slow costs a bounded number of bytes, then its connection.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from twisted.logger import Logger
from zope.interface import implementer

from gameserver.room.passes import Pass
from gameserver.wire.closing import GOODBYE_S, Closing
from gameserver.wire.frames import BINARY, HEADS, READY, TEXT, head
from gameserver.wire.incoming import Incoming
from gameserver.wire.lean import door_class, let_go
from gameserver.wire.limits import Connections, Sizes, most_of_one
from gameserver.wire.messages import PACKED_SUBPROTOCOL, SUBPROTOCOLS, Close, Form
from gameserver.wire.native import make_watch
from gameserver.wire.proxies import Proxies
from gameserver.wire.session import House, Session
from gameserver.wire.transport import Socket, WriteToAll

HANDSHAKE_S: Final = 10.0

_new_factory: Any = WebSocketServerFactory  # Autobahn is annotated in part, and says that it is wholly


class GameProtocol(Closing):
    """
    One connection. Autobahn owns most names here; ours are those that it does not know.

    :ivar plain: frames hold what was sent, as they come: no extension changes them.
    :ivar incoming: reads what comes, once the handshake is done.
    """

    def __init__(self, door: Door) -> None:
        self.incoming: Incoming | None = None
        self.outgoing: Outgoing | None = None
        super().__init__()
        self.door = door
        self.session: Session | None = None
        self.plain = False
        self.transport: Any

    def onConnect(self, request: Any) -> str | None:
        """
        The handshake: is this origin welcome, is there a common language, and room for one more from this address?

        :returns: the subprotocol; None where none was offered, which means JSON.
        """
        origin = request.headers.get("origin")
        headers, proxies, peer = request.headers, self.door.proxies, self.transport.getPeer()
        secure = ISSLTransport.providedBy(self.transport)
        scheme = proxies.scheme(peer, headers.get("x-forwarded-proto"), secure=secure)
        if origin is not None and not self.door.admits(origin, headers.get("host", ""), scheme):
            raise ConnectionDeny(ConnectionDeny.FORBIDDEN, "this origin is not admitted")
        # The client names what it speaks, the best first.
        offered = [name for name in request.protocols if name]
        subprotocol = next((name for name in offered if name in SUBPROTOCOLS), None)
        if offered and subprotocol is None:
            raise ConnectionDeny(ConnectionDeny.BAD_REQUEST, f"spoken here: {', '.join(SUBPROTOCOLS)}")
        address = proxies.client(peer, headers.get("x-forwarded-for"))
        if not self.door.connections.enter(address):
            self.door.house.budgets.throttled["connections"] += 1
            raise ConnectionDeny(ConnectionDeny.SERVICE_UNAVAILABLE, "too many connections from this address")
        binary = subprotocol == PACKED_SUBPROTOCOL
        house = self.door.house
        self.outgoing = Outgoing(
            self,
            house.hall.passes,
            house.limits.queue_bytes,
            binary=binary,
            write_to_all=self.door.watch.write_to_all,
            message_bytes=house.message_bytes(binary=binary),
            sizes=house.sizes,
        )
        self.session = Session(house, self.outgoing, address, binary=binary)
        self.door.sessions[self.session] = None
        return subprotocol

    def onOpen(self) -> None:
        """The handshake is done. Autobahn leaves Nagle's algorithm on, which costs 40 ms an answer."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self.plain = self._perMessageCompress is None
        let_go(self)
        if self.session is None or self.outgoing is None:
            return
        own = BINARY if self.session.form is not Form.JSON else TEXT
        # `autobahn` looks, as soon as what came with the handshake is read.
        take, most = self.session.take, self.door.house.limits.frame_bytes
        self.incoming = Incoming(own, most, take, self.autobahn, between=False)
        if isinstance(self.transport, Socket):
            self.transport.adopt(self.door.watch, self.incoming)
            self.outgoing.socket = self.transport
        # twisted.web's channel, from which the transport was taken over, is its producer still.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.outgoing, True)

    def dataReceived(self, data: bytes) -> None:
        """Something was read."""
        if self.incoming is None:
            self.autobahn(data)
        else:
            self.incoming.feed(data)

    def autobahn(self, data: bytes) -> None:
        """Have Autobahn read this, and see whether it is between two messages then."""
        if not self.leaving:
            super().dataReceived(data)
            self.look()

    def look(self) -> None:
        """Whether what comes next may go the short way; while Autobahn's timers of pings run they see every frame."""
        if self.incoming is not None:
            inside = self.data or self.current_frame is not None or self.inside_message
            waits = inside or self.leaving or self.autoPingTimeoutCall is not None
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
            self.door.connections.leave(self.session.address)
            self.door.sessions.pop(self.session, None)
            self.session.lost()
            self.session = None
            self.incoming = None


def _write_at_once(to: Sequence[Any], data: bytes, write_to_all: WriteToAll) -> None:
    """Write the same to many sockets in one call, as `Outgoing.send_to_all` does one by one."""
    # Asked for now: nobody's descriptor can be closed, and become another's, before they are written to.
    numbers = [
        -1 if (socket := (outgoing := session.transport).socket) is None or outgoing._owed else socket.number
        for session in to
    ]
    sent = write_to_all(numbers, data)
    if sent is None:
        return
    for session, count in zip(to, sent, strict=True):
        if count < 0:
            session.transport._owe(data)
        elif count != len(data):
            session.transport.socket.buffer(data[count:])


class _TooLarge(Exception):
    """A message is larger than the client was told that any would be."""


@implementer(IPushProducer)
class Outgoing:
    """
    What a session sends through its connection: gathered during a pass of the reactor, written once at its end.

    :param passes: at the end of each.
    :param queue_bytes: what may wait for a slow reader.
    :param binary: whether its frames are binary.
    :param write_to_all: see `Watch`.
    :param message_bytes: what is larger is never sent.
    :param sizes: of what is.
    :ivar socket: what the connection is written to, if it is one of ours and may be written to at once.
    """

    __slots__ = (
        *("_behind", "_first", "_most", "_owed", "_pass", "_protocol", "_queue_bytes", "_sizes", "_slow"),
        *("_volatile", "_write_to_all", "socket"),
    )

    def __init__(
        self,
        protocol: GameProtocol,
        passes: Pass,
        queue_bytes: int,
        *,
        binary: bool = False,
        write_to_all: WriteToAll | None = None,
        message_bytes: int = sys.maxsize,
        sizes: Sizes | None = None,
    ) -> None:
        self._first = BINARY if binary else TEXT
        self._sizes = sizes or Sizes()
        self._most = message_bytes
        self._protocol = protocol
        self._pass = passes
        self._queue_bytes = queue_bytes
        self._write_to_all = write_to_all
        self._owed: list[bytes] = []
        self._volatile: dict[str, bytes] = {}
        self._slow = False
        self._behind = False
        self.socket: Socket | None = None

    def send(self, frame: bytes) -> None:
        """Owe one message."""
        try:
            data = self._head(len(frame)) + frame
        except _TooLarge:
            self._refuse([frame])
        else:
            self._owe(data)

    def send_to_all(self, to: Sequence[Any], frames: list[bytes], *, last: bool) -> None:
        """
        Owe several at once to many, or write them at once where that is all that they are owed.

        :param to: sessions of this form.
        """
        try:
            if len(frames) == 1:
                frame = frames[0]
                size = len(frame)
                data = (HEADS[self._first][size] if size < READY else self._head(size)) + frame
            else:
                data = b"".join([part for frame in frames for part in (self._head(len(frame)), frame)])
        except _TooLarge:
            for session in to:
                session.transport._refuse(frames)
            return
        size = len(data)
        if not last or size > self._queue_bytes:
            for session in to:
                session.transport._owe(data)
            return
        if self._write_to_all is not None and len(to) > 1:
            _write_at_once(to, data, self._write_to_all)
            return
        for session in to:
            outgoing = session.transport
            socket = outgoing.socket
            if socket is None or outgoing._owed or (send := socket.send) is None:
                outgoing._owe(data)
                continue
            # As Socket.write, which most that is written would only pass through.
            try:
                sent = send(data)
            except OSError:
                sent = 0
            if sent != size:
                socket.buffer(data[sent:])

    def _head(self, size: int) -> bytes:
        """:returns: the head of a frame. :raises _TooLarge: there is none so large."""
        if size < READY:
            return HEADS[self._first][size]
        if size > self._most:
            raise _TooLarge
        if size > self._sizes.largest:
            self._sizes.largest = size
        return head(self._first, size)

    def _refuse(self, frames: list[bytes]) -> None:
        """One of these is larger than the client was told that it would be."""
        largest = max(frames, key=len)
        log.error("a message of {size} bytes was not sent: {start}", size=len(largest), start=largest[:100])
        self._sizes.refused += 1
        self.close(Close.SLOW_READER, "a message is larger than limits.message_bytes")

    def _owe(self, data: bytes) -> None:
        """Owe frames."""
        if not self._owed:
            self._pass.owe(self.write)
        self._owed.append(data)

    def write(self) -> None:
        """The turn ends: write what is owed."""
        owed, self._owed = self._owed, []
        protocol = self._protocol
        if not owed or protocol.state != protocol.STATE_OPEN:
            return
        data = owed[0] if len(owed) == 1 else b"".join(owed)
        if self._slow or len(data) > self._queue_bytes:
            self._write_bounded(owed)
        else:
            protocol.transport.write(data)

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


class Door:
    """
    Makes the connections of one node.

    :param house: what their sessions share.
    :param origins: origins admitted besides the server's own.
    :param reactor: for handshakes and pings.
    :param proxies: whose word counts for who a client is.
    :param native: use what was built in C, if anything was.
    :param sessions: where the open ones are kept, for whoever else must know them.
    """

    def __init__(
        self,
        house: House,
        origins: Iterable[str],
        reactor: Any,
        sessions: dict[Session, None] | None = None,
        proxies: Proxies | None = None,
        *,
        native: bool = True,
    ) -> None:
        limits = house.limits
        self.house = house
        self.proxies = proxies or Proxies()
        self.origins = frozenset(origins)
        self.connections = Connections(most_of_one(limits))
        self.watch = make_watch(reactor, house.hall.passes, native=native)
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


log = Logger(namespace="gameserver.wire")
