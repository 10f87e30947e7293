"""What is promised of leases, on every store that nodes share; the suite is `gameserver.testing.store_contract`'s."""

from __future__ import annotations

from time import monotonic

from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import LeaseRenewal
from gameserver.store.redis.store import RedisStore
from gameserver.testing.store_contract import LeaseContract
from gameserver.testing.store_contract.case import NOW_MS, change
from gameserver.testing.store_contract.leases import GAMES, LONG_MS
from tests.store.redis_server import RedisServer
from tests.store.shared import Shared, SharedStore


class OurContract(LeaseContract):
    """What our own stores do besides."""

    async def test_located_at_the_node_that_claimed_its_code(self) -> None:
        """A room that is never stored is at the node that claimed its code, until that releases it or is gone."""
        first, second = await self.node("a"), await self.node("b")
        self.assertTrue(await first.claim_code("R1", "r1", now_ms=NOW_MS))
        located = await second.locate("R1")
        self.assertEqual((located.room, located.game, located.node), ("r1", "", "a"))
        self.assertTrue(0 < located.lease_ms <= LONG_MS)
        self.assertIsNone(await first.locate("R1"))
        await first.release_code("R1")
        self.assertIsNone(await second.locate("R1"))
        self.assertTrue(await first.claim_code("R1", "r1", now_ms=NOW_MS))
        await first.release_lease()
        self.assertIsNone(await second.locate("R1"))

    async def test_away_until_it_is_opened(self) -> None:
        """A room that was claimed or given away, or is opened late after a start, was not run until then."""
        gone, heir = await self.node("a"), await self.node("b")
        await self.commit(gone, change(1), change(1, room="r2"))
        await gone.beat(now_ms=NOW_MS + 5)
        await heir.beat(now_ms=NOW_MS + 6)
        await gone.hand_over(["r2"], to="b")
        await gone.release_lease()
        await heir.claim_rooms(GAMES, most=9, fair=False)
        await heir.beat(now_ms=NOW_MS + 90)
        stored = await heir.open_rooms(["r1", "r2"])
        self.assertEqual([(each.room, each.at_ms) for each in stored], [("r1", NOW_MS + 5), ("r2", NOW_MS + 5)])
        again = await self.node("b")
        await again.beat(now_ms=NOW_MS + 200)
        stored = await again.open_rooms(["r1", "r2"])
        self.assertEqual([each.at_ms for each in stored], [NOW_MS + 90, NOW_MS + 90])


class SharedStoreTests(OurContract, TestCase):
    """The contract on the fake."""

    def setUp(self) -> None:
        """Make what all nodes see."""
        self.shared = Shared(monotonic)

    def make(self, node: str) -> SharedStore:
        """Another way to it."""
        return SharedStore(self.shared, node)


class RedisLeaseTests(OurContract, TestCase):
    """The contract on a redis-server of the test's own."""

    def setUp(self) -> None:
        """Start it."""
        self.server = RedisServer()
        self.addCleanup(self.server.remove)
        self.server.start()

    def make(self, node: str) -> RedisStore:
        """Another connection."""
        return RedisStore(f"redis+unix://{self.server.socket}", reactor=reactor, node=node, secrets=("print", "older"))

    async def test_secret_changed(self) -> None:
        """Nodes change the secret one after the other; who does not know the one that signs now is refused."""

        async def start(*known: str) -> None:
            store = RedisStore(f"redis+unix://{self.server.socket}", reactor=reactor, node="b", secrets=known)
            await store.start()
            await store.stop()

        await start("print", "new")
        await start("new", "print")
        await start("print", "new")
        await start("new", "print")
        await start("new")
        for stranger in (("print",), ("print", "old"), ("ne", "w"), ("ew",)):
            with self.assertRaises(StoreUnavailable):
                await start(*stranger)

    async def test_another_secret_refused(self) -> None:
        """A node whose users would be strangers does not start, and writes nothing."""
        await self.node("a")
        other = RedisStore(f"redis+unix://{self.server.socket}", reactor=reactor, node="b", secrets=("other",))
        before = self.server.keys()
        with self.assertRaises(StoreUnavailable) as caught:
            await other.start()
        self.assertIn("of nodes with another secret", str(caught.exception))
        self.assertEqual(self.server.keys(), before)

    async def test_reconnected_store_is_doubted(self) -> None:
        """After a connection was lost Redis may have lost something as well: the lease counts as lapsed, once."""
        node = await self.node("a")
        self.server.kill()
        self.server.start()
        give_up_s = monotonic() + 30
        while True:
            try:
                renewal = await node.renew_lease(for_ms=LONG_MS)
                break
            except StoreUnavailable:
                self.assertLess(monotonic(), give_up_s)
                await deferLater(reactor, 0.05)  # type: ignore[arg-type]
        self.assertIs(renewal, LeaseRenewal.LAPSED)
        self.assertIs(await node.renew_lease(for_ms=LONG_MS), LeaseRenewal.KEPT)

    async def test_codes_claimed_by_a_dead_node_are_freed(self) -> None:
        """With a node that is forgotten go the codes that it claimed for rooms that never came to be."""
        first = await self.node("a")
        await first.claim_code("AAAA", "r1", now_ms=NOW_MS)
        await first.release_lease()
        second = await self.node("b")
        self.assertIs(await second.claim_code("AAAA", "r2", now_ms=NOW_MS), False)
        await second.forget_nodes(["a"])
        self.assertIs(await second.claim_code("AAAA", "r2", now_ms=NOW_MS), True)
