"""
How much HTTP requests may take of a node at once: of passes of the reactor, and of memory.

Whoever has a thousand connections, or sends a thousand requests in one segment, waits behind others; nobody else has to
wait for all of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import IClock

AT_ONCE: Final = 2
"""How many requests are answered in a pass of the reactor: a listing of 200 rooms takes some 9 ms."""


class AskingConnection(Protocol):
    """
    A connection with a request that is whole.

    :ivar client: the client's address, or IPv6 network.
    """

    client: str

    def serve(self) -> None:
        """Have the request answered. Never raises."""


class FairQueue:
    """
    Serves requests fairly: in a pass of the reactor one of each connection, and `AT_ONCE` of all. Addresses are served
    one after the other too, so that one with many requests does not delay one that has a single request.

    :param clock: calls back in the next pass.
    """

    def __init__(self, clock: IClock) -> None:
        self._clock = clock
        self._served: set[AskingConnection] = set()
        self._waiting: dict[str, dict[AskingConnection, None]] = {}
        self._call: IDelayedCall | None = None

    def ask(self, asking: AskingConnection) -> None:
        """Serve a connection in this pass, or, if it or enough others were served in it already, in a later one."""
        if asking in self._served or len(self._served) >= AT_ONCE:
            self._waiting.setdefault(asking.client, {})[asking] = None
        else:
            self._serve(asking)
        self._go_on()

    def leave(self, asking: AskingConnection) -> None:
        """Forget a connection that is gone."""
        of_client = self._waiting.get(asking.client, {})
        of_client.pop(asking, None)
        if not of_client:
            self._waiting.pop(asking.client, None)

    def _pass(self) -> None:
        """Begin a new pass, and serve those whose turn it is."""
        self._call = None
        # All are chosen before the first is served: one that asks again meanwhile waits for the next pass.
        self._served = set(chosen := [self._next() for _ in range(AT_ONCE) if self._waiting])
        if chosen:
            self._go_on()
        for asking in chosen:
            asking.serve()

    def _next(self) -> AskingConnection:
        """:returns: the connection that waits longest, of the address that waits longest."""
        client, of_client = next(iter(self._waiting.items()))
        del self._waiting[client]
        asking = next(iter(of_client))
        del of_client[asking]
        if of_client:
            self._waiting[client] = of_client
        return asking

    def _serve(self, asking: AskingConnection) -> None:
        self._served.add(asking)
        asking.serve()

    def _go_on(self) -> None:
        """Have another pass."""
        if self._call is None:
            self._call = self._clock.later(0, self._pass)


class Keeping(Protocol):
    """A connection for which bytes are kept."""

    def cut_off(self) -> None:
        """End the connection at once, and drop what is kept for it."""


class KeptBytes:
    """
    Counts the bytes that are kept for connections: of requests not answered yet, and of answers not read yet.

    Where it is too much together, the address for which most is kept loses connections, first those for which something
    has been kept longest: whoever reads slowly harms itself alone.

    :param most_bytes: for all connections together.
    :param lost: called for each connection that is cut off.
    :ivar size_bytes: how much is kept for all connections.
    """

    def __init__(self, most_bytes: int, lost: Callable[[], None]) -> None:
        self.size_bytes = 0
        self._most_bytes = most_bytes
        self._lost = lost
        self._bytes: dict[Keeping, tuple[str, int]] = {}
        self._of_client: Counter[str] = Counter()

    def note(self, keeping: Keeping, client: str, size_bytes: int) -> None:
        """Note how much is kept for a connection at the moment."""
        if keeping in self._bytes and self._bytes[keeping][0] == client and size_bytes:
            self._count(client, size_bytes - self._bytes[keeping][1])
        else:
            self.leave(keeping)
            if not size_bytes:
                return
            self._count(client, size_bytes)
        self._bytes[keeping] = (client, size_bytes)
        while self.size_bytes > self._most_bytes:
            self._cut_one_off()

    def leave(self, keeping: Keeping) -> None:
        """Forget a connection that is gone."""
        client, size_bytes = self._bytes.pop(keeping, ("", 0))
        self._count(client, -size_bytes)

    def _cut_one_off(self) -> None:
        (client, _), *_ = self._of_client.most_common(1)
        oldest = next(keeping for keeping, (of, _) in self._bytes.items() if of == client)
        self.leave(oldest)
        self._lost()
        oldest.cut_off()

    def _count(self, client: str, change_bytes: int) -> None:
        self.size_bytes += change_bytes
        self._of_client[client] += change_bytes
        if not self._of_client[client]:
            del self._of_client[client]
