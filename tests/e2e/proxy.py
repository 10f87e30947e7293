"""
A connection between a server and its store that a test can break in all the ways in which networks break.

====== ============================================================================================================
cut    all connections end, new ones are refused
mute   requests still arrive, but no answer does: whoever asked cannot know whether it was done
hold   requests do not arrive from now on, and nobody is told; they are passed on at the end, even those on a connection
       that its sender has given up meanwhile: these come very late
====== ============================================================================================================
"""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from tests.ports import free_port

_reactor: Any = reactor


class Proxy:
    """
    Passes bytes on between a port of its own and one of 127.0.0.1.

    :ivar port: where it listens.
    :ivar lost_answers: how many pieces of answers it has swallowed.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.target = target
        self.is_held = self.is_muted = False
        self.lost_answers = 0
        self.near: set[_Near] = set()
        self._late: list[tuple[Any, list[bytes]]] = []
        self._listening: Any = None

    async def start(self) -> None:
        """Listen; once more after `cut`."""
        factory = Factory.forProtocol(_Near)
        factory.proxy = self  # type: ignore[attr-defined]
        endpoint = TCP4ServerEndpoint(_reactor, self.port, interface="127.0.0.1")
        self._listening = await endpoint.listen(factory)

    async def cut(self) -> None:
        """End all connections, and refuse new ones until `start`."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.stopListening()
        for near in list(self.near):
            near.abort()
        for far, _ in self._late:
            far.abortConnection()

    def hold(self) -> None:
        """Let nothing arrive that is asked."""
        self.is_held = True

    def mute(self) -> None:
        """Let no answer arrive."""
        self.is_muted = True

    async def mend(self) -> None:
        """Pass everything on again; what lost bytes ends, as it would on a real wire."""
        if self.is_muted:
            self.is_muted = False
            for near in list(self.near):
                near.abort()
        if self.is_held:
            self.is_held = False
            for near in list(self.near):
                near.flush()
        if self._listening is None:
            await self.start()

    def keep(self, far: Any, asked: list[bytes]) -> None:
        """Whoever said this has gone; it is still on its way."""
        self._late.append((far, asked))

    @property
    def given_up(self) -> int:
        """How many connections were given up on which something is still on its way."""
        return len(self._late)

    def deliver_late(self) -> int:
        """Let all arrive that was held and given up, after whatever was said since. :returns: how many bytes."""
        late, self._late = self._late, []
        for far, asked in late:
            far.writeSequence(asked)
            far.loseConnection()
        return sum(len(piece) for _, asked in late for piece in asked)


class _Near(Protocol):
    """The side of whoever asks."""

    def __init__(self) -> None:
        self._far: _Far | None = None
        self._asked: list[bytes] = []
        self._answered: list[bytes] = []

    @property
    def _proxy(self) -> Proxy:
        proxy: Proxy = self.factory.proxy  # type: ignore[union-attr]
        return proxy

    def connectionMade(self) -> None:
        self._proxy.near.add(self)
        endpoint = TCP4ClientEndpoint(_reactor, "127.0.0.1", self._proxy.target)
        factory = Factory.forProtocol(_Far)
        factory.near = self  # type: ignore[attr-defined]
        endpoint.connect(factory).addErrback(lambda _: self.abort())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._proxy.near.discard(self)
        if self._far is None:
            return
        if self._proxy.is_held and self._asked:
            self._proxy.keep(self._far.transport, self._asked)
        else:
            self._far.transport.loseConnection()  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self._asked.append(data)
        self.flush()

    def opened(self, far: _Far) -> None:
        """The other side is there."""
        self._far = far
        self.flush()

    def answer(self, data: bytes) -> None:
        """The other side says this."""
        if self._proxy.is_muted:
            self._proxy.lost_answers += 1
        else:
            self._answered.append(data)
            self.flush()

    def flush(self) -> None:
        """Pass on what may pass."""
        answered, self._answered = self._answered, []
        self.transport.writeSequence(answered)  # type: ignore[union-attr]
        if not self._proxy.is_held and self._far is not None:
            asked, self._asked = self._asked, []
            self._far.transport.writeSequence(asked)  # type: ignore[union-attr]

    def abort(self) -> None:
        """End it without a word."""
        self.transport.abortConnection()  # type: ignore[union-attr]


class _Far(Protocol):
    """The side of whoever answers."""

    def connectionMade(self) -> None:
        self._near.opened(self)

    def dataReceived(self, data: bytes) -> None:
        self._near.answer(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._near.abort()

    @property
    def _near(self) -> _Near:
        near: _Near = self.factory.near  # type: ignore[union-attr]
        return near
