"""
Who has the host's flag.

Once its owner has left for good, it passes by seniority among those who play, to those who are online before those who
are away. While its owner is away it is lent, so that nobody waits for a phone that sleeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gameserver.room.seats import Player, check_player

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

HOST_ROLES: Final = ("player", "host")
"""Who may have the flag; a screen or a spectator never has."""
LEND_S: Final = 10.0
"""The flag of a host who is away for so long is lent."""


def set_host(room: RoomCore, seat: Player | None) -> None:
    """Make this seat the host, for good: whoever borrowed or lent it has no right to it any more."""
    away_at = room.now + LEND_S if seat is not None and not seat.online else None
    host = seat.id if seat is not None else None
    room.journal.update(room.state, host=host, host_owner=None, host_away_at=away_at)


def make_host(room: RoomCore, player: Player) -> None:
    """
    Make this player the host, as the game wants it.

    :raises ValueError: that player has left, or may not be host.
    """
    check_player("make_host", player)
    if not _is_seated(room, player.id):
        raise ValueError(f"{player!r} has left the room")
    if player.role not in HOST_ROLES or player.bot is not None:
        raise ValueError(f"a {player.role if player.bot is None else 'bot'} cannot be host")
    set_host(room, player)


def pass_on(room: RoomCore) -> None:
    """Somebody has come, or left for good: if nobody has the flag, find whom it goes to."""
    seats, state = room.seats, room.state
    if state.host_owner is not None and not _is_seated(room, state.host_owner):
        room.journal.set(state, "host_owner", None)
    if not _is_seated(room, state.host):
        if state.host_owner is None:
            set_host(room, _heir(room) or next(_who_may(room), None))
        else:
            _lend(room, _heir(room) or seats[state.host_owner])


def host_away(room: RoomCore, seat: Player) -> None:
    """A seat's player has dropped: if that is the host, the flag is lent before long."""
    if seat.id == room.state.host:
        room.journal.set(room.state, "host_away_at", room.now + LEND_S)


def host_back(room: RoomCore, seat: Player) -> None:
    """A seat's player is here again: the flag returns to its owner, or is lent where nobody could borrow it before."""
    state = room.state
    if seat.id == state.host_owner:
        set_host(room, seat)
    elif seat.id == state.host:
        room.journal.set(state, "host_away_at", None)
    elif state.host is not None and state.host_away_at is None and not room.seats[state.host].online:
        lend(room)


def lend(room: RoomCore) -> None:
    """The host was away for long enough: of those who are online, the one who has sat here longest borrows the flag."""
    room.journal.set(room.state, "host_away_at", None)
    heir = _heir(room)
    if heir is not None:
        _lend(room, heir)


def _lend(room: RoomCore, heir: Player) -> None:
    owner = room.state.host_owner or room.state.host
    away_at = None if heir.online else room.now + LEND_S
    host_owner = owner if owner != heir.id else None
    room.journal.update(room.state, host=heir.id, host_owner=host_owner, host_away_at=away_at)


def _is_seated(room: RoomCore, id: str | None) -> bool:
    """Whether there is such a seat, and its owner has not left it."""
    seat = room.seats.get(id or "")
    return seat is not None and not seat._kept.has_left


def _heir(room: RoomCore) -> Player | None:
    if room.moment.empty_since is not None and room.moment.grace_until is None:
        return None  # nobody is here; as all go one by one, each would look at all who are left
    return next((seat for seat in _who_may(room) if seat.online), None)


def _who_may(room: RoomCore) -> Iterator[Player]:
    return (
        seat for seat in room.seats.values() if seat.role in HOST_ROLES and seat.bot is None and not seat._kept.has_left
    )


def is_host(room: RoomCore, seat: Player) -> bool:
    """Whether a seat has the host's rights: it has the flag, or is a screen of the user who made the room."""
    return seat.id == room.seats.host or hosts_beside(room, seat)


def hosts_beside(room: RoomCore, seat: Player) -> bool:
    """Whether a seat has the host's rights without the flag: it is a screen of the user who made the room."""
    return seat.role == "screen" and seat.user_id == room.state.creator
