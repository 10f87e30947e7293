"""What a visitor does in a game of turns, and what ``play_out`` makes of a whole one."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, Refused, Some, bot, message, timer
from gameserver.testing import Table, Visitor
from tests.room.turns.games import Choosing, Nim
from tests.room.turns.played.codenames import Codenames


class Asking(Nim):
    """Says what it waits for."""

    def on_turn(self, who: Player) -> None:
        self.turns.prompt("Take some of {heap}", "{who} takes", heap=self.state["heap"], who=who)


class Pair(Nim):
    """Nim against bots."""

    @bot("last", title="The last")
    def last(self, player: Player, moves: list[Move]) -> Move:
        return moves[-1]


class Stuck(Nim):
    """Who has the second turn has no moves."""

    def moves(self, player: Player) -> list[Move]:
        return super().moves(player) if self.turns.number < 2 else []


class Empty(Nim):
    """Of its moves some leave nothing to choose from: while the heap is low, all."""

    def moves(self, player: Player) -> list[Move]:
        none = [Move("take", choices={"n": []}), Move("take", choices={"n": range(0)})]
        return none * 20 + [Move("take", choices={"n": [1, 2]}) for _ in range(self.state["heap"] > 10)]

    @message(turn=True)
    def give(self, player: Player, cards: list[str]) -> None: ...


class Breaks(Nim):
    """Fails when the heap is low."""

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        super().take(player, n)
        assert self.state["heap"] > 3, "too low"


class Resting(Nim):
    """A while between two turns, in which nobody is waited for."""

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        self.turns.end()
        self.state["heap"] -= n
        self.state["next"] = 1 - (player.number or 0)
        self.after(3, self.go_on)

    @message(turn="any")
    def resign(self, player: Player) -> None:
        self.state["resigned"] = player.id
        self.over(ranking=[])

    @timer
    def go_on(self) -> None:
        if self.state["heap"] == 0:
            self.over(ranking=[])
        else:
            self.turns.begin(first=self.players[self.state["next"]])

    def moves(self, player: Player) -> list[Move]:
        return [Move("resign"), *super().moves(player)]


class Undone(Nim):
    """What was taken may be put back."""

    @message(turn=True, undo=True)
    def take(self, player: Player, n: int) -> None:
        super().take(player, n)


class Forever(Nim):
    """It never ends."""

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        self.turns.next()


def seated(game: type[Game], count: int = 2, **arguments: Any) -> tuple[Table, list[Visitor]]:
    """A game that has begun."""
    table = Table(game, **arguments)
    visitors = [table.join(name) for name in ("Ann", "Bob", "Cleo", "Dan")[:count]]
    table.start()
    return table, visitors


def last_moves(visitor: Visitor) -> list[dict[str, Any]]:
    """What the wire told last."""
    frames = [json.loads(frame) for frame in visitor.seen().split(b"\n")]
    told: list[dict[str, Any]] = [frame for frame in frames if frame["op"] == "moves"][-1]["moves"]
    return told


class MovesTests(SynchronousTestCase):
    def test_what_the_wire_tells(self) -> None:
        """Moves are those of the last frame, read back."""
        _, (ann, bob) = seated(Choosing)
        told = last_moves(ann)
        self.assertEqual([m.type for m in ann.moves], [m["type"] for m in told])
        self.assertEqual([m.data for m in ann.moves], [m["data"] for m in told])
        self.assertEqual([m.label for m in ann.moves], [m["label"] for m in told])
        self.assertEqual(ann.moves[0].choices, {"cards": Some(["C2", "C2", "D5"], 2), "to": ...})
        self.assertEqual(ann.moves[1], Move("point", {"at": bob.id}))
        self.assertNotEqual(ann.moves[1], Move("point", {"at": ann.id}))
        self.assertEqual(ann.moves[2].choices, {"way": range(1, 3)})
        self.assertEqual([m.type for m in bob.moves], [m["type"] for m in last_moves(bob)])

    def test_after_return(self) -> None:
        """Who comes back is told with the seat."""
        table, (ann, bob) = seated(Nim)
        before = ann.moves
        ann.drop()
        ann.resume()
        self.assertEqual(ann.moves, before)
        table.restart()
        self.assertEqual(ann.moves, before)
        self.assertEqual(bob.moves, [])
        ann.leave()
        self.assertEqual(ann.moves, [])

    def test_play(self) -> None:
        """By the move, by its place, and by its type."""
        table, (ann, bob) = seated(Nim)
        ann.play(ann.moves[1])
        bob.play(0)
        ann.play("take", n=3)
        self.assertEqual(table.state["heap"], 1)
        self.assertEqual(table.turns.number, 4)
        with self.assertRaises(Refused) as caught:
            bob.play("take", n=2)
        self.assertEqual(caught.exception.code, "not_legal")

    def test_play_fills_in(self) -> None:
        """What a move leaves open, also with somebody at the table."""
        table, (ann, bob) = seated(Choosing)
        ann.play(ann.moves[0], cards=["D5", "C2"], to=bob)
        ann.play("point", at=bob)
        ann.play(ann.moves[2].fill(way=1))
        self.assertEqual(table.state["log"], [["D5", "C2", "Bob"], "Bob", [1, 2]])

    def test_stale_move(self) -> None:
        """A move of an earlier turn is refused, though it would be legal."""
        _, (ann, bob) = seated(Nim)
        old = ann.moves[0]
        ann.play(old)
        bob.play(0)
        self.assertIn(old, ann.moves)
        with self.assertRaises(Refused) as caught:
            ann.play(old)
        self.assertEqual(caught.exception.code, "not_your_turn")

    def test_prompt(self) -> None:
        """Each is shown their own, filled in."""
        table, (ann, bob) = seated(Asking)
        self.assertEqual((ann.prompt, bob.prompt), ("Take some of 7", "Ann takes"))
        ann.play(1)
        self.assertEqual((ann.prompt, bob.prompt), ("Bob takes", "Take some of 5"))
        self.assertEqual(table.turns.current, bob.player)

    def test_undo_and_ready(self) -> None:
        """They are asked of the server."""
        table = Table(Nim)
        ann = table.join("Ann")
        ann.ready()
        self.assertTrue(ann.seats[ann.id]["ready"])
        ann.ready(False)
        self.assertFalse(ann.seats[ann.id]["ready"])
        table.join("Bob")
        table.start()
        self.assertFalse(ann.may_undo)
        with self.assertRaises(Refused) as caught:
            ann.undo()
        self.assertEqual(caught.exception.code, "cannot_undo")

    def test_bot(self) -> None:
        """The host seats one, which moves in its time."""
        table = Table(Pair)
        ann = table.join("Ann")
        robot = table.bot("last", name="Robo")
        self.assertEqual((robot.bot, robot.name), ("last", "Robo"))
        table.start()
        ann.play(0)
        table.advance(2)
        self.assertEqual(table.state["heap"], 3)
        with self.assertRaises(Refused):
            table.bot("last")


class RandomPlayTests(SynchronousTestCase):
    def test_mixed(self) -> None:
        """Told moves are played among all else: what nobody may do, undo, restarts, people who come and go."""
        table = Table(Undone, seed=2)
        done = table.play_random(500, 3)
        verbs = {verb for _, verb, _ in done}
        self.assertLessEqual({"take", "undo", "restart", "drop", "resume", "start"}, verbs)
        self.assertGreater(sum(verb == "take" for _, verb, _ in done), 100)
        again = Table(Undone, seed=2)
        self.assertEqual(again.play_random(500, 3), done)
        self.assertEqual(again.row, table.row)


class PlayOutTests(SynchronousTestCase):
    def test_to_the_end(self) -> None:
        """It returns how many moves it took."""
        table, _ = seated(Nim)
        count = table.play_out(3)
        self.assertEqual((table.status, table.turns.number), ("over", count))
        self.assertEqual(table.play_out(3), 0)

    def test_from_the_lobby(self) -> None:
        """Who lacks comes in."""
        table = Table(Nim)
        table.play_out(1)
        self.assertEqual((table.status, len(table.visitors)), ("over", 2))

    def test_same_again(self) -> None:
        """The same seed does the same, with restarts anywhere."""
        for game in (Nim, Codenames, Pair):
            rows = []
            for restarts in (False, False, True):
                table = Table(game, seed=4)
                for name in "ABCD"[: game.min_players]:
                    table.join(name)
                rows.append((table.play_out(5, restarts=restarts), table.row["docs"], table.row["result"]))
            self.assertEqual(rows[0], rows[1])
            self.assertEqual(rows[0], rows[2], game)

    def test_with_bots(self) -> None:
        """They move in their time."""
        table = Table(Pair)
        table.join("Ann")
        table.bot("last")
        table.bot("random")
        table.play_out(1)
        self.assertEqual(table.status, "over")

    def test_pauses(self) -> None:
        """Where nobody is waited for, the next timer is; nobody resigns meanwhile."""
        table, _ = seated(Resting)
        table.play_out(1)
        self.assertEqual(table.status, "over")
        self.assertNotIn("resigned", table.state)

    def test_without_end(self) -> None:
        """After so many moves it stops."""
        table, _ = seated(Forever)
        self.assertEqual(table.play_out(1, most=100), 100)
        self.assertEqual((table.status, table.turns.number), ("playing", 101))

    def test_no_moves(self) -> None:
        """Who is waited for and has no moves is named."""
        table, _ = seated(Stuck)
        with self.assertRaises(AssertionError) as caught:
            table.play_out(12)
        text = str(caught.exception)
        self.assertIn("Bob is waited for, and no moves are told", text)
        self.assertIn("seed=12", text)
        self.assertIn("ann.send('take', {'n': ", text)

    def test_nothing_to_choose_from(self) -> None:
        """Such a move is none, as it is for bots."""
        table = Table(Empty)
        error = self.assertRaises(AssertionError, table.play_out, 5)
        self.assertIn("is waited for, and no moves are told that could be made", str(error))
        self.assertLessEqual(table.state["heap"], 10)

    def test_failure(self) -> None:
        """What a game fails with is shown with the moves before, whatever ``raises`` says."""
        for raises in (True, False):
            table, _ = seated(Breaks, raises=raises)
            with self.assertRaises(AssertionError) as caught:
                table.play_out(2)
            self.assertIn("seed=2", str(caught.exception))
            self.assertIn("too low", str(caught.exception))
            self.assertIn(".send('take', {'n': ", str(caught.exception))
