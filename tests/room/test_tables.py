"""``self.table``: large collections outside memory, stored or undone with the step that writes them."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, Outcome
from gameserver.room.tables import MAX_PAGE
from gameserver.testing import Table, Visitor
from tests.node.registries import FakeSession, Place


class Book(Game):
    """Keeps words."""

    name = "book"
    needs_start = False
    durability: ClassVar[Any] = "commit"
    max_entry_bytes = 1000
    max_table_bytes = 2000

    @message
    async def put(self, player: Player, key: str, value: Any, refuse: bool = False) -> Any:
        """Write one entry, and read it again."""
        await self.table("words").put(key, value)
        if refuse:
            raise Refused("no")
        return await self.table("words").get(key)

    @message
    def write(self, player: Player, key: str, value: Any, fail: bool = False) -> None:
        """The same in a method that does not wait."""
        self.table("words").put(key, value)
        if fail:
            raise RuntimeError("as asked")

    @message
    def put_many(self, player: Player, entries: dict[str, Any]) -> None:
        """Write some."""
        self.table("words").put_many(entries)

    @message
    def put_as_far(self, player: Player, entries: dict[str, Any]) -> None:
        """Write some, and go on if they are too large."""
        try:
            self.table("words").put_many(entries)
        except Refused:
            self.state["refused"] = True

    @message
    async def put_and_count(self, player: Player, keys: list[str], refuse: bool = False) -> list[int]:
        """Write and count alternately; what begins with "-" is deleted."""
        words, counts = self.table("words"), []
        for key in keys:
            await (words.delete(key[1:]) if key.startswith("-") else words.put(key, 1))
            counts.append(await words.count())
        if refuse:
            raise Refused("no")
        return counts

    @message
    async def delete(self, player: Player, key: str) -> None:
        """Delete one."""
        await self.table("words").delete(key)

    @message
    async def get(self, player: Player, key: str) -> Any:
        """Read one."""
        return await self.table("words").get(key, "nothing")

    @message
    async def get_many(self, player: Player, keys: list[str]) -> Any:
        """Read some."""
        return await self.table("words").get_many(keys)

    @message
    async def scan(self, player: Player, prefix: str = "", after: str | None = None, limit: int = 100) -> Any:
        """Read a page."""
        return await self.table("words").scan(prefix, after, limit)

    @message
    async def count(self, player: Player) -> int:
        """Count."""
        return await self.table("words").count()

    @message
    async def own_writes(self, player: Player) -> Any:
        """Write and read in one step."""
        words = self.table("words")
        await words.put_many({"a": 1, "b": 2, "c": 3})
        words.delete("b")
        words.put("a", 9)
        seen = [await words.get("a"), await words.get("b"), await words.scan(), await words.count()]
        return [*seen, await self.table("others").count()]

    @message
    def arm(self, player: Player) -> None:
        """Let a timer write."""
        self.after(5, self.later)

    @timer
    async def later(self) -> None:
        """Count on."""
        words = self.table("words")
        await words.put("fired", await words.get("fired", 0) + 1)


class RelaxedBook(Book):
    """Its row is behind."""

    durability = "relaxed"


class FleetingBook(Book):
    """Never stored."""

    durability = "none"


class TablesTests(SynchronousTestCase):
    """What an author does with a table, in the test kit."""

    game: type[Book] = Book

    def setUp(self) -> None:
        """One room of one player."""
        self.table = Table(self.game)
        self.ann: Visitor = self.table.join("Ann")

    def refused(self, type: str, **data: Any) -> Refused:
        """:returns: why a message was refused."""
        with self.assertRaises(Refused) as caught:
            self.ann.send(type, **data)
        return caught.exception

    def test_put_and_get(self) -> None:
        """What was put is there in its step and after, as a copy; what was not is the default."""
        value = {"list": [1, None, "é"], "bytes": b"\0\xff", "$key": True}
        self.assertEqual(self.ann.send("put", key="word", value=value), value)
        self.assertEqual(self.ann.send("get", key="word"), value)
        self.assertEqual(self.ann.send("get", key="other"), "nothing")

    def test_null_is_a_value(self) -> None:
        """None is kept like any other value."""
        self.ann.send("put", key="word", value=None)
        self.assertIsNone(self.ann.send("get", key="word"))
        self.assertEqual(self.ann.send("count"), 1)

    def test_counted_by_turns(self) -> None:
        """Whatever is written and counted alternately is counted as it is then, also over what the store has."""
        self.ann.send("put_many", entries={"old": 1, "gone": 1})
        keys = ["a", "a", "old", "-gone", "-none", "b", "-a", "a", "gone"]
        self.assertEqual(self.ann.send("put_and_count", keys=keys), [3, 3, 3, 2, 2, 3, 2, 3, 4])
        self.assertEqual(self.ann.send("count"), 4)

    def test_counted_and_undone(self) -> None:
        """What a step counted that was undone is forgotten."""
        self.ann.send("put", key="a", value=1)
        self.refused("put_and_count", keys=["b", "c", "-a"], refuse=True)
        self.assertEqual(self.ann.send("count"), 1)
        self.assertEqual(self.ann.send("put_and_count", keys=["b"]), [2])

    def test_counting_looks_up_each_key_once(self) -> None:
        """Writing and counting alternately asks the store of as many keys as are written."""
        asked: list[Any] = []
        source = self.table.room.tables.source
        measure = source.measure

        async def measured(entries: Any) -> Any:
            asked.extend(entries)
            return await measure(entries)

        self.patch(source, "measure", measured)
        keys = [f"k{n}" for n in range(40)]
        self.assertEqual(self.ann.send("put_and_count", keys=keys), list(range(1, 41)))
        self.assertEqual(len(asked), 40)

    def test_get_many_in_order_asked(self) -> None:
        """Those that are there come back."""
        self.ann.send("put_many", entries={"a": 1, "b": 2})
        self.ann.send("put", key="c", value=3)
        found = self.ann.send("get_many", keys=["c", "none", "a"])
        self.assertEqual(list(found.items()), [("c", 3), ("a", 1)])

    def test_reads_see_own_writes(self) -> None:
        """In one step a read sees what was written before it."""
        self.assertEqual(self.ann.send("own_writes"), [9, None, [["a", 9], ["c", 3]], 2, 0])

    def test_scan_by_pages(self) -> None:
        """Keys come in order, a page at a time, within a prefix."""
        self.ann.send("put_many", entries={f"{letter}{n}": n for letter in "ba" for n in range(5)})
        self.ann.send("delete", key="a1")
        self.assertEqual(self.ann.send("scan", prefix="a", limit=2), [["a0", 0], ["a2", 2]])
        self.assertEqual(self.ann.send("scan", prefix="a", after="a2", limit=2), [["a3", 3], ["a4", 4]])
        self.assertEqual(self.ann.send("scan", prefix="a", after="a4"), [])
        self.assertEqual([key for key, _ in self.ann.send("scan", after="a4")], [f"b{n}" for n in range(5)])

    def test_refused_step_undone(self) -> None:
        """A step that fails writes nothing, whichever way it fails and whether it waits or not."""
        self.ann.send("put", key="word", value=1)
        self.refused("put", key="word", value=2, refuse=True)
        self.refused("put", key="new", value=2, refuse=True)
        self.refused("write", key="word", value=2, fail=True)
        self.assertEqual(self.ann.send("get", key="word"), 1)
        self.assertEqual(self.ann.send("count"), 1)

    def test_timer_reads_and_writes(self) -> None:
        """A timer may do the same."""
        for _ in range(2):
            self.ann.send("arm")
            self.table.advance(5)
        self.assertEqual(self.ann.send("get", key="fired"), 2)

    def test_bounds_of_an_entry(self) -> None:
        """Too long a key or too large a value is refused, with a text that says the bound; the room lives."""
        error = self.refused("write", key="k" * 513, value=1)
        self.assertEqual((error.code, error.text), ("too_large", "The key of an entry has at most 512 bytes."))
        error = self.refused("write", key="k", value="x" * 1000)
        self.assertEqual((error.code, error.text), ("too_large", "An entry has at most 1000 bytes."))
        self.assertEqual(self.ann.send("put", key="k" * 512, value="x" * 998), "x" * 998)

    def test_put_many_all_or_none(self) -> None:
        """A game that goes on after a refusal has written none of them."""
        self.ann.send("put_as_far", entries={"a": 1, "b": "x" * 1000})
        self.assertEqual((self.ann.send("count"), self.table.state["refused"]), (0, True))

    def test_bound_of_all_tables(self) -> None:
        """A step that would take the room's tables over their bound is refused; what is there stays, less may come."""
        self.ann.send("put", key="a", value="x" * 990)
        self.ann.send("write", key="b", value="x" * 990)
        for type in ("put", "write"):
            error = self.refused(type, key="c", value="x" * 100)
            self.assertEqual((error.code, error.text), ("too_large", "The tables of a room have at most 2000 bytes."))
        self.ann.send("write", key="c", value=1)
        self.assertEqual(self.ann.send("count"), 3)
        self.ann.send("delete", key="a")
        self.ann.send("write", key="d", value="x" * 900)

    def test_overwriting_takes_no_room(self) -> None:
        """What is overwritten again and again counts once."""
        for number in range(50):
            self.ann.send("write", key="a", value=f"{number:0500}")
            self.table.advance(1)
        self.assertEqual(self.ann.send("get", key="a"), f"{49:0500}")

    def test_names(self) -> None:
        """A table's name is a word; a key is a str, a page is not endless."""
        for wrong in ("", "a/b", "é", "x" * 33, 5):
            with self.assertRaises(ValueError):
                self.table.game.table(wrong)  # type: ignore[arg-type]
        with self.assertRaises(TypeError):
            self.table.game.table("words").put(5, 1)  # type: ignore[arg-type]
        with self.assertRaises(TypeError):
            self.table.game.table("words").put("k", {1, 2})
        for limit in (0, MAX_PAGE + 1, True):
            self.refused("scan", limit=limit)


