"""Whole games by the moves that are told, twice: restarts anywhere make no difference. ``benchmarks`` plays more."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.play_outs import GIVEN, same


class PlayOutTests(SynchronousTestCase):
    def test_restarts_change_nothing(self) -> None:
        """And nobody is told of moves with cards that are another's."""
        for name in (*GIVEN, "sample-reversi", "sample-hearts"):
            for seed in range(2):
                self.assertGreater(same(name, seed, 60), 9, (name, seed))
