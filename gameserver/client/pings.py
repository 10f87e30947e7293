"""The pings of a client that have had no answer yet; a server answers them in order."""

from __future__ import annotations

from collections import deque

from twisted.internet.defer import Deferred

from gameserver.errors import ConnectionFailed
from gameserver.protocol.messages import Pong


class Pings:
    """The pings of one connection after another."""

    def __init__(self) -> None:
        self._waiting: deque[Deferred[Pong]] = deque()

    def expect(self) -> Deferred[Pong]:
        """:returns: fires with the answer to a ping that is sent now; fails with `ConnectionFailed`."""
        pong: Deferred[Pong] = Deferred()
        self._waiting.append(pong)
        return pong

    def answer(self, pong: Pong) -> None:
        """The server has answered the oldest."""
        if self._waiting:
            self._waiting.popleft().callback(pong)

    def fail(self, why: str) -> None:
        """Fail all of these: none will be answered any more."""
        waiting, self._waiting = self._waiting, deque()
        for pong in waiting:
            pong.errback(ConnectionFailed(why))
