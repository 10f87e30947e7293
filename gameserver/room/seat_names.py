"""The names of those in a room: no two are the same, and no guest has that of an account in the room."""

from __future__ import annotations

from collections.abc import Container, Set
from typing import TYPE_CHECKING

from gameserver.interfaces.users import is_guest
from gameserver.protocol.names import name_key, numbered
from gameserver.room.kept_places import called

if TYPE_CHECKING:
    from gameserver.interfaces import User
    from gameserver.room.room import Room
    from gameserver.room.seat_index import Seats
    from gameserver.room.seats import Player


def name_for(room: Room, user: User, wish: str) -> str:
    """
    Find a newcomer's name; a guest who has the name of an account that comes in gets another.

    The seats of one user, a phone's and a screen's, may have one name: nobody is taken for somebody else.

    :param wish: what the newcomer wants to be called, as `gameserver.protocol.names.check_name` returns it.
    :returns: that, or with a number where another seat has one that a person could take for it.
    """
    key = name_key(wish)
    taken = NamesOfOthers(room.seats, user.id, kept={name_key(name) for name in called(room, user.id)})
    holder = taken.holder(key)
    if holder is None and key in taken:
        return numbered(wish, taken, room.context.name_chars)
    if holder is None:
        return wish
    if holder.account or is_guest(user) or key != name_key(user.name):
        return numbered(wish, taken, room.context.name_chars)
    room.seats.rename(holder, numbered(holder.name, taken, room.context.name_chars))
    return wish


class NamesOfOthers(Container[str]):
    """
    The keys of all names in a room, but for those of one user.

    :param user_id: None: of all.
    :param kept: the keys of names of those who have no seat yet.
    """

    def __init__(self, seats: Seats, user_id: str | None = None, kept: Set[str] = frozenset()) -> None:
        self._seats = seats
        self._user_id = user_id
        self._kept = kept

    def holder(self, key: str) -> Player | None:
        """:returns: who has a name with this key."""
        others = [seat for seat in self._seats.index.called(key) if seat.user_id != self._user_id]
        return others[-1] if others else None

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self._kept or self.holder(key) is not None)
