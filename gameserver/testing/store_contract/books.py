"""What `IBooks` promises."""

from __future__ import annotations

from zope.interface.verify import verifyObject

from gameserver.interfaces import IBooks
from gameserver.testing.store_contract.case import StoreCase


class BookContract(StoreCase):
    """How a store keeps books."""

    def test_book_interface_provided(self) -> None:
        """Every method is there."""
        verifyObject(IBooks, self.store)

    async def test_book_written_and_torn_out(self) -> None:
        """Pages are written and torn out in one call; a book that nobody wrote is empty."""
        await self.store.write_book("log", {"b": b"2", "a": b"1", "ü 1": b"\x00\xff"})
        await self.store.write_book("log", {"b": b"two"}, ["a", "none"])
        await self.store.write_book("other", {"a": b"x"})
        self.assertEqual(await self.store.read_book("log"), {"b": b"two", "ü 1": b"\x00\xff"})
        self.assertEqual(await self.store.read_book("nothing"), {})

    async def test_book_outlives_the_process(self) -> None:
        """The next process reads the same, in the order of the pages' names."""
        pages = {f"{n:03d}": b"%d" % n for n in range(300)}
        await self.store.write_book("log", pages)
        await self.store.write_book("log", {}, [f"{n:03d}" for n in range(200)])
        await self.restart()
        self.assertEqual(list(await self.store.read_book("log")), [f"{n:03d}" for n in range(200, 300)])
