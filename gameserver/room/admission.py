"""Who may do what in a room."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room import places
from gameserver.room.turns.turn_type import TurnType
from gameserver.room.turns.waiting import waits_for

if TYPE_CHECKING:
    from gameserver.room.contract import MessageContract
    from gameserver.room.effects import Requester
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


def admit_newcomer(room: Room, requester: Requester, role: str, password: str | None) -> None:
    """
    :param password: what `gameserver.node.passwords` made of what the user said.
    :raises Refused: this user gets no new seat of that role here.
    """
    user = requester.user
    admit_unbanned(room, requester)
    if room.spec.player_seats(role) is None or (role == "host" and user.id != room.state.creator):
        raise Refused(f"There is no seat of a {role} for you.", code="forbidden")
    place = places.place_for(room, user.id, role)
    if place is None:
        _admit_stranger(room, role, password)
    if not _is_open_to_role(room, role):
        raise Refused(code="room_locked")


def _admit_stranger(room: Room, role: str, password: str | None) -> None:
    """:raises Refused: whoever has no place here gets none now, or has to know the password."""
    state = room.state
    if state.password is not None and not hmac.compare_digest((password or "").encode(), state.password.encode()):
        raise Refused(code="wrong_password")
    if state.locked:
        raise Refused(code="room_over" if state.status == "over" else "room_locked")
    if places.reserved(room, role) and seated(room, role) >= (room.spec.player_seats(role) or 0):
        raise Refused("The free places are kept for those who come from the last room.", code="room_full")


def open_roles(room: Room) -> Collection[str]:
    """:returns: the roles of which somebody new may find a seat here who knows no code and no password."""
    if room.state.private or room.state.password is not None:
        return ()
    return free_roles(room)


def free_roles(room: Room) -> list[str]:
    """:returns: the roles of which there is a seat for somebody new who knows what has to be known."""
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

    Whoever has a seat is led back to it, unless the game is over: who looks for any room wants to play. To one that was
    left nobody is led.

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
    :returns: how many seats of a role are taken, or kept for others than this user; before a round a bot makes room for
        a person.
    """
    taken = len(room.seats.of_role(role)) + places.reserved(room, role, user_id)
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


def admit_message(room: Room, spec: MessageContract, player: Player, type: str) -> None:
    """:raises Refused: this player may not send that now."""
    if room.state.paused_at is not None:
        admit_while_paused(room, player)
    refused = why_not(room, spec, player, type)
    if refused is not None:
        raise refused


def why_not(room: Room, spec: MessageContract | None, player: Player, type: str) -> Refused | None:
    """
    :param spec: None: a message of the function style, which has no schema; `Contract.turn_types` may know it.
    :returns: why this player may not send that now, paused or not; None: it is open.
    """
    if spec is None:
        return _why_not_type(room, player, type)
    by = spec.by
    if not (is_host(room, player) if by == "host" else by in ("any", player.role)):
        return Refused(f"Only a {by} may do that.", code="forbidden")
    if spec.turn and not _is_turn_of(room, spec, player):
        return Refused(code="not_your_turn")
    if spec.phase is not None and spec.phase != room.state.phase:
        return Refused("Not now.")
    if spec.question:
        return room.asking.why_not(spec.method, player, revise=room.spec.questions[spec.method].revise)
    return None


def _why_not_type(room: Room, player: Player, type: str) -> Refused | None:
    found = room.spec.turn_types.get(type)
    if found is None:
        return None
    if player.role != "player":
        return Refused("Only a player may do that.", code="forbidden")
    return None if _is_turn_of(room, found, player) else Refused(code="not_your_turn")


def _is_turn_of(room: Room, spec: MessageContract | TurnType, player: Player) -> bool:
    if spec.turn != "any":
        return has_turn(room, player, spec.stage)
    return room.state.status == "playing" and (not spec.stage or room.turns.stage in spec.stage)


def has_turn(room: Room, player: Player, stages: tuple[str, ...]) -> bool:
    """Whether a player is waited for, in one of these stages; where none is given, in none that has a name."""
    state = room.state.turns
    if state is None or room.state.status != "playing":
        return False
    stage = state.calls[-1].stage if state.calls else None
    return (stage in stages if stages else stage is None) and waits_for(room, state, player.id)


def admit_while_paused(room: Room, player: Player) -> None:
    """:raises Refused: ``paused``: only the host may go on."""
    if room.state.paused_at is not None and not is_host(room, player):
        raise Refused(code="paused")


def is_host(room: Room, seat: Player) -> bool:
    """Whether a seat has the host's rights: it has the flag, or is a screen of the user who made the room."""
    return seat.id == room.seats.host or hosts_beside(room, seat)


def hosts_beside(room: Room, seat: Player) -> bool:
    """Whether a seat has the host's rights besides the host: a screen of who made the room, which has no flag."""
    return seat.role == "screen" and seat.user_id == room.state.creator


def is_full(room: Room) -> bool:
    """Whether all seats of players are taken."""
    return len(room.seats.of_role("player")) >= room.game_class.max_players
