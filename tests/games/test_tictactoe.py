"""Tic-tac-toe, the sample game in the class style."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.testing import Table, Visitor
from tests.games import inputs, play, sample

TicTacToe = sample("tictactoe")

PLAYS = st.one_of(
    st.tuples(st.just("play"), st.fixed_dictionaries({"cell": st.integers(0, 8)})),
    st.tuples(
        st.sampled_from(["play", "cheat"]), st.sampled_from([None, {}, {"cell": 9}, {"cell": "4"}, {"x": 1}, []])
    ),
)


class TicTacToeTests(SynchronousTestCase):
    amnesia = False

    def setUp(self) -> None:
        self.table = Table(TicTacToe, seed=7, amnesia=self.amnesia)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.players = [self.ann, self.bob]

    def after_input(self) -> None:
        """Another class restarts the server here."""

    def turn(self) -> Visitor:
        return self.players[self.table.state["turn"]]

    def other(self) -> Visitor:
        return self.players[1 - self.table.state["turn"]]

    def play(self, *cells: int) -> None:
        for cell in cells:
            self.after_input()
            self.turn().send("play", cell=cell)
        self.after_input()

    def refused(self, code: str, visitor: Visitor, type: str, data: Any = None) -> Refused:
        before = self.table.row
        refused = self.assertRaises(Refused, visitor.send, type, data)
        self.assertEqual(refused.code, code)
        self.assertEqual(self.table.row, before, "a refusal leaves no trace")
        return refused

    def test_second_player_starts_game(self) -> None:
        """It starts by itself when both seats are taken, and tells whose move it is and until when."""
        self.assertEqual(self.table.status, "playing")
        self.assertEqual(self.table.state["cells"], [None] * 9)
        self.assertIn(self.table.state["turn"], (0, 1))
        for visitor in self.players:
            self.assertEqual(visitor.timers, {"forfeit": round((self.table.now + 30) * 1000)})

    def test_one_player_waits(self) -> None:
        """Alone one waits; nothing can be played, and time forfeits nothing."""
        table = Table(TicTacToe)
        ann = table.join("Ann")
        refused = self.assertRaises(Refused, ann.send, "play", cell=0)
        self.assertEqual(refused.code, "refused")
        table.advance(100)
        self.assertEqual(table.status, "lobby")

    def test_one_player_cannot_start(self) -> None:
        """It takes two."""
        table = Table(TicTacToe)
        table.join("Ann")
        self.assertRaises(Refused, table.start)
        self.assertEqual(table.status, "lobby")

    def test_third_player_refused(self) -> None:
        """There are two seats."""
        refused = self.assertRaises(Refused, self.table.join, "Cleo")
        self.assertIn(refused.code, ("room_full", "room_locked"))
        self.assertEqual(len(self.ann.seats), 2)

    def test_who_begins_is_chance(self) -> None:
        """Over some seeds both begin."""
        begun = set()
        for seed in range(20):
            table = Table(TicTacToe, seed=seed)
            table.join("Ann")
            table.join("Bob")
            begun.add(table.state["turn"])
        self.assertEqual(begun, {0, 1})

    def test_line_wins(self) -> None:
        """Three in a row end the game; everybody is told the line and the winner."""
        first = self.turn()
        self.play(0, 3, 1, 4, 2)
        self.assertEqual(self.table.status, "over")
        self.assertEqual(self.table.result, {"winner": first.number})
        self.assertEqual(self.table.state["line"], [0, 1, 2])
        for visitor in self.players:
            self.assertEqual(visitor.info["result"], {"winner": first.number})
            self.assertEqual(visitor.timers, {}, "no deadline is left")

    def test_every_line_wins(self) -> None:
        """Rows, columns and diagonals alike."""
        lines = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]
        for line in lines:
            self.setUp()
            first = self.turn()
            a, b = [cell for cell in range(9) if cell not in line][:2]
            self.play(line[0], a, line[1], b, line[2])
            self.assertEqual(self.table.result, {"winner": first.number}, line)

    def test_second_player_wins(self) -> None:
        """A line of whoever did not begin counts the same."""
        second = self.other()
        self.play(0, 2, 1, 4, 8, 6)
        self.assertEqual(self.table.result, {"winner": second.number})
        self.assertEqual(self.table.state["line"], [2, 4, 6])

    def test_full_board_is_draw(self) -> None:
        """Nine cells and no line: nobody wins."""
        self.play(0, 1, 2, 4, 3, 5, 7, 6, 8)
        self.assertEqual(self.table.status, "over")
        self.assertEqual(self.table.result, {"winner": None})
        self.assertIsNone(self.table.state["line"])

    def test_last_cell_can_win(self) -> None:
        """A line that fills the board is a win, not a draw."""
        first = self.turn()
        self.play(0, 1, 2, 3, 4, 6, 5, 7, 8)
        self.assertEqual(self.table.result, {"winner": first.number})

    def test_other_players_turn_refused(self) -> None:
        """Out of turn nothing happens, and the client can tell why."""
        self.refused("not_your_turn", self.other(), "play", {"cell": 0})
        self.play(0)
        self.refused("not_your_turn", self.other(), "play", {"cell": 1})

    def test_taken_cell_refused(self) -> None:
        """Nobody takes a cell twice."""
        self.play(4)
        self.refused("refused", self.turn(), "play", {"cell": 4})

    def test_bad_data_refused_with_path(self) -> None:
        """The signature is the schema, strictly."""
        for data, path in [
            ({"cell": 9}, "$.cell"),
            ({"cell": -1}, "$.cell"),
            ({"cell": "4"}, "$.cell"),
            ({"cell": 4.5}, "$.cell"),
            ({"cell": True}, "$.cell"),
            ({"cell": None}, "$.cell"),
            ({}, "$"),
            (None, "$"),
            ([], "$"),
            ({"cell": 4, "more": 1}, "$"),
        ]:
            refused = self.refused("bad_data", self.turn(), "play", data)
            self.assertEqual(refused.path, path, data)

    def test_unknown_message_refused(self) -> None:
        """Neither timers nor rules nor hooks are messages."""
        for type in ("forfeit", "owns", "on_start", "over", "__init__", "PLAY", ""):
            self.refused("unknown_type", self.turn(), type)

    def test_half_minute_forfeits(self) -> None:
        """Whoever does not move in time has lost."""
        slow = self.turn()
        self.table.advance(29.9)
        self.assertEqual(self.table.status, "playing")
        self.after_input()
        self.table.advance(0.1)
        self.assertEqual(self.table.result, {"winner": 1 - (slow.number or 0), "forfeit": True})

    def test_move_begins_new_half_minute(self) -> None:
        """A move stops the clock of one and starts that of the other."""
        self.table.advance(20)
        self.play(0)
        self.table.advance(20)
        self.assertEqual(self.table.status, "playing")
        self.table.advance(10)
        self.assertEqual(self.table.status, "over")

    def test_refused_move_does_not_stop_clock(self) -> None:
        """Illegal moves buy no time."""
        self.table.advance(20)
        self.refused("bad_data", self.turn(), "play", {"cell": 9})
        self.table.advance(10)
        self.assertEqual(self.table.status, "over")

    def test_leaving_forfeits(self) -> None:
        """Whoever goes for good has lost."""
        self.play(0)
        self.ann.leave()
        self.assertEqual(self.table.result, {"winner": 1, "forfeit": True})

    def test_drop_holds_seat(self) -> None:
        """A lost connection loses nothing: the game goes on where it was."""
        self.play(0)
        dropped = self.turn()
        dropped.drop()
        self.after_input()
        dropped.resume()
        self.play(4)
        self.assertEqual(self.table.state["cells"].count(None), 7)

    def test_after_end_nothing_can_be_played(self) -> None:
        """A finished board stays as it is."""
        self.play(0, 3, 1, 4, 2)
        for visitor in self.players:
            self.refused("refused", visitor, "play", {"cell": 8})
        self.table.advance(100)
        self.assertNotIn("forfeit", self.table.result)

    def test_play_again(self) -> None:
        """The host starts again, with the same seats and an empty board."""
        self.play(0, 3, 1, 4, 2)
        self.refused_start(self.bob)
        self.table.start()
        self.assertEqual(self.table.status, "playing")
        self.assertEqual(self.table.state["cells"], [None] * 9)
        self.assertIsNone(self.table.state["line"])
        self.assertIsNone(self.table.result)
        self.play(0, 3, 1, 4, 2)
        self.assertEqual(self.table.status, "over")

    def test_wins_are_counted(self) -> None:
        """Who has won how often, by seat; whoever comes in a leaver's place begins at nothing."""
        winners = []
        for _ in range(2):
            winners.append(self.turn().id)
            self.play(0, 3, 1, 4, 2)
            self.table.start()
        wins = {each.id: winners.count(each.id) for each in self.players}
        self.assertEqual(self.table.state["wins"], wins)
        evening = {each["name"]: each["wins"] for each in self.ann.info["evening"]}
        self.assertEqual(evening, {each.name: wins[each.id] for each in self.players if wins[each.id]})
        self.bob.leave()
        self.assertEqual(self.table.state["wins"], {self.ann.id: wins[self.ann.id] + 1})
        cleo = self.table.join("Cleo")
        self.table.start()
        self.assertEqual(self.table.state["wins"], {self.ann.id: wins[self.ann.id] + 1, cleo.id: 0})

    def test_some_watch(self) -> None:
        """They see the board and may not play."""
        self.play(4)
        for role in ("spectator", "screen"):
            watcher = self.table.join("Wim", role)
            self.assertEqual(watcher.docs["room"], self.ann.docs["room"])
            self.refused("forbidden", watcher, "play", {"cell": 0})

    def refused_start(self, visitor: Visitor) -> None:
        refused = self.assertRaises(Refused, visitor.start)
        self.assertEqual(refused.code, "forbidden")

    def test_both_see_the_same(self) -> None:
        """There are no secrets on this board."""
        self.play(0, 4)
        self.assertEqual(self.ann.docs["room"], self.bob.docs["room"])


