"""
How a node comes to the room of a code, wherever it is: here, in the store alone, or at another node.

There is no such room only where the store says so.
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
from gameserver.node.opening import OPENING_RETRY_MS

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, IStore, Located
    from gameserver.node.opening import RoomOpener
    from gameserver.node.rooms_aside import RoomsAside
    from gameserver.node.runner import RoomRunner

TRIES: Final = 3
"""So often a room is looked for that another node was faster to open, or that fell asleep again meanwhile."""
SHARED_S: Final = 1.0
"""So long the nodes that are left have to share the rooms of one that is gone."""
LOOK_S: Final = 0.1
"""Between two looks at whether they did."""
STORE_RETRY_MS: Final = 1000
"""Whoever asks while the store does not answer may ask again after so long."""


class Reaching:
    """
    :param runners: the rooms that are here, by code.
    :param opener: opens others.
    :param aside: those that this release cannot run.
    :param closed: whether no more rooms are opened here.
    :ivar directory: where rooms of other nodes are.
    :ivar claim: called where a room was a node's that is gone: has this node claim its share of the rooms of such.
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
        :returns: the room, where it is here; it stays for a while then.
        """
        runner = self._runners.get(code) or self._runners.get(codes.as_typed(code))
        if runner is not None:
            runner.touched_s = runner.reactor_pass.monotonic()
        return runner

    async def reach(self, code: str, *, sure: bool = False) -> RoomRunner:
        """
        Find a room, and open it first where it is in the store and nobody's. One that is here is found at once.

        :param code: as people type it.
        :param sure: ask the store, whatever was learnt a moment ago: whoever was told that the room moved here would
            be sent back.
        :raises Refused: ``not_found``: the store has no such room. ``quarantined``: it is kept aside. ``busy``: another
            node that is silent has it, for ``retry_ms`` at most unless it lives on, or the store does not answer.
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
                self._aside.back(located.code)  # a node that can run it has it
            await self._aside.look_again(located.code)
            self._aside.check_room(located.code)
            if self.here(code) is None:
                await self._open(located)
            runner = self.here(code)
        if runner is None:
            self._aside.check_room(code, codes.as_typed(code))
            raise Refused(code="busy", retry_ms=OPENING_RETRY_MS)
        return runner

    async def _located(self, code: str) -> Located:
        """:raises Refused: there is no such room."""
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
        Let the nodes that are left share the rooms of one that is gone, before whoever asks first has them all.

        :returns: where the room is then; if nobody claims it for `SHARED_S`, it is to be had here.
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
        """:raises Refused: it cannot be had here, or not now."""
        if located.node is not None:
            raise self.directory.lead(located)
        if self._closed():
            raise Refused(code="draining")
        try:
            await self._opener.wait(located.room)
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy", retry_ms=STORE_RETRY_MS) from None
