"""
Passwords: hashed with Argon2id, in a few threads of their own, so that no login makes a room wait.

Argon2 lets go of the interpreter while it works. How many work at a time bounds the memory (`Cost.memory_kib` each) and
the processors they take; how many may wait bounds the time that somebody waits in vain.

Source: RFC 9106; the cost is the first choice of the OWASP password storage cheat sheet
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from gameserver.errors import Refused
from gameserver.interfaces import IHasher

PASSWORD_CHARS: Final = 1024
"""A longer one is refused: nobody types it, and hashing it is work."""
NICE: Final = 19
"""Threads that hash give way to the one that runs the rooms."""

T = TypeVar("T")


class Cost(Struct, frozen=True):
    """What one hash costs: ``passes`` over so much memory, one lane."""

    memory_kib: int = 19_456
    passes: int = 2


class Threads:
    """
    Some threads, started when they are needed first, which end with the process.

    :param most: how many work at a time.
    """

    def __init__(self, reactor: Any, most: int) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, most, name="gameserver-hashing")
        self._started = False

    def __call__(self, work: Callable[[], T]) -> Deferred[T]:
        """Do this in one of them."""
        if not self._started:
            self._started = True
            self._pool.start()
            self._reactor.addSystemEventTrigger("during", "shutdown", self._pool.stop)
        return deferToThreadPool(self._reactor, self._pool, _nicely, work)


@implementer(IHasher)
class Hasher:
    """
    :param run: does work elsewhere; `Threads`, or a test's.
    :param waiting: so many may be asked for at a time; the next is refused.
    :ivar asked: how many are asked for now.
    :ivar refused: how many were refused.
    """

    def __init__(
        self, run: Callable[[Callable[[], Any]], Deferred[Any]], *, cost: Cost | None = None, waiting: int = 100
    ) -> None:
        cost = cost or Cost()
        self._run = run
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)
        self._waiting = waiting
        # Proved by no password, as nothing that was hashed ends in zeros alone.
        self._nobodys = f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1${'A' * 22}${'A' * 43}"
        self.asked = 0
        self.refused = 0

    def hash(self, password: str) -> Deferred[str]:
        """See `IHasher.hash`."""
        return self._ask(lambda: self._hasher.hash(_bytes(password)), password)

    def verify(self, kept: str | None, password: str) -> Deferred[bool]:
        """See `IHasher.verify`."""
        return self._ask(lambda: self._verify(kept, password), password)

    def is_outdated(self, kept: str) -> bool:
        """Whether it was hashed at another cost than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(kept or self._nobodys, _bytes(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def _ask(self, work: Callable[[], T], password: str) -> Deferred[T]:
        if len(password) > PASSWORD_CHARS:
            return fail(Refused(f"A password has at most {PASSWORD_CHARS} characters.", code="bad_data"))
        if self.asked >= self._waiting:
            self.refused += 1
            return fail(Refused("Too many are logging in; try again in a moment.", code="busy"))
        self.asked += 1
        return self._run(work).addBoth(self._done)

    def _done(self, result: T) -> T:
        self.asked -= 1
        return result


def _bytes(password: str) -> bytes:
    # JSON may hold halves of characters, which UTF-8 does not.
    return password.encode("utf-8", "surrogatepass")


_thread = threading.local()


def _nicely(work: Callable[[], T]) -> T:
    if not getattr(_thread, "nice", False):
        _thread.nice = True
        # On Linux this is of one thread; elsewhere it would be of the whole process.
        if hasattr(os, "sched_setaffinity"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    return work()
