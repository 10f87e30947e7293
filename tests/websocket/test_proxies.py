"""Who is behind a proxy, and whose word counts for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from gameserver.settings.settings import Limits
from gameserver.websocket.proxies import Proxies
from tests.websocket.sockets import Node
from tests.websocket.test_protocol import ProtocolTestCase


def peer(host: str) -> IPv4Address | IPv6Address:
    """:returns: the other end of a connection."""
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, 4711)


class ClientTests(SynchronousTestCase):
    """`Proxies.client`."""

    proxies = Proxies(("192.0.2.7", "10.0.0.0/8", "2001:db8:1::/48"))

    def client(self, host: str, forwarded_for: str | None) -> str:
        return self.proxies.client(peer(host), forwarded_for)

    def test_stranger_is_not_believed(self) -> None:
        """Whoever is no trusted proxy may write what they like; so may anybody where no proxy is named."""
        for forwarded in (None, "", "203.0.113.9", "10.0.0.1", "192.0.2.7, 10.0.0.1", "unknown"):
            self.assertEqual(self.client("198.51.100.1", forwarded), "198.51.100.1")
            self.assertEqual(Proxies().client(peer("127.0.0.1"), forwarded), "127.0.0.1")

    def test_proxy_is_believed(self) -> None:
        """The address that a trusted proxy tells, in each of the spellings that proxies use."""
        for forwarded in ("203.0.113.9", " 203.0.113.9 ", "203.0.113.9:4711", "::ffff:203.0.113.9",
                          "[::ffff:203.0.113.9]:1"):  # fmt: skip
            self.assertEqual(self.client("192.0.2.7", forwarded), "203.0.113.9")
        for forwarded in ("2001:db8::9", "[2001:db8::9]", "[2001:db8::9]:4711", "2001:DB8:0::9"):
            self.assertEqual(self.client("2001:db8:1::1", forwarded), "2001:db8::9")

    def test_only_what_proxies_wrote(self) -> None:
        """A client's own header is in front of what the proxies add, and is not read."""
        self.assertEqual(self.client("192.0.2.7", "1.1.1.1, 203.0.113.9"), "203.0.113.9")
        self.assertEqual(self.client("192.0.2.7", "1.1.1.1, 203.0.113.9, 10.1.1.1, 10.2.2.2"), "203.0.113.9")
        self.assertEqual(self.client("192.0.2.7", "unknown, 203.0.113.9"), "203.0.113.9")

    def test_what_is_no_address(self) -> None:
        """Where a proxy tells no address, the nearest that is known counts."""
        for forwarded in ("", ",", "unknown", "203.0.113.9, unknown", "203.0.113.9,", "x" * 10_000, "1.2.3.4.5", "é"):
            self.assertEqual(self.client("192.0.2.7", forwarded), "192.0.2.7")
        self.assertEqual(self.client("192.0.2.7", "nobody, 10.0.0.3"), "10.0.0.3")

    def test_all_are_proxies(self) -> None:
        """A request that a proxy makes itself is the outermost one's."""
        self.assertEqual(self.client("192.0.2.7", "10.0.0.1, 10.0.0.2"), "10.0.0.1")

    def test_port_of_both_kinds(self) -> None:
        """A port of IPv6 tells addresses of IPv4 in its own way; they are the same clients, and proxies."""
        self.assertEqual(self.client("::ffff:198.51.100.1", None), "198.51.100.1")
        self.assertEqual(self.client("::ffff:192.0.2.7", "203.0.113.9"), "203.0.113.9")

    def test_unix_socket(self) -> None:
        """Who comes through a UNIX socket is a proxy if that was said, and else has no address."""
        unix = UNIXAddress(b"/run/gameserver.sock")
        self.assertEqual(self.proxies.client(unix, "203.0.113.9"), "local")
        self.assertEqual(Proxies(["unix"]).client(unix, "203.0.113.9"), "203.0.113.9")
        self.assertEqual(Proxies(["unix"]).client(unix, None), "local")
        self.assertEqual(Proxies(["unix"]).client(peer("192.0.2.7"), "203.0.113.9"), "192.0.2.7")

    def test_first_who_is_not_believed_is_said(self) -> None:
        """It may be the operator's own proxy; once, since anybody may write the header."""
        proxies = Proxies(["192.0.2.7"])
        with capturedLogs() as events:
            proxies.client(peer("198.51.100.1"), None)
            proxies.client(peer("192.0.2.7"), "203.0.113.9")
            self.assertEqual(events, [])
            for _ in range(3):
                proxies.client(peer("198.51.100.1"), "203.0.113.9")
        (event,) = events
        self.assertIn("198.51.100.1 sends X-Forwarded-For, and is not believed", formatEvent(event))
        with capturedLogs() as events:
            Proxies().client(UNIXAddress(b"/run/gameserver.sock"), "203.0.113.9")
        self.assertIn("a UNIX socket sends", formatEvent(events[0]))

    def test_within(self) -> None:
        """A proxy, or a network of proxies, in another; not a part of a network, in which there are clients, too."""
        for text, proxy in (
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.0/24", "192.0.2.7"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.1", None),
            ("198.51.100.1", None),
            ("2001:db8:1::/48", "2001:db8:1::/48"),
            ("", None),
            ("nobody", None),
        ):
            self.assertEqual(self.proxies.within(text), proxy, text)

    def test_nonsense_is_refused(self) -> None:
        """What is no network is an error, not a proxy that never comes."""
        for text in ("localhost", "10.0.0.0/33", "", "*"):
            self.assertRaises(ValueError, Proxies, [text])

    @given(st.text(max_size=60), st.sampled_from(["192.0.2.7", "198.51.100.1", "2001:db8:1::1"]))
    def test_any_header(self, forwarded: str, host: str) -> None:
        """Nothing that can stand in a header raises, and a stranger's address stays its own."""
        client = self.client(host, forwarded)
        if host == "198.51.100.1":
            self.assertEqual(client, host)


