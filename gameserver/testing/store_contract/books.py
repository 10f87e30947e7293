"""What `IBooks` promises."""

from __future__ import annotations

from msgspec.structs import replace
from zope.interface.verify import verifyObject

from gameserver.interfaces import IBooks
from gameserver.store.keys import NOTICES
from gameserver.testing.store_contract.case import BEHIND, FENCED, STORED, StoreCase, change


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

    async def test_books_named(self) -> None:
        """Those that have pages, in order."""
        self.assertEqual(await self.store.books(), [])
        await self.store.write_book("log", {"a": b"1"})
        await self.store.write_book("chat:ü*", {"a": b"1"})
        await self.store.write_book("gone", {"a": b"1"})
        await self.store.write_book("gone", {}, ["a"])
        self.assertEqual(await self.store.books(), ["chat:ü*", "log"])

    async def test_notices_stored_with_their_commit(self) -> None:
        """Notices of a commit are written with it, or not at all; they outlive the room, and a retry adds none."""
        entries = {("words", "a"): b"entry"}
        first = replace(change(1, {"room": b"1"}, entries=entries), notices={"2": b"two", "1": b"one"})
        other = replace(change(1, {"room": b"1"}, room="r2"), notices={"3": b"three"})
        self.assertEqual(await self.commit(first, other), [STORED, STORED])
        await self.store.write_book(NOTICES, {}, ["1"])
        self.assertEqual(await self.commit(first), [STORED])
        late = replace(change(1, {"room": b"x"}, fence=0), notices={"lost": b"x"})
        ahead = replace(change(5, {"room": b"x"}), notices={"early": b"x"})
        self.assertEqual(await self.commit(late), [FENCED])
        self.assertEqual(await self.commit(ahead), [BEHIND])
        end = replace(change(2, {}, ends=True), notices={"4": b"over", "5": b"left"})
        more = replace(change(2, {"room": b"2"}, room="r2"), notices={"6": b"six"})
        self.assertEqual(await self.commit(end, more), [STORED, STORED])
        await self.restart()
        pages = {"2": b"two", "3": b"three", "4": b"over", "5": b"left", "6": b"six"}
        self.assertEqual(await self.store.read_book(NOTICES), pages)
