"""Sockets of our own, on real descriptors but without a reactor: what is ready is served when the test says so."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock as Seconds
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gameserver.node.reactor_pass import ReactorPass
from gameserver.websocket.frames import TEXT, head
from gameserver.websocket.native import make_watch
from gameserver.websocket.outgoing import Outgoing
from gameserver.websocket.sockets import READ_BYTES, Socket, SocketPoller, hand_out_sockets

BIG = 4_000_000
"""More bytes than any kernel takes at once."""


DONE = Failure(ConnectionDone())


class Readiness(Seconds):
    """What a reactor is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []
        self.writers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def addWriter(self, writer: Any) -> None:
        self.writers.append(writer)

    def removeReader(self, reader: Any) -> None:
        self.readers = [r for r in self.readers if r is not reader]

    def removeWriter(self, writer: Any) -> None:
        self.writers = [w for w in self.writers if w is not writer]


class Notes(Protocol):
    """Notes what happens to it, and may do something then."""

    def __init__(self) -> None:
        self.got = b""
        self.lost: Failure | None = None
        self.then: Callable[[], object] = lambda: None

    def dataReceived(self, data: bytes) -> None:
        self.got += data
        self.then()

    def connectionLost(self, reason: Failure = DONE) -> None:
        self.lost = reason


class TransportTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = Readiness()
        self.reactor_pass = ReactorPass(self.reactor_clock())
        self.ends: list[int] = []
        self.reactor_pass.rooms = lambda: self.ends.append(len(self.ends))
        self.watch = self.make_watch()

    def make_watch(self) -> SocketPoller:
        """``test_native`` runs all that is here with its own."""
        return make_watch(self.reactor, self.reactor_pass, native=False)

    def reactor_clock(self) -> Any:
        class Clock:
            later = self.reactor.callLater
            now = monotonic = self.reactor.seconds
            ahead_s = 0.0

        return Clock

    def connect(self, *, adopt: bool = True) -> tuple[Socket, Notes, socket.socket]:
        """:returns: the server's end, its protocol, and the client's end."""
        ours, theirs = socket.socketpair()
        theirs.settimeout(5)
        self.addCleanup(theirs.close)
        notes = Notes()
        transport = Socket(ours, notes, ("127.0.0.1", 1), None, 0, self.reactor)  # type: ignore[arg-type]
        notes.makeConnection(transport)
        if adopt:
            transport.adopt(self.watch)
        self.addCleanup(self._close, transport)
        return transport, notes, theirs

    def _close(self, transport: Socket) -> None:
        if transport.connected:
            transport.connectionLost(Failure(ConnectionDone()))

    def serve(self) -> None:
        """The reactor finds the set ready, until it is not."""
        for _ in range(50):
            if self.watch.fileno() == -1 or not self.reactor.readers:
                return
            before = len(self.ends)
            self.watch.doRead()
            self.assertEqual(len(self.ends), before + 1)


class WritingTests(TransportTestCase):
    def test_at_once(self) -> None:
        """What is written is with the client before the reactor runs."""
        transport, _, client = self.connect()
        transport.write(b"now")
        self.assertEqual(client.recv(100), b"now")

    def test_gathered_before_it_is_a_websocket(self) -> None:
        """HTTP's small writes wait for the reactor, and are not lost at the upgrade."""
        transport, _, client = self.connect(adopt=False)
        transport.write(b"HTTP/1.1 101\r\n\r\n")
        client.setblocking(False)
        self.assertRaises(BlockingIOError, client.recv, 100)
        self.assertEqual(self.reactor.writers, [transport])
        transport.adopt(self.watch)
        transport.write(b"frame")
        self.assertEqual((self.reactor.writers, self.reactor.readers), ([], [self.watch]))
        self.serve()
        self.assertEqual(client.recv(100), b"HTTP/1.1 101\r\n\r\nframe")

    def test_rest_is_buffered_in_order(self) -> None:
        """What the kernel does not take goes out later, and what is written meanwhile behind it."""
        transport, _, client = self.connect()
        data = os.urandom(BIG)
        transport.write(data)
        transport.write(b"then this")
        got = b""
        while len(got) < len(data) + 9:
            got += client.recv(1 << 20)
            self.serve()
        self.assertEqual(got, data + b"then this")
        transport.write(b"at once again")
        self.assertEqual(client.recv(100), b"at once again")

    def test_client_is_gone(self) -> None:
        """A write to nobody raises nothing; the connection ends by its own way."""
        transport, notes, client = self.connect()
        client.close()
        transport.write(b"x")
        transport.write(b"y")
        self.serve()
        self.assertIsNotNone(notes.lost)
        transport.write(b"z")

    def test_lose_connection_after_what_waits(self) -> None:
        """All that was written arrives before the end."""
        transport, notes, client = self.connect()
        transport.write(b"x" * BIG)
        transport.loseConnection()
        got = 0
        while notes.lost is None:
            got += len(client.recv(1 << 20))
            self.serve()
        while more := client.recv(1 << 20):
            got += len(more)
        self.assertEqual(got, BIG)

    def test_descriptor_that_is_used_again(self) -> None:
        """What waited for a connection that ended never reaches the one that gets its descriptor."""
        first, _, _ = self.connect()
        first.write(b"secret" * BIG)
        descriptor = first.fileno()
        first.abortConnection()
        self.reactor.advance(0)
        second, _, client = self.connect()
        self.assertEqual(second.fileno(), descriptor)
        second.write(b"mine")
        self.serve()
        first.write(b"more secrets")
        client.setblocking(False)
        self.assertEqual(client.recv(100), b"mine")
        self.assertRaises(BlockingIOError, client.recv, 100)


