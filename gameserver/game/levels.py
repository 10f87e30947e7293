"""The levels of a game's bots, as its class has them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from gameserver.errors import GameDefinitionError
from gameserver.game.marks import BotMark, mark_of
from gameserver.game.settings import GameSettings
from gameserver.room.bots.level import RANDOM, BotLevel


def of_class(cls: type[GameSettings], *, has_moves: bool) -> dict[str, BotLevel]:
    """
    :returns: the levels by name, in the order in which the methods stand; last ``random``, where there are moves.
    :raises GameDefinitionError: two methods have one level, or one does not take a player and moves.
    """
    names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
    found: dict[str, BotLevel] = {}
    for name in names:
        member = inspect.getattr_static(cls, name, None)
        mark = mark_of(member)
        if not isinstance(mark, BotMark):
            continue
        method = getattr(cls, name)
        if mark.level in found:
            raise GameDefinitionError(f"{cls.__name__}: two bots have the level {mark.level!r}.")
        try:
            inspect.signature(method).bind(None, None, None)
        except TypeError:
            raise GameDefinitionError(
                f"{cls.__name__}.{name}: a bot takes a player and moves: def {name}(self, player, moves)"
            ) from None
        found[mark.level] = BotLevel(mark.level, mark.title or mark.level, method, mark.stand_in)
    if has_moves and RANDOM not in found:
        found[RANDOM] = BotLevel(RANDOM, "Random", None, False)
    return found


def stand_in_of(levels: Mapping[str, BotLevel]) -> str | None:
    """:returns: the level that plays for the absent: the one marked so, else the first."""
    return next((level.name for level in levels.values() if level.stand_in), next(iter(levels), None))
