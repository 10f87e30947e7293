"""`over`, and playing again."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, message, question, timer
from gameserver.testing import Table


class Rounds(Game):
    """Counts its rounds."""

    min_players = 2

    def on_start(self) -> None:
        self.state["rounds"] = self.state.get("rounds", 0) + 1
        for player in self.players:
            self.group("in").add(player)
            player.state["score"] = 0
        self.every(10, self.beat)
        self.after(25, self.bell, show=True)
        self.players[0].after(5, self.own, show=True)
        self.enter("day", 30, self.night)

    @message
    def win(self, player: Player, late: bool = False) -> None:
        player.state["score"] += 1
        self.over(winner=player.number, scores=[p.state["score"] for p in self.players], blob=b"\x00")
        if late:
            self.after(1, self.again)

    @message
    def fold(self, player: Player) -> None:
        self.over(winner=None)
        self.state["x"] = 1
        raise Refused("no")

    @message
    def nan(self, player: Player) -> None:
        self.over(score=float("nan"))

    @message
    def look(self, player: Player) -> Any:
        return [self.status, self.played_s, sorted(self.group("in").state), self.phase]

    @message
    def ask(self, player: Player) -> None:
        self.guess.ask(20)

    @message
    def rematch(self, player: Player) -> None:
        self.start()

    @question
    def guess(self, player: Player, n: int) -> int:
        return n

    @guess.done
    def guessed(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["guessed"] = True

    @timer
    def beat(self) -> None:
        self.state["beats"] = self.state.get("beats", 0) + 1

    @timer
    def bell(self) -> None:
        self.state["bell"] = True

    @timer
    def own(self, player: Player) -> None:
        self.state["own"] = True

    @timer
    def again(self) -> None:
        self.start()

    def night(self) -> None:
        self.state["night"] = True


class OverTests(SynchronousTestCase):
    """``self.over(**result)``."""

    def setUp(self) -> None:
        self.table = Table(Rounds, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.table.start()

    def test_result(self) -> None:
        """The status is over and the result public, to those who come back and after a restart too."""
        self.bob.send("win")
        result = {"winner": 1, "scores": [0, 1], "blob": b"\x00"}
        for visitor in (self.ann, self.bob):
            self.assertEqual((visitor.info["status"], visitor.info["result"]), ("over", result))
        self.assertEqual((self.table.status, self.table.result), ("over", result))
        self.table.restart()
        self.ann.drop()
        self.ann.come(None, {})
        self.assertEqual((self.ann.info["status"], self.ann.info["result"]), ("over", result))

    def test_timers_cancelled(self) -> None:
        """All timers are cancelled: of the room, players, phases and questions; clients know."""
        self.ann.send("ask")
        self.assertEqual(len(self.ann.timers), 4)
        self.ann.send("win")
        self.assertEqual((self.ann.timers, self.bob.timers, self.table.row["timers"]), ({}, {}, []))
        self.assertEqual(self.ann.info["answered"], {})
        self.table.advance(100)
        self.assertEqual(set(self.table.state), {"rounds"})
        self.assertRaises(Refused, self.bob.send, "guess", n=1)

    def test_armed_after(self) -> None:
        """A timer that is armed after it in the same step stands."""
        self.ann.send("win", late=True)
        self.table.advance(1)
        self.assertEqual((self.table.status, self.table.state["rounds"]), ("playing", 2))

    def test_undone(self) -> None:
        """Undone with its step: the game goes on, timers and all."""
        row, timers = self.table.row, dict(self.bob.timers)
        self.assertRaises(Refused, self.ann.send, "fold")
        self.assertEqual((self.table.row, self.bob.timers, self.bob.info["status"]), (row, timers, "playing"))
        self.table.advance(25)
        self.assertEqual((self.table.state["beats"], self.table.state["bell"]), (2, True))

    def test_no_json(self) -> None:
        """A result that JSON cannot hold is an error; the game goes on."""
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "nan").code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual((self.table.status, self.table.result), ("playing", None))

    def test_documents_stay(self) -> None:
        """Documents, groups and the time played stay; messages are still taken."""
        self.table.advance(7)
        self.ann.send("win")
        self.table.advance(50)
        self.assertEqual(self.bob.send("look"), ["over", 7.0, [], "day"])
        self.assertEqual((self.ann.state, len(self.table.row["groups"]["in"]["members"])), ({"score": 1}, 2))


class PlayAgainTests(SynchronousTestCase):
    """Starting again plays again with the same seats."""

    def setUp(self) -> None:
        self.table = Table(Rounds, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.table.start()
        self.table.advance(7)
        self.ann.send("win")
        self.table.advance(3)

    def test_same_seats(self) -> None:
        """Same seats and numbers, no result, the time played from zero; ``on_start`` ran."""
        seats = self.table.row["seats"]
        self.table.start()
        self.assertEqual((self.table.row["seats"], self.table.state["rounds"]), (seats, 2))
        self.assertEqual((self.bob.info["status"], self.bob.info["result"]), ("playing", None))
        self.table.advance(2)
        self.assertEqual(self.bob.send("look")[1], 2.0)

    def test_timers(self) -> None:
        """Only the new round's timers are there."""
        self.table.start()
        self.table.advance(24.9)
        self.assertEqual(self.table.state.get("beats"), 2)
        self.assertNotIn("bell", self.table.state)
        self.table.advance(0.2)
        self.assertTrue(self.table.state["bell"])

    def test_after_restart(self) -> None:
        """Also after a restart."""
        self.table.restart()
        self.table.start()
        self.assertEqual((self.table.status, self.table.state["rounds"]), ("playing", 2))

    def test_host_only(self) -> None:
        """Only the host starts again; the game may by itself."""
        self.assertEqual(self.assertRaises(Refused, self.bob.start).code, "forbidden")
        self.bob.send("rematch")
        self.assertEqual(self.table.status, "playing")

    def test_under_way(self) -> None:
        """A game that is under way cannot be started."""
        self.table.start()
        self.assertRaises(Refused, self.ann.start)
        self.assertRaises(Refused, self.bob.send, "rematch")
        self.assertEqual(self.table.state["rounds"], 2)

    def test_too_few(self) -> None:
        """Too few cannot play again."""
        self.bob.leave()
        self.assertRaises(Refused, self.ann.start)
        self.assertEqual((self.table.status, self.table.state["rounds"]), ("over", 1))
