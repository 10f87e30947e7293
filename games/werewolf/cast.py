"""Which roles a village of a size has, how votes are counted, and who has won; nothing here knows of rooms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gameserver import Refused

WOLF = "werewolf"
SEER = "seer"
DOCTOR = "doctor"
VILLAGER = "villager"

DOCTOR_FROM = 7
"""From so many players on there is a doctor: with fewer, saving one each night would decide the game."""


def wolves_among(players: int) -> int:
    """:returns: how many of so many are werewolves, where the host has not said: 1 of 5, 2 of 7, 3 of 11, 4 of 15."""
    return (players + 1) // 4


def cast(players: int, *, wolves: int, seer: bool, doctor: bool) -> list[str]:
    """
    :param players: how many there are. :param wolves: how many werewolves; 0: as many as `wolves_among` says. :returns:
    one role for each, in no particular order.
    :raises Refused: the werewolves would be as many as the others, and have won.
    """
    wolves = wolves or wolves_among(players)
    if wolves * 2 >= players:
        raise Refused(f"{wolves} werewolves are too many for {players} players.", code="too_many_wolves")
    special = [WOLF] * wolves + [SEER] * seer + [DOCTOR] * (doctor and players >= DOCTOR_FROM)
    return special + [VILLAGER] * (players - len(special))


def most(votes: Iterable[str | None]) -> list[str | None]:
    """:returns: who got the most votes: several where they are equal, none where nobody voted."""
    counts = Counter(votes)
    best = max(counts.values(), default=0)
    return [whom for whom, count in counts.items() if count == best]


def winner(roles: Iterable[str]) -> str | None:
    """
    :param roles: of those who live.
    :returns: ``"village"`` once no werewolf lives, ``"wolves"`` once they are as many as the others, else None.
    """
    living = list(roles)
    wolves = living.count(WOLF)
    if not wolves:
        return "village"
    return "wolves" if wolves * 2 >= len(living) else None
