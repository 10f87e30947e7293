"""Chat: lines to the room, a group or a seat, with a bounded history of each channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from gameserver import values
from gameserver.errors import Refused
from gameserver.room.groups import Group
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.room.room import Room

HISTORY: Final = 50
"""Lines kept of each channel."""


class Chat:
    """
    A line on its way, as ``on_chat`` sees it before anybody else.

    :ivar text: what was written.
    :ivar to: ``"room"``, a `Group` or a `Player`.
    :ivar data: what the client added, a JSON value.
    """

    __slots__ = ("data", "hidden", "text", "to")

    def __init__(self, text: str, to: str | Group | Player, data: Any) -> None:
        self.text = text
        self.to = to
        self.data = data
        self.hidden = False

    def hide(self) -> None:
        """Nobody sees it: it was a move."""
        self.hidden = True


class KeptLine(Struct, frozen=True):
    """
    A line of the history.

    :ivar number: which line of the room it is, its place in the store.
    :ivar key: the stream that it was said on.
    :ivar n: its number there.
    :ivar seat: who said it, or None for the game.
    """

    number: int
    key: str
    n: int
    seat: str | None
    name: str | None
    to: str
    text: str
    data: Any
    at_ms: int

    def encode(self) -> bytes:
        """:returns: the line as it is stored."""
        return msgspec.json.encode(msgspec.structs.replace(self, data=values.to_wire(self.data)))

    @staticmethod
    def decode(stored: bytes) -> KeptLine:
        """The reverse of `encode`."""
        return msgspec.convert(values.decode(stored), KeptLine)


class Lines:
    """The history of a room's chat, by channel."""

    __slots__ = ("channels", "next_number")

    def __init__(self) -> None:
        self.channels: dict[str, list[KeptLine]] = {}
        self.next_number = 1

    def keep(self, line: KeptLine) -> KeptLine | None:
        """:returns: the line that was forgotten for this one, if one was."""
        channel = self.channels.setdefault(line.key, [])
        channel.append(line)
        self.next_number = max(self.next_number, line.number + 1)
        return channel.pop(0) if len(channel) > HISTORY else None

    def since(self, key: str, n: int) -> Iterator[KeptLine]:
        """:returns: the lines of a channel that came after message ``n`` of its stream."""
        return (line for line in self.channels.get(key, ()) if line.n > n)

    def forget(self, key: str) -> list[KeptLine]:
        """A channel is gone. :returns: its lines."""
        return self.channels.pop(key, [])


def address(room: Room, to: str) -> str | Group | Player:
    """
    :param to: as on the wire: ``room``, ``group:NAME`` or ``seat:ID``.
    :raises Refused: ``bad_data``: there is no such channel in this room.
    """
    kind, _, name = to.partition(":")
    found: str | Group | Player | None = None
    if to == "room":
        found = "room"
    elif kind == "group":
        found = room.groups.get(name)
    elif kind == "seat":
        found = room.seats.get(name)
    if found is None:
        raise Refused("There is no such channel.", code="bad_data", path="$.to")
    return found


def wire_address(to: str | Group | Player) -> str:
    """
    The reverse of `address`.

    :raises TypeError: not a channel.
    """
    if isinstance(to, Group):
        return to.key
    if isinstance(to, Player):
        return f"seat:{to.id}"
    if to != "room":
        raise TypeError(f'chat goes to "room", a group or a player, not to {to!r}')
    return to
