"""What all pieces of a room's state have in common; see `gameserver.room.state`."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct


class Kept(Struct):
    """
    A piece of what is known of a room.

    :cvar part: the part of the row that it is in; empty for what ends with the process.
    """

    part: ClassVar[str] = ""

    def part_of(self, field: str, key: Any) -> str:
        """:returns: the part of the row that a key of a field, which is a dict, is in."""
        return self.part
