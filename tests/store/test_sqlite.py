"""What is special to `SQLiteStore`: one file, one process, one transaction for all that waits."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Any, Final

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import StoreLocked, StoreUnavailable
from gameserver.interfaces import Commit, Outcome
from gameserver.store.sqlite import store as sqlite
from gameserver.store.sqlite.schema import SCHEMA_VERSION
from gameserver.store.sqlite.store import SQLiteStore, WriterThread
from tests.store import InlineWriter, change, inline_store

NOW_MS: Final = 1_700_000_000_000
HOUR_MS: Final = 60 * 60 * 1000

SCHEMA_1: Final = f"""
CREATE TABLE rooms (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL, game TEXT NOT NULL,
 fence INTEGER NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE parts (room TEXT NOT NULL, part TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (room, part))
 WITHOUT ROWID;
CREATE TABLE codes (code TEXT PRIMARY KEY, room TEXT NOT NULL, free_at_ms INTEGER, fence INTEGER, version INTEGER)
 WITHOUT ROWID;
CREATE INDEX codes_resting ON codes (free_at_ms) WHERE free_at_ms IS NOT NULL;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO rooms VALUES (2, 'r2', 'R2', 'dice', 1, 1, {NOW_MS}), (5, 'r1', 'R1', 'dice', 3, 6, {NOW_MS});
INSERT INTO codes VALUES ('R1', 'r1', NULL, NULL, NULL), ('R2', 'r2', NULL, NULL, NULL);
INSERT INTO parts VALUES ('r1', 'room', x'00'), ('r1', 'log/10', CAST('said' AS BLOB)),
 ('r2', 'room', CAST('other' AS BLOB));
INSERT INTO meta VALUES ('beat_ms', {NOW_MS});
"""
"""What the first version wrote: two rooms, one of them at fence 3 and version 6."""
SCHEMA_2: Final = """
CREATE TABLE entry (room TEXT NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (room, name))
 WITHOUT ROWID;
CREATE TABLE tables (room TEXT NOT NULL, name TEXT NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
 PRIMARY KEY (room, name)) WITHOUT ROWID;
"""
"""What the second had besides."""

OTHER_PROCESS: Final = """
import sys
from twisted.internet.task import react
from twisted.internet.defer import Deferred
from gameserver.interfaces import Commit
from gameserver.store.sqlite.store import SQLiteStore

async def main(reactor):
    store = SQLiteStore(sys.argv[1], reactor=reactor)
    await store.start()
    commit = Commit(room="r1", code="R1", game="dice", fence=1, version=1, puts={"room": b"kept"})
    await store.commit([commit], now_ms=1)
    print("committed", flush=True)
    await Deferred()  # until killed

react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
"""


class SQLiteTestCase(SynchronousTestCase):
    """A file, and a store whose writer is in the test's hands."""

    def setUp(self) -> None:
        """Start a store."""
        self.path = self.mktemp()
        self.writer = InlineWriter()
        self.store = inline_store(self.path, writer=self.writer)
        self.successResultOf(self.store.start())
        self.addCleanup(lambda: self.successResultOf(self.store.stop()))

    def commit(self, *commits: Commit, now_ms: int = NOW_MS) -> Deferred[list[Outcome]]:
        """Commit these in one call."""
        return self.store.commit(commits, now_ms=now_ms)

    def rows(self, statement: str) -> list[Any]:
        """Read the file behind the store's back."""
        database = sqlite3.connect(self.path)
        try:
            with database:
                return database.execute(statement).fetchall()
        finally:
            database.close()


class GroupCommitTests(SQLiteTestCase):
    """What waits while the writer is busy shares one transaction."""

    def test_waiting_calls_written_in_one_transaction(self) -> None:
        """All calls that wait go together, in order, and each caller gets its own outcomes."""
        before = self.store.transactions
        self.writer.busy = True
        first = self.commit(change(1), change(1, room="r2"))
        second = self.commit(change(2), change(9, room="r2"))
        beat = self.store.beat(now_ms=NOW_MS)
        ids = self.store.room_ids()
        self.assertNoResult(first)
        self.writer.free()
        self.assertEqual(self.successResultOf(first), [Outcome.STORED, Outcome.STORED])
        self.assertEqual(self.successResultOf(second), [Outcome.STORED, Outcome.BEHIND])
        self.assertIsNone(self.successResultOf(beat))
        self.assertEqual(self.successResultOf(ids), ["r1", "r2"])
        self.assertEqual(self.store.transactions - before, 1)

    def test_call_to_free_writer_written_at_once(self) -> None:
        """A call does not wait for company."""
        before = self.store.transactions
        self.successResultOf(self.commit(change(1)))
        self.successResultOf(self.commit(change(2)))
        self.assertEqual(self.store.transactions - before, 2)

    def test_wrong_type_fails_its_callers_alone(self) -> None:
        """What SQLite cannot take is no failure of the store: those who wait hear of it, and the writer lives on."""
        self.failureResultOf(self.store.claim_code("\ud800", "r1", now_ms=NOW_MS), UnicodeEncodeError)
        self.assertEqual(self.successResultOf(self.commit(change(1))), [Outcome.STORED])


class ManyRoomsTests(SQLiteTestCase):
    """Rooms that share a call are judged one by one, whatever the store remembers of each."""

    def versions(self) -> list[Any]:
        """List what the file has of each room."""
        return self.rows("SELECT id, version, value FROM rooms LEFT JOIN parts ON room = number ORDER BY number")

    def commit_all(self, *commits: Commit) -> list[Outcome]:
        """Commit these in one call."""
        return self.successResultOf(self.commit(*commits))

    def test_one_fenced_among_many(self) -> None:
        """A room that another has taken is FENCED and not written, the others in the same call are stored."""
        rooms = [f"r{number}" for number in range(1, 6)]
        self.commit_all(*(change(1, room=room, value=b"1") for room in rooms))
        self.successResultOf(self.store.open_rooms(["r3"]))
        outcomes = self.commit_all(*(change(2, room=room, value=b"2") for room in rooms))
        expected = [Outcome.STORED] * 5
        expected[2] = Outcome.FENCED
        self.assertEqual(outcomes, expected)
        stored = [(room, 1 if room == "r3" else 2, b"1" if room == "r3" else b"2") for room in rooms]
        self.assertEqual(self.versions(), stored)

    def test_all_outcomes_in_one_call(self) -> None:
        """A successor, a new room, a retry, a gap, an older version and an end, side by side."""
        self.commit_all(*(change(1, room=room, value=b"1") for room in ("r1", "r2", "r3", "r4", "r5")))
        self.commit_all(change(2, room="r4", value=b"2"))
        outcomes = self.commit_all(
            change(2, room="r1", value=b"2"),
            change(1, room="r6", value=b"new"),
            change(1, room="r2", value=b"1"),
            change(3, room="r3", value=b"gap"),
            change(1, room="r4", value=b"old"),
            change(2, room="r5", ends=True),
        )
        stored, fenced, behind = Outcome.STORED, Outcome.FENCED, Outcome.BEHIND
        self.assertEqual(outcomes, [stored, stored, stored, behind, fenced, stored])
        left = [("r1", 2, b"2"), ("r2", 1, b"1"), ("r3", 1, b"1"), ("r4", 2, b"2"), ("r6", 1, b"new")]
        self.assertEqual(self.versions(), left)

    def test_same_call_again(self) -> None:
        """A retry of a whole call writes nothing, in the same process and in the next."""
        call = [change(2, value=b"2"), change(1, room="r2", value=b"1"), change(2, room="r3", ends=True)]
        self.commit_all(change(1), change(1, room="r3"))
        for _ in range(2):
            self.assertEqual(self.commit_all(*call), [Outcome.STORED] * 3)
        self.successResultOf(self.store.stop())
        self.successResultOf(self.store.start())
        self.assertEqual(self.commit_all(*call), [Outcome.STORED] * 3)
        self.assertEqual(self.versions(), [("r1", 2, b"2"), ("r2", 1, b"1")])

    def test_successors_wait_together(self) -> None:
        """Commits of one room that wait for the same transaction follow one another, also over its end."""
        self.writer.busy = True
        calls = [self.commit(change(version, value=b"%d" % version)) for version in (1, 2, 3)]
        calls += [self.commit(change(4, ends=True)), self.commit(change(5))]
        self.writer.free()
        outcomes = [self.successResultOf(call) for call in calls]
        self.assertEqual(outcomes, [[Outcome.STORED]] * 4 + [[Outcome.FENCED]])
        self.assertEqual(self.versions(), [])

    def test_number_of_ended_room_again(self) -> None:
        """A room that gets the number of one that ended has nothing of it."""
        self.commit_all(change(1, value=b"old"))
        self.commit_all(change(2, ends=True))
        self.commit_all(replace(change(1, room="r2"), puts={"doc/room": b"new"}))
        (stored,) = self.successResultOf(self.store.open_rooms(["r2"]))
        self.assertEqual(stored.parts, {"doc/room": b"new"})

    def test_failed_transaction_is_not_remembered(self) -> None:
        """What a transaction that failed would have stored is judged anew, by what the file has."""
        self.commit_all(change(1, value=b"1"))
        self.rows("ALTER TABLE parts RENAME TO elsewhere")
        self.failureResultOf(self.commit(change(2), change(1, room="r2")), StoreUnavailable)
        self.rows("ALTER TABLE elsewhere RENAME TO parts")
        self.assertEqual(self.commit_all(change(3), change(2, room="r2")), [Outcome.BEHIND, Outcome.BEHIND])
        self.assertEqual(self.commit_all(change(2, value=b"2"), change(1, room="r2", value=b"1")), [Outcome.STORED] * 2)
        self.assertEqual(self.versions(), [("r1", 2, b"2"), ("r2", 1, b"1")])


class FailureTests(SQLiteTestCase):
    """A transaction that fails fails for all in it, and leaves nothing."""

    def assert_stored_once(self, commits: Sequence[Commit]) -> None:
        """Repeat these commits: they are stored as if nothing had been."""
        self.assertEqual(self.rows("SELECT * FROM rooms"), [])
        self.assertEqual(self.rows("SELECT * FROM codes"), [])
        for commit in commits:
            self.assertEqual(self.successResultOf(self.commit(commit)), [Outcome.STORED])
        self.assertEqual(self.rows("SELECT id, version FROM rooms"), [("r1", 2), ("r2", 1)])

    def assert_all_fail(self, commits: Sequence[Commit]) -> None:
        """Commit these by one call each, in one transaction, which fails."""
        self.writer.busy = True
        calls = [self.commit(commit) for commit in commits]
        self.writer.free()
        for call in calls:
            failure = self.failureResultOf(call, StoreUnavailable)
            self.assertIn(self.path, str(failure.value))

    def test_failed_transaction_leaves_nothing(self) -> None:
        """If one statement fails, all callers get StoreUnavailable; the same commits again are applied once."""
        commits = [change(1), change(1, room="r2"), change(2)]
        self.rows("ALTER TABLE parts RENAME TO elsewhere")
        self.assert_all_fail(commits)
        self.rows("ALTER TABLE elsewhere RENAME TO parts")
        self.assert_stored_once(commits)

    def test_full_disk_leaves_nothing(self) -> None:
        """If the file cannot grow, all callers get StoreUnavailable, and the store works on when it can again."""
        commits = [change(1, value=bytes(3_000_000)), change(1, room="r2"), change(2)]
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
        try:
            self.assert_all_fail(commits)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.assert_stored_once(commits)


class OpeningTests(SynchronousTestCase):
    """What can be in the way of a start, and what it prepares."""

    def refused(self, path: str, error: type[Exception]) -> str:
        """Start a store that cannot be."""
        writer = InlineWriter()
        store = inline_store(path, writer=writer)
        text = str(self.failureResultOf(store.start(), error).value)
        self.assertTrue(writer.ended)
        self.failureResultOf(store.room_ids(), StoreUnavailable)
        self.successResultOf(store.stop())
        return text

    def started(self, path: str, **options: Any) -> SQLiteStore:
        """Start a store that can."""
        store = inline_store(path, **options)
        self.successResultOf(store.start())
        self.addCleanup(lambda: self.successResultOf(store.stop()))
        return store

    def test_for_its_owner_alone(self) -> None:
        """Nobody else reads the file and its log, whatever the umask; nor those that an older version left open."""
        self.addCleanup(os.umask, os.umask(0))
        path, older = self.mktemp(), self.mktemp()
        self.started(path)
        for end in ("", "-wal"):  # as a process that was killed left them
            Path(older + end).write_bytes(Path(path + end).read_bytes())
            os.chmod(older + end, 0o644)
        self.started(older)
        modes = {oct(os.stat(p + end).st_mode & 0o777) for p in (path, older) for end in ("", "-wal", "-shm", ".lock")}
        self.assertEqual(modes, {oct(0o600)})

    def test_second_store_locked(self) -> None:
        """A second start on the same file is refused at once, naming it, and the first goes on."""
        path = self.mktemp()
        first = self.started(path)
        self.assertIn(path, self.refused(path, StoreLocked))
        self.assertEqual(self.successResultOf(first.room_ids()), [])

    def test_second_store_locked_through_link(self) -> None:
        """Another name of the same file does not help."""
        path, link = self.mktemp(), self.mktemp()
        self.started(path)
        Path(link).symlink_to(Path(path).absolute())
        self.refused(link, StoreLocked)

    def test_stop_unlocks(self) -> None:
        """After a stop the next may start."""
        path = self.mktemp()
        store = self.started(path)
        self.successResultOf(store.stop())
        self.started(path)

    def test_stopped_store_starts_again(self) -> None:
        """The same object may be started anew."""
        store = self.started(self.mktemp())
        self.successResultOf(store.stop())
        self.successResultOf(store.start())
        self.assertEqual(self.successResultOf(store.room_ids()), [])

    def test_stop_before_start_is_done(self) -> None:
        """A stop waits for the start that is under way, and for what was asked in between; a refused one as well."""
        path = self.mktemp()
        for outcome in (None, StoreLocked):
            writer = InlineWriter()
            writer.busy = True
            store = inline_store(path, writer=writer)
            started, asked, stopped = store.start(), store.room_ids(), store.stop()
            if outcome is not None:
                self.started(path)
            writer.free()
            self.successResultOf(stopped)
            self.assertTrue(writer.ended)
            if outcome is None:
                self.successResultOf(started)
                self.assertEqual(self.successResultOf(asked), [])
            else:
                self.failureResultOf(started, outcome)
                self.failureResultOf(asked, StoreUnavailable)

    def test_newer_schema_refused(self) -> None:
        """A file of a newer version is left as it is; the text says which and why, and nothing stays locked."""
        path = self.mktemp()
        newer = sqlite3.connect(path)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        before = Path(path).read_bytes()
        for _ in range(2):
            text = self.refused(path, StoreUnavailable)
            self.assertIn(path, text)
            self.assertIn("schema is 99", text)
        self.assertEqual(Path(path).read_bytes(), before)

    def test_file_of_older_schema_upgraded(self) -> None:
        """A file of each older version is opened with all that is in it, and its rooms go on."""
        for schema, script in ((1, SCHEMA_1), (2, SCHEMA_1 + SCHEMA_2)):
            path = self.mktemp()
            older = sqlite3.connect(path)
            older.executescript(f"{script}; PRAGMA user_version = {schema}")
            older.close()
            store = self.started(path)
            again = change(7, fence=3, value=b"again")
            self.assertEqual(self.successResultOf(store.commit([again], now_ms=NOW_MS)), [Outcome.STORED])
            for fence in (4, 5):
                self.assertEqual(self.successResultOf(store.room_ids()), ["r2", "r1"])
                other, stored = self.successResultOf(store.open_rooms(["r2", "r1"]))
                self.assertEqual(stored.parts, {"room": b"again", "log/10": b"said"})
                self.assertEqual((stored.fence, stored.version, stored.table_bytes), (fence, 7, 0))
                self.assertEqual((other.parts, other.code, other.at_ms), ({"room": b"other"}, "R2", NOW_MS))
                self.assertEqual(
                    self.successResultOf(store.scan_entries("r1", "t", prefix="", after=None, limit=1)), []
                )
                self.successResultOf(store.stop())
                store = self.started(path)

    def test_schema_version_kept_in_file(self) -> None:
        """The file says its schema."""
        path = self.mktemp()
        self.started(path)
        database = sqlite3.connect(path)
        self.addCleanup(database.close)
        self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (SCHEMA_VERSION,))
        self.assertEqual(database.execute("PRAGMA journal_mode").fetchone(), ("wal",))

    def test_not_a_database_refused(self) -> None:
        """A file of something else is refused and left as it is."""
        path = self.mktemp()
        Path(path).write_text("This is a diary.\n" * 100)
        text = self.refused(path, StoreUnavailable)
        self.assertIn(path, text)
        self.assertIn("put a copy of it back, or give another file", text)
        self.assertEqual(Path(path).read_text(), "This is a diary.\n" * 100)

    def test_missing_directory_refused(self) -> None:
        """A path that cannot be is StoreUnavailable, too."""
        path = f"{self.mktemp()}/no/where"
        self.assertIn(f"{path}.lock: No such file or directory; make it", self.refused(path, StoreUnavailable))

    def test_directory_in_its_place_refused(self) -> None:
        """A folder is no file of SQLite's."""
        path = self.mktemp()
        Path(path).mkdir()
        self.assertIn("a folder is in the place of a file", self.refused(path, StoreUnavailable))

    def test_disk_full(self) -> None:
        """Wherever a first start runs out of room it says what to do, and the next finds nothing in its way."""
        path = self.mktemp()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        for size in (0, 4096, 10_000, 40_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            try:
                text = self.refused(path, StoreUnavailable)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            self.assertRegex(text, "make room on that disk|let files grow")
        self.started(path)

    def test_what_nobody_thought_of(self) -> None:
        """Whatever goes wrong with opening it, who waits for the start hears of it."""
        self.refused("a\0b", ValueError)

    def test_sync_sets_pragma(self) -> None:
        """``normal`` survives the process, ``power`` the power: SQLite's NORMAL (1) and FULL (2)."""
        opened: list[sqlite3.Connection] = []
        connect = sqlite3.connect

        def traced(*args: Any, **options: Any) -> sqlite3.Connection:
            opened.append(connect(*args, **options))
            return opened[-1]

        self.patch(sqlite3, "connect", traced)
        self.started(self.mktemp())
        self.started(self.mktemp(), sync="power")
        self.assertEqual([one.execute("PRAGMA synchronous").fetchone() for one in opened], [(1,), (2,)])


class ProcessTests(SynchronousTestCase):
    """Two real processes, and `kill -9`."""

    def test_killed_process_frees_lock_and_keeps_commits(self) -> None:
        """While a process has the store nobody else may start; once it is killed all that it committed is there."""
        path = self.mktemp()
        other = subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, path],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(sqlite.__file__).parents[2])},
        )
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        assert other.stdout is not None
        self.addCleanup(other.stdout.close)
        self.assertEqual(other.stdout.readline(), b"committed\n")

        store = inline_store(path)
        self.assertIn(path, str(self.failureResultOf(store.start(), StoreLocked).value))
        other.kill()
        other.wait()
        self.successResultOf(store.start())
        self.addCleanup(lambda: self.successResultOf(store.stop()))
        (stored,) = self.successResultOf(store.open_rooms(["r1"]))
        self.assertEqual(stored.parts, {"room": b"kept"})


