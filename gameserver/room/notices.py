"""
What a system outside is told of a room, such as the Django project whose users play in it.

A notice is stored with the step that it tells of (`Commit.notices`), and sent after that: no death of the process loses
one. It may be sent twice, and has the same id then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class Present(Struct, frozen=True):
    """Who had a seat."""

    user: str
    name: str
    role: str
    number: int | None = None


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    :ivar id: no other notice has it.
    :ivar kind: ``game_started``, ``game_over`` or ``player_left``; of the server's moderation ``sanction``, ``lifted``
        or ``report``.
    :ivar at: seconds since 1970.
    :ivar room: the room's id, which no other room ever has.
    :ivar code: what people typed to come there.
    :ivar round: how often the room was started before.
    :ivar result: what the game ended with.
    :ivar players: who had a seat when the step began; for ``player_left`` whoever gave it up.
    :ivar reason: why somebody left.
    :ivar data: what there is to say of moderation.
    """

    id: str
    kind: str
    at: float
    room: str = ""
    code: str = ""
    game: str = ""
    round: int = 0
    result: Any = None
    players: tuple[Present, ...] = ()
    reason: str = ""
    data: Any = None

    @property
    def page(self) -> str:
        """The name of its page in the store: pages are read in this order."""
        return f"{round(self.at * 1000):015d}-{self.id}"

    def encode(self) -> bytes:
        """:returns: the notice as it is stored and sent."""
        return msgspec.json.encode(self)


def note(room: Room, kind: str, *, result: Any = None, left: Player | None = None, reason: str = "") -> None:
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


def _concerned(room: Room) -> list[Player]:
    """:returns: all seats, and who gives one up with this step: a game may be over for that."""
    return [*room.seats.values(), *(gone.seat for gone in room.changes.departures)]


def _present(seat: Player) -> Present:
    return Present(seat.user_id, seat.name, seat.role, seat.number)