class WatchTests(TransportTestCase):
    def test_one_turn_for_all(self) -> None:
        """Everybody who has sent something is served in one pass, which then ends."""
        connections = [self.connect() for _ in range(10)]
        for _, _, client in connections:
            client.send(b"x")
        self.reactor_pass.owe(lambda: self.ends.append(-1))
        self.watch.doRead()
        self.assertEqual([notes.got for _, notes, _ in connections], [b"x"] * 10)
        self.assertEqual(self.ends, [0, -1])

    def test_not_served_after_its_end(self) -> None:
        """A connection that another's message ended is not served in the same pass."""
        connections = [self.connect() for _ in range(5)]
        for _, notes, client in connections:
            notes.then = lambda: [t.connectionLost(Failure(ConnectionDone())) for t, n, _ in connections if not n.got]
            client.send(b"x")
        self.watch.doRead()
        self.assertEqual(sorted(notes.got for _, notes, _ in connections), [b"", b"", b"", b"", b"x"])
        self.assertEqual(sum(transport.connected for transport, _, _ in connections), 1)

    def test_bug_costs_one_connection(self) -> None:
        """An exception ends the connection that it came from, and the others are served."""
        connections = [self.connect() for _ in range(3)]
        connections[1][1].then = lambda: 1 / 0
        for _, _, client in connections:
            client.send(b"x")
        self.watch.doRead()
        self.assertEqual([notes.got for _, notes, _ in connections], [b"x"] * 3)
        self.assertEqual([notes.lost is None for _, notes, _ in connections], [True, False, True])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_client_closes(self) -> None:
        """The protocol hears of it, once."""
        _, notes, client = self.connect()
        client.send(b"last words")
        client.close()
        self.serve()
        self.assertEqual(notes.got, b"last words")
        self.assertTrue(notes.lost is not None and notes.lost.check(ConnectionDone))

    def test_aborted(self) -> None:
        """The protocol hears of it in the reactor's next pass."""
        transport, notes, _ = self.connect()
        transport.abortConnection()
        self.assertIsNone(notes.lost)
        self.reactor.advance(0)
        self.assertTrue(notes.lost is not None and notes.lost.check(ConnectionAborted))

    def test_paused(self) -> None:
        """Whoever is not read from waits until it is."""
        transport, notes, client = self.connect()
        other = self.connect()
        transport.pauseProducing()
        client.send(b"x")
        self.serve()
        self.assertEqual(notes.got, b"")
        transport.resumeProducing()
        self.serve()
        self.assertEqual((notes.got, other[1].got), (b"x", b""))

    def test_paused_by_another(self) -> None:
        """What came for somebody whom another's message pauses is not lost, whenever it is handed on."""
        connections = [self.connect() for _ in range(3)]
        for _, notes, client in connections:
            notes.then = lambda: [t.pauseProducing() for t, n, _ in connections if not n.got]
            client.send(b"x")
        self.serve()
        for _ in range(2):
            for transport, _, _ in connections:
                transport.resumeProducing()
            self.serve()
        self.assertEqual([notes.got for _, notes, _ in connections], [b"x"] * 3)

    def test_descriptor_that_is_used_again_in_a_pass(self) -> None:
        """What was sent to a connection that ended in this pass never reaches the one that gets its descriptor."""
        first, second = self.connect(), self.connect()
        met: list[tuple[Socket, Notes, socket.socket]] = []

        def end_the_other(other: Socket) -> None:
            if not met:
                descriptor = other.fileno()
                other.connectionLost(Failure(ConnectionDone()))
                met.append(self.connect())
                self.assertEqual(met[0][0].fileno(), descriptor)
                met[0][2].send(b"mine")

        first[1].then = lambda: end_the_other(second[0])
        second[1].then = lambda: end_the_other(first[0])
        first[2].send(b"first's")
        second[2].send(b"second's")
        self.serve()
        self.assertEqual(met[0][1].got, b"mine")
        self.assertEqual(sorted([first[1].got, second[1].got])[0], b"")

    def test_each_reads_a_part(self) -> None:
        """However much somebody sends, all others are served as well, in the same pass, and nobody's bytes are lost."""
        connections = [self.connect() for _ in range(20)]
        for _, _, client in connections:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * READ_BYTES)
        sent = [os.urandom(READ_BYTES) for _ in connections]
        for (_, _, client), data in zip(connections, sent, strict=True):
            client.sendall(data + b"then")
        self.watch.doRead()
        self.assertTrue(all(0 < len(notes.got) <= READ_BYTES for _, notes, _ in connections))
        self.serve()
        for (_, notes, _), data in zip(connections, sent, strict=True):
            self.assertTrue(notes.got == data + b"then")

    def test_client_resets(self) -> None:
        """A connection that breaks ends, and the others are served."""
        broken, other = self.connect(), self.connect()
        broken[0].write(b"never read")
        other[2].send(b"x")
        broken[2].close()
        self.serve()
        self.assertEqual((broken[1].lost is None, other[1].lost, other[1].got), (False, None, b"x"))

    def test_watched_while_there_is_somebody(self) -> None:
        """The set is in the reactor, and has a descriptor, only while it holds a socket."""
        self.assertEqual((self.reactor.readers, self.watch.fileno()), ([], -1))
        for _ in range(2):
            transport, _, _ = self.connect()
            self.assertEqual(self.reactor.readers, [self.watch])
            transport.connectionLost(Failure(ConnectionDone()))
            self.assertEqual((self.reactor.readers, self.watch.fileno()), ([], -1))

    def test_reactor_ends(self) -> None:
        """The reactor lets go of all it watches: so do the sockets that it does not know."""
        _, notes, _ = self.connect()
        self.watch.connectionLost(Failure(ConnectionDone()))
        self.assertIsNotNone(notes.lost)


