"""Clocks of turns: what runs, what stands still, and what happens when time is up."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, bot, message
from gameserver.room import release
from gameserver.room.turns import clocks
from gameserver.testing import Table, Visitor


class Timed(Game):
    """Half a minute a turn; who lets it run out is noted."""

    min_players, max_players = 2, 4
    turn_s = 30

    def on_start(self) -> None:
        self.state["late"] = []
        self.turns.begin()

    def on_timeout(self, player: Player) -> None:
        self.state["late"].append(player.name)

    @message
    def call(self, player: Player, s: float | None = None) -> None:
        self.turns.everyone(s=s)

    @message
    def halt(self, player: Player, on: bool) -> None:
        if on:
            self.pause()
        else:
            self.unpause()


class Banked(Game):
    """A minute for all turns of a player, and five seconds more for each."""

    min_players, max_players = 2, 4
    bank_s, increment_s = 60, 5

    def on_start(self) -> None:
        self.turns.begin()

    def on_timeout(self, player: Player) -> None:
        self.over(lost=player)

    @message(turn=True)
    def go(self, player: Player) -> None:
        self.turns.next()


class ClockCase(SynchronousTestCase):
    def sit(self, game: type[Game]) -> list[Visitor]:
        self.table = Table(game)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.ann.start()
        return [self.ann, self.bob]

    @property
    def turn(self) -> Any:
        return self.ann.info["turn"]

    def in_s(self, ends: int | None) -> float | None:
        return None if ends is None else round(ends / 1000 - self.table.now, 3)


class TurnClockTests(ClockCase):
    def test_time_is_up(self) -> None:
        ann, bob = self.sit(Timed)
        self.assertEqual(self.in_s(self.turn["ends"]), 30)
        self.table.advance(30)
        self.assertEqual((self.table.state["late"], self.turn["current"]), (["Ann"], bob.id))
        self.table.advance(30)
        self.assertEqual((self.table.state["late"], self.turn["current"]), (["Ann", "Bob"], ann.id))

    def test_each_who_is_waited_for_is_late(self) -> None:
        self.sit(Timed)
        self.ann.send("call")
        self.table.advance(30)
        self.assertEqual((self.table.state["late"], self.turn["number"]), (["Ann", "Bob"], 1))

    def test_a_call_with_its_own_time_just_ends(self) -> None:
        self.sit(Timed)
        self.table.advance(10)
        self.ann.send("call", s=100)
        self.assertEqual(self.in_s(self.turn["ends"]), 100)
        self.table.advance(100)
        self.assertEqual((self.table.state["late"], self.turn["active"]), ([], [self.ann.id]))
        self.assertEqual(self.in_s(self.turn["ends"]), 20)

    def test_stands_still_while_paused_and_after_a_restart(self) -> None:
        self.sit(Timed)
        self.table.advance(10)
        self.ann.send("halt", on=True)
        self.assertIsNone(self.turn["ends"])
        self.table.advance(100)
        self.ann.send("halt", on=False)
        self.assertEqual(self.in_s(self.turn["ends"]), 20)
        self.table.restart()
        self.table.advance(20)
        self.assertEqual(self.table.state["late"], ["Ann"])


class BankTests(ClockCase):
    def test_runs_while_active_and_grows(self) -> None:
        ann, bob = self.sit(Banked)
        clocks = self.turn["clocks"]
        self.assertEqual((clocks[ann.id]["left_ms"], self.in_s(clocks[ann.id]["ends"])), (60000, 60))
        self.assertEqual(clocks[bob.id], {"left_ms": 60000, "ends": None})
        self.table.advance(10)
        ann.send("go")
        clocks = self.turn["clocks"]
        self.assertEqual(clocks[ann.id], {"left_ms": 55000, "ends": None})
        self.assertEqual(self.in_s(clocks[bob.id]["ends"]), 60)
        self.table.advance(60)
        self.assertEqual(self.ann.info["result"], {"lost": bob.id})


class Cancelling(Timed):
    """Cancels all of its own timers, and shows what ``migrate`` would be given."""

    @message
    def forget(self, player: Player) -> None:
        self.cancel()


class OwnTimersTests(ClockCase):
    def test_clocks_are_none_of_the_games_timers(self) -> None:
        """A game that cancels its timers stops no clock."""
        self.sit(Cancelling)
        self.ann.send("forget")
        self.table.advance(30)
        self.assertEqual(self.table.state["late"], ["Ann"])

    def test_migrate_is_not_shown_clocks_and_keeps_them(self) -> None:
        self.sit(Timed)
        room = self.table.room
        shown = release.plain(room)
        self.assertEqual(shown["timers"], [])
        release.take(room, {**shown, "phase": "later"})
        self.assertEqual(room.timers.left_s(clocks.OF_LEVEL), 30)


class Dawdling(Game):
    """Whoever is out of time has moves made for them: to wait changes nothing, to go passes the turn on."""

    min_players, max_players = 2, 4
    turn_s = 30

    def on_start(self) -> None:
        self.state["made"] = []
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("wait"), Move("go")]

    @message(turn=True)
    def wait(self, player: Player) -> None:
        self.state["made"].append("wait")

    @message(turn=True)
    def go(self, player: Player) -> None:
        self.state["made"].append("go")
        self.turns.next()


class Guessing(Dawdling):
    """The same, with a bot of its own that chooses by chance."""

    @bot("any", stand_in=True)
    def any(self, player: Player, moves: list[Move]) -> Move:
        return self.random.choice(moves)


class ChanceTests(ClockCase):
    def test_each_move_has_chance_of_its_own(self) -> None:
        """Of two moves one is not made for ever, though nothing else changes between them."""
        for game in (Dawdling, Guessing):
            for seed in range(5):
                with self.subTest(game.__name__, seed=seed):
                    self.table = Table(game, seed=seed)
                    ann = self.table.join("Ann")
                    self.table.join("Bob")
                    ann.start()
                    self.table.advance(30)
                    made = self.table.state["made"]
                    self.assertEqual((made[-1], made.count("go")), ("go", 1), made)
                    self.assertLess(len(made), 30)

    def test_the_same_after_a_restart(self) -> None:
        rows = []
        for restarts in (False, True):
            table = Table(Dawdling, seed=3)
            ann = table.join("Ann")
            table.join("Bob")
            ann.start()
            for _ in range(3):
                table.advance(30)
                if restarts:
                    table.restart()
            rows.append(table.row["docs"])
        self.assertEqual(*rows)
