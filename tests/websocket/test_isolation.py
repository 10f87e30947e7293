"""A node that cannot reach its store while others can: nobody waits there."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import SynchronousTestCase

from gameserver.websocket.isolation import ASK_AGAIN_S, ASK_S, Isolation, serving_at
from tests.websocket.kit import Peer, Rig, WireTestCase
from tests.websocket.test_session_front_door import Plain
from tests.websocket.test_standing import Connected


class Kept(Plain):
    """Is in no store."""

    name = "kept"
    durability = "none"


class Renewed:
    """
    A lease of 6 s.

    :ivar ends_s: when it ends, by the clock; None: it is renewed in time.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.ends_s: float | None = None

    @property
    def left_s(self) -> float:
        return 6.0 if self.ends_s is None else self.ends_s - self._rig.clock.monotonic()


class IsolationTests(WireTestCase):
    games = (Plain, Kept)

    def setUp(self) -> None:
        self.rig = Rig(Plain, Kept)
        self.lease = Renewed(self.rig)
        self.others_serve = True
        self.asked = 0
        self.isolation = Isolation(self.lease, self.rig.clock, Connected(self.rig.peers), self.ask)  # type: ignore[arg-type]
        self.rig.services = replace(self.rig.services, isolated=lambda: self.isolation.isolated)
        self.isolation.startService()
        self.addCleanup(self.isolation.stopService)

    def ask(self) -> Deferred[bool]:
        self.asked += 1
        return succeed(self.others_serve)

    def end(self) -> None:
        """The lease is renewed no more, and ends."""
        self.lease.ends_s = self.rig.clock.monotonic() + self.lease.left_s
        self.rig.advance(self.lease.left_s)

    def look(self) -> None:
        """Let it ask once more."""
        self.rig.advance(ASK_AGAIN_S)

    def refused(self, peer: Peer) -> str:
        """:returns: with which code a hello is refused."""
        (error,) = peer.say("hello", guest={"name": "Bob"})
        return str(error["code"])

    def test_lease_is_held(self) -> None:
        """Nobody is asked for anything."""
        ann = self.rig.guest()
        self.rig.advance(100)
        self.assertEqual((ann.closed, self.asked), (None, 0))

    def test_others_serve(self) -> None:
        """Who is here goes there, with a room or without, and nobody new comes in."""
        ann, bob = self.rig.guest().create("plain"), self.rig.guest("Bob")
        self.end()
        self.assertEqual((ann.closed, bob.closed), (4010, 4010))
        self.assertEqual(self.refused(self.rig.connect()), "busy")

    def test_nobody_serves(self) -> None:
        """The store is away for all: everybody stays; until somebody reaches it."""
        ann = self.rig.guest().create("plain")
        self.others_serve = False
        self.end()
        for _ in range(10):
            self.look()
        self.assertIsNone(ann.closed)
        self.rig.guest("Bob")
        self.others_serve = True
        self.look()
        self.assertEqual(ann.closed, 4010)

    def test_rooms_that_are_not_stored(self) -> None:
        """They are at this node alone: who has a seat there stays."""
        ann = self.rig.guest().create("kept")
        self.end()
        self.assertIsNone(ann.closed)
        self.assertEqual(ann.ask("send", id=7, type="echo", data={"value": 3}, room=ann.room)["data"], 3)

    def test_back(self) -> None:
        """With its lease it takes people again."""
        self.end()
        self.lease.ends_s = None
        self.look()
        self.rig.guest("Bob")

    def test_back_while_it_asks(self) -> None:
        """It was frozen, and has its lease again before the answer comes."""
        ann = self.rig.guest()
        answer: Deferred[bool] = Deferred()
        self.patch(self.isolation, "_others_serve", lambda: answer)
        self.end()
        self.lease.ends_s = None
        answer.callback(True)
        self.rig.settle()
        self.assertEqual((ann.closed, self.isolation.isolated), (None, False))

    def test_refused_for_long(self) -> None:
        """Whoever waits for it is not told that there was no hello in time, which is final for clients."""
        self.end()
        peer = self.rig.connect()
        for _ in range(3):
            self.assertEqual(self.refused(peer), "busy")
            self.rig.advance(self.rig.limits.hello_s - 1)
        self.assertIsNone(peer.closed)

    def test_alone(self) -> None:
        """Where the store is this node's alone nobody looks."""
        self.isolation.stopService()
        alone = Isolation(None, self.rig.clock, [], self.ask)
        alone.startService()
        self.rig.advance(10)
        self.assertEqual((self.asked, alone.isolated), (0, False))


class ServingTests(SynchronousTestCase):
    """Whether somebody serves at the address that all share."""

    def ask(self, url: str | None, answer: Deferred[bytes]) -> Deferred[bool]:
        """Ask, with this as the answer of the page."""
        self.time, self.asked = Seconds(), []

        def fetch(page: str) -> Deferred[bytes]:
            self.asked.append(page)
            return answer

        return serving_at(url, fetch, self.time)()

    def test_ready(self) -> None:
        """Somebody says so."""
        self.assertTrue(self.successResultOf(self.ask("https://games.example/x", succeed(b"{}"))))
        self.assertEqual(self.asked, ["https://games.example/x/readyz"])

    def test_not_ready(self) -> None:
        """Nobody does, or nothing can be reached from here."""
        self.assertFalse(self.successResultOf(self.ask("https://games.example", fail(OSError("away")))))

    def test_no_answer(self) -> None:
        """It is not waited for."""
        never: Deferred[Any] = Deferred()
        asked = self.ask("https://games.example", never)
        self.time.advance(ASK_S)
        self.assertFalse(self.successResultOf(asked))

    def test_no_address(self) -> None:
        """There is none that all share."""
        self.assertFalse(self.successResultOf(self.ask(None, succeed(b"{}"))))
        self.assertEqual(self.asked, [])
