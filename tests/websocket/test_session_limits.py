"""How often somebody may do something, and that it costs nobody else."""

from __future__ import annotations

from typing import Any

from gameserver import Game, Player, message
from tests.websocket.kit import WireTestCase


class Paced(Game):
    """Twenty messages a second, as by default."""

    name = "paced"
    needs_start = False

    @message
    def echo(self, player: Player, value: Any = None) -> Any:
        return value


class LimitsTests(WireTestCase):
    games = (Paced,)

    def test_messages_per_s(self) -> None:
        """Twenty a second and forty at once, per player; more is rate_limited, uses up no id and closes nobody."""
        ann = self.rig.guest("Ann").create("paced")
        bob = self.rig.guest("Bob").join(ann.room)
        codes = [ann.ask("send", id=id, type="echo").get("code") for id in range(2, 62)]
        self.assertEqual(codes, [None] * 40 + ["rate_limited"] * 20)
        self.assertEqual(bob.ask("send", id=2, type="echo")["op"], "ok")
        self.rig.advance(0.5)
        codes = [ann.ask("send", id=id, type="echo").get("code") for id in range(42, 62)]
        self.assertEqual(codes, [None] * 10 + ["rate_limited"] * 10)
        self.rig.advance(1000)
        codes = [ann.ask("send", id=id, type="echo").get("code") for id in range(52, 112)]
        self.assertEqual(codes, [None] * 40 + ["rate_limited"] * 20)
        self.assertIsNone(ann.closed)

    def test_tabs_share_the_rate(self) -> None:
        """A second tab does not double what a player may send."""
        ann = self.rig.guest("Ann").create("paced")
        tab = ann.again(client=None).join(ann.room)
        codes = [p.ask("send", id=id, type="echo").get("code") for id in range(2, 42) for p in (ann, tab)]
        self.assertEqual(codes.count(None), 40)

    def test_flooding(self) -> None:
        """More requests than anybody needs end in 4008; others do not notice."""
        ann, bob = self.rig.guest("Ann"), self.rig.guest("Bob")
        for n in range(1000):
            ann.post("ping", at=n)
        self.assertEqual(ann.closed, 4008)
        self.assertEqual(bob.say("ping", at=1)[0]["at"], 1)
        self.assertIsNone(bob.closed)

    def test_nothing_is_done_after_flooding(self) -> None:
        """The end is the end: what comes after it in the same pass is not done."""
        bob = self.rig.guest("Bob").create("paced")
        ann = self.rig.guest("Ann").join(bob.room)
        bob.take()
        for n in range(1000):
            ann.post("ping", at=n)
        ann.post("chat", text="still here")
        ann.post("send", type="echo")
        self.assertEqual([m["op"] for m in bob.take() if m["op"] == "chat"], [])

    def test_nothing_is_done_after_malformed_frames(self) -> None:
        """The same where twenty malformed frames ended the session."""
        bob = self.rig.guest("Bob").create("paced")
        ann = self.rig.guest("Ann").join(bob.room)
        bob.take()
        for _ in range(20):
            ann.write(b"{")
        self.assertEqual(ann.closed, 4400)
        ann.post("chat", text="still here")
        self.assertEqual([m["op"] for m in bob.take() if m["op"] == "chat"], [])

    def test_no_welcome_after_4001(self) -> None:
        """Whoever was closed for its silence is nobody, also if hello comes a moment later."""
        peer = self.rig.connect()
        self.rig.time.advance(self.rig.limits.hello_s)
        self.assertEqual(peer.closed, 4001)
        peer.post("hello", guest={"name": "Ann"})
        self.assertIsNone(peer.session.user)

    def test_idle(self) -> None:
        """A connection that says nothing for a day stays, and its seat with it."""
        ann = self.rig.guest("Ann").create("paced")
        self.rig.advance(86_400)
        self.assertIsNone(ann.closed)
        self.assertEqual(ann.ask("send", id=2, type="echo", data={"value": 1})["data"], 1)