class Member:
    """A session, as far as it is told things."""

    def __init__(self, transport: Outgoing, notes: Any) -> None:
        self.transport = transport
        self.notes = notes


class ToAllTests(TransportTestCase):
    """The same frame to many."""

    def member(self) -> tuple[Any, Socket, socket.socket]:
        """:returns: a session, as far as is asked for here, its socket, and the client's end."""
        transport, notes, client = self.connect()
        protocol = SimpleNamespace(transport=transport, state=3, STATE_OPEN=3, session=None)
        outgoing = Outgoing(protocol, self.reactor_pass, 2 * BIG, watch=self.watch)  # type: ignore[arg-type]
        outgoing.socket = transport
        return Member(outgoing, notes), transport, client

    def tell(self, members: list[tuple[Any, Socket, socket.socket]], *frames: bytes) -> None:
        """All of them are told, as at the end of a step."""
        to = [session for session, _, _ in members]
        to[0].transport.send_to_all(to, list(frames), last=True)

    def answer(self, members: list[tuple[Any, Socket, socket.socket]], frames: list[bytes]) -> list[bytes]:
        """
        All hear these, and each is answered behind the first, the second and so on; who was has one at the end, too.

        :returns: what each client is to get.
        """
        to = [session for session, _, _ in members]
        answers = {one: [(n % (len(frames) + 1), b"ok-%d" % n), (len(frames), b"end")] for n, one in enumerate(to)}
        to[0].transport.send_answered(to, frames, answers)
        meant = []
        for (at, answer), last in answers.values():
            meant.append(b"".join(map(self.framed, (*frames[:at], answer, *frames[at:], last[1]))))
        return meant

    def framed(self, frame: bytes) -> bytes:
        """:returns: what a client gets."""
        return head(TEXT, len(frame)) + frame

    def received(self, client: socket.socket, size: int) -> bytes:
        """:returns: so many bytes that came, and all else that came with them."""
        got = b""
        while len(got) < size:
            got += client.recv(1 << 20)
            self.serve()
        return got

    def test_all_get_it_at_once(self) -> None:
        """One frame and several, to one and to many."""
        for members in ([self.member()], [self.member() for _ in range(5)]):
            self.tell(members, b"one")
            self.tell(members, b"two", b"three")
            for _, _, client in members:
                self.assertEqual(client.recv(100), b"".join(map(self.framed, (b"one", b"two", b"three"))))

    def test_behind_what_is_owed(self) -> None:
        """Who is owed something gets it first, and the others need not wait."""
        members = [self.member() for _ in range(3)]
        self.reactor_pass.begin()
        members[1][0].transport.send(b"first")
        self.tell(members, b"then")
        self.assertEqual(members[2][2].recv(100), self.framed(b"then"))
        self.reactor_pass.end()
        self.assertEqual(members[1][2].recv(100), self.framed(b"first") + self.framed(b"then"))
        self.assertEqual(members[0][2].recv(100), self.framed(b"then"))

    def test_who_does_not_read(self) -> None:
        """What one kernel buffer does not take, in part or at all, comes later, whole and in order."""
        members = [self.member() for _ in range(3)]
        frames = [os.urandom(BIG), b"small", os.urandom(BIG // 2), b"last"]
        for frame in frames:
            self.tell(members, frame)
        self.assertEqual([transport.number for _, transport, _ in members], [-1] * 3)
        whole = b"".join(map(self.framed, frames))
        for _, transport, client in members:
            self.assertTrue(self.received(client, len(whole)) == whole)
            self.assertEqual(transport.number, transport.fileno())

    def test_full(self) -> None:
        """A kernel buffer that takes nothing keeps nobody else waiting."""
        members = [self.member() for _ in range(3)]
        _, transport, client = members[1]
        filled = 0
        with self.assertRaises(BlockingIOError):
            while True:
                filled += transport.socket.send(b"." * 1000)
        self.tell(members, b"news")
        for other in (members[0][2], members[2][2]):
            self.assertEqual(other.recv(100), self.framed(b"news"))
        self.assertEqual(self.received(client, filled + 6)[filled:], self.framed(b"news"))

    def test_answered(self) -> None:
        """Each gets what all hear, and its own answers where they belong: one, many, and before anything is said."""
        for many in (1, 5):
            members = [self.member() for _ in range(many)]
            for frames in ([b"one"], [b"one", b"two", b"three" * 100], [b"x" * 200, b"y"]):
                for (_, _, client), meant in zip(members, self.answer(members, frames), strict=True):
                    self.assertEqual(client.recv(1 << 16), meant)

    def test_answered_behind_what_is_owed(self) -> None:
        members = [self.member() for _ in range(3)]
        self.reactor_pass.begin()
        members[1][0].transport.send(b"first")
        meant = self.answer(members, [b"then"])
        self.assertEqual(members[2][2].recv(100), meant[2])
        self.reactor_pass.end()
        self.assertEqual(members[1][2].recv(100), self.framed(b"first") + meant[1])

    def test_answered_who_does_not_read(self) -> None:
        """What a kernel buffer does not take, and what is more than may wait, comes later, whole and in order."""
        members = [self.member() for _ in range(3)]
        whole = [b""] * 3
        for frames in ([os.urandom(BIG), b"small"], [b"x"], [os.urandom(BIG), os.urandom(BIG)], [b"last"]):
            whole = [before + now for before, now in zip(whole, self.answer(members, frames), strict=True)]
        for (_, _, client), meant in zip(members, whole, strict=True):
            self.assertTrue(self.received(client, len(meant)) == meant)

    def test_client_is_gone(self) -> None:
        """Who is gone ends by its own way; the others get it."""
        members = [self.member() for _ in range(3)]
        members[1][2].close()
        self.tell(members, b"news")
        self.assertEqual(members[2][2].recv(100), self.framed(b"news"))
        self.serve()
        self.assertEqual([session.notes.lost is None for session, _, _ in members], [True, False, True])

    def test_descriptor_that_is_used_again(self) -> None:
        """A room's frames never reach whoever got the descriptor of a member that is gone."""
        members = [self.member() for _ in range(3)]
        descriptor = members[1][1].fileno()
        members[1][1].connectionLost(Failure(ConnectionDone()))
        stranger, _, client = self.connect()
        self.assertEqual(stranger.fileno(), descriptor)
        self.tell(members, b"secret")
        self.serve()
        self.assertEqual(members[2][2].recv(100), self.framed(b"secret"))
        client.setblocking(False)
        self.assertRaises(BlockingIOError, client.recv, 100)


class PortTests(SynchronousTestCase):
    def test_ports_of_tcp(self) -> None:
        """Ports of TCP hand out our sockets; others are left alone."""
        port = tcp.Port(0, None, reactor=Readiness())  # type: ignore[arg-type]
        other = type("Port", (), {"transport": None})()
        hand_out_sockets(port)
        hand_out_sockets(other)
        self.assertEqual((port.transport, other.transport), (Socket, None))

    def test_ports_of_unix(self) -> None:
        """A port of Unix is one of TCP to Python, but its connections have no address, and stay Twisted's."""
        port = unix.Port("/nowhere", None, reactor=Readiness())  # type: ignore[arg-type]
        hand_out_sockets(port)
        self.assertIs(port.transport, unix.Server)