class StoredTablesTests(TablesTests):
    """The same after each restart of the process, for games that are stored."""

    def test_all_comes_back(self) -> None:
        """Tables outlive the process."""
        self.ann.send("put_many", entries={"a": 1, "b": b"2"})
        self.table.restart()
        self.assertEqual(self.ann.send("scan"), [["a", 1], ["b", b"2"]])
        self.assertEqual(self.ann.send("count"), 2)

    def test_bound_kept_over_restart(self) -> None:
        """What was there before counts."""
        self.ann.send("put_many", entries={"a": "x" * 900, "b": "x" * 900})
        self.table.restart()
        self.assertEqual(self.refused("write", key="c", value="x" * 300).code, "too_large")
        self.ann.send("write", key="c", value="x" * 100)

    def test_lower_bound_in_a_later_release(self) -> None:
        """A room that has more than a newer release allows still reads and deletes."""
        self.ann.send("put_many", entries={"a": "x" * 900, "b": "x" * 900})
        self.patch(self.game, "max_table_bytes", 1000)
        self.table.restart()
        self.assertEqual(self.refused("write", key="c", value=1).code, "too_large")
        self.ann.send("delete", key="a")
        self.ann.send("write", key="c", value=1)


class RelaxedTablesTests(StoredTablesTests):
    """The same where the row is behind."""

    game = RelaxedBook

    def setUp(self) -> None:
        """Restarts come after the row was written."""
        super().setUp()
        restart = self.table.restart

        def after_commit() -> None:
            self.table.advance(1)
            restart()

        self.table.restart = after_commit  # type: ignore[method-assign]


