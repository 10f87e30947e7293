"""
How a node takes over what others left behind or gave to it.

Nodes that see at the same moment that another one died claim its rooms in rounds, each no more than would make all
equally full: the store gives no room twice. What is left then, since a node that should have come did not, or cannot
run it, is for whoever can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, ILeases

ROUND: Final = 50
"""So many rooms are claimed and opened at a time: between them the node serves those it has."""
PATIENCE_S: Final = 0.5
"""Between two looks at what other nodes leave of their shares."""
WAITS: Final = 2
"""So often they are waited for, before one takes more than its own: somebody who asks for a room waits no longer."""
log = Logger(namespace="gameserver.rooms")


class TakingOver:
    """
    :param leases: gives the store that nodes share.
    :param games: gives the version of each game that is served, by name.
    :param open: opens rooms by their ids.
    :param closed: whether this node takes no more rooms.
    """

    def __init__(
        self,
        leases: Callable[[], ILeases],
        clock: IClock,
        games: Callable[[], Mapping[str, int]],
        open: Callable[[Sequence[str]], Awaitable[None]],
        closed: Callable[[], bool],
    ) -> None:
        self._leases = leases
        self._clock = clock
        self._games = games
        self._open = open
        self._closed = closed

    async def run(self) -> bool:
        """
        Open what is this node's, and what it may take.

        :returns: whether nothing is left that this node could run.
        :raises StoreUnavailable: what became of it is not known; it is this node's still, or to be had.
        """
        for _ in range(WAITS):
            await self.open_waiting()
            if self._closed():
                return False
            if not (more := await self.claim()):
                return True
            await self._sleep(PATIENCE_S)
        if not self._closed():
            more = await self.claim(fair=False)
        return not more

    async def open_waiting(self) -> None:
        """Open what this node has and did not open yet."""
        waiting = await self._leases().waiting_rooms()
        for first in range(0, len(waiting), ROUND):
            await self._open(waiting[first : first + ROUND])

    async def claim(self, *, fair: bool = True) -> int:
        """
        Claim rooms of nodes that are gone, and open them.

        :param fair: no more than this node's share of them.
        :returns: how many more this node could have.
        """
        while True:
            ids, more = await self._leases().claim_rooms(self._games(), most=ROUND, fair=fair)
            if not ids:
                return more
            log.info("{count} rooms of a node that is gone are taken over", count=len(ids))
            await self._open(ids)

    def _sleep(self, delay_s: float) -> Deferred[None]:
        done: Deferred[None] = Deferred(lambda _: call.cancel())
        call = self._clock.later(delay_s, done.callback, None)
        return done
