"""Connections in memory between a table's server and clients, and the time that those clients have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from gameserver.protocol.messages import PACKED_SUBPROTOCOL
from gameserver.room.effects import in_between
from gameserver.websocket.session import Session

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall
    from twisted.internet.task import Clock

    from gameserver.client.dial import Wire
    from gameserver.interfaces import ISession
    from gameserver.room.effects import Answered
    from gameserver.testing.failures import Failures
    from gameserver.websocket.services import NodeServices

LOST: Final = 1006
"""The close code of a connection that ended without one. Source: RFC 6455 section 7.1.5"""


class PlainTransport:
    """A session's transport on which nothing ever waits; subclasses say how a frame is sent, and how it is closed."""

    def send(self, frame: bytes) -> None:
        """Send one frame."""
        raise NotImplementedError

    def send_to_all(self, to: Sequence[ISession], frames: list[bytes], *, last: bool) -> None:
        """Send several to each of these sessions."""
        for session in to:
            for frame in frames:
                session.deliver(frame)

    def send_answered(self, to: Sequence[ISession], frames: list[bytes], answers: Answered) -> None:
        """Send several to each of these sessions, and its answers in between."""
        for session in to:
            for frame in in_between(frames, answers[session]):
                session.deliver(frame)

    def send_volatile(self, frame: bytes, slot: str) -> None:
        """Send one frame, since no reader is slow here."""
        self.send(frame)

    def forget(self, code: str) -> None:
        """Do nothing, since nothing waits."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        raise NotImplementedError


class ServerEnd(PlainTransport):
    """
    The server's end of a connection in memory: what it sends is heard at once.

    :param on_frame: called with each frame that the server sends.
    :param on_close: called with code and reason when the server closes.
    """

    def __init__(self, on_frame: Callable[[bytes], object], on_close: Callable[[int, str], object]) -> None:
        self._on_frame = on_frame
        self._on_close = on_close

    def send(self, frame: bytes) -> None:
        """Have one frame heard."""
        self._on_frame(frame)

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        self._on_close(code, reason)

    def cut(self) -> None:
        """The server's process died: whatever is left of it, nobody hears it any more."""
        self._on_frame = self._on_close = _unheard


def _unheard(*_: object) -> None:
    pass


class ClientEnd:
    """The end of a `gameserver.client.Client`, as its ``dial`` gives it."""

    def __init__(
        self,
        services: NodeServices,
        failures: Failures,
        on_frame: Callable[[bytes], object],
        on_close: Callable[[int, str], object],
        *,
        binary: bool,
    ) -> None:
        self._failures = failures
        self._on_frame = on_frame
        self._on_close = on_close
        self._server = ServerEnd(self._hear, self._closed)
        self._session: Session | None = Session(services, self._server, "client", binary=binary)

    def send(self, frame: bytes, /) -> None:
        """Send one message; nothing happens where the connection is gone."""
        if self._session is not None:
            self._session.take(frame)

    def close(self, code: int = 1000) -> None:
        """End the connection, which the client is told at once."""
        self._closed(code, "")

    def abort(self) -> None:
        """Lose the connection."""
        self._closed(LOST, "")

    def cut(self) -> None:
        """The server's process died: its session is told nothing, the client finds the connection lost."""
        self._session = None
        self._server.cut()
        self._on_close(LOST, "")

    def _hear(self, frame: bytes) -> None:
        try:
            self._on_frame(frame)
        except Exception as error:  # noqa: BLE001 - the bot's code: the test fails, the server goes on
            self._failures.note(Failure(error))

    def _closed(self, code: int, reason: str) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.lost()
            self._on_close(code, reason)

    @property
    def open(self) -> bool:
        """Whether neither side has ended it."""
        return self._session is not None


class ClientTime:
    """
    A table's time, as its clients have it: what they wait for outlives the server's process.

    :param time: the clock that the test turns.
    """

    def __init__(self, time: Clock) -> None:
        self._time = time
        self._calls: list[IDelayedCall] = []

    def seconds(self) -> float:
        """Seconds since the table was made."""
        return self._time.seconds()

    def callLater(self, delay: float, call: Callable[..., object], *args: Any, **kwargs: Any) -> IDelayedCall:
        """Call when so many seconds have passed."""
        self._calls = [each for each in self._calls if each.active()]
        self._calls.append(self._time.callLater(delay, call, *args, **kwargs))
        return self._calls[-1]

    def has(self, call: IDelayedCall) -> bool:
        """Whether a client waits for this call."""
        return call in self._calls


class Wires:
    """
    The connections of all clients of one table.

    :param services: gives the server's as it is now: another after a restart.
    """

    def __init__(self, services: Callable[[], NodeServices], failures: Failures) -> None:
        self._services = services
        self._failures = failures
        self._ends: list[ClientEnd] = []

    def dial(
        self,
        reactor: Any,
        url: str,
        *,
        subprotocol: str,
        headers: Mapping[str, str] | None = None,
        on_frame: Callable[[bytes], object],
        on_close: Callable[[int, str], object],
    ) -> Deferred[Wire]:
        """Connect at once, wherever the URL leads; see `gameserver.client.dial.Dial`."""
        binary = subprotocol == PACKED_SUBPROTOCOL
        end = ClientEnd(self._services(), self._failures, on_frame, on_close, binary=binary)
        self._ends = [*(each for each in self._ends if each.open), end]
        wire: Wire = end
        return succeed(wire)

    def cut(self) -> None:
        """The server's process died: every client finds its connection lost."""
        ends, self._ends = self._ends, []
        for end in ends:
            if end.open:
                end.cut()
