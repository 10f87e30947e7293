"""The places that are kept in a room that goes on from another, for those who had seats there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from gameserver.room.hosts import HOST_ROLES
from gameserver.room.state import KeptPlace

if TYPE_CHECKING:
    from gameserver.room.contract import Contract
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

RESERVED_S: Final = 60.0
"""So long nobody else gets a place; whoever comes later is still known by name, and needs no password."""
WATCHER: Final = "spectator"
"""The role, where a game has it, of those for whom there is no other place."""


def places_for(room: Room, spec: Contract) -> list[KeptPlace]:
    """
    :param room: that all leave.
    :param spec: of the game that they go on with.
    :returns: the places that they have there: the host's first, then in the order in which they came.
    """
    taken: Counter[str] = Counter()
    people = [seat for seat in room.seats.values() if seat.bot is None and not seat._kept.has_left]
    people.sort(key=lambda seat: seat.id != room.state.host)
    found = []
    for seat in people:
        wanted = seat._kept.wanted or seat.role
        role = next((one for one in (wanted, WATCHER) if taken[one] < (spec.player_seats(one) or 0)), None)
        if role is not None:
            taken[role] += 1
        host = seat.id == room.state.host and seat.role in HOST_ROLES
        found.append(KeptPlace(seat.user_id, seat.role, role, seat.name, seat.profile, host, wanted))
    return found


def place_for(room: Room, user_id: str, role: str | None) -> KeptPlace | None:
    """
    :param role: that the user had, or is to have; None: any of theirs, a player's before others.
    :returns: the place that is kept for this user.
    """
    own = [one for one in room.state.places if one.user_id == user_id and role in (None, one.was, one.role)]
    return min(own, key=lambda place: (place.was != role, place.was != "player"), default=None)


def reserved(room: Room, role: str, user_id: str | None = None) -> int:
    """:returns: how many places of a role are kept for others than this user."""
    if room.state.places_until is None:
        return 0
    return sum(1 for place in room.state.places if place.role == role and place.user_id != user_id)


def take(room: Room, place: KeptPlace, seat: Player) -> None:
    """Whoever it was kept for has come, and has this seat."""
    if place.wanted not in (None, seat.role):
        room.journal.set(seat._kept, "wanted", place.wanted)
    room.journal.set(room.state, "places", tuple(one for one in room.state.places if one is not place))


def called(room: Room, user_id: str) -> list[str]:
    """:returns: the names of those, besides this user, for whom places are still kept."""
    if room.state.places_until is None:
        return []
    return [place.name for place in room.state.places if place.user_id != user_id]


def let_go(room: Room) -> None:
    """Let anybody have the places from now on."""
    room.journal.set(room.state, "places_until", None)


def is_hosts(place: KeptPlace | None, seat: Player) -> bool:
    """Whether a seat that was just taken is to have the host's flag."""
    return place is not None and place.host and seat.role in HOST_ROLES
