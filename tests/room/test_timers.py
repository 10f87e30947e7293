"""Timers of rooms and players."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Table
from gameserver.testing.table import START_S


class Clockwork(Game):
    """Does with timers what a message says."""

    needs_start = False
    idle_close_s = None
    roles = {"screen": 1}

    @message
    def after_(self, player: Player, s: float, tag: str = "", show: bool = False) -> None:
        self.after(s, self.ring, show=show, tag=tag)

    @message
    def by_name(self, player: Player, s: float, name: str) -> None:
        self.after(s, name)

    @message
    def every_(self, player: Player, s: float) -> None:
        self.every(s, self.beat)

    @message
    def at_(self, player: Player, s: float) -> None:
        self.at(datetime.fromtimestamp(self.now + s, UTC), self.beat)

    @message
    def naive(self, player: Player) -> None:
        self.at(datetime(2026, 1, 2), self.beat)

    @message
    def mine(self, player: Player, s: float, word: str = "", show: bool = False) -> None:
        player.after(s, self.own, show=show, word=word)

    @message
    def drop_mine(self, player: Player, all: bool = False) -> None:
        player.cancel(None if all else self.own)

    @message
    def stop(self, player: Player, name: str | None = None) -> None:
        self.cancel(name)

    @message
    def left(self, player: Player, name: str = "ring") -> float | None:
        return self.left_s(name)

    @message
    def left_by_method(self, player: Player) -> float | None:
        return self.left_s(self.ring)

    @message
    def odd(self, player: Player, s: Any) -> None:
        self.after(s, self.ring)

    @message
    def odd_data(self, player: Player) -> None:
        self.after(1, self.ring, wrong=1)

    @message
    def finish_(self, player: Player) -> None:
        self.over()

    @message
    def two(self, player: Player) -> None:
        self.after(1, self.ring, tag="second")
        self.after(1, self.beat)
        self.after(0.5, self.beat)
        self.after(1, self.other)

    @timer
    def ring(self, tag: str = "") -> None:
        self._note("ring", tag)

    @timer
    def other(self) -> None:
        self._note("other", "")

    @timer
    def beat(self) -> None:
        self._note("beat", "")

    @timer
    def own(self, player: Player, word: str = "") -> None:
        self._note(f"own of {player.name}", word)

    def _note(self, what: str, tag: str) -> None:
        self.state.setdefault("fired", []).append([what, tag, self.now - START_S])


class TimerTests(SynchronousTestCase):
    """Each due timer fires in a step of its own, at its time."""

    def setUp(self) -> None:
        self.table = Table(Clockwork, raises=False)
        self.ann = self.table.join("Ann")
        self.bob = self.table.join("Bob")

    def fired(self) -> list[Any]:
        """What fired, with when."""
        fired: list[Any] = self.table.state.get("fired", [])
        return fired

    def test_after(self) -> None:
        """It fires once, when it is due, with its data."""
        self.ann.send("after_", s=2.5, tag="x")
        self.table.advance(2.4)
        self.assertEqual(self.fired(), [])
        self.table.advance(100)
        self.assertEqual(self.fired(), [["ring", "x", 2.5]])

    def test_replaced(self) -> None:
        """A second `after` of the same timer replaces the first."""
        self.ann.send("after_", s=2, tag="first")
        self.ann.send("after_", s=5, tag="second")
        self.table.advance(10)
        self.assertEqual(self.fired(), [["ring", "second", 5.0]])

    def test_zero(self) -> None:
        """A timer of no time fires at once, in a step of its own."""
        self.ann.send("after_", s=0)
        self.assertEqual(self.fired(), [["ring", "", 0.0]])

    def test_order(self) -> None:
        """Those due together fire in the order in which they were armed."""
        self.ann.send("two")
        self.table.advance(1)
        self.assertEqual([f[0] for f in self.fired()], ["beat", "ring", "other"])

    def test_every_a_thousand(self) -> None:
        """1,000 firings of ``every(1)`` are at exactly 1..1000 s."""
        self.ann.send("every_", s=1)
        self.table.advance(1000)
        self.assertEqual([f[2] for f in self.fired()], [float(n) for n in range(1, 1001)])

    def test_every_in_odd_portions(self) -> None:
        """However time is cut, the grid holds."""
        self.ann.send("every_", s=1)
        for _ in range(300):
            self.table.advance(1 / 3)
        self.table.advance(0.001)
        self.assertEqual([round(f[2], 5) for f in self.fired()], [float(n) for n in range(1, 101)])

    def test_every_tenth(self) -> None:
        """A period that binary fractions do not hold does not drift either."""
        self.ann.send("every_", s=0.1)
        self.table.advance(100.05)
        fired = [f[2] for f in self.fired()]
        self.assertEqual(len(fired), 1000)
        self.assertTrue(all(abs(t - n / 10) < 1e-4 for n, t in enumerate(fired, 1)), fired[-1])

    def test_every_missed(self) -> None:
        """Many missed firings are one, and the grid stays."""
        self.ann.send("every_", s=10)
        self.table.at("2026-01-01T00:00:57Z")
        self.assertEqual([f[2] for f in self.fired()], [57.0])
        self.table.advance(13)
        self.assertEqual([f[2] for f in self.fired()], [57.0, 60.0, 70.0])

    def test_every_zero(self) -> None:
        """A period of nothing is an error of the game."""
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "every_", s=0).code, "game_error")
        self.flushLoggedErrors()

    def test_at(self) -> None:
        """A timer may be due at a date."""
        self.ann.send("at_", s=86400)
        self.table.advance(86399)
        self.assertEqual(self.fired(), [])
        self.table.advance(1)
        self.assertEqual(self.fired(), [["beat", "", 86400.0]])

    def test_at_past(self) -> None:
        """A date that is over is due at once."""
        self.ann.send("at_", s=-5)
        self.assertEqual(len(self.fired()), 1)

    def test_at_naive(self) -> None:
        """A date without a zone is an error."""
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "naive").code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_table_at(self) -> None:
        """`Table.at` sets the wall clock; what is due by then fires."""
        self.ann.send("after_", s=60)
        self.table.at("2026-01-01T00:01Z")
        self.assertEqual(len(self.fired()), 1)
        with self.assertRaises(ValueError):
            self.table.at("2025-01-01T00:00Z")
        with self.assertRaises(ValueError):
            self.table.at("2027-01-01T00:00")

    def test_by_name(self) -> None:
        """A timer is named by its method or by its name."""
        self.ann.send("by_name", s=1, name="beat")
        self.table.advance(1)
        self.assertEqual(self.fired(), [["beat", "", 1.0]])

    def test_unknown(self) -> None:
        """An unknown one is an error that names near matches."""
        self.assertRaises(Refused, self.ann.send, "by_name", s=1, name="bet")
        self.assertIn("beat", str(self.flushLoggedErrors(ValueError)[0].value))

    def test_unmarked(self) -> None:
        """A method that is no timer cannot be one."""
        for name in ("stop", "on_start", "_note", "close"):
            self.assertRaises(Refused, self.ann.send, "by_name", s=1, name=name)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 4)

    def test_unknown_to_cancel_and_left(self) -> None:
        """The same where it is cancelled, or asked for."""
        for message_ in ("stop", "left"):
            self.assertRaises(Refused, self.ann.send, message_, name="bet")
            self.assertIn("beat", str(self.flushLoggedErrors(ValueError)[0].value))

    def test_odd_times(self) -> None:
        """A time that cannot be waited for is an error of the game, and nothing is armed."""
        for s in (-1, 1e300, "5", None, True if False else []):
            self.assertEqual(self.assertRaises(Refused, self.ann.send, "odd", s=s).code, "game_error")
            self.table.advance(1)
        self.flushLoggedErrors()
        self.assertEqual(self.table.row["timers"], [])

    def test_odd_data(self) -> None:
        """Data that the method does not take is found when it is armed."""
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "odd_data").code, "game_error")
        self.flushLoggedErrors()

    def test_left_s(self) -> None:
        """What is left of a timer; None where it is not armed."""
        self.assertIsNone(self.ann.send("left"))
        self.ann.send("after_", s=10)
        self.table.advance(4)
        self.assertEqual(self.ann.send("left"), 6.0)
        self.assertEqual(self.ann.send("left_by_method"), 6.0)
        self.table.advance(6)
        self.assertIsNone(self.ann.send("left"))

    def test_cancel(self) -> None:
        """A cancelled timer does not fire, the others do."""
        self.ann.send("after_", s=1)
        self.ann.send("every_", s=2)
        self.ann.send("stop", name="ring")
        self.ann.send("stop", name="ring")
        self.table.advance(3)
        self.assertEqual([f[0] for f in self.fired()], ["beat"])

    def test_cancel_all(self) -> None:
        """`cancel()` cancels all timers of the room."""
        self.ann.send("after_", s=1)
        self.ann.send("every_", s=2)
        self.ann.send("stop")
        self.table.advance(10)
        self.assertEqual(self.fired(), [])

    def test_shown(self) -> None:
        """``show=True`` tells every client the deadline, and when it is gone."""
        self.ann.send("after_", s=10, show=True)
        ends = round((START_S + 10) * 1000)
        self.assertEqual((self.ann.timers, self.bob.timers), ({"ring": ends}, {"ring": ends}))
        self.assertEqual(self.table.join("Cleo").timers, {"ring": ends})
        self.table.advance(10)
        self.assertEqual((self.ann.timers, self.bob.timers), ({}, {}))

    def test_hidden(self) -> None:
        """Others are not told."""
        self.ann.send("after_", s=10)
        self.assertEqual(self.ann.timers, {})
        self.assertNotIn(b'"timer"', self.bob.seen())

    def test_over_cancels(self) -> None:
        """When the game is over its timers are cancelled, those of players as well."""
        self.ann.send("after_", s=10, show=True)
        self.ann.send("every_", s=10)
        self.ann.send("mine", s=10)
        self.ann.send("finish_")
        self.assertEqual(self.ann.timers, {})
        self.table.advance(100)
        self.assertEqual(self.fired(), [])

    def test_player_timer(self) -> None:
        """One per player; its method gets the player; shown to that player alone."""
        self.ann.send("mine", s=10, word="a", show=True)
        self.bob.send("mine", s=11, word="b")
        self.ann.send("mine", s=12, word="c", show=True)
        self.assertEqual(self.ann.timers, {"own": round((START_S + 12) * 1000)})
        self.assertNotIn(b'"op":"timer"', self.bob.seen())
        self.table.advance(20)
        self.assertEqual(self.fired(), [["own of Bob", "b", 11.0], ["own of Ann", "c", 12.0]])

    def test_player_timer_ends_with_player(self) -> None:
        """It ends when the player leaves; a drop does not end it."""
        self.ann.send("mine", s=10)
        self.bob.send("mine", s=10)
        self.ann.leave()
        self.bob.drop()
        self.table.advance(20)
        self.assertEqual([f[0] for f in self.fired()], ["own of Bob"])

    def test_player_cancel(self) -> None:
        """A player's timers are cancelled one by one or all; the room's stay."""
        for all_ in (True, False):
            self.ann.send("mine", s=1)
            self.ann.send("after_", s=1)
            self.ann.send("drop_mine", all=all_)
            self.table.advance(1)
        self.assertEqual([f[0] for f in self.fired()], ["ring", "ring"])

    def test_room_cancel_leaves_players(self) -> None:
        """Cancelling a timer of the room leaves a player's of the same name."""
        self.ann.send("mine", s=1)
        self.ann.send("stop", name="own")
        self.table.advance(1)
        self.assertEqual([f[0] for f in self.fired()], ["own of Ann"])

    def test_restart(self) -> None:
        """Timers outlive the process: the same time, the same data, shown as before."""
        self.ann.send("after_", s=10, tag="x", show=True)
        self.ann.send("every_", s=4)
        self.bob.send("mine", s=7, word="w", show=True)
        self.table.advance(5)
        shown = dict(self.bob.timers)
        self.table.restart()
        self.assertEqual(self.bob.timers, shown)
        self.table.advance(5)
        expected = [["beat", "", 4.0], ["own of Bob", "w", 7.0], ["beat", "", 8.0], ["ring", "x", 10.0]]
        self.assertEqual(self.fired(), expected)


class Refusing(Game):
    """A timer that was armed in a step that was refused is not armed."""

    @message
    def play(self, player: Player, refuse: bool) -> None:
        if refuse:
            self.cancel()
            self.after(1, self.ring)
            raise Refused("no")
        self.after(5, self.ring)

    @timer
    def ring(self) -> None:
        self.state["n"] = self.state.get("n", 0) + 1


class UndoneTimerTests(SynchronousTestCase):
    """Timers are undone with their step."""

    def test_undone(self) -> None:
        """What was cancelled stays, what was armed never was."""
        table = Table(Refusing)
        ann = table.join("Ann")
        ann.send("play", refuse=False)
        self.assertRaises(Refused, ann.send, "play", refuse=True)
        table.advance(2)
        self.assertEqual(table.state, {})
        table.advance(3)
        self.assertEqual(table.state, {"n": 1})
