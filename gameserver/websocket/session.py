"""
A session: one connection, what it may say now, and what is said to it.

It knows neither sockets nor Autobahn: whole frames come in by `Session.receive`, and go out through the callables that
it was made with. Requests are handled in order; while one has to wait (``hello``, a seat), what follows it waits. So
does what follows one that is refused here, until its rooms have told all that was asked of them before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct, field
from msgspec.structs import replace
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import Caller, IAuthenticators, IHasher, ISession, ITickets, User
from gameserver.node.codes import as_typed
from gameserver.protocol import messages, msgpack
from gameserver.protocol.json_codec import Codec, JSONCodec, Unreadable
from gameserver.protocol.messages import Close, Form, FromServer
from gameserver.protocol.msgpack_codec import MsgpackCodec
from gameserver.protocol.patches import COLUMNS
from gameserver.rates import TokenBucket
from gameserver.room.bounds import PACKED
from gameserver.room.effects import Requester
from gameserver.room.inputs.arrivals import ResumeSeat, SeatWish
from gameserver.room.inputs.message import UNREAD
from gameserver.room.inputs.table import SEAT_REQUESTS
from gameserver.websocket.limits import (
    AT_ONCE,
    MALFORMED,
    MALFORMED_S,
    WAITING_BYTES,
    WAITING_MESSAGES,
    Budgets,
    Sizes,
    Strangers,
    request_bytes,
)
from gameserver.websocket.pace import Pace
from gameserver.websocket.session_seat import SessionSeat

if TYPE_CHECKING:
    from gameserver.clock import Clock
    from gameserver.node.rooms import RoomRegistry
    from gameserver.node.runner import RoomRunner
    from gameserver.settings.settings import Limits
    from gameserver.websocket.standing import Standing

CLIENT_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
OUTSIDE: Final = ("lobby:", "user:")
"""What addresses of lines outside rooms begin with."""
GUESSED: Final = ("not_found", "wrong_password", "forbidden")
"""
Refusals that a guesser would get, and that are therefore budgeted. Tokens and tickets are too long to be guessed: who
tries all the same must not hold back those who share the address.
"""

UNLOOKED: Final = ("bad_message", "unknown_op", "rate_limited", "busy", "draining")
"""Refusals of what was not even looked at: they rest on nothing, and come at once."""
NOBODY: Final[dict[str | None, SessionSeat]] = {}
"""May speak at once; always empty."""
PING_BYTES: Final = 128
"""What is longer is no ``ping``."""


class Transport(Protocol):
    """What a session needs of its connection."""

    def send(self, frame: bytes) -> None:
        """Send one frame."""

    def send_to_all(self, to: Sequence[Any], frames: list[bytes], *, last: bool) -> None:
        """Send several to all of these sessions, see `ISession.deliver_to_all`."""

    def send_volatile(self, frame: bytes, slot: str) -> None:
        """Send one frame, unless the reader is slow and a newer one of the slot comes first."""

    def forget(self, code: str) -> None:
        """What is volatile of that room, and waits, is not sent."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


class NodeServices(Struct, frozen=True):
    """What all sessions of a node share."""

    registry: RoomRegistry
    authenticators: IAuthenticators
    clock: Clock
    limits: Limits
    budgets: Budgets
    entropy: Callable[[int], bytes]
    tickets: ITickets | None = None
    strangers: Strangers = field(default_factory=Strangers)
    hasher: IHasher | None = None
    sizes: Sizes = field(default_factory=Sizes)
    standing: Standing | None = None

    def message_bytes(self, *, binary: bool) -> int:
        """:returns: how large a message to a client is at most, in one of the two forms."""
        return int(self.registry.message_bytes * PACKED) if binary else self.registry.message_bytes


def _bucket(per_s: float) -> TokenBucket:
    return TokenBucket(per_s, AT_ONCE * per_s)