class AmnesiaTablesTests(StoredTablesTests):
    """The same where the game is made anew before each step."""

    def setUp(self) -> None:
        """A room that forgets."""
        self.table = Table(self.game, amnesia=True)
        self.ann = self.table.join("Ann")


class FleetingTablesTests(TablesTests):
    """A game that is never stored has its tables in the process."""

    game = FleetingBook


class CommitTests(SynchronousTestCase):
    """What of a table goes to the store, and when."""

    def setUp(self) -> None:
        """One room of one player; calls to the store are watched."""
        self.begin(Book)

    def begin(self, game: type[Game]) -> None:
        """Make a place for this game."""
        self.place = Place(game)
        self.ann = FakeSession("ann")
        self.runner = self.place.create(self.ann)
        self.place.settle()
        self.commits: list[Commit] = []
        store = self.place.store
        commit = type(store).commit

        def watched(commits: list[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
            self.commits += commits
            return commit(store, commits, now_ms=now_ms)

        store.commit = watched  # type: ignore[method-assign,assignment]

    def send(self, type: str, **data: Any) -> dict[str, Any]:
        """Send a message. :returns: its answer."""
        return self.place.send(self.ann, type, **data)

    def test_entry_goes_with_its_step(self) -> None:
        """An entry is committed with the rest of its step, and the answer waits for both."""
        self.place.store.hold()
        self.assertEqual(self.send("write", key="a", value=1), {})
        self.place.store.release()
        (commit,) = self.commits
        self.assertEqual(dict(commit.entries), {("words", "a"): b"1"})
        self.assertIn("ok", [frame["op"] for frame in self.ann.frames])

    def test_undone_entry_not_committed(self) -> None:
        """What a refused step wrote is in no commit."""
        self.send("put", key="a", value=1, refuse=True)
        self.send("put", key="b", value=1)
        written = [entry for commit in self.commits for entry in commit.entries]
        self.assertEqual(written, [("words", "b")])

    def test_reads_see_what_is_under_way(self) -> None:
        """A step sees what steps before it wrote, though the store has neither their commit nor the next."""
        store = self.place.store
        self.send("write", key="a", value=0)
        store.hold()
        self.send("write", key="a", value=1)
        self.send("write", key="b", value=1)
        self.send("write", key="a", value=2)
        self.send("delete", key="b")
        self.assertEqual((len(self.commits), store.in_flight), (2, 1))
        ids = [self.ann._next_id + n for n in range(4)]
        for type, data in (("get", {"key": "a"}), ("get", {"key": "b"}), ("scan", {}), ("count", {})):
            self.assertEqual(self.send(type, **data), {})
        store.release()
        self.place.settle()
        answers = {frame["id"]: frame.get("data") for frame in self.ann.of("ok")}
        self.assertEqual([answers[id] for id in ids], [2, "nothing", [["a", 2]], 1])

    def test_relaxed_reads_see_what_is_behind(self) -> None:
        """With a row that is behind, too."""
        self.begin(RelaxedBook)
        self.place.advance(1)
        self.commits.clear()
        self.send("write", key="a", value=1)
        self.assertEqual(self.send("scan")["data"], [["a", 1]])
        self.assertEqual(self.send("count")["data"], 1)
        self.assertEqual(self.commits, [])
        self.place.advance(1)
        self.assertEqual([dict(commit.entries) for commit in self.commits], [{("words", "a"): b"1"}])
        self.assertEqual(self.send("scan")["data"], [["a", 1]])

    def test_never_stored(self) -> None:
        """A game without durability asks nothing of the store."""
        self.begin(FleetingBook)
        self.send("write", key="a", value=1)
        self.assertEqual(self.send("get", key="a")["data"], 1)
        self.assertEqual((self.commits, self.place.store.in_flight), ([], 0))

    def test_gone_with_room(self) -> None:
        """When the room ends its tables end."""
        self.send("write", key="a", value=1)
        id = self.runner.room.id
        read = self.place.store.read_entries
        self.assertEqual(self.place.get(read(id, "words", ["a"])), [b"1"])
        self.runner.room.close("closed")
        self.send("write", key="b", value=1)
        self.assertEqual(self.place.get(read(id, "words", ["a", "b"])), [None, None])

    def test_entries_go_with_whole_room(self) -> None:
        """A store that lost something gets the whole room, and with it what the step wrote that found out."""
        self.send("write", key="a", value=1)
        self.place.store._rooms[self.runner.room.id].version -= 1
        self.commits.clear()
        self.assertEqual(self.send("write", key="b", value=2)["op"], "ok")
        self.assertEqual([commit.whole for commit in self.commits], [False, True])
        self.assertEqual([dict(commit.entries) for commit in self.commits], [{("words", "b"): b"2"}] * 2)
        self.assertEqual(self.send("scan")["data"], [["a", 1], ["b", 2]])

    def test_read_waits_while_store_is_away(self) -> None:
        """A step that reads while the store does not answer goes on once it does."""
        self.place.store.fail = StoreUnavailable("away")
        id = self.ann._next_id
        self.assertEqual(self.send("get", key="a"), {})
        self.place.advance(2)
        self.place.store.fail = None
        self.place.advance(2)
        self.assertEqual([frame["data"] for frame in self.ann.of("ok") if frame["id"] == id], ["nothing"])

    def test_read_given_up_in_the_end(self) -> None:
        """A step that waits for the store too long is undone, and the room lives."""
        self.place.store.fail = StoreUnavailable("away")
        id = self.ann._next_id
        self.send("get", key="a")
        self.place.advance(11)
        self.place.store.fail = None
        self.place.advance(3)
        self.assertEqual([frame["code"] for frame in self.ann.of("error") if frame["id"] == id], ["game_error"])
        self.assertEqual(self.send("get", key="a")["data"], "nothing")
        self.flushLoggedErrors()

    def test_large_table_costs_no_more(self) -> None:
        """With 100,000 entries a step that writes one commits that one, and reads of the room load none."""
        self.patch(Book, "max_table_bytes", 1 << 26)
        words = self.runner.room.game.table("words")
        for first in range(0, 100_000, 10_000):
            words.put_many({f"{n:06}": n for n in range(first, first + 10_000)})
            self.send("write", key="last", value=first)
        self.commits.clear()
        self.send("write", key="050000", value="changed")
        (commit,) = self.commits
        self.assertEqual(dict(commit.entries), {("words", "050000"): b'"changed"'})
        self.assertLess(sum(map(len, commit.puts.values())), 1000)
        self.assertEqual(self.send("count")["data"], 100_001)
        self.assertEqual(self.send("scan", after="099998")["data"], [["099999", 99_999], ["last", 90_000]])
        self.assertTrue(self.runner.room.tables.settled)
        code = self.runner.room.code
        self.place.kill()
        self.place.start()
        parts = self.place.store._rooms[self.place.registry.find(code).room.id].parts
        self.assertLess(sum(map(len, parts.values())), 10_000)
