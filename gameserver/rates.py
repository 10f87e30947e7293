"""How often somebody may do something: a bucket that refills with time."""

from __future__ import annotations


class TokenBucket:
    """
    So many tokens a second, and a reserve of as many as ``burst``.

    :param per_s: tokens that come back in a second.
    :param burst: tokens at the start, and at most.

    Source: https://en.wikipedia.org/wiki/Token_bucket
    """

    __slots__ = ("_at_s", "_tokens", "burst", "per_s")

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s = float(per_s)
        self.burst = float(burst)
        self._tokens = self.burst
        self._at_s = 0.0  # before which it was full

    def take(self, now_s: float, tokens: float = 1.0) -> bool:
        """
        :param now_s: any clock that is the same at each call, seconds; where it steps back, no time has passed.
        :returns: whether there were as many tokens; if not, none are taken.
        """
        level = self._tokens
        if now_s > self._at_s:
            level += (now_s - self._at_s) * self.per_s
            if level > self.burst:
                level = self.burst
        self._at_s = now_s
        if level < tokens:
            self._tokens = level
            return False
        self._tokens = level - tokens
        return True

    def charge(self, now_s: float, tokens: float) -> None:
        """
        Take tokens after the fact, or give them back (less than none).

        The bucket may be left with less than nothing, but no deeper than its burst.
        """
        self._refill(now_s)
        self._tokens = min(self.burst, max(self._tokens - tokens, -self.burst))

    def level(self, now_s: float) -> float:
        """:returns: the tokens there are."""
        self._refill(now_s)
        return self._tokens

    def _refill(self, now_s: float) -> None:
        if now_s > self._at_s:
            self._tokens = min(self.burst, self._tokens + (now_s - self._at_s) * self.per_s)
        self._at_s = now_s
