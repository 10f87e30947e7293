"""
Whose turn it is, as random players find out: which value of the room's document names the player who may move.

A game may keep it as a seat's id, as a number, or as a name, under any key. Whether that value was the sender's own is
remembered with every message, and so is what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from gameserver.testing.experience import Experience

if TYPE_CHECKING:
    from gameserver.testing.visitor import Visitor

Sign = tuple[str, str, str, bool]
"""``("sign", path, what of the sender the value there may be, whether it is)``."""

MOST_FACTOR: Final = 20.0
"""No sign counts for more: it may be chance."""
MOST_SIGNS: Final = 40
"""A document may hold any number of values."""


def signs(visitor: Visitor) -> list[Sign]:
    """:returns: for values of the room's document, whether they are this visitor's id, name, number or place."""
    players = sorted((seat["number"], id) for id, seat in visitor.seats.items() if seat["number"] is not None)
    place = next((place for place, (_, id) in enumerate(players) if id == visitor.id), None)
    own = {"id": visitor.id, "name": visitor.name, "number": visitor.number, "place": place}
    values = list(_scalars(visitor.docs.get("room", {}), "", 2))[:MOST_SIGNS]
    return [
        ("sign", path, what, value == of_own)
        for path, value in values
        for what, of_own in own.items()
        if type(value) is type(of_own)
    ]


def likelihood(experience: Experience, signs: list[Sign]) -> float:
    """:returns: how much more often than others somebody with these signs was heard, as a factor."""
    factor = 1.0
    for *about, own in signs:
        here, there = (*about, own), (*about, not own)
        if experience.is_known(here) and experience.is_known(there):
            factor *= experience.mean(here) / experience.mean(there)
    return min(MOST_FACTOR, max(1 / MOST_FACTOR, factor))


def _scalars(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and depth:
        for key, inner in value.items():
            yield from _scalars(inner, f"{path}/{key}", depth - 1)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield path, value
