"""What all parts of the suite share: how a store is started, and commits as the tests write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from gameserver.interfaces import Commit, Outcome, Stored

if TYPE_CHECKING:
    from unittest import TestCase  # Trial's is one, and has no types

    ContractCase = TestCase
else:
    ContractCase = object  # were it a TestCase, trial would run the suite by itself, wherever it is imported

STORED, FENCED, BEHIND = Outcome.STORED, Outcome.FENCED, Outcome.BEHIND
NOW_MS: Final = 1_700_000_000_000
DAY_MS: Final = 24 * 60 * 60 * 1000


def change(
    version: int,
    puts: Mapping[str, bytes] | None = None,
    *,
    room: str = "r1",
    fence: int = 1,
    drops: Sequence[str] = (),
    ends: bool = False,
    whole: bool = False,
    entries: Mapping[tuple[str, str], bytes | None] | None = None,
) -> Commit:
    """Make a commit of a room; the code of ``r1`` is ``R1``."""
    puts = {"room": b"%d" % version} if puts is None else puts
    return Commit(
        room=room,
        code=room.upper(),
        game="dice",
        fence=fence,
        version=version,
        puts=puts,
        drops=drops,
        ends=ends,
        whole=whole,
        entries=entries or {},
    )


class StoreCase(ContractCase):
    """
    A test of one store, which is started before it and stopped after it.

    :ivar store: the store of the process that runs now.
    """

    store: Any

    def process(self) -> Any:
        """
        Make the store of the next process, not started yet. Each call must give one over the same content.

        :returns: what provides `IStore`, `IUserStore` and `IBooks`.
        """
        raise NotImplementedError

    async def setUp(self) -> None:  # type: ignore[override]
        """Start the first process."""
        self.store = self.process()
        await self.store.start()
        self.addCleanup(lambda: self.store.stop())

    async def restart(self) -> None:
        """Stop the process and start the next."""
        await self.store.stop()
        self.store = self.process()
        await self.store.start()

    async def commit(self, *commits: Commit, now_ms: int = NOW_MS) -> list[Outcome]:
        """Commit these in one call."""
        outcomes: list[Outcome] = await self.store.commit(commits, now_ms=now_ms)
        return outcomes

    async def open(self, room: str = "r1") -> Stored:
        """Take one room over."""
        (stored,) = await self.store.open_rooms([room])
        return stored  # type: ignore[no-any-return]
