"""Something that a client asked, until it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred

if TYPE_CHECKING:
    from gameserver.client.room import Room

REMEMBERED: Final = frozenset({"send", "chat", "start"})
"""Of what this client asks, the requests that a server applies once, however often they are said."""


class Request:
    """What was asked, its bytes as they are said again, and the connection that it was last written to (0: none)."""

    __slots__ = ("answer", "frame", "id", "op", "room", "sent_on")

    def __init__(self, id: int, op: str, frame: bytes, room: Room | None, answer: Deferred[Any]) -> None:
        self.id = id
        self.op = op
        self.frame = frame
        self.room = room
        self.answer = answer
        self.sent_on = 0
