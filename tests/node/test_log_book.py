"""The moderation log and the blocks: what is bounded, and which entries are dropped for new ones."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import Refused
from gameserver.node import blocks
from gameserver.node.blocks import Blocks
from gameserver.node.log_book import BOOK_BYTES, MOST_RECORDS, LogBook
from gameserver.node.moderation import Moderation
from gameserver.room.chat.records import HOSTS, REPORTS, Quoted, Record
from tests.web.test_api import Node, Quiz


class LedgerCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.node = Node(Quiz)
        self.store = self.node.store
        self.moderation = self.open()

    def open(self) -> Moderation:
        moderation = Moderation(self.store, self.node.registry.clock, self.node.registry.entropy)
        self.successResultOf(Deferred.fromCoroutine(moderation.start()))
        return moderation

    def pages(self, book: str) -> dict[str, bytes]:
        pages: dict[str, bytes] = self.successResultOf(self.store.read_book(book))
        return pages

    def note(self, act: str, book: str, at_ms: int = 1) -> None:
        self.moderation.note(Record(at_ms=at_ms, act=act, book=book))


class LogTests(LedgerCase):
    def test_nobody_drives_out_what_operators_did(self) -> None:
        """However much is reported, or done by hosts, what operators did stays; in the store too."""
        self.moderation.note(Record(at_ms=1, act="ban"))
        for book, act in ((REPORTS, "report"), (HOSTS, "kick")):
            for _ in range(MOST_RECORDS[book] + 50):
                self.note(act, book)
        for moderation in (self.moderation, self.open()):
            self.assertEqual(len(list(moderation.newest(most=10, kind="ban"))), 1)
            self.assertEqual(len(list(moderation.newest(most=9999))), 1 + MOST_RECORDS[REPORTS] + MOST_RECORDS[HOSTS])
        self.assertEqual({book: len(self.pages(book)) for book in ("log", HOSTS, REPORTS)},
                         {"log": 1, HOSTS: MOST_RECORDS[HOSTS], REPORTS: MOST_RECORDS[REPORTS]})  # fmt: skip

    def test_one_log(self) -> None:
        """Whoever reads it finds all entries by their time, page by page."""
        for n in range(30):
            self.note(str(n), ("log", HOSTS, REPORTS)[n % 3], at_ms=n)
        first = list(self.moderation.newest(most=10))
        rest = list(self.moderation.newest(most=30, before=first[-1][0]))
        self.assertEqual([record.act for _, record in first + rest], [str(n) for n in reversed(range(30))])

    def test_bytes(self) -> None:
        """Large entries are fewer."""
        book = LogBook(1000)
        record = Record(at_ms=1, act="report", lines=(Quoted(None, "room", "x" * 100_000, 1),))
        kept = set()
        for n in range(200):
            kept.add(str(n))
            kept.difference_update(book.put(str(n), record, 100_100))
            self.assertLessEqual(book.size_bytes, BOOK_BYTES)
        self.assertEqual((kept, len(book)), ({str(n) for n in range(200 - len(book), 200)}, BOOK_BYTES // 100_100))

    def test_reports_have_a_rate(self) -> None:
        """A user reports a few times a minute, and all who share an address more; a minute later again."""
        moderation = Moderation(
            self.store, self.node.registry.clock, self.node.registry.entropy, reports_per_address=12
        )

        def reports(user: str, address: str) -> int:
            done = 0
            for _ in range(20):
                try:
                    moderation.admit_report(user, address)
                    done += 1
                except Refused as refused:
                    self.assertEqual(refused.code, "slow_down")
            return done

        self.assertEqual([reports(f"guest:{n}", "192.0.2.1") for n in range(6)], [5, 5, 2, 0, 0, 0])
        self.assertEqual(reports("guest:7", "192.0.2.2"), 5)
        self.node.seconds.advance(60)
        self.assertEqual(reports("guest:0", "192.0.2.1"), 5)


class BlocksTests(LedgerCase):
    def test_a_block_is_one_page(self) -> None:
        """However many were blocked before, one more writes its own page and no other."""
        written: list[int] = []
        book = Blocks(lambda puts, drops: written.append(sum(map(len, puts.values()))))
        for n in range(blocks.MOST_BLOCKED):
            book.put("guest:1", f"account:{n:024}")
        self.assertLess(max(written), 60)
        self.assertRaises(Refused, book.put, "guest:1", "account:x")

    def test_ids_are_bounded(self) -> None:
        """What is no id is neither kept nor written."""
        written: list[object] = []
        book = Blocks(lambda puts, drops: written.append(puts))
        self.assertRaises(Refused, book.put, "guest:1", "x" * 60_000)
        self.assertEqual((book.blocked, written), ({}, []))

    def test_all_are_bounded(self) -> None:
        """Guests' oldest blocks go for new ones; an account's never do."""
        pages: dict[str, bytes] = {}

        def write(puts: dict[str, bytes], drops: list[str]) -> None:
            pages.update(puts)
            for page in drops:
                del pages[page]

        book = Blocks(write, most=4)
        book.put("account:1", "a")
        for n in range(9):
            book.put(f"guest:{n}", "b")
        self.assertEqual(set(book.blocked), {"account:1", "guest:6", "guest:7", "guest:8"})
        again = Blocks(write, most=4)
        again.read(pages)
        self.assertEqual(again.blocked, book.blocked)
        for n in range(3):
            book.put("account:1", f"c{n}")
        self.assertRaises(Refused, book.put, "account:1", "d")
        self.assertEqual(set(book.blocked), {"account:1"})

    def test_stored_by_an_older_version(self) -> None:
        """One page with all whom a user blocked becomes one for each."""
        self.store.write_book("blocks", {"guest:1": msgspec.json.encode(["a", "b"])})
        moderation = self.open()
        self.assertEqual(moderation.blocked, {"guest:1": frozenset("ab")})
        self.successResultOf(moderation.block("guest:1", "a", False))
        self.assertEqual([msgspec.json.decode(page) for page in self.pages("blocks").values()], [["guest:1", "b"]])
        self.assertEqual(self.open().blocked, {"guest:1": frozenset("b")})
