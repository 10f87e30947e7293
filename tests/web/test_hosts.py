"""Requests for a host that this server is not, such as those of a page whose name was made to lead here."""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import SettingError
from gameserver.settings import load
from gameserver.web.hosts import Hosts
from tests.web.test_api import Answer, ApiTests, Node, Quiz

STRANGE = (
    *("evil.example", "evil.example:8080", "games.example.evil.example", "evilgames.example", "xlocal.example"),
    *("1.2.3", "127.0.0.1.evil.example", "localhost.evil.example", "[::1].evil.example", "evil.local.example"),
)


class HostsTests(SynchronousTestCase):
    """Which hosts are known."""

    def test_home(self) -> None:
        """Without any setting: what a phone in the same network can call this machine."""
        hosts = Hosts()
        for host in (
            *("192.168.1.5:8080", "127.0.0.1", "[::1]:8080", "[fe80::1%25eth0]:80", "localhost:8080", "LOCALHOST"),
            *("mybox", "mybox:8080", "mybox.local:8080", "mybox.local.", "mybox.lan", "game.internal", ""),
        ):
            self.assertTrue(hosts.know(host), host)
        for host in ("games.example", *STRANGE):
            self.assertFalse(hosts.know(host), host)

    def test_own_name(self) -> None:
        """What this machine is called, with its domain."""
        self.patch(socket, "gethostname", lambda: "box.games.example")
        self.assertTrue(Hosts().know("box.games.example:8080"))

    def test_public(self) -> None:
        """The host of the address that people use, and those of settings, one by one and all below a name."""
        hosts = Hosts("https://Games.Example:8443/x", ["b.example", ".c.example"])
        for host in ("games.example.", "GAMES.example:8443", "b.example", "a.c.example", "a.b.c.example"):
            self.assertTrue(hosts.know(host), host)
        for host in ("a.b.example", "c.example", *STRANGE):
            self.assertFalse(hosts.know(host), host)

    def test_any(self) -> None:
        """Whoever wants all of them says so."""
        self.assertTrue(Hosts(None, ["*"]).know("evil.example"))

    def test_settings(self) -> None:
        """Names alone, without scheme and port."""
        self.assertEqual(load({"host": ["Games.example", ".a.example"]}).host, ("games.example", ".a.example"))
        self.assertEqual(load({"host": "*"}).host, ("*",))
        for wrong in ("https://a.example", "a.example:80", "a..b", "a b", "*.a.example"):
            with self.assertRaises(SettingError, msg=wrong) as caught:
                load({"host": [wrong]})
            self.assertIn("games.example", str(caught.exception))


class SiteTests(ApiTests):
    """What such a request gets."""

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(Quiz, public_url="https://games.example", host=[])

    def test_rebound(self) -> None:
        """A page of another name reads nothing and opens no WebSocket, though its Origin fits its Host."""
        for path in ("/", "/metrics", "/api/rooms", "/gameserver.js", "/healthz"):
            answer = self.ask_at("evil.example", path, origin="http://evil.example")
            self.assertRefused(answer, 421, "unknown_host", "setting host")
            self.assertNotIn("access-control-allow-origin", answer.headers)
        headers = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13"}
        answer = self.ask_at("evil.example", "/ws", origin="http://evil.example", **headers)
        self.assertRefused(answer, 421, "unknown_host")

    def test_known(self) -> None:
        """Those that this server is are answered, and who sends no host is no browser."""
        for host in ("games.example", "127.0.0.1:8080", "mybox.local", ""):
            self.assertEqual(self.ask_at(host, "/healthz").status, 200)

    def test_two_hosts(self) -> None:
        """Who names two must be right twice, in either order."""
        for hosts in (("a", "evil.example"), ("evil.example", "a")):
            protocol, transport = self.node.connect()
            protocol.dataReceived(b"GET / HTTP/1.1\r\nhost: %s\r\nhost: %s\r\n\r\n" % tuple(h.encode() for h in hosts))
            self.node.seconds.advance(0)
            self.assertIn(b"HTTP/1.1 421", transport.value())

    def ask_at(self, name: str, path: str, **headers: str) -> Answer:
        """Ask a host of that name for something."""
        protocol, transport = self.node.connect()
        lines = "".join(f"{key}: {value}\r\n" for key, value in ({"host": name} | headers).items() if value)
        protocol.dataReceived(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        self.node.seconds.advance(0)
        return Answer(transport.value())
