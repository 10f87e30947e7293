"""A client's way to its server: one connection at a time, dialled again after each loss, in JSON or MessagePack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

import msgspec
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.client.dial import Dial, Wire
from gameserver.client.liveness import Liveness, Patience
from gameserver.client.pings import Pings
from gameserver.errors import ConnectionFailed, NotJSON
from gameserver.protocol import msgpack
from gameserver.protocol.messages import PACKED_SUBPROTOCOL, SUBPROTOCOL, Close, Pong
from gameserver.protocol.values import decode, encode, plain

FIRST_DELAY_S: Final = 0.25
"""The limit of the first wait; it doubles with each failure, up to the client's ``max_delay_s``."""

DETOURS: Final = 3
"""Who is told to wait, or was sent to a node that is not there, never waits longer than after so many failures."""

STEADY_S: Final = 10.0
"""After a connection that lasted so long, the waits begin anew."""

FINAL: Final = frozenset({Close.UNAUTHENTICATED, Close.FORBIDDEN})
"""Close codes after which no reconnect would help."""

log = Logger()


class Link:
    """
    A client's connections to one address. While there is none, what is sent is dropped; `Requests` sends it again.

    :param on_open: called with this link when a connection is open, before anything is sent on it.
    :param on_message: called with each message of the server, and this link.
    :param on_lost: called with this link when a connection is over, before the next is dialled.
    :param on_unreachable: called with this link when the last connection ended before a welcome, or was given up
        because of silence; returns whether to dial again. If not, it has to call `end`.
    :param on_end: called with the reason when no further connection would help; it has to call `end`.
    :param on_doubt: called when the server owes an answer and is silent.
    :param owed: returns the kinds of requests that were sent by a link, and have no answer.
    :param patience: the client's.
    :param numbers: the numbers of connections, for all links of a client.
    :ivar url: where its connections go.
    :ivar pings: those without an answer.
    :ivar number: the connection's; it grows, so that late events of an old connection are recognised.
    :ivar welcomed: the server has said welcome on the current connection; before that no request is sent.
    """

    def __init__(
        self,
        reactor: Any,
        url: str,
        *,
        binary: bool,
        dial: Dial,
        random: Callable[[], float],
        max_delay_s: float,
        on_open: Callable[[Link], None],
        on_message: Callable[[dict[str, Any], Link], None],
        on_lost: Callable[[Link], None],
        on_unreachable: Callable[[Link], bool],
        on_end: Callable[[str], None],
        on_doubt: Callable[[], None],
        owed: Callable[[Link], Iterable[str]],
        patience: Patience,
        numbers: Iterator[int],
    ) -> None:
        self._reactor = reactor
        self.url = url
        self._binary = binary
        self._dial_wire = dial
        self._random = random
        self._max_delay_s = max_delay_s
        self._on_open = on_open
        self._on_message = on_message
        self._on_lost = on_lost
        self._on_unreachable = on_unreachable
        self._on_end = on_end
        self._numbers = numbers
        self._on_doubt = on_doubt
        self._liveness = Liveness(
            reactor, patience, owed=lambda: owed(self), ping=self._ask_alive, give_up=self._give_up
        )
        self.pings = Pings()
        self.number = 0
        self.welcomed = False
        self._reader = msgpack.MsgpackReader()
        self._wire: Wire | None = None
        self._proven_s: float | None = None
        self._failures = 0
        self._dialling: Deferred[Any] | None = None
        self._retry: IDelayedCall | None = None
        self._ended = False
        self._closing: list[Deferred[None]] = []

    def open(self) -> None:
        """Dial, unless a connection is there or on its way."""
        if self._wire is None and self._dialling is None and self._retry is None:
            self._dial()

    def prove(self) -> None:
        """The server has said welcome: if the connection lasts `STEADY_S` from now, the waits begin anew."""
        self.welcomed = True
        self._liveness.welcomed()
        self._proven_s = self._reactor.seconds()

    def asked(self, op: str) -> None:
        """Note that a request of this kind was sent."""
        self._liveness.said(op)

    def doubt(self) -> None:
        """Ask with a ping whether the server is still there."""
        if self.welcomed:
            self._liveness.ask()

    def ping(self) -> Deferred[Pong]:
        """:returns: fires with the server's answer; fails with `ConnectionFailed`."""
        pong = self.pings.expect()
        self.say("ping", at=int(self._reactor.seconds() * 1000))
        return pong

    def _ask_alive(self) -> None:
        self.ping().addErrback(lambda failure: failure.trap(ConnectionFailed))
        self._on_doubt()

    def hang_up(self) -> None:
        """Close this connection, and dial anew."""
        wire = self._wire
        self._lose()
        if wire is not None:
            wire.close()

    def end(self) -> None:
        """Dial no more; an open connection is not closed yet."""
        self._ended = True
        self.welcomed = False
        self._liveness.stop()
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._dialling is not None:
            self._dialling.cancel()

    def close(self) -> Deferred[None]:
        """
        Close the connection, after `end`.

        :returns: fires when it is gone.
        """
        if self._wire is None:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._closing.append(waiting)
        self._wire.close()
        return waiting

    def frame(self, op: str, **fields: Any) -> bytes:
        """:returns: a message as it goes over the wire; fields that are None are left out."""
        said: dict[str, Any] = plain({name: value for name, value in fields.items() if value is not None})
        return msgpack.say(op, said) if self._binary else encode({"op": op, **said})

    def write(self, frame: bytes) -> None:
        """Send what `frame` made, if there is a connection."""
        if self._wire is not None:
            self._wire.send(frame)

    def say(self, op: str, **fields: Any) -> None:
        """Send a message, if there is a connection."""
        self.write(self.frame(op, **fields))

    def delay_s(self, failures: int) -> float:
        """
        :param failures: how often connecting failed before.
        :returns: how long to wait before the next try, a random time.

        Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ (full jitter).
        """
        longest_s: float = min(self._max_delay_s, FIRST_DELAY_S * 2 ** min(failures, 16))
        return self._random() * longest_s

    def _dial(self) -> None:
        self._retry = None
        self.number = number = next(self._numbers)
        self._liveness.dialled()
        self._dialling = maybeDeferred(
            self._dial_wire,
            self._reactor,
            self.url,
            subprotocol=PACKED_SUBPROTOCOL if self._binary else SUBPROTOCOL,
            on_frame=partial(self._take, number),
            on_close=partial(self._closed, number),
        )
        self._dialling.addCallbacks(self._opened, self._unreachable)

    def _opened(self, wire: Wire) -> None:
        self._dialling = None
        self._wire = wire
        self._reader = msgpack.MsgpackReader()
        self._on_open(self)

    def _unreachable(self, failure: Failure) -> None:
        self._dialling = None
        self._liveness.stop()
        if self._ended:
            return
        if not failure.check(ConnectionFailed, CancelledError):
            self._on_end(failure.getErrorMessage())
            return
        log.info("{url} cannot be reached: {error}", url=self.url, error=failure.getErrorMessage() or "no answer")
        if self._on_unreachable(self):
            self._dial_later()

    def _dial_later(self) -> None:
        self._retry = self._reactor.callLater(self.delay_s(self._failures), self._dial)
        self._failures += 1

    def _take(self, number: int, frame: bytes) -> None:
        if number != self.number or self._ended:
            return
        try:
            self._on_message(self._reader.read(frame) if self._binary else decode(frame), self)
            self._liveness.heard()
        except (NotJSON, msgspec.MsgspecError):
            log.failure("The server said what this protocol does not have")
            if self._wire is not None:
                self._wire.close(Close.PROTOCOL)

    def _closed(self, number: int, code: int, reason: str) -> None:
        if number != self.number:
            return
        if code in FINAL:
            self._on_end(f"the server closed with {code}{f': {reason}' if reason else ''}")
        if not self._ended:
            log.info("Connection lost: {code} {reason}", code=code, reason=reason)
            self._lose()
            return
        self._wire = None
        closing, self._closing = self._closing, []
        for waiting in closing:
            waiting.callback(None)

    def _give_up(self) -> None:
        """Give up a silent server: to dial the same node again would not help."""
        wire = self._wire
        if wire is not None:
            self._lose(silent=True)
            wire.abort()
        elif self._dialling is not None:
            self._dialling.cancel()

    def _lose(self, *, silent: bool = False) -> None:
        is_node = self.welcomed and not silent  # it was there, and may be again
        self.welcomed = False
        self.number = next(self._numbers)
        self._wire = None
        self._liveness.stop()
        if self._proven_s is not None and self._reactor.seconds() - self._proven_s >= STEADY_S:
            self._failures = 0
        self._proven_s = None
        self.pings.fail("the connection was lost")
        self._on_lost(self)
        if not is_node and not self._ended and not self._on_unreachable(self):
            return
        if not self._ended and self._retry is None:
            self._dial_later()
