"""Rooms that sleep, in Redis; see `gameserver.store.redis.store`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import (
    Asleep,
    DueRooms,
    ISleepStore,
    Listed,
    SleepingRooms,
    SleepingTotal,
    StoreTime,
)
from gameserver.store import keys
from gameserver.store.redis import scripts, sleep_scripts

RUNNING_MS: Final = 3000
"""A node that has a lease, and whose last beat was at most this long ago, counts as running."""

_decode = msgspec.json.Decoder(Asleep).decode


@implementer(ISleepStore)
class RedisSleep:
    """The part of a `RedisStore` that knows which rooms sleep."""

    _node: scripts.LeaseHolder
    _ahead_ms: int = 0

    def _ask(
        self, script: scripts.Script, named: Sequence[str], args: Sequence[str | int | bytes] = ()
    ) -> Deferred[Any]:
        raise NotImplementedError

    def begin_time(self, *, now_ms: int) -> Deferred[StoreTime]:
        """Count the time in which no node ran; see `ISleepStore.begin_time`."""
        args: list[str | int | bytes] = [now_ms, self._node.name, keys.LEASE_PREFIX, keys.BEAT_PREFIX, RUNNING_MS]
        asked = self._ask(sleep_scripts.BEGIN_TIME, [keys.META_KEY, keys.NODES_KEY], args)
        return asked.addCallback(self._time, now_ms)

    def step_time(self, delta_ms: int, *, now_ms: int) -> Deferred[StoreTime]:
        """Count a step of the clock, if Redis's clock has made it as well; see `ISleepStore.step_time`."""
        asked = self._ask(sleep_scripts.STEP_TIME, [keys.META_KEY], [delta_ms, now_ms, self._ahead_ms])
        return asked.addCallback(self._time, now_ms)

    def awake_ids(self) -> Deferred[list[str]]:
        """Return the rooms that do not sleep; see `ISleepStore.awake_ids`."""
        asked = self._ask(sleep_scripts.AWAKE_IDS, [keys.ROOMS_KEY], _AROUND_ID)
        return asked.addCallback(lambda packed: list(_texts(packed)))

    def due_rooms(self, *, until_ms: int, limit: int) -> Deferred[DueRooms]:
        """Return the sleeping rooms that are due; see `ISleepStore.due_rooms`."""

        def due(packed: bytes) -> DueRooms:
            outage_ms, stepped_ms, since_ms, *ids = _texts(packed)
            time = StoreTime(outage_ms=int(outage_ms), stepped_ms=int(stepped_ms), since_ms=int(since_ms))
            return DueRooms(ids=ids, time=time)

        named = [keys.DUE_KEY, keys.DATES_KEY, keys.META_KEY]
        return self._ask(sleep_scripts.DUE_ROOMS, named, [until_ms, limit]).addCallback(due)

    def listed_rooms(self, game: str | None, *, open_only: bool, skip: int, limit: int) -> Deferred[list[Listed]]:
        """Return a page of what the lobby shows; see `ISleepStore.listed_rooms`."""
        key = keys.LISTED_KEY
        if game is not None:
            key = keys.OPEN_PREFIX + game if open_only else f"{keys.LISTED_KEY}:{game}"

        def listed(packed: bytes) -> list[Listed]:
            items = list(scripts.unpacked(packed))
            found: list[Listed] = []
            for id, code, about in zip(items[::3], items[1::3], items[2::3], strict=True):
                asleep = _decode(about)
                if asleep.listing is not None and (asleep.is_open or not open_only):
                    made_ms = asleep.created_ms
                    found.append(
                        Listed(room=id.decode(), code=code.decode(), created_ms=made_ms, listing=asleep.listing)
                    )
            return found

        args: list[str | int | bytes] = [skip, skip + limit - 1, *_AROUND_ID]
        return self._ask(sleep_scripts.LISTED, [key], args).addCallback(listed)

    def sleeping_rooms_of(self, user: str) -> Deferred[SleepingRooms]:
        """Return the sleeping rooms that count for a user; see `ISleepStore.sleeping_rooms_of`."""

        def of_user(packed: bytes) -> SleepingRooms:
            codes = sorted(_texts(packed))
            seated, empty = ([code[1:] for code in codes if code[0] == kind] for kind in "12")
            return SleepingRooms(seated=seated, empty=empty)

        named = [f"{keys.SLEEPS_PREFIX}{kind}/{user}" for kind in "sm"]
        return self._ask(sleep_scripts.SLEEPING_OF, named).addCallback(of_user)

    def sleeping_totals(self) -> Deferred[Mapping[str, SleepingTotal]]:
        """Tell how many rooms sleep and what they take; see `ISleepStore.sleeping_totals`."""

        def totals(packed: bytes) -> Mapping[str, SleepingTotal]:
            items = list(_texts(packed))
            each = zip(items[::3], items[1::3], items[2::3], strict=True)
            return {game: SleepingTotal(count=int(count), size_bytes=int(size)) for game, count, size in each}

        return self._ask(sleep_scripts.TOTALS, [keys.SPACE_KEY], [keys.ASLEEP_PREFIX]).addCallback(totals)

    def rouse(self, game: str, *, now_ms: int) -> Deferred[None]:
        """Have all sleeping rooms of a game be due, some at a time; see `ISleepStore.rouse`."""
        return Deferred.fromCoroutine(self._rouse(game, now_ms))

    async def _rouse(self, game: str, now_ms: int) -> None:
        cursor = b"0"
        while True:
            named = [keys.ASLEEP_PREFIX + game, keys.DATES_KEY]
            cursor = await self._ask(sleep_scripts.ROUSE, named, [cursor, now_ms])
            if cursor == b"0":
                return

    def _time(self, packed: bytes, now_ms: int) -> StoreTime:
        outage_ms, stepped_ms, since_ms, clock_ms = map(int, _texts(packed))
        self._ahead_ms = now_ms - clock_ms
        return StoreTime(outage_ms=outage_ms, stepped_ms=stepped_ms, since_ms=since_ms)


_AROUND_ID: Final = keys.room_key("\0").split("\0")
"""How a room's key begins and ends."""


def _texts(packed: bytes) -> Iterator[str]:
    return (item.decode() for item in scripts.unpacked(packed))
