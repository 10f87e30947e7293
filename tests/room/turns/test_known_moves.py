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
from gameserver.room.turns.move_bytes import said_by, say, whole
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

    def test_many_at_once(self) -> None:
        """They say what each says, one after the other, however many there are; less or more is another."""
        for number in (1, 15, 16, 17, 70_000):
            moves = [Move("a", {"x": n % 3}) for n in range(number)]
            together = whole(said_by(moves) or [])
            self.assertTrue(say(moves, together), number)
            self.assertFalse(say(moves[1:], together), number)
            self.assertFalse(say([*moves, Move("a")], together), number)
            self.assertFalse(say([Move("a", {"x": False}), *moves[1:]], together), number)
        self.assertFalse(say([Move("a", {"x": object()})], whole([b"a"])))

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


class Calling(Listing):
    """Others than the moves change what is told."""

    @message
    def whisper(self, player: Player, text: str) -> None:
        self.turns.prompt(text, to=player)

    @message
    def call(self, player: Player) -> None:
        self.turns.only(player, stage="later")

    @message
    def hang_up(self, player: Player) -> None:
        self.turns.stop()


class AgainTests(ListedCase):
    """A player has as many moves as a step before."""

    game = Calling

    def told(self, *moves: Any) -> tuple[int, int]:
        """:returns: after a step with these moves, how often its player was told, and how often each was encoded."""
        ann = self.table.visitors[0]
        before = ann.seen().count(b'"op":"moves"')
        self.list(*moves)
        with patch.object(legal_moves, "said_by", side_effect=legal_moves.said_by) as each:
            ann.send("go_on")
        return ann.seen().count(b'"op":"moves"') - before, each.call_count

    def test_the_same(self) -> None:
        """It is seen at once, of whatever the moves were made; they are those that the game gave last."""
        ann = self.sit()
        moves = Move("play", {"card": "C2", "on": 1}, "{card}"), Move("show", choices={"cards": Some(["a", "b"], 1)})
        self.assertEqual(self.told(*moves), (1, 1))
        again = Move("play", {"card": "C2", "on": 1}, "{card}"), Move("show", choices={"cards": Some(("a", "b"), 1)})
        self.assertEqual([self.told(*again), self.told(*again), self.told(*moves)], [(0, 1), (0, 0), (0, 0)])
        self.assertIs(self.table.room.publisher.legal[ann.id].moves[0], moves[0])
        ann.send("play", card="C2", on=1)
        self.assertEqual(self.refused(ann, "play", card="C3").code, "not_legal")
        ann.drop()
        ann.resume()
        self.assertEqual((ann.moves[0].label, self.told(*again)), ("C2", (0, 0)))

    def test_others(self) -> None:
        self.sit()
        before = Move("mark", {"on": 1}), Move("stop")
        self.assertEqual([self.told(*before) for _ in range(3)], [(1, 1), (0, 1), (0, 0)])
        self.assertEqual(self.told(Move("mark", {"on": True}), Move("stop")), (1, 1))
        self.assertEqual(self.told(Move("stop"), Move("mark", {"on": True})), (1, 1))
        self.assertEqual(self.told(Move("stop", label="No"), Move("mark", {"on": True})), (1, 1))
        self.assertEqual(self.told(Move("stop")), (1, 1))

    def test_what_is_not_open_any_more(self) -> None:
        """The same is given and nothing of it told, nor taken; until it is open again."""
        ann = self.sit()
        moves = Move("play", {"card": "C2"}), Move("stop")
        self.assertEqual([self.told(*moves) for _ in range(3)], [(1, 1), (0, 1), (0, 0)])
        ann.send("call")
        self.assertEqual(ann.moves, [])
        self.assertEqual(self.refused(ann, "stop").code, "not_your_turn")
        ann.send("hang_up")
        self.assertEqual([move.type for move in ann.moves], ["play", "stop"])

    def test_what_is_no_move(self) -> None:
        """Though it says the same as one."""
        ann = self.sit()
        self.assertEqual([self.told(Move("play", {"card": "C2", "on": 1})) for _ in range(3)][2], (0, 0))
        self.list(["play", {"card": "C2", "on": 1}, None, None, None])
        self.assertEqual(self.refused(ann, "go_on").code, "game_error")

    def test_another_prompt(self) -> None:
        ann = self.sit()
        self.assertEqual([self.told(Move("stop")) for _ in range(3)][2], (0, 0))
        for text in ("Go", "Go on", "Go on"):
            ann.send("whisper", text=text)
            self.assertEqual(ann.prompt, text)
        self.assertEqual(self.told(Move("stop")), (0, 0))


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
