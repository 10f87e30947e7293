"""Hypothesis for a time, rather than for a number of examples."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, settings

SECONDS: Final = float(os.environ.get("GAMESERVER_TEST_FUZZ_S", "8"))
"""For each test of this folder."""
SEED: Final = int(os.environ.get("GAMESERVER_TEST_SEED") or 1)
"""The same each time among the other tests; another each time in ``make fuzz``."""
EXAMPLES: Final = 25
"""Between two looks at the clock."""
BATCH: Final = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    derandomize=False,
    report_multiple_bugs=False,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def keep_trying(attempt: Callable[..., None], s: float = SECONDS, seed: int = SEED, **strategies: Any) -> int:
    """
    Call this with what the strategies give, until the time is over.

    :returns: how many examples were tried, at least a batch.
    :raises AssertionError: one failed; with the seed that makes it again, and the smallest that fails alike.
    """
    end_s, tried = time.monotonic() + s, 0
    while True:

        def count(**example: Any) -> None:
            nonlocal tried
            tried += 1
            attempt(**example)

        batch = BATCH(hypothesis.seed(seed)(hypothesis.given(**strategies)(count)))
        try:
            batch()
        except Exception as error:
            notes = "\n".join(getattr(error, "__notes__", ()))
            raise AssertionError(f"SEED={seed}, after {tried} examples: {error}\n{notes}") from error
        seed += 1
        if time.monotonic() >= end_s:
            return tried
