"""Large documents that are stored whole again and again: the operator is warned once for each game."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gameserver.room.room import Room

LARGE_BYTES: Final = 1 << 18
"""A document of so many bytes is large: it takes more than a millisecond to encode and store."""
OFTEN: Final = 30
"""So many times within `WITHIN_S` are often."""
WITHIN_S: Final = 60.0


def note(room: Room, name: str, size_bytes: int) -> None:
    """
    A document of `LARGE_BYTES` or more is stored whole.

    :param name: the document's.
    """
    if room.spec.name in room.context.warned:
        return
    moment = room.moment
    if room.monotonic - moment.large_since > WITHIN_S:
        moment.large_since, moment.large_writes = room.monotonic, 0
    moment.large_writes += 1
    if moment.large_writes >= OFTEN:
        room.context.warned.add(room.spec.name)
        room.context.log.warn(
            "{game}: the document {name} of {size_kib} KiB is stored whole with each step that changes it;"
            ' storage = "fields" stores only the top-level keys that a step changed',
            game=room.spec.name,
            name=name,
            size_kib=size_bytes // 1024,
            room=room.code,
        )
