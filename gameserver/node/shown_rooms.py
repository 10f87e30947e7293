"""
What the nodes of one store show each other of their rooms: for lobbies, and for users whom any room will do.

A node writes changes a moment later, all of them together, and only what is stored by then. What others read may be
that old: somebody who is sent to a room that is full meanwhile looks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
"""How long after a change it is shown, together with all others until then."""
RETRY_S: Final = 1.0
"""Until a store that did not answer is asked again."""
AT_ONCE: Final = 200
"""How many rooms are shown together at most: the store does nothing else meanwhile."""
LOOKED_AT: Final = 100
"""Among how many open rooms of other nodes one is looked for that will do."""
log: Final = Logger(namespace="gameserver.rooms")


class RoomWindow:
    """What one node shows of its rooms, and finds of those of others."""

    def __init__(self, store: IShownRooms, clock: IClock) -> None:
        self._store = store
        self._clock = clock
        self._changed: dict[RoomRunner, None] = {}
        self._gone: dict[str, str] = {}
        self._shown: dict[str, bytes] = {}
        self._under_way = False

    def note(self, runner: RoomRunner) -> None:
        """Show a room that is new here or has changed."""
        if runner.is_stored and not runner.room.state.private:
            self._changed[runner] = None
            self._later(LATER_S)

    def gone(self, runner: RoomRunner) -> None:
        """Show a room no longer, since it is not here any more."""
        self._changed.pop(runner, None)
        if self._shown.pop(runner.room.id, None) is not None:
            self._gone[runner.room.id] = runner.room.spec.name
            self._later(LATER_S)

    def show_again(self, runners: Iterable[RoomRunner]) -> None:
        """Show these rooms, all that are here, also where nothing changed: the store may have lost what they showed."""
        self._shown = dict.fromkeys(self._shown, b"")
        for runner in runners:
            self.note(runner)

    async def elsewhere(self, game: str | None, limit: int) -> list[Shown]:
        """
        Return what other nodes show, newest first; nothing while the store does not answer.

        :param game: only rooms of this game; None: of all.
        :param limit: how many at most.
        """
        try:
            return await self._store.shown_rooms(game, open_only=False, limit=limit)
        except StoreUnavailable:
            return []

    async def find(self, game: str, role: str, match: Mapping[str, Any], tried: Collection[str]) -> str | None:
        """
        Look for a room of another node in which somebody new would find a seat.

        :param match: options that it must have, by name.
        :param tried: codes of rooms that will not do.
        :returns: the code of the oldest such room, of a node that is not busy if possible; None: there is none.
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
        # Only what is stored is shown; a room that is lost meanwhile fails here, and is not shown any more.
        await DeferredList([runner.told() for runner in some], consumeErrors=True)
        told = [(runner, shown) for runner in some if (shown := self._shown_of(runner)) is not None]
        back = {shown.room for _, shown in told}  # a room that fell asleep may have been woken since, here
        gone = [(id, game) for id, game in self._gone.items() if id not in back]
        try:
            if told or gone:
                await self._store.show_rooms([shown for _, shown in told], gone)
        except StoreUnavailable:
            self._changed.update((runner, None) for runner, _ in told if not runner.over)
            raise
        for id in (*back, *(id for id, _ in gone)):
            self._gone.pop(id, None)
        for runner, shown in told:
            self._shown[shown.room] = shown.listing
            if runner.over:
                self.gone(runner)

    def _shown_of(self, runner: RoomRunner) -> Shown | None:
        """:returns: what to write of a room; None: nothing, or the same as was written last."""
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
    """:returns: what anybody may know of a room, as JSON; None: nothing, since its players went on to another."""
    try:
        return msgspec.json.encode(listing_of(room))
    except Elsewhere:
        return None


def _would_do(listing: bytes, role: str, match: Mapping[str, Any]) -> bool:
    room = msgspec.json.decode(listing, type=Listing)
    return role in room.open_to and admission.holds(room.options, dict(match))
