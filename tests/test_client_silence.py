"""How long a client waits for a server that says nothing, or for one of several nodes."""

from __future__ import annotations

import itertools
import json
from typing import Any, Final

from twisted.internet.defer import Deferred

from gameserver.client import Client, Room
from gameserver.client.dial import Wire
from gameserver.client.liveness import DIAL_S, DOUBT_S, LARGE_S, SILENCE_S
from gameserver.errors import ConnectionFailed
from tests.test_client import URL, ClientTestCase, ScriptedWire, joined, recovered

LEASE_S: Final = 6.0
"""After so long others have the rooms of a node that is gone."""
NODE: Final = "ws://127.0.0.1:8080/n/b/ws"


class SilenceTestCase(ClientTestCase):
    def pass_s(self, s: float) -> None:
        """Let time pass, little by little."""
        for _ in range(round(s * 20)):
            self.clock.advance(0.05)

    def dialled_again(self) -> None:
        """Wait for the next connection."""
        before = len(self.server.wires)
        while len(self.server.wires) == before:
            self.pass_s(0.05)

    def at_node(self) -> Room:
        """Be in a room at a node that is not home."""
        room = self.in_room()
        self.say("left", None, reason="moved", message=None, url=NODE)
        self.assertEqual(self.wire.url, NODE)
        self.welcome()
        [resume] = [said for said in self.wire.take() if said["op"] == "resume"]
        self.wire.say("joined", **recovered(resume["id"]))
        return room

    def pong(self, wire: ScriptedWire) -> None:
        """Answer a ping."""
        self.assertEqual([said["op"] for said in wire.take()], ["ping"])
        wire.say("pong", at=1, now=1)


class SilenceTests(SilenceTestCase):
    def test_nothing_is_owed(self) -> None:
        """A connection on which nothing is asked is left alone, and needs no timer."""
        self.in_room()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_alive(self) -> None:
        """Whoever answers pings is waited for, however long a step lasts."""
        room = self.in_room()
        asked = room.send("play")
        self.wire.take()
        for _ in range(20):
            self.pass_s(DOUBT_S + 0.1)
            self.pong(self.wire)
        self.assertNoResult(asked)
        self.assertEqual(len(self.server.wires), 1)
        self.wire.say("ok", id=2, data=3, room="K7QM")
        self.assertEqual(self.successResultOf(asked), 3)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_silent(self) -> None:
        """Who answers nothing is given up within the time of a lease, and what was asked is said on the next one."""
        room = self.in_room()
        asked = room.send("play")
        old = self.wire
        self.pass_s(DOUBT_S + SILENCE_S + 0.1)
        self.assertEqual(old.closed, 1006)
        self.pass_s(0.3)
        self.assertEqual(len(self.server.wires), 2)
        [resume] = [said for said in self.welcome().take() if said["op"] == "resume"]
        self.wire.say("joined", **recovered(resume["id"]))
        [again] = self.wire.take()
        self.wire.say("ok", id=again["id"], data=3, room="K7QM")
        self.assertEqual(self.successResultOf(asked), 3)

    def test_what_comes_counts(self) -> None:
        """Whoever says anything is there."""
        room = self.in_room()
        room.send("play")
        for n in range(2, 30):
            self.pass_s(1)
            self.event(n)
        self.assertEqual(len(self.server.wires), 1)
        self.assertNotIn("ping", [said["op"] for said in self.wire.take()])

    def test_client_that_stood_still(self) -> None:
        """What came while this process was busy is read before anybody is given up."""
        room = self.in_room()
        asked = room.send("play")
        self.pass_s(DOUBT_S + 0.1)
        self.clock.advance(30)
        self.wire.say("pong", at=1, now=1)
        self.pass_s(1)
        self.assertIsNone(self.wire.closed)
        self.pass_s(DOUBT_S + SILENCE_S)
        self.assertEqual(self.server.wires[0].closed, 1006)
        self.assertNoResult(asked)

    def test_a_large_answer(self) -> None:
        """Where a whole room is on its way, it takes longer until a connection is given up."""
        self.connected()
        self.client.join("K7QM")
        wire = self.wire
        self.pass_s(DOUBT_S + SILENCE_S + 1)
        self.assertIsNone(wire.closed)
        self.pass_s(LARGE_S)
        self.assertEqual(wire.closed, 1006)

    def test_slow_line(self) -> None:
        """What was given up too soon is waited for twice as long the next time, at most for 20 s."""
        self.connected()
        self.client.join("K7QM")
        waits = []
        for _ in range(4):
            began_s, wire = self.clock.seconds(), self.wire
            while wire.closed is None:
                self.pass_s(0.1)
            waits.append(round(self.clock.seconds() - began_s - DOUBT_S))
            self.dialled_again()
            self.welcome()
        self.assertEqual(waits, [8, 16, 20, 20])
        self.pass_s(1)  # it is a good line after all: somebody answers soon
        self.wire.say("joined", **joined(self.wire.take()[-1]["id"]))
        self.lose()
        self.dialled_again()
        self.welcome()
        began_s, wire = self.clock.seconds(), self.wire
        while wire.closed is None:
            self.pass_s(0.1)
        self.assertEqual(round(self.clock.seconds() - began_s - DOUBT_S), 8)

    def test_many_silent_nodes(self) -> None:
        """Who is silent, and owes nothing large, says nothing of the line: each is left as soon."""
        room = self.in_room()
        room.send("play")
        waits = []
        for _ in range(4):
            wire, began_s = self.wire, self.clock.seconds()
            while wire.closed is None:
                self.pass_s(0.1)
            waits.append(round(self.clock.seconds() - began_s))
            self.dialled_again()
            [resume] = [said for said in self.welcome().take() if said["op"] == "resume"]
            self.wire.say("joined", **recovered(resume["id"]))
        self.assertEqual(waits, [DOUBT_S + SILENCE_S] * 4)

    def test_pings_of_the_caller(self) -> None:
        """A ping that asks whether somebody is there takes nobody else's answer."""
        room = self.at_node()
        room.send("play")
        asked = self.client.ping()
        self.pass_s(DOUBT_S + 0.1)
        home, node = self.server.wires
        node.say("pong", at=1, now=1)
        self.assertNoResult(asked)
        home.say("pong", at=1, now=7)
        self.assertEqual(self.successResultOf(asked).now, 7)


