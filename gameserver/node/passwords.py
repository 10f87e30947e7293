"""
Passwords of rooms: hashed before a room is asked, so that neither it nor any other waits for that.

A room keeps its password as Argon2id hash; those of before, which were hashed fast with the room's own key, still open.
What a room is given by who joins is its own hash, if the password was right, and so it has nothing to compute.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from gameserver.interfaces import IHasher, User
from gameserver.protocol.passwords import normal_form, spellings
from gameserver.room.places import place_for

if TYPE_CHECKING:
    from gameserver.room.room import Room

_ARGON2: Final = "$argon2"


class Passwords:
    """:param hasher: None where hashing fast will do."""

    def __init__(self, hasher: IHasher | None) -> None:
        self._hasher = hasher

    async def keep(self, room: Room, password: str | None) -> str | None:
        """
        :returns: what a new room keeps of its password; None for none.
        :raises Refused: ``busy``: too many are hashed now; ``bad_data``: it is too long.
        """
        if not password:
            return None
        return await self._hasher.hash(password) if self._hasher is not None else room.digest(normal_form(password))

    async def prove(self, room: Room, user: User, role: str | None, password: str | None) -> str | None:
        """
        :returns: what the room keeps, if the password is right or none is asked for; else None.
        :raises Refused: ``busy``: too many are hashed now.
        """
        kept = room.state.password
        if kept is None or room.seats.of_user(user.id, role or "player") is not None or place_for(room, user.id, role):
            return kept
        if not password or room.talking.ban_of(user.id) is not None:
            return None
        return kept if await self._fits(room, kept, password) else None

    async def _fits(self, room: Room, kept: str, password: str) -> bool:
        if self._hasher is not None and kept.startswith(_ARGON2):
            return await self._hasher.verify(kept, password)
        return any(hmac.compare_digest(room.digest(each), kept) for each in spellings(password))
