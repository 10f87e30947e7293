"""What random players learn: which messages, values and players a game accepts, and what it refused just now."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable
from typing import Any

Part = tuple[Hashable, ...]
"""One thing that a move was made of, or that was so when it was made: message, field and origin; message and phase."""


class Experience:
    """
    Wins and losses of whatever a move was made of: its type, and where each value came from.

    Choosing by a draw of what is likely (Thompson sampling) prefers what was never tried and what was accepted, and
    gives up nothing for good.

    Source: https://en.wikipedia.org/wiki/Thompson_sampling
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._counts: dict[Part, tuple[float, float]] = {}

    def chance(self, part: Part, hope: tuple[float, float] = (1.0, 1.0)) -> float:
        """
        :param hope: wins and losses to begin with.
        :returns: a draw of how likely a move with this part is to be accepted, 0 to 1.
        """
        wins, losses = self._counts.get(part, (0.0, 0.0))
        return self._dice.betavariate(hope[0] + wins, hope[1] + losses)

    def mean(self, part: Part, hope: tuple[float, float] = (1.0, 1.0)) -> float:
        """:returns: the share of moves with this part that were accepted so far, with ``hope`` counted in."""
        wins, losses = self._counts.get(part, (0.0, 0.0))
        return (hope[0] + wins) / (hope[0] + hope[1] + wins + losses)

    def wins(self, part: Part) -> float:
        """:returns: how often moves with this part were accepted."""
        return self._counts.get(part, (0.0, 0.0))[0]

    def learn(self, parts: Iterable[Part], gain: float) -> None:
        """:param gain: 1 for a move that changed something, 0 for a refusal."""
        for part in parts:
            wins, losses = self._counts.get(part, (0.0, 0.0))
            self._counts[part] = (wins + gain, losses + 1 - gain)

    def is_known(self, part: Part) -> bool:
        """Whether a move with this part was ever made."""
        return part in self._counts


class Refusals:
    """What was refused since something happened, and would be again."""

    def __init__(self) -> None:
        self._moves: set[tuple[Any, str, str]] = set()
        self._reasons: dict[Any, str] = {}

    def note(self, who: Any, type: str, data: Any, reason: str) -> None:
        """:param reason: code and text."""
        self._moves.add((who, type, repr(data)))
        self._reasons[who] = reason

    def has(self, who: Any, type: str, data: Any) -> bool:
        """Whether just this was refused."""
        return (who, type, repr(data)) in self._moves

    def reason(self, who: Any) -> str:
        """:returns: why somebody was refused last, or nothing: "not your turn" rules out more than "not that card"."""
        return self._reasons.get(who, "")

    def forget(self) -> None:
        """Forget all refusals, since something has happened."""
        self._moves.clear()
        self._reasons.clear()
