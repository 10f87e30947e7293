"""TLS and proxies, over real sockets, with a certificate authority of the tests' own."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from gameserver.client import Client
from gameserver.client.dial import dial
from gameserver.errors import ConnectionFailed
from gameserver.protocol.messages import SUBPROTOCOL
from tests.authority import Authority, Files
from tests.e2e.kit import REDIAL_S, WAIT_S, Bare, Server, ServerCase, _reactor, bare, until, within
from tests.ports import free_port

HELLO = {"op": "hello", "guest": {"name": "Eve"}}
HOME = "https://localhost"

MOST = 5
"""Connections of an address; more than the test's own, which ask whether the server is ready."""
CALLERS = (*[1] * (MOST + 1), 2)
"""One client too often, and another one."""


class TLSCase(ServerCase):
    """A server with a port of TLS beside its own."""

    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self.folder / "authority")
        self.files = self.authority.issue("localhost", "server")
        self.port = free_port()
        self.trusting = ssl.create_default_context(cafile=str(self.authority.root))

    async def started(self, kind: str = "ssl", **environ: str) -> Server:
        """:returns: a server that runs."""
        server = self.server(listen=[f"{kind}:{self.port}:{self.files.words}:interface=127.0.0.1"], **environ)
        await server.start()
        return server

    async def shown(self) -> int:
        """:returns: the serial number of the certificate that whoever comes now is shown."""
        return int(str((await deferToThread(self.handshake))["serialNumber"]), 16)

    def handshake(self, context: ssl.SSLContext | None = None) -> dict[str, Any]:
        """:returns: the server's certificate; it blocks."""
        with (
            socket.create_connection(("127.0.0.1", self.port), WAIT_S) as plain,
            (context or self.trusting).wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            self.version = secure.version()
            certificate: dict[str, Any] = secure.getpeercert() or {}
            return certificate


class TLSTests(TLSCase):
    async def test_wss_client(self) -> None:
        """Our own client plays over TLS, with the root alone trusted: the one between is sent along."""
        server = await self.started()
        # Twisted asks OpenSSL, and OpenSSL asks the environment.
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = str(self.authority.root)
        self.addCleanup(self.restore, before)
        client = Client(_reactor, f"wss://127.0.0.1:{self.port}/ws", name="Ann", max_delay_s=REDIAL_S)
        self.addCleanup(self._close, client)
        await within(client.connect(), "Ann is welcome")
        room = await within(client.create("tictactoe"), "a seat")
        bob = await self.person(server, "Bob")
        await bob.join(room.code)
        await within(room.until(lambda room: room.info.status == "playing"), "the game begins")

    def restore(self, before: str | None) -> None:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before

    async def test_stranger_to_the_authority(self) -> None:
        """A client that does not trust the authority does not connect."""
        await self.started()
        heard: list[bytes] = []
        dialled = dial(
            _reactor,
            f"wss://127.0.0.1:{self.port}/ws",
            subprotocol=SUBPROTOCOL,
            on_frame=heard.append,
            on_close=lambda code, reason: None,
        )
        failed = await self.assertFailure(within(dialled, "a refusal"), ConnectionFailed)
        self.assertIn("certificate verify failed", str(failed))

    async def test_versions_and_ciphers(self) -> None:
        """TLS 1.2 and 1.3 are spoken; what is older is not, nor ciphers without forward secrecy or authentication."""
        await self.started()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=str(self.authority.root))
            context.minimum_version = context.maximum_version = version
            await deferToThread(self.handshake, context)
            self.assertEqual(self.version, version.name.replace("_", ".", 1))
        for version, ciphers in (
            (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
            (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"),
            (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256:@SECLEVEL=0"),
        ):
            context = ssl.create_default_context(cafile=str(self.authority.root))
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
            context.set_ciphers(ciphers)
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                await deferToThread(self.handshake, context)

    async def test_reload(self) -> None:
        """After SIGHUP newcomers are shown the new certificate, and who is connected stays connected."""
        server = await self.started()
        first = self.files
        self.assertEqual(await self.shown(), first.serial)
        connection = await deferToThread(Bare, self.port, tls=self.trusting)
        self.addCleanup(connection.close)
        self.assertEqual((await self.ask(connection, HELLO))["op"], "welcome")

        second = await self.replaced(server)
        self.assertNotEqual(first.serial, second.serial)
        self.assertEqual((await self.ask(connection, {"op": "ping", "at": 1}))["op"], "pong")

        second.certificate.write_text("not a certificate")
        server.signal(signal.SIGHUP)
        await until(lambda: "the certificate before stays" in server.output, "the log says what is wrong")
        self.assertEqual(await self.shown(), second.serial)
        self.assertEqual((await self.ask(connection, {"op": "ping", "at": 2}))["op"], "pong")
        await self.replaced(server)
        self.assertIsNone(server.exit_status)

    async def replaced(self, server: Server) -> Files:
        """:returns: other files under the same names, once newcomers are shown them."""
        files = self.authority.issue("localhost", "server")
        server.signal(signal.SIGHUP)
        shown = 0
        while shown != files.serial:
            shown = await within(Deferred.fromCoroutine(self.shown()), "the new certificate is shown")
        return files

    async def ask(self, connection: Bare, message: dict[str, Any]) -> dict[str, Any]:
        """:returns: the next message after this one was sent."""

        def run() -> Any:
            connection.say(**message)
            return connection.hear()

        heard: dict[str, Any] = await within(deferToThread(run), f"an answer to {message}")
        return heard

    async def test_silent_handshake(self) -> None:
        """Who begins with TLS and goes no further is cut off, also behind a PROXY header."""
        plain = free_port()
        words = f"{self.files.words}:interface=127.0.0.1"
        server = self.server(
            listen=[f"ssl:{self.port}:{words}", f"haproxy:ssl:{plain}:{words}"], GAMESERVER_LIMITS_REQUEST_S="1"
        )
        await server.start()
        for port, said in ((self.port, b""), (self.port, b"\x16\x03\x01"), (plain, _proxy("203.0.113.1"))):
            self.assertEqual(await deferToThread(self.heard_of, port, said), b"", said)

    def heard_of(self, port: int, said: bytes) -> bytes:
        """:returns: all that a connection is told which says this and no more; it blocks."""
        with socket.create_connection(("127.0.0.1", port), WAIT_S) as connection:
            connection.sendall(said)
            try:
                return connection.recv(1)
            except ConnectionResetError:
                return b""

    async def test_pages_in_clear_are_not_our_own(self) -> None:
        """Over TLS the server's own pages are those of https."""
        await self.started()
        for origin, status in ((f"{HOME}:{self.port}", 101), (f"http://localhost:{self.port}", 403)):
            headers = {"Host": f"localhost:{self.port}", "Origin": origin}
            got = await bare(self.port, lambda connection: connection.status, tls=self.trusting, **headers)
            self.assertEqual(got, status, origin)


class ProxyTests(TLSCase):
    """Who a client is, behind a proxy."""

    async def statuses(self, *calls: dict[str, Any]) -> list[int]:
        """:returns: how a WebSocket is answered on each of these connections, all open at once."""
        connections = [await deferToThread(Bare, **call) for call in calls]
        for connection in connections:
            connection.close()
        return [connection.status for connection in connections]

    async def test_haproxy(self) -> None:
        """The address in the PROXY header is the session's, with and without TLS behind it."""
        plain = free_port()
        self.server_of(f"haproxy:tcp:{plain}:interface=127.0.0.1", kind="haproxy:ssl")
        await self.running.start()
        # The ports share one budget of connections: the second round comes from other clients.
        for port, tls, network in ((plain, None, "203.0.113"), (self.port, self.trusting, "198.51.100")):
            calls = [{"port": port, "tls": tls, "before": _proxy(f"{network}.{host}")} for host in CALLERS]
            self.assertEqual(await self.statuses(*calls), [*[101] * MOST, 503, 101])

    async def test_haproxy_for_strangers(self) -> None:
        """Who is not the proxy that was named cannot connect at all."""
        plain = free_port()
        self.server_of(f"haproxy:tcp:{plain}:interface=127.0.0.1", trusted="192.0.2.7")
        await self.running.start()
        # It depends on who is faster: the request finds no reader, or there is no answer to read.
        with self.assertRaises((IndexError, ConnectionError)):
            await deferToThread(Bare, plain, before=_proxy("203.0.113.1"))
        await until(lambda: "is no trusted proxy" in self.running.output, "the log says why")

    async def test_forwarded(self) -> None:
        """X-Forwarded-For counts where its sender was named, and is air otherwise."""
        for trusted, expected in (("127.0.0.1", [503, 101]), ("192.0.2.7", [503, 503])):
            self.server_of(trusted=trusted)
            await self.running.start()
            calls = [{"port": self.running.port, "X-Forwarded-For": f"203.0.113.{host}"} for host in CALLERS]
            self.assertEqual(await self.statuses(*calls), [*[101] * MOST, *expected], trusted)

    def server_of(self, *listen: str, kind: str = "ssl", trusted: str | None = None) -> None:
        """Prepare a server with room for few connections an address."""
        environ = {"GAMESERVER_LIMITS_CONNECTIONS_PER_ADDRESS": str(MOST)}
        if trusted is not None:
            environ["GAMESERVER_TRUSTED_PROXY"] = trusted
        tls = f"{kind}:{self.port}:{self.files.words}:interface=127.0.0.1"
        self.running = self.server(listen=[tls, *listen], **environ)
        self.port = free_port() if trusted is not None else self.port


def _proxy(host: str) -> bytes:
    """
    :returns: what HAProxy says first.

    Source: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
    """
    return f"PROXY TCP4 {host} 127.0.0.1 4711 80\r\n".encode()
