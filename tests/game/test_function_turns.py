"""Turns, moves and bots of a game in the function style."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Move, Refused
from gameserver.errors import GameDefinitionError
from gameserver.game.function import game_from_module
from gameserver.game.spec import spec_of
from gameserver.testing import Table, Visitor
from gameserver.web.listings import about, without_refs
from tests.game.functions import nim, teams


class TurnsTests(SynchronousTestCase):
    def seated(self, module: ModuleType = nim) -> tuple[Table, Visitor, Visitor]:
        table = Table(module)
        ann, bob = table.join("Ann"), table.join("Bob")
        table.start()
        return table, ann, bob

    def refused(self, who: Visitor, type: str, data: Any = None) -> str:
        return str(self.assertRaises(Refused, who.send, type, data).code)

    def test_turns(self) -> None:
        """Users are named by their ids, teams as groups."""
        table, ann, bob = self.seated()
        ids = [ann.player.user_id, bob.player.user_id]
        self.assertEqual(table.state["log"], [["TURN", "Ann", ids[0]]])
        told = bob.send("look")
        self.assertEqual(
            (told["order"], told["current"], told["active"], told["stage"], told["number"], told["round"]),
            (ids, ids[0], ids[:1], None, 1, 1),
        )
        self.assertEqual((told["keys"], told["bots"], told["levels"]), (False, [], ["bot", "random"]))
        self.assertEqual((ann.prompt, bob.prompt), ("Take of 7", "Wait"))
        ann.play(0)
        self.assertEqual(table.turns.current, bob.player)
        self.assertEqual(table.state["log"][1], ["TURN", "Bob", ids[1]])

    def test_moves(self) -> None:
        """What ``moves`` says is told and checked; data must be all of a move."""
        table, ann, bob = self.seated()
        self.assertEqual([move.type for move in ann.moves], ["take", "take", "take", "give", "resign"])
        self.assertEqual([move.label for move in ann.moves][:1], ["Take 1"])
        self.assertEqual([move.type for move in bob.moves], ["resign"])
        self.assertEqual(bob.send("look")["legal"], ["resign"])
        self.assertEqual(self.refused(bob, "take", {"n": 1}), "not_your_turn")
        for data in ({"n": 4}, {"n": True}, {}, None, {"n": 1, "more": 1}, [1], "x"):
            self.assertEqual(self.refused(ann, "take", data), "not_legal", data)
        self.assertEqual(self.refused(ann, "pick", {"colour": "red"}), "not_your_turn")
        self.assertEqual(self.refused(ann, "give", {"who": ann.player.user_id, "n": 1}), "not_legal")
        ann.play(ann.moves[3], who=bob.player.user_id, n=1)
        self.assertEqual((table.state["heap"], table.turns.current), (6, bob.player))

    def test_calls(self) -> None:
        """Messages of a stage are open in it, and ``then`` comes as a timer."""
        table, ann, bob = self.seated()
        ann.send("call")
        self.assertEqual([move.type for move in bob.moves], ["pick", "resign"])
        self.assertEqual(self.refused(ann, "take", {"n": 1}), "not_your_turn")
        bob.play(bob.moves[0])
        self.assertEqual(table.state["log"][-1], ["TIMER", "picked"])
        self.assertEqual(ann.moves[0], Move("take", {"n": 1}))

    def test_anybody(self) -> None:
        """What all may send at any time is waited for by nobody."""
        table, ann, bob = self.seated()
        bob.play("resign")
        self.assertEqual(table.turns.order, [ann.player])

    def test_undo(self) -> None:
        """A type that says so may be taken back."""
        table, ann, _ = self.seated(_deaf())
        ann.play(1)
        self.assertTrue(ann.may_undo)
        ann.undo()
        self.assertEqual((table.state["heap"], table.turns.number), (7, 1))

    def test_timeout(self) -> None:
        """``TIMEOUT`` comes; who has still not moved is done."""
        table, ann, bob = self.seated()
        table.advance(30)
        self.assertEqual(table.state["log"][1], ["TIMEOUT", "Ann", ann.player.user_id])
        self.assertEqual((table.state["heap"], table.turns.current), (7, bob.player))

    def test_timeout_unheard(self) -> None:
        """Where it changes nothing, a move is made: by the bot, which takes the most."""
        table, _, bob = self.seated(_deaf())
        table.advance(30)
        self.assertEqual((table.state["heap"], table.turns.current), (4, bob.player))

    def test_teams(self) -> None:
        """A team's turn is all its players', and has no user."""
        table, ann, bob = self.seated(teams)
        self.assertEqual(table.state["log"], [["TURN", None, "group:blue", "group:blue"]])
        blue = next(who for who in (ann, bob) if "blue" in who.player.groups)
        blue.send("tap", {"how": "any"})
        table.advance(5)
        self.assertEqual([line[0] + line[2] for line in table.state["log"][1:]],
                         ["TURNgroup:red", "TIMEOUTgroup:red", "TURNgroup:blue"])  # fmt: skip
        other = bob if blue is ann else ann
        self.assertEqual(self.refused(other, "tap"), "not_your_turn")

    def test_bots(self) -> None:
        """The function chooses, on a copy; the room's own documents are not touched."""
        table = Table(nim)
        ann = table.join("Ann")
        robot = ann.send("bot")
        table.start()
        self.assertEqual(ann.send("look")["bots"], [robot])
        ann.play(1)
        table.advance(2)
        self.assertEqual((table.state["heap"], table.turns.current), (2, ann.player))

    def test_whole_games(self) -> None:
        """With restarts, and with bots."""
        for seed in range(4):
            ends = []
            for restarts in (False, True):
                table = Table(nim, seed=seed, amnesia=True)
                table.join("Ann")
                table.bot("bot")
                table.bot("random")
                table.play_out(seed, restarts=restarts)
                self.assertEqual(table.status, "over")
                ends.append((table.row["docs"], table.result))
            self.assertEqual(*ends)


