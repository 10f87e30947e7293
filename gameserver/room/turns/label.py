"""Labels of moves, filled in from their data."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from gameserver.room.groups import Group
from gameserver.room.seats import Player

_FIELD: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def filled(label: str, data: dict[str, Any]) -> str:
    """
    :param data: of a move; the place of a field that is not in it stays, to be filled in once that is chosen.
    :returns: what a button says.
    """
    if "{" not in label:
        return label
    parts = [*_parts(label)]
    if len(parts) == 3:  # quickly, since most have one
        before, name, after = parts
        return before + shown(data[name]) + after if name in data else label
    for at in range(1, len(parts), 2):
        name = parts[at]
        parts[at] = shown(data[name]) if name in data else f"{{{name}}}"
    return "".join(parts)


@lru_cache(maxsize=1024)  # of a game's own labels, which are few; names and numbers are filled in
def _parts(label: str) -> tuple[str, ...]:
    """:returns: a label taken apart: a text and the name of a field take turns."""
    return tuple(_FIELD.split(label))


def shown(value: Any) -> str:
    """:returns: a value as people read it: players and groups by name, lists with commas."""
    if value.__class__ is str:
        return value
    if isinstance(value, Player | Group):
        return value.name
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return str(value)
