"""Rooms that sleep, in memory; see `gameserver.store.memory.store`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import (
    Asleep,
    DueRooms,
    ISleepStore,
    Listed,
    SleepingRooms,
    SleepingTotal,
    Slept,
    StoreTime,
)


class SleepBook:
    """The rooms that sleep, by id; and for how long no node ran, and how the clock was set."""

    def __init__(self) -> None:
        self.rooms: dict[str, Asleep] = {}
        self.time = StoreTime()


@implementer(ISleepStore)
class MemorySleep:
    """The part of a store in memory that knows which rooms sleep."""

    _ask: Callable[[Callable[[], Any]], Deferred[Any]]
    _rooms: dict[str, Any]
    _beat_ms: int | None

    def __init__(self) -> None:
        self._sleep = SleepBook()

    def begin_time(self, *, now_ms: int) -> Deferred[StoreTime]:
        """Count the time in which no node ran; see `ISleepStore.begin_time`."""

        def work() -> StoreTime:
            last_ms = max(self._newest_beat_ms(), self._sleep.time.since_ms)
            if 0 < last_ms < now_ms:
                outage_ms = self._sleep.time.outage_ms + now_ms - last_ms
                self._sleep.time = replace(self._sleep.time, outage_ms=outage_ms, since_ms=now_ms)
            return self._sleep.time

        return self._ask(work)

    def step_time(self, delta_ms: int, *, now_ms: int) -> Deferred[StoreTime]:
        """Count a step of the clock; see `ISleepStore.step_time`."""

        def work() -> StoreTime:
            stepped_ms = self._sleep.time.stepped_ms + delta_ms
            self._sleep.time = replace(self._sleep.time, stepped_ms=stepped_ms)
            return self._sleep.time

        return self._ask(work)

    def awake_ids(self) -> Deferred[list[str]]:
        """Return the rooms that do not sleep; see `ISleepStore.awake_ids`."""
        return self._ask(lambda: [room for room in self._rooms if room not in self._sleep.rooms])

    def due_rooms(self, *, until_ms: int, limit: int) -> Deferred[DueRooms]:
        """Return the sleeping rooms that are due; see `ISleepStore.due_rooms`."""

        def work() -> DueRooms:
            late = [
                (max(ages), id) for id, asleep in self._sleep.rooms.items() if (ages := self._late_ms(asleep, until_ms))
            ]
            return DueRooms(ids=[id for _, id in sorted(late, reverse=True)[:limit]], time=self._sleep.time)

        return self._ask(work)

    def listed_rooms(self, game: str | None, *, open_only: bool, skip: int, limit: int) -> Deferred[list[Listed]]:
        """Return a page of what the lobby shows; see `ISleepStore.listed_rooms`."""

        def shown() -> Iterator[Listed]:
            for id, asleep in self._sleep.rooms.items():
                room = self._rooms[id]
                if asleep.listing is not None and game in (None, room.game) and (asleep.is_open or not open_only):
                    yield Listed(room=id, code=room.code, created_ms=asleep.created_ms, listing=asleep.listing)

        def work() -> list[Listed]:
            return sorted(shown(), key=lambda room: (room.created_ms, room.room), reverse=True)[skip : skip + limit]

        return self._ask(work)

    def sleeping_rooms_of(self, user: str) -> Deferred[SleepingRooms]:
        """Return the sleeping rooms that count for a user; see `ISleepStore.sleeping_rooms_of`."""
        return self._ask(
            lambda: SleepingRooms(
                seated=sorted(self._rooms[id].code for id, asleep in self._sleep.rooms.items() if user in asleep.users),
                empty=sorted(self._rooms[id].code for id, asleep in self._sleep.rooms.items() if user == asleep.maker),
            )
        )

    def sleeping_totals(self) -> Deferred[Mapping[str, SleepingTotal]]:
        """Tell how many rooms sleep and what they take; see `ISleepStore.sleeping_totals`."""

        def work() -> Mapping[str, SleepingTotal]:
            totals: dict[str, SleepingTotal] = {}
            for id, asleep in self._sleep.rooms.items():
                was = totals.get(self._rooms[id].game, SleepingTotal(count=0, size_bytes=0))
                size_bytes = was.size_bytes + asleep.size_bytes
                totals[self._rooms[id].game] = SleepingTotal(count=was.count + 1, size_bytes=size_bytes)
            return totals

        return self._ask(work)

    def rouse(self, game: str, *, now_ms: int) -> Deferred[None]:
        """Have all sleeping rooms of a game be due; see `ISleepStore.rouse`."""

        def work() -> None:
            for id, asleep in self._sleep.rooms.items():
                if self._rooms[id].game == game:
                    self._sleep.rooms[id] = replace(asleep, date_ms=min(asleep.date_ms or now_ms, now_ms))

        return self._ask(work)

    def _newest_beat_ms(self) -> int:
        return self._beat_ms or 0

    def _late_ms(self, asleep: Asleep, until_ms: int) -> list[int]:
        """:returns: for each thing that is due in a room until then, by how many milliseconds it is late."""
        dues = ((asleep.due_ms, until_ms - self._sleep.time.stepped_ms + asleep.stepped_ms), (asleep.date_ms, until_ms))
        return [until - due for due, until in dues if due is not None and due <= until]

    def _wake(self, room: str) -> Slept | None:
        """Note that a room sleeps no longer. :returns: how it slept; None: it did not."""
        asleep = self._sleep.rooms.pop(room, None)
        if asleep is None:
            return None
        outage_ms, stepped_ms = self._sleep.time.outage_ms, self._sleep.time.stepped_ms
        return Slept(asleep=asleep, outage_ms=outage_ms - asleep.outage_ms, stepped_ms=stepped_ms - asleep.stepped_ms)
