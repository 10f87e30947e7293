"""Keys at a URL: when and how often they are fetched, and which are accepted meanwhile."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import SynchronousTestCase

from gameserver.auth.fetch import FetchFailed
from gameserver.auth.jwt_keys import (
    MOST_KEYS,
    REFRESH_S,
    RETRY_S,
    STALE_S,
    UNKNOWN_S,
    KeySet,
    keys_of,
)
from gameserver.clock import Clock
from tests.auth.jwt_kit import EC, OTHER_RSA, RSA, WEAK_RSA, entry, key_set

URL = "https://issuer.example/keys"


class KeySetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.seconds = Seconds()
        self.asked: list[Deferred[bytes]] = []
        self.keys = KeySet(URL, self.fetch, Clock(self.seconds, lambda: 1e9))

    def fetch(self, url: str) -> Deferred[bytes]:
        self.assertEqual(url, URL)
        self.asked.append(Deferred())
        return self.asked[-1]

    def tell(self, *entries: dict[str, Any]) -> None:
        """The address answers."""
        self.asked[-1].callback(key_set(*entries))

    def fail(self, why: Exception | None = None) -> None:  # type: ignore[override]
        """It does not."""
        self.asked[-1].errback(why or FetchFailed("away"))

    def found(self, key_id: str | None, algorithm: str = "RS256") -> Any:
        """:returns: the key's id, or the code of the refusal, or None while it is waited for."""
        got: list[Any] = []
        finding = self.keys.find(key_id, algorithm)
        finding.addCallbacks(lambda key: got.append(key.id), lambda f: got.append(getattr(f.value, "code", f)))
        self.later = got
        return got[0] if got else None

    def test_background(self) -> None:
        """They are looked at from the start, before anybody comes, and again and again."""
        self.keys.start()
        self.tell(entry(RSA, "a"))
        self.assertEqual(self.found("a"), "a")
        for round in (2, 3):
            self.seconds.advance(REFRESH_S)
            self.assertEqual(len(self.asked), round)
            self.assertEqual(self.found("a"), "a")  # while it is under way the keys before are good
            self.tell(entry(RSA, "a"))

    def test_first_to_come_waits(self) -> None:
        """Whoever comes before the keys are there waits for them, all for the same answer."""
        self.keys.start()
        waiting = []
        for _ in range(3):
            self.assertIsNone(self.found("a"))
            waiting.append(self.later)
        self.tell(entry(RSA, "a"))
        self.assertEqual(waiting, [["a"]] * 3)
        self.assertEqual(len(self.asked), 1)

    def test_unknown_key(self) -> None:
        """The issuer has a new key: it is looked for at once, and found."""
        self.keys.start()
        self.tell(entry(RSA, "a"))
        self.seconds.advance(UNKNOWN_S)
        self.assertIsNone(self.found("b"))
        waiting = self.later
        self.tell(entry(RSA, "a"), entry(OTHER_RSA, "b"))
        self.assertEqual(waiting, ["b"])

    def test_unknown_keys_are_bounded(self) -> None:
        """Anybody can make tokens of unknown keys: a thousand of them have the address looked at once."""
        self.keys.start()
        self.tell(entry(RSA, "a"))
        self.assertEqual(self.found("x"), "busy")  # it was looked at a moment ago
        self.seconds.advance(UNKNOWN_S)
        self.assertIsNone(self.found("x"))
        waiting = self.later
        self.tell(entry(RSA, "a"))
        self.assertEqual(waiting, ["unauthenticated"])
        for n in range(1000):
            self.assertEqual(self.found(f"x{n}"), "busy")
        self.assertEqual(len(self.asked), 2)

    def test_new_key_right_after_a_look(self) -> None:
        """Keys that were changed a moment after the last look: nobody is told yet that a token is bad."""
        self.keys.start()
        self.tell(entry(RSA, "a"))
        self.assertEqual(self.found("b"), "busy")
        self.seconds.advance(UNKNOWN_S)
        self.assertIsNone(self.found("b"))
        waiting = self.later
        self.tell(entry(OTHER_RSA, "b"))
        self.assertEqual(waiting, ["b"])
        self.assertEqual(self.found("a"), "unauthenticated")  # withdrawn

    def test_away(self) -> None:
        """Without keys nobody is let in, and nobody is told that the token is bad; it is tried every few seconds."""
        self.keys.start()
        self.fail()
        self.assertEqual(self.found("a"), "busy")
        self.assertEqual(len(self.asked), 1)
        self.seconds.advance(RETRY_S)
        self.assertEqual(len(self.asked), 2)
        self.assertIsNone(self.found("a"))
        self.fail()
        self.assertEqual(self.later, ["busy"])
        self.seconds.advance(RETRY_S)
        self.tell(entry(RSA, "a"))
        self.assertEqual(self.found("a"), "a")

    def test_away_later(self) -> None:
        """Keys that were read stay good while the address is away, but not for ever."""
        self.keys.start()
        self.tell(entry(RSA, "a"))
        for _ in range(int(STALE_S // REFRESH_S)):
            self.seconds.advance(REFRESH_S)
            self.assertEqual(self.found("a"), "a")
            self.fail()
        self.seconds.advance(UNKNOWN_S)
        self.assertIsNone(self.found("a"))
        self.fail()
        self.assertEqual(self.later, ["busy"])

    def test_nonsense(self) -> None:
        """An address that tells something else is as good as one that is away."""
        self.keys.start()
        self.tell(entry(RSA, "a"))
        for body in (b"<html>", b"[]", b"{}", b'{"keys":5}', b'{"keys":[5,null,"x",{}]}', b"\xff", b"[" * 9999):
            self.keys.refresh()
            self.asked[-1].callback(body)
            self.assertEqual(self.found("a"), "a")

    def test_withdrawn(self) -> None:
        """A key that is gone from the set is good no more."""
        self.keys.start()
        self.tell(entry(RSA, "a"), entry(OTHER_RSA, "b"))
        self.seconds.advance(REFRESH_S)
        self.tell(entry(RSA, "a"))
        self.assertEqual(self.found("b"), "unauthenticated")

    def test_which_key(self) -> None:
        """A token names its key; one that names none is of the only one there is, or refused."""
        self.keys.start()
        self.tell(entry(RSA, "a"), entry(OTHER_RSA, "b"), entry(EC, "c"))
        for key_id, algorithm, found in (
            ("a", "RS256", "a"),
            ("b", "RS256", "b"),
            ("c", "ES256", "c"),
            (None, "ES256", "c"),
            (None, "RS256", "unauthenticated"),
            ("a", "ES256", "unauthenticated"),
            ("c", "RS256", "unauthenticated"),
            ("a", "HS256", "unauthenticated"),
        ):
            self.assertEqual(self.found(key_id, algorithm), found, (key_id, algorithm))

    def test_keys_of(self) -> None:
        """Only public keys for signatures, strong ones, of a kind known here, and not more than a bounded number."""
        good = [entry(RSA, "a", alg="RS256", use="sig"), entry(EC, "b"), entry(OTHER_RSA)]
        bad = [
            {"kty": "oct", "kid": "x", "alg": "HS256", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA"},
            entry(RSA, "x", use="enc"),
            entry(RSA, "x", alg="RS512"),
            entry(RSA, "x", alg="HS256"),
            entry(WEAK_RSA, "x"),
            entry(RSA, "x", n="AQAB"),
            {**entry(EC, "x"), "crv": "P-384"},
            {**entry(EC, "x"), "y": "AA"},
            {"kty": "RSA", "kid": "x"},
            {**entry(RSA), "kid": 5},
        ]
        found = list(keys_of(key_set(*bad, *good)))
        self.assertEqual([(key.id, key.algorithm) for key in found], [("a", "RS256"), ("b", "ES256"), (None, "RS256")])
        self.assertRaises(ValueError, keys_of, key_set(*bad))
        many = [entry(EC, str(n)) for n in range(MOST_KEYS + 5)]
        self.assertEqual(len(list(keys_of(key_set(*many)))), MOST_KEYS)
        self.assertNotIn(json.loads(key_set(good[0]))["keys"][0]["n"][:20], repr(found))