class CodeTests(SQLiteTestCase):
    """What becomes of rows of codes."""

    def codes(self) -> list[str]:
        """List the codes that the file knows."""
        return [code for (code,) in self.rows("SELECT code FROM codes ORDER BY code")]

    def restart(self) -> None:
        """Stop and start."""
        self.successResultOf(self.store.stop())
        self.successResultOf(self.store.start())

    def test_claim_without_room_ends_with_process(self) -> None:
        """A claim whose room never came to be does not outlive its process."""
        self.successResultOf(self.store.claim_code("K7QM", "r9", now_ms=NOW_MS))
        self.successResultOf(self.commit(change(1)))
        self.restart()
        self.assertEqual(self.codes(), ["R1"])

    def test_beat_forgets_code_after_a_day(self) -> None:
        """A resting code is deleted by the first beat after 24 hours, not before."""
        self.successResultOf(self.commit(change(1, ends=True), change(1, room="r2")))
        self.successResultOf(self.store.beat(now_ms=NOW_MS + 24 * HOUR_MS - 1))
        self.assertEqual(self.codes(), ["R1", "R2"])
        self.successResultOf(self.store.beat(now_ms=NOW_MS + 24 * HOUR_MS))
        self.assertEqual(self.codes(), ["R2"])

    def test_start_forgets_code_after_a_day(self) -> None:
        """A start forgets what rested 24 hours by the newest time that the store was told."""
        self.successResultOf(self.commit(change(1, ends=True)))
        self.successResultOf(self.commit(change(1, room="r2"), now_ms=NOW_MS + 25 * HOUR_MS))
        self.assertEqual(self.codes(), ["R1", "R2"])
        self.restart()
        self.assertEqual(self.codes(), ["R2"])


class WriterThreadTests(SynchronousTestCase):
    """The thread."""

    def test_works_in_order_in_one_other_thread(self) -> None:
        """What is given is done in order, in a daemon thread that ends when told."""
        seen: list[tuple[int, Thread]] = []
        done = Event()
        writer = WriterThread()
        for number in range(3):
            writer.do(partial(lambda number: seen.append((number, current_thread())), number))
        writer.do(done.set)
        writer.quit()
        done.wait()
        thread = seen[0][1]
        thread.join()
        self.assertEqual(seen, [(0, thread), (1, thread), (2, thread)])
        self.assertTrue(thread.daemon)
        self.assertIsNot(thread, current_thread())
