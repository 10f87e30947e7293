"""
Work that blocks, done in threads, and how much of it may wait.

Each kind of work has threads and a bound of its own, so that slow work delays only work of its kind.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from gameserver.errors import Refused

NICE: Final = 19
"""Priority of threads that hash (the lowest), so that they give way to the thread that runs the rooms."""

T = TypeVar("T")
Run = Callable[[Callable[[], Any]], Deferred[Any]]
"""Does work elsewhere: `Threads`, or a test's."""


class Threads:
    """
    Threads that are started when they are first needed. They end with the process, even in the middle of some work.

    :param most: how many work at a time.
    :param nice: whether they give way to the thread that runs the rooms.
    """

    def __init__(self, reactor: Any, most: int, *, nice: bool = True) -> None:
        self._reactor = reactor
        self._nice = nice
        self._pool = ThreadPool(0, most, name="gameserver-work")
        # The end of the process does not wait for them: work that blocks would keep it from ending.
        self._pool.threadFactory = partial(threading.Thread, daemon=True)  # type: ignore[assignment]
        self._started = False

    def __call__(self, work: Callable[[], T]) -> Deferred[T]:
        """
        Do some work in one of the threads.

        :returns: fires in the reactor's thread, with what the work returned or raised.
        """
        if not self._started:
            self._started = True
            self._pool.start()
        if self._nice:
            return deferToThreadPool(self._reactor, self._pool, _nicely, work)
        return deferToThreadPool(self._reactor, self._pool, work)


class Queue:
    """
    Work of one kind, of which a limited number may be under way or wait; one more is refused.

    Whoever cancels the Deferred waits no longer. Work that has not begun by then is not done; work that has begun
    counts until it ends.

    :param run: does the work.
    :param waiting: that number.
    :param full: the text of the refusal when it is reached.
    :ivar asked: how much is under way or waits at this moment.
    :ivar refused: how much was refused so far.
    """

    def __init__(self, run: Run, waiting: int, full: str) -> None:
        self._run = run
        self._waiting = waiting
        self._full = full
        self.asked = 0
        self.refused = 0

    def __call__(self, work: Callable[[], T]) -> Deferred[T]:
        """
        Do some work, in its turn.

        :raises Refused: (in the Deferred) ``busy``: too much waits already.
        """
        if self.asked >= self._waiting:
            self.refused += 1
            return fail(Refused(self._full, code="busy"))
        self.asked += 1
        wanted: Deferred[Any] = Deferred()
        self._run(lambda: None if wanted.called else work()).addBoth(self._done).chainDeferred(wanted)
        return wanted

    def _done(self, result: T) -> T:
        self.asked -= 1
        return result


_thread = threading.local()


def _nicely(work: Callable[[], T]) -> T:
    if not getattr(_thread, "nice", False):
        _thread.nice = True
        # On Linux this sets the priority of one thread; elsewhere it would be that of the whole process.
        if hasattr(os, "sched_setaffinity"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    return work()
