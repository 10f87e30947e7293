"""What a game says of its end."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table


class Ends(Game):
    """Ends as a test says."""

    roles = {"spectator": 1}

    @message(by="any")
    def end(self, player: Player, result: str) -> None:
        seats = {seat.name: seat for seat in self.seats()}
        self.over(**eval(f"dict({result})", seats))


class Leaving(Game):
    """Whoever is left alone has won, also where the game is over."""

    @message
    def win(self, player: Player) -> None:
        self.over(winner=player)

    def on_leave(self, player: Player) -> None:
        self.over(winner=self.players[0])


class WinTests(SynchronousTestCase):
    def test_counted_once(self) -> None:
        """A round counts once, though its result is given again."""
        table = Table(Leaving)
        ann, bob, _ = (table.join(name) for name in ("Ann", "Bob", "Cleo"))
        for _ in range(2):
            ann.start()
            bob.send("win")
        ann.leave()
        self.assertEqual([(wins.name, wins.wins) for wins in table.room.state.evening.values()], [("Bob", 2)])
        self.assertEqual(table.result, {"winner": bob.id})


class ResultTests(SynchronousTestCase):
    def end(self, result: str) -> Any:
        table = Table(Ends)
        ann, *_ = (table.join(name) for name in ("Ann", "Bob", "Cleo"))
        table.join("Sue", role="spectator")
        ann.start()
        ann.send("end", result=result)
        return table.result

    def test_players_become_seats(self) -> None:
        result = self.end("ranking=[[Ann], (Bob, Cleo)], scores={Ann: 10, Bob: 1.5}, why='x'")
        self.assertEqual(result, {"ranking": [["1"], ["2", "3"]], "scores": {"1": 10, "2": 1.5}, "why": "x"})
        self.assertEqual(self.end("ranking=[[Ann, Bob, Cleo]]")["ranking"], [["1", "2", "3"]])
        self.assertEqual(self.end("ranking=[]"), {"ranking": []})
        self.assertEqual(self.end("ranking=[['1'], [Bob]]")["ranking"], [["1"], ["2"]])

    def test_what_is_wrong_is_said(self) -> None:
        for result, text in (
            ("ranking=[[Ann], [Ann]]", "two places"),
            ("ranking=[[Ann, '1']]", "two places"),
            ("ranking=[Ann, Bob]", "each place of ranking is a list"),
            ("ranking=[[Sue]]", "is no player"),
            ("ranking=[[1]]", "are players"),
            ("ranking=[[Ann], None]", "each place"),
            ("scores={Ann: '10'}", "scores are numbers"),
            ("scores={Ann: True}", "scores are numbers"),
            ("scores={Sue: 1}", "is no player"),
        ):
            with self.subTest(result), self.assertRaisesRegex(Refused, text):
                self.end(result)
        self.flushLoggedErrors()

    def test_other_shapes_are_the_games_own(self) -> None:
        self.assertEqual(
            self.end("ranking=['Ann', 'Bob'], scores=[1, 2]"), {"ranking": ["Ann", "Bob"], "scores": [1, 2]}
        )
        self.assertEqual(self.end("scores={'red': 'many'}"), {"scores": {"red": "many"}})
