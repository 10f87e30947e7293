"""How connections end: what was asked is answered, what is owed is sent, and the close frame comes last."""

from __future__ import annotations

import json
import struct
from typing import Any

from twisted.internet.defer import Deferred

from gameserver import Game, Player, message
from gameserver.websocket.protocol import GOODBYE_S
from tests.websocket.kit import frame
from tests.websocket.sockets import CLOSE, PING, Caller, masked
from tests.websocket.test_protocol import QUEUE, ProtocolTestCase


class Table(Game):
    """Answers at once, later, or never."""

    name = "table"
    needs_start = False
    max_players = 10

    @message
    def put(self, player: Player, card: int) -> int:
        self.state["card"] = card
        return card

    @message
    def look(self, player: Player) -> int:
        return 7

    @message
    async def wait(self, player: Player) -> str:
        await waits[-1]
        return "waited"

    @message
    def end(self, player: Player) -> None:
        self.close("enough")


class Quick(Table):
    """Is never stored."""

    name = "quick"
    durability = "none"


class Relaxed(Table):
    """Is stored later."""

    name = "relaxed"
    durability = "relaxed"


waits: list[Deferred[None]] = []


def goodbye(code: int | None = 1000, reason: bytes = b"") -> bytes:
    """:returns: a client's close frame."""
    return masked((struct.pack(">H", code) if code is not None else b"") + reason, CLOSE)


class ClosingCase(ProtocolTestCase):
    games = (Table, Quick, Relaxed)

    def heard(self, caller: Caller) -> list[Any]:
        """:returns: ids of answers, ops of all else, and the close code, in the order in which they came."""
        found: list[Any] = []
        for opcode, payload in caller.frames():
            if opcode == CLOSE:
                found.append(struct.unpack(">H", payload[:2])[0] if payload else None)
            elif opcode != PING:
                told = json.loads(payload)
                found.append(told.get("id") or told["op"])
        return found

    def sit(self, game: str = "table", name: str = "Ann") -> Caller:
        caller = self.node.dial().hello(name)
        caller.say("create", id=1, game=game)
        return caller