class DefinitionTests(SynchronousTestCase):
    def test_wrong_types(self) -> None:
        """What cannot be meant is an error that shows what can."""
        for wrong in ("take", ("TAKE",), (1,), {"take": 1}, {"take": {"stages": "x"}}, {"take": {"stage": 1}},
                      {"take": {"undo": 1}}, [[]]):  # fmt: skip
            module = copy_of(nim, turn_types=wrong)
            error = self.assertRaises(GameDefinitionError, game_from_module, module)
            self.assertIn("nim", str(error))

    def test_clock_is_chosen(self) -> None:
        """The option runs, is checked, and is shown to whoever makes a room."""
        module = copy_of(nim, clock_option=True)
        table = Table(module, options={"clock": "300s", "other": 1})
        ann, bob = table.join("Ann"), table.join("Bob")
        table.start()
        self.assertEqual(table.room.state.options, {"clock": "5m", "other": 1})
        table.advance(299)
        self.assertEqual(table.turns.current, ann.player)
        table.advance(2)
        self.assertEqual(table.turns.current, bob.player)
        refused = self.assertRaises(Refused, Table, module, options={"clock": "soon"})
        self.assertEqual((refused.code, refused.path), ("bad_data", "$.clock"))
        told = without_refs(about(spec_of(game_from_module(module)), page=False))
        self.assertEqual(told.clocks[:2], ["30s", "none"])
        assert told.options is not None
        self.assertEqual(told.options["properties"]["clock"]["default"], "30s")
        self.assertIsNone(about(spec_of(game_from_module(nim)), page=False).options)

    def test_old_games(self) -> None:
        """What is called so and takes something else is the module's own; without turns nothing is asked."""
        for types in ((), None, 3, len, object()):
            module = copy_of(teams, turn_types=types, moves=lambda board: 1 / 0, bot="Robbie")
            spec = spec_of(game_from_module(module))
            self.assertEqual((spec.moves, dict(spec.bots), spec.takes_turns), (None, {}, False))


def copy_of(module: ModuleType, **changes: Any) -> ModuleType:
    made = ModuleType(module.__name__)
    made.__dict__.update({**vars(module), **changes})
    return made


def _deaf() -> ModuleType:
    """Nim that hears of no turns and of no time."""

    def handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> Any:
        if payload["action"] not in ("TURN", "TIMEOUT"):
            return nim.payload_handler(group_add, socket_self_send, socket_group_send, payload)
        return None

    return copy_of(nim, payload_handler=handler)
