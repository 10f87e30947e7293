"""What `ISleepStore` promises: which rooms sleep, which are due, what is shown of them, and how time goes by."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace
from zope.interface import providedBy
from zope.interface.verify import verifyObject

from gameserver.interfaces import Asleep, Commit, IRoomReader, ISleepStore, SleepingRooms, SleepingTotal
from gameserver.testing.store_contract.case import BEHIND, FENCED, NOW_MS, STORED, StoreCase, change

LIMIT: Final = 100


def nap(version: int, *, room: str = "r1", fence: int = 1, game: str = "dice", **about: Any) -> Commit:
    """Make a commit with which a room falls asleep."""
    asleep = Asleep(**{"slept_ms": NOW_MS, "empty_ms": NOW_MS, **about})
    return replace(change(version, room=room, fence=fence), sleeps=asleep, game=game)


class SleepContract(StoreCase):
    """How a store keeps rooms that are in no node's memory."""

    async def due(self, until_ms: int, limit: int = LIMIT) -> list[str]:
        """The ids of the rooms that are due until then."""
        return list((await self.store.due_rooms(until_ms=until_ms, limit=limit)).ids)

    async def listed(
        self, game: str | None = None, *, open_only: bool = False, skip: int = 0, limit: int = 9
    ) -> list[str]:
        """The codes that the lobby shows."""
        found = await self.store.listed_rooms(game, open_only=open_only, skip=skip, limit=limit)
        return [room.code for room in found]

    def test_sleep_interface_provided(self) -> None:
        """It has the methods of the interface, with its signatures."""
        verifyObject(ISleepStore, self.store)

    async def test_asleep_until_opened(self) -> None:
        """A room sleeps from such a commit on, after a restart as well, and whoever opens it has woken it."""
        await self.commit(change(1), change(1, room="r2"))
        self.assertEqual(await self.store.awake_ids(), ["r1", "r2"])
        self.assertEqual(await self.commit(nap(2, due_ms=NOW_MS + 5, users=["ann"])), [STORED])
        await self.restart()
        self.assertEqual(await self.store.awake_ids(), ["r2"])
        self.assertEqual(await self.store.room_ids(), ["r1", "r2"])
        stored = await self.open()
        assert stored.slept is not None
        self.assertEqual((stored.slept.asleep.due_ms, list(stored.slept.asleep.users)), (NOW_MS + 5, ["ann"]))
        self.assertEqual((stored.slept.outage_ms, stored.slept.stepped_ms), (0, 0))
        self.assertEqual((stored.version, stored.parts), (2, {"room": b"2"}))
        self.assertEqual(await self.store.awake_ids(), ["r1", "r2"])
        self.assertIsNone((await self.open()).slept)
        self.assertEqual(await self.due(NOW_MS + 10), [])
        self.assertEqual(await self.store.sleeping_rooms_of("ann"), SleepingRooms(seated=[], empty=[]))

    async def test_room_that_is_read_sleeps_on(self) -> None:
        """Where a store can read rooms without opening them, nothing becomes of them; unknown ones are left out."""
        if IRoomReader not in providedBy(self.store):
            return
        verifyObject(IRoomReader, self.store)
        entries = {("t", "k"): b"123"}
        await self.commit(change(1, {"room": b"1", "seat/a": b"x"}, entries=entries), nap(1, room="r2"))
        read = await self.store.read_rooms(["r2", "nowhere", "r1", "r2"])
        self.assertEqual(
            [(stored.room, stored.code, stored.game) for stored in read], [("r2", "R2", "dice"), ("r1", "R1", "dice")]
        )
        self.assertEqual([(stored.fence, stored.version, stored.slept) for stored in read], [(1, 1, None)] * 2)
        self.assertEqual(await self.store.awake_ids(), ["r1"])
        opened = await self.open()
        self.assertEqual(replace(opened, fence=1), read[1])
        self.assertEqual((opened.fence, opened.parts), (2, {"room": b"1", "seat/a": b"x"}))
        stored = await self.open("r2")
        assert stored.slept is not None
        self.assertEqual(await self.store.read_rooms([]), [])

    async def test_falls_asleep_whole(self) -> None:
        """A commit that is refused puts nobody to sleep, and one that is repeated does it once."""
        await self.commit(change(1))
        await self.open()
        self.assertEqual(await self.commit(nap(2, due_ms=NOW_MS)), [FENCED])
        self.assertEqual(await self.commit(nap(4, fence=2, due_ms=NOW_MS)), [BEHIND])
        self.assertEqual((await self.store.awake_ids(), await self.due(NOW_MS)), (["r1"], []))
        for _ in range(2):
            self.assertEqual(await self.commit(nap(2, fence=2, due_ms=NOW_MS, size_bytes=7)), [STORED])
            self.assertEqual(await self.store.sleeping_totals(), {"dice": SleepingTotal(count=1, size_bytes=7)})
        self.assertEqual((await self.store.awake_ids(), await self.due(NOW_MS)), ([], ["r1"]))

    async def test_due_first_what_is_over_for_longest(self) -> None:
        """Rooms are due by timers and by the calendar, so many at a time; no others are told, and none twice."""
        await self.commit(
            nap(1, room="a", due_ms=NOW_MS + 20),
            nap(1, room="b", due_ms=NOW_MS + 90, date_ms=NOW_MS + 10),
            nap(1, room="c", due_ms=NOW_MS + 30, date_ms=NOW_MS + 31),
            nap(1, room="d"),
            change(1, room="e"),
        )
        self.assertEqual(await self.due(NOW_MS + 9), [])
        self.assertEqual(await self.due(NOW_MS + 20), ["b", "a"])
        self.assertEqual(await self.due(NOW_MS + 100), ["b", "a", "c"])
        self.assertEqual(await self.due(NOW_MS + 100, limit=2), ["b", "a"])
        await self.restart()
        self.assertEqual(await self.due(NOW_MS + 100), ["b", "a", "c"])

    async def test_ended_room_leaves_nothing(self) -> None:
        """A room that slept once and ended is nowhere."""
        about: dict[str, Any] = {"due_ms": NOW_MS, "date_ms": NOW_MS, "listing": "{}", "is_open": True}
        await self.commit(nap(1, maker="bob", users=["ann"], **about))
        await self.open()
        self.assertEqual(await self.commit(change(2, fence=2, ends=True)), [STORED])
        self.assertEqual((await self.due(NOW_MS), await self.listed()), ([], []))
        self.assertEqual((await self.store.awake_ids(), await self.store.sleeping_totals()), ([], {}))
        for user in ("ann", "bob"):
            self.assertEqual(await self.store.sleeping_rooms_of(user), SleepingRooms(seated=[], empty=[]))

    async def test_listed_newest_first(self) -> None:
        """The lobby shows pages of what may be shown, by game, and those with free seats by themselves."""
        rooms = [("a", "dice", True), ("b", "chess", True), ("c", "dice", False), ("d", "dice", True)]
        for at, (room, game, is_open) in enumerate(rooms):
            about: dict[str, Any] = {"created_ms": NOW_MS + at, "listing": f'{{"at":{at}}}', "is_open": is_open}
            await self.commit(nap(1, room=room, game=game, **about))
        await self.commit(nap(1, room="private", created_ms=NOW_MS + 9))
        self.assertEqual(await self.listed(), ["D", "C", "B", "A"])
        self.assertEqual(await self.listed("dice"), ["D", "C", "A"])
        self.assertEqual(await self.listed("dice", open_only=True), ["D", "A"])
        self.assertEqual(await self.listed("go"), [])
        self.assertEqual(await self.listed(skip=1, limit=2), ["C", "B"])
        (first,) = await self.store.listed_rooms("chess", open_only=False, skip=0, limit=9)
        self.assertEqual((first.room, first.code, first.created_ms, first.listing), ("b", "B", NOW_MS + 1, '{"at":1}'))
        await self.open("d")
        self.assertEqual(await self.listed("dice"), ["C", "A"])

    async def test_rooms_of_a_user(self) -> None:
        """A user's sleeping rooms are known, and those that one made and nobody sits in; any id will do."""
        strange = "ann/é:'*"
        await self.commit(
            nap(1, room="a", users=["bob", strange]), nap(1, room="b", users=[strange]), nap(1, room="c", maker=strange)
        )
        self.assertEqual(await self.store.sleeping_rooms_of(strange), SleepingRooms(seated=["A", "B"], empty=["C"]))
        self.assertEqual(await self.store.sleeping_rooms_of("bob"), SleepingRooms(seated=["A"], empty=[]))
        await self.open("a")
        self.assertEqual(await self.store.sleeping_rooms_of(strange), SleepingRooms(seated=["B"], empty=["C"]))

    async def test_totals_by_game(self) -> None:
        """What sleeps is counted, as rooms and as space."""
        await self.commit(
            nap(1, room="a", size_bytes=5), nap(1, room="b", size_bytes=7), nap(1, room="c", game="go", size_bytes=1)
        )
        both = {"dice": SleepingTotal(count=2, size_bytes=12), "go": SleepingTotal(count=1, size_bytes=1)}
        self.assertEqual(await self.store.sleeping_totals(), both)
        await self.restart()
        await self.open("a")
        self.assertEqual((await self.store.sleeping_totals())["dice"], SleepingTotal(count=1, size_bytes=7))

    async def test_roused(self) -> None:
        """All sleeping rooms of a game are due then; those that were due before stay so, and others sleep on."""
        await self.commit(
            nap(1, room="a"), nap(1, room="b", date_ms=NOW_MS + 9), nap(1, room="c", game="go"), change(1, room="d")
        )
        await self.store.rouse("dice", now_ms=NOW_MS + 5)
        self.assertEqual(sorted(await self.due(NOW_MS + 5)), ["a", "b"])
        await self.store.rouse("dice", now_ms=NOW_MS + 50)
        self.assertEqual(sorted(await self.due(NOW_MS + 5)), ["a", "b"])

    async def test_outages_add_up(self) -> None:
        """The time in which nothing ran is counted once, however often a start asks, and each room is told its part."""
        self.assertEqual((await self.store.begin_time(now_ms=NOW_MS - 100)).outage_ms, 0)
        await self.commit(nap(1), now_ms=NOW_MS)
        await self.restart()
        for _ in range(2):
            time = await self.store.begin_time(now_ms=NOW_MS + 1000)
            self.assertEqual((time.outage_ms, time.since_ms), (1000, NOW_MS + 1000))
        await self.commit(nap(1, room="r2", outage_ms=1000), now_ms=NOW_MS + 2000)
        await self.restart()
        await self.store.begin_time(now_ms=NOW_MS + 2500)
        self.assertEqual((await self.store.due_rooms(until_ms=NOW_MS, limit=1)).time.outage_ms, 1500)
        first, second = await self.store.open_rooms(["r1", "r2"])
        self.assertEqual((first.slept.outage_ms, second.slept.outage_ms), (1500, 500))

    async def test_clock_set_back_between_is_no_outage(self) -> None:
        """A start before the last beat counts nothing."""
        await self.store.beat(now_ms=NOW_MS)
        await self.restart()
        self.assertEqual((await self.store.begin_time(now_ms=NOW_MS - 5000)).outage_ms, 0)
