"""
A session: one connection, what it may say at the moment, and what is said to it.

It knows neither sockets nor Autobahn: whole messages come in by `Session.receive`, and go out through its `Transport`.
Requests are handled in order. While one has to wait (``hello``, or one for a seat), those that follow wait too. They
also wait after a request that is refused here, until its rooms have answered all that was asked of them before.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import Elsewhere, Refused, RoomMoved
from gameserver.interfaces import User
from gameserver.protocol import messages
from gameserver.protocol.json_codec import Codec, JSONCodec, Unreadable
from gameserver.protocol.messages import Close
from gameserver.protocol.msgpack_codec import MsgpackCodec
from gameserver.rates import TokenBucket
from gameserver.room.effects import Requester
from gameserver.room.inputs.message import UNREAD
from gameserver.room.inputs.table import SEAT_REQUESTS
from gameserver.websocket import outside_requests, room_requests
from gameserver.websocket.limits import (
    AT_ONCE,
    MALFORMED,
    MALFORMED_S,
    WAITING_BYTES,
    WAITING_MESSAGES,
    request_bytes,
)
from gameserver.websocket.seat_holder import SeatHolder, is_outside
from gameserver.websocket.services import NodeServices, Transport

REQUESTS: Final[dict[type, Callable[..., Coroutine[Any, Any, None]]]] = {
    messages.Create: room_requests.create,
    messages.Join: room_requests.join,
    messages.Resume: room_requests.resume,
    messages.NextMessage: room_requests.go_on,
    messages.Listen: outside_requests.listen,
    messages.ChatMessage: outside_requests.post,
    messages.Block: outside_requests.block,
}
"""Requests to the server itself; the last two only where they have nothing to do with a room."""
UNLOOKED: Final = ("bad_message", "unknown_op", "rate_limited", "busy", "draining")
"""Refusals of what was not even looked at: they depend on nothing that came before, and are sent at once."""
PING_BYTES: Final = 128
"""A longer frame is not taken for a ``ping``."""


class Session(SeatHolder):
    """
    One connection, as the protocol sees it.

    :param services: the node's.
    :param transport: the connection.
    :param address: the client's, by which budgets count.
    :param binary: whether it speaks MessagePack.
    """

    __slots__ = (
        "_codec",
        "_glance",
        "_idle",
        "_lines",
        "_malformed",
        "_requests",
        "_waiting",
        "_waiting_bytes",
    )

    def __init__(self, services: NodeServices, transport: Transport, address: str, *, binary: bool = False) -> None:
        super().__init__(services, transport, address, binary=binary)
        self._codec: Codec = (MsgpackCodec if binary else JSONCodec)(
            services.limits.depth, request_bytes(services.limits)
        )
        self._glance = self._codec.glance
        self._requests = _bucket(services.limits.requests_per_s)
        self._lines = _bucket(services.limits.chat_per_s)
        # Lists, since they are empty nearly always, and an empty deque takes 600 bytes.
        self._malformed: list[float] = []
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._idle: Deferred[None] | None = None
        services.strangers.enter(self)

    # In

    def receive(self, frame: bytes, *, binary: bool = False) -> None:
        """Handle a frame, of either form. Never raises."""
        if binary is self._codec.binary:
            self.take(frame)
        elif not (self.closed or self.closing):
            self._refuse_frame(Unreadable("bad_message", "This form of the protocol has other frames."))

    def take(self, frame: bytes) -> None:
        """
        Handle a frame of this session's form. Never raises.

        While `speaker` is set, no more checks are needed, and most messages need no other method of this class.
        """
        seat = self.speaker
        if seat is None:
            if self._is_free(frame):
                self._take(frame)
            return
        # A local first: Python calls ``self._glance()`` more slowly, since it is no method of the class.
        glance = self._glance
        try:
            message = glance(frame)
            if message.room != seat.code:
                seat = self.speakers[message.room]
            if message.type != seat.last_type:
                seat.expect_type(message.type)
            decode = seat.decode
            if decode is not None:
                read = decode(message.data)
            elif self._codec.is_flat(frame):
                read = UNREAD
            else:
                self._take(frame)
                return
        except Exception:  # noqa: BLE001 - it is no such message, or a type of the game raised whatever it likes
            self._take(frame)
            return
        requester = seat.requester
        if message.id is not None:
            requester = Requester(self, requester.user, message.id, requester.room)
        try:
            seat.runner.message(requester, seat.id, message, read, frame)
        except Exception:  # noqa: BLE001 - the message's door: a bug of ours costs this message, not the connection
            self._refuse_failed(message, Failure())

    def _take(self, frame: bytes) -> None:
        """Handle any other message, and any in which something is wrong."""
        try:
            message = self._codec.decode(frame)
        except Unreadable as unreadable:
            self._refuse_frame(unreadable)
            return
        try:
            if type(message) is messages.Send:
                seat = self.seat_in(message.room, self.whoever())
                seat.expect_type(message.type)
                seat.runner.message(seat.asking(message.id), seat.id, message, frame=frame)
            else:
                self._request(message)
        except Exception:  # noqa: BLE001 - the message's door: a bug of ours costs this message, not the connection
            self._refuse_failed(message, Failure())

    def _refuse_failed(self, message: Any, failure: Failure) -> None:
        """Answer a message that failed."""
        refused = _as_refused(failure)
        if refused is not failure.value or type(message) is not messages.Send or self._count_request():
            self._refuse(message, refused)

    def _is_free(self, frame: bytes) -> bool:
        """:returns: whether a frame may be handled now; if not, it is answered here, kept for later, or dropped."""
        if self.closed or self.closing:
            return False
        if not self.busy:
            return True
        if self.user is not None and self._answer_ping(frame):
            return False
        if len(self._waiting) < WAITING_MESSAGES and self._waiting_bytes + len(frame) <= WAITING_BYTES:
            self._waiting.append(frame)
            self._waiting_bytes += len(frame)
        else:
            self._overflow(frame)
        return False

    def lost(self) -> None:
        """The connection is gone; the seats stay the user's."""
        self.closed = True
        self.hush()
        self.services.strangers.leave(self)
        if self.user is not None:
            self.services.registry.people.leave(self)
        self._waiting.clear()
        self.end_login()
        self.leave_seats()
        self.services.registry.lobby_chat.forget(self)

    def close(self, code: int, reason: str = "") -> None:
        """Close the connection; nothing that comes after is handled."""
        if not self.closing:
            self.hush()
            self._waiting.clear()
            super().close(code, reason)

    def finish(self) -> Deferred[None]:
        """
        Wait for the last answers: nothing more will be asked.

        :returns: fires once all that was asked is answered; never, if a room or the store never answers.
        """
        return Deferred.fromCoroutine(self._finish())

    # One message

    def _request(self, message: Any) -> None:
        """Handle any message but ``send``."""
        if not self._count_request():
            return
        if isinstance(message, messages.Ping):
            self.say(messages.Pong(message.at, self.now_ms()))
        else:
            self._dispatch(message)

    def _dispatch(self, message: Any) -> None:
        """Handle any message but ``send`` and ``ping``."""
        if isinstance(message, messages.Hello):
            self._wait_for(None, self.hello(message))
            return
        user = self.whoever()
        if isinstance(message, messages.Block):
            self._count_block(user)
        if type(message) not in SEAT_REQUESTS or is_outside(message):
            self.admit(user)
        requester = Requester(self, user, message.id, self.room_of(message))
        if type(message) in SEAT_REQUESTS and not is_outside(message):
            self._in_room(requester, message)
        else:
            self._wait_for(requester, REQUESTS[type(message)](self, requester, message))

    def _count_request(self) -> bool:
        """
        Count a message that reaches no game.

        :returns: whether it is within the limit; if not, the connection is closed.
        """
        if self._requests.take(self.services.clock.monotonic()):
            return True
        self.services.budgets.throttled["messages"] += 1
        self.close(Close.FLOODING, "too many requests")
        return False

    def _count_line(self) -> None:
        """Count a line of chat. :raises Refused: ``rate_limited``: nobody reads so fast."""
        if not self._lines.take(self.services.clock.monotonic()):
            self.services.budgets.throttled["chat"] += 1
            raise Refused(code="rate_limited")

    def _in_room(self, requester: Requester, message: Any) -> None:
        """Have a room answer a request of a seat in it."""
        seat = self.seat_in(message.room, requester.user)
        if isinstance(message, messages.ChatMessage):
            self._count_line()
        done = seat.runner.post(SEAT_REQUESTS[type(message)](requester, seat.id, message))
        done.addErrback(self._refused_by_room, requester)

    def _count_block(self, user: User) -> None:
        """Count a block. :raises Refused: ``rate_limited``: nobody is bothered by so many."""
        now_s, budgets = self.services.clock.monotonic(), self.services.budgets
        if not budgets.left(now_s, "block", user.id):
            raise Refused(code="rate_limited")
        budgets.charge(now_s, "block", user.id)

    # Messages that others wait for

    def _answer_ping(self, frame: bytes) -> bool:
        """Answer a ping, which never waits. :returns: whether the frame was one."""
        try:
            message = self._codec.decode(frame) if len(frame) <= PING_BYTES else None
        except Unreadable:
            return False
        if not isinstance(message, messages.Ping):
            return False
        self._request(message)
        return True

    def _wait_for(self, requester: Requester | None, steps: Coroutine[Any, Any, None]) -> None:
        """Handle nothing else until this is done."""
        self.busy = True
        self.hush()
        done = Deferred.fromCoroutine(steps)
        done.addErrback(lambda failure: Deferred.fromCoroutine(self._refused(failure, requester)))
        done.addErrback(lambda failure: log.failure("a request was not handled", failure))
        done.addCallback(lambda _: self._go_on())

    def _go_on(self) -> None:
        self.busy = False
        while self._waiting and not self.busy and not self.closed:
            frame = self._waiting.pop(0)
            self._waiting_bytes -= len(frame)
            self.take(frame)
        if self._idle is not None and not self.busy:
            idle, self._idle = self._idle, None
            idle.callback(None)

    async def _finish(self) -> None:
        if self.busy:
            self._idle = Deferred()
            await self._idle
        # At the end of the pass, all that rooms answered is sent, or on its way to the store.
        ended: Deferred[None] = Deferred()
        self.services.registry.reactor_pass.owe(lambda: ended.callback(None))
        await ended
        await DeferredList([runner.told() for runner in self.unquiet()], consumeErrors=True)

    # Errors

    async def _refused(self, failure: Failure, requester: Requester | None) -> None:
        """Answer a request that failed, and for which others wait; a guess is counted."""
        refused = _as_refused(failure)
        if requester is not None:
            room_requests.charge_guess(self, requester.user, refused)
            await self._refuse_in_order(requester.id, refused, requester.room)
        else:
            await self._refuse_in_order(None, refused, None)

    def _refused_by_room(self, failure: Failure, requester: Requester) -> None:
        """A room has refused a request, after all that this depends on was stored."""
        self._error(requester.id, _as_refused(failure), requester.room)

    def _refuse(self, message: Any, refused: Refused) -> None:
        """Refuse a request here; if that has to wait, what follows waits too."""
        id, room = getattr(message, "id", None), self.room_of(message)
        if refused.code in UNLOOKED or not self.unquiet():
            self._error(id, refused, room)
        else:
            self._wait_for(None, self._refuse_in_order(id, refused, room))

    async def _refuse_in_order(self, id: int | None, refused: Refused, room: str | None) -> None:
        """Refuse once its rooms have answered all that was asked; what the refusal depends on is stored by then."""
        try:
            for runner in self.unquiet():
                await runner.told()
        except Refused as lost:
            refused = lost
        self._error(id, refused, room)

    def _error(self, id: int | None, refused: Refused, room: str | None = None) -> None:
        if self.closed or isinstance(refused, RoomMoved):
            return
        if isinstance(refused, Elsewhere):
            self.say(messages.Redirect(id, refused.code_there, refused.url))
            return
        self.refused()
        self.say(messages.Error(id, refused.code, refused.text, refused.path, room, refused.retry_ms))

    def _refuse_frame(self, unreadable: Unreadable) -> None:
        self.refused()
        self.say(messages.Error(unreadable.id, unreadable.code, unreadable.text))
        self._malformed = [*self._malformed, self.services.clock.monotonic()][-MALFORMED:]
        if len(self._malformed) == MALFORMED and self._malformed[-1] - self._malformed[0] <= MALFORMED_S:
            self.close(Close.PROTOCOL, "too many frames that are no messages")

    def _overflow(self, frame: bytes) -> None:
        """Refuse a frame: more came than may wait."""
        try:
            message = self._codec.decode(frame)
        except Unreadable as unreadable:
            self._refuse_frame(unreadable)
        else:
            self._refuse(message, Refused("Wait for the answer before sending more.", code="busy"))


def _bucket(per_s: float) -> TokenBucket:
    return TokenBucket(per_s, AT_ONCE * per_s)


def _as_refused(failure: Failure) -> Refused:
    """:returns: what to answer to a request that failed; a bug of ours is logged, and costs this request alone."""
    if isinstance(failure.value, Refused):
        return failure.value
    log.failure("a message was not handled", failure)
    return Refused("The server failed at that.", code="game_error")


def close_user(sessions: Iterable[Session], user: str, login: str | None) -> None:
    """
    Close this node's connections of a login that has ended.

    :param user: the user's id.
    :param login: which of the user's logins ended, or None for all.
    """
    for session in list(sessions):
        if session.user is not None and session.user.id == user and login in (None, session.user.login):
            session.close(Close.FORBIDDEN, "you were logged out")


log = Logger(namespace="gameserver.websocket")
