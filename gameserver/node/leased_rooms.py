"""How a node opens rooms again; and where it shares its store, which it takes over, and which are its own still."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from twisted.internet.defer import DeferredLock

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import IClock, ILeases, IStore
from gameserver.node.taking_over import TakingOver

if TYPE_CHECKING:
    from gameserver.node.opening import RoomOpener
    from gameserver.node.rooms_aside import RoomsAside
    from gameserver.node.runner import RoomRunner


class LeasedRooms:
    """
    :param store: provides `ILeases`, too, once `adopt` or `look_after` is called.
    :param opener: opens rooms.
    :param aside: the rooms that cannot be run here.
    :param lose: called for a room that another node has.
    :param games: gives the version of each game that is served, by name.
    :param closed: whether this node takes no more rooms.
    :ivar opening: rooms are being opened at present.
    """

    def __init__(
        self,
        store: IStore,
        opener: RoomOpener,
        aside: RoomsAside,
        lose: Callable[[RoomRunner], None],
        *,
        clock: IClock,
        games: Callable[[], Mapping[str, int]],
        closed: Callable[[], bool],
    ) -> None:
        self._store = store
        self._opener = opener
        self._aside = aside
        self.opening = False
        self._lose = lose
        self._games = games
        self._taking_over = TakingOver(lambda: self.leases, clock, games, opener.open, closed)
        self._adopting = DeferredLock()

    @property
    def leases(self) -> ILeases:
        """The store, as what it is where nodes share it."""
        return cast(ILeases, self._store)

    def give_up(self, id: str) -> None:
        """A room cannot be run here any longer; another node may try."""
        self._opener.unusable.add(id)
        self.leases.release_rooms([id]).addErrback(lambda failure: failure.trap(StoreUnavailable))

    async def look_after(self, rooms: Iterable[RoomRunner]) -> None:
        """Drop rooms that another node took over, and store again those of which the store lost something."""
        await self.describe()
        runners = [runner for runner in rooms if runner.commits.version]
        versions = [runner.commits.version for runner in runners]
        stored = await self.leases.fences([runner.room.id for runner in runners])
        for runner, version, found in zip(runners, versions, stored, strict=True):
            if found is not None and found[0] > runner.commits.fence:
                self._lose(runner)
            elif found != (runner.commits.fence, version) and runner.commits.version == version:
                runner.commits.may_be_behind()

    async def retry(self, ids: list[str]) -> None:
        """Open these rooms, which were kept aside: by now it may be possible."""
        await self._opener.open(ids)

    async def adopt(self) -> bool:
        """Open all rooms that this node has or may take. :returns: whether it can run all that there are."""
        await self._adopting.acquire()
        try:
            self.opening = True
            await self.describe()
            return await self._taking_over.run()
        finally:
            self.opening = False
            self._adopting.release()

    async def describe(self, *, draining: bool = False) -> None:
        """Tell other nodes what this one can run."""
        await self.leases.describe_node(self._games(), draining=draining)
