"""How well a bot plays, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

RANDOM: Final = "random"
"""The level that each game with ``moves`` has."""


class BotLevel(Struct, frozen=True):
    """
    A level of a game.

    :ivar title: how people read it.
    :ivar choose: called with a game, a player and moves, returns a move, or an awaitable of one; None: any move will
        do.
    :ivar stand_in: it plays for those who are away.
    """

    name: str
    title: str
    choose: Callable[[Any, Any, Any], Any] | None
    stand_in: bool
