"""Connections that say nothing, or say it slowly, and those that are too many."""

from __future__ import annotations

from typing import Any

from gameserver.settings import Limits
from gameserver.wire.proxies import Proxies
from tests.web.test_api import ApiTests, Node, Quiz
from tests.wire.test_protocol import ProtocolTestCase

REQUEST = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"


class SlowTests(ApiTests):
    """A request comes whole within twenty seconds."""

    def test_silent(self) -> None:
        """Who connects and says nothing is cut off."""
        _, transport = self.node.connect()
        self.node.seconds.advance(19.9)
        self.assertFalse(transport.disconnecting)
        self.node.seconds.advance(0.1)
        self.assertTrue(transport.disconnecting)

    def test_slow_handshake(self) -> None:
        """Who sends a byte now and then is cut off as well, in the head as in the body."""
        for head in (
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
            self.assertTrue(transport.disconnecting)

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
        self.assertTrue(transport.disconnecting)

    def test_nothing_is_left(self) -> None:
        """What was cut off, or ended, takes up no place and leaves no timer."""
        calls = len(self.node.seconds.getDelayedCalls())
        for _ in range(3):
            protocol, _ = self.node.connect()
            protocol.dataReceived(REQUEST)
            protocol.connectionLost(None)
        self.node.connect()
        self.assertEqual(len(self.node.house.strangers), 1)
        self.node.seconds.advance(20)
        self.assertEqual(len(self.node.house.strangers), 0)
        self.assertEqual(dict(self.node.site.connections._open), {})  # type: ignore[attr-defined]
        protocol, _ = self.node.connect()
        protocol.connectionLost(None)
        self.assertLessEqual(len(self.node.seconds.getDelayedCalls()), calls + 1)  # Twisted's, of the one that was cut


class CountTests(ApiTests):
    """So many connections an address, before they are WebSockets and after."""

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(Quiz, **{"limits.connections_per_address": 3})

    def test_too_many(self) -> None:
        """One more is cut off before it says anything; other addresses are not, and whoever ends makes room."""
        held = [self.node.connect() for _ in range(3)]
        self.assertTrue(self.node.connect()[1].disconnecting)
        self.assertFalse(self.node.connect("192.0.2.2")[1].disconnecting)
        self.assertEqual(self.node.house.budgets.throttled["connections"], 1)
        held[0][0].connectionLost(None)
        self.assertFalse(self.node.connect()[1].disconnecting)

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
        self.assertEqual(len(self.rig.house.strangers), 500)
        self.assertEqual([peer.closed for peer in silent], [4001] * 1500 + [None] * 500)
        self.rig.advance(10)
        self.assertEqual({peer.closed for peer in silent}, {4001})
        self.assertEqual(len(self.rig.house.strangers), 0)
        self.assertEqual((good.closed, late.closed), (None, None))
        self.assertEqual(good.say("ping", at=1)[0]["op"], "pong")

    def test_sockets_without_a_request(self) -> None:
        """Those that never ask for anything are bounded the same way."""
        pipes = [self.connect(f"198.51.{n // 250}.{n % 250}") for n in range(700)]
        self.rig.settle()
        self.assertEqual([pipe.lost for pipe in pipes], [True] * 200 + [False] * 500)
        self.node.dial("203.0.113.9").hello("Ann")

    def connect(self, address: str) -> Any:
        from twisted.internet.address import IPv4Address

        from tests.wire.sockets import Pipe

        pipe = Pipe(self.rig.time, address)
        pipe.protocol = self.node.site.buildProtocol(IPv4Address("TCP", address, 1))
        pipe.protocol.makeConnection(pipe)
        return pipe
