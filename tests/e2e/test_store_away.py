"""
The store goes away while rooms are played: Redis dies, freezes, or the wire to it breaks.

Nobody is told what is not stored, nobody loses a connection, and all that was asked is applied once, in order, when the
store is back; what found too much waiting already was told ``busy``, and has left no trace.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from gameserver.node.input_queue import QUEUE_PER_USER
from tests.e2e.checker import Counts
from tests.e2e.company import GAMES, Fair
from tests.e2e.kit import ASK_S, ServerCase, sleep, together, until, within
from tests.e2e.proxy import Proxy
from tests.store.redis_server import RedisServer

FREEZE_S: Final = float(os.environ.get("GAMESERVER_TEST_FREEZE_S", "0"))
"""How long the store is away at least; it is in any case until the server says so."""
ROOMS: Final = 3
CROWD: Final = 20
"""So many more than the server lets wait does one player of each room ask for."""
TIMES: Final = 5
"""How often what is over quickly is done."""


class StoreAwayTests(ServerCase):
    """Rooms are played, the store goes, it is missed, it comes back, and the checker finds nothing."""

    timeout = 180 + 4 * FREEZE_S

    async def begin(self, *, proxied: bool = False) -> None:
        """Start a Redis, a server on it, and the rooms."""
        self.redis = RedisServer().start()
        self.addCleanup(self.redis.remove)
        self.proxy = Proxy(self.redis.port)
        await self.proxy.start()
        self.addCleanup(self.proxy.cut)
        port = self.proxy.port if proxied else self.redis.port
        self.game_server = self.server(games=GAMES, GAMESERVER_STORE=f"redis://127.0.0.1:{port}")
        await self.game_server.start()
        seed = int(os.environ.get("GAMESERVER_TEST_SEED") or random.SystemRandom().randrange(10**6))
        self.chance = random.Random(seed)
        self.seed = seed
        self.counts = Counts()
        self.fair = Fair(self, self.game_server, self.chance, self.counts)
        await self.fair.open(ROOMS)
        await self.fair.all_go_on()

    async def missed(self) -> None:
        """The store has just gone: wait until the server says so, and ask for more than it takes in."""
        gone_s = time.monotonic()
        await self.ready_is(503)
        crowding = [company.players[0] for company in self.fair.companies]
        before = [player.busy for player in crowding]
        crowds = together(*(player.crowd(QUEUE_PER_USER + CROWD) for player in crowding))
        self.crowds: Deferred[Any] = Deferred.fromCoroutine(crowds)
        for player, busy in zip(crowding, before, strict=True):
            await until(lambda p=player, n=busy + CROWD: p.busy >= n, "too much waits, and that is said at once")
        await until(lambda: time.monotonic() - gone_s >= FREEZE_S, "the store was away for long", FREEZE_S + 1)
        await self.ready_is(503)

    async def ready_is(self, status: int) -> None:
        """Wait until the server says that new players may be sent to it, or not."""
        while (await self.game_server.http("GET", "/readyz")).status != status:
            await sleep(ASK_S)

    async def back(self) -> None:
        """The store is there again: all go on, everything is answered, and nobody was ever disconnected."""
        await self.ready_is(200)
        await within(self.crowds, "all that waited is answered")
        await self.fair.all_go_on()

    async def end(self) -> None:
        """Check everything."""
        connections = [len(person.told.connections) for person in self.fair.people]
        await self.fair.close()
        sys.stdout.write(f"\n{self.id().rpartition('.')[2]}, seed {self.seed}: {self.counts}\n")
        self.assertEqual(set(connections), {1})
        self.assertNotIn("Traceback", self.game_server.output)

    async def test_killed(self) -> None:
        """Redis dies, and starts again on the files that it left."""
        await self.begin()
        self.redis.kill()
        await self.missed()
        await deferToThread(self.redis.start)
        await self.back()
        await self.end()

    async def test_killed_often(self) -> None:
        """It dies again and again, at any instant, and is back at once."""
        await self.begin()
        for _ in range(TIMES):
            await sleep(self.chance.uniform(0, 0.5))
            self.redis.kill()
            await deferToThread(self.redis.start)
            await self.fair.all_go_on()
        await self.end()

    async def test_frozen(self) -> None:
        """Redis stands still, and goes on as if nothing had been."""
        await self.begin()
        self.redis.signal(signal.SIGSTOP)
        await self.missed()
        self.redis.signal(signal.SIGCONT)
        await self.back()
        await self.end()

    async def test_cut(self) -> None:
        """The connection ends, and there is no other for a while."""
        await self.begin(proxied=True)
        await self.proxy.cut()
        await self.missed()
        await self.proxy.mend()
        await self.back()
        await self.end()

    async def test_held(self) -> None:
        """What is said to Redis disappears without a word; some of it arrives when nobody expects it any more."""
        await self.begin(proxied=True)
        self.proxy.hold()
        await self.missed()
        await until(lambda: self.proxy.given_up > 0, "what was asked is given up")  # the lease ends before that
        await self.proxy.mend()
        await self.back()
        self.assertGreater(self.proxy.deliver_late(), 0)
        await self.fair.all_go_on()
        await self.end()

    async def test_answers_lost(self) -> None:
        """Redis does what it is asked, and its answer is lost: what is asked again is not done again."""
        await self.begin(proxied=True)
        for _ in range(TIMES):
            await sleep(self.chance.uniform(0, 0.5))
            lost = self.proxy.lost_answers
            self.proxy.mute()
            await until(lambda n=lost: self.proxy.lost_answers > n, "an answer is lost")
            await self.proxy.mend()
            await self.fair.all_go_on()
        await self.end()
