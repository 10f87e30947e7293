"""Connections that send nothing, or send slowly, and connections that are too many."""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Iterable
from typing import Any

from twisted.internet.interfaces import IHandshakeListener, ISSLTransport
from twisted.internet.protocol import Factory
from twisted.protocols.policies import ProtocolWrapper
from twisted.web.server import NOT_DONE_YET
from zope.interface import alsoProvides

from gameserver.settings.settings import Limits
from gameserver.web import channel
from gameserver.web import site as web
from gameserver.websocket.limits import descriptors_for, most_connections, most_of_one, raise_descriptors
from gameserver.websocket.proxies import Proxies
from tests.web.test_api import GATES, Answer, ApiTests, Node, Peer, Quiz
from tests.websocket.test_protocol import ProtocolTestCase

REQUEST = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"


BROWSERS_S = 300
"""How long Chromium keeps a connection that it has used; others let go earlier."""


class SlowTests(ApiTests):
    """A request comes whole within twenty seconds."""

    def test_slow_handshake(self) -> None:
        """Who sends a byte now and then is cut off, in the head as in the body."""
        for head in (
            b"G",
            b"GET /ws HTTP/1.1\r\nupgrade: websocket\r\nx: ",
            b"POST /api/guest HTTP/1.1\r\ncontent-length: 99\r\n\r\n",
        ):
            protocol, transport = self.node.connect()
            protocol.dataReceived(head)
            for _ in range(19):
                self.node.seconds.advance(1)
                protocol.dataReceived(b"x")
            self.assertFalse(transport.disconnecting)
            self.node.seconds.advance(1)
            self.assertTrue(transport.disconnected)

    def test_next_request(self) -> None:
        """A connection may be quiet between requests; each has its own time."""
        protocol, transport = self.node.connect()
        for _ in range(3):
            protocol.dataReceived(REQUEST)
            self.node.seconds.advance(40)
            self.assertFalse(transport.disconnecting)
        protocol.dataReceived(REQUEST[:10])
        self.node.seconds.advance(19)
        protocol.dataReceived(REQUEST[10:20])
        self.assertFalse(transport.disconnecting)
        self.node.seconds.advance(1)
        self.assertTrue(transport.disconnected)

    def test_first_request_comes_late(self) -> None:
        """Browsers open connections that they may need: the time of a request begins with its first byte."""
        protocol, transport = self.node.connect()
        self.node.seconds.advance(BROWSERS_S)
        protocol.dataReceived(REQUEST[:10])
        self.node.seconds.advance(19)
        protocol.dataReceived(REQUEST[10:])
        self.assertEqual(Answer(transport.value()).status, 200)

    def test_handshake_of_tls(self) -> None:
        """It has the time of a request; after it the connection is idle."""
        for is_done in (True, False):
            protocol: Any = self.node.site.buildProtocol(None)  # type: ignore[no-untyped-call]
            transport = Peer("192.0.2.1")
            transport.setTcpNoDelay = lambda enabled: None  # type: ignore[attr-defined]
            alsoProvides(transport, ISSLTransport)
            protocol.makeConnection(transport)
            self.assertTrue(IHandshakeListener.providedBy(protocol))
            self.node.seconds.advance(19)
            if is_done:
                protocol.handshakeCompleted()
            self.node.seconds.advance(1)
            self.assertEqual(transport.disconnected, not is_done)

    def test_begun_while_another_was_answered(self) -> None:
        """What came in part behind another request has its time from the answer on."""
        for part in (1, 30):
            self.answer_late()
            protocol, transport = self.node.connect()
            protocol.dataReceived(b"GET /ws HTTP/1.1\r\nhost: a\r\n\r\n")
            protocol.dataReceived(REQUEST[:part])
            self.node.seconds.advance(100)
            self.assertFalse(transport.disconnecting)
            self.waiting.pop().finish()
            self.node.seconds.advance(19)
            self.assertFalse(transport.disconnecting)
            self.node.seconds.advance(1)
            self.assertTrue(transport.disconnected)

    def test_begun_in_one_segment_with_another(self) -> None:
        """So has what came in the other one's segment, whether that had to wait or not, and whole lines of it too."""
        body = b'{"game":"slow"}'
        token = self.node.token()["authorization"].encode()
        late = b"POST /api/rooms HTTP/1.1\r\nhost: a\r\nauthorization: %s\r\ncontent-length: %d\r\n\r\n%s"
        for first in (REQUEST, late % (token, len(body), body)):
            for part in (1, 23, 30):
                protocol, transport = self.node.connect()
                protocol.dataReceived(first + REQUEST[:part])
                self.node.seconds.advance(5)
                for gate in GATES:
                    gate.callback(None)
                GATES.clear()
                self.node.seconds.advance(0)
                self.assertEqual(transport.value().count(b"HTTP/1.1 20"), 1)
                self.node.seconds.advance(14 if first is REQUEST else 19)
                self.assertFalse(transport.disconnecting, (first, part))
                self.node.seconds.advance(1)
                self.assertTrue(transport.disconnected, (first, part))

    def answer_late(self) -> None:
        """Let requests wait for their answer."""
        self.waiting: list[Any] = []

        def render(request: Any) -> int:
            self.waiting.append(request)
            return NOT_DONE_YET

        self.patch(self.node.websocket, "render", render)

    def test_nothing_is_left(self) -> None:
        """What was cut off, or ended, takes up no place and leaves no timer."""
        calls = len(self.node.seconds.getDelayedCalls())
        for _ in range(3):
            protocol, _ = self.node.connect()
            protocol.dataReceived(REQUEST)
            protocol.connectionLost(None)
        self.node.connect()[0].dataReceived(b"G")
        self.assertEqual(len(self.node.services.strangers), 1)
        self.node.seconds.advance(20)
        self.assertEqual(len(self.node.services.strangers), 0)
        self.assertEqual(dict(self.node.site.connections._open), {})  # type: ignore[attr-defined]
        protocol, _ = self.node.connect()
        protocol.connectionLost(None)
        self.assertEqual(len(self.node.seconds.getDelayedCalls()), calls)


