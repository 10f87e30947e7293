"""Who gets a seat in a room."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room import kept_places

if TYPE_CHECKING:
    from gameserver.room.effects import Requester
    from gameserver.room.room import Room


def admit_newcomer(room: Room, requester: Requester, role: str, password: str | None) -> None:
    """
    :param password: what `gameserver.node.passwords` made of what the user said.
    :raises Refused: this user gets no new seat of that role here.
    """
    user = requester.user
    admit_unbanned(room, requester)
    if room.spec.player_seats(role) is None or (role == "host" and user.id != room.state.creator):
        raise Refused(f"There is no seat of a {role} for you.", code="forbidden")
    place = kept_places.place_for(room, user.id, role)
    if place is None:
        _admit_stranger(room, role, password)
    if not _is_open_to_role(room, role):
        raise Refused(code="room_locked")


def _admit_stranger(room: Room, role: str, password: str | None) -> None:
    """:raises Refused: a user without a kept place gets no seat now, or has to know the password."""
    state = room.state
    if state.password is not None and not hmac.compare_digest((password or "").encode(), state.password.encode()):
        raise Refused(code="wrong_password")
    if state.locked:
        raise Refused(code="room_over" if state.status == "over" else "room_locked")
    if kept_places.reserved(room, role) and seated(room, role) >= (room.spec.player_seats(role) or 0):
        raise Refused("The free places are kept for those who come from the last room.", code="room_full")


def open_roles(room: Room) -> Collection[str]:
    """:returns: the roles in which somebody new who knows neither code nor password may find a seat here."""
    if room.state.private or room.state.password is not None:
        return ()
    return free_roles(room)


def free_roles(room: Room) -> list[str]:
    """:returns: the roles in which there is a seat for somebody new who knows code and password."""
    if room.moment.closing is not None or room.moment.ended or room.state.locked or room.state.next is not None:
        return []
    roles = ("player", *room.game_class.roles)
    return [
        role
        for role in roles
        if seated(room, role) < (room.spec.player_seats(role) or 0) and _is_open_to_role(room, role)
    ]


def is_open_to(room: Room, requester: Requester, role: str, match: dict[str, Any], coming: int = 0) -> bool:
    """
    Whether this user would find a seat here, in a public room whose options hold ``match``.

    Users are led back to a seat that they have, but not once the game is over, since whoever looks for any room wants
    to play, nor to a seat that they have left.

    :param coming: seats that are promised to others.
    """
    if room.moment.closing is not None or room.moment.ended or room.state.private or room.state.password is not None:
        return False
    if not holds(room.state.options, match):
        return False
    own = room.seats.of_user(requester.user.id, role)
    held = room.publisher.seat_of(requester.session)
    if held is not None and (own is None or held != own.id):
        return False
    if own is not None:
        return room.state.status != "over" and not own._kept.has_left
    try:
        admit_newcomer(room, requester, role, None)
    except Refused:
        return False
    return seated(room, role, requester.user.id) + coming < (room.spec.player_seats(role) or 0)


def seated(room: Room, role: str, user_id: str | None = None) -> int:
    """
    :returns: how many seats of a role are taken, or kept for others than this user. Between rounds bots are not
        counted: they make room for people.
    """
    taken = len(room.seats.of_role(role)) + kept_places.reserved(room, role, user_id)
    passing = room.state.status != "playing" and role == "player"  # bots are players
    return taken - len(room.seats.index.bots) if passing else taken


def holds(options: dict[str, Any], match: dict[str, Any]) -> bool:
    """Whether a room's options have all that is looked for."""
    return all(values.same(options.get(k, match), v) for k, v in match.items())


def admit_unbanned(room: Room, requester: Requester) -> None:
    """:raises Refused: ``forbidden``: this user is banned, here or everywhere."""
    user_id = requester.user.id
    ban = room.talking.ban_of(user_id)
    reason = ban.reason if ban is not None else None
    if reason is None and "admin" not in requester.user.rights:
        reason = room.context.watch.ban_of(user_id, requester.address, room.spec.name, room.now)
    if reason is not None:
        text = "You may not come back to this room"
        raise Refused(f"{text}: {reason}." if reason else f"{text}.", code="forbidden")


def is_banned(room: Room, requester: Requester) -> bool:
    """Whether this user is banned, here or everywhere."""
    try:
        admit_unbanned(room, requester)
    except Refused:
        return True
    return False


def _is_open_to_role(room: Room, role: str) -> bool:
    """Players come before a round, or where the game lets them come late; watchers and screens at any time."""
    late = room.game_class.late_join or not room.game_class.needs_start
    return role != "player" or room.state.status != "playing" or late


def is_full(room: Room) -> bool:
    """Whether all seats of players are taken."""
    return len(room.seats.of_role("player")) >= room.game_class.max_players
