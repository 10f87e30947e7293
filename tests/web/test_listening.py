"""Endpoint strings: what they are understood as, and what is wrong with those that are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gameserver.web.certificates import Certificate
from gameserver.web.listening import HEADER_S, Listening, speaks_tls, words_of
from tests.authority import Authority

V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([203, 0, 113, 9, 192, 0, 2, 1]) + b"\x12\x34\0\x50"
"""A PROXY header of the second version. Source: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt"""


class Noting(Protocol):
    """Notes who came, and what they said."""

    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        self.factory.heard.append((transport.getPeer().host, data))  # type: ignore[union-attr]


class Case(SynchronousTestCase):
    """An endpoint on a reactor that opens no port."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.factory = Factory.forProtocol(Noting)
        self.factory.heard = []  # type: ignore[attr-defined]

    def listen(self, text: str, *trusted: str) -> Any:
        """:returns: the arguments with which the reactor was asked to listen."""
        self.successResultOf(Listening(self.reactor, trusted).endpoint(text).listen(self.factory))
        return self.reactor.tcpServers[-1]

    def come(self, text: str, host: str | None, data: bytes, *trusted: str) -> StringTransport | None:
        """:returns: the connection, or None if it was not taken."""
        peer = UNIXAddress(None) if host is None else IPv4Address("TCP", host, 4711)
        protocol = self.listen(text, *trusted)[1].buildProtocol(peer)
        if protocol is None:
            return None
        transport = StringTransport(peerAddress=peer)  # type: ignore[arg-type]
        self.last = protocol
        protocol.makeConnection(transport)
        protocol.dataReceived(data)
        return transport

    @property
    def heard(self) -> list[tuple[str, bytes]]:
        heard: list[tuple[str, bytes]] = self.factory.heard  # type: ignore[attr-defined]
        return heard


