"""How a room reads its tables from the store: it waits while the store does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import IClock, IStore, TableSizes

RETRY_S: Final = 0.5
"""Until a store that did not answer is asked again; the step that reads is undone after `STEP_LIMIT_S` in any case."""


class StoreSource:
    """
    The tables of one room, in the store; see `gameserver.room.tables.Source`.

    :param room: the room's id.
    """

    def __init__(self, store: IStore, clock: IClock, room: str) -> None:
        self._store = store
        self._clock = clock
        self._room = room

    async def read(self, table: str, names: Sequence[str]) -> list[bytes | None]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""
        found: list[bytes | None] = await self._ask(lambda: self._store.read_entries(self._room, table, names))
        return found

    async def scan(self, table: str, *, prefix: str, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""
        page: list[tuple[str, bytes]] = await self._ask(
            lambda: self._store.scan_entries(self._room, table, prefix=prefix, after=after, limit=limit)
        )
        return page

    async def measure(self, entries: Sequence[tuple[str, str]]) -> TableSizes:
        """Say how large the tables are; see `IStore.measure_entries`."""
        sizes: TableSizes = await self._ask(lambda: self._store.measure_entries(self._room, entries))
        return sizes

    async def _ask(self, ask: Callable[[], Deferred[Any]]) -> Any:
        while True:
            try:
                return await ask()
            except StoreUnavailable:
                await self._pause()

    def _pause(self) -> Deferred[None]:
        over: Deferred[None] = Deferred(lambda _: call.cancel())
        call = self._clock.later(RETRY_S, over.callback, None)
        return over
