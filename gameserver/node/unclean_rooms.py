"""What the registry does about rooms in which a process ended in the middle of a step; see `UncleanEnds`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from gameserver.errors import Refused
from gameserver.interfaces import ISleepStore
from gameserver.node.codes import as_typed, looks_like
from gameserver.node.rooms_aside import RoomAside, RoomsAside
from gameserver.node.served_games import ServedGames
from gameserver.node.suspect import Suspect
from gameserver.node.unclean_ends import PROVED_S, UncleanEnds

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.interfaces import IClock, IStore
    from gameserver.node.mending import Mending
    from gameserver.node.runner import RoomRunner


class UncleanRooms(ServedGames):
    """
    Such rooms.

    :param store: has the book of these ends.
    :ivar aside: the rooms in the store that this release cannot run, or that are in quarantine.
    :ivar unclean: the ends that are known.
    """

    mending: Mending
    _runners: dict[str, RoomRunner]
    _ids: set[str]

    def __init__(self, specs: Mapping[str, Spec], store: IStore, clock: IClock) -> None:
        self.store = store
        self.clock = clock
        self.unclean = UncleanEnds(store, clock)
        self.aside = RoomsAside(self.unclean)
        super().__init__(specs, self.aside)

    def _suspect(self, runner: RoomRunner) -> None:
        """Suspect a room that was just opened, if a process ended in a step of it, until it has proved itself."""
        ends = self.unclean.of(runner.room.id)
        if ends:
            suspect = Suspect(ends, lambda: self._goes_on(runner))
            runner.suspect_it(suspect)
            if not suspect.rests:
                self._goes_on(runner)

    def _loads(self, runner: RoomRunner) -> None:
        """Once a room has loaded, take an end that came while it was being opened, and may be chance, for chance."""
        if any(end.is_opening for end in self.unclean.of(runner.room.id)):
            runner.told().addCallbacks(lambda _: self._has_loaded(runner), lambda failure: failure.trap(Refused))

    def _has_loaded(self, runner: RoomRunner) -> None:
        if not runner.over:
            self.unclean.forget_soon(runner.room.id, opening=True)
            if not self.unclean.of(runner.room.id):
                runner.suspect_it(None)

    def _goes_on(self, runner: RoomRunner) -> None:
        self.clock.later(PROVED_S, self._proved, runner)

    def _proved(self, runner: RoomRunner) -> None:
        """The room has gone on for a while: an end that may be chance was chance."""
        if not runner.over:
            self.unclean.forget_soon(runner.room.id, unsure=True)
            if not self.unclean.of(runner.room.id):
                runner.suspect_it(None)

    def _clear(self, runner: RoomRunner) -> None:
        """Forget the ends in a room that is not here any more, if it has ended."""
        if runner.room.moment.ended:
            self.unclean.forget_soon(runner.room.id)

    def store_again(self) -> None:
        """Store each room that is here as a whole, since the store has lost something."""
        for runner in list(self._runners.values()):
            if runner.is_stored and runner.commits.version:
                runner.commits.may_be_behind()

    async def look(self) -> Counter[str]:
        """
        Find out which rooms that are not run here cannot be, those that sleep too, and keep them aside.

        :returns: how many rooms there are of each game: those that are run here, and all that nobody runs; beside a
            server whose store provides no `IRoomReader` only those of the latter that sleep.
        :raises StoreUnavailable: that cannot be known now.
        """
        await self.know_quarantined()
        if self.mending.can_look:
            counts = await self.mending.look(self._ids)
        else:
            totals = await cast(ISleepStore, self.store).sleeping_totals()
            counts = Counter({game: total.count for game, total in totals.items()})
        counts.update(runner.room.spec.name for runner in self._runners.values())
        return counts

    async def know_quarantined(self) -> None:
        """
        Keep all rooms aside that are in quarantine, also those that nobody has asked for since the start.

        :raises StoreUnavailable: they cannot be known now.
        """
        await self.unclean.renew()
        for end in self.unclean.quarantined():
            if end.room not in self._ids and not self.aside.holds(end.code):
                await self.mending.look_for(end.code)

    async def find_aside(self, code: str) -> RoomAside:
        """
        Find a room that is kept aside, or would be once it is opened.

        :param code: as people type it.
        :raises Refused: ``not_found``: there is none.
        :raises StoreUnavailable: that cannot be known now.
        """
        known = self.aside.get(code) or self.aside.get(as_typed(code))
        if known is not None:
            return known
        if looks_like(code) and as_typed(code) not in self._runners:
            await self.unclean.renew()
            await self.mending.look_for(as_typed(code))
        return self.mending.find(as_typed(code))

    async def free(self, code: str) -> str | None:
        """
        Forget the ends in a room, and try to run it again.

        :param code: the exact code of the room.
        :returns: why it is still kept aside; None: it can be run.
        :raises Refused: ``not_found``: it is not kept aside.
        """
        await self.unclean.forget(self.mending.find(code).id)
        return await self.mending.retry(code)

    async def close(self, code: str) -> None:
        """
        Delete for good a room that is kept aside.

        :param code: the exact code of the room.
        :raises Refused: ``not_found``: it is not kept aside.
        """
        id = self.mending.find(code).id
        await self.mending.drop(code)
        await self.unclean.forget(id)
