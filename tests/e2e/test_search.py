"""Processes that search: they answer, are used again, stop with what asked, and are killed when they take too long."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase

from gameserver.bots.job import Found, Job
from gameserver.bots.origin import origin_of
from gameserver.bots.snapshot import pack
from gameserver.bots.workers import Workers
from gameserver.game import loader
from gameserver.room.room import Room
from gameserver.testing import Table
from tests.bots.test_search import Sticks, table_of

BAD = """
from tests.bots.test_search import Sticks


class Endless(Sticks):
    def won(self, player):
        print("this is no answer")
        while True:
            pass
"""


def job(room: Room, playouts: int | None = 100, seconds: float = 1.0) -> Job:
    """A search for whoever's turn it is."""
    player = room.turns.current
    assert player is not None
    return Job(origin_of(room.game_class), pack(room), player.id, seconds, playouts, bytes(16))


class WorkersTests(TestCase):
    def setUp(self) -> None:
        self.workers = Workers(reactor, 1)
        self.workers.startService()
        self.addCleanup(self.stop)

    async def stop(self) -> None:
        await self.workers.stopService()
        self.assertEqual(self.workers.processes, [])

    async def test_answers(self) -> None:
        """The process is used again, is nice, and finds what is found here."""
        room = table_of(Sticks).room
        first, second = self.workers.search(job(room)), self.workers.search(job(room))
        one, pids = await first, self.workers.processes
        self.assertEqual((one.type, one.data, one.playouts), ("take", {"n": 3}, 100))
        self.assertEqual(await second, one)
        self.assertEqual(self.workers.processes, pids)
        self.assertEqual([os.getpriority(os.PRIO_PROCESS, pid) for pid in pids], [19])

    async def test_by_time(self) -> None:
        found = await self.workers.search(job(table_of(Sticks).room, None, 0.2))
        self.assertEqual(found.data, {"n": 3})

    async def test_killed(self) -> None:
        """A process that died fails its own job; the next has another."""
        room = table_of(Sticks).room
        await self.workers.search(job(room))
        pids = self.workers.processes
        long = self.workers.search(job(room, 10_000_000))
        os.kill(pids[0], signal.SIGKILL)
        with self.assertRaisesRegex(RuntimeError, "ended"):
            await long
        await self.workers.search(job(room))
        self.assertNotEqual(self.workers.processes, pids)

    async def test_given_up(self) -> None:
        """A loaded game that never ends: whoever gives its job up has its process killed."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "bad.py").write_text(BAD)
        catalog = loader.load([str(folder)], sample_games=False, entry_points=False)
        table: Table = table_of(catalog.games["endless"])
        await self.workers.search(job(table_of(Sticks).room))
        pids = self.workers.processes
        found: Deferred[Found] = self.workers.search(job(table.room))
        waiting: Deferred[Any] = self.workers.search(job(table_of(Sticks).room))
        reactor.callLater(0.3, found.cancel)  # type: ignore[attr-defined]
        with self.assertRaises(CancelledError):
            await found
        self.assertEqual((await waiting).data, {"n": 3})
        self.assertNotEqual(self.workers.processes, pids)
        self.assertFalse(Path(f"/proc/{pids[0]}").exists())

    async def test_loaded_again(self) -> None:
        """A game of a folder is found there; an error in it is told."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "bad.py").write_text(BAD.replace("while True:\n            pass", "raise KeyError('oh')"))
        catalog = loader.load([str(folder)], sample_games=False, entry_points=False)
        with self.assertRaisesRegex(RuntimeError, "KeyError: 'oh'"):
            await self.workers.search(job(table_of(catalog.games["endless"]).room))

    async def test_ends_with_the_server(self) -> None:
        """Where nobody is left to hear, a process ends in the middle of a search."""
        room = table_of(Sticks).room
        await self.workers.search(job(room))
        (pid,) = self.workers.processes
        long = self.workers.search(job(room, 10_000_000))
        long.addErrback(lambda _: None)
        self.workers.close_pipes()
        end = time.monotonic() + 30
        while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
            await _soon()
        self.assertFalse(Path(f"/proc/{pid}").exists())


def _soon() -> Deferred[None]:
    waiting: Deferred[None] = Deferred()
    reactor.callLater(0.05, waiting.callback, None)  # type: ignore[attr-defined]
    return waiting