class ProxyHeaderTests(Case):
    """``haproxy:``."""

    def test_header_tells_the_client(self) -> None:
        """Both versions of the header; what follows it reaches the server."""
        for header in (b"PROXY TCP4 203.0.113.9 192.0.2.1 4660 80\r\n", V2):
            self.come("haproxy:tcp:80", "192.0.2.7", header + b"hello", "192.0.2.7")
        self.assertEqual(self.heard, [("203.0.113.9", b"hello")] * 2)

    def test_without_a_header(self) -> None:
        """Who sends none is cut off; so is a header that cannot be read."""
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"PROXY TCP9 a b 1 2\r\nhello", b"\r\n\r\n\0\r\nQUIT\n\x11\x11\0\x0c"):
            transport = self.come("haproxy:tcp:80", "192.0.2.7", data, "192.0.2.7")
            assert transport is not None
            self.assertTrue(transport.disconnecting, data)
        self.assertEqual(self.heard, [])

    def test_first_without_a_header_is_said(self) -> None:
        """One line for each endpoint; whoever only looks whether somebody listens is none, nor who came with one."""
        listening = self.listen("haproxy:tcp:80", "192.0.2.7")[1]
        peer = IPv4Address("TCP", "192.0.2.7", 4711)

        def come(data: bytes) -> None:
            protocol = listening.buildProtocol(peer)
            protocol.makeConnection(StringTransport(peerAddress=peer))  # type: ignore[arg-type]
            if data:
                protocol.dataReceived(data)
            protocol.connectionLost(Failure(ConnectionDone()))

        with capturedLogs() as events:
            for data in (b"", V2, V2 + b"hello"):
                come(data)
            self.assertEqual(events, [])
            for _ in range(3):
                come(b"GET / HTTP/1.1\r\n\r\n")
        (event,) = events
        self.assertIn("a connection of 192.0.2.7 to a haproxy: endpoint had no PROXY header", formatEvent(event))

    def test_first_stranger_is_said(self) -> None:
        """One line, however often somebody comes who may not."""
        listening = self.listen("haproxy:tcp:80", "192.0.2.7")[1]
        with capturedLogs() as events:
            for _ in range(3):
                listening.buildProtocol(IPv4Address("TCP", "198.51.100.1", 4711))
        (event,) = events
        self.assertIn("198.51.100.1 is no trusted proxy: its connection is cut. trusted_proxy", formatEvent(event))

    def test_stranger(self) -> None:
        """Only trusted proxies are let in; where none is named, this machine's programs."""
        header = b"PROXY TCP4 203.0.113.9 192.0.2.1 4660 80\r\nhello"
        self.assertIsNone(self.come("haproxy:tcp:80", "198.51.100.1", header, "192.0.2.7"))
        self.assertIsNone(self.come("haproxy:tcp:80", "127.0.0.1", header, "192.0.2.7"))
        self.assertIsNone(self.come("haproxy:tcp:80", "198.51.100.1", header))
        self.assertEqual(self.heard, [])
        self.come("haproxy:tcp:80", "127.0.0.1", header)
        self.come("haproxy:tcp:80", None, header)
        self.assertEqual(len(self.heard), 2)

    def test_client_is_known_from_the_start(self) -> None:
        """Nothing is made of a connection before its client is known; one that says nothing is known soon."""
        made: list[str] = []
        self.patch(Noting, "connectionMade", lambda noting: made.append(noting.transport.getPeer().host))
        self.come("haproxy:tcp:80", "127.0.0.1", V2)
        self.assertEqual(made, [])
        self.reactor.advance(HEADER_S)
        self.assertEqual(made, ["203.0.113.9"])
        self.come("haproxy:tcp:80", "127.0.0.1", V2 + b"hello")
        self.assertEqual(made, ["203.0.113.9"] * 2)
        self.assertEqual(self.heard, [("203.0.113.9", b"hello")])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_lost_before_it_is_known(self) -> None:
        """A connection that ends before leaves nothing."""
        transport = self.come("haproxy:tcp:80", "127.0.0.1", V2)
        assert transport is not None
        self.last.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_before_tls(self) -> None:
        """With TLS the header comes first, in clear, as HAProxy writes it: TLS begins behind it."""
        authority = Authority(self.mktemp())
        files = authority.issue("localhost")
        transport = self.come(f"haproxy:ssl:443:{files.words}", "192.0.2.7", V2 + b"\x16\x03\x01", "192.0.2.7")
        assert transport is not None
        self.assertFalse(transport.disconnecting)
        self.assertIsNone(self.come(f"haproxy:ssl:443:{files.words}", "198.51.100.1", V2, "192.0.2.7"))


class SocketTests(Case):
    """UNIX sockets."""

    def test_for_user_and_group(self) -> None:
        """Others may not say from which address a client comes; who wants them to, names a mode."""
        asked = []

        def listen(path: str, factory: Any, backlog: int, mode: int, wantPID: int = 0) -> None:
            asked.append((path, mode))

        self.patch(self.reactor, "listenUNIX", listen)
        for text in ("unix:/run/a", "haproxy:unix:/run/a", "unix:/run/a:mode=600", "unix:/run/a\\:mode\\=6"):
            self.successResultOf(Listening(self.reactor).endpoint(text).listen(self.factory))
        self.assertEqual(asked, [("/run/a", 0o660), ("/run/a", 0o660), ("/run/a", 0o600), ("/run/a:mode=6", 0o660)])


