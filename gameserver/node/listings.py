"""What people who look for a room are told of it, also while it sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from gameserver.errors import Elsewhere
from gameserver.protocol import values
from gameserver.room.admission import free_roles
from gameserver.room.moving_on import check_here

if TYPE_CHECKING:
    from gameserver.room.room import Room


class Sitter(Struct, frozen=True):
    """Who has a seat: ``seat`` and ``user`` are ids."""

    seat: str
    user: str
    name: str
    role: str
    online: bool


class Listing(Struct, frozen=True):
    """
    What anybody may know of a room; ``room`` is its code, and ``seats`` are for moderators only.

    :ivar open_to: the roles in which somebody new would find a seat, with the password if one is needed.
    :ivar host: the host's name; None: there is no host at the moment.
    :ivar here: how many people are connected, in whatever role.
    :ivar made_ms: milliseconds since 1970 when the room was made.
    """

    room: str
    game: str
    title: str
    status: str
    players: int
    max_players: int
    locked: bool
    needs_password: bool
    options: Any
    open_to: list[str]
    host: str | None = None
    here: int = 0
    made_ms: int = 0
    seats: list[Sitter] | UnsetType = UNSET


def listing_of(room: Room) -> Listing:
    """
    :returns: what anybody may know of a room.
    :raises Elsewhere: all players have gone on to another room.
    """
    check_here(room)
    host = room.seats.get(room.state.host or "")
    return Listing(
        room=room.code,
        game=room.spec.name,
        title=room.spec.title,
        status=room.state.status,
        players=len(room.seats.of_role("player")),
        max_players=room.game_class.max_players,
        locked=room.state.locked,
        needs_password=room.state.password is not None,
        options=values.to_wire(room.state.options),
        open_to=[role for role in free_roles(room) if role != "host"],  # that is for the creator
        host=host.name if host is not None else None,
        here=sum(1 for seat in room.seats.values() if seat.online and seat.bot is None),
        made_ms=round(room.state.created * 1000),
    )


def seats_of(room: Room) -> Listing:
    """:returns: what moderators are told of a room: its listing, with its seats."""
    seats = [Sitter(seat.id, seat.user_id, seat.name, seat.role, seat.online) for seat in room.seats.values()]
    return replace(listing_of(room), seats=seats)


def kept_listing(room: Room) -> str | None:
    """:returns: what the lobby shows of a room while it sleeps, JSON of a `Listing`; None: it is not shown."""
    if room.state.private:
        return None
    try:
        return msgspec.json.encode(listing_of(room)).decode()
    except Elsewhere:
        return None
