"""Bad handshakes: each is answered with a status that says so, and nothing is lost without an answer."""

from __future__ import annotations

import json

from twisted.logger import capturedLogs, formatEvent

from gameserver.protocol.messages import PACKED_SUBPROTOCOL, SUBPROTOCOL
from gameserver.settings.settings import load
from gameserver.websocket.protocol import admits
from tests.websocket.kit import frame
from tests.websocket.sockets import Caller, masked
from tests.websocket.test_protocol import ProtocolTestCase

NAME = "sec-websocket-protocol"
HELLO = masked(frame("hello", guest={"name": "Ann"}))


class RequestTests(ProtocolTestCase):
    def refused(self, caller: Caller, words: str) -> None:
        """It was told why, in the form of all refusals, and is hung up on; it took up no place."""
        self.assertEqual(caller.status, 400)
        told = json.loads(caller.body)
        self.assertEqual(told["code"], "bad_message")
        self.assertIn(words, told["message"])
        self.assertEqual(caller.headers["connection"], "close")
        self.assertTrue(caller.pipe.lost)
        self.assertEqual(len(self.node.endpoint.sessions), 0)

    def test_older_http(self) -> None:
        """A WebSocket needs HTTP/1.1: a proxy that speaks 1.0 to us is told so, and not 101."""
        self.refused(self.node.dial(version="1.0"), "HTTP/1.1")
        self.refused(self.node.dial(version="1.0", Connection="keep-alive, Upgrade"), "HTTP/1.1")

    def test_frames_before_the_answer(self) -> None:
        """Frames that come with the handshake would vanish; a client waits for the answer."""
        for behind in (HELLO, HELLO[:1], b"\r\n"):
            self.refused(self.node.dial(behind=behind), "before the handshake is answered")

    def test_body(self) -> None:
        """A body would be taken for frames, or vanish."""
        self.refused(self.node.dial(behind=HELLO, Content_Length=str(len(HELLO))), "before the handshake")
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(HELLO), HELLO)
        self.refused(self.node.dial(behind=chunked, Transfer_Encoding="chunked"), "before the handshake")
        self.refused(self.node.dial(behind=b"0\r\n\r\n" + HELLO, Transfer_Encoding="chunked"), "before the handshake")
        self.node.dial(Content_Length="0").hello()

    def test_what_the_log_says(self) -> None:
        """A header is neither repeated whole nor with what a terminal obeys."""
        odd = "\x1b[31mred\x9b\x08" + "x" * 10_000
        for headers in ({"Upgrade": odd}, {"Sec_WebSocket_Version": odd}):
            with capturedLogs() as events:
                caller = self.node.dial(**headers)
            self.assertEqual(caller.status, 400)
            told = [*map(formatEvent, events), bytes(caller.pipe.sent).decode("latin-1").partition("\r\n")[0]]
            self.assertEqual([text for text in told if not text.isprintable() or len(text) > 500], [])


class SubprotocolTests(ProtocolTestCase):
    def test_unknown_alone(self) -> None:
        """Who offers only what we do not speak is refused, and not admitted with JSON."""
        for offered in ("soap", "gameserver.v2.json", "GAMESERVER.V1.JSON", f"x{SUBPROTOCOL}", "chat, soap"):
            caller = self.node.dial(Sec_WebSocket_Protocol=offered)
            self.assertEqual(caller.status, 400, offered)
            self.assertNotIn(NAME, caller.headers)
        self.assertEqual(len(self.node.endpoint.sessions), 0)
        self.assertEqual(dict(self.node.endpoint.connections._open), {})

    def test_unknown_beside_ours(self) -> None:
        """One of ours among others is taken."""
        for ours in (SUBPROTOCOL, PACKED_SUBPROTOCOL):
            caller = self.node.dial(Sec_WebSocket_Protocol=f"soap, {ours}, chat")
            self.assertEqual((caller.status, caller.headers[NAME]), (101, ours))

    def test_none(self) -> None:
        """None offered means JSON, and so does a header that says nothing."""
        for offered in (None, ""):
            caller = self.node.dial(Sec_WebSocket_Protocol=offered).hello()
            self.assertNotIn(NAME, caller.headers)


class NullOriginTests(ProtocolTestCase):
    """Pages that have no origin of their own, such as packed builds that are opened from a disk."""

    ORIGINS = ("null", "file://")

    def test_refused_by_default(self) -> None:
        """Any page of anybody can have such an origin, in a frame."""
        for origin in self.ORIGINS:
            self.assertEqual(self.node.dial(Origin=origin).status, 403, origin)

    def test_admitted_by_setting(self) -> None:
        """Each by its own name; the other is still refused."""
        for origin in self.ORIGINS:
            node = type(self.node)(self.rig, load({"origin": [origin]}).origin)
            for other in self.ORIGINS:
                self.assertEqual(node.dial(Origin=other).status, 101 if other == origin else 403, (origin, other))

    def test_spellings(self) -> None:
        """As people may write them, and nothing that only looks so."""
        self.assertEqual(load({"origin": ["NULL", "file://", "file:///"]}).origin, ("null", "file://", "file://"))
        self.assertTrue(admits("NULL", "games.example", ("null",)))
        for wrong in ("file", "file:", "null:", "null://", "nul"):
            self.assertFalse(admits(wrong, "games.example", ("null", "file://")), wrong)
