"""
How a node finds the room of a code, wherever it is: here, only in the store, or at another node.

Only the store can say that there is no such room.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import ILeases
from gameserver.node import codes
from gameserver.node.directory import Directory
from gameserver.node.room_opener import OPENING_RETRY_MS

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, IStore, Located
    from gameserver.node.room_opener import RoomOpener
    from gameserver.node.rooms_aside import RoomsAside
    from gameserver.node.runner import RoomRunner

TRIES: Final = 3
"""How often a room is looked for, since another node may open it first, or it may fall asleep again meanwhile."""
SHARED_S: Final = 1.0
"""How long the remaining nodes have to share the rooms of one that is gone."""
LOOK_S: Final = 0.1
"""Between two looks at whether they have done so."""
STORE_RETRY_MS: Final = 1000
"""After how long those who asked while the store did not answer may ask again."""


class Reaching:
    """
    Finds rooms by their codes.

    :param runners: the rooms that are here, by code.
    :param opener: opens others.
    :param aside: those that cannot be run here.
    :param closed: whether no more rooms are opened here.
    :ivar directory: where rooms of other nodes are.
    :ivar claim: awaited when the node of a room is gone: claims this node's share of such rooms.
    """

    def __init__(
        self,
        store: IStore,
        runners: Mapping[str, RoomRunner],
        opener: RoomOpener,
        aside: RoomsAside,
        closed: Callable[[], bool],
        clock: IClock,
    ) -> None:
        self._store = store
        self._runners = runners
        self._opener = opener
        self._aside = aside
        self._closed = closed
        self._is_shared = ILeases.providedBy(store)
        self.directory = Directory(clock)
        self._clock = clock
        self.claim: Callable[[], Awaitable[None]] | None = None

    def here(self, code: str) -> RoomRunner | None:
        """
        :param code: as people type it: in any case, with spaces or dashes.
        :returns: the room, if it is here; it counts as used, and so stays in memory for a while.
        """
        runner = self._runners.get(code) or self._runners.get(codes.as_typed(code))
        if runner is not None:
            runner.touched_s = runner.reactor_pass.monotonic()
        return runner

    async def reach(self, code: str, *, sure: bool = False) -> RoomRunner:
        """
        Find a room; one that is only in the store is opened. One that is here is found without an await.

        :param code: as people type it.
        :param sure: whether to ask the store even if the answer was learnt a moment ago: somebody who was just told
            that the room moved here would be sent back.
        :raises Refused: ``not_found``: the store has no such room. ``quarantined``: it is kept aside. ``busy``: a node
            that is silent has it, for ``retry_ms`` at most unless that node comes back; or the store does not answer.
            ``draining``: this server is about to stop.
        :raises Elsewhere: another node has it.
        """
        runner = self.here(code)
        for _ in range(TRIES):
            if runner is not None:
                return runner
            if not self._is_shared:
                self._aside.check_room(code, codes.as_typed(code))
            located = None if sure else self.directory.known(codes.as_typed(code))
            located = located or await self._located(code)
            if located.orphaned and not self._closed():
                located = await self._shared_out(code, located)
            if located.node is not None:
                self._aside.back(located.code)  # another node has it, so that one can run it
            await self._aside.look_again(located)
            self._aside.check_room(located.code)
            if self.here(code) is None:
                await self._open(located)
            runner = self.here(code)
        if runner is None:
            self._aside.check_room(code, codes.as_typed(code))
            raise Refused(code="busy", retry_ms=OPENING_RETRY_MS)
        return runner

    async def _located(self, code: str) -> Located:
        """:raises Refused: ``not_found``: there is no such room; ``busy``: the store does not answer."""
        try:
            located = await self._store.locate(codes.as_typed(code)) if codes.looks_like(code) else None
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy", retry_ms=STORE_RETRY_MS) from None
        if located is None:
            raise Refused(code="not_found")
        self.directory.learn(located)
        return located

    async def _shared_out(self, code: str, located: Located) -> Located:
        """
        Let the remaining nodes share the rooms of one that is gone, so that not the node that is asked first gets all.

        :returns: where the room is then; if no node has claimed it within `SHARED_S`, this node may open it.
        """
        for _ in range(round(SHARED_S / LOOK_S)):
            if self.claim is not None:
                with suppress(StoreUnavailable):
                    await self.claim()
            located = await self._located(code)
            if not located.orphaned:
                break
            done: Deferred[None] = Deferred()
            self._clock.later(LOOK_S, done.callback, None)
            await done
        return located

    async def _open(self, located: Located) -> None:
        """:raises Refused: the room is another node's, this one closes, or the store does not answer."""
        if located.node is not None:
            raise self.directory.lead(located)
        if self._closed():
            raise Refused(code="draining")
        try:
            await self._opener.wait(located.room)
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy", retry_ms=STORE_RETRY_MS) from None
