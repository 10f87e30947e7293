"""The same on a real Redis, which goes away just when it is asked: time is a fake, all else is not."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import UTC
from random import Random
from time import monotonic
from typing import Any, ClassVar, Final

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from gameserver import Game, clock, cron
from gameserver.game.spec import spec_of
from gameserver.node.calendar import CALLED, RETRY_S, Calendar
from gameserver.store import keys
from gameserver.store.redis import connection
from gameserver.store.redis.store import RedisStore
from tests.node.registries import START_S
from tests.store.redis_server import RedisServer

WAIT_S: Final = 30.0
"""How long anything may take."""
DUE_S: Final = 1800.0
NAME: Final = f"nightly.nightly@{round(START_S + DUE_S) // 60}"


class Nightly(Game):
    """Called once for all nodes."""

    called: ClassVar[list[str]] = []

    @staticmethod
    @cron("30 0 * * *")
    def nightly() -> None:
        Nightly.called.append("nightly")


class Noted(RedisStore):
    """
    A store that notes what it answers.

    :ivar answers: whether it was the first, or None where the store was away.
    """

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.answers: list[bool | None] = []

    def once(self, name: str, *, by: str, for_ms: int) -> Deferred[bool]:
        """See `ILeases.once`."""
        if name.endswith(CALLED):
            return super().once(name, by=by, for_ms=for_ms)  # that it was done

        def away(failure: Failure) -> Failure:
            self.answers.append(None)
            return failure

        def answered(first: bool) -> bool:
            self.answers.append(first)
            return first

        return super().once(name, by=by, for_ms=for_ms).addCallbacks(answered, away)


class RedisTests(TestCase):
    """Nodes a and b, of which b is ahead by a little."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Start Redis, and both shortly before the time."""
        self.patch(clock, "get_localzone", lambda: UTC)
        Nightly.called.clear()
        self.server = RedisServer()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.time = FakeTime()
        self.time.rightNow = DUE_S - 30
        self.stores = [await self.node("a", 0.0), await self.node("b", 0.2)]

    async def node(self, name: str, ahead_s: float) -> Noted:
        """Start a node's calendar."""
        store = Noted(f"redis://127.0.0.1:{self.server.port}", reactor=reactor, node=name)
        await store.start()
        self.addCleanup(store.stop)
        await store.once("warm up", by=name, for_ms=1000)  # Redis knows the script by its hash from now on
        store.answers.clear()
        wall = clock.Clock(self.time, lambda: START_S + ahead_s + self.time.seconds())
        node = Calendar({"nightly": spec_of(Nightly)}, wall, Random(name).randbytes, rooms=list, leases=store)
        node.start()
        self.addCleanup(node.stop)
        return store

    async def until(self, true: Callable[[], bool]) -> None:
        """Let the reactor run until that is so; it does run, so that stores are connected meanwhile."""
        give_up_s = monotonic() + WAIT_S
        while True:
            await deferLater(reactor, 0.01)  # type: ignore[arg-type]
            if true():
                return
            self.assertLess(monotonic(), give_up_s)

    async def until_all_know(self) -> list[Any]:
        """Let time pass until both nodes know who calls. :returns: their last answers, sorted."""
        while not all(map(self.knows, self.stores)):
            await self.ask_again()
        return sorted(store.answers[-1] for store in self.stores)

    async def freeze(self) -> None:
        """Have Redis take the questions, and answer them too late."""
        self.patch(connection, "REPLY_S", 0.2)
        self.server.signal(signal.SIGSTOP)
        self.time.advance(30)
        await self.until(lambda: all(store.answers == [None] for store in self.stores))
        self.patch(connection, "REPLY_S", WAIT_S)
        self.server.signal(signal.SIGCONT)
        await self.until(lambda: keys.once_key(NAME) in self.server.keys())  # noqa: SIM118 - it is no dict
        self.assertEqual(Nightly.called, [])

    async def ask_again(self) -> None:
        """Let so much time pass that whoever does not know asks again, and is answered."""
        wanted = [len(store.answers) + (not self.knows(store)) for store in self.stores]
        self.time.advance(RETRY_S)
        await self.until(lambda: [len(store.answers) for store in self.stores] == wanted)

    @staticmethod
    def knows(store: Noted) -> bool:
        """Whether it was told who calls."""
        return bool(store.answers) and store.answers[-1] is not None

    async def test_there(self) -> None:
        """One of both calls."""
        self.time.advance(30)
        await self.until(lambda: all(map(self.knows, self.stores)))
        self.assertEqual(await self.until_all_know(), [False, True])
        await self.until(lambda: bool(Nightly.called))  # who was answered late looks first whether another has called
        self.assertEqual(Nightly.called, ["nightly"])

    async def test_away(self) -> None:
        """If Redis is dead at the time, one calls once it is back."""
        self.server.kill()
        self.time.advance(30)
        await self.until(lambda: all(store.answers == [None] for store in self.stores))
        for _ in range(3):
            await self.ask_again()
        self.assertEqual(Nightly.called, [])
        self.server.start()
        self.assertEqual(await self.until_all_know(), [False, True])
        await self.until(lambda: bool(Nightly.called))  # who was answered late looks first whether another has called
        self.assertEqual(Nightly.called, ["nightly"])

    async def test_frozen(self) -> None:
        """If Redis takes the question and does not answer in time, whoever was first learns so later, and calls."""
        await self.freeze()
        self.assertEqual(await self.until_all_know(), [False, True])
        await self.until(lambda: bool(Nightly.called))  # who was answered late looks first whether another has called
        self.assertEqual(Nightly.called, ["nightly"])

    async def test_killed_after_it_was_asked(self) -> None:
        """If Redis dies with the question written and the answer not sent, that is found again in what it kept."""
        await self.freeze()
        self.server.kill()
        self.server.start()
        self.assertEqual(await self.until_all_know(), [False, True])
        await self.until(lambda: bool(Nightly.called))  # who was answered late looks first whether another has called
        self.assertEqual(Nightly.called, ["nightly"])