class AnswersTests(ClosingCase):
    """A client asks, and closes at once."""

    def ends(self, caller: Caller, *expected: Any) -> None:
        """It heard this last, in this order, and then the connection ended."""
        self.assertEqual(self.heard(caller)[-len(expected) :], [*expected])
        self.assertTrue(caller.pipe.lost)
        self.assertEqual(len(self.node.endpoint.sessions), 0)

    def test_answers_before_the_close(self) -> None:
        """In rooms that are stored before they tell, later, or never; a game's refusal too."""
        for game in ("table", "quick", "relaxed"):
            caller = self.sit(game)
            caller.feed(
                masked(frame("send", id=2, type="put", data={"card": 1}))
                + masked(frame("send", id=3, type="look", data={}))
                + masked(frame("send", id=4, type="nonsense", data={}))
                + goodbye(4321, b"enough")
            )
            self.assertEqual([each for each in self.heard(caller) if each in (2, 3, 4)], [2, 3, 4], game)
            self.ends(caller, 4, 1000)

    def test_commit_under_way(self) -> None:
        """The store takes its time: the close waits for what it has to say, also where the seat was left."""
        for last in ("ping", "leave"):
            caller = self.sit()
            self.rig.store.hold()
            asked = masked(frame("send", id=2, type="put", data={"card": 1})) + masked(frame(last, id=3, at=1))
            caller.feed(asked + goodbye())
            self.rig.advance(GOODBYE_S / 2)
            self.assertNotIn(2, self.heard(caller))
            self.rig.store.release()
            caller.settle()
            self.assertEqual(self.heard(caller).count(2), 1)
            self.assertEqual(self.heard(caller).count(3), 1 if last == "leave" else 0)
            self.ends(caller, 1000)

    def test_nothing_was_asked(self) -> None:
        """Who only closes is answered at once."""
        caller = self.sit()
        caller.feed(goodbye())
        self.ends(caller, 1000)
        stranger = self.node.dial()
        stranger.feed(goodbye())
        self.assertEqual(self.heard(stranger), [1000])

    def test_what_others_wait_for(self) -> None:
        """What follows a hello waits for its answer, and is answered before the close all the same."""
        caller = self.node.dial()
        caller.feed(
            masked(frame("hello", guest={"name": "Ann"}))
            + masked(frame("create", id=1, game="table"))
            + masked(frame("send", id=2, type="put", data={"card": 3}))
            + masked(frame("leave", id=3))
            + goodbye()
        )
        self.assertEqual([each for each in self.heard(caller) if each in ("welcome", 1, 2, 3, 1000)],
                         ["welcome", 1, 2, 3, 1000])  # fmt: skip
        self.ends(caller, 1000)

    def test_said_by_the_connection_itself(self) -> None:
        """What needs no room."""
        caller = self.node.dial().hello()
        caller.feed(masked(frame("ping", at=5)) + masked(b"nonsense") + goodbye())
        self.ends(caller, "pong", "error", 1000)

    def test_nothing_behind_the_close(self) -> None:
        """What a client says behind its close is not heard, in the same read or the next."""
        caller = self.sit()
        waits.append(Deferred())
        caller.feed(masked(frame("send", id=2, type="wait", data={})) + goodbye() + masked(frame("ping", at=5)))
        caller.feed(masked(frame("ping", at=6)) + goodbye(4000))
        self.assertNotIn("pong", self.heard(caller))
        waits.pop().callback(None)
        caller.settle()
        self.ends(caller, 2, 1000)

    def test_step_that_lasts(self) -> None:
        """It is waited for, but not longer than for a close frame of the client's."""
        for answers in (True, False):
            caller = self.sit()
            waits.append(Deferred())
            caller.feed(masked(frame("send", id=2, type="wait", data={})) + goodbye())
            self.rig.advance(GOODBYE_S - 0.1)
            caller.settle()
            self.assertFalse(caller.pipe.lost)
            if answers:
                waits.pop().callback(None)
                caller.settle()
                self.ends(caller, 2, 1000)
        self.rig.advance(0.2)
        caller.settle()
        self.ends(caller, 1000)
        waits.pop().callback(None)
        self.rig.settle()

    def test_cut_meanwhile(self) -> None:
        """A client that does not wait for its answers leaves nothing behind."""
        caller = self.sit()
        waits.append(Deferred())
        caller.feed(masked(frame("send", id=2, type="wait", data={})) + goodbye())
        caller.cut()
        self.assertEqual(len(self.node.endpoint.sessions), 0)
        waits.pop().callback(None)
        self.rig.advance(GOODBYE_S + 1)

    def test_server_closes_meanwhile(self) -> None:
        """Of two closes the first is told."""
        caller = self.sit()
        waits.append(Deferred())
        caller.feed(masked(frame("send", id=2, type="wait", data={})) + goodbye())
        self.node.endpoint.close_all(4010, "stopping")
        caller.settle()
        self.assertEqual(self.heard(caller)[-1], 4010)
        waits.pop().callback(None)
        self.rig.advance(GOODBYE_S + 1)
        caller.settle()
        self.ends(caller, 4010)

    def test_before_a_frame_that_breaks_the_protocol(self) -> None:
        """What the connection itself owes is sent before it fails."""
        caller = self.node.dial().hello()
        caller.feed(masked(frame("ping", at=5)) + masked(b"", 3))
        self.assertEqual(self.heard(caller)[-2:], ["pong", 1002])


class LastFrameTests(ClosingCase):
    """The close frame reaches the client, however its connection is made."""

    def test_close_that_breaks_the_protocol(self) -> None:
        """A pipe that buffers, as those of TLS and of UNIX sockets do: nothing is cut off before the frame is sent."""
        for data, code in {
            masked(b"\x03", 8): 1002,
            goodbye(5): 1002,
            goodbye(999): 1002,
            goodbye(1005): 1002,
            goodbye(2999): 1002,
            goodbye(5000): 1002,
            goodbye(1000, b"\xff"): 1007,
            goodbye(None): 1000,
        }.items():
            caller = self.sit()
            caller.pipe.reads = 0
            caller.feed(data)
            self.rig.advance(GOODBYE_S / 2)
            caller.pipe.reads = None
            caller.settle()
            self.assertEqual(caller.closed, code, data)
            self.assertTrue(caller.pipe.lost, data)

    def test_both_close(self) -> None:
        """A client's close that crosses ours does not cut off what waits behind."""
        caller = self.sit()
        caller.pipe.reads = 0
        caller.feed(masked(frame("ping", at=5)))
        self.node.endpoint.close_all(4010, "stopping")
        self.rig.settle()
        caller.feed(goodbye(1001))
        caller.pipe.reads = None
        caller.settle()
        self.assertEqual(self.heard(caller)[-2:], ["pong", 4010])
        self.assertTrue(caller.pipe.lost)

    def test_client_that_never_reads(self) -> None:
        """It closes, and reads nothing of what it is owed: it is cut off."""
        for first in (b"", masked(b"", 3)):
            caller = self.sit()
            caller.pipe.reads = 0
            caller.feed(first + goodbye())
            self.assertLess(caller.pipe.waiting, QUEUE)
            self.rig.advance(GOODBYE_S - 0.1)
            caller.settle()
            self.assertFalse(caller.pipe.lost)
            self.rig.advance(0.2)
            caller.settle()
            self.assertTrue(caller.pipe.lost)
        self.assertEqual(len(self.node.endpoint.sessions), 0)
