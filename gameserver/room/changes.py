"""What one step gathers, to be told at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gameserver.room.effects import Requester

if TYPE_CHECKING:
    from gameserver.room.seats import Player


class Utterance(Struct, frozen=True, gc=False):
    """
    Something that a game said in this step, to be told at its end to all who hear a stream.

    :ivar key: the stream.
    """

    key: str
    type: str
    data: Any


class Aside(Utterance, frozen=True, gc=False):
    """
    One that is volatile, or not for all.

    :ivar but: a seat that is left out.
    """

    but: str | None
    volatile: bool


class Spoken(Struct, frozen=True):
    """
    A line of chat of this step.

    :ivar keys: the streams that it goes out on.
    :ivar but: seats that are left out of it.
    """

    keys: tuple[str, ...]
    seat: str | None
    name: str | None
    to: str
    text: str
    data: Any
    emote: bool = False
    mentions: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    shadow: bool = False


class Newcomer(Struct, frozen=True):
    """A session that is told ``joined`` at the end of this step."""

    requester: Requester
    seat: str
    recovered: bool | None


class Departure(Struct, frozen=True):
    """A seat that is gone for good with this step."""

    seat: Player
    reason: str
    text: str | None
