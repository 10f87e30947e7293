"""All that a store keeps, put into another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, UserRow
from gameserver.node.archive import ENTRIES, Archived, CannotArchive, archive, take_in
from gameserver.store.memory.store import MemoryStore
from tests.node.registries import Place
from tests.node.test_rooms_aside import Counter

ANN = UserRow(id="account:1", name_key="ann", version=1, value=b"{}")


class ArchiveTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store, self.other = MemoryStore(), MemoryStore()
        for store in (self.store, self.other):
            self.successResultOf(store.start())
        words = {("words", f"{n:05d}"): b"%d" % n for n in range(ENTRIES + 5)}
        room = Commit(
            room="r1",
            code="R1",
            game="dice",
            fence=1,
            version=1,
            puts={"room": b"{}", "doc/room": b"[]"},
            entries=words,
        )
        self.successResultOf(self.store.commit([room], now_ms=5000))
        self.successResultOf(self.store.put_user(ANN))
        self.successResultOf(self.store.write_book("sanctions", {"a": b"1", "b": b"2"}))

    def ask(self, coroutine: Any) -> Any:
        """What it comes to."""
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def records(self, store: MemoryStore) -> list[Archived]:
        """All that is in a store."""
        found: list[Archived] = []
        self.ask(archive(store, found.append))
        return found

    def test_other_store_has_the_same(self) -> None:
        """Rooms with all entries of their tables and the time when they were run last, users, and books."""
        records = self.records(self.store)
        self.ask(take_in(self.other, records))
        self.assertEqual(records, self.records(self.other))
        self.assertEqual(1 + 1 + 2, len(records))
        self.assertFalse(self.successResultOf(self.other.claim_code("R1", "r2", now_ms=6000)))

    def test_import_that_was_cut_off_is_not_served_and_can_be_repeated(self) -> None:
        """Wherever it stopped; what was there of it is put there again."""
        records = self.records(self.store)

        def some(count: int) -> Iterator[Archived]:
            yield from records[:count]
            raise OSError("cut off")

        for count in range(len(records) + 1):
            other = MemoryStore()
            self.successResultOf(other.start())
            self.failureResultOf(Deferred.fromCoroutine(take_in(other, some(count))), OSError)
            self.assertRaises(StoreUnavailable, Place, Counter, store=other)
            self.successResultOf(other.start())
            self.ask(take_in(other, records))
            self.assertEqual(records, self.records(other), count)

    def test_store_that_is_used_is_refused(self) -> None:
        """Whatever is in it; it stays as it was."""
        records = self.records(self.store)
        for record in records:
            other = MemoryStore()
            self.successResultOf(other.start())
            self.ask(take_in(other, [record], whole=False))
            before = self.records(other)
            self.failureResultOf(Deferred.fromCoroutine(take_in(other, records)), CannotArchive)
            self.assertEqual(before, self.records(other))

    def test_one_room_goes_into_a_store_that_is_used(self) -> None:
        """Unless the code is another's there."""
        (record,) = [record for record in self.records(self.store) if type(record).__name__ == "ArchivedRoom"]
        self.successResultOf(self.other.put_user(ANN))
        self.ask(take_in(self.other, [record], whole=False))
        self.assertEqual(["r1"], self.successResultOf(self.other.room_ids()))
        third = MemoryStore()
        self.successResultOf(third.start())
        self.successResultOf(third.claim_code("R1", "r9", now_ms=0))
        failed = self.failureResultOf(Deferred.fromCoroutine(take_in(third, [record], whole=False)), CannotArchive)
        self.assertIn("the code R1 is another room's", failed.getErrorMessage())
