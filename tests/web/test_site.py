"""Tests for the site: who answers which path, what every answer has, and what strangers may send."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

import txaio
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import NOT_DONE_YET

from gameserver.web import site as web
from gameserver.websocket.protocol import WebSocketEndpoint
from gameserver.websocket.proxies import Proxies
from tests.web.test_api import Answer, Node, Quiz

HOME = "https://games.example:8080"
FRIEND = "https://friend.example"


class SiteTests(SynchronousTestCase):
    """What all tests here begin with."""

    def setUp(self) -> None:
        self.node = Node(Quiz, origin=(FRIEND,))


class WebSocketTests(SiteTests):
    """``/ws``."""

    def test_resource_at_ws(self) -> None:
        """The WebSocket's resource gets ``/ws``, with any query, and no other path."""
        seen: list[bytes] = []

        def render(request: Any) -> int:
            seen.append(request.uri)
            return NOT_DONE_YET

        self.patch(self.node.websocket, "render", render)
        for path in ("/ws", "/ws?a=b", "/ws/", "/ws/x", "/x/ws", "/wsx"):
            self.node.begin("GET", path)
        self.assertEqual(seen, [b"/ws", b"/ws?a=b"])

    def test_handshake(self) -> None:
        """The real one takes the connection over; no timeout of HTTP ends it."""
        txaio.use_twisted()
        self.patch(txaio.config, "loop", self.node.seconds)  # Autobahn's timers ask neither factory nor protocol
        endpoint = WebSocketEndpoint(self.node.services, (), self.node.seconds)
        self.patch(self.node.site.resource, "_websocket", endpoint.resource())
        protocol, transport = self.node.connect()
        headers = (
            "host: games.example", "upgrade: websocket", "connection: Upgrade", "sec-websocket-version: 13",
            f"sec-websocket-key: {b64encode(b'k' * 16).decode()}", f"origin: {HOME.replace(':8080', '')}",
        )  # fmt: skip
        transport.protocol = protocol
        protocol.dataReceived("\r\n".join(("GET /ws HTTP/1.1", *headers, "", "")).encode())
        self.assertEqual(Answer(transport.value()).status, 101)