class TLSWordsTests(Case):
    """``ssl:``."""

    def test_words(self) -> None:
        """Words in any order, the first three without their names too, and backslashes before what means itself."""
        for text in ("443:key.pem:cert.pem", "port=443:privateKey=key.pem:certKey=cert.pem",
                     "443:certKey=cert.pem:privateKey=key.pem"):  # fmt: skip
            self.assertEqual(words_of(text), {"port": "443", "privateKey": "key.pem", "certKey": "cert.pem"})
        words = words_of(r"443:interface=\:\:1:privateKey=C\\a\=b\:c")
        self.assertEqual(words, {"port": "443", "interface": "::1", "privateKey": r"C\a=b:c"})

    def test_wrong_words(self) -> None:
        """What is missing, unknown or weakens TLS is said, and nothing is guessed."""
        for text, said in (
            ("443", "privateKey is missing"),
            ("privateKey=a", "port is missing"),
            ("443:privateKey=a:sslmethod=TLSv1_METHOD", "sslmethod=TLSv1_METHOD is none of"),
            ("443:a:b:c", "c is none of"),
            ("443:privatekey=a", "privatekey=a is none of"),
        ):
            self.assertIn(said, str(self.assertRaises(ValueError, words_of, text)))

    def test_where_it_listens(self) -> None:
        """Port, interface and backlog reach the reactor, IPv6 too."""
        words = Authority(self.mktemp()).issue("localhost").words
        self.assertEqual(self.listen(f"ssl:443:{words}:interface=127.0.0.1:backlog=7")[0::2], (443, 7))
        self.assertEqual(self.reactor.tcpServers[-1][3], "127.0.0.1")
        self.assertEqual(self.listen(rf"ssl:443:{words}:interface=\:\:1")[3], "::1")

    def test_files_that_cannot_be_used(self) -> None:
        """The error names the file, and tells nothing that is in it."""
        authority = Authority(self.mktemp())
        files, other = authority.issue("localhost"), authority.issue("other.example")
        empty = Path(self.mktemp())
        empty.write_text("nothing")
        for key, certificate, said in (
            (empty, files.certificate, f"{empty} holds no private key"),
            (files.certificate, files.certificate, f"{files.certificate} holds no private key"),
            (files.key, empty, f"{empty} holds no certificate"),
            (other.key, files.certificate, f"{other.key} is not the key of {files.certificate}"),
        ):
            text = f"ssl:443:privateKey={key}:certKey={certificate}"
            error = self.assertRaises(ValueError, Listening(self.reactor).endpoint, text)
            self.assertIn(said, str(error))
        self.assertRaises(OSError, Listening(self.reactor).endpoint, "ssl:443:privateKey=/nowhere/key.pem")

    def test_out_of_its_time(self) -> None:
        """A certificate that clients refuse is not taken over one that is good, and at the start the log says so."""
        authority = Authority(self.mktemp())
        for days, said in ((-10, "expired at"), (10, "is not valid before")):
            files = authority.issue("localhost", "server")
            certificate = Certificate(files.key, files.certificate)
            shown = certificate._options
            authority.issue("localhost", "server", days=days)
            error = self.assertRaises(ValueError, certificate.reload)
            self.assertIn(said, str(error))
            self.assertIn(str(files.certificate), str(error))
            self.assertEqual((certificate._options, certificate.fault), (shown, ""))
            with capturedLogs() as logs:
                self.listen(f"ssl:443:{files.words}")
            self.assertEqual([said in each["fault"] for each in logs if "fault" in each], [True])
        authority.issue("localhost", "server")
        certificate.reload()
        self.assertIsNot(certificate._options, shown)

    def test_expires_while_it_is_shown(self) -> None:
        """It is known whenever it is asked."""
        files = Authority(self.mktemp()).issue("localhost")
        now = [datetime.now(UTC)]
        certificate = Certificate(files.key, files.certificate, now=lambda: now[0])
        self.assertEqual(certificate.fault, "")
        now[0] += timedelta(days=2)
        self.assertIn("expired at", certificate.fault)

    def test_speaks_tls(self) -> None:
        """Which endpoints are of TLS, for links and for SIGHUP."""
        self.assertEqual([speaks_tls(text) for text in ("ssl:1:a", "haproxy:ssl:1:a", "tcp:1", "haproxy:tcp:1")],
                         [True, True, False, False])  # fmt: skip
