"""Labels of moves, filled in from their data."""

from __future__ import annotations

import re
from typing import Any, Final

from gameserver.room.groups import Group
from gameserver.room.seats import Player

_FIELD: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def filled(label: str, data: dict[str, Any]) -> str:
    """
    :param data: of a move; of fields that are not in it the place stays, to be filled in where they are chosen.
    :returns: what a button says.
    """
    if "{" not in label:
        return label
    return _FIELD.sub(lambda found: shown(data[found[1]]) if found[1] in data else found[0], label)


def shown(value: Any) -> str:
    """:returns: a value as people read it: players and groups by name, lists with commas."""
    if isinstance(value, Player | Group):
        return value.name
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return str(value)
