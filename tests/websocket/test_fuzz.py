"""Whatever bytes a client sends: nothing is logged as an error, nobody else notices, and it is closed by the book."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gameserver.protocol.messages import Close
from tests.websocket.sockets import BINARY, CLOSE, PING, TEXT, Caller, masked
from tests.websocket.test_protocol import ProtocolTestCase

CODES = {None, 1000, 1002, 1003, 1007, 1009, 1010, 1011} | {
    code for name, code in vars(Close).items() if not name.startswith("_") and isinstance(code, int)
}
"""How a connection may end."""

CHANGES = settings(max_examples=150)
"""Bounded, since these run with all other tests; more are tried by raising it."""

OPCODES = st.sampled_from((0, TEXT, BINARY, 3, CLOSE, PING, 10, 11))
FRAMES = st.lists(
    st.one_of(
        st.binary(max_size=80),
        st.builds(masked, st.binary(max_size=200), OPCODES, fin=st.booleans()),
    ),
    max_size=6,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(("guests", "accounts", "refresh", "cookie", "eyJ"))
HELLOS = st.dictionaries(
    st.sampled_from(("token", "ticket", "guest", "client", "x")),
    JSON
    | st.text(max_size=60)
    | st.builds("{}.{}.{}".format, KINDS, st.text(max_size=30), st.text(max_size=44))
    | st.fixed_dictionaries({"name": JSON | st.text(max_size=40)}),
    max_size=4,
)


class FuzzTests(ProtocolTestCase):
    def unharmed(self, good: Caller) -> None:
        """Who was there before goes on, and nothing was logged as an error."""
        self.assertEqual([m["op"] for m in good.say("ping", at=1)], ["pong"])
        self.assertEqual(self.flushLoggedErrors(), [])

    @CHANGES
    @given(frames=FRAMES, hello=st.booleans())
    @example(frames=[b"\x81\xff" + b"\xff" * 8], hello=True)
    @example(frames=[masked(b"{", TEXT, fin=False), masked(b"}", 0)], hello=False)
    def test_frames(self, frames: list[bytes], hello: bool) -> None:
        """Frames that are none, of every kind, cut anywhere."""
        good, bad = self.node.dial("203.0.113.9").hello(), self.node.dial("198.51.100.7")
        if hello:
            bad.hello("Eve")
        for frame in frames:
            bad.feed(frame)
        self.rig.advance(12)
        bad.settle()
        self.assertIn(bad.closed, CODES)
        self.unharmed(good)
        for caller in (good, bad):
            caller.cut()

    @CHANGES
    @given(hello=HELLOS)
    @example(hello={"token": "guests..", "ticket": ""})
    @example(hello={"guest": {"name": "\u202e"}})
    def test_hello(self, hello: dict[str, Any]) -> None:
        """Every ``hello`` is answered once, by a welcome or an error, and an error is no way in."""
        good, bad = self.node.dial("203.0.113.9").hello(), self.node.dial("198.51.100.7")
        bad.feed(masked(json.dumps({"op": "hello", **hello}).encode()))
        (answer,) = bad.take()
        if answer["op"] == "welcome":
            self.assertTrue(answer["user"]["id"].startswith("guest:"))
            self.assertIsInstance(hello["guest"], dict)
        else:
            self.assertIn(answer["code"], ("unauthenticated", "bad_message", "bad_data"))
            (after,) = bad.say("create", id=1, game="loud")
            self.assertEqual(after["code"], "unauthenticated")
        self.unharmed(good)
        for caller in (good, bad):
            caller.cut()

    @CHANGES
    @given(head=st.binary(max_size=300))
    @example(head=b"GET /ws HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")
    @example(head=b"GET /ws HTTP/1.1\r\nhost: \xff\r\n\r\n")
    def test_handshakes(self, head: bytes) -> None:
        """What is no handshake gets none."""
        good = self.node.dial("203.0.113.9").hello()
        pipe = self.node.dial("198.51.100.7", Upgrade=None, Connection=None).pipe
        sent = len(pipe.sent)
        if not pipe.lost:
            pipe.protocol.dataReceived(head)
        self.rig.advance(25)
        self.assertNotIn(b"101 Switching", bytes(pipe.sent[sent:]))
        self.unharmed(good)
        good.cut()
