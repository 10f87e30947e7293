"""What the registry does about rooms in the middle of whose steps a process ended; see `UncleanEnds`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.node.rooms_aside import RoomsAside
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
    :param store: has the book of these ends.
    :ivar aside: the rooms in the store that this release cannot run, or nobody is to run.
    :ivar unclean: what is known of them.
    """

    mending: Mending
    _runners: dict[str, RoomRunner]

    def __init__(self, specs: Mapping[str, Spec], store: IStore, clock: IClock) -> None:
        self.store = store
        self.clock = clock
        self.unclean = UncleanEnds(store, clock)
        self.aside = RoomsAside(self.unclean)
        super().__init__(specs, self.aside)

    def _suspect(self, runner: RoomRunner) -> None:
        """A room was opened: if a process ended in a step of it, it waits for somebody, or has to go on for a while."""
        ends = self.unclean.of(runner.room.id)
        if ends:
            suspect = Suspect(ends, lambda: self._goes_on(runner))
            runner.suspect_it(suspect)
            if not suspect.rests:
                self._goes_on(runner)

    def _loads(self, runner: RoomRunner) -> None:
        """It is being loaded: once it is, an end that came while it was may well be chance, and was."""
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
        """It has gone on: what may be chance was chance."""
        if not runner.over:
            self.unclean.forget_soon(runner.room.id, unsure=True)
            if not self.unclean.of(runner.room.id):
                runner.suspect_it(None)

    def _clear(self, runner: RoomRunner) -> None:
        """A room is no longer here: if it has ended, nothing is to be known of it."""
        if runner.room.moment.ended:
            self.unclean.forget_soon(runner.room.id)

    def store_again(self) -> None:
        """The store has lost something: it is to have all of each room that is here."""
        for runner in list(self._runners.values()):
            if runner.is_stored and runner.commits.version:
                runner.commits.may_be_behind()

    async def free(self, code: str) -> str | None:
        """
        Let a room be run again, whatever ended in a step of it.

        :param code: exactly.
        :returns: why it is kept aside still; None: it can be run.
        :raises Refused: ``not_found``: it is not kept aside.
        """
        await self.unclean.forget(self.mending.find(code).id)
        return await self.mending.retry(code)

    async def close(self, code: str) -> None:
        """
        Delete a room that is kept aside for good.

        :param code: exactly.
        :raises Refused: ``not_found``: it is not kept aside.
        """
        id = self.mending.find(code).id
        await self.mending.drop(code)
        await self.unclean.forget(id)