class FrozenNodeTests(SilenceTestCase):
    """A node stands still, and others have its rooms by the end of its lease."""

    def test_left_for_home(self) -> None:
        """It is not dialled again: home knows who has its rooms."""
        room = self.at_node()
        home, node = self.server.wires
        home.take()
        asked = room.send("play")
        self.pass_s(DOUBT_S + 0.1)
        self.pong(home)
        self.pass_s(LEASE_S + 2 - DOUBT_S - 0.2)
        self.assertEqual((node.closed, len(self.server.wires)), (1006, 2))
        [resume] = home.take()
        home.say("joined", **recovered(resume["id"]))
        [again] = home.take()
        home.say("ok", id=again["id"], data=3, room="K7QM")
        self.assertEqual(self.successResultOf(asked), 3)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_home_is_at_the_same_node(self) -> None:
        """Both connections are left at the same time."""
        room = self.at_node()
        home, node = self.server.wires
        room.send("play")
        self.pass_s(LEASE_S + 2 - 0.1)
        self.assertEqual((node.closed, home.closed), (1006, 1006))
        self.assertEqual([wire.url for wire in self.server.wires], [URL, NODE, URL])
        self.assertEqual([said["op"] for said in self.welcome().take()], ["hello", "resume"])

    def test_dialled_in_vain(self) -> None:
        """Somebody is sent to a node that stands still by then: home is asked again."""
        room = self.in_room()
        home = self.wire
        home.take()
        self.say("left", None, reason="moved", message=None, url=NODE)
        self.pass_s(DIAL_S + 0.5)
        self.assertEqual(self.wire.url, NODE)
        self.assertEqual(self.wire.closed, 1006)
        self.assertEqual([said["op"] for said in home.take()], ["resume"])
        self.assertIsNone(room.left)


