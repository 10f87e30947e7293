"""Telling a system outside that a round began or ended, or that somebody left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.room.notices import Notice, Present

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.seats import Player


def note(room: RoomCore, kind: str, *, result: Any = None, left: Player | None = None, reason: str = "") -> None:
    """
    Tell of this step, if anybody wants to know and the step is stored.

    :param left: who gave up a seat, where that is what happened.
    """
    if room.context.notified is None or room.game_class.durability == "none":
        return
    notice = Notice(
        id=f"{room.id}-{kind}-{room.state.rounds}" if left is None else f"{room.id}-{kind}-{left.id}",
        kind=kind,
        at=room.now,
        room=room.id,
        code=room.code,
        game=room.spec.name,
        round=room.state.rounds,
        result=result,
        players=tuple(map(_present, _concerned(room) if left is None else [left])),
        reason=reason,
    )
    room.journal.append(room.changes.notices, notice)


def _concerned(room: RoomCore) -> list[Player]:
    """:returns: all seats, and who gives one up with this step: a game may be over for that."""
    return [*room.seats.values(), *(gone.seat for gone in room.changes.departures)]


def _present(seat: Player) -> Present:
    return Present(seat.user_id, seat.name, seat.role, seat.number)
