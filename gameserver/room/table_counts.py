"""How many entries a table has while steps write to it: what was looked up in the store is not looked up again."""

from __future__ import annotations

from collections.abc import Mapping


class TableCount:
    """
    One table, as the store has it and with what is on its way there.

    It serves until what steps wrote goes with a commit: then the store may have what here is not known yet.

    :ivar total: as far as it is known; None where the store was not asked at all.
    :ivar unknown: keys that were written, and whether they are there now: whether they were before, the store must say.
    """

    __slots__ = ("_there", "total", "unknown")

    def __init__(self, written: Mapping[str, bool]) -> None:
        self.total: int | None = None
        self.unknown: dict[str, bool] = dict(written)
        self._there: dict[str, bool] = {}

    @property
    def is_known(self) -> bool:
        """Whether the store need not be asked."""
        return self.total is not None and not self.unknown

    def note(self, key: str, there: bool) -> None:
        """A key was written, or deleted."""
        if key in self._there and self.total is not None:
            self.total += there - self._there[key]
            self._there[key] = there
        else:
            self.unknown[key] = there

    def learn(self, stored: int, were_there: Mapping[str, bool]) -> None:
        """
        Take what the store says.

        :param stored: how many entries it has; used the first time only.
        :param were_there: of keys that were unknown, whether it has them.
        """
        total = stored if self.total is None else self.total
        for key, was_there in were_there.items():
            there = self._there[key] = self.unknown.pop(key)
            total += there - was_there
        self.total = total
