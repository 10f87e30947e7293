"""A client: who it is, what it asked and is yet to be answered, and the rooms it has seats in."""

from __future__ import annotations

import random as _random
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.logger import Logger

from gameserver.client.dial import Dial, dial
from gameserver.client.link import Link
from gameserver.client.listeners import discard
from gameserver.client.requests import Request, Requests, seat_gone
from gameserver.client.room import Room
from gameserver.errors import PASSING, ConnectionFailed, Refused
from gameserver.protocol import messages
from gameserver.protocol.patches import COLUMNS

log = Logger()


class Client:
    """
    One user's connection to a server, and the rooms it holds seats in.

    :param reactor: a Twisted reactor, or a clock where ``dial`` needs none.
    :param url: ``ws://host:port/ws`` or ``wss://...``
    :param name: what others see; without a token or ticket, the name of a new guest.
    :param token: says who this is; the server's latest is kept in `token`.
    :param ticket: the same, good for one ``hello``.
    :param binary: speak MessagePack, which is shorter, instead of JSON; all else is the same.
    :param dial: opens a connection; see `gameserver.client.dial.dial`.
    :param random: a number from 0 to below 1; spreads the waits between reconnects.
    :param max_delay_s: the longest wait between reconnects.
    :param on_error: called with a `Refused` for each error that answers no request; by default it is logged.

    :ivar rooms: by code, the rooms in which this client holds a seat.
    :ivar user: who the server says this is, after the first ``connect``; another object where that changes.
    :ivar limits: the server's, by their names on the wire.
    :ivar ended: why there will be no connection any more, or None.
    """

    def __init__(
        self,
        reactor: Any,
        url: str,
        *,
        name: str | None = None,
        token: str | None = None,
        ticket: str | None = None,
        binary: bool = False,
        dial: Dial = dial,
        random: Callable[[], float] = _random.random,
        max_delay_s: float = 10.0,
        on_error: Callable[[Refused], object] | None = None,
    ) -> None:
        self._reactor = reactor
        self.name = name
        self.token = token
        self._ticket = ticket
        self._binary = binary
        self._on_error = on_error if on_error is not None else _log_error
        self.rooms: dict[str, Room] = {}
        self.user: messages.UserInfo | None = None
        self.limits: dict[str, int | float] = {}
        self.ended: str | None = None
        self._key: str | None = None
        self._pings: deque[Deferred[messages.Pong]] = deque()
        self._connecting: list[Deferred[Client]] = []
        self._link = Link(
            reactor,
            url,
            binary=binary,
            dial=dial,
            random=random,
            max_delay_s=max_delay_s,
            on_open=self._say_hello,
            on_message=self._hear,
            on_lost=self._lose,
            on_end=self._end,
        )
        self._requests = Requests(self._link)

    @property
    def connected(self) -> bool:
        """Whether there is a connection, and the server has said welcome."""
        return self._requests.welcomed

    def connect(self) -> Deferred[Client]:
        """
        Connect, again and again until the server says welcome; later losses are mended in the same way.

        :returns: fires with this client. Cancelling it closes the client.
        :raises ConnectionFailed: (in the Deferred) the server knows this user not, or the client was closed.
        """
        if self.ended is not None:
            return fail(ConnectionFailed(self.ended))
        if self.connected:
            return succeed(self)
        waiting: Deferred[Client] = Deferred(self._give_up)
        self._connecting.append(waiting)
        self._link.open()
        return waiting

    def create(
        self,
        game: str,
        *,
        options: dict[str, Any] | None = None,
        private: bool = False,
        password: str | None = None,
        name: str | None = None,
        role: str | None = None,
        profile: dict[str, Any] | None = None,
    ) -> Deferred[Room]:
        """
        Make a room, and take a seat in it.

        :param role: by default ``player``.
        :param profile: a small JSON object that the others see.
        :returns: fires with the room.
        :raises Refused: (in the Deferred) see `gameserver.errors.CODES`.
        :raises ConnectionFailed: (in the Deferred) the client has ended; or the connection was lost before the answer,
            so that the room may or may not exist: it is not asked for again.
        """
        return self._ask(
            "create",
            game=game,
            options=options or None,
            private=private or None,
            password=password,
            **self._seat(name, role, profile),
        )

    def join(
        self,
        room: str,
        *,
        name: str | None = None,
        role: str | None = None,
        password: str | None = None,
        profile: dict[str, Any] | None = None,
    ) -> Deferred[Room]:
        """
        Take a seat in a room, or the one that this user has there already.

        :param room: its code.
        :param password: of a room that has one.
        :returns: fires with the room; fails as `create`.
        """
        return self._ask("join", room_code=room, password=password, **self._seat(name, role, profile))

    def match(
        self,
        game: str,
        match: dict[str, Any] | None = None,
        *,
        name: str | None = None,
        role: str | None = None,
        profile: dict[str, Any] | None = None,
    ) -> Deferred[Room]:
        """
        Take a seat in an open room of a game, or in a new one.

        :param match: options that the room must have.
        :returns: fires with the room; fails as `create`.
        """
        return self._ask("join", game=game, match=match or {}, **self._seat(name, role, profile))

    def resume(self, room: str, secret: str) -> Deferred[Room]:
        """
        Go back to a seat that another client of the same user had.

        :param room: the code of its room.
        :param secret: `Room.seat`'s ``resume``.
        :raises Refused: (in the Deferred) ``not_found``, whatever is wrong.
        """
        return self._ask("resume", room_code=room, resume=secret)

    def ping(self) -> Deferred[messages.Pong]:
        """
        Ask the server for its clock.

        :returns: fires with ``at``, when this was asked by the client's clock, and ``now``, the server's, in ms.
        :raises ConnectionFailed: (in the Deferred) there is no connection, or it was lost.
        """
        if not self.connected:
            return fail(ConnectionFailed(self.ended or "not connected"))
        pong: Deferred[messages.Pong] = Deferred()
        self._pings.append(pong)
        self._link.say("ping", at=int(self._reactor.seconds() * 1000))
        return pong

    def close(self) -> Deferred[None]:
        """
        End the connection for good. Seats are held as after a loss; `Room.leave` gives one up.

        All requests without an answer, and all who wait for a room, fail with `ConnectionFailed`.

        :returns: fires when the connection is gone.
        """
        self._end("the client was closed")
        return self._link.close()

    # The connection.

    def _say_hello(self) -> None:
        who: dict[str, Any] = {"token": self.token}
        if self.token is None:
            who = {"ticket": self._ticket} if self._ticket is not None else {"guest": {"name": self.name or "guest"}}
        if self._binary:
            who["ops"] = COLUMNS
        self._link.say("hello", **who, client=self._key)

    def _lose(self) -> None:
        """This connection is over: forget what hung on it."""
        for room in self.rooms.values():
            room._stop_retry()
            room._attached = room._deaf = False
        self._requests.lose()
        self._fail_pings("the connection was lost")

    def _end(self, why: str) -> None:
        """There will be no further connection."""
        if self.ended is not None:
            return
        self.ended = why
        self._link.end()
        connecting, self._connecting = self._connecting, []
        for waiting in connecting:
            waiting.errback(ConnectionFailed(why))
        self._requests.end(why)
        self._fail_pings(why)
        for room in list(self.rooms.values()):
            room._end()

    def _give_up(self, waiting: Deferred[Client]) -> None:
        discard(self._connecting, waiting)
        self.close()

    def _fail_pings(self, why: str) -> None:
        pings, self._pings = self._pings, deque()
        for pong in pings:
            pong.errback(ConnectionFailed(why))

    # Requests.

    def _seat(self, name: str | None, role: str | None, profile: dict[str, Any] | None) -> dict[str, Any]:
        return {"name": name or self.name, "role": role, "profile": profile or None}

    def _ask(self, op: str, room: Room | None = None, /, **fields: Any) -> Deferred[Any]:
        if self.ended is not None:
            return fail(ConnectionFailed(self.ended))
        if room is not None and room.left is not None:
            return succeed(None) if op == "leave" else fail(seat_gone(room))
        code = room.code if room is not None else fields.pop("room_code", None)
        return self._requests.ask(op, room, code, fields)

    def _tell(self, op: str, room: Room, **fields: Any) -> None:
        self._requests.tell(op, room, fields)

    def _later(self, failures: int, call: Callable[[], None], at_least_s: float = 0.0) -> Any:
        """Call after the wait that follows so many failures. :returns: the delayed call."""
        return self._reactor.callLater(max(at_least_s, self._link.delay_s(failures)), call)

    def _leave(self, room: Room, left: messages.Left) -> None:
        """A seat is gone for good."""
        if room.left is not None:
            return
        room.left = left
        if self.rooms.get(room.code) is room:
            del self.rooms[room.code]
        for request in self._requests.of(room):
            if not self._requests.said(request):
                self._requests.settle(request)
        room._end()

    # What the server says.
    def _hear(self, message: dict[str, Any]) -> None:
        op = message.get("op")
        if op in self._HEAR:
            kind, hear = self._HEAR[op]
            hear(self, msgspec.convert(message, kind))
        elif (room := self.rooms.get(message.get("room", ""))) is not None:
            room._hear(message)

    def _on_welcome(self, welcome: messages.Welcome) -> None:
        if self._key not in (None, welcome.client):
            self._requests.fail_uncertain()
        self._key = welcome.client
        self.user, self.token, self.limits = welcome.user, welcome.token, welcome.limits
        self._requests.welcomed = True
        self._requests.frame_bytes = welcome.limits.get("frame_bytes")
        self._link.prove()
        for room in list(self.rooms.values()):
            room._resume()
        self._requests.say_waiting(None)
        connecting, self._connecting = self._connecting, []
        for waiting in connecting:
            waiting.callback(self)

    def _on_joined(self, joined: messages.Joined) -> None:
        request = self._requests.take(joined.id)
        room = self.rooms.get(joined.room)
        if room is None and request is None:
            return  # asked for by somebody who has given up
        if room is None:
            room = self.rooms[joined.room] = Room(self, joined)
        elif joined.recovered and not room._deaf:
            room._broken = True  # an answer to another `join` came in between: this replay is of the past
            room._resume()
            return
        else:
            room._join(joined)
        self._requests.last_id = max(self._requests.last_id, joined.last_id)
        self._requests.say_waiting(room)
        if request is not None:
            request.answer.callback(room)
        room._listeners.ask_watchers()

    def _on_ok(self, ok: messages.Ok) -> None:
        request = self._requests.take(ok.id)
        if request is None:
            return
        if request.op == "leave":
            self._has_left(request)
        else:
            request.answer.callback(ok.data)

    def _has_left(self, request: Request) -> None:
        """The seat is given up, by this request or before it."""
        if request.room is not None:
            self._leave(request.room, messages.Left(request.room.code, "left"))
        request.answer.callback(None)

    def _on_error_message(self, error: messages.Error) -> None:
        refused = Refused(error.message, error.code, error.path, retry_ms=error.retry_ms)
        refused.room = error.room
        request = self._requests.take(error.id)
        if request is not None and request.op == "leave" and error.code == "not_found":
            self._has_left(request)
        elif request is not None:
            request.answer.errback(refused)
        elif self.connected:
            execute(self._on_error, refused).addErrback(lambda f: log.failure("on_error failed", failure=f))
        elif error.code in PASSING:
            self._link.hang_up()
        else:
            self._end(f"{error.code}: {error.message}")
            self._link.close()

    def _on_left(self, left: messages.Left) -> None:
        room = self.rooms.get(left.room)
        if room is None:
            return
        if left.reason != "moved":
            self._leave(room, left)
            return
        room._attached = False
        for request in self._requests.of(room):
            request.sent_on = 0
        room._resume()

    def _on_redirect(self, redirect: messages.Redirect) -> None:
        """Follow to where the room is, if no other room needs this connection."""
        request = self._requests.find(redirect.id)
        if request is None:
            return
        if all(code == redirect.room for code in self.rooms):
            request.sent_on = 0
            self._link.url = redirect.url or self._link.url
            self._link.hang_up()
            return
        self._requests.take(request.id)
        request.answer.errback(
            ConnectionFailed(f"{redirect.room} is at {redirect.url}: use a client without other rooms")
        )

    def _on_pong(self, pong: messages.Pong) -> None:
        if self._pings:
            self._pings.popleft().callback(pong)

    _HEAR: Final[dict[str, tuple[Any, Callable[[Client, Any], None]]]] = {
        "welcome": (messages.Welcome, _on_welcome),
        "joined": (messages.Joined, _on_joined),
        "ok": (messages.Ok, _on_ok),
        "error": (messages.Error, _on_error_message),
        "left": (messages.Left, _on_left),
        "redirect": (messages.Redirect, _on_redirect),
        "pong": (messages.Pong, _on_pong),
        "user": (messages.UserMessage, lambda self, told: setattr(self, "user", told.user)),
    }


def _log_error(refused: Refused) -> None:
    log.info("The server refused what had no id: {refused!r}", refused=refused)
