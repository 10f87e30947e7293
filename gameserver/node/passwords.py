"""
Passwords of rooms: they are hashed before the room gets the input, so that no room waits for that.

A room keeps its password as an Argon2id hash; a fast hash with the room's own key, as older releases made it, is still
good. With a join the room gets its own hash back if the password was right, and so has nothing to compute.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from gameserver.interfaces import IHasher, User
from gameserver.protocol.passwords import normal_form, spellings
from gameserver.room.kept_places import place_for

if TYPE_CHECKING:
    from gameserver.room.room import Room

_ARGON2: Final = "$argon2"


class Passwords:
    """:param hasher: None: use the room's own fast hash."""

    def __init__(self, hasher: IHasher | None) -> None:
        self._hasher = hasher

    async def keep(self, room: Room, password: str | None) -> str | None:
        """
        :returns: what a new room keeps of its password; None if it has none.
        :raises Refused: ``busy``: too many passwords are being hashed; ``bad_data``: it is too long.
        """
        if not password:
            return None
        return await self._hasher.hash(password) if self._hasher is not None else room.digest(normal_form(password))

    async def prove(self, room: Room, user: User, role: str | None, password: str | None) -> str | None:
        """
        :returns: the hash that the room keeps, if the password is right or this user needs none; else None.
        :raises Refused: ``busy``: too many passwords are being hashed.
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
