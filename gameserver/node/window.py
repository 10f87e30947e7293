"""
What the nodes of one store show one another of their rooms: for lobbies, and for whoever will take any room.

A node writes what changed a moment later, all of it together, and only what is stored by then. What others read may be
that old: whoever comes by it to a room that is full meanwhile looks again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from gameserver.errors import Elsewhere, StoreUnavailable
from gameserver.interfaces import Shown
from gameserver.node.listings import Listing, listing_of
from gameserver.room import admission

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, IShownRooms
    from gameserver.node.runner import RoomRunner
    from gameserver.room.room import Room

LATER_S: Final = 0.25
"""So long after a change it is shown, with whatever changed meanwhile."""
RETRY_S: Final = 1.0
"""Until a store that did not answer is asked again."""
AT_ONCE: Final = 200
"""So many rooms are shown together: the store does nothing else meanwhile."""
LOOKED_AT: Final = 100
"""Of so many open rooms of other nodes one is looked for that will do, the oldest."""
log: Final = Logger(namespace="gameserver.rooms")


class RoomWindow:
    """What one node shows, and finds of others."""

    def __init__(self, store: IShownRooms, clock: IClock) -> None:
        self._store = store
        self._clock = clock
        self._changed: dict[RoomRunner, None] = {}
        self._gone: dict[str, str] = {}
        self._shown: dict[str, bytes] = {}
        self._under_way = False

    def note(self, runner: RoomRunner) -> None:
        """A room is here, or another than it was."""
        if runner.is_stored and not runner.room.state.private:
            self._changed[runner] = None
            self._later(LATER_S)

    def gone(self, runner: RoomRunner) -> None:
        """A room is not here any more."""
        self._changed.pop(runner, None)
        if self._shown.pop(runner.room.id, None) is not None:
            self._gone[runner.room.id] = runner.room.spec.name
            self._later(LATER_S)

    async def elsewhere(self, game: str | None, limit: int) -> list[Shown]:
        """
        Return what other nodes show, newest first; nothing while the store does not answer.

        :param game: of this game alone.
        """
        try:
            return await self._store.shown_rooms(game, open_only=False, limit=limit)
        except StoreUnavailable:
            return []

    async def find(self, game: str, role: str, match: Mapping[str, Any], tried: Collection[str]) -> str | None:
        """
        Look for a room of another node where somebody new would find a seat.

        :param match: what its options must hold.
        :param tried: codes of rooms that will not do.
        :returns: the code of the one that was there first, rather of a node that has time for more.
        """
        try:
            rooms = await self._store.shown_rooms(game, open_only=True, limit=LOOKED_AT)
        except StoreUnavailable:
            return None
        for room in sorted(rooms, key=lambda room: room.is_busy):
            if room.code not in tried and _would_do(room.listing, role, match):
                return room.code
        return None

    def _later(self, delay_s: float) -> None:
        if not self._under_way:
            self._under_way = True
            self._clock.later(delay_s, self._show)

    def _show(self) -> None:
        Deferred.fromCoroutine(self._write()).addCallbacks(self._written, self._not_written)

    async def _write(self) -> None:
        some = [runner for _, runner in zip(range(AT_ONCE), self._changed, strict=False)]
        for runner in some:
            del self._changed[runner]
        # What a room does not have in the store yet is not told; one that is lost meanwhile is not here any more.
        await DeferredList([runner.told() for runner in some], consumeErrors=True)
        told = [(runner, shown) for runner in some if (shown := self._shown_of(runner)) is not None]
        gone = list(self._gone.items())
        try:
            if told or gone:
                await self._store.show_rooms([shown for _, shown in told], gone)
        except StoreUnavailable:
            self._changed.update((runner, None) for runner, _ in told if not runner.over)
            raise
        for id, _ in gone:
            self._gone.pop(id, None)
        for runner, shown in told:
            self._shown[shown.room] = shown.listing
            if runner.over:
                self.gone(runner)

    def _shown_of(self, runner: RoomRunner) -> Shown | None:
        """:returns: what to write of a room, if it is another thing than what was written."""
        if runner.over or runner.forgotten:
            return None
        room = runner.room
        listing = _listing(room)
        if listing is None or self._shown.get(room.id) == listing:
            return None
        return Shown(
            room=room.id,
            code=room.code,
            game=room.spec.name,
            created_ms=round(room.state.created * 1000),
            is_open=room.state.password is None and bool(admission.open_roles(room)),
            listing=listing,
        )

    def _written(self, _: object) -> None:
        self._under_way = False
        if self._changed or self._gone:
            self._later(LATER_S)

    def _not_written(self, failure: Any) -> None:
        self._under_way = False
        if not failure.check(StoreUnavailable):
            log.failure("rooms cannot be shown to other nodes", failure)
        self._later(RETRY_S)


def _listing(room: Room) -> bytes | None:
    """:returns: what anybody may know of a room, as JSON; None: nothing, since it leads to another one."""
    try:
        return msgspec.json.encode(listing_of(room))
    except Elsewhere:
        return None


def _would_do(listing: bytes, role: str, match: Mapping[str, Any]) -> bool:
    room = msgspec.json.decode(listing, type=Listing)
    return role in room.open_to and admission.holds(room.options, dict(match))