@implementer(ISession)
class Session:
    """
    :param services: the node.
    :param transport: the connection.
    :param address: whose it is, for budgets.
    :param binary: whether it speaks MessagePack.
    """

    __slots__ = (
        "_busy",
        "_closing",
        "_codec",
        "_glance",
        "_hello_call",
        "_idle",
        "_leaving",
        "_lines",
        "_malformed",
        "_proof",
        "_requests",
        "_seats",
        "_services",
        "_speaker",
        "_speakers",
        "_waiting",
        "_waiting_bytes",
        "address",
        "closed",
        "deliver",
        "deliver_to_all",
        "deliver_volatile",
        "form",
        "key",
        "pace",
        "transport",
        "user",
    )

    def __init__(self, services: NodeServices, transport: Transport, address: str, *, binary: bool = False) -> None:
        self._services = services
        self.transport = transport
        self._codec: Codec = (MsgpackCodec if binary else JSONCodec)(
            services.limits.depth, request_bytes(services.limits)
        )
        self._glance = self._codec.glance
        self.pace = Pace(services.clock, services.limits, services.registry.reactor_pass)
        self._requests = _bucket(services.limits.requests_per_s)
        self._lines = _bucket(services.limits.chat_per_s)
        # Lists, since they are empty nearly always, and an empty deque takes 600 bytes.
        self._malformed: list[float] = []
        self._seats: dict[str, str] = {}
        # Rooms in which it has no seat any more, until they have told it so.
        self._leaving: tuple[RoomRunner, ...] = ()
        # Its seats that have spoken, by the rooms that messages name: only while frames are handled as they come.
        self._speakers: dict[str | None, SessionSeat] = NOBODY
        self._speaker: SessionSeat | None = None  # one of these
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._busy = False
        self._closing = False
        self.closed = False
        self._idle: Deferred[None] | None = None
        # Whose it is, while that is being found out.
        self._proof: Deferred[tuple[User, str]] | None = None
        self._hello_call: IDelayedCall | None = None
        self._expect_hello()
        self.address = address
        self.user: User | None = None
        self.key = ""
        self.form = Form.PACKED if binary else Form.JSON
        self.deliver: Callable[[bytes], None] = transport.send
        self.deliver_to_all = transport.send_to_all
        self.deliver_volatile: Callable[[bytes, str], None] = transport.send_volatile
        services.strangers.enter(self)

    # In

    def receive(self, frame: bytes, *, binary: bool = False) -> None:
        """A frame came in. Never raises."""
        if binary is self._codec.binary:
            self.take(frame)
        elif not (self.closed or self._closing):
            self._refuse_frame(Unreadable("bad_message", "This form of the protocol has other frames."))

    def take(self, frame: bytes) -> None:
        """
        A frame came in that is of this session's form. Never raises.

        While a seat may speak, nothing else is to be asked, and most that is sent needs no more than this.
        """
        seat = self._speaker
        if seat is None:
            if self._is_free(frame):
                self._take(frame)
            return
        # What is called is a local first: of an attribute that is none of its class Python looks longer for it.
        glance = self._glance
        try:
            message = glance(frame)
            if message.room != seat.code:
                seat = self._speakers[message.room]
            if message.type != seat.last_type:
                seat.turn_to(message.type)
            decode = seat.decode
            if decode is not None:
                read = decode(message.data)
            elif self._codec.is_flat(frame):
                read = UNREAD
            else:
                self._take(frame)
                return
        except Exception:  # noqa: BLE001 - it is no such message, or a type of the game's raises anything
            self._take(frame)
            return
        requester = seat.requester
        if message.id is not None:
            requester = Requester(self, requester.user, message.id, requester.room)
        try:
            seat.runner.message(requester, seat.id, message, read)
        except Exception:  # noqa: BLE001 - the message's door: a bug of ours costs this message, not the connection
            self._refuse_failed(message, Failure())

    def _take(self, frame: bytes) -> None:
        """Whatever else is said, and all in which something is wrong."""
        try:
            message = self._codec.decode(frame)
        except Unreadable as unreadable:
            self._refuse_frame(unreadable)
            return
        try:
            if type(message) is messages.Send:
                seat = self._seat_in(message.room, self._whoever())
                seat.turn_to(message.type)
                seat.runner.message(seat.asking(message.id), seat.id, message)
            else:
                self._request(message)
        except Exception:  # noqa: BLE001 - the message's door: a bug of ours costs this message, not the connection
            self._refuse_failed(message, Failure())

    def _refuse_failed(self, message: Any, failure: Failure) -> None:
        """It came to nothing."""
        refused = _as_refused(failure)
        if refused is not failure.value or type(message) is not messages.Send or self._count_request():
            self._refuse(message, refused)

    def _is_free(self, frame: bytes) -> bool:
        """:returns: whether a frame is handled now; if not, it is for later, or for nobody."""
        if self.closed or self._closing:
            return False
        if not self._busy:
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
        """The connection is gone; that is never leaving."""
        self.closed = True
        self._speaker, self._speakers = None, NOBODY
        self._services.strangers.leave(self)
        if self.user is not None:
            self._services.registry.people.leave(self)
        self._waiting.clear()
        if self._hello_call is not None and self._hello_call.active():
            self._hello_call.cancel()
        if self._proof is not None:
            self._proof.cancel()
        for code, seat in list(self._seats.items()):
            self._detach(code, seat)
        self._seats.clear()
        self._services.registry.posts.forget(self)

    def has_rights(self, rights: tuple[str, ...]) -> None:
        """The user has these from now on."""
        if self.user is not None:
            self.user = replace(self.user, rights=rights)
            self._speaker = None

    def fell_behind(self) -> None:
        """Much waits for the client to read it: its rooms withhold what they can replace."""
        for runner in self._runners():
            runner.fell_behind(self)

    def caught_up(self) -> None:
        """The client has read all there was."""
        for runner in self._runners():
            runner.caught_up(self)

    def close(self, code: int, reason: str = "") -> None:
        """Close the connection; nothing that comes after is handled."""
        if self._closing:
            return
        self._closing = True
        self._speaker, self._speakers = None, NOBODY
        self._waiting.clear()
        self.transport.close(code, reason)

    def finish(self) -> Deferred[None]:
        """
        Nothing more will be asked.

        :returns: fires once what was asked is answered; a room or a store that does not answer may keep it for ever.
        """
        return Deferred.fromCoroutine(self._finish())

    # What rooms say

    def seated(self, code: str, seat: str) -> None:
        """Note a seat that this session has now; see `ISession.seated`."""
        if self.closed:
            # It ended while the room was at work; the room may not be in the registry yet.
            self._services.clock.later(0, self._detach, code, seat)
        else:
            self._seats[code] = seat
            self._speaker, self._speakers = None, NOBODY

    def unseated(self, code: str) -> None:
        """Note a seat that this session has no more; see `ISession.unseated`."""
        if self._seats.pop(code, None) is not None:
            runner = self._services.registry.get(code)
            if runner is not None:
                self._leaving = (*self._leaving, runner)
                runner.told().addBoth(self._has_left, runner)
        self._speaker, self._speakers = None, NOBODY
        self.transport.forget(code)

    def _has_left(self, _: object, runner: RoomRunner) -> None:
        """That room has told all that this session had asked of it."""
        self._leaving = tuple(left for left in self._leaving if left is not runner)

    # One message

    def _request(self, message: Any) -> None:
        """Whatever is no ``send``."""
        if not self._count_request():
            return
        if isinstance(message, messages.Ping):
            self._say(messages.Pong(message.at, self._now_ms()))
        else:
            self._dispatch(message)

    def _dispatch(self, message: Any) -> None:
        """Whatever is neither ``send`` nor ``ping``."""
        if isinstance(message, messages.Hello):
            self._wait_for(None, self._hello(message))
            return
        user = self._whoever()
        if isinstance(message, messages.Block):
            self._count_block(user)
        if type(message) not in SEAT_REQUESTS or _is_outside(message):
            self._admit(user)
        requester = Requester(self, user, message.id, self._room_of(message))
        if isinstance(message, messages.Create):
            self._wait_for(requester, self._create(requester, message))
        elif isinstance(message, messages.Join):
            self._wait_for(requester, self._join(requester, message))
        elif isinstance(message, messages.Resume):
            self._wait_for(requester, self._resume(requester, message))
        elif isinstance(message, messages.Listen):
            self._wait_for(requester, self._listen(requester, message))
        elif isinstance(message, messages.ChatMessage) and _is_outside(message):
            self._wait_for(requester, self._post(requester, message))
        elif isinstance(message, messages.Block) and _is_outside(message):
            self._wait_for(requester, self._block(requester, message))
        else:
            self._in_room(requester, message)

    def admits(self) -> bool:
        """
        Ask before a frame is decoded for which none is spare.

        :returns: whether it may be; if not, the connection is closed.
        """
        if self.pace.admits(sum(runner.room.game_class.messages_per_s for runner in self._runners())):
            return True
        over = self.pace.over
        if not self._closing:
            self._services.budgets.throttled[over] += 1
        self.close(Close.FLOODING, "too many frames" if over == "frames" else "too much was refused")
        return False

    def refused(self) -> None:
        """Note that something came too fast to be looked at; see `ISession.refused`."""
        self.pace.refuse()

    def _count_request(self) -> bool:
        """Whatever reaches no game is bounded here. :returns: whether it is within the bound; else that was all."""
        if self._requests.take(self._services.clock.monotonic()):
            return True
        self._services.budgets.throttled["messages"] += 1
        self.close(Close.FLOODING, "too many requests")
        return False

    def _count_line(self) -> None:
        """:raises Refused: ``rate_limited``: nobody reads so fast."""
        if not self._lines.take(self._services.clock.monotonic()):
            self._services.budgets.throttled["chat"] += 1
            raise Refused(code="rate_limited")

    def _in_room(self, requester: Requester, message: Any) -> None:
        """What a room answers."""
        seat = self._seat_in(message.room, requester.user)
        if isinstance(message, messages.ChatMessage):
            self._count_line()
        done = seat.runner.post(SEAT_REQUESTS[type(message)](requester, seat.id, message))
        done.addErrback(self._refused_by_room, requester)

    async def _listen(self, requester: Requester, message: messages.Listen) -> None:
        posts = self._services.registry.posts
        found: Any = None
        if message.on:
            found = await _unless_away(posts.listen(self, requester.user, message.to, message.seen))
            if self.closed:
                posts.forget(self)
        else:
            posts.cease(self, requester.user, message.to)
        self._done(requester, found)

    async def _post(self, requester: Requester, message: messages.ChatMessage) -> None:
        await _unless_away(self._services.registry.posts.say(requester.user, message.to, message.text, message.data))
        self._done(requester, None)

    def _count_block(self, user: User) -> None:
        """:raises Refused: ``rate_limited``: nobody is bothered by so many."""
        now_s, budgets = self._services.clock.monotonic(), self._services.budgets
        if not budgets.left(now_s, "block", user.id):
            raise Refused(code="rate_limited")
        budgets.charge(now_s, "block", user.id)

    async def _block(self, requester: Requester, message: messages.Block) -> None:
        if message.user == requester.user.id or not message.user:
            raise Refused("Name another user.", code="bad_data", path="$.user")
        if message.on and not await _unless_away(self._services.registry.knows(message.user)):
            raise Refused("There is no such user.", code="bad_data", path="$.user")
        await self._services.registry.watch.block(requester.user.id, message.user, message.on)
        self._done(requester, None)

    def _done(self, requester: Requester, data: Any) -> None:
        if requester.id is not None:
            frame = messages.encode(messages.Ok(requester.id, data))
            self.deliver(frame if self.form is Form.JSON else msgpack.repack(frame))

    # Messages that others wait for

    def _answer_ping(self, frame: bytes) -> bool:
        """Whatever waits, a ping does not. :returns: whether it was one."""
        try:
            message = self._codec.decode(frame) if len(frame) <= PING_BYTES else None
        except Unreadable:
            return False
        if not isinstance(message, messages.Ping):
            return False
        self._request(message)
        return True

    def _wait_for(self, requester: Requester | None, steps: Coroutine[Any, Any, None]) -> None:
        """Nothing else is handled until this is done."""
        self._busy = True
        self._speaker, self._speakers = None, NOBODY
        done = Deferred.fromCoroutine(steps)
        done.addErrback(lambda failure: Deferred.fromCoroutine(self._refused(failure, requester)))
        done.addErrback(lambda failure: log.failure("a request was not handled", failure))
        done.addCallback(lambda _: self._go_on())

    def _go_on(self) -> None:
        self._busy = False
        while self._waiting and not self._busy and not self.closed:
            frame = self._waiting.pop(0)
            self._waiting_bytes -= len(frame)
            self.take(frame)
        if self._idle is not None and not self._busy:
            idle, self._idle = self._idle, None
            idle.callback(None)

    async def _finish(self) -> None:
        if self._busy:
            self._idle = Deferred()
            await self._idle
        # What rooms said is told or on its way to the store at the end of the pass.
        ended: Deferred[None] = Deferred()
        self._services.registry.reactor_pass.owe(lambda: ended.callback(None))
        await ended
        await DeferredList([runner.told() for runner in self._unquiet()], consumeErrors=True)

    async def _hello(self, message: messages.Hello) -> None:
        services = self._services
        if self.user is not None:
            raise Refused("This connection has said hello already.", code="bad_message")
        if message.token is not None or message.ticket is not None:
            user, token = await self._proven(message)
        elif message.guest is not None:
            user, token = services.authenticators.guest(self._guest_name(message.guest.name))
        else:
            raise Refused(code="unauthenticated")
        if self.closed:
            return
        self._admit(user)
        if self._hello_call is not None and self._hello_call.active():
            self._hello_call.cancel()
        known = message.client is not None and CLIENT_KEY.fullmatch(message.client)
        self.key = message.client if known and message.client else services.entropy(16).hex()
        self.user = user = replace(user, name=services.registry.people.called(user, services.limits.name_chars))
        services.registry.people.enter(self)
        if self.form is Form.PACKED and message.ops is not None and message.ops >= COLUMNS:
            self.form = Form.COLUMNS
        services.strangers.know(self)
        about = messages.UserInfo(user.id, user.name, list(user.rights))
        limits = told_limits(services.limits, services.message_bytes(binary=self.form is not Form.JSON))
        welcome = messages.Welcome(about, token, self.key, self._now_ms(), limits)
        self._say(welcome)

    def _admit(self, user: User) -> None:
        """:raises Refused: ``forbidden``: the server does not want this user, or whoever comes from there."""
        try:
            self._services.registry.watch.admit(user, self.address)
        except Refused:
            self._services.clock.later(0, self.close, Close.FORBIDDEN, "banned")
            raise

    async def _proven(self, message: messages.Hello) -> tuple[User, str]:
        """
        :returns: see `_prove`.
        :raises Refused: also ``busy`` where `_no_hello` gave up. Being busy is not the client's fault: its time to say
            hello begins anew.
        """
        self._proof = Deferred.fromCoroutine(self._prove(message.token, message.ticket))
        try:
            return await self._proof
        except CancelledError:
            self._expect_hello()
            raise Refused("Nobody could tell in time who you are; try again.", code="busy") from None
        except Refused as refused:
            if refused.code == "busy":
                self._expect_hello()
            raise
        finally:
            self._proof = None

    async def _prove(self, token: str | None, ticket: str | None) -> tuple[User, str]:
        """
        :returns: who this is, and the token that proves it from now on.
        :raises Refused: ``unauthenticated``, or ``busy``: nobody can tell now.
        """
        services = self._services
        now_s = services.clock.now()
        try:
            if token is None:
                if services.tickets is None or ticket is None:
                    raise Refused(code="unauthenticated")
                token = await services.tickets.redeem(ticket, now_s=now_s)
            caller = Caller(self.address)
            return await services.authenticators.authenticate(token, now_s=now_s, caller=caller), token
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy") from None

    async def _create(self, requester: Requester, message: messages.Create) -> None:
        seat = self._seat_wish(requester.user, message)
        options: dict[str, Any] = message.options or {}
        await self._services.registry.create(
            requester.user,
            message.game,
            options,
            private=message.private,
            password=message.password,
            requester=requester,
            seat=seat,
        )

    async def _join(self, requester: Requester, message: messages.Join) -> None:
        seat = self._seat_wish(requester.user, message)
        registry = self._services.registry
        self._check_budget(requester.user, message.room)
        if message.room is not None:
            await registry.join(requester, registry.find(message.room), seat)
        elif message.game is not None:
            await registry.match(requester, message.game, message.match or {}, seat)
        else:
            raise Refused("Name a room or a game.", code="bad_data", path="$.room")

    async def _resume(self, requester: Requester, message: messages.Resume) -> None:
        self._check_budget(requester.user, message.room)
        runner = self._services.registry.find(message.room)
        await runner.post(ResumeSeat(requester, message.resume, message.seen))

    def _say(self, message: FromServer) -> None:
        """Say something that holds nothing of a game's."""
        self.deliver(msgpack.encode_for(self.form, message))

    # Errors

    async def _refused(self, failure: Failure, requester: Requester | None) -> None:
        """A request for which others wait came to nothing; guesses are counted."""
        refused = _as_refused(failure)
        if refused.code in GUESSED and requester is not None:
            self._services.budgets.charge_join(
                self._services.clock.monotonic(), self.address, requester.user.id, refused.code
            )
        if requester is not None:
            await self._refuse_in_order(requester.id, refused, requester.room)
        else:
            await self._refuse_in_order(None, refused, None)

    def _refused_by_room(self, failure: Failure, requester: Requester) -> None:
        """A room refuses, behind all that it rests on."""
        self._error(requester.id, _as_refused(failure), requester.room)

    def _refuse(self, message: Any, refused: Refused) -> None:
        """A request is refused here; what follows it waits as long as this does."""
        id, room = getattr(message, "id", None), self._room_of(message)
        if refused.code in UNLOOKED or not self._unquiet():
            self._error(id, refused, room)
        else:
            self._wait_for(None, self._refuse_in_order(id, refused, room))

    async def _refuse_in_order(self, id: int | None, refused: Refused, room: str | None) -> None:
        """Refuse once its rooms have told all that was asked of them; what this rests on is stored by then."""
        try:
            for runner in self._unquiet():
                await runner.told()
        except Refused as lost:
            refused = lost
        self._error(id, refused, room)

    def _unquiet(self) -> list[RoomRunner]:
        """:returns: the rooms that may owe it an answer."""
        return [runner for runner in (*self._runners(), *self._leaving) if not runner.quiet]

    def _error(self, id: int | None, refused: Refused, room: str | None = None) -> None:
        if self.closed:
            return
        self.refused()
        self._say(messages.Error(id, refused.code, refused.text, refused.path, room))

    def _refuse_frame(self, unreadable: Unreadable) -> None:
        self.refused()
        self._say(messages.Error(unreadable.id, unreadable.code, unreadable.text))
        self._malformed = [*self._malformed, self._services.clock.monotonic()][-MALFORMED:]
        if len(self._malformed) == MALFORMED and self._malformed[-1] - self._malformed[0] <= MALFORMED_S:
            self.close(Close.PROTOCOL, "too many frames that are no messages")

    def _overflow(self, frame: bytes) -> None:
        """More came than may wait for an answer."""
        try:
            message = self._codec.decode(frame)
        except Unreadable as unreadable:
            self._refuse_frame(unreadable)
        else:
            self._refuse(message, Refused("Wait for the answer before sending more.", code="busy"))

    def _expect_hello(self) -> None:
        """From now on there is this much time for it."""
        if self.closed:
            return
        if self._hello_call is not None and self._hello_call.active():
            self._hello_call.cancel()
        self._hello_call = self._services.clock.later(self._services.limits.hello_s, self._no_hello)

    def _no_hello(self) -> None:
        """Whoever said nothing good is closed; what the server could not decide yet is given up."""
        if self._proof is not None:
            self._proof.cancel()
        elif self.user is None and not self.closed:
            self.close(Close.UNAUTHENTICATED, "no hello in time")

    # Small things

    def _whoever(self) -> User:
        """:raises Refused: ``unauthenticated``."""
        if self.user is None:
            raise Refused(code="unauthenticated")
        return self.user

    def _seat_in(self, room: str | None, user: User) -> SessionSeat:
        """
        :param room: its code, or None where the session holds one seat.
        :returns: the seat, which from now on may speak.
        :raises Refused: there is no such seat.
        """
        speaker = self._speakers.get(room)
        if speaker is not None and not speaker.runner.forgotten:
            return speaker
        seats = self._seats
        if room is None:
            if len(seats) > 1:
                raise Refused("Say which room: you have seats in several.", code="bad_data", path="$.room")
            room = next(iter(seats), "")
        runner = self._services.registry.find(room)
        seat = seats.get(runner.room.code)
        if seat is None:
            raise Refused(code="not_found")
        speaker = self._speakers.get(runner.room.code)
        if speaker is None or speaker.runner is not runner:
            speaker = SessionSeat(runner, seat, self, user, typed=self.form is Form.JSON)
            if not self._busy:
                self._speakers = {**self._speakers, speaker.code: speaker}
                if len(seats) == 1:
                    self._speakers[None] = speaker
                self._speaker = speaker
        return speaker

    def _room_of(self, message: Any) -> str | None:
        """:returns: the code of the room that a message is about, where it is said by a seat in it."""
        if type(message) not in SEAT_REQUESTS or _is_outside(message):
            return None
        if message.room is None:
            return next(iter(self._seats)) if len(self._seats) == 1 else None
        return next((code for code in (message.room, as_typed(message.room)) if code in self._seats), None)

    def _seat_wish(self, user: User, message: messages.Create | messages.Join) -> SeatWish:
        people, most = self._services.registry.people, self._services.limits.name_chars
        name = people.called(user, most) if message.name is None else people.admit(message.name, most, user)
        return SeatWish(name, message.role, message.password, message.profile or {})

    def _guest_name(self, name: str) -> str:
        """:raises Refused: ``unauthenticated``, as every refused ``hello`` is."""
        try:
            return self._services.registry.people.admit(name, self._services.limits.name_chars)
        except Refused as refused:
            raise Refused(refused.text, code="unauthenticated", path="$.guest.name") from None

    def _check_budget(self, user: User, code: str | None) -> None:
        """:raises Refused: ``rate_limited``: this address or user was refused too often."""
        guessed = () if code is None else self._guessed(user, code)
        if not self._services.budgets.may_join(self._services.clock.monotonic(), self.address, user.id, guessed):
            raise Refused(code="rate_limited")

    def _guessed(self, user: User, code: str) -> Sequence[str]:
        """:returns: what can be found out of a room by trying it: see `Budgets.may_join`."""
        try:
            room = self._services.registry.find(code).room
        except Refused:
            return ("join",)
        if room.seats.of_user(user.id):
            return ()
        return (*(("join",) if room.state.private else ()), *(("password",) if room.state.password is not None else ()))

    def _runners(self) -> list[RoomRunner]:
        """:returns: those of the rooms in which it has a seat."""
        found = (self._services.registry.get(code) for code in self._seats)
        return [runner for runner in found if runner is not None]

    def _detach(self, code: str, seat: str) -> None:
        runner = self._services.registry.get(code)
        if runner is not None:
            runner.gone(self, seat)

    def _now_ms(self) -> int:
        return round(self._services.clock.now() * 1000)


