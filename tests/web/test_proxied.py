"""HTTP calls that come through a proxy, and those of strangers who only claim that."""

from __future__ import annotations

from twisted.internet.address import UNIXAddress
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import NOT_DONE_YET

from gameserver.settings.settings import Limits
from gameserver.websocket.proxies import Proxies
from tests.web.test_api import Node, Quiz

PROXY = "192.0.2.7"
STRANGER = "198.51.100.1"


class ProxiedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.node = Node(Quiz)
        self.node.site.proxies = Proxies([PROXY])  # type: ignore[attr-defined]

    def guess(self, host: str, client: str) -> int:
        """:returns: the status of a guess at a room's code."""
        headers = {"x-forwarded-for": client}
        return self.node.ask("GET", "/api/rooms/BBBB", host=host, **headers).status

    def test_budget_is_the_clients(self) -> None:
        """One client behind a proxy uses its own budget up, and the others guess on."""
        most = Limits().lookups_per_address
        self.assertEqual({self.guess(PROXY, "203.0.113.1") for _ in range(most)}, {404})
        self.assertEqual(self.guess(PROXY, "203.0.113.1"), 429)
        self.assertEqual(self.guess(PROXY, "203.0.113.2"), 404)

    def test_stranger_has_one_budget(self) -> None:
        """Whoever writes another address into each request is one client all the same."""
        most = Limits().lookups_per_address
        self.assertEqual({self.guess(STRANGER, f"203.0.113.{n}") for n in range(most)}, {404})
        self.assertEqual(self.guess(STRANGER, "203.0.113.200"), 429)
        self.assertEqual(self.guess(STRANGER, PROXY), 429)

    def test_first_line_of_two_is_not_read_alone(self) -> None:
        """A header that comes twice is one list: the client's own line, then the proxy's."""
        seen = self.seen(PROXY, "x-forwarded-for: 1.1.1.1\r\nx-forwarded-for: 203.0.113.9")
        self.assertEqual(seen, ("203.0.113.9", False))

    def test_secure(self) -> None:
        """TLS that a trusted proxy ends is TLS, for cookies; a stranger's word is not."""
        self.assertEqual(self.seen(PROXY, "x-forwarded-proto: https"), (PROXY, True))
        self.assertEqual(self.seen(PROXY, "x-forwarded-proto: http"), (PROXY, False))
        self.assertEqual(self.seen(STRANGER, "x-forwarded-proto: https"), (STRANGER, False))

    def test_unix_socket(self) -> None:
        """A request through a UNIX socket has no address, and no header makes one unless that was said."""
        protocol = self.node.site.buildProtocol(UNIXAddress(None))  # type: ignore[arg-type]
        transport = StringTransport(peerAddress=UNIXAddress(None))  # type: ignore[no-untyped-call]
        protocol.makeConnection(transport)
        protocol.dataReceived(b"GET /api/rooms/BBBB HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.1\r\n\r\n")
        self.assertIn(b"404 Not Found", transport.value())

    def test_no_host_through_a_unix_socket(self) -> None:
        """A proxy that asks whether this server is ready, as HAProxy does with HTTP/1.0, names no host."""
        protocol = self.node.site.buildProtocol(UNIXAddress(None))  # type: ignore[arg-type]
        transport = StringTransport(UNIXAddress(None), UNIXAddress(None))  # type: ignore[no-untyped-call]
        protocol.makeConnection(transport)
        protocol.dataReceived(b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertIn(b" 200 OK", transport.value())

    def test_own_pages_by_scheme(self) -> None:
        """Behind a proxy that speaks TLS, what a page in clear asks to be changed is refused."""
        for host, origin, status in (
            (PROXY, "https://games.example:8080", 200),
            (PROXY, "http://games.example:8080", 403),
            (STRANGER, "http://games.example:8080", 200),
        ):
            headers = {"origin": origin, "x-forwarded-proto": "https"}
            self.assertEqual(self.node.ask("POST", "/api/guest", {"name": "Ann"}, host=host, **headers).status, status)

    def seen(self, host: str, lines: str) -> tuple[str, bool]:
        """:returns: address and security of a request with these headers, as resources see them."""
        found: list[tuple[str, bool]] = []

        def render(request: object) -> int:
            found.append((request.getClientAddress().host, request.isSecure()))  # type: ignore[attr-defined]
            return NOT_DONE_YET

        self.patch(self.node.websocket, "render", render)
        protocol, _ = self.node.connect(host)
        protocol.dataReceived(f"GET /ws HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n".encode())
        self.node.seconds.advance(0)
        return found[0]
