"""
What a system outside is told of a room, such as the Django project whose users play in it.

A notice is stored with the step that it tells of (`Commit.notices`), and sent after that: no death of the process loses
one. It may be sent twice, and has the same id then. What a room has to tell, `gameserver.room.notify` finds.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct


class Present(Struct, frozen=True):
    """Who had a seat."""

    user: str
    name: str
    role: str
    number: int | None = None


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    :ivar id: no other notice has it.
    :ivar kind: ``game_started``, ``game_over`` or ``player_left``; of the server's moderation ``sanction``, ``lifted``
        or ``report``.
    :ivar at: seconds since 1970.
    :ivar room: the room's id, which no other room ever has.
    :ivar code: what people typed to come there.
    :ivar round: how often the room was started before.
    :ivar result: what the game ended with.
    :ivar players: who had a seat when the step began; for ``player_left`` whoever gave it up.
    :ivar reason: why somebody left.
    :ivar data: what there is to say of moderation.
    """

    id: str
    kind: str
    at: float
    room: str = ""
    code: str = ""
    game: str = ""
    round: int = 0
    result: Any = None
    players: tuple[Present, ...] = ()
    reason: str = ""
    data: Any = None

    @property
    def page(self) -> str:
        """The name of its page in the store: pages are read in this order."""
        return f"{round(self.at * 1000):015d}-{self.id}"

    def encode(self) -> bytes:
        """:returns: the notice as it is stored and sent."""
        return msgspec.json.encode(self)
