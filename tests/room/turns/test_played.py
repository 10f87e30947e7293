"""Whole games that others wrote, played by their own moves, with restarts anywhere; and what each player was told."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game
from gameserver.testing import Table, Visitor
from tests.room.turns.played.codenames import Codenames
from tests.room.turns.played.coop import Firefighters
from tests.room.turns.played.risk import Conquest
from tests.room.turns.played.traders import Traders


def play(game: type[Game], count: int, seed: int, most: int, *, restarts: bool) -> tuple[Table, list[Visitor]]:
    """Play so many moves, or to the end."""
    table = Table(game, seed=seed)
    visitors = [table.join(f"P{n}") for n in range(count)]
    table.play_out(seed, most, restarts=restarts)
    return table, visitors


class PlayedTests(SynchronousTestCase):
    def test_to_the_end(self) -> None:
        for game, count in ((Codenames, 4), (Firefighters, 3)):
            for seed in range(3):
                table, _ = play(game, count, seed, 2000, restarts=True)
                self.assertEqual(table.room.state.status, "over", (game.__name__, seed))

    def test_long_ones_go_on(self) -> None:
        for game in (Conquest, Traders):
            table, _ = play(game, 3, 1, 150, restarts=True)
            self.assertGreater(table.room.turns.number, 10)

    def test_nobody_is_told_anothers_moves(self) -> None:
        """Whoever hears of moves is waited for, or may answer an offer."""
        _, visitors = play(Codenames, 4, 2, 40, restarts=False)
        for visitor in visitors:
            for frame in map(json.loads, visitor.seen().split(b"\n")):
                if frame["op"] == "moves" and frame["moves"]:
                    types = {move["type"] for move in frame["moves"]}
                    knows_key = "key" in visitor.state
                    self.assertEqual("clue" in types, knows_key, visitor)
