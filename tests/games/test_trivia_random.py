"""Trivia under random inputs, with restarts and without."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from games.trivia import Trivia
from gameserver.testing import Table
from tests.games import inputs, play

MOVES: list[tuple[str, Any]] = [
    *(("answer", {"value": value}) for value in (0, 1, 3, True, False, 12.5, "Iron", "")),
    ("answer", {"value": 1, "number": 1}),
    ("skip", None),
    ("skip", {"phase": "question", "void": True}),
    ("pause", None),
    ("unpause", None),
    ("correct", {"player": "2", "points": -50}),
    ("kick", {"player": "3", "ban": False}),
    ("team", {"team": "blue"}),
]
SENT = st.sampled_from(MOVES)


class RandomTests(SynchronousTestCase):
    def test_random_play_never_fails(self) -> None:
        """Whatever clients send, the game refuses or plays; it never fails."""
        ended = 0
        for seed in range(20):
            table = Table(Trivia, seed=seed, options={"questions": 2, "teams": (0, 2, 4)[seed % 3]})
            table.join("Ann")
            table.join("Bob")
            table.play_random(150, seed, moves=MOVES if seed % 2 else ())
            ended += table.status == "over"
        self.assertGreater(ended, 2, "random players finish games")

    def test_random_play_with_amnesia_and_restarts(self) -> None:
        """The same from its row alone."""
        for seed in range(6):
            table = Table(Trivia, seed=seed, amnesia=True, options={"questions": 3, "teams": (0, 3)[seed % 2]})
            table.join("Ann")
            table.play_random(60, seed, moves=MOVES, restarts=seed % 2 == 0)

    @settings(max_examples=30, deadline=None)
    @given(todo=inputs(SENT), data=st.data())
    def test_restarts_change_nothing(self, todo: list[Any], data: st.DataObject) -> None:
        """Random inputs, with restarts between any two, end in the same row as without."""
        todo = [("start", 0, None), ("advance", 0, 3), *todo]
        cuts = data.draw(st.frozensets(st.integers(0, len(todo) - 1)))
        whole = play(Trivia, todo, restart_after=frozenset())
        self.assertEqual(play(Trivia, todo, restart_after=cuts), whole)
        self.assertEqual(play(Trivia, todo, restart_after=frozenset(), amnesia=True), whole)
