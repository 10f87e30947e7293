"""The names that people give themselves."""

from __future__ import annotations

import unicodedata
from typing import Final

from gameserver.errors import Refused

_INVISIBLE: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode categories of which nothing is seen, or which change how the rest is seen."""


def check_name(name: str, most: int) -> str:
    """
    :param most: code points.
    :returns: the name without spaces around it, in one form for what looks the same (NFC).
    :raises Refused: ``bad_data``: nothing is left of it, it is too long, or part of it cannot be seen.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(clean) <= most:
        raise Refused(f"A name has 1 to {most} characters.", code="bad_data", path="$.name")
    if any(unicodedata.category(c) in _INVISIBLE and c != "\u200d" for c in clean):
        raise Refused("A name has no invisible characters.", code="bad_data", path="$.name")
    return clean