class HeaderTests(SiteTests):
    """What every answer has."""

    def test_every_answer(self) -> None:
        """No answer may be taken for another type, and none says which version runs here."""
        for method, path in (("GET", "/"), ("GET", "/healthz"), ("GET", "/x"), ("PUT", "/"), ("OPTIONS", "*")):
            answer = self.node.ask(method, path)
            self.assertEqual(answer.headers["x-content-type-options"], "nosniff", path)
            self.assertEqual(answer.headers["server"], "gameserver", path)
            self.assertRegex(answer.headers["date"], r" 20\d\d ")

    def test_policies(self) -> None:
        """No answer runs a script that stands in it, is framed by others, or tells others where people come from."""
        for method, path in (("GET", "/"), ("GET", "/static/lobby.js"), ("GET", "/api/games"), ("POST", "/api/guest"),
                             ("GET", "/api/qr?text=x"), ("GET", "/x"), ("GET", "/play/none/"),
                             ("OPTIONS", "/api/rooms"),
                             ("GET", "/ws"), ("GET", "/metrics")):  # fmt: skip
            headers = self.node.ask(method, path).headers
            policy = headers["content-security-policy"]
            self.assertRegex(policy, r"default-src '(self|none)'", path)
            self.assertNotIn("unsafe", policy, path)
            self.assertNotIn("*", policy, path)
            self.assertEqual(headers["referrer-policy"], "no-referrer", path)
            self.assertNotIn("strict-transport-security", headers, path)

    def test_over_tls(self) -> None:
        """Who came by TLS is told to stay with it."""
        self.node.site.proxies = Proxies(["192.0.2.1"])  # type: ignore[attr-defined]
        headers = self.node.ask("GET", "/", **{"x-forwarded-proto": "https"}).headers
        self.assertEqual(headers["strict-transport-security"], "max-age=31536000")
        self.assertEqual(headers["cross-origin-opener-policy"], "same-origin")

    def test_no_script_in_pages(self) -> None:
        """Pages hold no script, no style and no handler of events: the policy would not run them."""
        for path in ("/", "/play/quiz/", "/play/none/"):
            body = self.node.ask("GET", path).body.decode()
            for script in re.findall(r"<script[^>]*>", body):
                if script != '<script type="importmap">':  # addresses of modules, which run nothing
                    self.assertIn("src=", script, path)
            self.assertNotRegex(body, r"(?i)<style|\sstyle=|\son[a-z]+=|javascript:", path)

    def test_http_1_only(self) -> None:
        """HTTP/2 is not offered."""
        self.assertEqual(self.node.site.acceptableProtocols(), [b"http/1.1"])

    def test_no_access_log(self) -> None:
        """Nothing is written for a request, and nothing runs on the side."""
        self.node.site.doStart()
        self.addCleanup(self.node.site.doStop)
        calls = len(self.node.seconds.getDelayedCalls())
        self.node.site.log(None)
        self.assertEqual(len(self.node.seconds.getDelayedCalls()), calls)

    def test_failing_resource(self) -> None:
        """A resource that raises is logged, and tells the client nothing."""

        def render(request: Any) -> int:
            raise ZeroDivisionError("a secret of the server")

        self.patch(self.node.websocket, "render", render)
        answer = self.node.ask("GET", "/ws")
        self.assertEqual((answer.status, answer.json["code"]), (500, "game_error"))
        self.assertNotIn(b"secret", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_connection_kept(self) -> None:
        """Several requests may use one connection, also without waiting."""
        protocol, transport = self.node.connect()
        protocol.dataReceived(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n" * 2)
        self.node.seconds.advance(0)
        self.assertEqual(transport.value().count(b"HTTP/1.1 200"), 2)


class SoundnessTests(SiteTests):
    """Requests that klein and werkzeug would stumble over."""

    def test_unsound(self) -> None:
        """They are refused in JSON, and leave nothing in the log."""
        for path, host in (
            ("/%ff", "a"),
            ("/api/rooms/%c3%28", "a"),
            ("/", "a"),
            ("/x", "a..local"),
            ("/x", "x" * 64),
            ("/x", "\xe9"),
        ):
            answer = self.ask(path, host)
            self.assertEqual(answer.status, 200 if path == "/" else 400, (path, host))
        self.assertEqual(self.flushLoggedErrors(), [])

    def ask(self, path: str, host: str) -> Answer:
        """Send a request to a host of that name."""
        protocol, transport = self.node.connect()
        protocol.dataReceived(f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode("latin-1"))
        self.node.seconds.advance(0)
        return Answer(transport.value())


class BodyTests(SiteTests):
    """Bodies that are too large."""

    def test_thrown_away(self) -> None:
        """One that is too large is answered, and not kept, whether its length is told or not."""
        raw = b'{"name":"%s"}' % (b"x" * (web.DISCARDED_BYTES - 100))
        self.assertEqual(self.node.ask("POST", "/api/guest", raw=raw).status, 413)
        protocol, transport = self.node.connect()
        protocol.dataReceived(b"POST /api/guest HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(4):
            protocol.dataReceived(chunk)
        self.assertEqual(len(protocol.requests[-1].content.getvalue()), web.BODY_BYTES + 1)
        protocol.dataReceived(b"0\r\n\r\n")
        self.assertEqual(Answer(transport.value()).json["code"], "too_large")

    def test_hung_up(self) -> None:
        """One that does not end is cut off, and so is one that says so at once."""
        protocol, transport = self.node.connect()
        protocol.dataReceived(b"POST /api/guest HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        while not transport.disconnecting:
            protocol.dataReceived(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        protocol.dataReceived(b"0\r\n\r\n")
        self.assertEqual(Answer(transport.value()).status, 413)
        self.assertEqual(transport.value().count(b"HTTP/1.1"), 1)
        protocol, transport = self.node.connect()
        protocol.dataReceived(b"POST /api/guest HTTP/1.1\r\nhost: a\r\ncontent-length: 10000000000\r\n\r\n")
        self.assertTrue(transport.disconnecting)
        self.assertEqual(Answer(transport.value()).status, 413)

    def test_forms_not_parsed(self) -> None:
        """A form is no JSON; Twisted does not try to read it, which it would answer without a body."""
        for kind in ("multipart/form-data; boundary=x", "multipart/form-data", "application/x-www-form-urlencoded"):
            answer = self.node.ask("POST", "/api/guest", raw=b"name=Ann", **{"content-type": kind})
            self.assertEqual((answer.status, answer.json["code"]), (400, "bad_message"))


class OriginTests(SiteTests):
    """Pages of other origins."""

    def guest(self, origin: str) -> Answer:
        """Make a guest from a page."""
        return self.node.ask("POST", "/api/guest", {"name": "Ann"}, origin=origin)

    def test_own(self) -> None:
        """The server's own pages may call, with or without TLS in front."""
        for origin in (HOME, HOME.replace("https", "http"), HOME.upper()):
            self.assertEqual(self.guest(origin).status, 200, origin)

    def test_named_in_settings(self) -> None:
        """Those that settings name may, and their browser is told so, of errors as well."""
        for answer in (self.guest(FRIEND), self.node.ask("GET", "/api/rooms/XXXX", origin=FRIEND)):
            self.assertEqual(answer.headers["access-control-allow-origin"], FRIEND)
            self.assertEqual(answer.headers["vary"], "Origin")
        self.assertEqual(self.guest(FRIEND).status, 200)

    def test_others(self) -> None:
        """Others may change nothing; what they read, their browser does not show them."""
        near = ("https://games.example", "https://games.example:8080.evil.example", FRIEND + ".evil.example")
        odd = ("null", "http://[", "file://", "ftp://games.example:8080", "games.example:8080")
        for origin in ("https://evil.example", *near, *odd):
            answer = self.guest(origin)
            self.assertEqual((answer.status, answer.json["code"]), (403, "forbidden"), origin)
            read = self.node.ask("GET", "/api/games", origin=origin)
            self.assertEqual(read.status, 200)
            for headers in (answer.headers, read.headers):
                self.assertNotIn("access-control-allow-origin", headers)

    def test_none(self) -> None:
        """Programs that are no browsers send no origin, and may call."""
        self.assertEqual(self.node.ask("POST", "/api/guest", {"name": "Ann"}).status, 200)

    def test_preflight(self) -> None:
        """A browser that asks first is told what may be done at this path."""
        answer = self.node.ask("OPTIONS", "/api/rooms", origin=FRIEND, **{"access-control-request-method": "POST"})
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(answer.headers["access-control-allow-origin"], FRIEND)
        self.assertEqual(answer.headers["access-control-allow-methods"], "GET, HEAD, OPTIONS, POST")
        self.assertEqual(answer.headers["access-control-allow-headers"], "Authorization, Content-Type")

    def test_preflight_refused(self) -> None:
        """One of a stranger is refused, and one for nothing is not found."""
        self.assertEqual(self.node.ask("OPTIONS", "/api/rooms", origin="https://evil.example").status, 403)
        self.assertEqual(self.node.ask("OPTIONS", "/api/nothing", origin=FRIEND).status, 404)
        self.assertEqual(self.node.ask("OPTIONS", "/api/rooms").headers["allow"], "GET, HEAD, OPTIONS, POST")
