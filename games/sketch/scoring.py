"""
Points.

- Whoever guesses the word gets 100 points, and up to 400 more in proportion to the time that is left: 500 for a guess
  at once, 300 at half time, 100 at the last moment.
- The drawer gets the mean of these points over all who could guess, with 0 for those who did not: 500 for a drawing
  that all understand at once, and nothing for one that nobody understands.
- A turn that the host skips gives points to nobody. If the drawer gives up, leaves or stays away, the turn ends, and
  what was guessed counts.
"""

from collections.abc import Mapping
from typing import Any, Final

LEAST: Final = 100
FOR_TIME: Final = 400


def for_guess(left_s: float, seconds: float) -> int:
    """
    :param left_s: seconds that were left.
    :param seconds: of the whole turn.
    :returns: 100 to 500.
    """
    return LEAST + round(FOR_TIME * min(1.0, max(0.0, left_s / seconds)))


def for_drawing(gained: Mapping[str, int], could: int) -> int:
    """
    :param gained: what the others got, by seat.
    :param could: how many could guess.
    :returns: 0 to 500.
    """
    return round(sum(gained.values()) / max(could, len(gained), 1))


def ranked(scores: Mapping[str, int]) -> list[list[Any]]:
    """:returns: ``[rank, seat, score]``, the best first; equals share a rank."""
    order = sorted(scores.items(), key=lambda entry: -entry[1])
    return [[1 + sum(other > score for other in scores.values()), seat, score] for seat, score in order]
