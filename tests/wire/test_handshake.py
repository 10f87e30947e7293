"""Handshakes that are none: each is answered with a status that says so, and nothing is lost without a word."""

from __future__ import annotations

import json

from tests.wire.kit import frame
from tests.wire.sockets import Caller, masked
from tests.wire.test_protocol import ProtocolTestCase

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
        self.assertEqual(len(self.node.door.sessions), 0)

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
