"""The processes that search: few, begun when first needed, used again and again, ended with the server."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Final

import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger

from gameserver.bots.job import LENGTH_BYTES, MOST_S, Found, Job

MOST: Final = 4
"""So many processes, at most; on a machine with fewer processors one less than those, but at least one."""
WAITING: Final = 100
"""So many jobs wait for a process, at most: whoever comes later would not be answered in time."""
SLACK_S: Final = 20.0
"""So much longer than its limit a job may take before its process is killed, as that yields to all else."""
ERROR_CHARS: Final = 2_000
"""Of what a process says before it ends, so much is logged."""

log = Logger(namespace="gameserver.bots")


class Workers(Service):
    """
    Gives jobs to processes.

    :param reactor: spawns them.
    :param most: so many, at most.
    """

    def __init__(self, reactor: Any, most: int | None = None) -> None:
        self._reactor = reactor
        self._most = most or max(1, min(MOST, (os.cpu_count() or 1) - 1))
        self._waiting: dict[Deferred[Found], Job] = {}
        self._idle: list[_Worker] = []
        self._workers: dict[_Worker, None] = {}

    def search(self, job: Job) -> Deferred[Found]:
        """
        :returns: what comes of a job. Cancelled, it is given up: a process that is at it is killed.
        :raises RuntimeError: too many jobs wait.
        """
        if len(self._waiting) >= WAITING:
            raise RuntimeError(f"{WAITING} searches wait for a process already")
        found: Deferred[Found] = Deferred(self._give_up)
        self._waiting[found] = msgspec.structs.replace(job, until=time.monotonic() + MOST_S)
        self._hand_out()
        return found

    @property
    def processes(self) -> list[int]:
        """The ids of those that run."""
        return [pid for worker in self._workers if (pid := worker.transport.pid) is not None]

    def close_pipes(self) -> None:
        """Close the pipes to all processes, as if the server were gone: they end."""
        for worker in self._workers:
            worker.transport.closeStdin()

    def _hand_out(self) -> None:
        while self._waiting and self._idle:
            found = next(iter(self._waiting))
            self._idle.pop().work(self._waiting.pop(found), found)
        begins = sum(1 for worker in self._workers if not worker.is_ready)
        if len(self._waiting) > begins and len(self._workers) < self._most and self.running:
            self._begin()

    def _begin(self) -> None:
        worker = _Worker(self)
        self._workers[worker] = None
        path = os.pathsep.join(os.path.abspath(place) for place in sys.path)
        arguments = [sys.executable, "-P", "-m", "gameserver.bots.worker"]
        self._reactor.spawnProcess(worker, sys.executable, arguments, env={**os.environ, "PYTHONPATH": path})

    def _give_up(self, found: Deferred[Found]) -> None:
        if self._waiting.pop(found, None) is None:
            for worker in self._workers:
                if worker.found is found:
                    worker.kill()

    def is_free(self, worker: _Worker) -> None:
        """A process has begun, or answered."""
        self._idle.append(worker)
        self._hand_out()

    def has_ended(self, worker: _Worker) -> None:
        """A process is no more."""
        self._workers.pop(worker, None)
        if worker in self._idle:
            self._idle.remove(worker)
        self._hand_out()

    def stopService(self) -> Any:
        """:returns: fires when the last process has ended."""
        super().stopService()  # type: ignore[no-untyped-call]
        for found in list(self._waiting):
            found.cancel()
        ends = []
        for worker in list(self._workers):
            ends.append(worker.ended)
            worker.kill()
        return DeferredList(ends)


class _Worker(ProcessProtocol):
    """
    A process.

    :ivar is_ready: it has begun.
    :ivar found: what its job is to become; None: it has none.
    :ivar is_killed: it is about to end; what it has answered meanwhile is for nobody.
    :ivar ended: fires when the process is no more.
    """

    transport: Any

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._received = b""
        self._said = b""
        self._overrun: Any = None
        self.is_ready = self.is_killed = False
        self.found: Deferred[Found] | None = None
        self.ended: Deferred[None] = Deferred()

    def work(self, job: Job, found: Deferred[Found]) -> None:
        self.found = found
        content = msgspec.msgpack.encode(job)
        self.transport.write(len(content).to_bytes(LENGTH_BYTES) + content)
        most_s = MOST_S if job.playouts is not None else min(job.seconds, MOST_S)
        self._overrun = self._workers._reactor.callLater(most_s + SLACK_S, self.kill)

    def kill(self) -> None:
        """End it, whatever it is at."""
        if self.transport.pid is not None:
            self.is_killed = True
            self.transport.signalProcess("KILL")

    def outReceived(self, data: bytes) -> None:
        if self.is_killed:
            return
        self._received += data
        length = int.from_bytes(self._received[:LENGTH_BYTES])
        if len(self._received) < LENGTH_BYTES + length or len(self._received) < LENGTH_BYTES:
            return
        content = self._received[LENGTH_BYTES : LENGTH_BYTES + length]
        self._received = self._received[LENGTH_BYTES + length :]
        self.is_ready = True
        answer = msgspec.msgpack.decode(content, type=Found)
        found = self._done()
        self._workers.is_free(self)
        if found is not None and answer.error is not None:
            found.errback(RuntimeError(f"the search failed: {answer.error}"))
        elif found is not None:
            found.callback(answer)

    def errReceived(self, data: bytes) -> None:
        self._said = (self._said + data)[-ERROR_CHARS:]

    def processEnded(self, reason: Any) -> None:
        found = self._done()
        self._workers.has_ended(self)
        self.ended.callback(None)
        if found is not None and not found.called:
            if self._said:
                log.warn("a process that searched said: {said}", said=self._said.decode(errors="replace"))
            found.errback(RuntimeError(f"the process that searched ended: {reason.value}"))

    def _done(self) -> Deferred[Found] | None:
        if self._overrun is not None and self._overrun.active():
            self._overrun.cancel()
        found, self.found = self.found, None
        return found
