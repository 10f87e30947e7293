"""
How long to wait after wrong passwords: longer with each one for the same account, whether it exists or not.

The delay belongs to the account, so it also slows down guesses from many addresses. That alone would keep the owner out
too, so an address from which the right password came once has a delay of its own for that account.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

FREE: Final = 3
"""This many wrong passwords cost no delay: people mistype."""
FORGET_S: Final = 3600.0
"""After this long without a try, the wrong passwords before it are forgotten."""
MOST: Final = 20_000
"""How many accounts, and how many known addresses, are remembered; the oldest are forgotten first."""


class _Tries(Struct):
    failures: int
    at_s: float


class Delays:
    """:param most_s: the longest wait."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._tries: dict[tuple[str, str], _Tries] = {}
        self._known: dict[tuple[str, str], None] = {}

    def wait_s(self, now_s: float, account: str, address: str) -> float:
        """
        :param account: anything that is the same for one account.
        :returns: seconds until the next password may be tried; 0.0 is now.
        """
        tries = self._tries.get(self._key(account, address))
        if tries is None or tries.failures < FREE:
            return 0.0
        delay_s = min(self._most_s, 2.0 ** min(tries.failures - FREE, 30))
        return max(0.0, tries.at_s + delay_s - now_s)

    def knows(self, account: str, address: str) -> bool:
        """Whether the right password came from there once."""
        return (account, address) in self._known

    def tried(self, now_s: float, account: str, address: str) -> None:
        """A password is about to be checked; it counts as wrong until it proves right, as others may come meanwhile."""
        key = self._key(account, address)
        tries = self._tries.pop(key, None)
        if tries is None or now_s > tries.at_s + FORGET_S:
            tries = _Tries(0, now_s)
        self._tries[key] = _Tries(tries.failures + 1, now_s)
        if len(self._tries) > MOST:
            del self._tries[next(iter(self._tries))]

    def undecided(self, account: str, address: str) -> None:
        """The password of the last `tried` could not be checked after all: it does not count."""
        tries = self._tries.get(self._key(account, address))
        if tries is not None:
            tries.failures = max(0, tries.failures - 1)

    def succeeded(self, account: str, address: str) -> None:
        """The password was right: the account's wrong ones are forgotten, and this address is known from now on."""
        self._tries.pop(self._key(account, address), None)
        self._known.pop((account, address), None)
        self._known[account, address] = None
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def _key(self, account: str, address: str) -> tuple[str, str]:
        return (account, address) if (account, address) in self._known else (account, "")
