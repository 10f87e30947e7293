"""The fuzzers' own promise: what fails is found again, and told as small as it gets."""

from __future__ import annotations

from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fuzz.trying import EXAMPLES, keep_trying


class KeepTryingTests(SynchronousTestCase):
    def fault(self, seed: int) -> str:
        """:returns: what is told of a fault that large numbers have."""

        def attempt(number: int) -> None:
            self.assertLess(number, 1000)

        error = self.assertRaises(AssertionError, keep_trying, attempt, 0.0, seed, number=st.integers(0, 10**6))
        return str(error)

    def test_smallest_and_seed_are_told(self) -> None:
        """The smallest that fails, and the seed."""
        told = self.fault(5)
        self.assertIn("SEED=5,", told)
        self.assertIn("number=1000", told)

    def test_same_seed_same_examples(self) -> None:
        """With the seed it is tried again just so."""
        seen: list[list[int]] = []
        for _ in range(2):
            seen.append([])
            keep_trying(lambda number: seen[-1].append(number), 0.0, 7, number=st.integers())
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(len(seen[0]), EXAMPLES)
