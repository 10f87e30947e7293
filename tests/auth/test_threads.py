"""Work in threads: no more at a time than was set, and none for callers that have given up."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase

from gameserver.auth.threads import NICE, Queue, Threads
from gameserver.errors import Refused


class ThreadsTests(TestCase):
    async def test_elsewhere(self) -> None:
        """The reactor's thread does nothing of it, and no more work at a time than was said."""
        threads = Threads(reactor, 2)
        lock, most, names = threading.Lock(), [0, 0], set()
        together = threading.Barrier(2, timeout=30)

        def work() -> None:
            with lock:
                most[0] += 1
                most[1] = max(most)
                names.add(threading.get_ident())
            together.wait()
            with lock:
                most[0] -= 1

        await gatherResults([threads(work) for _ in range(6)])
        self.assertEqual(most[1], 2)
        self.assertNotIn(threading.get_ident(), names)

    async def test_nice(self) -> None:
        """Threads give way to the reactor's, unless somebody waits for what they do."""
        for nice, expected in ((True, NICE), (False, os.getpriority(os.PRIO_PROCESS, 0))):
            threads = Threads(reactor, 1, nice=nice)
            priority = await threads(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            self.assertEqual(priority, expected)

    def test_end_of_the_process(self) -> None:
        """Work that never ends keeps no process from ending."""
        code = (
            "import threading\nfrom twisted.internet import reactor\nfrom gameserver.auth.threads import Threads\n"
            "begun = lambda: (reactor.callFromThread(reactor.stop), threading.Event().wait())\n"
            "reactor.callWhenRunning(Threads(reactor, 1), begun)\nreactor.run()\nprint('ended')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "ended\n"), done.stderr)


class QueueTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.held: list[tuple[Callable[[], Any], Deferred[Any]]] = []
        self.done: list[str] = []
        self.queue = Queue(self.hold, 2, "Too many.")

    def hold(self, work: Callable[[], Any]) -> Deferred[Any]:
        self.held.append((work, Deferred()))
        return self.held[-1][1]

    def work_on(self) -> None:
        """Do the oldest."""
        work, done = self.held.pop(0)
        done.callback(work())

    def test_cancelled_before_it_began(self) -> None:
        """What nobody waits for is not done, and counts until that is known: threads have it still."""
        first = self.queue(lambda: self.done.append("first"))
        second = self.queue(lambda: self.done.append("second"))
        first.cancel()
        self.failureResultOf(first, CancelledError)
        refused: Any = self.failureResultOf(self.queue(lambda: None), Refused).value
        self.assertEqual((refused.code, refused.text, self.queue.asked), ("busy", "Too many.", 2))
        self.work_on()
        self.work_on()
        self.successResultOf(second)
        self.assertEqual((self.done, self.queue.asked, self.queue.refused), (["second"], 0, 1))
