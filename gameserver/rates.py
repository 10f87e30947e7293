"""How often somebody may do something: a bucket that refills with time; and which addresses share one."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

SITE_BITS: Final = 64
"""
Whoever has one IPv6 address has all that begin with the same bits. Source: RFC 6177, RFC 4291 section 2.5.4
"""
FORGET_AT: Final = 10_000
"""Once there are so many buckets, the full ones are forgotten: they are as good as new ones."""

LENT: Final = 8
"""At most ``burst // LENT`` tokens may be spare: so many more than its reserve may be taken at once."""


class TokenBucket:
    """
    A bucket that gets ``per_s`` tokens a second, and holds at most ``burst``.

    :param per_s: tokens that come back in a second.
    :param burst: tokens at the start, and at most.
    :ivar spare: tokens that are there whatever the time is. A caller may take one without a call, by lowering this by
        one.

    Source: https://en.wikipedia.org/wiki/Token_bucket
    """

    __slots__ = ("_at_s", "_lent", "_tokens", "burst", "per_s", "spare")

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s = float(per_s)
        self.burst = float(burst)
        self.spare = 0
        self._lent = 0  # what `spare` was when it was last counted
        self._tokens = self.burst
        self._at_s = 0.0  # until then it was full

    def take(self, now_s: float, tokens: float = 1.0) -> bool:
        """
        :param now_s: any clock that is the same at each call, seconds; where it steps back, no time has passed.
        :returns: whether there were so many tokens; if not, none are taken.
        """
        self._refill(now_s)
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        # Few: if they are taken late, the time until then counts twice.
        self._lent = self.spare = min(int(self._tokens), int(self.burst) // LENT)
        return True

    def charge(self, now_s: float, tokens: float) -> None:
        """
        Take tokens after the fact, or give them back (a negative number).

        The bucket may go below 0, down to ``-burst``.
        """
        self._refill(now_s)
        self._tokens = min(self.burst, max(self._tokens - tokens, -self.burst))

    def level(self, now_s: float) -> float:
        """:returns: how many tokens there are; below 0 after `charge`."""
        self._refill(now_s)
        return self._tokens

    def _refill(self, now_s: float) -> None:
        self._tokens -= self._lent - self.spare
        self._lent = self.spare = 0
        if now_s > self._at_s:
            self._tokens = min(self.burst, self._tokens + (now_s - self._at_s) * self.per_s)
        self._at_s = now_s


class TokenBuckets:
    """
    A bucket for each of many, such as users or addresses.

    :param per_s: see `TokenBucket`.
    :param burst: see `TokenBucket`.
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._buckets: dict[str, TokenBucket] = {}
        self._forget_at = FORGET_AT

    def take(self, now_s: float, who: str) -> bool:
        """Take one token from the bucket of ``who``; see `TokenBucket.take`."""
        if len(self._buckets) > self._forget_at:
            self._buckets = {name: b for name, b in self._buckets.items() if b.level(now_s) < b.burst}
            self._forget_at = max(FORGET_AT, 2 * len(self._buckets))
        return self._buckets.setdefault(who, TokenBucket(self._per_s, self._burst)).take(now_s)


@lru_cache(10_000)
def network_of(address: str) -> str:
    """
    Return what stands for a client's address in every budget: an IPv4 address, or the network of an IPv6 address.

    :param address: one that is no IP address, such as `gameserver.websocket.proxies.LOCAL`, stands for itself.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Address(int(ip) >> SITE_BITS << SITE_BITS))