class DiallingTests(SilenceTestCase):
    """Whoever is dialled and does not answer at all."""

    def setUp(self) -> None:
        super().setUp()
        self.calls: list[Deferred[Wire]] = []

        self.frames: list[Any] = []
        self.closes: list[Any] = []

        def dial(*_: Any, on_frame: Any, on_close: Any, **__: Any) -> Deferred[Wire]:
            self.calls.append(Deferred())
            self.frames.append(on_frame)
            self.closes.append(on_close)
            return self.calls[-1]

        self.client = Client(self.clock, URL, dial=dial, random=lambda: 1.0)

    def test_no_answer(self) -> None:
        """It is dialled again, and given more time; waits between dials grow as ever."""
        waiting = self.client.connect()
        times = []
        for _ in range(4):
            call, began_s = self.calls[-1], self.clock.seconds()
            while not call.called:
                self.pass_s(0.1)
            times.append(round(self.clock.seconds() - began_s))
            while self.calls[-1] is call:
                self.pass_s(0.1)
        self.assertEqual(times, [5, 10, 20, 20])
        self.assertNoResult(waiting)
        wire = ScriptedWire(URL, lambda _: None, lambda *_: None, binary=False)
        self.calls[-1].callback(wire)
        user = {"id": "u1", "name": "Ann", "rights": []}
        self.frames[-1](
            json.dumps({"op": "welcome", "user": user, "token": "T", "client": "key1", "now": 1, "limits": {}}).encode()
        )
        self.closes[-1](1006, "")
        while len(self.calls) < 6:
            self.pass_s(0.1)
        call, began_s = self.calls[-1], self.clock.seconds()
        while not call.called:
            self.pass_s(0.1)
        self.assertEqual(round(self.clock.seconds() - began_s), 5)  # the line is a good one: it was whoever was dialled
        waiting = self.client.create("model")
        self.client.close()
        self.failureResultOf(waiting, ConnectionFailed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_no_welcome(self) -> None:
        """A connection without a welcome is none."""
        wire = ScriptedWire(URL, lambda _: None, lambda *_: None, binary=False)
        self.client.connect()
        self.calls[0].callback(wire)
        self.pass_s(DIAL_S + 0.5)
        self.assertEqual((wire.closed, len(self.calls)), (1006, 2))


class LedAboutTests(SilenceTestCase):
    """Whoever is sent to a node that is not there yet, or not any more, finds its room soon after it is somewhere."""

    def test_redirected_in_vain(self) -> None:
        """Home is asked every 2 s at the longest, however often the node was not reached."""
        room = self.in_room()
        home = self.wire
        home.take()
        self.server.up = False
        self.say("left", None, reason="moved", message=None, url=NODE)
        asked_s = []
        for _ in range(12):
            while not (said := home.take()):
                self.pass_s(0.05)
            asked_s.append(self.clock.seconds())
            home.say("redirect", id=said[0]["id"], room="K7QM", url=NODE)
        gaps = [after - before for before, after in itertools.pairwise(asked_s)]
        self.assertLessEqual(max(gaps), 2.1)
        self.assertIsNone(room.left)

    def test_told_to_wait(self) -> None:
        """Whoever is told for how long waits that long, and not much longer."""
        room = self.in_room()
        self.wire.take()
        self.say("left", None, reason="moved", message=None)
        for _ in range(8):
            began_s = self.clock.seconds()
            [resume] = self.wire.take()
            self.wire.say("error", id=resume["id"], code="busy", message="", path=None, retry_ms=500)
            while not self.wire.sent:
                self.pass_s(0.05)
            self.assertLessEqual(self.clock.seconds() - began_s, 2.1)
        self.assertIsNone(room.left)

    def test_join(self) -> None:
        """The same without a seat."""
        wire = self.connected()
        self.client.join("K7QM")
        for _ in range(8):
            [join] = wire.take()
            began_s = self.clock.seconds()
            wire.say("error", id=join["id"], code="busy", message="", path=None, retry_ms=500)
            while not wire.sent:
                self.pass_s(0.05)
            self.assertLessEqual(self.clock.seconds() - began_s, 0.5 + 2.1)
