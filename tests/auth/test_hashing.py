"""Hashing passwords: in threads, not too many at a time, and with the same work if there is no such account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from gameserver.auth.hashing import Cost, Hasher
from gameserver.errors import Refused
from gameserver.interfaces import IHasher
from gameserver.protocol.passwords import PASSWORD_CHARS
from tests.auth.kit import fast_hasher


class HasherTests(SynchronousTestCase):
    def test_interface(self) -> None:
        """It has what rooms and accounts ask for."""
        verifyObject(IHasher, fast_hasher())

    def test_hash_and_verify(self) -> None:
        """The password fits, another does not; two hashes of one password are different."""
        hasher = fast_hasher()
        one, two = (self.successResultOf(hasher.hash("pass\u00e9\ud800")) for _ in range(2))
        self.assertNotEqual(one, two)
        self.assertTrue(one.startswith("$argon2id$"))
        self.assertTrue(self.successResultOf(hasher.verify(one, "pass\u00e9\ud800")))
        self.assertFalse(self.successResultOf(hasher.verify(one, "passe")))

    def test_spelling(self) -> None:
        """A password fits however its keyboard spells it; one of before as it was hashed, which is outdated."""
        hasher, (short, long) = fast_hasher(), ("passw\u00f6rd", "passwo\u0308rd")
        for hashed in (short, long):
            kept = self.successResultOf(hasher.hash(hashed))
            for typed in (short, long):
                self.assertTrue(self.successResultOf(hasher.verify(kept, typed)))
        before = hasher._hasher.hash(long.encode())
        self.assertTrue(self.successResultOf(hasher.verify(before, long)))
        self.assertFalse(self.successResultOf(hasher.verify(before, "password")))
        self.assertEqual([hasher.is_outdated(before, typed) for typed in (long, short)], [True, False])

    def test_nobodys(self) -> None:
        """Nobody's password is never right, and costs a hash of the same parameters."""
        hasher = fast_hasher()
        asked: list[Any] = []
        self.patch(hasher, "_hasher", Spy(hasher._hasher, asked))
        kept = self.successResultOf(hasher.hash("right"))
        for whose in (kept, None):
            self.assertFalse(self.successResultOf(hasher.verify(whose, "wrong")))
        self.assertEqual(len(asked), 2)
        self.assertEqual(asked[0].split("$")[:4], asked[1].split("$")[:4])

    def test_damaged(self) -> None:
        """What is no hash fits nothing."""
        for kept in ("", "x", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$12$abc"):
            self.assertFalse(self.successResultOf(fast_hasher().verify(kept, "x")))

    def test_bounded(self) -> None:
        """More than may wait are told so at once, and whoever is done makes room."""
        held: list[tuple[Callable[[], Any], Deferred[Any]]] = []

        def hold(work: Callable[[], Any]) -> Deferred[Any]:
            held.append((work, Deferred()))
            return held[-1][1]

        hasher = Hasher(hold, cost=Cost(memory_kib=8, passes=1), waiting=3)
        waiting = [hasher.hash("x") for _ in range(3)]
        refused: Any = self.failureResultOf(hasher.verify(None, "x"), Refused).value
        self.assertEqual((refused.code, hasher.asked, hasher.refused), ("busy", 3, 1))
        work, done = held.pop(0)
        done.callback(work())
        self.successResultOf(waiting[0])
        self.assertNoResult(hasher.hash("x"))
        self.assertEqual((hasher.asked, len(held)), (3, 3))

    def test_failed_work_makes_room(self) -> None:
        """Where a thread cannot be had, the place is free again."""
        hasher = Hasher(lambda work: fail(OSError("no thread")), waiting=1)
        for _ in range(2):
            self.failureResultOf(hasher.hash("x"), OSError)
        self.assertEqual((hasher.asked, hasher.refused), (0, 0))

    def test_too_long(self) -> None:
        """A novel is not hashed."""
        refused: Any = self.failureResultOf(fast_hasher().hash("x" * (PASSWORD_CHARS + 1)), Refused).value
        self.assertEqual(refused.code, "bad_data")

    def test_outdated(self) -> None:
        """A hash of another cost is known."""
        kept = self.successResultOf(fast_hasher().hash("x"))
        self.assertFalse(fast_hasher().is_outdated(kept, "x"))
        self.assertTrue(Hasher(lambda work: Deferred()).is_outdated(kept, "x"))


class Spy:
    """Notes what is verified."""

    def __init__(self, inner: Any, asked: list[Any]) -> None:
        self._inner = inner
        self._asked = asked

    def hash(self, password: bytes) -> Any:
        return self._inner.hash(password)

    def verify(self, kept: str, password: bytes) -> Any:
        self._asked.append(kept)
        return self._inner.verify(kept, password)
