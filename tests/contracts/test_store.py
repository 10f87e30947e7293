"""
What `IStore` promises, on every store.

To add a store: subclass `StoreContract` and ``TestCase``, and write ``process``, which makes a store over the same
content each time, as the next process of the same node would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast
from unittest import SkipTest

from msgspec.structs import replace
from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, IStore, Outcome, Stored, TableSize
from gameserver.store.compression import packed_store
from gameserver.store.memory.store import MemoryStore
from gameserver.store.redis.store import RedisStore
from gameserver.store.sqlite.store import SQLiteStore
from tests.store.redis_server import RedisServer, has_tls

if TYPE_CHECKING:
    _TestCase = TestCase
else:
    _TestCase = object  # or trial would run the suite by itself

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
    """Make a commit of room r1; the code of room ``r1`` is ``R1``."""
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


class StoreContract(_TestCase):
    """The suite; it runs in the subclasses that are a TestCase too."""

    store: IStore

    def process(self) -> IStore:
        """Make the store of the next process, over what the one before left."""
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
        return await self.store.commit(commits, now_ms=now_ms)

    async def open(self, room: str = "r1") -> Stored:
        """Take one room over."""
        (stored,) = await self.store.open_rooms([room])
        return stored

    def test_interface_provided(self) -> None:
        """It has the methods of the interface, with its signatures."""
        verifyObject(IStore, self.store)

    # Commits.

    async def test_first_version_creates_room(self) -> None:
        """Version 1 creates the room with all that was committed, and nothing else."""
        self.assertEqual(await self.commit(change(1, {"room": b"{}", "doc/room": b"[1]"})), [STORED])
        self.assertEqual(
            await self.store.open_rooms(["r1"]),
            [
                Stored(
                    room="r1",
                    code="R1",
                    game="dice",
                    fence=2,
                    version=1,
                    at_ms=NOW_MS,
                    parts={"room": b"{}", "doc/room": b"[1]"},
                )
            ],
        )

    async def test_later_version_changes_its_parts_alone(self) -> None:
        """A commit writes and deletes the parts that it names; the others stay."""
        await self.commit(change(1, {"room": b"1", "timers": b"2", "seat/a": b"3"}))
        later = change(2, {"timers": b"4", "seat/b": b"5"}, drops=["seat/a", "seat/never"])
        self.assertEqual(await self.commit(later, now_ms=NOW_MS + 7), [STORED])
        stored = await self.open()
        self.assertEqual(stored.parts, {"room": b"1", "timers": b"4", "seat/b": b"5"})
        self.assertEqual((stored.version, stored.at_ms), (2, NOW_MS + 7))

    async def test_bytes_kept_exactly(self) -> None:
        """Values and names come back as they were: empty, binary, large, in any script."""
        parts = {"empty": b"", "answer/s/k\0é/🎲 '\"%/1": bytes(range(256)), "doc/room": b"x" * 1_000_000}
        await self.commit(change(1, parts))
        self.assertEqual((await self.open()).parts, parts)

    async def test_any_name_dropped_exactly(self) -> None:
        """A name of any text is deleted, and no other."""
        names = ["answer/s/k\0é/🎲 '\"%/1", "answer/s/k\0é/🎲 '\"%/2", "a\\u0000", "a\n[]{}"]
        await self.commit(change(1, dict.fromkeys(names, b"kept")))
        self.assertEqual(await self.commit(change(2, {}, drops=names[::2])), [STORED])
        self.assertEqual((await self.open()).parts, dict.fromkeys(names[1::2], b"kept"))

    async def test_rooms_of_one_call_keep_their_own(self) -> None:
        """Of rooms that share a call each gets its own parts and entries, also beside one that is not written."""
        await self.commit(*(change(1, {"old": b"1"}, room=room) for room in ("r1", "r2", "r3", "r4")))
        await self.open("r2")
        rooms = ("r1", "r2", "r3", "r4")
        calls = [
            change(
                2,
                {f"a/{room}": room.encode(), "b": b"b" + room.encode()},
                room=room,
                drops=["old"] if room == "r4" else [],
                entries={("t", room): b"e" + room.encode(), ("t", "gone"): None},
            )
            for room in rooms
        ]
        calls[2] = change(2, room="r3", ends=True)
        self.assertEqual(await self.commit(*calls), [STORED, FENCED, STORED, STORED])
        opened = {stored.room: dict(stored.parts) for stored in await self.store.open_rooms(rooms)}
        self.assertEqual(
            opened,
            {
                "r1": {"old": b"1", "a/r1": b"r1", "b": b"br1"},
                "r2": {"old": b"1"},
                "r4": {"a/r4": b"r4", "b": b"br4"},
            },
        )
        entries = [await self.store.read_entries(room, "t", [room]) for room in rooms]
        self.assertEqual(entries, [[b"er1"], [None], [None], [b"er4"]])

    async def test_rooms_apart(self) -> None:
        """Parts of the same name in two rooms are two parts."""
        await self.commit(change(1, {"room": b"a"}), change(1, {"room": b"b"}, room="r2"))
        await self.commit(change(2, {}, drops=["room"]))
        self.assertEqual((await self.open("r1")).parts, {})
        self.assertEqual((await self.open("r2")).parts, {"room": b"b"})

    async def test_no_commits_no_outcomes(self) -> None:
        """Committing nothing succeeds."""
        self.assertEqual(await self.commit(), [])

    async def test_commits_not_awaited_stored_in_order(self) -> None:
        """Calls are done in the order in which they were made, without waiting for each other."""
        made = [self.store.commit([change(version)], now_ms=NOW_MS) for version in (1, 2, 3, 4)]
        ids = self.store.room_ids()
        self.assertEqual([await done for done in made], [[STORED]] * 4)
        self.assertEqual(await ids, ["r1"])
        self.assertEqual((await self.open()).parts, {"room": b"4"})

    async def test_known_version_stored_and_not_written(self) -> None:
        """A version that the store already has is answered STORED, and nothing of it is written."""
        await self.commit(change(1))
        await self.commit(change(2))
        self.assertEqual(await self.commit(change(2, {"room": b"other", "more": b""}), now_ms=NOW_MS + 5), [STORED])
        stored = await self.open()
        self.assertEqual((stored.version, stored.at_ms, stored.parts), (2, NOW_MS, {"room": b"2"}))

    async def test_creation_repeated_stored_once(self) -> None:
        """The retry of a room's creation is STORED, and there is one room."""
        self.assertEqual(await self.commit(change(1)), [STORED])
        self.assertEqual(await self.commit(change(1)), [STORED])
        self.assertEqual(await self.store.room_ids(), ["r1"])

    async def test_version_gap_not_written(self) -> None:
        """A version that does not follow the stored one writes nothing: FENCED an older, BEHIND a newer."""
        for version in (1, 2, 3):
            await self.commit(change(version))
        for version, outcome in ((5, BEHIND), (2, FENCED), (1, FENCED)):
            self.assertEqual(await self.commit(change(version, {"room": b"no"}, drops=["room"])), [outcome])
        stored = await self.open()
        self.assertEqual((stored.version, stored.parts), (3, {"room": b"3"}))

    async def test_later_version_of_no_room_behind(self) -> None:
        """Only version 1 creates a room, or all of it."""
        self.assertEqual(await self.commit(change(2)), [BEHIND])
        self.assertEqual(await self.store.room_ids(), [])

    async def test_whole_room_replaces_what_is_left_of_it(self) -> None:
        """A store that lost the newest commits is given the whole room; what is not in it is gone."""
        await self.commit(change(1, {"room": b"1", "doc/room": b"old", "seat/a": b"a"}))
        whole = change(7, {"room": b"7", "doc/room": b"new"}, whole=True)
        self.assertEqual(await self.commit(whole), [STORED])
        self.assertEqual(await self.commit(whole), [STORED])
        self.assertEqual(await self.commit(change(8, {"room": b"8"})), [STORED])
        stored = await self.open()
        self.assertEqual((stored.version, stored.parts), (8, {"room": b"8", "doc/room": b"new"}))
        self.assertEqual(await self.store.room_ids(), ["r1"])

    async def test_whole_room_of_which_nothing_is_left(self) -> None:
        """A store that lost a room has it again, with its code."""
        self.assertEqual(await self.commit(change(7, fence=3, whole=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), ["r1"])
        self.assertIs(await self.store.claim_code("R1", "other", now_ms=NOW_MS), False)
        self.assertEqual(((await self.open()).fence, (await self.open()).version), (4, 7))

    async def test_whole_room_of_older_owner_fenced(self) -> None:
        """Who has lost a room cannot bring it back."""
        await self.commit(change(1))
        await self.open()
        self.assertEqual(await self.commit(change(7, whole=True)), [FENCED])
        await self.commit(change(2, fence=2, ends=True))
        self.assertEqual(await self.commit(change(8, whole=True)), [FENCED])

    async def test_end_needs_no_whole_room(self) -> None:
        """A room may end though the store lost some of it, or all."""
        await self.commit(change(1))
        self.assertEqual(await self.commit(change(5, ends=True)), [STORED])
        self.assertEqual(await self.commit(change(5, room="r2", ends=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), [])
        self.assertIs(await self.store.claim_code("R2", "other", now_ms=NOW_MS), False)

    async def test_older_fence_fenced(self) -> None:
        """Once a room was opened its older owner is FENCED, the newer one goes on."""
        await self.commit(change(1))
        fence = (await self.open()).fence
        self.assertEqual(await self.commit(change(2, {"room": b"old"})), [FENCED])
        self.assertEqual(await self.commit(change(2, {"room": b"new"}, fence=fence)), [STORED])
        self.assertEqual(await self.commit(change(3, {"room": b"old"})), [FENCED])
        self.assertEqual((await self.open()).parts, {"room": b"new"})

    async def test_older_fence_repeating_known_version_fenced(self) -> None:
        """An older owner learns of the newer one even from a retry of what was stored."""
        await self.commit(change(1))
        await self.open()
        self.assertEqual(await self.commit(change(1)), [FENCED])

    async def test_outcomes_each_in_order(self) -> None:
        """Each commit of one call has its own outcome, in order: one that is FENCED does not hinder the others."""
        await self.commit(change(1, room="a"), change(1, room="b"), change(1, room="c"))
        await self.open("b")
        outcomes = await self.commit(
            change(1, room="d"),
            change(2, room="b"),
            change(2, room="a"),
            change(9, room="c"),
            change(1, room="c"),
            change(2, room="e"),
        )
        self.assertEqual(outcomes, [STORED, FENCED, STORED, BEHIND, STORED, BEHIND])
        self.assertEqual(await self.store.room_ids(), ["a", "b", "c", "d"])
        self.assertEqual([stored.version for stored in await self.store.open_rooms("abcd")], [2, 1, 1, 1])

    async def test_creation_under_code_of_another_fenced(self) -> None:
        """A code that another room claimed or has makes no second room."""
        await self.store.claim_code("R1", "other", now_ms=NOW_MS)
        self.assertEqual(await self.commit(change(1)), [FENCED])
        self.assertEqual(await self.store.room_ids(), [])

    # Ends.

    async def test_end_deletes_room(self) -> None:
        """A room that ended is gone with all its parts; another of the same id would begin empty."""
        await self.commit(change(1, {"room": b"1", "seat/a": b"2"}), change(1, room="r2"))
        self.assertEqual(await self.commit(change(2, ends=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), ["r2"])
        self.assertEqual(await self.store.open_rooms(["r1"]), [])

    async def test_end_repeated_stored(self) -> None:
        """The retry of a room's last commit is STORED, after a restart as well."""
        await self.commit(change(1))
        await self.commit(change(2, ends=True))
        self.assertEqual(await self.commit(change(2, ends=True)), [STORED])
        await self.restart()
        self.assertEqual(await self.commit(change(2, ends=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), [])

    async def test_born_and_ended_in_one_commit(self) -> None:
        """A first commit may end the room; its retry is STORED, and no room comes of either."""
        for _ in range(2):
            self.assertEqual(await self.commit(change(1, ends=True)), [STORED])
            self.assertEqual(await self.store.room_ids(), [])

    async def test_after_end_fenced(self) -> None:
        """Nothing but that retry is stored for a room that ended: it does not rise again."""
        await self.commit(change(1))
        await self.open()
        await self.commit(change(2, fence=2, ends=True))
        for version, fence in ((2, 1), (1, 1), (1, 2), (3, 2), (2, 3)):
            self.assertEqual(await self.commit(change(version, fence=fence)), [FENCED])
        self.assertEqual(await self.store.room_ids(), [])

    async def test_creation_under_resting_code_fenced(self) -> None:
        """The last commit of a room that ended is no retry for another room that takes its code."""
        await self.commit(change(1, ends=True))
        self.assertEqual(await self.commit(replace(change(1, ends=True), room="r2")), [FENCED])
        self.assertEqual(await self.commit(replace(change(1), room="r2")), [FENCED])
        self.assertEqual(await self.store.room_ids(), [])

    # Opening.

    async def test_room_ids_oldest_first(self) -> None:
        """Rooms are listed by their creation, whatever happened to them since, and after a restart."""
        for room in ("z", "m", "a"):
            await self.commit(change(1, room=room))
        await self.commit(change(2, room="z"), change(2, room="m", ends=True), change(1, room="k"))
        self.assertEqual(await self.store.room_ids(), ["z", "a", "k"])
        await self.restart()
        self.assertEqual(await self.store.room_ids(), ["z", "a", "k"])

    async def test_open_rooms_in_order_asked(self) -> None:
        """Those that exist are opened in the order asked; unknown ones are left out."""
        await self.commit(*(change(1, room=room) for room in "abc"))
        opened = await self.store.open_rooms(["c", "nowhere", "a"])
        self.assertEqual([stored.room for stored in opened], ["c", "a"])
        self.assertEqual(await self.store.open_rooms([]), [])

    async def test_open_rooms_named_twice_opened_once(self) -> None:
        """A room that is asked for twice comes once: of two fences one would be old at once."""
        await self.commit(change(1, room="a"), change(1, room="b"))
        opened = await self.store.open_rooms(["b", "a", "b"])
        self.assertEqual([(stored.room, stored.fence) for stored in opened], [("b", 2), ("a", 2)])

    async def test_open_rooms_raises_fence(self) -> None:
        """Each opening gives a higher fence than all before, after a restart as well; the others' stay."""
        await self.commit(change(1), change(1, room="r2"))
        fences = [(await self.open()).fence for _ in range(3)]
        await self.restart()
        fences.append((await self.open()).fence)
        self.assertEqual(fences, sorted({1, *fences})[1:])
        self.assertEqual(await self.commit(change(2, room="r2")), [STORED])

    async def test_open_rooms_keeps_version_and_time(self) -> None:
        """Opening is no commit."""
        await self.commit(change(1))
        first, second = await self.open(), await self.open()
        self.assertEqual((first.version, first.at_ms), (second.version, second.at_ms))

    async def test_restart_keeps_rooms(self) -> None:
        """The next process finds what was committed."""
        await self.commit(change(1, {"room": b"1", "seat/a": b"2"}))
        await self.restart()
        self.assertEqual((await self.open()).parts, {"room": b"1", "seat/a": b"2"})

    # Tables.

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

    # Codes.

    async def test_code_claimed_by_one_room(self) -> None:
        """A claimed code is refused to others; the same room may repeat its claim."""
        self.assertIs(await self.store.claim_code("K7QM", "r1", now_ms=NOW_MS), True)
        self.assertIs(await self.store.claim_code("K7QM", "r2", now_ms=NOW_MS), False)
        self.assertIs(await self.store.claim_code("K7QM", "r1", now_ms=NOW_MS), True)
        self.assertIs(await self.store.claim_code("QQQQ", "r2", now_ms=NOW_MS), True)

    async def test_code_of_live_room_refused(self) -> None:
        """As long as a room lives its code is its own, claimed or not, after a restart as well."""
        await self.store.claim_code("R1", "r1", now_ms=NOW_MS)
        await self.commit(change(1), change(1, room="r2"))
        await self.restart()
        for code in ("R1", "R2"):
            self.assertIs(await self.store.claim_code(code, "new", now_ms=NOW_MS + 9 * DAY_MS), False)

    async def test_code_of_ended_room_rests_for_a_day(self) -> None:
        """The code of a room that ended is refused to all, its own room too, for 24 hours, and then free."""
        await self.commit(change(1))
        await self.commit(change(2, ends=True), now_ms=NOW_MS)
        await self.restart()
        for room in ("r1", "new"):
            self.assertIs(await self.store.claim_code("R1", room, now_ms=NOW_MS + DAY_MS - 1), False)
        self.assertIs(await self.store.claim_code("R1", "new", now_ms=NOW_MS + DAY_MS), True)
        self.assertIs(await self.store.claim_code("R1", "other", now_ms=NOW_MS + DAY_MS), False)

    async def test_beat_keeps_resting_code(self) -> None:
        """A code rests its whole day, however often the node beats."""
        await self.commit(change(1, ends=True))
        await self.store.beat(now_ms=NOW_MS + DAY_MS - 1)
        self.assertIs(await self.store.claim_code("R1", "new", now_ms=NOW_MS + DAY_MS - 1), False)
        await self.store.beat(now_ms=NOW_MS + DAY_MS)
        self.assertIs(await self.store.claim_code("R1", "new", now_ms=NOW_MS + DAY_MS), True)

    async def test_code_released_free_at_once(self) -> None:
        """A claim that was given back is free; giving back what nobody has does nothing."""
        await self.store.claim_code("K7QM", "r1", now_ms=NOW_MS)
        await self.store.release_code("K7QM")
        await self.store.release_code("NONE")
        self.assertIs(await self.store.claim_code("K7QM", "r2", now_ms=NOW_MS), True)

    async def test_code_of_stored_room_not_released(self) -> None:
        """If the room did come to be, or ended, releasing its code does nothing: the commit's outcome was unknown."""
        await self.commit(change(1), change(1, room="r2", ends=True))
        for code in ("R1", "R2"):
            await self.store.release_code(code)
            self.assertIs(await self.store.claim_code(code, "new", now_ms=NOW_MS), False)

    # Beats.

    async def test_new_store_has_no_beat(self) -> None:
        """A new store knows of no process before this one, whatever this one does."""
        self.assertIsNone(await self.store.last_beat_ms())
        await self.store.beat(now_ms=NOW_MS)
        await self.commit(change(1))
        self.assertIsNone(await self.store.last_beat_ms())

    async def test_last_beat_is_newest_beat_or_commit(self) -> None:
        """A start tells when the process before was last alive, and goes on telling that."""
        await self.commit(change(1), now_ms=NOW_MS)
        await self.store.beat(now_ms=NOW_MS + 10)
        await self.restart()
        self.assertEqual(await self.store.last_beat_ms(), NOW_MS + 10)
        await self.commit(change(2), now_ms=NOW_MS + 20)
        self.assertEqual(await self.store.last_beat_ms(), NOW_MS + 10)
        await self.restart()
        self.assertEqual(await self.store.last_beat_ms(), NOW_MS + 20)

    # Stopping.

    async def test_stop_finishes_what_was_asked(self) -> None:
        """What was asked before the stop is answered and stored."""
        made = self.store.commit([change(1)], now_ms=NOW_MS)
        await self.restart()
        self.assertEqual(await made, [STORED])
        self.assertEqual(await self.store.room_ids(), ["r1"])

    async def test_stop_twice(self) -> None:
        """A second stop does nothing, also while the first is under way."""
        first, second = self.store.stop(), self.store.stop()
        await first
        await second
        await self.store.stop()

    async def test_call_after_stop_fails(self) -> None:
        """A store that is not open says so, and writes nothing."""
        await self.store.stop()
        with self.assertRaises(StoreUnavailable):
            await self.commit(change(1))
        with self.assertRaises(StoreUnavailable):
            await self.store.room_ids()
        await self.restart()
        self.assertEqual(await self.store.room_ids(), [])


class MemoryStoreTests(StoreContract, TestCase):
    """The contract on `MemoryStore`: a process is its ``start``."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Make the object that goes on through all processes."""
        self.memory = MemoryStore()
        await super().setUp()

    def process(self) -> IStore:
        """Go on with the same object."""
        return self.memory


class PackedStoreTests(MemoryStoreTests):
    """The contract on a store that compresses what it keeps in another."""

    def process(self) -> IStore:
        """Go on with the same object inside."""
        return packed_store(self.memory, 10)


class SQLiteStoreTests(StoreContract, TestCase):
    """The contract on `SQLiteStore`, with a file and a thread."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Choose the file that goes on through all processes."""
        self.path = self.mktemp()
        await super().setUp()

    def process(self) -> IStore:
        """Open the same file again."""
        return SQLiteStore(self.path, reactor=cast(IReactorFromThreads, reactor))


class RedisStoreTests(StoreContract, TestCase):
    """The contract on `RedisStore`, with a redis-server of the test's own, over TCP."""

    tls = False

    async def setUp(self) -> None:  # type: ignore[override]
        """Start the server that goes on through all processes."""
        if self.tls and not has_tls():
            raise SkipTest("this redis-server was built without TLS")
        self.server = RedisServer(tls=self.tls)
        self.addCleanup(self.server.remove)
        self.server.start()
        await super().setUp()

    def address(self) -> str:
        """Say where the server is."""
        return f"redis://127.0.0.1:{self.server.port}/1"

    def process(self) -> IStore:
        """Connect again."""
        return RedisStore(self.address(), reactor=reactor)


class RedisUnixStoreTests(RedisStoreTests):
    """The same over a Unix socket."""

    def address(self) -> str:
        """Name the socket."""
        return f"redis+unix://{self.server.socket}?db=2"


class RedisTLSStoreTests(RedisStoreTests):
    """The same with TLS, the server's certificate verified."""

    tls = True

    def address(self) -> str:
        """Name the authority that the test made."""
        return f"rediss://127.0.0.1:{self.server.port}?ca={self.server.folder / 'ca.pem'}"
