"""Looks at the rooms of a store beside a server, or in its place, and leaves no trace, there or on the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zope.interface import providedBy

from gameserver.interfaces import IRoomReader
from gameserver.node.rooms import RoomRegistry
from gameserver.operating.offline import run, served, until_done
from gameserver.operating.orders import RoomOrder, follow
from gameserver.store.compression import compressed_store
from gameserver.store.context import make_store
from gameserver.store.sqlite.looking import rooms_looked_at

if TYPE_CHECKING:
    from gameserver.clock import Clock
    from gameserver.game.spec import Spec
    from gameserver.operating.offline import Offline
    from gameserver.settings.settings import Settings


def look_at_file(reactor: Any, settings: Settings, path: str) -> Any:
    """
    Find out of the rooms in a SQLite file, which a server may run meanwhile, which of them can be run.

    :returns: as `follow` does for ``rooms``.
    :raises Damaged: it is damaged.
    :raises CannotLook: it cannot be read.
    """
    specs, clock = served(settings, reactor)
    with rooms_looked_at(path) as store:
        return until_done(reactor, lambda: _look(settings, specs, clock, store))


def look(reactor: Any, settings: Settings) -> Any:
    """
    Find out of the rooms in a store which of those can be run that no server runs.

    :returns: as `follow` does for ``rooms``.
    :raises StoreUnavailable: it does not answer.
    """
    store = make_store(settings, reactor, node=os.urandom(8).hex())
    if IRoomReader not in providedBy(store):
        return run(reactor, settings, _look_in_place)

    specs, clock = served(settings, reactor)

    async def work() -> Any:
        await store.start()
        try:
            return await _look(settings, specs, clock, store)
        finally:
            await store.stop()

    return until_done(reactor, work)


async def _look(settings: Settings, specs: dict[str, Spec], clock: Clock, store: Any) -> Any:
    registry = RoomRegistry(specs, compressed_store(store, settings.compress_bytes), clock, os.urandom)
    registry.mending.only_look()
    return await follow(registry, RoomOrder("rooms"))


async def _look_in_place(offline: Offline) -> Any:
    return await follow(offline.registry, RoomOrder("rooms"))
