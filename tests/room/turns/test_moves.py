"""What a player may do now: what the game is asked, what is refused, and what is told to whom."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Move, Player, Refused, Some, message, question
from gameserver.testing import Table, Visitor
from tests.room.turns.games import Choosing, Nim


class MovesCase(SynchronousTestCase):
    def sit(self, game: type[Game], *names: str) -> list[Visitor]:
        self.table = Table(game)
        visitors = [self.table.join(name) for name in names or ("Ann", "Bob")]
        visitors[0].start()
        return visitors

    def refused(self, code: str, visitor: Visitor, type: str, **data: Any) -> None:
        with self.assertRaises(Refused) as caught:
            visitor.send(type, **data)
        self.assertEqual(caught.exception.code, code)

    def moves(self, visitor: Visitor) -> list[Any]:
        return [legal.move for legal in self.table.room.publisher.legal.get(visitor.id, [])]

    def told(self, visitor: Visitor) -> dict[str, Any]:
        """What the client was told last."""
        return self.heard(visitor, "moves")

    def heard(self, visitor: Visitor, op: str) -> dict[str, Any]:
        frames = map(json.loads, visitor.seen().split(b"\n"))
        told: list[dict[str, Any]] = [frame for frame in frames if frame["op"] == op]
        return told[-1] if told else {}


class LegalTests(MovesCase):
    def test_only_moves_are_taken(self) -> None:
        ann, bob = self.sit(Nim)
        self.refused("not_your_turn", bob, "take", n=1)
        self.refused("bad_data", ann, "take", n="1")
        self.refused("bad_data", ann, "take", n=True)
        self.refused("not_legal", ann, "take", n=4)
        ann.send("take", n=3)
        self.assertEqual(self.moves(ann), [])
        bob.send("take", n=2)
        self.assertEqual([m.data for m in self.moves(ann)], [{"n": 1}, {"n": 2}])

    def test_after_a_restart(self) -> None:
        ann, _ = self.sit(Nim)
        self.table.restart()
        self.refused("not_legal", ann, "take", n=4)
        ann.send("take", n=3)

    def test_choices(self) -> None:
        ann, bob = self.sit(Choosing)
        ann.send("give", cards=["C2", "C2"], to=bob.id)
        ann.send("give", cards=["D5", "C2"], to=ann.id)
        self.refused("not_legal", ann, "give", cards=["D5", "D5"], to=bob.id)
        self.refused("not_legal", ann, "give", cards=["D5"], to=bob.id)
        ann.send("point", at=bob.id)
        self.refused("not_legal", ann, "point", at=ann.id)
        self.refused("bad_data", ann, "point", at="77")
        self.refused("not_legal", ann, "go", way=1, far=3)
        self.refused("not_legal", ann, "go", way=3, far=2)
        self.refused("not_legal", ann, "go", way=1, far=2, loud=True)
        self.refused("not_legal", ann, "shout", on=1)
        bob.send("shout", on=True)
        ann.send("go", way="left", far=3, loud=False)
        expected = [["C2", "C2", "Bob"], ["D5", "C2", "Ann"], "Bob", "Bob", ["left", 3]]
        self.assertEqual(self.table.state["log"], expected)

    def test_the_turn_in_the_message(self) -> None:
        ann, _ = self.sit(Nim)
        with self.assertRaises(Refused) as caught:
            ann.ask("send", type="take", data={"n": 1}, turn=2)
        self.assertEqual(caught.exception.code, "not_your_turn")
        self.assertEqual(caught.exception.text, "That was meant for another turn.")
        ann.ask("send", type="take", data={"n": 1}, turn=1)

    def test_before_there_are_turns(self) -> None:
        self.table = Table(Nim)
        ann = self.table.join("Ann")
        with self.assertRaises(Refused) as caught:
            ann.send("take", n=1)
        self.assertEqual((caught.exception.code, caught.exception.text), ("not_your_turn", "Nobody has a turn now."))


class ToldTests(MovesCase):
    def test_to_that_player_alone(self) -> None:
        ann, bob = self.sit(Nim)
        told = self.told(ann)
        self.assertEqual(
            told["moves"][0],
            {"type": "take", "data": {"n": 1}, "label": "Take 1", "group": None, "choices": None, "seats": []},
        )
        self.assertEqual((told["more"], told["prompt"], told["undo"]), (False, None, False))
        self.assertEqual(self.told(bob), {})

    def test_all_count_and_some_travel(self) -> None:
        ann, _ = self.sit(Choosing, "Ann", "Bob")
        told = self.told(ann)
        self.assertEqual([m["type"] for m in told["moves"]], ["give", "point", "go"])
        self.assertTrue(told["more"])
        give, point, go = told["moves"]
        self.assertEqual(give["choices"], {"cards": {"some": [2, 2], "of": ["C2", "C2", "D5"]}, "to": None})
        self.assertEqual((give["seats"], give["label"]), (["to"], "Give {cards} to {to}"))
        self.assertEqual((point["data"], point["label"], point["seats"]), ({"at": "2"}, "Point at Bob", ["at"]))
        self.assertEqual(go["choices"], {"way": {"range": [1, 3]}})

    def test_joined_brings_them(self) -> None:
        ann, _ = self.sit(Nim)
        ann.drop()
        ann.resume()
        joined = self.heard(ann, "joined")
        self.assertEqual([m["data"]["n"] for m in joined["moves"]["moves"]], [1, 2, 3])
        self.assertNotIn("op", joined["moves"])

    def test_who_joins_again_is_told_when_they_are_gone(self) -> None:
        """What came with ``joined`` was told."""
        ann, bob = self.sit(Nim)
        ann.drop()
        ann.follow()
        told = ann.seen().count(b'"op":"moves"')
        bob.say("hi")
        self.assertEqual(ann.seen().count(b'"op":"moves"'), told)
        ann.drop()
        ann.follow()
        ann.send("take", n=1)
        self.assertEqual((len(ann.moves), len(bob.moves)), (0, 3))

    def test_who_comes_back_is_told_when_that_ends_them(self) -> None:
        """Also who has missed nothing, and so is told no documents."""
        ann, _ = self.sit(Restless)
        self.assertEqual(len(ann.moves), 3)
        ann.drop()
        ann.resume()
        self.assertEqual((ann.recovered, ann.moves), (True, []))


class Restless(Nim):
    """Its turn passes on when somebody comes back."""

    def on_resume(self, player: Player) -> None:
        self.turns.next()


class Broken(Game):
    """Its moves fail as a test says."""

    min_players = 2

    def on_start(self) -> None:
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        kind = self.state.get("kind")
        if kind == "raise":
            raise ZeroDivisionError
        if kind == "change":
            self.state["n"] = 1
        if kind == "draw":
            self.random.random()
        if kind == "kind":
            return ["go"]  # type: ignore[list-item]
        moves = {
            "type": Move("nothing"),
            "data": Move("go", {"n": "1"}),
            "field": Move("go", {"n": 1, "m": 2}),
            "open": Move("go", {"n": 1}, choices={"m": [1]}),
            "choice": Move("go", choices={"n": ["one"]}),
            "missing": Move("go"),
            "gone": Move("go", {"n": 1}) if len(self.players) > 1 else Move("nothing"),
        }
        return [moves[kind]] if kind in moves else [Move("go", {"n": 1}), Move("later")]

    @message(turn=True)
    def go(self, player: Player, n: int) -> None: ...

    @message(turn=True, phase="later")
    def later(self, player: Player) -> None: ...

    @message
    def set(self, player: Player, kind: str) -> None:
        self.state["kind"] = kind


class FailureTests(MovesCase):
    def test_whatever_is_wrong_undoes_the_step(self) -> None:
        ann, _ = self.sit(Broken)
        for kind in ("raise", "change", "draw", "kind", "type", "data", "field", "open", "choice", "missing"):
            with self.subTest(kind):
                self.refused("game_error", ann, "set", kind=kind)
                self.table.advance(1)
                self.assertNotIn("kind", self.table.state)
        self.assertEqual([m.type for m in self.moves(ann)], ["go"], "what is not open is no error, and left out")

    def test_who_has_left_is_gone_whatever_they_are(self) -> None:
        self.table = Table(Broken, raises=False)
        ann, bob = self.table.join("Ann"), self.table.join("Bob")
        ann.start()
        ann.send("set", kind="gone")
        bob.leave()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 3)
        self.assertNotIn(bob.id, self.table.room.seats)
        self.assertEqual(self.moves(ann), [])


class Older(Game):
    """Of a release before turns: it has a method of its own that is called like a hook, and asks a question."""

    def on_start(self) -> None:
        self.pick.ask()

    def moves(self, player: Player) -> list[str]:
        self.state["looked"] = True
        return ["left", "right"]

    @question
    def pick(self, player: Player, way: str) -> str:
        if way not in self.moves(player):
            raise Refused("There is no such way.")
        return way

    @pick.done
    def picked(self, answers: dict[Player, Answer[str]]) -> None:
        self.over(ways=[answer.value for answer in answers.values()])


class OlderTests(MovesCase):
    def test_nothing_is_asked_where_nobody_takes_turns(self) -> None:
        ann, bob = self.sit(Older)
        self.assertNotIn("looked", self.table.state)
        ann.send("pick", way="left")
        bob.send("pick", way="right")
        self.assertEqual(ann.info["result"], {"ways": ["left", "right"]})
        self.assertEqual(self.told(ann), {})


class MoveTests(SynchronousTestCase):
    def test_fill_and_pick(self) -> None:
        from random import Random

        move = Move("attack", {"a": 3}, choices={"b": [4, 9], "dice": range(1, 4), "cards": Some("xyz", 1, 2)})
        filled = move.fill(b=9, dice=2)
        self.assertEqual((filled.data, list(filled.choices or ())), ({"a": 3, "b": 9, "dice": 2}, ["cards"]))
        self.assertRaises(ValueError, move.fill, b=5)
        self.assertRaises(ValueError, move.fill, c=5)
        self.assertRaises(ValueError, move.fill, dice=True)
        picked = move.pick(Random(1)).data or {}
        self.assertEqual(set(picked), {"a", "b", "dice", "cards"})
        self.assertRaises(ValueError, Move("say", choices={"text": ...}).pick, Random(1))
        for nothing in ([], range(0), Some([1], 2), Some([], 1)):
            error = self.assertRaises(ValueError, Move("take", choices={"n": nothing}).pick, Random(1))
            self.assertEqual(str(error), "n has nothing to choose from")
        self.assertRaises(ValueError, Some, [1], 2, 1)
