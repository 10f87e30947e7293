"""What `IStore` promises of opening rooms, of their codes, of beats, and of its stop."""

from __future__ import annotations

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Located
from gameserver.testing.store_contract.case import DAY_MS, NOW_MS, STORED, StoreCase, change


class RoomContract(StoreCase):
    """How `IStore` lists and opens rooms, keeps their codes, and starts and stops."""

    async def test_room_ids_oldest_first(self) -> None:
        """Rooms are listed by their creation, whatever happened to them since, and after a restart."""
        for room in ("z", "m", "a"):
            await self.commit(change(1, room=room))
        await self.commit(change(2, room="z"), change(2, room="m", ends=True), change(1, room="k"))
        self.assertEqual(await self.store.room_ids(), ["z", "a", "k"])
        await self.restart()
        self.assertEqual(await self.store.room_ids(), ["z", "a", "k"])

    async def test_open_rooms_in_order_asked(self) -> None:
        """Those that exist are opened in the order asked; unknown ones are left out."""
        await self.commit(*(change(1, room=room) for room in "abc"))
        opened = await self.store.open_rooms(["c", "nowhere", "a"])
        self.assertEqual([stored.room for stored in opened], ["c", "a"])
        self.assertEqual(await self.store.open_rooms([]), [])

    async def test_open_rooms_named_twice_opened_once(self) -> None:
        """A room that is asked for twice comes once: of two fences one would be old at once."""
        await self.commit(change(1, room="a"), change(1, room="b"))
        opened = await self.store.open_rooms(["b", "a", "b"])
        self.assertEqual([(stored.room, stored.fence) for stored in opened], [("b", 2), ("a", 2)])

    async def test_open_rooms_raises_fence(self) -> None:
        """Each opening gives a higher fence than all before, after a restart as well; the others' stay."""
        await self.commit(change(1), change(1, room="r2"))
        fences = [(await self.open()).fence for _ in range(3)]
        await self.restart()
        fences.append((await self.open()).fence)
        self.assertEqual(fences, sorted({1, *fences})[1:])
        self.assertEqual(await self.commit(change(2, room="r2")), [STORED])

    async def test_open_rooms_keeps_version_and_time(self) -> None:
        """Opening is no commit."""
        await self.commit(change(1))
        first, second = await self.open(), await self.open()
        self.assertEqual((first.version, first.at_ms), (second.version, second.at_ms))

    async def test_restart_keeps_rooms(self) -> None:
        """The next process finds what was committed."""
        await self.commit(change(1, {"room": b"1", "seat/a": b"2"}))
        await self.restart()
        self.assertEqual((await self.open()).parts, {"room": b"1", "seat/a": b"2"})

    async def test_located_by_its_code(self) -> None:
        """A stored room is found by its code, after a restart as well, and any node may open it that is asked."""
        await self.commit(change(1), change(1, room="r2"))
        located = Located(room="r1", code="R1", game="dice", node=None, lease_ms=0)
        self.assertEqual(await self.store.locate("R1"), located)
        await self.restart()
        self.assertEqual(await self.store.locate("R1"), located)
        await self.open()
        self.assertEqual(await self.store.locate("R1"), located)

    async def test_no_stored_room_located(self) -> None:
        """A code that nobody has, that is only claimed, or whose room ended, is no room's."""
        await self.store.claim_code("R1", "r1", now_ms=NOW_MS)
        self.assertIsNone(await self.store.locate("R1"))
        await self.commit(change(1))
        self.assertIsNone(await self.store.locate("r1"))
        self.assertIsNone(await self.store.locate("R2"))
        await self.commit(change(2, ends=True))
        self.assertIsNone(await self.store.locate("R1"))

    async def test_code_claimed_by_one_room(self) -> None:
        """A claimed code is refused to others; the same room may repeat its claim."""
        self.assertIs(await self.store.claim_code("K7QM", "r1", now_ms=NOW_MS), True)
        self.assertIs(await self.store.claim_code("K7QM", "r2", now_ms=NOW_MS), False)
        self.assertIs(await self.store.claim_code("K7QM", "r1", now_ms=NOW_MS), True)
        self.assertIs(await self.store.claim_code("QQQQ", "r2", now_ms=NOW_MS), True)

    async def test_code_of_live_room_refused(self) -> None:
        """As long as a room lives its code is its own, claimed or not, after a restart as well."""
        await self.store.claim_code("R1", "r1", now_ms=NOW_MS)
        await self.commit(change(1), change(1, room="r2"))
        await self.restart()
        for code in ("R1", "R2"):
            self.assertIs(await self.store.claim_code(code, "new", now_ms=NOW_MS + 9 * DAY_MS), False)

    async def test_code_of_ended_room_rests_for_a_day(self) -> None:
        """The code of a room that ended is refused to all, its own room too, for 24 hours, and then free."""
        await self.commit(change(1))
        await self.commit(change(2, ends=True), now_ms=NOW_MS)
        await self.restart()
        for room in ("r1", "new"):
            self.assertIs(await self.store.claim_code("R1", room, now_ms=NOW_MS + DAY_MS - 1), False)
        self.assertIs(await self.store.claim_code("R1", "new", now_ms=NOW_MS + DAY_MS), True)
        self.assertIs(await self.store.claim_code("R1", "other", now_ms=NOW_MS + DAY_MS), False)

    async def test_beat_keeps_resting_code(self) -> None:
        """A code rests its whole day, however often the node beats."""
        await self.commit(change(1, ends=True))
        await self.store.beat(now_ms=NOW_MS + DAY_MS - 1)
        self.assertIs(await self.store.claim_code("R1", "new", now_ms=NOW_MS + DAY_MS - 1), False)
        await self.store.beat(now_ms=NOW_MS + DAY_MS)
        self.assertIs(await self.store.claim_code("R1", "new", now_ms=NOW_MS + DAY_MS), True)

    async def test_code_released_free_at_once(self) -> None:
        """A claim that was given back is free; giving back what nobody has does nothing."""
        await self.store.claim_code("K7QM", "r1", now_ms=NOW_MS)
        await self.store.release_code("K7QM")
        await self.store.release_code("NONE")
        self.assertIs(await self.store.claim_code("K7QM", "r2", now_ms=NOW_MS), True)

    async def test_code_of_stored_room_not_released(self) -> None:
        """If the room did come to be, or ended, releasing its code does nothing: the commit's outcome was unknown."""
        await self.commit(change(1), change(1, room="r2", ends=True))
        for code in ("R1", "R2"):
            await self.store.release_code(code)
            self.assertIs(await self.store.claim_code(code, "new", now_ms=NOW_MS), False)

    async def test_new_store_has_no_beat(self) -> None:
        """A new store knows of no process before this one, whatever this one does."""
        self.assertIsNone(await self.store.last_beat_ms())
        await self.store.beat(now_ms=NOW_MS)
        await self.commit(change(1))
        self.assertIsNone(await self.store.last_beat_ms())

    async def test_last_beat_is_newest_beat_or_commit(self) -> None:
        """A start tells when the process before was last alive, and goes on telling that."""
        await self.commit(change(1), now_ms=NOW_MS)
        await self.store.beat(now_ms=NOW_MS + 10)
        await self.restart()
        self.assertEqual(await self.store.last_beat_ms(), NOW_MS + 10)
        await self.commit(change(2), now_ms=NOW_MS + 20)
        self.assertEqual(await self.store.last_beat_ms(), NOW_MS + 10)
        await self.restart()
        self.assertEqual(await self.store.last_beat_ms(), NOW_MS + 20)

    async def test_stop_finishes_what_was_asked(self) -> None:
        """What was asked before the stop is answered and stored."""
        made = self.store.commit([change(1)], now_ms=NOW_MS)
        await self.restart()
        self.assertEqual(await made, [STORED])
        self.assertEqual(await self.store.room_ids(), ["r1"])

    async def test_stop_twice(self) -> None:
        """A second stop does nothing, also while the first is under way."""
        first, second = self.store.stop(), self.store.stop()
        await first
        await second
        await self.store.stop()

    async def test_call_after_stop_fails(self) -> None:
        """A store that is not open says so, and writes nothing."""
        await self.store.stop()
        with self.assertRaises(StoreUnavailable):
            await self.commit(change(1))
        with self.assertRaises(StoreUnavailable):
            await self.store.room_ids()
        await self.restart()
        self.assertEqual(await self.store.room_ids(), [])
