"""Many moves at once: they are held against their schemas together, and told only if they are others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import nan
from typing import Annotated, Any, ClassVar

from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, Refused, Some, message
from gameserver.game.spec import spec_of
from gameserver.testing import Table, Visitor

Hand = Annotated[list[str], Meta(max_length=3)]


class Listing(Game):
    """Its moves are what a test says."""

    min_players = 2
    late_join = True
    listed: ClassVar[Callable[[Any, Any], Any]] = lambda game, player: []

    def on_start(self) -> None:
        self.state["hand"] = ["C2", "D5"]
        self.turns.begin()

    def moves(self, player: Player) -> Any:
        return type(self).listed(self, player)

    @message
    def go_on(self, player: Player) -> None:
        self.state["on"] = self.state.get("on", 0) + 1

    @message
    def draw(self, player: Player, card: str) -> None:
        self.state["hand"].append(card)

    @message(turn=True)
    def play(self, player: Player, card: str, on: Annotated[int, Meta(ge=0, le=99)] = 0) -> None:
        self.state["played"] = [card, on]

    @message(turn=True)
    def mark(self, player: Player, on: bool | int, far: float = 0.5) -> None:
        self.state["marked"] = on

    @message(turn=True)
    def show(self, player: Player, cards: Hand) -> None:
        self.state["shown"] = cards

    @message(turn=True)
    def any(self, player: Player, what: Any = None) -> None:
        self.state["what"] = what

    @message(turn=True)
    def more(self, player: Player, n: int, **more: Any) -> None:
        self.state["more"] = more

    @message(turn=True)
    def stop(self, player: Player) -> None: ...

    @message(turn=True, stage="later")
    def later(self, player: Player, n: int) -> None: ...


class ListedCase(SynchronousTestCase):
    game: ClassVar[type[Game]] = Listing

    def sit(self, *moves: Any) -> Visitor:
        self.list(*moves)
        self.table = Table(self.game)
        ann = self.table.join("Ann")
        self.table.join("Bob")
        ann.start()
        return ann

    def list(self, *moves: Any) -> None:
        self.patch(Listing, "listed", staticmethod(lambda game, player: list(moves)))

    def refused(self, visitor: Visitor, type: str, **data: Any) -> Refused:
        with self.assertRaises(Refused) as caught:
            visitor.send(type, **data)
        return caught.exception

    def wrong(self, *moves: Any) -> str:
        """With these moves a step fails. :returns: why."""
        ann = self.sit()
        self.list(*moves)
        error = self.refused(ann, "go_on")
        self.assertEqual(error.code, "game_error")
        self.assertNotIn("on", self.table.state)
        self.list()
        ann.send("go_on")
        return str(error.__cause__)


class FitTests(ListedCase):
    def test_of_many_the_one_that_is_wrong_is_named(self) -> None:
        good = [Move("play", {"card": "C2", "on": n}) for n in range(50)]
        self.assertIn("play", self.wrong(*good, Move("play", {"card": "C2", "on": 100})))
        self.assertIn("$.on", self.wrong(*good, Move("play", {"card": "C2", "on": True}), Move("stop")))
        self.assertIn("$.card", self.wrong(Move("play", {"card": b"C2"}), *good))
        self.assertIn("misses", self.wrong(*good, Move("play", {"on": 1}, choices={"on": [1]})))
        self.assertIn("nowhere", self.wrong(*good, Move("play", {"card": "C2", "nowhere": 1})))
        self.assertIn("is not a Move", self.wrong(*good, "play"))
        self.assertIn("is not a Move", self.wrong({"type": "play"}, *good))
        self.assertIn("no message", self.wrong(*good, Move("pley", {"card": "C2"})))
        self.assertIn("later", self.wrong(*good, Move("later", {"n": "1"})))
        self.assertIn("$.cards", self.wrong(*good, Move("show", {"cards": ["a"] * 4})))

    def test_of_all_that_a_field_may_be_the_one_that_is_wrong_is_named(self) -> None:
        """Chance, or a player, would choose it some time."""
        self.assertIn("play", self.wrong(Move("play", {"card": "C2"}, choices={"on": [1, 2, "3"]})))
        self.assertIn("play", self.wrong(Move("play", {"card": "C2"}, choices={"on": [1, 2, True]})))
        self.assertIn("play", self.wrong(Move("play", {"card": "C2"}, choices={"on": range(90, 102)})))
        self.assertIn("play", self.wrong(Move("play", {"card": "C2"}, choices={"on": range(5, -2, -1)})))
        self.assertIn("show", self.wrong(Move("show", choices={"cards": Some(["C2", "D5", 3], 1)})))
        self.assertIn("show", self.wrong(Move("show", choices={"cards": Some(["C2", "D5", 3], 0, 2)})))
        self.assertIn("show", self.wrong(Move("show", choices={"cards": Some(["C2", "D5", "D6", "D7"], 2, 4)})))
        ann = self.sit(Move("show", choices={"cards": Some(["C2", "D5", "H9", "SQ"], 0, 3)}))
        ann.send("show", cards=["SQ", "H9"])
        ann.send("show", cards=[])

    def test_a_whole_float_is_an_integer(self) -> None:
        """As it is in what clients say: a game may have halved something."""
        ann = self.sit(
            Move("play", {"card": "C2", "on": 4 / 2}),
            Move("play", {"card": "D5"}, choices={"on": [2 / 2, 6 / 2]}),
            Move("mark", {"on": 1}),
        )
        ann.send("play", card="C2", on=2)
        ann.send("play", card="D5", on=3)
        ann.play(0)
        ann.play(1, on=1)
        self.assertEqual(self.refused(ann, "play", card="D5", on=2).code, "not_legal")
        self.assertIn("play", self.wrong(Move("play", {"card": "C2", "on": 0.5})))
        self.assertIn("play", self.wrong(Move("play", {"card": "C2"}, choices={"on": [1.0, 1.5]})))

    def test_what_is_not_open_is_left_out(self) -> None:
        later = Move("later", {"n": 1}), Move("later", choices={"n": [1]})
        ann = self.sit(later[0], Move("stop"), later[1], Move("play", {"card": "a"}))
        self.assertEqual([move.type for move in ann.moves], ["stop", "play"])

    def test_data_are_read_as_the_messages_are(self) -> None:
        ann = self.sit(Move("play", {"card": "C2"}), Move("mark", {"on": 1}), Move("mark", {"on": False, "far": 1}))
        ann.send("play", card="C2", on=0)
        ann.send("play", card="C2")
        self.assertEqual(self.refused(ann, "play", card="C2", on=1).code, "not_legal")
        ann.send("mark", on=1, far=0.5)
        self.assertEqual(self.refused(ann, "mark", on=True).code, "not_legal")
        ann.send("mark", on=False, far=1.0)
        self.assertEqual(self.refused(ann, "mark", on=0, far=1.0).code, "not_legal")

    def test_whatever_else_there_is(self) -> None:
        """A method that takes more fields than it names gets those of the move."""
        ann = self.sit(Move("more", {"n": 1, "$x": [1]}), Move("more", {"n": 2}, choices={"y": [1, 2], "z": ...}))
        ann.send("more", {"n": 1, "$x": [1]})
        self.assertEqual(self.table.state["more"], {"$x": [1]})
        self.assertEqual(self.refused(ann, "more", n=1).code, "not_legal")
        self.assertEqual(self.refused(ann, "more", **{"n": 1, "$x": [1], "y": 1}).code, "not_legal")
        ann.send("more", n=2, y=2, z="any")
        self.assertEqual(self.refused(ann, "more", n=2, y=3, z="any").code, "not_legal")

    def test_players_where_no_type_says_so(self) -> None:
        """They are their ids."""
        ann = self.sit()
        bob = self.table.room.players[1]
        self.list(Move("any", {"what": bob}, "Any {what}"), Move("any", {"what": [bob, 1]}), Move("any"))
        ann.send("go_on")
        self.assertEqual([move.data for move in ann.moves], [{"what": bob.id}, {"what": [bob.id, 1]}, None])
        self.assertEqual(ann.moves[0].label, "Any Bob")
        ann.send("any", what=bob.id)
        ann.send("any", what=[bob.id, 1])
        ann.send("any")
        ann.send("any", what=None)
        self.assertEqual(self.refused(ann, "any", what=[bob.id, True]).code, "not_legal")

    def test_what_is_no_json(self) -> None:
        """It is an error in the step, and not afterwards, when it is told."""
        for what in (nan, 2**70, {1, 2}, "\ud800", {"a": {1: 2}}, object(), [b"x" * 3, nan]):
            with self.subTest(repr(what)):
                self.wrong(Move("any", {"what": what}))
                self.wrong(Move("any", choices={"what": [1, what]}))
        self.wrong(Move("stop", label=5))
        self.wrong(Move("stop", group=["a"]))
        self.wrong(Move("play", {"card": "\ud800"}))
        self.wrong(Move("stop", label="\ud800"))

    def test_what_is_no_json_while_nobody_listens(self) -> None:
        """It is found when its player is back, who has no moves then."""
        ann = self.sit()
        bob = self.table.visitors[1]
        ann.drop()
        self.list(Move("any", {"what": {1, 2}}))
        bob.send("go_on")
        self.table.failures.raises = False
        ann.resume()
        self.assertEqual(ann.moves, [])
        self.assertEqual(self.refused(ann, "any", what=[1, 2]).code, "not_legal")
        self.assertIn("moves: any", str(self.flushLoggedErrors(ValueError)[0].value))


class ToldAgainTests(ListedCase):
    def told(self, visitor: Visitor) -> int:
        """How often moves were told."""
        return visitor.seen().count(b'"op":"moves"')

    def test_only_what_is_another(self) -> None:
        moves = [Move("play", {"card": "C2", "on": 1}, "{card}"), Move("mark", {"on": 1}), Move("stop")]
        ann = self.sit(*moves)
        before = self.told(ann)
        ann.send("go_on")
        self.list(*(Move(m.type, dict(m.data) if m.data else m.data, m.label) for m in moves))
        ann.send("go_on")
        self.assertEqual(self.told(ann), before)
        changes = [
            Move("play", {"card": "C2", "on": 2}, "{card}"),
            Move("play", {"card": "C2", "on": 2}, "{card}!"),
            Move("play", {"card": "C2", "on": 2}, "{card}!", "group"),
            Move("play", choices={"card": ["C2"], "on": [1]}),
            Move("play", choices={"card": ["C2"], "on": range(1, 2)}),
            Move("play", choices={"card": ["C2"], "on": ...}),
        ]
        for count, change in enumerate(changes, 1):
            self.list(change, *moves[1:])
            ann.send("go_on")
            self.assertEqual(self.told(ann), before + count, change)
        self.list(moves[0], Move("mark", {"on": True}), moves[2])
        ann.send("go_on")
        self.assertIs(ann.moves[1].data["on"], True, "it is not 1")

    def test_what_lives_on(self) -> None:
        """A move that holds a list of the game's own is told anew when that has changed."""
        ann = self.sit()
        self.patch(
            Listing,
            "listed",
            staticmethod(
                lambda game, player: [
                    Move("any", {"what": game.state["hand"]}),
                    Move("show", choices={"cards": Some(game.state["hand"], 1)}),
                ]
            ),
        )
        ann.send("draw", card="H9")
        self.assertEqual(ann.moves[0].data, {"what": ["C2", "D5", "H9"]})
        self.assertEqual(ann.moves[1].choices["cards"].of, ["C2", "D5", "H9"])
        ann.send("draw", card="SQ")
        self.assertEqual(ann.moves[1].choices["cards"].of, ["C2", "D5", "H9", "SQ"])
        ann.send("show", cards=["SQ"])
        ann.send("any", what=["C2", "D5", "H9", "SQ"])


class AskedTests(ListedCase):
    def test_once_a_step(self) -> None:
        """Whatever a step is, each player is asked once at most; and not at all where nothing has changed."""
        counts: Counter[str] = Counter()

        def moves(game: Game, player: Player) -> list[Move]:
            counts[player.id] += 1
            return [Move("play", {"card": "C2"}), Move("any")]

        self.patch(spec_of(Listing), "asks_all", True)
        ann = self.sit()
        bob = self.table.visitors[1]
        self.patch(Listing, "listed", staticmethod(moves))
        ann.send("go_on")
        steps: list[tuple[str, Callable[[], Any], int]] = [
            ("message", lambda: ann.send("go_on"), 1),
            ("move", lambda: ann.send("play", card="C2"), 1),
            ("not legal", lambda: self.refused(ann, "play", card="D5"), 0),
            ("not the turn", lambda: self.refused(bob, "play", card="C2"), 0),
            ("drop", bob.drop, 1),
            ("resume", bob.resume, 1),
            ("chat", lambda: bob.say("hi"), 1),
        ]
        for name, step, times in steps:
            counts.clear()
            step()
            self.assertEqual(set(counts.values()), {times} - {0}, name)
