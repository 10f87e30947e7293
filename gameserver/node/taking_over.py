"""
How a node takes over rooms that others left behind or gave to it.

Nodes that see at the same moment that another one died claim its rooms in rounds, each no more than would make all
equally full; the store gives no room twice. If rooms are left after that, because another node did not come or cannot
run them, any node that can takes them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, ILeases

ROUND: Final = 50
"""How many rooms are claimed and opened at a time; in between the node serves the rooms that it has."""
PATIENCE_S: Final = 0.5
"""Between two looks at what other nodes have left of their shares."""
WAITS: Final = 2
"""How often a node waits for others before it takes more than its share: nobody who asks for a room waits longer."""
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
        Open the rooms that this node has, and those that it may take.

        :returns: whether nothing is left that this node could run.
        :raises StoreUnavailable: how far it came is not known; the rooms are this node's, or can still be claimed.
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
        """Open the rooms that this node has and has not opened yet."""
        waiting = await self._leases().waiting_rooms()
        for first in range(0, len(waiting), ROUND):
            await self._open(waiting[first : first + ROUND])

    async def claim(self, *, fair: bool = True) -> int:
        """
        Claim rooms of nodes that are gone, and open them.

        :param fair: whether to take no more than this node's share of them.
        :returns: how many more this node could run.
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
