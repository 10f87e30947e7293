"""What `IBooks` promises, on every store."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from gameserver.interfaces import IBooks
from gameserver.store.compression import packed_store
from gameserver.store.memory.store import MemoryStore
from gameserver.store.redis.store import RedisStore
from gameserver.store.sqlite.store import SQLiteStore
from tests.store.redis_server import RedisServer

if TYPE_CHECKING:
    _TestCase = TestCase
else:
    _TestCase = object


class BooksContract(_TestCase):
    """The suite."""

    store: IBooks

    async def process(self) -> None:
        """Start the next process, over what the one before left."""
        raise NotImplementedError

    async def setUp(self) -> None:  # type: ignore[override]
        await self.process()

    async def test_contract(self) -> None:
        """Every method is there."""
        self.assertTrue(verifyObject(IBooks, self.store))

    async def test_written_and_torn_out(self) -> None:
        """Pages are written and torn out in one call; a book that nobody wrote is empty."""
        await self.store.write_book("log", {"b": b"2", "a": b"1", "ü 1": b"\x00\xff"})
        await self.store.write_book("log", {"b": b"two"}, ["a", "none"])
        await self.store.write_book("other", {"a": b"x"})
        self.assertEqual(await self.store.read_book("log"), {"b": b"two", "ü 1": b"\x00\xff"})
        self.assertEqual(await self.store.read_book("nothing"), {})

    async def test_outlives_the_process(self) -> None:
        """The next process reads the same, in the order of the pages' names."""
        pages = {f"{n:03d}": b"%d" % n for n in range(300)}
        await self.store.write_book("log", pages)
        await self.store.write_book("log", {}, [f"{n:03d}" for n in range(200)])
        await self.process()
        self.assertEqual(list(await self.store.read_book("log")), [f"{n:03d}" for n in range(200, 300)])


class MemoryBooksTests(BooksContract, TestCase):
    async def process(self) -> None:
        if not hasattr(self, "memory"):
            self.memory = MemoryStore()
        self.memory.kill()
        await self.memory.start()
        self.store = self.memory


class PackedBooksTests(MemoryBooksTests):
    async def process(self) -> None:
        await super().process()
        self.store = cast("IBooks", packed_store(self.memory, 100))

    async def test_contract(self) -> None:
        """What has nothing to do with values is the other store's."""
        self.assertEqual(await self.store.read_book("x"), {})


class SQLiteBooksTests(BooksContract, TestCase):
    async def process(self) -> None:
        self.path = getattr(self, "path", None) or self.mktemp()
        if hasattr(self, "open"):
            await self.open.stop()
        self.open = SQLiteStore(self.path, reactor=cast("IReactorFromThreads", reactor))
        await self.open.start()
        self.addCleanup(self.open.stop)
        self.store = self.open


class RedisBooksTests(BooksContract, TestCase):
    async def process(self) -> None:
        if not hasattr(self, "server"):
            self.server = RedisServer()
            self.addCleanup(self.server.remove)
            self.server.start()
        if hasattr(self, "open"):
            await self.open.stop()
        self.open = RedisStore(f"redis://127.0.0.1:{self.server.port}/1", reactor=reactor)
        await self.open.start()
        self.addCleanup(self.open.stop)
        self.store = self.open
