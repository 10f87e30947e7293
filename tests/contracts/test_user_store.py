"""
What `IUserStore` promises, on every store.

To add a store: subclass `UserStoreContract` and ``TestCase``, and write ``process``, as `test_store` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import IUserStore, Put, UserRow
from gameserver.store.memory.store import MemoryStore
from gameserver.store.redis.store import RedisStore
from gameserver.store.sqlite.store import SQLiteStore
from tests.store.redis_server import RedisServer

if TYPE_CHECKING:
    _TestCase = TestCase
else:
    _TestCase = object  # or trial would run the suite by itself

ANN = UserRow(id="account:1", name_key="ann", version=1, value=b'{"name":"Ann"}')
BOB = UserRow(id="account:2", name_key="bob", version=1, value=b'{"name":"Bob"}')
NOW_MS = 1_700_000_000_000


class UserStoreContract(_TestCase):
    """The suite; it runs in the subclasses that are a TestCase too."""

    store: Any

    def process(self) -> Any:
        """Make the store of the next process, over what the one before left."""
        raise NotImplementedError

    async def setUp(self) -> None:  # type: ignore[override]
        """Start the first process."""
        self.store = self.process()
        await self.store.start()
        self.addCleanup(lambda: self.store.stop())

    async def restart(self) -> None:
        """Stop the process and start the next."""
        await self.store.stop()
        self.store = self.process()
        await self.store.start()

    def test_interface(self) -> None:
        """It has all the methods."""
        verifyObject(IUserStore, self.store)

    async def test_new_row(self) -> None:
        """A row is found by its id and by its name; others are not there."""
        self.assertIsNone(await self.store.user(ANN.id))
        self.assertEqual(await self.store.put_user(ANN), Put.STORED)
        self.assertEqual(await self.store.user(ANN.id), ANN)
        self.assertEqual(await self.store.user_named("ann"), ANN)
        self.assertEqual((await self.store.user(BOB.id), await self.store.user_named("Ann")), (None, None))

    async def test_survives_the_process(self) -> None:
        """The next process finds what the one before wrote."""
        await self.store.put_user(ANN)
        await self.restart()
        self.assertEqual(await self.store.user_named("ann"), ANN)

    async def test_change(self) -> None:
        """The next version replaces the row."""
        await self.store.put_user(ANN)
        changed = replace(ANN, version=2, value=b"\x00\xff changed")
        self.assertEqual(await self.store.put_user(changed), Put.STORED)
        self.assertEqual(await self.store.user(ANN.id), changed)

    async def test_stale_versions(self) -> None:
        """Who read an older row, or skips one, changes nothing; of two changes at once one is done."""
        await self.store.put_user(ANN)
        two = replace(ANN, version=2, value=b"2")
        await self.store.put_user(two)
        for stale in (
            replace(ANN, value=b"x"),
            replace(two, value=b"x"),
            replace(two, version=4),
            replace(two, version=0),
        ):
            self.assertEqual(await self.store.put_user(stale), Put.STALE)
        self.assertEqual(await self.store.put_user(replace(BOB, version=2)), Put.STALE)
        self.assertEqual(await self.store.user(ANN.id), two)
        put = [self.store.put_user(replace(two, version=3, value=value)) for value in (b"a", b"b")]
        self.assertEqual(sorted(each.value for each in await gatherResults(put)), ["stale", "stored"])

    async def test_retry(self) -> None:
        """The same row again is stored, as a retry is after an answer that was lost."""
        for _ in range(2):
            self.assertEqual(await self.store.put_user(ANN), Put.STORED)

    async def test_name_taken(self) -> None:
        """No two users have one name; who comes second changes nothing."""
        await self.store.put_user(ANN)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann")), Put.TAKEN)
        self.assertIsNone(await self.store.user(BOB.id))
        await self.store.put_user(BOB)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann", version=2)), Put.TAKEN)
        self.assertEqual(await self.store.user(BOB.id), BOB)

    async def test_new_name_frees_the_old(self) -> None:
        """After a change of name the old one is another's to take."""
        await self.store.put_user(ANN)
        await self.store.put_user(replace(ANN, name_key="anna", version=2))
        self.assertIsNone(await self.store.user_named("ann"))
        self.assertEqual((await self.store.user_named("anna")).id, ANN.id)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann")), Put.STORED)

    async def test_without_a_name(self) -> None:
        """Rows without a name do not stand in each other's way, and free the name that they had."""
        await self.store.put_user(ANN)
        gone = replace(ANN, name_key=None, version=2)
        self.assertEqual(await self.store.put_user(gone), Put.STORED)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key=None)), Put.STORED)
        self.assertEqual(await self.store.user(ANN.id), gone)
        self.assertIsNone(await self.store.user_named("ann"))
        self.assertIsNone(await self.store.user_named(""))

    async def test_drop(self) -> None:
        """Who is dropped is gone, with the name; dropping again does nothing."""
        await self.store.put_user(ANN)
        for _ in range(2):
            await self.store.drop_user(ANN.id)
        self.assertEqual((await self.store.user(ANN.id), await self.store.user_named("ann")), (None, None))
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann")), Put.STORED)

    async def test_strange_words(self) -> None:
        """Ids and names hold any letters."""
        strange = replace(ANN, id="guest:\u00e4'\";{}\x00", name_key="\u5b89 --\U0001f3b2:*")
        await self.store.put_user(strange)
        self.assertEqual(await self.store.user(strange.id), strange)
        self.assertEqual(await self.store.user_named("\u5b89 --\U0001f3b2:*"), strange)

    async def test_spend_once(self) -> None:
        """What is good once is new once, also for the next process."""
        spend = {"now_ms": NOW_MS, "until_ms": NOW_MS + 60_000}
        self.assertTrue(await self.store.spend("t1", **spend))
        self.assertFalse(await self.store.spend("t1", **spend))
        self.assertTrue(await self.store.spend("t2", **spend))
        both = await gatherResults([self.store.spend("t3", **spend) for _ in range(2)])
        self.assertEqual(sorted(both), [False, True])
        await self.restart()
        self.assertFalse(await self.store.spend("t1", **spend))

    async def test_closed(self) -> None:
        """After its stop a store answers nothing."""
        await self.store.stop()
        for asked in (self.store.put_user(ANN), self.store.user("x"), self.store.spend("t", now_ms=0, until_ms=1)):
            with self.assertRaises(StoreUnavailable):
                await asked


class MemoryUsersTests(UserStoreContract, TestCase):
    """The contract in memory."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.memory = MemoryStore()
        await super().setUp()

    def process(self) -> MemoryStore:
        return self.memory


class SQLiteUsersTests(UserStoreContract, TestCase):
    """The contract in a file."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.path = self.mktemp()
        await super().setUp()

    def process(self) -> SQLiteStore:
        return SQLiteStore(self.path, reactor=cast(IReactorFromThreads, reactor))


class RedisUsersTests(UserStoreContract, TestCase):
    """The contract in a Redis of the test's own."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.server = RedisServer()
        self.addCleanup(self.server.remove)
        self.server.start()
        await super().setUp()

    def process(self) -> RedisStore:
        return RedisStore(f"redis://127.0.0.1:{self.server.port}/1", reactor=reactor)
