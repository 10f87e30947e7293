"""What clients have by patches is what the room has: checked after each step of a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner
    from gameserver.room.room import Room
    from gameserver.testing.visitor import Visitor


def check_mirrors(runner: RoomRunner, visitors: Iterable[Visitor]) -> None:
    """
    Compare the documents of visitors who are online with the room's, unless something is yet to be told.

    :raises AssertionError: one differs.
    """
    room = runner.room
    if room.publisher.patches or room.journal.undo or not runner.commits.settled:
        return
    for visitor in visitors:
        seat = room.seats.get(visitor.id)
        if visitor.online and seat is not None and room.publisher.listeners(seat.id):
            for stream, mirror in visitor.docs.items():
                if mirror != as_told(room, f"seat:{visitor.id}" if stream == "seat" else stream):
                    raise AssertionError(f"{visitor.name} has another {stream!r} than the room: {mirror}")


def as_told(room: Room, key: str) -> dict[str, Any]:
    """:returns: a document as clients have it: with floats rounded, where the game says so."""
    document = room.docs.get(key)
    tree = document.plain() if document is not None else {}
    quanta = room.spec.quanta
    rounded: dict[str, Any] = tree if quanta is None else quanta.rounded(tree, ())
    return rounded