class IdleCase(ApiTests):
    """Connections that are used, and then are not."""

    def used(self, host: str = "192.0.2.1") -> tuple[Any, Peer]:
        """Open one, and use it once."""
        protocol, transport = self.node.connect(host)
        self.assertEqual(self.answer(protocol, transport), 200)
        return protocol, transport

    def answer(self, protocol: Any, transport: Peer) -> int:
        """:returns: how a request is answered."""
        transport.clear()  # type: ignore[no-untyped-call]
        protocol.dataReceived(REQUEST)
        self.node.seconds.advance(0)
        return Answer(transport.value()).status


class IdleTests(IdleCase):
    """Connections on which nothing is under way."""

    def test_outlives_browsers(self) -> None:
        """It is the browser that lets go, so that none of its requests meets a closed connection."""
        for make in (self.node.connect, self.used):
            protocol, transport = make()
            self.node.seconds.advance(BROWSERS_S)
            self.assertEqual(self.answer(protocol, transport), 200)
            self.node.seconds.advance(BROWSERS_S)
            self.assertEqual(self.answer(protocol, transport), 200)

    def test_closed_at_last(self) -> None:
        """One that nobody lets go of is closed, without a reset; and who does not see it is cut off."""
        for make in (self.node.connect, self.used):
            _, transport = make()
            self.node.seconds.advance(web.IDLE_S - 1)
            self.assertFalse(transport.disconnecting)
            self.node.seconds.advance(1)
            self.assertEqual((transport.disconnecting, transport.disconnected), (True, False))
            self.node.seconds.advance(channel.GOODBYE_S)
            self.assertTrue(transport.disconnected)
        self.assertEqual(len(self.node.services.strangers), 0)

    def test_request_has_come_as_it_ends(self) -> None:
        """A request that is here and was not read yet is answered: the end waits."""
        protocol, transport = self.used()
        transport.unread = REQUEST
        self.node.seconds.advance(web.IDLE_S)
        self.node.seconds.advance(web.IDLE_S)
        self.assertFalse(transport.disconnecting)
        transport.unread = b""
        self.assertEqual(self.answer(protocol, transport), 200)
        self.node.seconds.advance(web.IDLE_S)
        self.assertTrue(transport.disconnecting)

    def test_client_that_reads_nothing(self) -> None:
        """What comes from a client that does not read our answers is not waited for: it will not be read."""
        protocol, transport = self.used()
        protocol.pauseProducing()
        transport.unread = REQUEST
        self.node.seconds.advance(web.IDLE_S)
        self.assertTrue(transport.disconnecting)

    def test_what_comes_too_late(self) -> None:
        """Nothing is done for a request that cannot be answered any more."""
        protocol, transport = self.used()
        self.node.seconds.advance(web.IDLE_S)
        size = len(transport.value())
        protocol.dataReceived(REQUEST)
        self.node.seconds.advance(0)
        self.assertEqual(len(transport.value()), size)

    def test_real_socket(self) -> None:
        """What the kernel has is seen, under TLS and behind a PROXY header as well."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        protocol, transport = self.node.connect()
        self.patch(transport, "getHandle", lambda: ours)
        wrapper: Any = ProtocolWrapper(Factory(), protocol)  # type: ignore[arg-type, no-untyped-call]
        wrapper.transport = transport
        for each in (transport, wrapper):
            protocol.transport = each
            self.assertFalse(protocol.has_unread())
            theirs.send(b"x")
            self.assertTrue(protocol.has_unread())
            self.assertEqual(ours.recv(9), b"x")
        theirs.close()
        self.assertFalse(protocol.has_unread())


class PlaceTests(IdleCase):
    """Which connection goes, where there are too many."""

    def strangers(self, most: int, connections: int = 1000) -> None:
        """Let there be so many."""
        self.node.services.strangers.most, self.node.services.strangers.connections = most, connections

    def ended(self, connections: Iterable[tuple[Any, Peer]]) -> list[str]:
        """:returns: how each stands: open, closed or cut off."""
        return [
            "cut" if transport.disconnected else "closed" if transport.disconnecting else "open"
            for _, transport in connections
        ]

    def test_longest_idle_goes(self) -> None:
        """Not the oldest goes, but the one that was not used for longest; and it is not reset."""
        self.strangers(3)
        first, second, third = (self.used() for _ in range(3))
        self.answer(*first)
        fourth = self.used()
        self.assertEqual(self.ended([first, second, third, fourth]), ["open", "closed", "open", "open"])
        self.assertEqual(self.node.services.strangers.closed, 1)

    def test_request_on_its_way_stays(self) -> None:
        """Of which a part was read, or is with the kernel, or which waits for its answer."""
        self.strangers(4)
        waiting: list[Any] = []

        def render(request: Any) -> int:
            waiting.append(request)
            return NOT_DONE_YET

        self.patch(self.node.websocket, "render", render)
        read, unread, asked, _ = held = [self.used() for _ in range(4)]
        read[0].dataReceived(b"G")
        unread[1].unread = REQUEST
        asked[0].dataReceived(b"GET /ws HTTP/1.1\r\nhost: a\r\n\r\n")
        newest = self.used()
        self.assertEqual(self.ended([*held, newest]), ["open", "open", "open", "closed", "open"])

    def test_slow_ones_go_when_none_is_idle(self) -> None:
        """Who began a request in each of very many connections keeps nobody out."""
        self.strangers(3)
        slow = [self.node.connect() for _ in range(3)]
        for protocol, _ in slow:
            protocol.dataReceived(b"G")
        newest = self.used()
        self.assertEqual(self.ended([*slow, newest]), ["cut", "open", "open", "open"])

    def test_descriptors_run_short(self) -> None:
        """Whoever is known keeps the connection; those that are idle make room for them."""
        self.strangers(100, connections=5)
        known = [self.node.connect() for _ in range(3)]
        for protocol, _ in known:
            self.node.services.strangers.know(protocol)
        idle = [self.used() for _ in range(4)]
        self.assertEqual(self.ended([*known, *idle]), ["open"] * 3 + ["closed", "closed", "open", "open"])
        known[0][0].connectionLost(None)
        idle.append(self.used())
        self.assertEqual(self.ended(idle), ["closed", "closed", "open", "open", "open"])

    def test_all_places_are_taken(self) -> None:
        """Where all are known, whoever comes is refused."""
        self.strangers(100, connections=2)
        known = [self.node.connect() for _ in range(2)]
        for protocol, _ in known:
            self.node.services.strangers.know(protocol)
        self.assertEqual(self.ended([*known, self.node.connect()]), ["open", "open", "closed"])
        self.assertEqual(len(self.node.services.strangers), 0)

    def test_descriptors_are_raised(self) -> None:
        """As many as the limits promise are taken, as far as they may be; one address has never all of them."""
        limits = Limits(connections_per_address=5000, unauthenticated=1000)
        self.assertEqual(descriptors_for(limits), 5128)
        for given, wanted, most, set_to in (
            ((1024, 65536), 5128, 5128, [(5128, 65536)]),
            ((1024, 4096), 5128, 4096, [(4096, 4096)]),
            ((1024, 1024), 5128, 1024, []),
            ((1024, -1), 5128, 5128, [(5128, -1)]),
            ((-1, -1), 5128, sys.maxsize, []),
            ((65536, 65536), 5128, 65536, []),
        ):
            done: list[tuple[int, int]] = []
            self.patch(resource, "getrlimit", lambda _, given=given: given)
            self.patch(resource, "setrlimit", lambda _, both, done=done: done.append(both))
            self.assertEqual((raise_descriptors(wanted), done), (most, set_to), given)
        for given, most in (((1024, 1024), 672), ((65536, 65536), 5000), ((-1, -1), 5000)):
            self.patch(resource, "getrlimit", lambda _, given=given: given)
            self.assertEqual(most_of_one(limits), most)

    def test_descriptors_of_the_process(self) -> None:
        """Some are left for all else; where there is no limit, there is none."""
        for given, most in (((1024, 4096), 1024 - 128), ((256, 256), 192), ((-1, -1), sys.maxsize)):
            self.patch(resource, "getrlimit", lambda _, given=given: given)
            self.assertEqual(most_connections(), most)


class CountTests(ApiTests):
    """So many connections an address, before they are WebSockets and after."""

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(Quiz, **{"limits.connections_per_address": 3})

    def test_too_many(self) -> None:
        """One more is cut off before it says anything; other addresses are not, and whoever ends makes room."""
        held = [self.node.connect() for _ in range(3)]
        for protocol, _ in held:
            protocol.dataReceived(b"G")
        self.assertTrue(self.node.connect()[1].disconnected)
        self.assertFalse(self.node.connect("192.0.2.2")[1].disconnecting)
        self.assertEqual(self.node.services.budgets.throttled["connections"], 1)
        held[0][0].connectionLost(None)
        self.assertFalse(self.node.connect()[1].disconnecting)

    def test_idle_ones_make_room(self) -> None:
        """It costs an address the one of its own that is idle longest; others' are older, and stay."""
        other = self.node.connect("192.0.2.2")
        held = [self.node.connect() for _ in range(5)]
        self.assertEqual(
            [transport.disconnecting for _, transport in [other, *held]], [False, True, True, False, False, False]
        )
        self.assertEqual(self.node.services.budgets.throttled["connections"], 0)

    def test_proxy(self) -> None:
        """A trusted proxy brings everybody, and is not counted."""
        self.node.site.proxies = Proxies(["192.0.2.1"])  # type: ignore[attr-defined]
        self.assertEqual([self.node.connect()[1].disconnecting for _ in range(10)], [False] * 10)


