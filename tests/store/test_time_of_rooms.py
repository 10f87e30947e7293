"""Steps of the clock, as stores count them for rooms that sleep."""

from __future__ import annotations

import time
from typing import Any, Final

from msgspec.structs import replace
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase, TestCase

from gameserver.interfaces import Asleep
from gameserver.store.redis.store import RedisStore
from tests.store import change, inline_store
from tests.store.redis_server import RedisServer

HOUR_MS: Final = 3_600_000
NOW_MS: Final = 1_700_000_000_000


class SQLiteTimeTests(SynchronousTestCase):
    """One process has the file, and its clock is that of all its rooms."""

    def test_steps_add_up(self) -> None:
        """A room that slept through several is told their sum; what waits is due by a clock that was never set."""
        store = inline_store(self.mktemp())
        self.successResultOf(store.start())
        about = Asleep(slept_ms=NOW_MS, empty_ms=NOW_MS, due_ms=NOW_MS + 1000, date_ms=NOW_MS + HOUR_MS)
        self.successResultOf(store.commit([replace(change(), sleeps=about)], now_ms=NOW_MS))
        for delta_ms in (2 * HOUR_MS, -HOUR_MS // 2):
            time_of = self.successResultOf(store.step_time(delta_ms, now_ms=NOW_MS))
        self.assertEqual(time_of.stepped_ms, 3 * HOUR_MS // 2)

        def due(until_ms: int) -> list[str]:
            return list(self.successResultOf(store.due_rooms(until_ms=until_ms, limit=9)).ids)

        self.assertEqual(due(NOW_MS + 2000), [])
        self.assertEqual(due(NOW_MS + HOUR_MS), ["r1"])  # the date
        self.successResultOf(store.step_time(-HOUR_MS, now_ms=NOW_MS))
        self.assertEqual(due(NOW_MS + HOUR_MS // 2 + 999), [])
        self.assertEqual(due(NOW_MS + HOUR_MS // 2 + 1000), ["r1"])
        (stored,) = self.successResultOf(store.open_rooms(["r1"]))
        assert stored.slept is not None
        self.assertEqual(stored.slept.stepped_ms, HOUR_MS // 2)
        self.successResultOf(store.stop())


class RedisTimeTests(TestCase):
    """Nodes have clocks of their own; Redis's tells which step was everybody's."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Two nodes on one Redis."""
        self.server = RedisServer()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.first, self.second = await self.node("a"), await self.node("b")

    async def node(self, name: str) -> Any:
        """Start a store, whose node's clock is right."""
        store: Any = RedisStore(f"redis+unix://{self.server.socket}", reactor=reactor, node=name)
        await store.start()
        self.addCleanup(store.stop)
        await store.begin_time(now_ms=round(time.time() * 1000))
        return store

    async def test_step_of_one_node_alone(self) -> None:
        """Its clock was wrong, or is now: rooms that sleep are nobody's, and do not follow it."""
        ahead_ms = round(time.time() * 1000) + HOUR_MS
        self.assertEqual((await self.first.step_time(HOUR_MS, now_ms=ahead_ms)).stepped_ms, 0)
        back_ms = round(time.time() * 1000)
        self.assertEqual((await self.first.step_time(-HOUR_MS, now_ms=back_ms)).stepped_ms, 0)

    async def test_step_of_all(self) -> None:
        """Where Redis's clock made it too, it is counted once, whoever notices it."""
        for store, expected in ((self.first, HOUR_MS), (self.second, HOUR_MS), (self.first, HOUR_MS)):
            now_ms = round(time.time() * 1000)  # the node and Redis agree as before
            self.assertEqual((await store.step_time(HOUR_MS, now_ms=now_ms)).stepped_ms, expected)
        now_ms = round(time.time() * 1000)
        self.assertEqual((await self.second.step_time(-HOUR_MS, now_ms=now_ms)).stepped_ms, 0)
