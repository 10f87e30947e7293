"""Anything at all over HTTP: each request is answered, nothing is logged as an error, and nobody else notices."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game
from gameserver.web import api
from gameserver.web.calls import app
from tests.fuzz.test_wire import JSON
from tests.fuzz.trying import keep_trying
from tests.web.test_api import Node

STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
PASSWORD: Final = "correct-horse-battery"
ROOM_PASSWORD: Final = "sesame-street"


class Quiz(Game):
    """Questions and answers."""

    def on_create(self, rounds: int = 5, mood: str = "calm") -> None:
        """Take options."""


KNOWN: Final = tuple(dict.fromkeys(call.path.replace("{code}", "BBBB").replace("{id}", "s1") for call in app.described))
PATHS = st.one_of(
    st.sampled_from((*KNOWN, "/", "/play/quiz/", "/play/", "/gameserver.js", "/admin", "/ws", "/favicon.ico",
    "/static/",
                     "/play/quiz/../../secret", "/play/quiz/%2e%2e/%2e%2e/etc/passwd", "//evil.example/", "/%00", "/..",
                     "/api/rooms/%ff", "/api/rooms/BBBB/x", "/api/rooms/" + "B" * 300, "/api//rooms",
                     "/play/quiz/.git/config",
                     "/api/%", "*", "http://evil.example/api/games", "/play/quiz")),
    st.text(max_size=20).map(lambda text: "/" + quote(text)),
    st.lists(st.sampled_from(("api", "rooms", "..", ".", "play", "quiz", "%2f", "a b", "\\", ";x", "moderation",
    "log", "")),
             max_size=5).map(lambda parts: "/" + "/".join(parts).replace(" ", "%20")),
)  # fmt: skip
QUERIES = st.one_of(
    st.just(""),
    st.lists(
        st.tuples(
            st.sampled_from(("text", "game", "kind", "before", "ticket", "x")),
            st.text(max_size=12) | st.sampled_from(("quiz", "report", "\u00fc" * 200, "0-0", "9" * 30, "x" * 257)),
        ),
        max_size=3,
    ).map(lambda pairs: "?" + "&".join(f"{name}={quote(value)}" for name, value in pairs)),
    st.sampled_from(("?", "?text=%ff", "?text", "?&&=", "?text=a&text=b", "?game=%00", "?" + "a=b&" * 50)),
)
METHODS = st.sampled_from(
    ("GET", "GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "TRACE", "X")
)
VALUES = st.one_of(
    st.sampled_from((
        "", "x", "0", "-1", "1e9", "identity", "gzip", "chunked", "application/json", "text/plain", "null", "file://",
        "http://games.example:8080", "https://evil.example", "evil.example", "Bearer x", "Bearer guests.e30.x",
        "Bearer eyJ.e30.x",
        "Basic eDp4", "gameserver=x", "gameserver=x; __Host-gameserver=y", "bytes=0-5", "bytes=5-", "bytes=0-1,3-4",
        '"etag"', "*",
        "192.0.2.1", "for=192.0.2.1", "100-continue", "websocket", "Upgrade", "h2c", "close", "keep-alive", "[::1]",
        "a,b,c",
        "\u00ff\u00fe", "'\"<script>",
    )),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30),
)  # fmt: skip
NAMES = st.sampled_from((
    "accept", "accept-encoding", "authorization", "content-type", "cookie", "expect", "forwarded", "host",
    "if-modified-since",
    "if-none-match", "origin", "range", "referer", "sec-fetch-site", "sec-websocket-key", "sec-websocket-version",
    "upgrade",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x", "accept-language",
))  # fmt: skip
BODIES = st.one_of(
    st.just(b""),
    st.dictionaries(
        st.sampled_from(("name", "password", "old", "new", "refresh", "invitation", "cookie", "game", "options",
        "private", "act",
                         "user", "address", "s", "reason", "seat", "text", "data", "x")),
        JSON | st.sampled_from(("quiz", "Ann", "Bob", "x" * 9, "192.0.2.0/24", "::1", "mute", "ban")),
        max_size=5,
    ).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.binary(max_size=40),
    st.sampled_from((b"[" * 5000, b'{"name":"' + "e\u0301".encode() * 9000 + b'"}', b'{"name":"Ann"}x',
    b"\xef\xbb\xbf{}")),
)  # fmt: skip
REQUESTS = st.fixed_dictionaries({
    "method": METHODS,
    "path": st.tuples(PATHS, QUERIES).map("".join),
    "headers": st.lists(st.tuples(NAMES, VALUES), max_size=4),
    "body": BODIES,
    "chunked": st.booleans(),
    "token": st.sampled_from((None, None, "guest", "account")),
})  # fmt: skip
LINES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from((
        b"GET / HTTP/1.1\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n",
        b"POST /api/guest HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"-1\r\n",
        b"5;x=y\r\nhello\r\n", b"\r\n\r\n",
        b" folded\r\n", b"x" * 9000, b"A: b\r\n" * 600, b"Host: a\r\nHost: b\r\n\r\n", b"Host: \x00\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n", b"\x16\x03\x01\x02\x00\x01", b"Expect: 100-continue\r\n\r\n",
        b"Content-Length: +5\r\n\r\n",
    )),
)  # fmt: skip


class Fuzz(SynchronousTestCase):
    """What both tests here do for each example: a new node with accounts and rooms, and connections to it."""

    def setUp(self) -> None:
        self.patch(api, "describe", cache(api.describe))

    def begin(self) -> None:
        """A node with an account, an open room and a private one with a password."""
        self.flushLoggedErrors()
        self.node = Node(Quiz, auth=["guests", "accounts"], moderators=["Mod"])
        self.node.websocket.render_GET = lambda request: b"a handshake"  # which the other fuzzer makes
        granted = self.node.ask("POST", "/api/register", {"name": "Ann", "password": PASSWORD}, host="203.0.113.9").json
        self.ann = {"authorization": f"Bearer {granted['token']}"}
        mine = self.node.ask(
            "POST", "/api/register", {"name": "Eve", "password": PASSWORD[::-1]}, host="203.0.113.8"
        ).json
        self.tokens = {"account": mine["token"], "guest": self.node.auth.guest("Eve")[1]}
        wish = {"game": "quiz", "private": True, "password": ROOM_PASSWORD}
        hidden = self.node.ask("POST", "/api/rooms", wish, **self.ann).json["room"]
        self.secrets = [granted["token"], granted["refresh"], PASSWORD, ROOM_PASSWORD, hidden]
        self.protocol, self.transport = self.node.connect("198.51.100.7")
        self.patch(self.transport, "_checkState", lambda: None)  # a socket that ends may be paused, too

    def feed(self, data: bytes, cuts: list[int]) -> None:
        """These bytes come in segments of these sizes, and then all at once; nothing comes after the end."""
        for size in (*cuts, len(data)):
            if self.transport.disconnecting or self.transport.disconnected or not data:
                break
            self.protocol.dataReceived(data[:size])
            data = data[size:]
            self.node.seconds.advance(0)

    def settle(self) -> bytes:
        """:returns: what was answered, once nothing more comes of itself."""
        said = -1
        while said < len(said_now := self.transport.value()):
            said = len(said_now)
            for _ in range(8):
                self.node.seconds.advance(0)
        return said_now

    def check(self) -> list[int]:
        """
        See that all stands.

        :returns: the statuses of the answers.
        """
        said = self.settle()
        self.assertEqual([str(each.value) for each in self.flushLoggedErrors()], [], "logged")
        statuses = [int(status) for status in STATUS.findall(said) if status != b"100"]
        self.assertEqual([each for each in statuses if each >= 500 and each not in (501, 503, 505)], [], said)
        if self.transport.disconnecting:
            self.assertNotEqual(statuses, [], "cut without an answer")
        shown = [secret for secret in self.secrets if secret.encode() in said]
        self.assertEqual(shown, [], "secrets of others")
        self.assertNotIn(b"Traceback", said)
        self.assertEqual(self.node.ask("GET", "/api/games", host="203.0.113.9").status, 200)
        self.assertEqual(self.node.ask("POST", "/api/guest", {"name": "Bob"}, host="203.0.113.9").status, 200)
        return statuses

    def bytes_of(self, request: dict[str, Any]) -> bytes:
        """:returns: a whole request."""
        headers = [(name, value) for name, value in request["headers"] if name != "host"]
        if (token := self.tokens.get(request["token"])) is not None:
            headers.append(("authorization", f"Bearer {token}"))
        body: bytes = request["body"]
        if request["chunked"] and body:
            headers.append(("transfer-encoding", "chunked"))
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:3], body[3:]) if part) + b"0\r\n\r\n"
        elif body:
            headers.append(("content-length", str(len(body))))
        lines = [f"{request['method']} {request['path']} HTTP/1.1", "host: games.example:8080"]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join((*lines, "", "")).encode("latin-1") + body


class RequestTests(Fuzz):
    """Whole requests, pipelined, in any segments."""

    def attempt(self, requests: list[dict[str, Any]], cuts: list[int]) -> None:
        """Each is answered once, unless the connection was ended after an answer."""
        self.begin()
        self.feed(b"".join(self.bytes_of(each) for each in requests), cuts)
        statuses = self.check()
        if not self.transport.disconnecting:
            self.assertEqual(len(statuses), len(requests), "not answered")

    def test_requests(self) -> None:
        """Each path with each method, and bodies, headers and queries that do not fit."""
        requests = st.lists(REQUESTS, min_size=1, max_size=6)
        keep_trying(self.attempt, requests=requests, cuts=st.lists(st.integers(1, 200), max_size=6))


class SegmentTests(Fuzz):
    """What is no HTTP, or nearly."""

    def attempt(self, parts: list[Any], cuts: list[int]) -> None:
        """These come one after the other, cut anywhere."""
        self.begin()
        self.feed(b"".join(each if isinstance(each, bytes) else self.bytes_of(each) for each in parts), cuts)
        self.check()

    def test_segments(self) -> None:
        """Lines that are none, lengths that are none, and requests between them."""
        parts = st.lists(LINES | REQUESTS, min_size=1, max_size=5)
        keep_trying(self.attempt, parts=parts, cuts=st.lists(st.integers(1, 60), max_size=8))
