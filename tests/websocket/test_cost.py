"""
What a message costs: counted, since no clock is the same twice.

A call is one of Python's or of C's, as `sys.setprofile` sees them, from the bytes that a client sent to the bytes that
each member is written.
"""

from __future__ import annotations

import json
import sys
from types import FrameType
from typing import Any

import txaio
from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.room.publish.streams import LOG_MESSAGES
from tests.websocket.kit import Rig
from tests.websocket.sockets import Caller, Node, masked

CALLS = 49
"""Of a message that goes to one member."""
ASK_CALLS = 64
"""Of one that is answered as well, and whose id is remembered."""
ASK_CALLS_APART = 15
"""More, where others hear what is said: who is answered is written to apart from them."""
CALLS_EACH = 1
"""Of each further member: the kernel's."""
BLOCKS = 0.5
"""Blocks of memory that a message leaves behind once the room's log is full."""


class Relay(Game):
    """What ``benchmarks/`` measures."""

    durability = "none"
    needs_start = False
    max_players = 100
    messages_per_s = 1_000_000

    def on_create(self, table: str = "") -> None: ...

    @message
    def m(self, player: Player, text: str) -> None:
        self.send("m", text)


class Sink:
    """
    The least that a transport can be.

    :ivar send: takes everything, as a socket does whose client reads; None where writes are to be seen.
    """

    producer = None

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.send: Any = None

    def write(self, data: bytes) -> None:
        self.writes.append(data)


class CostTests(SynchronousTestCase):
    """What our own clients send: compact, with the room; an `ask` has an id, and is answered."""

    ask = False
    most = CALLS
    apart = 0

    def setUp(self) -> None:
        txaio.use_twisted()
        self.patch(txaio.config, "loop", Seconds())
        self.node = Node(Rig(Relay), native=False)  # sinks have no descriptor
        self.code = ""
        self.asked = 1

    def seat(self, members: int) -> list[Any]:
        """:returns: the protocols of so many members of one room, each on a sink."""
        protocols = []
        for _ in range(members):
            caller: Caller = self.node.dial().hello()
            answers = caller.say("join", id=1, game="relay", match={"table": "1"})
            self.code = next(answer["room"] for answer in answers if answer["op"] == "joined")
            protocol = caller.pipe.protocol
            protocol.transport = protocol.outgoing.socket = Sink()
            protocols.append(protocol)
        for protocol in protocols:
            protocol.transport.writes.clear()
        return protocols

    def turn(self, protocols: list[Any], frames: list[bytes] | None = None) -> None:
        """Each of these says something, then the pass ends."""
        frames = frames or [self.frame(n) for n in range(len(protocols))]
        passes = self.node.rig.registry.reactor_pass
        passes.begin()
        for n, protocol in enumerate(protocols):
            protocol.dataReceived(frames[n])
        passes.end()

    def frame(self, n: int) -> bytes:
        """:returns: what the n-th member sends in a pass."""
        self.asked += 1
        ask = {"id": self.asked} if self.ask else {}
        said = {"op": "send", **ask, "room": self.code, "type": "m", "data": {"text": f"text-{n}"}}
        return masked(json.dumps(said, separators=(",", ":")).encode())

    def calls(self, protocols: list[Any]) -> int:
        """:returns: the calls of one pass."""
        members = [session.transport.socket for session in self.node.endpoint.sessions]
        for socket in members:
            socket.send = len
        self.turn(protocols)
        counted = [0]
        frames = [self.frame(n) for n in range(len(protocols))]

        def count(frame: FrameType, event: str, arg: Any) -> None:
            counted[0] += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            self.turn(protocols, frames)
        finally:
            sys.setprofile(None)
        for socket in members:
            socket.send = None
        self.turn(protocols)
        self.assertEqual([len(socket.writes) for socket in members], [1] * len(members))
        return counted[0]

    def test_calls(self) -> None:
        """A message that goes to its sender alone."""
        self.assertLessEqual(self.calls(self.seat(1)), self.most)

    def test_calls_for_each_member(self) -> None:
        """What a further member costs."""
        protocols = self.seat(51)
        one = self.calls(protocols[:1])
        self.assertLessEqual(one, self.most + self.apart + 50 * CALLS_EACH)

    def test_one_write_a_turn(self) -> None:
        """However many speak in one pass, each member is written to once, and gets all of it in order."""
        protocols = self.seat(4)
        self.turn(protocols)
        for protocol in protocols:
            (data,) = protocol.transport.writes
            self.assertEqual(data.count(b'"op":"event"'), 4)
            places = [data.index(b'"text-%d"' % n) for n in range(4)]
            self.assertEqual(places, sorted(places))

    def test_nothing_is_left_behind(self) -> None:
        """Once the log of the room is full, a message takes no more memory than the one that it drives out."""
        protocols = self.seat(1)
        for _ in range(2 * LOG_MESSAGES):  # and its numbers are none of those that Python keeps ready
            self.turn(protocols)
        protocols[0].transport.writes.clear()
        protocols[0].transport.write = len
        before = sys.getallocatedblocks()
        for _ in range(500):
            self.turn(protocols)
        self.assertLess((sys.getallocatedblocks() - before) / 500, BLOCKS)


class AskCostTests(CostTests):
    """The same with an id: what is answered, and remembered."""

    ask = True
    most = ASK_CALLS
    apart = ASK_CALLS_APART
