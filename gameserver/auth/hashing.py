"""
Passwords: hashed with Argon2id, in a few threads of their own, so that no login makes a room wait.

Argon2 releases the interpreter's lock while it works. The number of threads bounds the memory (`Cost.memory_kib` each)
and the processors that hashing takes; the number of those who may wait bounds how long anybody waits.

Source: RFC 9106; the cost is the first choice of the OWASP password storage cheat sheet
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from twisted.internet.defer import Deferred, fail
from zope.interface import implementer

from gameserver.auth.threads import Queue, Run
from gameserver.errors import Refused
from gameserver.interfaces import IHasher
from gameserver.protocol.passwords import check_length, normal_form, spellings

FULL: Final = "Too many are logging in; try again in a moment."
"""The text for whoever comes when the queue is full."""

T = TypeVar("T")


class Cost(Struct, frozen=True):
    """What one hash costs: ``passes`` over ``memory_kib`` of memory, in one lane."""

    memory_kib: int = 19_456
    passes: int = 2


@implementer(IHasher)
class Hasher:
    """
    :param run: does work elsewhere; `gameserver.auth.threads.Threads`, or a test's.
    :param waiting: how many may be under way or wait at a time; the next is refused.
    """

    def __init__(self, run: Run, *, cost: Cost | None = None, waiting: int = 100) -> None:
        cost = cost or Cost()
        self._queue = Queue(run, waiting, FULL)
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)
        # Stands in for the hash of an account that does not exist. No password fits: its digest is all zeros.
        self._nobodys = f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1${'A' * 22}${'A' * 43}"

    @property
    def asked(self) -> int:
        """How many hashes are under way or wait at this moment."""
        return self._queue.asked

    @property
    def refused(self) -> int:
        """How many were refused."""
        return self._queue.refused

    def hash(self, password: str) -> Deferred[str]:
        """Hash a password, outside the reactor's thread; see `IHasher.hash`."""
        return self._ask(lambda: self._hasher.hash(_bytes(normal_form(password))), password)

    def verify(self, kept: str | None, password: str) -> Deferred[bool]:
        """Compare a password with a hash, outside the reactor's thread; see `IHasher.verify`."""
        return self._ask(lambda: self._verify(kept, password), password)

    def is_outdated(self, kept: str, password: str) -> bool:
        """Whether a hash was made at another cost than this one's, or perhaps from another spelling of the password."""
        return self._hasher.check_needs_rehash(kept) or len(spellings(password)) > 1

    def _verify(self, kept: str | None, password: str) -> bool:
        return any(self._fits(kept or self._nobodys, each) for each in spellings(password)) and kept is not None

    def _fits(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    def _ask(self, work: Callable[[], T], password: str) -> Deferred[T]:
        try:
            check_length(password)  # before it takes anybody's place in the queue
        except Refused:
            return fail()
        return self._queue(work)


def _bytes(password: str) -> bytes:
    # JSON may hold lone surrogates, which UTF-8 cannot encode.
    return password.encode("utf-8", "surrogatepass")
