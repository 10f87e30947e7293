"""`RedisStore` behind Sentinel: it finds the master, and after a failover the new one."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Final

from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Outcome
from gameserver.store.redis.store import RedisStore
from tests.ports import free_port
from tests.store import numbered
from tests.store.redis_server import RedisServer

FAILOVER_S: Final = 30.0
"""How long Sentinel may take to make a replica the master."""


class SentinelTests(TestCase):
    """A master, its replica, and a Sentinel that watches them."""

    def setUp(self) -> None:
        """Start all three."""
        self.master = self.server()
        self.replica = self.server("--replicaof", "127.0.0.1", str(self.master.port))
        self.sentinel = RedisServer(sentinel_of=self.master.port)
        self.addCleanup(self.sentinel.remove)
        self.sentinel.start()

    def server(self, *options: str) -> RedisServer:
        """Start one Redis."""
        server = RedisServer(*options)
        self.addCleanup(server.remove)
        return server.start()

    async def test_failover(self) -> None:
        """Commits go to the master; when that dies they fail until its replica has taken over, and go there."""
        # The first Sentinel is not there: the next is asked.
        url = f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{self.sentinel.port}/main"
        store = RedisStore(url, reactor=reactor)
        await store.start()
        self.addCleanup(store.stop)
        self.assertEqual(await store.commit([numbered(1)], now_ms=1), [Outcome.STORED])
        self.until(lambda: b"slaves=1" in self.sentinel.ask("INFO", "sentinel"))
        self.until(lambda: self.replica.ask("HGET", "gameserver:room:{r1}", "version") == b"1")
        self.master.kill()
        give_up_s = monotonic() + FAILOVER_S
        while True:
            try:
                outcomes = await store.commit([numbered(2)], now_ms=2)
                break
            except StoreUnavailable:
                if monotonic() > give_up_s:
                    raise
                await deferLater(reactor, 0.1)  # type: ignore[arg-type]
        self.assertEqual(outcomes, [Outcome.STORED])
        self.assertEqual(self.replica.ask("HGET", "gameserver:room:{r1}", "version"), b"2")

    async def test_unknown_master(self) -> None:
        """If no Sentinel knows the name, each one's answer is told."""
        store = RedisStore(f"redis+sentinel://127.0.0.1:{self.sentinel.port}/other", reactor=reactor)
        with self.assertRaises(StoreUnavailable) as caught:
            await store.start()
        self.assertIn(f"127.0.0.1:{self.sentinel.port} knows no other", str(caught.exception))

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something outside this process."""
        give_up_s = monotonic() + FAILOVER_S
        while not is_so():
            self.assertLess(monotonic(), give_up_s)
            sleep(0.05)
