"""A client: who it is, its requests without an answer, and the rooms in which it has seats."""

from __future__ import annotations

import random as _random
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.logger import Logger

from gameserver.client.dial import Dial, dial
from gameserver.client.following import Following
from gameserver.client.link import Link
from gameserver.client.listeners import discard, log_refused
from gameserver.client.liveness import Patience
from gameserver.client.nodes import Nodes
from gameserver.client.requests import Request, Requests, seat_gone
from gameserver.client.room import Room
from gameserver.errors import PASSING, ConnectionFailed, Refused
from gameserver.protocol import messages
from gameserver.protocol.patches import COLUMNS

log = Logger()


class Client:
    """
    One user's connections to a server, one to each node that runs a room of theirs, and the rooms with their seats.

    :param reactor: a Twisted reactor; a clock, if ``dial`` needs no more.
    :param url: ``ws://host:port/ws`` or ``wss://...``
    :param name: what others see; without a token or ticket, the name of a new guest.
    :param token: says who this is; the server's latest is kept in `token`.
    :param ticket: the same, good for one ``hello``.
    :param binary: speak MessagePack, which is shorter, instead of JSON; all else is the same.
    :param dial: opens a connection; see `gameserver.client.dial.dial`.
    :param random: returns a number from 0 to below 1; spreads the waits between reconnects.
    :param max_delay_s: the longest wait between reconnects.
    :param on_error: called with a `Refused` for each error that answers no request; by default it is logged.

    :ivar rooms: by code, the rooms in which this client holds a seat.
    :ivar user: who the server says this is, after the first ``connect``; replaced when that changes.
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
        self._on_error = on_error or log_refused
        self.rooms: dict[str, Room] = {}
        self.user: messages.UserInfo | None = None
        self.limits: dict[str, int | float] = {}
        self.ended: str | None = None
        self._key: str | None = None
        self._connecting: list[Deferred[Client]] = []
        self._requests = Requests(reactor)
        way: Callable[..., Link] = partial(
            Link,
            reactor,
            binary=binary,
            dial=dial,
            random=random,
            max_delay_s=max_delay_s,
            on_open=self._say_hello,
            on_message=self._hear,
            on_lost=self._lose,
            on_unreachable=self._unreachable,
            on_end=self._end,
            owed=self._requests.owed,
            patience=Patience(),
            numbers=count(1),
        )
        self._nodes = Nodes(way, url)
        self._following = Following(self, self._nodes, self._requests)

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the server's address, and the server has said welcome on it."""
        return self._nodes.home.welcomed

    def connect(self) -> Deferred[Client]:
        """
        Connect, again and again until the server says welcome; later losses are mended in the same way.

        :returns: fires with this client. Cancelling it closes the client.
        :raises ConnectionFailed: (in the Deferred) the server does not accept this user, or the client was closed.
        """
        if self.ended is not None:
            return fail(ConnectionFailed(self.ended))
        if self.connected:
            return succeed(self)
        waiting: Deferred[Client] = Deferred(self._give_up)
        self._connecting.append(waiting)
        self._nodes.home.open()
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
        Make a room of a ``game`` with ``options``, ``private`` or with a ``password``, and take a seat in it.

        :param name: what others see, if not the client's.
        :param role: by default ``player``.
        :param profile: a small JSON object that the others see.
        :returns: fires with the room.
        :raises Refused: (in the Deferred) see `gameserver.errors.CODES`.
        :raises ConnectionFailed: (in the Deferred) the client has ended; or the connection was lost before the answer:
            the room may or may not exist, and the request is not sent again.
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
        Take a seat in a room (``name``, ``role``, ``profile`` as for `create`), or the one that this user has there.

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
        Take a seat in an open room of a ``game``, or in a new one; ``name``, ``role``, ``profile`` as for `create`.

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

        :returns: fires with ``at``, the client's clock when it asked, and ``now``, the server's clock; both in ms.
        :raises ConnectionFailed: (in the Deferred) there is no connection, or it was lost.
        """
        if not self.connected:
            return fail(ConnectionFailed(self.ended or "not connected"))
        return self._nodes.home.ping()

    def close(self) -> Deferred[None]:
        """
        End the connection for good. Seats are held as after a loss; `Room.leave` gives one up.

        All requests without an answer, and whatever waits for something in a room, fail with `ConnectionFailed`.

        :returns: fires when the connection is gone.
        """
        self._end("the client was closed")
        return self._nodes.close()

    # The connection.

    def _say_hello(self, link: Link) -> None:
        who: dict[str, Any] = {"token": self.token}
        if self.token is None:
            who = {"ticket": self._ticket} if self._ticket is not None else {"guest": {"name": self.name or "guest"}}
        if self._binary:
            who["ops"] = COLUMNS
        link.say("hello", **who, client=self._key)

    def _lose(self, link: Link) -> None:
        """A connection is over: detach its rooms, and fail the requests that may not be sent again."""
        for room in self.rooms.values():
            if room._link is link:
                room._detach()
        self._requests.lose(link)

    def _unreachable(self, link: Link) -> bool:
        """:returns: whether to dial again: only the client's own URL is dialled for as long as the client lives."""
        if link is not self._nodes.home:
            self._following.on_unreachable(link)
        return link is self._nodes.home

    def _end(self, why: str) -> None:
        """End the client: there will be no further connection."""
        if self.ended is not None:
            return
        self.ended = why
        for link in self._nodes:
            link.end()
            link.pings.fail(why)
        connecting, self._connecting = self._connecting, []
        for waiting in connecting:
            waiting.errback(ConnectionFailed(why))
        self._requests.end(why)
        for room in list(self.rooms.values()):
            room._end()

    def _give_up(self, waiting: Deferred[Client]) -> None:
        discard(self._connecting, waiting)
        self.close()

    # Requests.

    def _seat(self, name: str | None, role: str | None, profile: dict[str, Any] | None) -> dict[str, Any]:
        return {"name": name or self.name, "role": role, "profile": profile or None}

    def _ask(self, op: str, room: Room | None = None, /, **fields: Any) -> Deferred[Any]:
        if self.ended is not None:
            return fail(ConnectionFailed(self.ended))
        if room is not None and room.left is not None:
            return succeed(None) if op == "leave" else fail(seat_gone(room))
        code = room.code if room is not None else fields.pop("room_code", None)
        held = self.rooms.get(code or "")  # another seat there: its node has the room
        return self._requests.ask(op, room, code, fields, held._link if held else self._nodes.home)

    def _tell(self, op: str, room: Room, **fields: Any) -> None:
        self._requests.tell(op, room, fields)

    def _later(self, failures: int, call: Callable[[], None], at_least_s: float = 0.0) -> Any:
        """Call after the wait that follows so many failures. :returns: the delayed call."""
        return self._reactor.callLater(max(at_least_s, self._nodes.home.delay_s(failures)), call)

    def _leave(self, room: Room, left: messages.Left) -> None:
        """Forget a room in which the seat is gone for good."""
        if room.left is not None:
            return
        room.left = left
        if self.rooms.get(room.code) is room:
            del self.rooms[room.code]
        for request in self._requests.of(room):
            if not self._requests.said(request):
                self._requests.settle(request)
        room._end()
        self._following.sweep()

    # What the server says
    def _hear(self, message: dict[str, Any], link: Link) -> None:
        op = message.get("op")
        if op in self._HEAR:
            kind, hear = self._HEAR[op]
            hear(self, msgspec.convert(message, kind), link)
        elif (room := self.rooms.get(message.get("room", ""))) is not None and room._link is link:
            room._hear(message)

    def _on_welcome(self, welcome: messages.Welcome, link: Link) -> None:
        if self._key not in (None, welcome.client):
            self._requests.fail_uncertain(link)
        self._key = welcome.client
        self.user, self.token, self.limits = welcome.user, welcome.token, welcome.limits
        self._requests.frame_bytes = welcome.limits.get("frame_bytes")
        link.prove()
        for room in list(self.rooms.values()):
            if room._link is link:
                room._resume()
        self._requests.say_waiting(None, link)
        connecting, self._connecting = self._connecting, []
        for waiting in connecting:
            waiting.callback(self)

    def _on_joined(self, joined: messages.Joined, link: Link) -> None:
        request = self._requests.take(joined.id)
        room = self.rooms.get(joined.room)
        if room is None and request is None:
            return  # asked for by somebody who has given up
        if room is not None and room._link is not link:
            self._following.carry(room, link)  # the seat is on this connection now
            room._join(joined)
        elif room is None:
            room = self.rooms[joined.room] = Room(self, joined, link)
        elif joined.recovered and not room._deaf:
            room._broken = True  # another `join` was answered in between: this replay is too old
            room._resume()
            return
        else:
            room._join(joined)
        self._requests.last_id = max(self._requests.last_id, joined.last_id)
        self._requests.say_waiting(room, link)
        self._following.sweep()
        if request is not None:
            request.answer.callback(room)
        room._listeners.ask_watchers()

    def _on_ok(self, ok: messages.Ok, _: Link) -> None:
        request = self._requests.take(ok.id)
        if request is None:
            return
        if request.op == "leave":
            self._has_left(request)
        else:
            request.answer.callback(ok.data)
            self._following.sweep()

    def _has_left(self, request: Request) -> None:
        """Answer a ``leave``: the seat is given up, by this request or earlier."""
        if request.room is not None:
            self._leave(request.room, messages.Left(request.room.code, "left"))
        request.answer.callback(None)

    def _on_error_message(self, error: messages.Error, link: Link) -> None:
        refused = Refused(error.message, error.code, error.path, retry_ms=error.retry_ms)
        refused.room = error.room
        request = self._requests.take(error.id)
        if request is not None and request.op == "leave" and error.code == "not_found":
            self._has_left(request)
        elif request is not None:
            if not self._following.says_again(request, refused):
                request.answer.errback(refused)
                self._following.sweep()
        elif link.welcomed:
            self._tell_error(refused)
        elif error.code in PASSING:
            link.hang_up()
        else:
            self._end(f"{error.code}: {error.message}")
            link.close()

    def _tell_error(self, refused: Refused) -> None:
        """Report an error that answers no request, or because of which a request has to wait."""
        execute(self._on_error, refused).addErrback(lambda f: log.failure("on_error failed", failure=f))

    def _on_left(self, left: messages.Left, link: Link) -> None:
        room = self.rooms.get(left.room)
        if room is None or room._link is not link:
            return
        if left.reason == "moved":
            self._following.on_moved(room, left.url, link)
        else:
            self._leave(room, left)
            if left.next is not None:
                self._following.go_on(room, left.next)

    _HEAR: Final[dict[str, tuple[Any, Callable[[Client, Any, Link], None]]]] = {
        "welcome": (messages.Welcome, _on_welcome),
        "joined": (messages.Joined, _on_joined),
        "ok": (messages.Ok, _on_ok),
        "error": (messages.Error, _on_error_message),
        "left": (messages.Left, _on_left),
        "redirect": (messages.Redirect, lambda self, told, link: self._following.on_redirect(told, link)),
        "pong": (messages.Pong, lambda self, pong, link: link.pings.answer(pong)),
        "user": (messages.UserMessage, lambda self, told, _: setattr(self, "user", told.user)),
    }
