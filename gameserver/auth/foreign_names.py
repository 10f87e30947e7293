"""Names that come from elsewhere, made to fit: nobody is turned away for what another system calls them."""

from __future__ import annotations

from typing import Final

from gameserver.errors import Refused
from gameserver.names import check_name, seen

NAMELESS: Final = "Player"


def fitting_name(name: object, most: int) -> str:
    """
    :param name: whatever was there.
    :param most: code points.
    :returns: the name as near as the rules of names admit it.
    """
    text = "".join(filter(str.isprintable, seen(name[: 8 * most]))) if isinstance(name, str) else ""
    try:
        return check_name(" ".join(text.split())[:most], most)
    except Refused:
        return NAMELESS[:most]
