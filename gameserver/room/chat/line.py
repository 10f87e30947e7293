"""A line of chat, as it is kept."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from gameserver.protocol import values


class KeptLine(Struct, frozen=True, omit_defaults=True):
    """
    A line of the history.

    :ivar number: which line of the room it is, its place in the store.
    :ivar key: the stream that it was said on.
    :ivar n: its number there.
    :ivar seat: who said it, or None for the game.
    :ivar but: seats that do not get it.
    :ivar unheard: seats that do not get what it says now: they have blocked its author since.
    :ivar shadow: it is shown to its writer alone.
    :ivar twin: the number of the same line's first copy, where it went out on two streams.
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
    emote: bool = False
    mentions: tuple[str, ...] = ()
    edited_ms: int | None = None
    but: tuple[str, ...] = ()
    twin: int | None = None
    shadow: bool = False
    unheard: tuple[str, ...] = ()

    def is_for(self, seat: str) -> bool:
        """Whether a seat that hears the stream gets this line."""
        return seat == self.seat if self.shadow else seat not in self.but + self.unheard

    def encode(self) -> bytes:
        """:returns: the line as it is stored."""
        return msgspec.json.encode(msgspec.structs.replace(self, data=values.to_wire(self.data)))

    @staticmethod
    def decode(stored: bytes) -> KeptLine:
        """The reverse of `encode`."""
        return msgspec.convert(values.decode(stored), KeptLine)
