"""What is promised of a store, on every store: the public suite `gameserver.testing.store_contract`."""

from __future__ import annotations

from typing import Any, cast
from unittest import SkipTest

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import TestCase

from gameserver.store.compression import compressed_store
from gameserver.store.memory.store import MemoryStore
from gameserver.store.redis.store import RedisStore
from gameserver.store.sqlite.store import SQLiteStore
from gameserver.testing.store_contract import StoreContract
from tests.store.redis_server import RedisServer, has_tls


class MemoryStoreTests(StoreContract, TestCase):
    """The contract on `MemoryStore`: a process is its ``start``."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Make the object that goes on through all processes."""
        self.memory = MemoryStore()
        await super().setUp()

    def process(self) -> Any:
        """Go on with the same object."""
        return self.memory


class PackedStoreTests(MemoryStoreTests):
    """The contract on a store that compresses what it keeps in another."""

    def process(self) -> Any:
        """Go on with the same object inside."""
        return compressed_store(self.memory, 10)


class SQLiteStoreTests(StoreContract, TestCase):
    """The contract on `SQLiteStore`, with a file and a thread."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Choose the file that goes on through all processes."""
        self.path = self.mktemp()
        await super().setUp()

    def process(self) -> Any:
        """Open the same file again."""
        return SQLiteStore(self.path, reactor=cast(IReactorFromThreads, reactor))


class RedisStoreTests(StoreContract, TestCase):
    """The contract on `RedisStore`, with a redis-server of the test's own, over TCP."""

    tls = False

    async def setUp(self) -> None:  # type: ignore[override]
        """Start the server that goes on through all processes."""
        if self.tls and not has_tls():
            raise SkipTest("this redis-server was built without TLS")
        self.server = RedisServer(tls=self.tls)
        self.addCleanup(self.server.remove)
        self.server.start()
        await super().setUp()

    def address(self) -> str:
        """Say where the server is."""
        return f"redis://127.0.0.1:{self.server.port}/1"

    def process(self) -> Any:
        """Connect again."""
        return RedisStore(self.address(), reactor=reactor)


class RedisUnixStoreTests(RedisStoreTests):
    """The same over a Unix socket."""

    def address(self) -> str:
        """Name the socket."""
        return f"redis+unix://{self.server.socket}?db=2"


class RedisTLSStoreTests(RedisStoreTests):
    """The same with TLS, the server's certificate verified."""

    tls = True

    def address(self) -> str:
        """Name the authority that the test made."""
        return f"rediss://127.0.0.1:{self.server.port}?ca={self.server.folder / 'ca.pem'}"