class SchemeTests(SynchronousTestCase):
    """`Proxies.scheme`."""

    def test_schemes(self) -> None:
        """A trusted proxy's word counts, the nearest one's, before what our own socket speaks."""
        proxies = Proxies(["192.0.2.7"])
        for host, forwarded, secure, scheme in (
            ("192.0.2.7", "https", False, "https"),
            ("192.0.2.7", "http", True, "http"),
            ("192.0.2.7", "http, HTTPS", False, "https"),
            ("192.0.2.7", None, False, None),
            ("192.0.2.7", "gopher", True, "https"),
            ("198.51.100.1", "https", False, None),
            ("198.51.100.1", "http", True, "https"),
            ("198.51.100.1", None, True, "https"),
        ):
            self.assertEqual(proxies.scheme(peer(host), forwarded, secure=secure), scheme, (host, forwarded, secure))


class WebSocketTests(ProtocolTestCase):
    """What a WebSocket takes from a proxy."""

    limits = Limits(connections_per_address=2)
    origin = ("https://friend.example",)

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(self.rig, self.origin, ("192.0.2.7",))

    def addresses(self) -> list[str]:
        return [session.address for session in self.node.endpoint.sessions]

    def test_budget_is_the_clients(self) -> None:
        """Connections through a proxy are counted by client; one client too many is refused, another is not."""
        for client, status in (("203.0.113.1", 101), ("203.0.113.1", 101), ("203.0.113.1", 503), ("203.0.113.2", 101)):
            self.assertEqual(self.node.dial("192.0.2.7", X_Forwarded_For=client).status, status)
        self.assertEqual(self.addresses(), ["203.0.113.1", "203.0.113.1", "203.0.113.2"])

    def test_stranger_buys_nothing(self) -> None:
        """A stranger who writes the header is counted as who they are."""
        statuses = [self.node.dial("198.51.100.1", X_Forwarded_For=f"203.0.113.{n}").status for n in range(3)]
        self.assertEqual(statuses, [101, 101, 503])
        self.assertEqual(self.addresses(), ["198.51.100.1"] * 2)

    def test_own_pages_by_scheme(self) -> None:
        """Behind a proxy that speaks TLS a page that came in clear is not the server's own; strangers say nothing."""

        def status(address: str, origin: str, proto: str | None) -> int:
            caller = self.node.dial(address, Origin=origin, X_Forwarded_Proto=proto)
            caller.cut()
            return caller.status

        proxy, stranger = "192.0.2.7", "198.51.100.1"
        self.assertEqual(status(proxy, "https://games.example", "https"), 101)
        self.assertEqual(status(proxy, "http://games.example", "https"), 403)
        self.assertEqual(status(proxy, "http://games.example", "http"), 101)
        self.assertEqual(status(proxy, "https://games.example", "http"), 403)
        self.assertEqual(status(proxy, "https://friend.example", "http"), 101)
        self.assertEqual(status(stranger, "http://games.example", "https"), 101)
        self.assertEqual(status(proxy, "http://games.example", None), 101)
