"""What the registry knows of sleeping rooms, which only the store has: who has seats, who may join, when they open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import IBooks, ISleepStore, SleepingRooms
from gameserver.node import codes
from gameserver.node.listings import Listing
from gameserver.node.room_opener import pause
from gameserver.node.sleeper import Sleeper
from gameserver.node.unclean_rooms import UncleanRooms
from gameserver.room import admission

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.interfaces import IClock, ILease, IStore
    from gameserver.node.calendar import Calendar
    from gameserver.node.leased_rooms import LeasedRooms
    from gameserver.node.open_rooms import OpenRooms
    from gameserver.node.room_opener import RoomOpener
    from gameserver.node.rooms_of_users import RoomsOfUsers
    from gameserver.node.runner import RoomRunner
    from gameserver.room.quota import Quota

START_S: Final = 1.0
"""How long a start waits for rooms to be opened; the rest is opened afterwards, while others are served."""
SAID_EVERY_S: Final = 5.0
"""How often the log says how far the opening of rooms is."""
RETRY_S: Final = 1.0
"""Until a store that did not answer is asked again."""
BOOK: Final = "calendar"
"""The book that has a page for each game: which methods are called for its rooms, and when."""
SLICE: Final = 500
"""How many rooms are opened before the next look at how many wait to fall asleep again."""
WAITING_TO_SLEEP: Final = 5000
"""If more rooms than this wait to fall asleep, the next ones are opened more slowly."""
WAITS: Final = 12
"""How often the opening waits `RETRY_S` for these: by then the time is over in which people return after a restart."""
PAGE: Final = 200
"""How many sleeping rooms are read together to find one that will do."""
PAGES: Final = 5
"""How many such pages are read before a room is made instead."""
log: Final = Logger(namespace="gameserver.rooms")


class RoomsAsleep(UncleanRooms):
    """
    The sleeping rooms; the attributes without a value are set by the classes below this one.

    :param sleep_s: see `Sleeper`.
    :ivar sleeper: puts rooms to sleep, and wakes those that are due.
    """

    leased: LeasedRooms
    rooms_of: RoomsOfUsers
    _lease: ILease | None
    calendar: Calendar
    _opener: RoomOpener
    _open_rooms: OpenRooms
    _runners: dict[str, RoomRunner]
    _ids: set[str]

    def __init__(
        self,
        specs: Mapping[str, Spec],
        store: IStore,
        clock: IClock,
        opener: Callable[[], RoomOpener],
        sleep_s: float | None,
        space: Callable[[str], Quota],
    ) -> None:
        super().__init__(specs, store, clock)
        self.sleeper = Sleeper(
            store,
            clock,
            opener,
            lambda: self.calendar,
            sleep_s=sleep_s,
            space=space,
            leave=self._leave,
            forget=self._forget,
            closed=lambda: self.draining,
        )

    @property
    def draining(self) -> bool:
        """Whether this server is about to stop."""
        raise NotImplementedError

    def _forget(self, runner: RoomRunner) -> None:
        raise NotImplementedError

    async def reach(self, code: str) -> RoomRunner:
        """Find a room, wherever it is."""
        raise NotImplementedError

    @property
    def asleep(self) -> ISleepStore:
        """The store, which knows the sleeping rooms."""
        return cast(ISleepStore, self.store)

    @property
    def books(self) -> IBooks:
        """The store, which keeps books."""
        return cast(IBooks, self.store)

    def _leave(self, runner: RoomRunner) -> None:
        """A room is being put to sleep: nobody finds it here any more."""
        self._open_rooms.gone(runner)
        self._ids.discard(runner.room.id)
        del self._runners[runner.room.code]

    # Users

    async def sleeping_rooms_of(self, user_id: str) -> SleepingRooms:
        """
        Say in which sleeping rooms a user has a seat, or which the user has made.

        :raises Refused: ``busy``: the store does not answer.
        """
        if not self.sleeper.count:
            return SleepingRooms()
        try:
            return await self.asleep.sleeping_rooms_of(user_id)
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy", retry_ms=round(RETRY_S * 1000)) from None

    async def rooms_with(self, user_id: str) -> set[str]:
        """:returns: the codes of all rooms in which a user has a seat, here or asleep."""
        return {*self.rooms_of.of(user_id), *(await self.sleeping_rooms_of(user_id)).seated}

    async def meet(self, user_id: str, other: str) -> bool:
        """Whether two users have seats in the same room, here or asleep."""
        if self.rooms_of.meet(user_id, other):
            return True
        return not (await self.rooms_with(user_id)).isdisjoint(await self.rooms_with(other))

    async def has_seat(self, user_id: str, code: str) -> bool:
        """Whether a user has a seat in the room of a code, as people type it."""
        rooms = await self.rooms_with(user_id)
        return code in rooms or codes.as_typed(code) in rooms

    # The lobby

    async def sleeping_listings(
        self, spec: Spec | None, limit: int, *, open_only: bool = False
    ) -> list[tuple[float, bytes]]:
        """
        Return what the lobby shows of sleeping rooms.

        :param spec: only rooms of this game; None: of all.
        :param limit: how many at most.
        :param open_only: only rooms in which somebody new finds a seat without a password.
        :returns: when each was made, seconds since 1970, and its `Listing` as JSON; newest first.
        """
        if not self.sleeper.count:
            return []
        game = spec.name if spec is not None else None
        try:
            rooms = await self.asleep.listed_rooms(game, open_only=open_only, skip=0, limit=limit)
        except StoreUnavailable:
            return []
        return [
            (room.created_ms / 1000, room.listing.encode())
            for room in rooms
            if room.code not in self._runners and msgspec.json.decode(room.listing, type=Listing).game in self.specs
        ]

    async def wake_open(self, spec: Spec, role: str, match: Mapping[str, Any], tried: set[str]) -> bool:
        """
        Wake a sleeping room that may have a seat for somebody new.

        :param match: options that it must have, by name.
        :param tried: the codes of rooms that were woken for this before; the one that is woken is added.
        :returns: whether there was one.
        :raises StoreUnavailable: it is not known whether there is one.
        """
        if not self.sleeper.count:
            return False
        for page in range(PAGES):
            rooms = await self.asleep.listed_rooms(spec.name, open_only=True, skip=page * PAGE, limit=PAGE)
            for room in rooms:
                if room.code not in tried and _would_do(room.listing, role, match):
                    tried.add(room.code)
                    try:
                        await self.reach(room.code)
                    except Refused:
                        continue
                    return True
            if len(rooms) < PAGE:
                break
        return False

    # The calendar

    def serve(self, spec: Spec) -> None:
        """Serve a game, or another release of one; its sleeping rooms are woken if its calendar changed."""
        super().serve(spec)
        Deferred.fromCoroutine(self.rouse_for_calendar()).addErrback(lambda failure: failure.trap(StoreUnavailable))

    async def rouse_for_calendar(self) -> None:
        """Have the sleeping rooms of a game wake if its calendar has changed since they fell asleep."""
        known = await self.books.read_book(BOOK)
        for name, spec in self.specs.items():
            times = sorted((expression, method) for expression, method, static in spec.crons if not static)
            told = msgspec.json.encode(times)
            if told != known.get(name, b"[]"):
                await self.asleep.rouse(name, now_ms=round(self.clock.now() * 1000))
                await self.books.write_book(BOOK, {name: told})

    # Opening

    async def _open_in_the_end(self, open_all: Callable[[], Awaitable[object]]) -> None:
        """
        Open rooms, and wait for that for `START_S`; the rest is opened later, and a room that is asked for at once.

        :param open_all: opens the rooms; called again if the store did not answer.
        """
        waiting: list[Deferred[None]] = [Deferred()]

        def go_on() -> None:
            if waiting:
                waiting.pop().callback(None)

        async def work() -> None:
            while not self.draining:
                try:
                    await open_all()
                except StoreUnavailable:
                    await pause(self.clock, RETRY_S)
                else:
                    break
            go_on()

        done = waiting[0]
        Deferred.fromCoroutine(work()).addErrback(lambda failure: log.failure("rooms cannot be opened", failure))
        if waiting:
            call = self.clock.later(START_S, go_on)
            await done
            if call.active():
                call.cancel()

    async def _open_all(self) -> None:
        """Open the rooms that this node has or may take over, and those that no node has and that do not sleep."""
        if self._lease is not None:
            await self.leased.adopt()
        await self._open_awake()

    async def _open_awake(self) -> None:
        """Open all rooms that no node has and that do not sleep, some at a time."""
        ids = await self.asleep.awake_ids()
        began_s = said_s = self.clock.monotonic()
        for some, opened in _slices(ids):
            if opened > len(some):
                await pause(self.clock)
            for _ in range(WAITS):
                if self.sleeper.waiting <= WAITING_TO_SLEEP or self.draining:
                    break
                await pause(self.clock, RETRY_S)
            if self.draining:
                return
            await self._opener.open(some)
            now_s = self.clock.monotonic()
            if now_s - said_s >= SAID_EVERY_S:
                said_s = now_s
                log.info("{opened} of {count} rooms are open", opened=opened, count=len(ids))
        if said_s > began_s:
            log.info("all {count} rooms that were awake are open", count=len(ids))


def _slices(ids: list[str]) -> Iterator[tuple[list[str], int]]:
    """:returns: slices of the ids, each with the number of ids up to its end."""
    for first in range(0, len(ids), SLICE):
        some = ids[first : first + SLICE]
        yield some, first + len(some)


def _would_do(listing: str, role: str, match: Mapping[str, Any]) -> bool:
    room = msgspec.json.decode(listing, type=Listing)
    if room.locked or room.needs_password or role not in room.open_to:
        return False
    return admission.holds(room.options, dict(match))
