"""What strangers may use up: connections, and refused attempts, counted by address and by user."""

from __future__ import annotations

from collections import Counter
from typing import Final

from gameserver.rates import TokenBucket

REFUSED_PER_ADDRESS: Final = (2.0, 100.0)
"""Refused joins and logins an address may have: a second, and at once. One phone must not lock out its Wi-Fi."""
REFUSED_PER_USER: Final = (0.2, 10.0)
"""The same for one user."""
FORGET_AT: Final = 10_000
"""So many buckets are looked through for full ones, which tell nothing any more."""

MALFORMED: Final = 20
MALFORMED_S: Final = 10.0
"""Frames that are no messages: so many in so many seconds end a session."""
REQUESTS: Final = (100.0, 400.0)
"""Messages that are no game's: a second, and at once. Whoever sends more is closed with 4008."""
WAITING_MESSAGES: Final = 16
WAITING_BYTES: Final = 64 * 1024
"""What a session may send ahead of an answer that it has to wait for."""


class Budgets:
    """Attempts that may fail: only failures use the budget up, but where it is used up nothing is tried."""

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def left(self, now_s: float, address: str, user: str | None) -> bool:
        """Whether another attempt may be made."""
        return all(bucket.level(now_s) >= 1.0 for bucket in self._of(now_s, address, user))

    def charge(self, now_s: float, address: str, user: str | None) -> None:
        """An attempt was refused."""
        for bucket in self._of(now_s, address, user):
            bucket.charge(now_s, 1.0)

    def _of(self, now_s: float, address: str, user: str | None) -> list[TokenBucket]:
        if len(self._buckets) > FORGET_AT:
            self._buckets = {k: b for k, b in self._buckets.items() if b.level(now_s) < b.burst}
        found = [self._buckets.setdefault(f"address {address}", TokenBucket(*REFUSED_PER_ADDRESS))]
        if user is not None:
            found.append(self._buckets.setdefault(f"user {user}", TokenBucket(*REFUSED_PER_USER)))
        return found


class Connections:
    """
    How many connections each address has.

    :param most: at a time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """:returns: whether there is room for one more, which is then counted."""
        if self._open[address] >= self.most:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One is gone."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]
