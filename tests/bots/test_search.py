"""Search by playing on: what it finds, what it leaves as it was, and what it needs of a game."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, Some, bot, message
from gameserver.bots import search
from gameserver.bots.job import Job
from gameserver.bots.origin import origin_of
from gameserver.bots.snapshot import pack
from gameserver.bots.worker import answer
from gameserver.game.spec import spec_of
from gameserver.testing import Table


class Sticks(Game):
    """Take one to three of a heap; whoever takes the last one wins."""

    min_players = max_players = 2
    heap = 7

    def on_start(self) -> None:
        self.state["heap"] = self.heap
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        fields: dict[str, Any] = {"n": range(1, min(3, self.state["heap"]) + 1)}
        return [Move("take", label="Take {n}", choices=fields), Move("resign")]

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        self.state["heap"] -= n
        if self.state["heap"]:
            self.turns.next()
        else:
            self.won(player)

    @message(turn="any")
    def resign(self, player: Player) -> None:
        self.won(next(other for other in self.players if other != player))

    def won(self, player: Player) -> None:
        self.over(ranking=[[one] for one in self.turns.order_from(player)])

    @bot("hard")
    async def hard(self, player: Player, moves: list[Move]) -> Move | None:
        return await search(self, player, 4.0)


class LateTests(SynchronousTestCase):
    def test_the_time_is_over_before_it_begins(self) -> None:
        """A job that waited for a process until its time was over is answered all the same, after one playout."""
        room = table_of(Sticks).room
        seat = room.players[0].id
        job = Job(origin_of(Sticks), pack(room), seat, 5.0, 80, bytes(16), until=time.monotonic() - 1)
        found = answer(job, spec_of(Sticks))
        self.assertEqual((found.type, found.playouts), ("take", 1))


class Unsaid(Sticks):
    """Does not say who won."""

    def won(self, player: Player) -> None:
        self.over(winner=player.id)


class Guess(Game):
    """Each has a card; whoever names the highest of them wins."""

    min_players = max_players = 2

    def on_start(self) -> None:
        for player in self.players:
            player.state["card"] = 5
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("guess", {"card": card}) for card in range(1, 10)]

    @message(turn=True)
    def guess(self, player: Player, card: int) -> None:
        right = card == max(each.state["card"] for each in self.players)
        self.over(scores={each: int((each == player) == right) for each in self.players})


class Guessed(Guess):
    """It says what the other's card may be."""

    def imagine(self, player: Player, random: Random) -> None:
        for other in self.players:
            if other != player:
                assert not other.state
                other.state["card"] = random.choice([1, 5, 8, 8, 8])


class Pairs(Game):
    """Only two threes are worth something."""

    min_players = 1

    def on_start(self) -> None:
        self.turns.begin()

    def moves(self, player: Player) -> Iterator[Move]:
        yield Move("give", choices={"cards": Some([1, 3, 2, 3], 2)})
        yield Move("say", choices={"what": ...})

    @message(turn=True)
    def give(self, player: Player, cards: list[int]) -> None:
        self.over(ranking=[[player]] if cards == [3, 3] else [])

    @message(turn=True)
    def say(self, player: Player, what: str) -> None:
        self.over(ranking=[[player]])


def found(table: Table, playouts: int) -> Move | None:
    """What a search finds for whoever's turn it is; there are no processes, so it does not wait."""
    player = table.room.turns.current
    waiting = search(table.room.game, player, 1.0, playouts=playouts)
    try:
        waiting.send(None)
    except StopIteration as stop:
        move: Move | None = stop.value
        return move
    raise AssertionError("it waits")


def table_of(game: type[Game], count: int = 2, seed: int = 0) -> Table:
    table = Table(game, seed=seed)
    visitors = [table.join(f"P{n}") for n in range(count)]
    visitors[0].start()
    return table


class SearchTests(SynchronousTestCase):
    def test_the_best_move(self) -> None:
        """Of seven sticks three are to be taken: the other may take what it likes."""
        for seed in range(5):
            move = found(table_of(Sticks, seed=seed), 300)
            assert move is not None
            self.assertEqual((move.type, move.data, move.choices), ("take", {"n": 3}, None))

    def test_same_seed_same_move(self) -> None:
        moves = [found(table_of(Sticks, seed=3), 5) for _ in range(3)]
        self.assertEqual(moves[0], moves[1])
        self.assertEqual(moves[0], moves[2])

    def test_changes_nothing(self) -> None:
        table = table_of(Sticks)
        before = table.row
        found(table, 20)
        self.assertEqual(table.row, before)

    def test_needs_a_result(self) -> None:
        with self.assertRaisesRegex(ValueError, "ranking"):
            found(table_of(Unsaid), 5)

    def test_what_is_hidden_must_be_imagined(self) -> None:
        with self.assertRaisesRegex(TypeError, r"Guess: P0 .* imagine\(self, player, random\)"):
            found(table_of(Guess), 5)

    def test_imagined(self) -> None:
        """The other's card is 5, which the search does not see: it goes by what is imagined."""
        move = found(table_of(Guessed), 400)
        assert move is not None
        self.assertEqual(move.data, {"card": 8})

    def test_no_slip(self) -> None:
        """What is called by name is not thought to be a message without a mark."""
        self.assertEqual([spec_of(game).slips for game in (Sticks, Guessed)], [[], []])

    def test_some_of_many(self) -> None:
        """What leaves a field to anything is no move of a search."""
        move = found(table_of(Pairs, 1), 100)
        assert move is not None
        self.assertEqual(move.data, {"cards": [3, 3]})

    def test_as_a_bot(self) -> None:
        """The bot takes what leaves a multiple of four."""
        table = Table(Sticks, seed=1)
        ann = table.join("Ann")
        table.game.bots.add("hard")
        table.settle()
        ann.start()
        ann.send("take", n=2)
        table.advance(3)
        self.assertEqual(table.state["heap"], 4)
