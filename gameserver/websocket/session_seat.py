"""A session in a seat of a room: who speaks there, and how its messages are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gameserver.room.effects import LastingRequester, Requester

if TYPE_CHECKING:
    from gameserver.interfaces import ISession, User
    from gameserver.node.runner import RoomRunner


class SessionSeat:
    """
    One seat of one session, for as long as the session has it.

    :param id: the seat's.
    :param typed: whether the data of its messages are decoded here, by the types that the game declares; else the room
        does it.
    :ivar requester: the requester of messages without an id.
    :ivar last_type: the type of the message that came last.
    :ivar decode: decodes the data of messages of that type, see `MessageSpec`; None: the room does.
    """

    __slots__ = ("_typed", "code", "decode", "id", "last_type", "requester", "runner")

    def __init__(self, runner: RoomRunner, id: str, session: ISession, user: User, *, typed: bool) -> None:
        self.runner = runner
        self.id = id
        self.code = runner.room.code
        self.requester: Requester = LastingRequester(session, user, None, self.code)
        self.last_type: str | None = None
        self.decode: Callable[[Any], Any] | None = None
        self._typed = typed

    def expect_type(self, type: str) -> None:
        """Prepare for a message of another type than the last."""
        spec = self.runner.room.spec.messages.get(type)
        self.last_type = type
        self.decode = spec.decode if spec is not None and self._typed else None

    def asking(self, id: int | None) -> Requester:
        """:returns: the requester of a message; ``id`` is the message's, if it has one."""
        requester = self.requester
        return requester if id is None else Requester(requester.session, requester.user, id, requester.room)
