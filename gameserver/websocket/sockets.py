"""
The sockets under our WebSockets: they write at once, and are watched by an epoll set of our own.

Twisted's way from a readable socket to ``dataReceived`` costs more than what we do with a message. A `Socket` is
Twisted's own TCP transport. Two things change once its connection is a WebSocket: what is written goes to the kernel at
once while nothing is buffered, and the reactor that it asks for readiness is a `SocketPoller`. To the real reactor that
is one descriptor; in one pass, which it begins and ends, it serves all sockets that are ready.

Where there is no epoll, under TLS and on UNIX sockets all stays with the reactor. `gameserver.websocket.native` has a
faster `SocketPoller`, which is used where it could be built.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any, Final

from twisted.internet import tcp
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.node.reactor_pass import ReactorPass
from gameserver.websocket.frame_reader import Incoming, masked_again

Watched = tuple["Socket", Callable[[int], bytes], Callable[[bytes], None], Callable[[bytes, int], None]]
"""A socket, its ``recv``, and two calls of `Incoming`: for bytes as they were read, and for an unmasked frame."""
WriteToAll = Callable[[list[int], bytes], list[int] | None]
WriteToEach = Callable[[list[int], list[bytes]], list[int] | None]
READ_BYTES: Final = 65_536
READABLE: Final = 1
"""``select.EPOLLIN``, which not every system has."""
EVENTS: Final = 1000
"""Sockets that are served in one pass, before the reactor looks at anything else."""


class Socket(tcp.Server):
    """
    A connection that a client opened.

    :ivar eager: what is written goes out at once where nothing waits; HTTP's small writes are better gathered.
    :ivar send: the socket's own, while what is written goes out at once; else None.
    :ivar number: its descriptor, as long as `send` is set; else -1, since a closed one may belong to another socket.
    """

    eager = False
    send: Callable[[bytes], int] | None = None
    number = -1
    feed: Callable[[bytes], None] | None = None
    feed_unmasked: Callable[[bytes, int], None]
    _waits = False

    def adopt(self, watch: SocketPoller, incoming: Incoming | None = None) -> None:
        """
        Become a WebSocket's: write eagerly, and be watched by this poller.

        :param incoming: what is given the bytes that are read, instead of the protocol.
        """
        waits = self._waits
        self.feed = incoming.feed if incoming else self.protocol.dataReceived
        self.feed_unmasked = incoming.feed_unmasked if incoming else self._feed_masked_again
        self.stopReading()  # type: ignore[no-untyped-call]
        self.stopWriting()
        self.reactor = watch  # type: ignore[assignment]  # Twisted asks it for readiness and for callLater alone
        self.eager = True
        self.startReading()  # type: ignore[no-untyped-call]
        if waits:
            self.startWriting()
        else:
            self._go()

    def _feed_masked_again(self, data: bytes, head: int) -> None:
        self.protocol.dataReceived(masked_again(data, head))

    def _go(self) -> None:
        """Let what is written go out at once."""
        self.send = self.socket.send
        self.number = self.fileno()

    def _hold(self) -> None:
        """Let what is written go through the buffer."""
        self.send = None
        self.number = -1

    def doRead(self) -> Any:
        """Read once. :returns: why the connection ends, if it does."""
        try:
            data = self.socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return CONNECTION_LOST
        if not data:
            return CONNECTION_DONE
        # The protocol is looked up anew each time: HTTP's hands over to the WebSocket's in the middle of a read.
        (self.feed or self.protocol.dataReceived)(data)
        return None

    def write(self, data: bytes) -> None:
        """Send what the kernel takes, and buffer the rest; if sending fails, Twisted finds out as it sends the rest."""
        if self.send is None:
            self.buffer(data)
            return
        try:
            sent = self.send(data)
        except OSError:
            sent = 0
        if sent != len(data):
            self.buffer(data[sent:])

    def buffer(self, data: bytes) -> None:
        """Have this sent when the kernel takes it, after what waits already."""
        super().write(data)  # type: ignore[no-untyped-call]

    def startWriting(self) -> None:
        """Something waits in the buffer."""
        self._hold()
        self._waits = True
        super().startWriting()  # type: ignore[no-untyped-call]

    def stopWriting(self) -> None:
        """All of it was sent."""
        self._waits = False
        super().stopWriting()  # type: ignore[no-untyped-call]
        if self.eager and self.connected:
            self._go()

    def connectionLost(self, reason: Failure) -> None:
        """The socket is closed, and its descriptor may be given to another."""
        self._hold()
        super().connectionLost(reason)


def hand_out_sockets(port: Any) -> None:
    """
    Have a port of Twisted's make our sockets.

    :param port: what listens; only those of TCP are changed.

    Source: the docstring of `twisted.internet.tcp.Port`
    """
    # A port for UNIX sockets is a tcp.Port as well.
    if getattr(port, "transport", None) is tcp.Server and hasattr(select, "epoll"):
        port.transport = Socket


@implementer(IReadDescriptor)
class SocketPoller:
    """
    An epoll set, which the sockets in it take for their reactor.

    :param reactor: where the set itself is watched, while there is any socket in it.
    :param reactor_pass: begun and ended with each pass over the sockets.
    :ivar way: how it works, in words for the log.
    :ivar write_to_all: writes the same bytes to many descriptors, if there is a faster way than one by one; negative
        ones are left out. Returns how many bytes went to each, -1 where it did not try; None: all of them to all.
    :ivar write_to_each: the same, with bytes for each of them.
    """

    way = "in Python"
    write_to_all: WriteToAll | None = None
    write_to_each: WriteToEach | None = None

    def __init__(self, reactor: Any, reactor_pass: ReactorPass) -> None:
        self.callLater = reactor.callLater
        self._reactor = reactor
        self._pass = reactor_pass
        self._sockets: dict[int, Watched] = {}
        self._events: dict[int, int] = {}
        self._epoll: Any = None
        # What a pass that reads all sockets before it serves any no longer watches; None: there is no such pass.
        self._dropped: dict[int, Watched] | None = None

    # What sockets ask for: see twisted.internet.interfaces.IReactorFDSet

    def addReader(self, socket: Socket) -> None:
        """Have its ``doRead`` called when there is something to read."""
        self._change(socket, add=select.EPOLLIN)

    def removeReader(self, socket: Socket) -> None:
        """No longer have its ``doRead`` called."""
        self._change(socket, drop=select.EPOLLIN)

    def addWriter(self, socket: Socket) -> None:
        """Have its ``doWrite`` called when something can be written."""
        self._change(socket, add=select.EPOLLOUT)

    def removeWriter(self, socket: Socket) -> None:
        """No longer have its ``doWrite`` called."""
        self._change(socket, drop=select.EPOLLOUT)

    def _change(self, socket: Socket, add: int = 0, drop: int = 0) -> None:
        descriptor = socket.fileno()
        before = self._events.get(descriptor, 0)
        wanted = (before | add) & ~drop
        if wanted == before:
            return
        if not before:
            self._open()
            self._epoll.register(descriptor, wanted)
            feed = socket.feed or socket.protocol.dataReceived
            self._sockets[descriptor] = (socket, socket.socket.recv, feed, socket.feed_unmasked)
        elif wanted:
            self._epoll.modify(descriptor, wanted)
        else:
            self._epoll.unregister(descriptor)
            watched = self._sockets.pop(descriptor)
            if self._dropped is not None:
                self._dropped.setdefault(descriptor, watched)
        if wanted:
            self._events[descriptor] = wanted
        else:
            del self._events[descriptor]
            self._close()

    # What the reactor asks for: see twisted.internet.interfaces.IReadDescriptor

    def fileno(self) -> int:
        """:returns: the set's own descriptor, which is readable while any socket in it is ready."""
        return int(self._epoll.fileno()) if self._epoll is not None else -1

    def logPrefix(self) -> str:
        """How log lines of Twisted's begin."""
        return "websockets"

    def connectionLost(self, reason: Failure) -> None:
        """The reactor disconnects all its readers as it ends; this one does so with its sockets."""
        for socket, *_ in list(self._sockets.values()):
            socket.connectionLost(reason)

    def doRead(self) -> None:
        """One pass: serve every socket that is ready, then end the pass."""
        self._pass.begin()
        try:
            self._serve_ready()
        finally:
            self._pass.end()

    def _serve_ready(self) -> None:
        sockets = self._sockets
        for descriptor, events in self._epoll.poll(0, EVENTS):
            try:
                socket, receive, feed, _ = sockets[descriptor]
            except KeyError:
                continue  # closed by what came before it in this pass
            # As Socket.doRead does, with fewer calls; if anything is wrong, doRead finds it by itself.
            try:
                data = receive(READ_BYTES) if events == READABLE else b""
            except OSError:
                data = b""
            try:
                if data:
                    feed(data)
                    continue
                why = serve(socket, events)
            except Exception:  # noqa: BLE001 - as in Twisted's reactors: a bug costs this connection, not the others
                log.failure("a connection failed")
                why = CONNECTION_LOST
            if why is not None:
                end(socket, why)

    def _open(self) -> None:
        if self._epoll is None:
            self._epoll = select.epoll()
            self._reactor.addReader(self)

    def _close(self) -> None:
        if not self._sockets and self._epoll is not None:
            self._reactor.removeReader(self)
            self._epoll.close()
            self._epoll = None


def serve(socket: Socket, events: int) -> Any:
    """Handle anything but mere input. :returns: why the connection ends, if it does."""
    if events & (select.EPOLLHUP | select.EPOLLERR) and not events & select.EPOLLIN:
        return CONNECTION_LOST
    why = socket.doRead() if events & select.EPOLLIN else None
    if why is None and events & select.EPOLLOUT and socket.connected:
        why = socket.doWrite()  # type: ignore[no-untyped-call]
    return why


def end(socket: Socket, why: Exception) -> None:
    """End a connection, if it has not ended already."""
    if socket.connected:
        socket.connectionLost(Failure(why))


log = Logger(namespace="gameserver.websocket")
