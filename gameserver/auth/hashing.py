"""
Passwords: hashed with Argon2id, in a few threads of their own, so that no login makes a room wait.

Argon2 lets go of the interpreter while it works. How many work at a time bounds the memory (`Cost.memory_kib` each) and
the processors they take; how many may wait bounds the time that somebody waits in vain.

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
"""What one too many is told."""

T = TypeVar("T")


class Cost(Struct, frozen=True):
    """What one hash costs: ``passes`` over so much memory, one lane."""

    memory_kib: int = 19_456
    passes: int = 2


@implementer(IHasher)
class Hasher:
    """
    :param run: does work elsewhere; `gameserver.auth.threads.Threads`, or a test's.
    :param waiting: so many may be asked for at a time; the next is refused.
    """

    def __init__(self, run: Run, *, cost: Cost | None = None, waiting: int = 100) -> None:
        cost = cost or Cost()
        self._queue = Queue(run, waiting, FULL)
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)
        # Proved by no password, as nothing that was hashed ends in zeros alone.
        self._nobodys = f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1${'A' * 22}${'A' * 43}"

    @property
    def asked(self) -> int:
        """How many are asked for now."""
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
        """Whether this password was hashed at another cost than today's, or may have been in another form."""
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
    # JSON may hold halves of characters, which UTF-8 does not.
    return password.encode("utf-8", "surrogatepass")