def _is_outside(message: Any) -> bool:
    """Whether a line, or a block, has nothing to do with rooms."""
    if isinstance(message, messages.Block):
        return message.user is not None
    return isinstance(message, messages.ChatMessage) and message.to.startswith(OUTSIDE)


def _as_refused(failure: Failure) -> Refused:
    """:returns: what to tell of a request that came to nothing; a bug of ours costs it alone, and it is answered."""
    if isinstance(failure.value, Refused):
        return failure.value
    log.failure("a message was not handled", failure)
    return Refused("The server failed at that.", code="game_error")


async def _unless_away(work: Coroutine[Any, Any, Any]) -> Any:
    """:raises Refused: ``busy``: the store does not answer."""
    try:
        return await work
    except StoreUnavailable:
        raise Refused("The store does not answer.", code="busy") from None


def close_user(sessions: Iterable[Session], user: str, login: str | None) -> None:
    """
    Whoever was let in by this may stay no longer.

    :param user: the user's id.
    :param login: which of the user's logins ended, or None for all.
    """
    for session in list(sessions):
        if session.user is not None and session.user.id == user and login in (None, session.user.login):
            session.close(Close.FORBIDDEN, "you were logged out")


def told_limits(limits: Limits, message_bytes: int) -> dict[str, int | float]:
    """
    :param message_bytes: the largest message that this client is sent.
    :returns: the limits that a client should know, by their names on the wire.
    """
    names = ("frame_bytes", "depth", "ping_s", "queue_bytes", "chat_chars", "chat_data_bytes", "name_chars", "rooms")
    return {name: getattr(limits, name) for name in names} | {"message_bytes": message_bytes}


log = Logger(namespace="gameserver.websocket")
