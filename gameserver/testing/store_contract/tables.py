"""What `IStore` promises of the tables of a room."""

from __future__ import annotations

from gameserver.interfaces import TableSize
from gameserver.testing.store_contract.case import FENCED, NOW_MS, STORED, StoreCase, change


class TableContract(StoreCase):
    """How `IStore` keeps entries of tables."""

    async def write(self, version: int, table: str = "words", room: str = "r1", **entries: bytes | None) -> None:
        """Commit entries of one table, and nothing else."""
        named = {(table, key): value for key, value in entries.items()}
        self.assertEqual(await self.commit(change(version, {}, room=room, entries=named)), [STORED])

    async def scan(
        self, table: str = "words", prefix: str = "", after: str | None = None, limit: int = 100
    ) -> list[str]:
        """:returns: the keys of one page."""
        page = await self.store.scan_entries("r1", table, prefix=prefix, after=after, limit=limit)
        return [key for key, _ in page]

    async def test_entries_read_in_order_asked(self) -> None:
        """Entries come back as they were committed; what is not there is None."""
        await self.write(1, a=b"1", b=b"", c=bytes(range(256)))
        self.assertEqual(
            await self.store.read_entries("r1", "words", ["c", "none", "a", "b", "a"]),
            [bytes(range(256)), None, b"1", b"", b"1"],
        )
        self.assertEqual(await self.store.read_entries("r1", "others", ["a"]), [None])
        self.assertEqual(await self.store.read_entries("nowhere", "words", ["a"]), [None])
        self.assertEqual(await self.store.read_entries("r1", "words", []), [])

    async def test_entries_not_loaded_with_room(self) -> None:
        """Opening a room brings none of its entries, but says what they come to."""
        await self.write(1, a=b"1", b=b"22")
        stored = await self.open()
        self.assertEqual((stored.parts, stored.table_bytes), ({}, 5))

    async def test_entries_overwritten_and_deleted(self) -> None:
        """A later commit writes and deletes the entries that it names; the others stay, after a restart as well."""
        await self.write(1, a=b"1", b=b"2", c=b"3")
        await self.write(2, a=b"new", b=None, never=None)
        await self.restart()
        self.assertEqual(await self.store.read_entries("r1", "words", ["a", "b", "c"]), [b"new", None, b"3"])
        self.assertEqual(await self.scan(), ["a", "c"])

    async def test_entries_fenced_with_room(self) -> None:
        """Entries are written under the fence, and with the version: an older owner or a retry writes none."""
        await self.write(1, a=b"1")
        await self.write(2, a=b"2")
        self.assertEqual(await self.commit(change(2, entries={("words", "a"): b"retried"})), [STORED])
        fence = (await self.open()).fence
        self.assertEqual(await self.commit(change(3, entries={("words", "a"): b"old"})), [FENCED])
        self.assertEqual(await self.store.read_entries("r1", "words", ["a"]), [b"2"])
        self.assertEqual(await self.commit(change(3, fence=fence, entries={("words", "a"): b"3"})), [STORED])
        self.assertEqual(await self.store.read_entries("r1", "words", ["a"]), [b"3"])

    async def test_entries_gone_with_room(self) -> None:
        """With a room all of its tables end; those of others stay."""
        await self.write(1, a=b"1")
        await self.write(1, room="r2", a=b"2")
        await self.commit(change(2, ends=True))
        self.assertEqual(await self.store.read_entries("r1", "words", ["a"]), [None])
        self.assertEqual(await self.scan(), [])
        sizes = await self.store.measure_entries("r1", [("words", "a")])
        self.assertEqual((sizes.tables, sizes.entries), ({}, [None]))
        self.assertEqual(await self.store.read_entries("r2", "words", ["a"]), [b"2"])

    async def test_entries_seen_after_commit_not_awaited(self) -> None:
        """A read sees every commit that was asked for before it."""
        made = [self.store.commit([change(v, {}, entries={("words", "a"): b"%d" % v})], now_ms=NOW_MS) for v in (1, 2)]
        read = self.store.read_entries("r1", "words", ["a"])
        last = self.store.commit([change(3, {}, entries={("words", "a"): b"3"})], now_ms=NOW_MS)
        self.assertEqual(await read, [b"2"])
        for done in (*made, last):
            await done

    async def test_scan_by_prefix_and_page(self) -> None:
        """Keys come in the order of their code points, from behind the last page, within the prefix."""
        names = ["", "B", "a", "a/b", "ab", "ab/c", "abc", "b", "z", "é", "\uffff", "🎲", "\U0010ffff"]
        entries: dict[tuple[str, str], bytes | None] = {("words", name): name.encode() for name in reversed(names)}
        other: dict[tuple[str, str], bytes | None] = {
            (table, "x"): b"" for table in ("word", "words-", "words0", "wordt")
        }
        await self.commit(change(1, entries={**entries, **other}))
        self.assertEqual(await self.scan(), names)
        self.assertEqual(await self.scan(prefix="a"), ["a", "a/b", "ab", "ab/c", "abc"])
        self.assertEqual(await self.scan(prefix="ab", limit=2), ["ab", "ab/c"])
        self.assertEqual(await self.scan(prefix="ab", after="ab/c"), ["abc"])
        self.assertEqual(await self.scan(prefix="ab", after="B"), ["ab", "ab/c", "abc"])
        self.assertEqual(await self.scan(prefix="ab", after="z"), [])
        self.assertEqual(await self.scan(prefix="\U0010ffff"), ["\U0010ffff"])
        self.assertEqual(await self.scan(after="z", limit=1), ["é"])
        self.assertEqual(await self.scan(after="azz"), names[names.index("b") :])
        self.assertEqual(await self.scan("nothing"), [])
        page = await self.store.scan_entries("r1", "words", prefix="é", after=None, limit=5)
        self.assertEqual(page, [("é", "é".encode())])

    async def test_sizes_of_tables(self) -> None:
        """Counts and bytes are right after puts, overwriting and deleting; an empty table is none."""
        await self.write(1, a=b"123", é=b"4")
        await self.write(2, "other", x=b"", gone=b"12345")
        await self.write(3, a=b"1", b=b"", é=None)
        await self.write(4, "other", gone=None, never=None)
        sizes = await self.store.measure_entries("r1", [("words", "a"), ("other", "x"), ("words", "é"), ("no", "no")])
        self.assertEqual(sizes.tables, {"words": TableSize(2, 3), "other": TableSize(1, 1)})
        self.assertEqual(sizes.entries, [2, 1, None, None])
        await self.write(5, "other", x=None)
        sizes = await self.store.measure_entries("r1", [])
        self.assertEqual((sizes.tables, sizes.entries), ({"words": TableSize(2, 3)}, []))
        self.assertEqual((await self.open()).table_bytes, 3)

    async def test_many_entries_in_one_commit(self) -> None:
        """A commit may write ten thousand entries."""
        entries: dict[tuple[str, str], bytes | None] = {("words", f"{n:05}"): b"%d" % n for n in range(10_000)}
        self.assertEqual(await self.commit(change(1, entries=entries)), [STORED])
        sizes = await self.store.measure_entries("r1", list(entries))
        self.assertEqual(sizes.tables["words"].count, 10_000)
        self.assertEqual(await self.scan(after="09997"), ["09998", "09999"])
