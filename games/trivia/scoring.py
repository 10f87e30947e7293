"""
Points.

A right answer gives ``points = 1000 - 500 * after_s / seconds`` where speed counts (1000 at once, 500 at the deadline),
and 1000 where it does not. Pauses do not count as time.

- choice, true or false, text: right or wrong; wrong gives nothing.
- number: the nearest wins. Whoever is nearest gets all of the points above and is right, the second nearest gets half,
  the third nearest a quarter; equally near answers get the same, and the next one after two firsts is second.

A streak is how many right answers a player gave in a row. It ends with a wrong answer or none; a number that was not
the nearest neither adds to it nor ends it. From the second right answer in a row each gives
``bonus = 100 * (streak - 1)`` more, at most 500, whether speed counts or not.

A team gains what its members who were asked gained on average, so that a large team has no advantage.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .matching import is_match
from .questions import Card

FULL = 1000
SLOWEST = 500
STREAK_STEP = 100
STREAK_MOST = 500
NEAREST = (1.0, 0.5, 0.25)
"""Which part of the points the nearest, the second and the third nearest get."""


@dataclass(frozen=True)
class Given:
    """
    An answer that was given.

    :ivar value: the index of a choice, true or false, a number, or words.
    :ivar after_s: seconds after the question was asked.
    """

    value: Any
    after_s: float


@dataclass(frozen=True)
class Mark:
    """
    What an answer is worth.

    :ivar points: what is gained, the bonus included.
    :ivar bonus: for the streak.
    :ivar streak: right answers in a row, this one included.
    """

    right: bool
    points: int
    bonus: int
    streak: int


def mark(
    card: Card, given: Mapping[str, Given], streaks: Mapping[str, int], *, right: Any, seconds: float, speed: bool
) -> dict[str, Mark]:
    """
    :param given: the answers, by seat.
    :param streaks: the streaks so far of all who were asked, by seat.
    :param right: the right answer in the form of `Given.value`.
    :returns: the marks of all who were asked, by seat.
    """
    shares = _shares(card, {seat: answer.value for seat, answer in given.items()}, right)
    marks = {}
    for seat, streak in streaks.items():
        if seat not in given:
            marks[seat] = Mark(right=False, points=0, bonus=0, streak=0)
            continue
        is_right = shares[seat] == 1
        if is_right:
            streak += 1
        elif card.kind != "number":
            streak = 0
        bonus = min(STREAK_STEP * (streak - 1), STREAK_MOST) if is_right else 0
        points = round(shares[seat] * worth(given[seat].after_s, seconds, speed))
        marks[seat] = Mark(is_right, points + bonus, bonus, streak)
    return marks


def worth(after_s: float, seconds: float, speed: bool) -> float:
    """:returns: the points for a right answer after so many seconds."""
    return FULL - (FULL - SLOWEST) * min(max(after_s / seconds, 0.0), 1.0) if speed else FULL


def ranked(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """:returns: the entries, the highest ``score`` first, each with its ``rank`` from 1; equal scores share a rank."""
    ordered = sorted(entries, key=lambda entry: -entry["score"])
    scores = [entry["score"] for entry in ordered]
    return [{**entry, "rank": scores.index(entry["score"]) + 1} for entry in ordered]


def _shares(card: Card, values: Mapping[str, Any], right: Any) -> dict[str, float]:
    """:returns: which part of the points each answer gets."""
    if card.kind == "number":
        return _nearest(values, right)
    if card.kind == "text":
        accepted = (right, *card.accept)
        return {seat: float(is_match(value, accepted, card.reject)) for seat, value in values.items()}
    return {seat: float(value == right) for seat, value in values.items()}


def _nearest(values: Mapping[str, float], right: float) -> dict[str, float]:
    far = {seat: abs(value - right) for seat, value in values.items()}
    places = sorted(set(far.values()))[: len(NEAREST)]
    shares = dict(zip(places, NEAREST, strict=False))
    return {seat: shares.get(distance, 0.0) for seat, distance in far.items()}
