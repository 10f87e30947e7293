"""
What requests of HTTP may take of a node at once: passes of the reactor, and memory.

Whoever has a thousand connections, or sends a thousand requests in one segment, waits behind others, and nobody behind
all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import IClock

AT_ONCE: Final = 2
"""So many requests are answered in a pass of the reactor: a listing of 200 rooms takes some 9 ms."""


class AskingConnection(Protocol):
    """
    A connection with a request that is whole.

    :ivar client: whose it is, for budgets.
    """

    client: str

    def serve(self) -> None:
        """Have the request answered; this raises nothing."""


class FairTurns:
    """
    Requests take turns: of each connection one in a pass of the reactor, of all of them `AT_ONCE`, and addresses that
    have several wait as long as those that have one.

    :param clock: tells when a pass is over.
    """

    def __init__(self, clock: IClock) -> None:
        self._clock = clock
        self._served: set[AskingConnection] = set()
        self._waiting: dict[str, dict[AskingConnection, None]] = {}
        self._call: IDelayedCall | None = None

    def ask(self, asking: AskingConnection) -> None:
        """Serve it now, or in a later pass: those that wait were served first in this one."""
        if asking in self._served or len(self._served) >= AT_ONCE:
            self._waiting.setdefault(asking.client, {})[asking] = None
        else:
            self._serve(asking)
        self._go_on()

    def leave(self, asking: AskingConnection) -> None:
        """It is gone."""
        of_client = self._waiting.get(asking.client, {})
        of_client.pop(asking, None)
        if not of_client:
            self._waiting.pop(asking.client, None)

    def _pass(self) -> None:
        """The pass is over, and another begins."""
        self._call = None
        # Chosen first: who is served asks again, and waits for the next pass.
        self._served = set(chosen := [self._next() for _ in range(AT_ONCE) if self._waiting])
        if chosen:
            self._go_on()
        for asking in chosen:
            asking.serve()

    def _next(self) -> AskingConnection:
        """:returns: the one that has waited for longest, of the address that has."""
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
        """End it at once, with all that is kept for it."""


class KeptBytes:
    """
    What is kept for connections: of requests that are not answered yet, and of answers that nobody has read.

    Where all of it is too much, the address for which most is kept loses its connections, those that have kept
    something for longest first: who reads slowly harms itself alone.

    :param most_bytes: for all connections.
    :param lost: is called for each that is cut off.
    :ivar size_bytes: what is kept.
    """

    def __init__(self, most_bytes: int, lost: Callable[[], None]) -> None:
        self.size_bytes = 0
        self._most_bytes = most_bytes
        self._lost = lost
        self._bytes: dict[Keeping, tuple[str, int]] = {}
        self._of_client: Counter[str] = Counter()

    def note(self, keeping: Keeping, client: str, size_bytes: int) -> None:
        """So much is kept for a connection now."""
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
        """It is gone."""
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