class TakenOverTests(ProtocolTestCase):
    limits = Limits(connections_per_address=2)

    def test_websockets_count_once(self) -> None:
        """A WebSocket has left HTTP: it takes up one place, not two, and no deadline of HTTP ends it."""
        first, second = self.node.dial().hello(), self.node.dial().hello()
        self.assertEqual(dict(self.node.site.connections._open), {})  # type: ignore[attr-defined]
        self.rig.advance(60)
        self.assertEqual((first.closed, second.closed), (None, None))


class StrangersTests(ProtocolTestCase):
    """Two thousand sockets that say nothing."""

    limits = Limits(unauthenticated=500)

    def test_two_thousand_silent_sockets(self) -> None:
        """The oldest go as new ones come; whoever says hello comes in all the while, and stays."""
        good = self.node.dial("203.0.113.9").hello("Ann")
        silent: list[Any] = []
        for n in range(2000):
            silent.append(self.rig.connect(f"198.51.{n // 250}.{n % 250}"))
            if n == 1000:
                late = self.node.dial("203.0.113.10").hello("Bob")
        self.rig.settle()
        self.assertEqual(len(self.rig.services.strangers), 500)
        self.assertEqual([peer.closed for peer in silent], [4001] * 1500 + [None] * 500)
        self.rig.advance(10)
        self.assertEqual({peer.closed for peer in silent}, {4001})
        self.assertEqual(len(self.rig.services.strangers), 0)
        self.assertEqual((good.closed, late.closed), (None, None))
        self.assertEqual(good.say("ping", at=1)[0]["op"], "pong")

    def test_sockets_without_a_request(self) -> None:
        """Those that never ask for anything are bounded the same way."""
        pipes = [self.connect(f"198.51.{n // 250}.{n % 250}") for n in range(700)]
        self.rig.settle()
        self.assertEqual([pipe.disconnecting for pipe in pipes], [True] * 200 + [False] * 500)
        self.node.dial("203.0.113.9").hello("Ann")

    def connect(self, address: str) -> Any:
        from twisted.internet.address import IPv4Address

        from tests.websocket.sockets import Pipe

        pipe = Pipe(self.rig.time, address)
        pipe.protocol = self.node.site.buildProtocol(IPv4Address("TCP", address, 1))
        pipe.protocol.makeConnection(pipe)
        return pipe
