"""What a room keeps of the rooms before and after it, in which the same people play."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from gameserver.room.stored import PLAIN


class KeptPlace(Struct, frozen=True, omit_defaults=True):
    """
    A place that is kept for somebody in a room that goes on from another.

    :ivar was: the role of its owner's seat in the room before.
    :ivar role: the role of the place; None: this game has none like that, and nothing is reserved.
    :ivar host: that seat was the host's.
    :ivar wanted: the role that its owner would have, where a game has it.
    """

    user_id: str
    was: str
    role: str | None
    name: str
    profile: Annotated[Any, PLAIN]
    host: bool = False
    wanted: str | None = None


class Successor(Struct, frozen=True, omit_defaults=True):
    """
    The room in which all go on.

    :ivar room: its id.
    :ivar options: as they were asked for.
    :ivar user_id: who asked.
    :ivar key: of the client that asked, and ``request`` the id under which.
    :ivar until: so long this room's code leads there; None: it is not made yet.
    """

    room: str
    code: str
    game: str
    options: Annotated[dict[str, Any], PLAIN]
    user_id: str
    seat: str
    key: str
    request: int | None = None
    until: float | None = None

    @property
    def is_made(self) -> bool:
        """Whether all have gone there."""
        return self.until is not None


class Wins(Struct, frozen=True):
    """How often somebody has won in the rounds of an evening; ``name`` is what they were called last."""

    name: str
    wins: int
