"""Token buckets: what may be taken, when, by whoever looks at the clock and by whoever does not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from gameserver.rates import LENT, TokenBucket, network_of

START_S = 1_767_225_600.0


def takes(bucket: TokenBucket, now_s: float) -> bool:
    """As those do it who take many."""
    if bucket.spare:
        bucket.spare -= 1
        return True
    return bucket.take(now_s)


class TokenBucketTests(SynchronousTestCase):
    def test_burst_then_rate(self) -> None:
        bucket = TokenBucket(2, 4)
        self.assertEqual([takes(bucket, START_S) for _ in range(6)], [True] * 4 + [False] * 2)
        self.assertEqual([takes(bucket, START_S + 1) for _ in range(3)], [True, True, False])

    def test_never_more_than_burst(self) -> None:
        bucket = TokenBucket(2, 4)
        takes(bucket, START_S)
        self.assertEqual(bucket.level(START_S + 3600), 4)

    def test_little_is_lent(self) -> None:
        """What is taken late without a look at the clock is an eighth of the reserve at most."""
        bucket = TokenBucket(5, 16)
        takes(bucket, START_S)
        self.assertEqual([takes(bucket, START_S + 3600) for _ in range(19)], [True] * 18 + [False])

    def test_what_was_spared_counts(self) -> None:
        """Whoever asks for the level, or charges, sees what was taken without a look at the clock."""
        bucket = TokenBucket(1, 10)
        for _ in range(3):
            takes(bucket, START_S)
        self.assertEqual(bucket.level(START_S), 7)
        takes(bucket, START_S)
        bucket.charge(START_S, 20)
        self.assertEqual((bucket.spare, bucket.level(START_S)), (0, -10))
        self.assertFalse(takes(bucket, START_S))
        bucket.charge(START_S, -12)
        self.assertEqual([takes(bucket, START_S) for _ in range(3)], [True, True, False])

    def test_clock_steps_back(self) -> None:
        """No time has passed; from then on it passes as ever."""
        bucket = TokenBucket(1, 2)
        self.assertEqual([takes(bucket, START_S) for _ in range(2)], [True, True])
        self.assertFalse(takes(bucket, START_S - 1000))
        self.assertTrue(takes(bucket, START_S - 999))

    @settings(max_examples=300, deadline=None)
    @given(
        some.integers(1, 20),
        some.integers(1, 40),
        some.lists(some.sampled_from((0.0, 0.0, 0.0, 0.01, 0.05, 0.2, 1.0, 10.0)), max_size=200),
    )
    def test_bound_of_every_window(self, per_s: int, burst: int, waits: list[float]) -> None:
        """Never more than burst, rate and what is lent allow, nor less than if each had looked at the clock."""
        bucket, exact = TokenBucket(per_s, burst), TokenBucket(per_s, burst)
        now, taken, exactly = START_S, [], 0
        for wait in waits:
            now += wait
            if takes(bucket, now):
                taken.append(now)
            exactly += exact.take(now)
            exact.spare = 0
            exact._lent = 0
            for n, began in enumerate(taken):
                self.assertLessEqual(len(taken) - n, burst + burst // LENT + per_s * (now - began) + 1e-3)
        self.assertGreaterEqual(len(taken), exactly)


class NetworkTests(SynchronousTestCase):
    """`network_of`."""

    def test_who_pays(self) -> None:
        """An address of IPv4 for itself, one of IPv6 for its network, and what is no address for itself."""
        for address, network in {
            "192.0.2.1": "192.0.2.1",
            "::ffff:192.0.2.1": "192.0.2.1",
            "2001:db8:0:7:1:2:3:4": "2001:db8:0:7::",
            "2001:db8:0:7::": "2001:db8:0:7::",
            "2001:db8:0:8::1": "2001:db8:0:8::",
            "fe80::1%eth0": "fe80::",
            "::1": "::",
            "local": "local",
        }.items():
            self.assertEqual(network_of(address), network)
