"""A session in a seat of a room: who speaks there, and how what it says is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gameserver.room.effects import LastingRequester, Requester

if TYPE_CHECKING:
    from gameserver.interfaces import ISession, User
    from gameserver.node.runner import RoomRunner


class SessionSeat:
    """
    One seat of one session, for as long as it has it.

    :param id: the seat's.
    :param typed: what it sends is read by types; else the room reads it.
    :ivar requester: who sends what has no id.
    :ivar last_type: of the message that came last.
    :ivar decode: reads the data of such messages, see `MessageSpec`; None: the room does.
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

    def turn_to(self, type: str) -> None:
        """A message comes of another type than the last one."""
        spec = self.runner.room.spec.messages.get(type)
        self.last_type = type
        self.decode = spec.decode if spec is not None and self._typed else None

    def asking(self, id: int | None) -> Requester:
        """:returns: who asks, with the id of a request."""
        requester = self.requester
        return requester if id is None else Requester(requester.session, requester.user, id, requester.room)
