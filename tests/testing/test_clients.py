"""A `gameserver.client.Client` at a test's table."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.client import Client, Room
from gameserver.testing import Table


class Counter(Game):
    needs_start = False

    def on_create(self) -> None:
        self.state["n"] = 0
        self.after(30, self.ring)

    @message
    def add(self, player: Player, by: int) -> int:
        if by < 0:
            raise Refused("only upwards")
        self.state["n"] += by
        return int(self.state["n"])

    @message
    def fail(self, player: Player) -> None:
        raise ZeroDivisionError("a bug")

    @timer
    def ring(self) -> None:
        self.send("rang", self.state["n"])


class ClientTests(SynchronousTestCase):
    arguments: dict[str, Any] = {}

    def setUp(self) -> None:
        self.table = Table(Counter)
        self.client = self.table.client("Bot", **self.arguments)
        self.room = self.joined(self.client)

    def joined(self, client: Client) -> Room:
        joining = client.join(self.table.code)
        self.table.settle()
        return self.successResultOf(joining)

    def test_plays_beside_visitors(self) -> None:
        """It sits in the room with visitors, sends, and sees what they do."""
        ann = self.table.join("Ann")
        reply = self.room.send("add", by=2)
        self.table.settle()
        self.assertEqual(self.successResultOf(reply), 2)
        ann.send("add", by=3)
        self.assertEqual((self.room.state, ann.docs["room"]), ({"n": 5}, {"n": 5}))
        self.assertEqual({seat.name for seat in self.room.seats.values()}, {"Bot", "Ann"})

    def test_refused(self) -> None:
        """A refusal is the request's."""
        reply = self.room.send("add", by=-1)
        self.table.settle()
        self.assertEqual(self.failureResultOf(reply, Refused).value.text, "only upwards")

    def test_time_is_the_tables(self) -> None:
        """Timers fire as the test turns the clock, and the client's own waits pass with it."""
        event = self.room.next_event("rang")
        patient = self.room.until(lambda room: room.state["n"] > 9).addTimeout(40, self.table.reactor)
        self.table.advance(30)
        self.assertEqual(self.successResultOf(event).data, 0)
        self.assertNoResult(patient)
        self.table.advance(10)
        self.failureResultOf(patient)

    def test_restart(self) -> None:
        """It comes back to its seat when the server does, and goes on; what it waits for is still waited for."""
        wait = self.room.until(lambda room: room.state["n"] == 7)
        late = self.room.when_left().addTimeout(5, self.table.reactor)
        self.table.restart()
        self.assertTrue(self.client.connected)
        reply = self.room.send("add", by=7)
        self.table.settle()
        self.assertEqual(self.successResultOf(reply), 7)
        self.assertIs(self.successResultOf(wait), self.room)
        self.table.advance(5)
        self.failureResultOf(late)

    def test_close(self) -> None:
        """Its seat is held then, as after a loss."""
        ann = self.table.join("Ann")
        self.successResultOf(self.client.close())
        self.table.settle()
        (online,) = (seat["online"] for seat in ann.seats.values() if seat["name"] == "Bot")
        self.assertFalse(online)

    def test_own_reactor(self) -> None:
        """A bot that makes its client itself is given the table's ``dial``."""
        client = Client(Clock(), "wss://games.example/ws", name="Other", dial=self.table.dial)
        connecting = client.connect()
        self.table.settle()
        self.assertIs(self.successResultOf(connecting), client)
        self.assertEqual(self.joined(client).state, {"n": 0})

    def test_broken_callback_of_a_frame_fails_the_test(self) -> None:
        """What a connection's owner cannot take is raised by the call during which it came."""

        def take(frame: bytes) -> None:
            raise ZeroDivisionError(frame)

        dialled = self.table.dial(None, "", subprotocol="x", on_frame=take, on_close=lambda code, reason: None)
        wire = self.successResultOf(dialled)
        wire.send(b'{"op":"hello","guest":{"name":"Odd"}}')
        with self.assertRaises(ZeroDivisionError):
            self.table.settle()
        self.flushLoggedErrors(ZeroDivisionError)
        wire.abort()
        self.table.settle()


class PackedClientTests(ClientTests):
    """The same with MessagePack."""

    arguments = {"binary": True}
