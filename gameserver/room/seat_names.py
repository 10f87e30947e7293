"""What those in a room are called there: no two the same, and no guest as an account that is in the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.interfaces.users import is_guest
from gameserver.protocol.names import name_key, numbered

if TYPE_CHECKING:
    from gameserver.interfaces import User
    from gameserver.room.room import Room


def name_for(room: Room, user: User, wish: str) -> str:
    """
    Find a newcomer's name; a guest who is called like an account that comes in gives way.

    The seats of one user, a phone's and a screen's, may have one name: nobody is taken for somebody else.

    :param wish: what the newcomer wants to be called, as `gameserver.protocol.names.check_name` returns it.
    :returns: that, or with a number where another seat has one that a person could take for it.
    """
    taken = {name_key(seat.name): seat for seat in room.seats.values() if seat.user_id != user.id}
    key = name_key(wish)
    holder = taken.get(key)
    if holder is None:
        return wish
    if holder.account or is_guest(user) or key != name_key(user.name):
        return numbered(wish, taken, room.context.name_chars)
    room.journal.set(holder._kept, "name", numbered(holder.name, taken, room.context.name_chars))
    return wish
