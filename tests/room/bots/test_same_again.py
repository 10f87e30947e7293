"""A table of bots plays the same again: with the same seed, killed in between or not, made anew at each step or not."""

from __future__ import annotations

from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver.testing import Table
from tests.room.turns.played.coop import Firefighters
from tests.room.turns.played.hearts import Hearts
from tests.room.turns.played.risk import Conquest
from tests.room.turns.played.traders import Traders


def play(game: Any, count: int, steps: int, *, restart_at: int | None = None, amnesia: bool = False) -> dict[str, Any]:
    """:returns: the row, after a person and bots have played for a while."""
    table, dice = Table(game, seed=5, amnesia=amnesia), Random(5)
    ann = table.join("Ann")
    for _ in range(count - 1):
        ann.ask("bot")
    ann.start()
    for step in range(steps):
        if table.status == "over":
            break
        if step == restart_at:
            table.restart()
        for each in table.room.publisher.legal.get(ann.id, []):
            if ... not in each.choices.values():
                chosen = each.move.pick(dice)
                ann.send(chosen.type, chosen.data)
                break
        table.advance(0.5)
    row = table.row
    row.pop("host_away_at")  # who is not here while a process dies is away for a moment
    return row


class SameAgainTests(SynchronousTestCase):
    def test_hearts(self) -> None:
        expected = play(Hearts, 4, 150)
        self.assertGreater(expected["turns"]["number"], 20)
        self.assertEqual(play(Hearts, 4, 150), expected)
        for restart_at in (1, 2, 5, 40, 149):
            self.assertEqual(play(Hearts, 4, 150, restart_at=restart_at), expected, restart_at)

    def test_made_anew_at_each_step(self) -> None:
        self.assertEqual(play(Hearts, 4, 60, amnesia=True), play(Hearts, 4, 60))

    def test_no_bots_of_their_own(self) -> None:
        """Games that say nothing of bots are played by chance, and fail at nothing."""
        for game, count in ((Traders, 3), (Conquest, 3), (Firefighters, 3)):
            with self.subTest(game=game.__name__):
                expected = play(game, count, 60)
                self.assertTrue(expected["status"] == "over" or expected["turns"]["number"] > 1)
                self.assertEqual(play(game, count, 60, restart_at=30), expected)
