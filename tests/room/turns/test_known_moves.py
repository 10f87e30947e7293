"""What was made of moves is found again by all that they say, and by nothing less."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Move, Player, Some, message
from gameserver.game.spec import spec_of
from gameserver.room.turns import known_moves, legal_moves
from gameserver.room.turns.known_moves import KnownMoves
from gameserver.room.turns.said import said_by
from gameserver.testing import Table
from tests.room.turns.test_listed import ListedCase, Listing

APART: list[Move] = [
    *(Move("a", data) for data in (None, {"x": 1}, {"x": True}, {"x": 1.0}, {"x": "1"}, {"x": None}, {"y": 1})),
    *(Move("a", {"x": what}) for what in (b"1", [1], [[1]], {"1": 1}, {1: 1})),
    *(Move("a", label=label) for label in ("a", "b")),
    *(Move("a", group=group) for group in ("a", "b")),
    *(Move("a", choices={"x": choice}) for choice in ([1], [True], range(1, 2), range(2), Some([1], 1), ...)),
    Move("b"),
]
"""Of any two something else is told, or one of them alone is right."""


class SaidTests(SynchronousTestCase):
    def test_what_is_another_says_something_else(self) -> None:
        said = said_by(APART) or []
        self.assertEqual(len({*said}), len(APART))

    def test_what_is_the_same_says_the_same(self) -> None:
        one, other = ([Move("a", {"x": [1], "y": "2"}, "{x}", choices={"z": [*"ab"]})] for _ in range(2))
        self.assertEqual(said_by(one), said_by(other))

    def test_players_by_name(self) -> None:
        table = Table(Listing)
        ann, bob = table.join("Ann"), table.join("Bob")
        said = said_by([Move("a", {"x": what}) for what in (ann.player, bob.player, ann.id, "1 Ann")]) or []
        self.assertEqual(len({*said}), 4)

    def test_what_travels_nowhere(self) -> None:
        self.assertIsNone(said_by([Move("a"), Move("a", {"x": object()})]))
        self.assertIsNone(said_by([Move("a", {"x": 2**70})]))


class KnownMovesTests(SynchronousTestCase):
    def test_it_is_bounded(self) -> None:
        known = KnownMoves()
        with patch.object(known_moves, "MAX_BYTES", 3000):
            known.add([b"a", b"b"], [Raw(b"1"), Raw(b"2")], 1200)
            self.assertEqual(known.all_of([b"b", b"a"]), [Raw(b"2"), Raw(b"1")])
            known.add([b"c"], [Raw(b"3")], 900)
            self.assertIsNotNone(known.all_of([b"a", b"c"]))
            known.add([b"d"], [Raw(b"4")], 900)
            self.assertEqual(known.each_of([b"a", b"b", b"c", b"d"]), [None, None, None, Raw(b"4")])
            known.add([b"e"], [Raw(b"5")], 3000)
            self.assertIsNone(known.all_of([b"e"]))


class GivenBeforeTests(ListedCase):
    def setUp(self) -> None:
        self.patch(spec_of(Listing), "known_moves", KnownMoves())

    def checks(self, *moves: Move) -> list[int]:
        """:returns: how many moves were held against their messages, each time that it was done in a step."""
        found: list[int] = []

        def check(room: Any, moves: list[Move], check: Any = legal_moves.check) -> Any:
            found.append(len(moves))
            return check(room, moves)

        self.list(*moves)
        with patch.object(legal_moves, "check", check):
            self.table.visitors[0].send("go_on")
        return found

    def test_each_is_looked_at_once(self) -> None:
        """In whatever order they are given again, and in whatever room."""
        open_one = Move("show", choices={"cards": Some(["a", "b"], 1)})
        moves = [Move("play", {"card": "C2"}, "{card}"), open_one, Move("stop")]
        ann = self.sit()
        self.assertEqual(self.checks(*moves), [3])
        first = [(move.type, move.data, move.label) for move in ann.moves]
        self.assertEqual(self.checks(), [])
        self.assertEqual(self.checks(*moves), [])
        self.assertEqual([(move.type, move.data, move.label) for move in ann.moves], first)
        self.assertEqual(self.checks(moves[2], Move("play", {"card": "C3"}, "{card}"), moves[0]), [1])
        self.assertEqual([move.label for move in ann.moves], [None, "C3", "C2"])
        self.sit()
        self.assertEqual(self.checks(*moves), [])

    def test_what_looks_alike_is_looked_at(self) -> None:
        """True is not 1, nor bytes a text, whatever was right before."""
        self.sit()
        self.checks(Move("play", {"card": "C2", "on": 1}), Move("any", {"what": None}))
        self.assertIn("$.on", self.wrong(Move("play", {"card": "C2", "on": True})))
        self.assertIn("$.card", self.wrong(Move("play", {"card": b"C2", "on": 1})))
        self.wrong(Move("any", {"what": 2**53 + 1}))
        self.wrong(Move("any", {"what": float("nan")}))
        self.wrong({"type": "play", "data": {"card": "C2", "on": 1}})
        self.wrong(["play", {"card": "C2", "on": 1}])

    def test_one_that_is_not_open_is_kept_for_when_it_is(self) -> None:
        ann = self.sit()
        later = Move("later", {"n": 1})
        self.assertEqual(self.checks(later, Move("stop")), [2])
        self.assertEqual([move.type for move in ann.moves], ["stop"])


class Pointing(Listing):
    """A move names a player, who may be gone."""

    @message(turn=True)
    def point(self, player: Player, at: Player) -> None: ...


class NamedTests(ListedCase):
    def test_who_is_gone_is_no_move(self) -> None:
        """Though it was one before; and the name is that of whoever sits there."""
        self.list()
        self.table = Table(Pointing)
        ann, bob = self.table.join("Ann"), self.table.join("Bob")
        ann.start()
        seat = bob.id
        self.patch(Pointing, "listed", staticmethod(lambda game, player: [Move("point", {"at": seat})]))
        ann.send("go_on")
        self.assertEqual(ann.moves[0].seats, ("at",))
        self.assertEqual([legal.fixed for legal in self.table.room.publisher.legal[ann.id]], [{"at": seat}])
        self.table.failures.raises = False
        bob.leave()
        self.assertEqual(ann.moves, [])
        self.assertEqual(self.refused(ann, "go_on").code, "game_error")
        self.assertTrue(self.flushLoggedErrors(ValueError))