class TicTacToeAmnesiaTests(TicTacToeTests):
    """The same from its row before each step: the game keeps nothing elsewhere."""

    amnesia = True


class TicTacToeRestartTests(TicTacToeTests):
    """The same while the process dies between any two moves."""

    def after_input(self) -> None:
        before = self.table.row
        self.table.restart()
        self.assertEqual(self.table.row, before)


class TicTacToeRandomTests(SynchronousTestCase):
    def test_random_play_never_fails(self) -> None:
        """Whatever clients send, the game refuses or plays; it never fails."""
        ended = 0
        for seed in range(60):
            table = Table(TicTacToe, seed=seed)
            table.join("Ann")
            table.join("Bob")
            table.play_random(80, seed)
            ended += table.status == "over"
        self.assertGreater(ended, 5, "random players finish games")

    def test_random_play_with_amnesia_and_restarts(self) -> None:
        """The same from its row alone."""
        for seed in range(15):
            table = Table(TicTacToe, seed=seed, amnesia=True)
            table.join("Ann")
            table.play_random(40, seed, restarts=seed % 2 == 0)

    @settings(max_examples=60, deadline=None)
    @given(todo=inputs(PLAYS), data=st.data())
    def test_restarts_change_nothing(self, todo: list[Any], data: st.DataObject) -> None:
        """Random inputs, with restarts between any two, end in the same row as without."""
        cuts = data.draw(st.frozensets(st.integers(0, max(0, len(todo) - 1))))
        whole = play(TicTacToe, todo, restart_after=frozenset())
        self.assertEqual(play(TicTacToe, todo, restart_after=cuts), whole)
        self.assertEqual(play(TicTacToe, todo, restart_after=frozenset(), amnesia=True), whole)
