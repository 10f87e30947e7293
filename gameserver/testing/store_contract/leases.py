"""
What `ILeases` promises, on every store that nodes share.

Leases end by the store's own clock; a test lets one end by asking for a short one and waiting until the store says so.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, Final, cast

from msgspec.structs import replace
from zope.interface.verify import verifyObject

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import BUSY, Asleep, Commit, Heir, ILeases, IRoomReader, LeaseRenewal, Outcome
from gameserver.testing.store_contract.case import FENCED, NOW_MS, STORED, change
from gameserver.testing.store_contract.shown import ShownContract

LONG_MS: Final = 600_000
GAMES: Final = {"dice": 1}
"""The game of the rooms here, and its version."""


class LeaseContract(ShownContract):
    """
    What is asked of a store that several nodes share, beside `StoreContract`; the nodes are called ``a`` and ``b``.

    ``make(node)``, which you write, returns the store of that node's next process, not started yet; all stores of one
    test are over the same content.
    """

    def make(self, node: str) -> Any:
        """Make the store of a node's next process."""
        raise NotImplementedError

    async def node(self, name: str, *, for_ms: int = LONG_MS, token: str | None = None) -> Any:
        """Start a node's process, with a lease."""
        store = self.make(name)
        await store.start()
        self.addCleanup(lambda: store.stop())
        await store.acquire_lease(token or f"token of {name}", for_ms=for_ms)
        return store

    async def short_lived(self, name: str, *rooms: str) -> Any:
        """Start a node that makes rooms, and let its lease end."""
        store = await self.node(name)
        for room in rooms:
            self.assertEqual(await self.commit(store, change(1, room=room)), [STORED])
        await store.renew_lease(for_ms=1)
        give_up_s = monotonic() + 10
        while name not in await store.orphaned():
            self.assertLess(monotonic(), give_up_s)
        return store

    async def commit(self, store: Any, *commits: Commit) -> list[Outcome]:
        """Commit these in one call."""
        outcomes: list[Outcome] = await store.commit(commits, now_ms=NOW_MS)
        return outcomes

    async def opened(self, store: Any, *rooms: str) -> dict[str, int]:
        """Open rooms. :returns: the fence of each that was opened."""
        return {stored.room: stored.fence for stored in await store.open_rooms(rooms)}

    async def test_interface_provided(self) -> None:
        """It has the methods of the interface, with its signatures."""
        verifyObject(ILeases, await self.node("a"))

    async def test_lease_renewed_is_kept(self) -> None:
        """A lease that is renewed in time was there without a gap."""
        node = await self.node("a")
        self.assertIs(await node.renew_lease(for_ms=LONG_MS), LeaseRenewal.KEPT)
        self.assertEqual(await node.orphaned(), [])

    async def test_rooms_of_others_are_not_read(self) -> None:
        """Where rooms can be read without being opened: those of a node with a lease are left out, all others not."""
        a = await self.node("a")
        if not IRoomReader.providedBy(cast(Any, a)):
            return
        gone = await self.short_lived("gone", "r2")
        await self.commit(a, change(1))
        await a.commit([replace(change(1, room="r3"), sleeps=Asleep(slept_ms=NOW_MS, empty_ms=NOW_MS))], now_ms=NOW_MS)
        b = await self.node("b")
        for node, expected in ((b, ["r2", "r3"]), (a, rooms := ["r1", "r2", "r3"])):
            self.assertEqual([stored.room for stored in await node.read_rooms(["r1", "r2", "r3"])], expected)
        self.assertEqual(await b.locate("R2"), await a.locate("R2"))
        self.assertEqual(await gone.fences(rooms), [(1, 1)] * 3)

    async def test_lease_ends(self) -> None:
        """Under an ended lease nothing is committed or opened until it is renewed, which says that it lapsed."""
        node = await self.short_lived("a", "r1")
        with self.assertRaises(StoreUnavailable):
            await self.commit(node, change(2))
        with self.assertRaises(StoreUnavailable):
            await node.beat(now_ms=NOW_MS)
        with self.assertRaises(StoreUnavailable):
            await node.open_rooms(["r1"])
        self.assertIs(await node.renew_lease(for_ms=LONG_MS), LeaseRenewal.LAPSED)
        self.assertIs(await node.renew_lease(for_ms=LONG_MS), LeaseRenewal.KEPT)
        self.assertEqual(await self.commit(node, change(2)), [STORED])

    async def test_rooms_of_a_node_with_lease_are_its_own(self) -> None:
        """Nobody else opens them, whoever made or opened them."""
        first = await self.node("a")
        await self.commit(first, change(1), change(1, room="r2"))
        second = await self.node("b")
        self.assertEqual(await self.opened(second, "r1", "r2"), {})
        self.assertEqual(await self.commit(second, change(2)), [FENCED])
        self.assertEqual(await self.commit(second, change(9, fence=9, whole=True)), [FENCED])
        self.assertEqual(await self.commit(first, change(2)), [STORED])

    async def test_located_at_the_node_that_has_it(self) -> None:
        """While a node's lease lasts, others are told which rooms it has, and how long at most; itself it is not."""
        first = await self.node("a")
        await self.commit(first, change(1))
        second = await self.node("b", for_ms=LONG_MS)
        located = await second.locate("R1")
        self.assertEqual((located.room, located.game, located.node), ("r1", "dice", "a"))
        self.assertTrue(0 < located.lease_ms <= LONG_MS)
        self.assertIsNone((await first.locate("R1")).node)
        await first.release_rooms(["r1"])
        self.assertIsNone((await second.locate("R1")).node)
        await self.opened(second, "r1")
        self.assertEqual((await first.locate("R1")).node, "b")
        await second.release_lease()
        located = await first.locate("R1")
        self.assertEqual((located.node, located.lease_ms), (None, 0))

    async def test_located_with_the_address_of_its_node(self) -> None:
        """Others are told where the node of a room is reached, and whether it was silent for long."""
        first = await self.node("a", for_ms=LONG_MS)
        await self.commit(first, change(1))
        second = await self.node("b", for_ms=LONG_MS)
        located = await second.locate("R1")
        self.assertEqual((located.url, located.silent), (None, False))
        await first.describe_node(GAMES, draining=False, about={"url": "wss://a.example/n/a/ws"})
        located = await second.locate("R1")
        self.assertEqual((located.url, located.silent), ("wss://a.example/n/a/ws", False))
        await first.renew_lease(for_ms=LONG_MS // 3)
        self.assertTrue((await second.locate("R1")).silent, "as one whose lease has less than half left")

    async def test_restarted_node_takes_its_own_at_once(self) -> None:
        """Its next process opens its rooms under a higher fence, though the lease of the one before goes on."""
        before = await self.node("a")
        await self.commit(before, change(1))
        after = await self.node("a", token="another")
        self.assertEqual(await self.opened(after, "r1"), {"r1": 2})
        with self.assertRaises(StoreUnavailable):
            await self.commit(before, change(2))
        self.assertIs(await before.renew_lease(for_ms=LONG_MS), LeaseRenewal.TAKEN)
        self.assertEqual(await self.commit(after, change(2, fence=2)), [STORED])

    async def test_taken_over_once_the_lease_has_ended(self) -> None:
        """Another node opens the rooms then, and the first finds itself fenced when it is back."""
        first = await self.short_lived("a", "r1", "r2")
        second = await self.node("b")
        self.assertEqual(await second.orphaned(), ["a"])
        self.assertEqual(await self.opened(second, "r1"), {"r1": 2})
        self.assertIs(await first.renew_lease(for_ms=LONG_MS), LeaseRenewal.LAPSED)
        self.assertEqual(await first.fences(["r1", "r2", "r3"]), [(2, 1), (1, 1), None])
        self.assertEqual(await self.commit(first, change(2), change(2, room="r2")), [FENCED, STORED])
        self.assertEqual(await self.commit(second, change(2, fence=2)), [STORED])

    async def test_released_lease_ends_at_once(self) -> None:
        """A node that stops leaves its rooms to whoever comes."""
        first = await self.node("a")
        await self.commit(first, change(1))
        await first.release_lease()
        second = await self.node("b")
        self.assertEqual(await second.orphaned(), ["a"])
        self.assertEqual(await self.opened(second, "r1"), {"r1": 2})

    async def test_lease_of_the_next_process_not_released(self) -> None:
        """A process that stops late leaves the lease of the one after it alone."""
        before = await self.node("a")
        after = await self.node("a", token="another")
        await before.release_lease()
        self.assertIs(await after.renew_lease(for_ms=LONG_MS), LeaseRenewal.KEPT)

    async def test_ends_of_the_leases_of_others(self) -> None:
        """What is left of each, so that a node looks when the next one ends; its own is not among them."""
        await self.node("a")
        await self.short_lived("b")
        asking = await self.node("c", for_ms=LONG_MS)
        ends = (await asking.others()).lease_ends
        self.assertEqual(set(ends), {"a", "b"})
        self.assertEqual(ends["b"], 0)
        self.assertTrue(LONG_MS / 2 < ends["a"] <= LONG_MS, ends["a"])

    async def test_forgotten_node(self) -> None:
        """A node whose rooms were dealt with is no orphan any more, and is one again after it was back."""
        first = await self.short_lived("a")
        second = await self.node("b")
        await second.forget_nodes(["a"])
        self.assertEqual(await second.orphaned(), [])
        await first.acquire_lease("again", for_ms=LONG_MS)
        await first.release_lease()
        self.assertEqual(await second.orphaned(), ["a"])

    async def test_claimed_by_one(self) -> None:
        """A room of a node that is gone goes to the node that asks first, and waits to be opened by that one."""
        await self.short_lived("a", "r1", "r2")
        second, third = await self.node("b"), await self.node("c")
        self.assertEqual(await second.claim_rooms(GAMES, most=9, fair=False), (["r1", "r2"], 0))
        self.assertEqual(await third.claim_rooms(GAMES, most=9, fair=False), ([], 0))
        self.assertEqual(await self.opened(third, "r1"), {})
        self.assertEqual(sorted(await second.waiting_rooms()), ["r1", "r2"])
        self.assertEqual(await self.opened(second, "r1"), {"r1": 2})
        self.assertEqual(await second.waiting_rooms(), ["r2"])
        self.assertEqual(await self.commit(second, change(2, fence=2)), [STORED])

    async def test_claimed_in_rounds(self) -> None:
        """No more at a time than asked for, and it is told how many are left."""
        await self.short_lived("a", "r1", "r2", "r3")
        second = await self.node("b")
        ids, more = await second.claim_rooms(GAMES, most=2, fair=False)
        self.assertEqual((len(ids), more), (2, 1))
        last, more = await second.claim_rooms(GAMES, most=2, fair=False)
        self.assertEqual((sorted(ids + last), more), (["r1", "r2", "r3"], 0))

    async def test_claimed_fairly(self) -> None:
        """Nodes with a lease are equally full in the end, whoever is first; one with rooms of its own gets fewer."""
        await self.short_lived("a", *(f"r{n}" for n in range(10)))
        second, third = await self.node("b"), await self.node("c")
        self.assertEqual(await self.commit(third, *(change(1, room=f"own{n}") for n in range(4))), [STORED] * 4)
        first, more = await second.claim_rooms(GAMES, most=100, fair=True)
        self.assertEqual((len(first), more), (7, 3))
        again, _ = await second.claim_rooms(GAMES, most=100, fair=True)
        self.assertEqual(again, [])
        rest, more = await third.claim_rooms(GAMES, most=100, fair=True)
        self.assertEqual((len(rest), more), (3, 0))

    async def test_busy_node_claims_what_others_leave(self) -> None:
        """A node that has much to do gets no share while another has time; where all are busy they share as ever."""
        await self.short_lived("a", *(f"r{n}" for n in range(10)))
        second, third = await self.node("b"), await self.node("c")
        await second.describe_node(GAMES, draining=False, about={"load": str(BUSY)})
        await third.describe_node(GAMES, draining=False, about={"load": str(BUSY - 1)})
        self.assertEqual(await second.claim_rooms(GAMES, most=100, fair=True), ([], 10))
        await third.describe_node(GAMES, draining=False, about={"load": "100"})
        some, more = await second.claim_rooms(GAMES, most=100, fair=True)
        self.assertEqual((len(some), more), (5, 5))
        await second.describe_node(GAMES, draining=False, about={"load": "0"})
        self.assertEqual(await third.claim_rooms(GAMES, most=100, fair=True), ([], 5))
        rest, more = await third.claim_rooms(GAMES, most=100, fair=False)
        self.assertEqual((len(rest), more), (5, 0))

    async def test_silent_node_gets_nothing(self) -> None:
        """A node that missed a renewal may be dead: it is no heir, and others share what they claim without it."""
        await self.short_lived("a", *(f"r{n}" for n in range(4)))
        second, third = await self.node("b"), await self.node("c")
        for node in (second, third):
            await node.describe_node(GAMES, draining=False)
        await third.renew_lease(for_ms=LONG_MS // 4)  # as if so much had gone by since it was renewed
        self.assertEqual(await second.heirs(), [])
        self.assertEqual([heir.node for heir in await third.heirs()], ["b"])
        some, more = await second.claim_rooms(GAMES, most=100, fair=True)
        self.assertEqual((len(some), more), (4, 0))
        await third.renew_lease(for_ms=LONG_MS)
        self.assertEqual([heir.node for heir in await second.heirs()], ["c"])

    async def test_claims_only_what_it_can_run(self) -> None:
        """Rooms of a game that it has not, or of a newer version, are left for others."""
        first = await self.node("a")
        await first.describe_node({"dice": 3}, draining=False)
        await self.commit(first, change(1))
        await first.release_lease()
        second = await self.node("b")
        for games in ({}, {"other": 3}, {"dice": 2}):
            self.assertEqual(await second.claim_rooms(games, most=9, fair=False), ([], 0))
        await second.forget_nodes(["a"])
        self.assertEqual(await second.orphaned(), ["a"])
        self.assertEqual(await second.claim_rooms({"dice": 3}, most=9, fair=False), (["r1"], 0))
        await second.forget_nodes(["a"])
        self.assertEqual(await second.orphaned(), [])

    async def test_rooms_of_the_living_are_not_claimed(self) -> None:
        """Nor is anything claimed without a lease."""
        first, second = await self.node("a"), await self.node("b")
        await self.commit(first, change(1))
        self.assertEqual(await second.claim_rooms(GAMES, most=9, fair=False), ([], 0))
        await second.release_lease()
        with self.assertRaises(StoreUnavailable):
            await second.claim_rooms(GAMES, most=9, fair=False)

    async def test_ended_room_is_not_claimed(self) -> None:
        """What a node left is what there was at its end."""
        first = await self.node("a")
        await self.commit(first, change(1), change(1, room="r2"))
        await self.commit(first, change(2, ends=True))
        await first.release_rooms(["r2"])
        await first.release_lease()
        second = await self.node("b")
        self.assertEqual(await second.claim_rooms(GAMES, most=9, fair=False), ([], 0))

    async def test_handed_over(self) -> None:
        """A room that its node gives away is the heir's at once, who opens it; its node commits nothing more."""
        first, second, third = await self.node("a"), await self.node("b"), await self.node("c")
        await self.commit(first, change(1), change(1, room="r2"))
        for _ in range(2):  # the answer may have been lost
            self.assertEqual(await first.hand_over(["r1", "none"], to="b"), ["r1"])
        self.assertEqual(await second.waiting_rooms(), ["r1"])
        self.assertEqual(await self.opened(third, "r1"), {})
        self.assertEqual(await self.commit(first, change(2), change(2, room="r2")), [FENCED, STORED])
        self.assertEqual(await self.opened(second, "r1"), {"r1": 2})
        self.assertEqual(await second.waiting_rooms(), [])

    async def test_handed_over_only_by_and_to_the_living(self) -> None:
        """A room without a node that runs it would stand still."""
        first = await self.node("a")
        await self.commit(first, change(1))
        await self.short_lived("b")
        with self.assertRaises(StoreUnavailable):
            await first.hand_over(["r1"], to="b")
        self.assertEqual(await self.commit(first, change(2)), [STORED])
        await self.node("c")
        await first.release_lease()
        with self.assertRaises(StoreUnavailable):
            await first.hand_over(["r1"], to="c")

    async def test_told_of_what_others_want(self) -> None:
        """A node sees that rooms are given to it, that another is about to stop, and that it is to stop itself."""
        first, second = await self.node("a"), await self.node("b")
        seen = await second.others()
        self.assertEqual((seen.draining, seen.given, seen.drain), (False, False, False))
        await self.commit(first, change(1))
        await first.describe_node(GAMES, draining=True)
        await first.hand_over(["r1"], to="b")
        self.assertIs(await first.ask_to_drain("b"), True)
        self.assertIs(await first.ask_to_drain("nobody"), False)
        seen = await second.others()
        self.assertEqual((seen.draining, seen.given, seen.drain), (True, True, True))
        await self.opened(second, "r1")
        await first.release_lease()
        seen = await second.others()
        self.assertEqual((seen.draining, seen.given), (False, False))
        again = await self.node("b", token="another")
        seen = await again.others()
        self.assertEqual((seen.given, seen.drain), (True, False))

    async def test_room_that_is_no_more_does_not_wait(self) -> None:
        """What was claimed, and ended before that, is not asked for again and again."""
        first, second = await self.node("a"), await self.node("b")
        await self.commit(first, change(1))
        await first.hand_over(["r1"], to="b")
        await second.open_rooms(["r1"])
        await self.commit(second, change(2, fence=2, ends=True))
        self.assertEqual(await second.waiting_rooms(), [])
        await second.open_rooms(["r1"])
        self.assertIs((await second.others()).given, False)

    async def test_heirs(self) -> None:
        """The others that run and do not stop, with what they have."""
        first, second, third = await self.node("a"), await self.node("b"), await self.node("c")
        await self.short_lived("d")
        await self.commit(second, change(1))
        about = {"name": "bee", "url": "wss://b.example/ws"}
        await second.describe_node(GAMES, draining=False, about=about)
        await second.describe_node(GAMES, draining=False, about={"load": "95"})
        await third.describe_node(GAMES, draining=True)
        self.assertEqual(await first.heirs(), [Heir("b", 1, GAMES, "wss://b.example/ws", 95)])
        self.assertIs(await first.ask_to_drain("bee"), True)
        self.assertIs((await second.others()).drain, True)
        await third.describe_node(GAMES, draining=False)
        self.assertEqual(sorted(heir.node for heir in await first.heirs()), ["b", "c"])

    async def test_released_rooms_are_to_be_had(self) -> None:
        """A room that a node cannot run goes to one that can."""
        first = await self.node("a")
        await self.commit(first, change(1), change(1, room="r2"))
        await first.release_rooms(["r1", "none"])
        second = await self.node("b")
        await second.release_rooms(["r2"])
        self.assertEqual(await self.opened(second, "r1", "r2"), {"r1": 2})

    async def test_away_since_the_owners_last_beat(self) -> None:
        """Whoever takes a room over learns until when its node ran."""
        first = await self.node("a")
        await self.commit(first, change(1))
        await first.beat(now_ms=NOW_MS + 5)
        await first.release_lease()
        second = await self.node("b")
        await second.beat(now_ms=NOW_MS + 90)
        (stored,) = await second.open_rooms(["r1"])
        self.assertEqual(stored.at_ms, NOW_MS + 5)

    async def test_once(self) -> None:
        """Of all nodes one is told to do a thing."""
        first, second = await self.node("a"), await self.node("b")
        self.assertIs(await first.once("nightly", by="1", for_ms=LONG_MS), True)
        self.assertIs(await second.once("nightly", by="2", for_ms=LONG_MS), False)
        self.assertIs(await second.once("weekly", by="2", for_ms=LONG_MS), True)

    async def test_once_asked_again(self) -> None:
        """Whoever asks again is told the same; a new question of the same node counts as another's."""
        first, second = await self.node("a"), await self.node("b")
        for _ in range(2):
            self.assertIs(await first.once("nightly", by="1", for_ms=LONG_MS), True)
            self.assertIs(await second.once("nightly", by="2", for_ms=LONG_MS), False)
        self.assertIs(await first.once("nightly", by="3", for_ms=LONG_MS), False)
