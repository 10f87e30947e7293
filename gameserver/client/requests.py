"""The requests of a client without an answer: sent again on the next connection where that does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall

from gameserver.errors import ConnectionFailed, Refused

if TYPE_CHECKING:
    from gameserver.client.link import Link
    from gameserver.client.room import Room

REMEMBERED: Final = frozenset({"send", "chat", "start", "host", "undo", "ready", "bot", "options", "next"})
"""The requests of this client that a server applies once, however often they are sent."""


class Detour:
    """
    How often a request or a room was sent elsewhere, or had to wait.

    :ivar hops: redirects that were followed in a row.
    :ivar waits: how often it waited to be sent again.
    :ivar misses: nodes in a row that could not be reached.
    :ivar matches: rooms that a match offered, and in which there was no seat.
    """

    __slots__ = ("hops", "matches", "misses", "waits")

    def __init__(self) -> None:
        self.hops = self.waits = self.misses = self.matches = 0


class Request:
    """
    A request without an answer.

    :ivar code: the code of the room that it is about, if it is about one.
    :ivar frame: its bytes, which stay the same when it is sent again.
    :ivar sent_on: the number of the connection that it was last written to; 0: none.
    :ivar sought: the fields of a match that has become a join.
    :ivar waits: it was refused for the moment, and is sent again after a while.
    """

    __slots__ = (
        "_link",
        "answer",
        "code",
        "detour",
        "fields",
        "frame",
        "id",
        "op",
        "room",
        "sent_on",
        "sought",
        "waits",
    )

    def __init__(
        self, id: int, op: str, room: Room | None, code: str | None, fields: dict[str, Any], link: Link
    ) -> None:
        self.id = id
        self.op = op
        self.room = room
        self.code = code
        self.fields = fields
        self._link = link
        self.frame = b""
        self.answer: Deferred[Any]
        self.sent_on = 0
        self.sought: dict[str, Any] | None = None
        self.waits = False
        self.detour = Detour()

    @property
    def link(self) -> Link:
        """The link that it is sent by: that of the room whose seat asks, else the one it was given."""
        return self._link if self.room is None else self.room._link

    @link.setter
    def link(self, link: Link) -> None:
        self._link = link


class Requests:
    """
    All requests of one client that have no answer yet, by id.

    :param clock: a Twisted reactor, or a clock.
    :ivar frame_bytes: the longest message that the server takes; None: it has not said so yet.
    :ivar last_id: the highest id in use; the server applies no request with a lower id that it has not seen.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._pending: dict[int, Request] = {}
        self._calls: set[IDelayedCall] = set()
        self.frame_bytes: int | float | None = None
        self.last_id = 0

    def ask(self, op: str, room: Room | None, code: str | None, fields: dict[str, Any], link: Link) -> Deferred[Any]:
        """
        Send a request, now or as soon as it may be sent.

        :param room: the room whose seat asks, if one does; it is sent once the connection has that seat.
        :param code: the code of the room that it is about.
        :param link: the link that it is sent by, if no room's seat asks.
        :returns: fires with the answer. Cancelling it forgets the request, which may have been sent.
        """
        id = self.last_id + 1
        request = Request(id, "match" if op == "join" and code is None else op, room, code, fields, link)
        frame = request.frame = _frame(request)
        if self.frame_bytes is not None and len(frame) > self.frame_bytes:
            return fail(Refused(code="too_large"))  # the server would close the connection, and after it the next
        self.last_id = id
        request.answer = Deferred(lambda _: self._forget(request.id))
        self._pending[id] = request
        if self._may_say(request):
            self._say(request)
        return request.answer

    def send_to(self, request: Request, link: Link) -> None:
        """Send a request, which no seat asks, by this link instead, as soon as it is open."""
        self._pending[request.id] = request  # if its answer was taken, it waits for another one
        request.link, request.sent_on, request.waits = link, 0, False
        if self._may_say(request):
            self._say(request)

    def say_later(self, request: Request, link: Link, delay_s: float) -> None:
        """Do as `send_to` does, after a while."""
        self._pending[request.id] = request
        request.link, request.sent_on, request.waits = link, 0, True

        def now() -> None:
            self._calls.discard(call)
            if self._pending.get(request.id) is request:
                self.send_to(request, link)

        call = self._clock.callLater(delay_s, now)
        self._calls.add(call)

    def become(self, request: Request, op: str, code: str | None, fields: dict[str, Any]) -> None:
        """Turn a request into another, which fires the same Deferred; it is not sent yet."""
        self._pending.pop(request.id, None)
        if request.op == "match":
            request.sought = request.fields
        self.last_id += 1  # the old one may have been answered
        request.id, request.op, request.code, request.fields = self.last_id, op, code, fields
        request.frame = _frame(request)
        self._pending[request.id] = request

    def tell(self, op: str, room: Room, fields: dict[str, Any]) -> None:
        """Send something that has no answer, if it may be sent now."""
        frame = room._link.frame(op, room=room.code, **fields)
        if room._link.welcomed and room._attached:
            room._link.write(frame)

    def find(self, id: int | None) -> Request | None:
        """:returns: the request of this id, if it has no answer yet."""
        return None if id is None else self._pending.get(id)

    def take(self, id: int | None) -> Request | None:
        """:returns: as `find`; the request is forgotten, since it is answered now."""
        return None if id is None else self._pending.pop(id, None)

    def of(self, room: Room) -> Iterator[Request]:
        """:returns: the requests of one room's seat."""
        return (request for request in list(self._pending.values()) if request.room is room)

    def on(self, link: Link) -> Iterator[Request]:
        """:returns: the requests that are sent by this link."""
        return (request for request in list(self._pending.values()) if request.link is link)

    def said(self, request: Request) -> bool:
        """Whether a request was sent on the current connection of its link."""
        return request.sent_on == request.link.number

    def owed(self, link: Link) -> Iterator[str]:
        """:returns: the kinds of requests that were sent on the current connection of a link."""
        return (request.op for request in self.on(link) if request.sent_on == link.number)

    def say_waiting(self, room: Room | None, link: Link) -> None:
        """Send, by id, what was not sent on this connection yet: no id is applied after a higher one."""
        for request in self.on(link):
            if request.room is room and not self.said(request) and self._may_say(request):
                self._say(request)

    def say_again(self, room: Room) -> None:
        """Have all requests of a seat sent again, once the seat that was lost with its connection is back."""
        for request in self.of(room):
            if request.op != "resume":
                request.sent_on = 0

    def stop_resuming(self, room: Room) -> None:
        """Forget a request for this seat: the client will ask for it on another connection."""
        for request in self.of(room):
            if request.op == "resume":
                del self._pending[request.id]

    def settle(self, request: Request) -> None:
        """Answer a request of a seat that is gone, since the server will not."""
        self._pending.pop(request.id, None)
        moved_on = request.op == "next" and request.room is not None and request.room.left is not None
        if request.op == "leave" or request.room is None:
            request.answer.callback(None)
        elif moved_on and request.room.left.next is not None:  # type: ignore[union-attr]
            request.answer.callback({"room": request.room.left.next})  # type: ignore[union-attr]
        else:
            request.answer.errback(seat_gone(request.room))

    def lose(self, link: Link) -> None:
        """Fail what may not be sent again on the next connection: this one is over."""
        for request in self.on(link):
            if request.op == "resume" and request.room is not None:
                del self._pending[request.id]  # the client made it; it makes another on the next connection
            elif request.op in ("create", "match") and request.sent_on:
                why = f"the connection was lost before {request.op} was answered: it may have made a room"
                self.fail(request, ConnectionFailed(why))
            elif request.room is not None and request.room.left is not None:
                self.settle(request)

    def fail_uncertain(self, link: Link) -> None:
        """Fail what was sent to a server that has forgotten this client: it might be applied a second time."""
        for request in self.on(link):
            if request.sent_on and request.op in REMEMBERED:
                self.fail(request, ConnectionFailed("it is not known whether this was done: the server forgot us"))

    def end(self, why: str) -> None:
        """Fail all requests: there will be no further connection."""
        calls, self._calls = self._calls, set()
        for call in calls:
            call.cancel()
        pending, self._pending = self._pending, {}
        for request in pending.values():
            request.answer.errback(ConnectionFailed(why))

    def fail(self, request: Request, failed: ConnectionFailed) -> None:
        """Fail one request: it will get no answer."""
        self._pending.pop(request.id, None)
        request.answer.errback(failed)

    def _forget(self, id: int) -> None:
        self._pending.pop(id, None)

    def _may_say(self, request: Request) -> bool:
        if request.waits or not request.link.welcomed:
            return False
        return request.room is None or request.op == "resume" or request.room._attached

    def _say(self, request: Request) -> None:
        link = request.link
        request.sent_on = link.number
        link.write(request.frame)
        link.asked(request.op)


def _frame(request: Request) -> bytes:
    op = "join" if request.op == "match" else request.op
    return request.link.frame(op, id=request.id, room=request.code, **request.fields)


def seat_gone(room: Room) -> Refused:
    """:returns: the error of whatever is asked for a seat that is gone."""
    return Refused(f"The seat in {room.code} is gone.", code="not_found")
