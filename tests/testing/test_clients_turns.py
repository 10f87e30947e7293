"""A `gameserver.client.Client` in a game of turns."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Move, Refused
from gameserver.client import Room
from gameserver.testing import Table
from tests.room.turns.games import Choosing
from tests.testing.test_turn_taking import Asking


class ClientTurnsTests(SynchronousTestCase):
    arguments: dict[str, Any] = {}

    def seated(self, game: type[Any]) -> Room:
        """A client at a new table."""
        self.table = Table(game)
        return self.done(self.table.client("Bot", **self.arguments).join(self.table.code))

    def done(self, asked: Deferred[Any]) -> Any:
        self.table.settle()
        return self.successResultOf(asked)

    def refused(self, asked: Deferred[Any]) -> str:
        self.table.settle()
        code: str = self.failureResultOf(asked, Refused).value.code
        return code

    def test_moves(self) -> None:
        """Told with the seat, and anew with each change; the same as a visitor's."""
        room = self.seated(Asking)
        self.assertEqual((room.moves, room.prompt, room.turn), ([], None, None))
        ann = self.table.join("Ann")
        ann.start()
        self.assertEqual(room.moves, [Move("take", {"n": n}) for n in (1, 2, 3)])
        self.assertEqual([room.label(move) for move in room.moves], ["Take 1", "Take 2", "Take 3"])
        self.assertEqual((room.prompt, ann.prompt), ("Take some of 7", "Bot takes"))
        assert room.turn is not None
        self.assertEqual((room.turn.current, room.turn.number), (room.seat.id, 1))
        old = room.moves[1]
        self.done(room.play(old))
        self.assertEqual((room.moves, room.prompt, self.table.state["heap"]), ([], "Ann takes", 5))
        ann.play(0)
        self.assertIn(old, room.moves)
        self.assertEqual(self.refused(room.play(old)), "not_your_turn")
        self.assertEqual(self.refused(room.play(Move("take", {"n": 5}))), "not_legal")
        self.table.restart()
        self.assertEqual(len(room.moves), 3)

    def test_what_is_left_open(self) -> None:
        """Choices are given by name, or filled in by the move; labels show who is meant."""
        room = self.seated(Choosing)
        ann = self.table.join("Ann")
        ann.start()
        give, point = room.moves[:2]
        self.assertTrue(room.more_moves)
        self.assertEqual(room.label(give, {"to": ann.id}), "Give {cards} to Ann")
        self.assertEqual(room.label(give, cards=["C2", "D5"], to=ann.id), "Give C2, D5 to Ann")
        self.assertEqual(room.label(Move("point_at", {"at": "x"})), "Point at x")
        self.done(room.play(give, cards=["C2", "D5"], to=ann.id))
        self.done(room.play(point))
        self.done(room.play(room.moves[2].fill(way=2)))
        self.assertEqual(self.table.state["log"], [["C2", "D5", "Ann"], "Ann", [2, 2]])

    def test_lobby(self) -> None:
        """Bots come and go, and who is ready is told."""
        room = self.seated(Choosing)
        seat = self.done(room.bot("random", name="Robo"))
        self.assertEqual((room.seats[seat].bot, room.seats[seat].name), ("random", "Robo"))
        self.assertIsNone(self.done(room.bot(seat=seat)))
        self.assertNotIn(seat, room.seats)
        self.done(room.ready())
        self.assertTrue(room.seats[room.seat.id].ready)
        self.done(room.ready(False))
        self.assertFalse(room.seats[room.seat.id].ready)
        self.assertFalse(room.may_undo)
        self.assertEqual(self.refused(room.undo()), "cannot_undo")
        self.assertEqual(self.refused(room.bot("best")), "bad_data")


class PackedClientTurnsTests(ClientTurnsTests):
    """The same in MessagePack."""

    arguments = {"binary": True}
