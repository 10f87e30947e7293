"""Worker processes that search, faked: answers that come too late from one that is about to end."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gameserver.bots.job import LENGTH_BYTES, Found, Job, Origin
from gameserver.bots.workers import Workers

JOB = Job(Origin(1, "games.none", None, "None"), b"", "1", 1.0, 100, bytes(16))


class Process:
    """A process that does what a test says."""

    def __init__(self, protocol: Any, pid: int) -> None:
        self.protocol = protocol
        self.pid: int | None = pid
        self.jobs = 0
        self.killed = False
        protocol.transport = self

    def write(self, content: bytes) -> None:
        """Take a job."""
        self.jobs += 1

    def signalProcess(self, name: str) -> None:
        """Be killed: its end is heard of later."""
        self.killed = name == "KILL"

    def answer(self, found: Found) -> None:
        """Answer, or say that it has begun."""
        content = msgspec.msgpack.encode(found)
        self.protocol.outReceived(len(content).to_bytes(LENGTH_BYTES) + content)

    def end(self) -> None:
        """Be no more."""
        self.pid = None
        self.protocol.processEnded(Failure(RuntimeError("killed")))


class ProcessClock(Clock):
    """A clock that starts such processes."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[Process] = []

    def spawnProcess(self, protocol: Any, *_: Any, **more: Any) -> Process:
        """Start one."""
        self.processes.append(Process(protocol, len(self.processes) + 1))
        return self.processes[-1]


class LateAnswerTests(SynchronousTestCase):
    def test_given_up_and_answered(self) -> None:
        """An answer that was on its way is for nobody, and a process that is about to end gets no other job."""
        reactor = ProcessClock()
        workers = Workers(reactor, 1)
        workers.startService()
        first = workers.search(JOB)
        (process,) = reactor.processes
        process.answer(Found())
        second = workers.search(JOB)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        process.answer(Found(type="take"))
        self.assertEqual((process.killed, process.jobs), (True, 1))
        process.end()
        other = reactor.processes[1]
        other.answer(Found())
        other.answer(Found(type="give"))
        self.assertEqual(self.successResultOf(second).type, "give")
