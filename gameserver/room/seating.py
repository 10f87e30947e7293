"""How somebody gets a seat, and how a seat ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from gameserver.errors import Refused
from gameserver.room import hosts, notify
from gameserver.room.changes import Departure
from gameserver.room.seats import Player
from gameserver.room.state import SeatState
from gameserver.room.turns import ring

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.room import Room


def take(
    room: RoomCore,
    user_id: str,
    name: str,
    profile: dict[str, Any],
    role: str,
    *,
    bot: str | UnsetType = UNSET,
) -> Player:
    """
    Give a user a new seat.

    :param bot: the level of the bot that sits there, if it is one.
    :raises Refused: ``room_full``.
    """
    if len(room.seats.of_role(role)) >= (room.spec.player_seats(role) or 0):
        raise Refused(f"There is no free seat for a {role}." if role != "player" else "", code="room_full")
    number = room.seats.index.free_number() if role == "player" else None
    state, journal = room.state, room.journal
    kept = SeatState(
        id=str(state.next_seat),
        user_id=user_id,
        name=name,
        profile=profile,
        role=role,
        number=number,
        hold_s=room.game_class.hold_s,
        online=bot is not UNSET,
        bot=bot,
    )
    seat = Player(room, kept)
    journal.set(state, "next_seat", state.next_seat + 1)
    journal.put(room.seats, seat.id, seat)
    journal.touch(kept)
    hosts.pass_on(room)
    return seat


def give_up(room: Room, seat: Player) -> None:
    """Remove a seat for good, from lists and from its groups; its timers are cancelled, its state stays readable."""
    for group in room.groups.values():
        group.remove(seat)
    room.talking.forget_seat(seat)
    room.timers.cancel_all(seat=seat.id, deadlines=True)
    room.journal.remove(room.seats, seat.id)
    room.journal.assign(seat, "gone", True)
    if room.state.turns is not None:
        ring.forget_seat(room, room.state.turns, seat.id)
    room.journal.touch(seat._kept)
    hosts.pass_on(room)


def end(room: Room, seat: Player, reason: str, text: str | None) -> None:
    """A seat ends with this step; its sessions are told why."""
    if seat.bot is None:
        notify.note(room, "player_left", left=seat, reason=reason)
    give_up(room, seat)
    room.journal.append(room.changes.departures, Departure(seat, reason, text))
    note_emptiness(room)


def note_emptiness(room: RoomCore) -> None:
    """If nobody is connected any more, note since when: an empty room closes after a time."""
    if room.moment.empty_since is None and not any(_has_owner(room, seat) for seat in room.publisher.heard):
        room.journal.set(room.moment, "empty_since", room.now)


def _has_owner(room: RoomCore, seat: str) -> bool:
    return seat in room.seats and not room.seats[seat]._kept.has_left
