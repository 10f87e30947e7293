"""
Which rooms a node has. It opens those of its store again; where nodes share the store, this also says which rooms it
takes over, which are still its own after a gap in its lease, and to whom it leaves them in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.logger import Logger
from zope.interface import implementer

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import BUSY, IClock, ILease, ILeaseHolder, ILeases, IStore
from gameserver.node.handing_over import HandingOver
from gameserver.node.taking_over import TakingOver

if TYPE_CHECKING:
    from gameserver.node.batch import CommitBatch
    from gameserver.node.room_opener import RoomOpener
    from gameserver.node.rooms_aside import RoomsAside
    from gameserver.node.runner import RoomRunner

LOAD_STEP: Final = 10
"""Other nodes are told how busy this one is when that has changed by this many percent."""
log: Final = Logger(namespace="gameserver.rooms")


@implementer(ILeaseHolder)
class LeasedRooms:
    """
    :param store: must provide `ILeases`, too, if there is a lease.
    :param opener: opens rooms.
    :param aside: the rooms that cannot be run here.
    :param lose: called for a room that another node has, with the address of that node, or None if it is not known.
    :param lease: this node's lease where nodes share the store; None: they do not.
    :param games: gives the version of each game that is served, by name.
    :param rooms: gives the rooms that are here.
    :ivar opening: whether rooms are being opened at the moment.
    :ivar closed: whether this node takes no more rooms, and makes none.
    :ivar about: what other nodes are told of this one, see `ILeases.describe_node`.
    :ivar drain: called when an operator wants this node to stop.
    :ivar load: returns how busy this node is, see `Heir`.
    :ivar looked_after: called after a gap in the lease, once it is known which rooms are still this node's.
    """

    def __init__(
        self,
        store: IStore,
        opener: RoomOpener,
        aside: RoomsAside,
        lose: Callable[[RoomRunner, str | None], None],
        *,
        lease: ILease | None,
        clock: IClock,
        games: Callable[[], Mapping[str, int]],
        batch: CommitBatch,
        rooms: Callable[[], Iterable[RoomRunner]],
    ) -> None:
        self._store = store
        self._opener = opener
        self._aside = aside
        self.opening = False
        self._lose = lose
        self._games = games
        self.closed = False
        self.about: Mapping[str, str] = {}
        self.drain: Callable[[], object] = lambda: None
        self.load: Callable[[], int] = lambda: 0
        self.looked_after: Callable[[], object] = lambda: None
        self._told_load = 0
        self._batch = batch
        self._rooms = rooms
        self._clock = clock
        self._lease = lease
        self._taking_over = TakingOver(lambda: self.leases, clock, games, self._take, lambda: self.closed)
        self._adopting = DeferredLock()

    @property
    def is_shared(self) -> bool:
        """Whether there may be other nodes."""
        return self._lease is not None

    @property
    def leases(self) -> ILeases:
        """The store, where nodes share it."""
        return cast(ILeases, self._store)

    def give_up(self, id: str) -> None:
        """A room cannot be run here any longer; another node may try."""
        self._opener.unusable.add(id)
        self.leases.release_rooms([id]).addErrback(lambda failure: failure.trap(StoreUnavailable))

    async def retry(self, ids: list[str]) -> None:
        """Try again to open rooms that were kept aside."""
        await self._opener.open(ids)

    # The lease

    def lease_ended(self) -> None:
        """Stop all effects while the lease is not held; it may come back; see `ILeaseHolder.lease_ended`."""
        self._batch.suspend()

    def lease_held(self) -> None:
        """Go on with what waited: the lease is held again; see `ILeaseHolder.lease_held`."""
        self._batch.proceed()
        self._tell_load(self.load())

    def lease_lost(self) -> None:
        """Let all rooms go for good: another process is this node now; see `ILeaseHolder.lease_lost`."""
        self.closed = True  # nobody would ever be told of a room that is created here after this
        self._batch.suspend()
        for runner in [runner for runner in self._rooms() if runner.is_stored]:
            self._lose(runner, None)

    def lease_regained(self) -> Deferred[None]:
        """Find out which rooms are still this node's, and go on with them; see `ILeaseHolder.lease_regained`."""
        return Deferred.fromCoroutine(self._look_after())

    def drain_asked(self) -> None:
        """An operator wants this node to stop; see `ILeaseHolder.drain_asked`."""
        if not self.closed:
            self.drain()

    def adopt(self) -> Deferred[bool]:
        """Open all rooms that this node has or may take; see `ILeaseHolder.adopt`."""
        return Deferred.fromCoroutine(self._adopt())

    async def claim(self) -> None:
        """Take this node's share of the rooms of nodes that are gone; see `TakingOver.claim`."""
        await self._taking_over.claim()

    # The end

    def close(self) -> Deferred[None]:
        """
        Make and take no more rooms, and say so to other nodes.

        :returns: fires once they can know; never fails.
        """
        self.closed = True
        told = Deferred.fromCoroutine(self.describe()) if self.is_shared else succeed(None)
        return told.addErrback(lambda failure: failure.trap(StoreUnavailable))

    async def ask_to_drain(self, node: str) -> None:
        """
        Have a node hand its rooms over and stop.

        :param node: its name; empty: this one.
        :raises Refused: there is none of that name.
        """
        if not node:
            self.drain()
        elif not self.is_shared:
            raise Refused("This server has its store for itself: give no name.", code="not_found")
        elif not await self.leases.ask_to_drain(node):
            raise Refused(f"No server of the name {node} runs.", code="not_found")

    async def hand_over(self) -> None:
        """Leave all rooms to other nodes, if nodes share the store; see `HandingOver.run`."""
        if not self.is_shared:
            return
        await HandingOver(self.leases, self._clock, self._rooms, self._lose).run()

    async def _look_after(self) -> None:
        """Drop rooms that another node took over, and store again those of which the store may have lost something."""
        await self.describe()
        runners = [runner for runner in self._rooms() if runner.commits.version]
        versions = [runner.commits.version for runner in runners]
        stored = await self.leases.fences([runner.room.id for runner in runners])
        for runner, version, found in zip(runners, versions, stored, strict=True):
            if found is not None and found[0] > runner.commits.fence:
                self._lose(runner, None)
            elif found != (runner.commits.fence, version) and runner.commits.version == version:
                runner.commits.may_be_behind()
        self.looked_after()

    async def _adopt(self) -> bool:
        await self._adopting.acquire()
        try:
            self.opening = True
            await self.describe()
            return await self._taking_over.run()
        finally:
            self.opening = False
            self._adopting.release()

    async def _take(self, ids: Sequence[str]) -> None:
        await self._opener.open(ids)
        taken = set(ids)
        for runner in self._rooms():
            if runner.room.id in taken:
                log.info("room {room} of {game} is taken over", room=runner.room.code, game=runner.room.spec.name)

    async def describe(self) -> None:
        """Tell other nodes what this one can run, how busy it is, and whether it is about to stop."""
        about = {**self.about, "load": str(self._told_load)}
        await self.leases.describe_node(self._games(), draining=self.closed, about=about)

    def _tell_load(self, load: int) -> None:
        """Tell other nodes how busy this one is, if that is news."""
        if abs(load - self._told_load) >= LOAD_STEP or (load >= BUSY) != (self._told_load >= BUSY):
            self._told_load = load
            told = Deferred.fromCoroutine(self.describe())
            told.addErrback(lambda failure: failure.trap(StoreUnavailable))  # told again when the load changes again
