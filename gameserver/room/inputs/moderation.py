"""Players report and block one another, and an operator acts on a room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.protocol import messages
from gameserver.room.chat import moderation
from gameserver.room.inputs.chat import find_line
from gameserver.room.inputs.input import Input, SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

ABOUT_A_SEAT: Final = (moderation.mute, moderation.unmute, moderation.kick, moderation.ban)
"""Acts that are called with a player."""


class ReportSeat(SeatRequest[messages.Report], frozen=True):
    """A player brings a line or a seat to those who moderate."""

    async def do(self, room: Room, player: Player) -> None:
        """Keep the report with what it is about."""
        asked = self.message
        line = None
        if asked.stream is not None and asked.line is not None:
            line = find_line(room, player, asked.stream, asked.line)
        seat = room.seats.get(asked.seat) if asked.seat is not None else None
        if line is None and seat is None:
            why = "Name a line or a seat." if asked.seat is None else "There is no such seat."
            raise Refused(why, code="bad_data", path="$.seat")
        moderation.report(room, player, whom=seat, line=line, reason=asked.reason, address=self.requester.address)


class BlockSeat(SeatRequest[messages.Block], frozen=True):
    """A player wants to hear nothing more of another."""

    async def do(self, room: Room, player: Player) -> None:
        """Block the user of that seat, or unblock it."""
        seat = room.seats.get(self.message.seat or "")
        if seat is None:
            raise Refused("There is no such seat.", code="bad_data", path="$.seat")
        moderation.block(room, player, seat, self.message.on)


class Moderate(Input, frozen=True):
    """
    An operator acts on a room from outside; refused, where there is no such seat, or not this one.

    :ivar act: one of `gameserver.room.chat.moderation`.
    :ivar seat: whom it is about, where it is about somebody.
    :ivar how: what else it is called with.
    """

    act: Callable[..., Any]
    by: User
    seat: str | None
    how: dict[str, Any]

    @property
    def what(self) -> str:
        """The act's name as well."""
        return f"moderate ({self.act.__name__})"

    async def apply(self, room: Room) -> None:
        """Look for the seat, and act."""
        about: list[Player] = []
        if self.act in ABOUT_A_SEAT:
            whom = room.seats.get(self.seat or "")
            if whom is None:
                raise Refused("There is no such seat.", code="not_found")
            about.append(whom)
        await room.game_calls.game("moderate", self.act, room, self.by, *about, **self.how)
