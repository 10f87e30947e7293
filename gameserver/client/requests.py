"""What a client asked and is yet to be answered: said again on the next connection where that does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, fail

from gameserver.errors import ConnectionFailed, Refused

if TYPE_CHECKING:
    from gameserver.client.link import Link
    from gameserver.client.room import Room

REMEMBERED: Final = frozenset({"send", "chat", "start", "host", "undo", "ready", "bot", "options"})
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


class Requests:
    """
    All requests of one client that have no answer yet, by id.

    :param link: the way to the server.
    :ivar welcomed: whether the server has said welcome on the connection that there is; before, nothing is said.
    :ivar frame_bytes: the longest message that the server takes, once it has told.
    :ivar last_id: the highest id in use; the server never applies a lower one that is new to it.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pending: dict[int, Request] = {}
        self.welcomed = False
        self.frame_bytes: int | float | None = None
        self.last_id = 0

    def ask(self, op: str, room: Room | None, code: str | None, fields: dict[str, Any]) -> Deferred[Any]:
        """
        Ask for something, now or as soon as it may be said.

        :param room: whose seat asks, if one does; it is said once that seat is this connection's.
        :param code: of the room that it is about.
        :returns: fires with the answer. Cancelling it forgets the request, which may have been said.
        """
        id = self.last_id + 1
        frame = self._link.frame(op, id=id, room=code, **fields)
        if self.frame_bytes is not None and len(frame) > self.frame_bytes:
            return fail(Refused(code="too_large"))  # the server would close the connection, and after it the next
        self.last_id = id
        answer: Deferred[Any] = Deferred(lambda _: self._forget(id))
        if op == "join" and code is None:
            op = "match"
        request = self._pending[id] = Request(id, op, frame, room, answer)
        if self._may_say(request):
            self._say(request)
        return answer

    def tell(self, op: str, room: Room, fields: dict[str, Any]) -> None:
        """Say something that has no answer, if it may be said now."""
        frame = self._link.frame(op, room=room.code, **fields)
        if self.welcomed and room._attached:
            self._link.write(frame)

    def find(self, id: int | None) -> Request | None:
        """:returns: the request of this id, if it has no answer yet."""
        return None if id is None else self._pending.get(id)

    def take(self, id: int | None) -> Request | None:
        """:returns: the same; it is answered now."""
        return None if id is None else self._pending.pop(id, None)

    def of(self, room: Room) -> Iterator[Request]:
        """:returns: those of one room's seat."""
        return (request for request in list(self._pending.values()) if request.room is room)

    def said(self, request: Request) -> bool:
        """Whether the connection that there is has carried it."""
        return request.sent_on == self._link.number

    def say_waiting(self, room: Room | None) -> None:
        """Say, by id, what this connection has not carried yet: an id below one that was applied is never applied."""
        for request in list(self._pending.values()):
            if request.room is room and not self.said(request) and self._may_say(request):
                self._say(request)

    def settle(self, request: Request) -> None:
        """The seat is gone, and the server will not answer this any more."""
        self._pending.pop(request.id, None)
        if request.op == "leave" or request.room is None:
            request.answer.callback(None)
        else:
            request.answer.errback(seat_gone(request.room))

    def lose(self) -> None:
        """The connection is over: what may not be said again on the next one fails."""
        self.welcomed = False
        for request in list(self._pending.values()):
            if request.op == "resume" and request.room is not None:
                del self._pending[request.id]  # the client's own; the next connection begins with another
            elif request.op in ("create", "match") and request.sent_on:
                why = f"the connection was lost before {request.op} was answered: it may have made a room"
                self._fail(request, why)
            elif request.room is not None and request.room.left is not None:
                self.settle(request)

    def fail_uncertain(self) -> None:
        """The server has not kept who we were: what was said before might be applied a second time."""
        for request in list(self._pending.values()):
            if request.sent_on and request.op in REMEMBERED:
                self._fail(request, "it is not known whether this was done: the server forgot us")

    def end(self, why: str) -> None:
        """There will be no further connection: all fail."""
        self.welcomed = False
        pending, self._pending = self._pending, {}
        for request in pending.values():
            request.answer.errback(ConnectionFailed(why))

    def _fail(self, request: Request, why: str) -> None:
        self._pending.pop(request.id, None)
        request.answer.errback(ConnectionFailed(why))

    def _forget(self, id: int) -> None:
        self._pending.pop(id, None)

    def _may_say(self, request: Request) -> bool:
        return self.welcomed and (request.room is None or request.op == "resume" or request.room._attached)

    def _say(self, request: Request) -> None:
        request.sent_on = self._link.number
        self._link.write(request.frame)


def seat_gone(room: Room) -> Refused:
    """:returns: the error of whatever is asked for a seat that is gone."""
    return Refused(f"The seat in {room.code} is gone.", code="not_found")
