"""
The embedded store: one SQLite file, one process, one thread that writes.

The way of a call: the reactor's thread appends it to what waits and wakes the writer; the writer takes *all* that
waits, does it in one transaction, and hands the results back to the reactor's thread, where the Deferreds fire. While
one transaction is written the next calls gather, so the busier the store, the more share one write to the disk.

====== ============================================ =================================================================
table  columns                                      lifetime of a row
====== ============================================ =================================================================
rooms  number, id, code, game, fence, version,      the room's; ``number`` grows in the order of creation
       at_ms
parts  room, part, value                            see `gameserver.store.keys`
entry  room, name, value                            the room's, until it is deleted: entries of tables, by
                                                    ``TABLE/KEY`` in UTF-8, whose order is theirs
tables room, name, entries, bytes                   the same: of each table how many entries it has, and their bytes
codes  code, room, free_at_ms, fence, version       from the claim until 24 hours after the room ended; then fence and
                                                    version are its last ones, which tell a retry from a stranger
users  id, name_key, version, value                 until the user is deleted
spent  mark, until_ms                               as long as what it marks would have been good
meta   key, value                                   ``beat_ms``: the newest beat or commit
====== ============================================ =================================================================
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from os.path import realpath
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any, Final, Literal, Protocol, TypeVar

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.errors import GameServerError, StoreLocked, StoreUnavailable
from gameserver.interfaces import Commit, IBooks, IStore, Outcome, Stored, TableSizes
from gameserver.store import sqlite_users
from gameserver.store.books import BOOKS_TABLE, SQLiteBooks
from gameserver.store.entries import Entries
from gameserver.store.keys import CODE_REST_MS

T = TypeVar("T")

SCHEMA_VERSION: Final = 2
"""Of the tables, kept as the file's ``user_version``; a file of a newer one is refused."""

_SYNC: Final = {"normal": "NORMAL", "power": "FULL"}
"""What a commit survives, and SQLite's word for it: the process, or the power as well (one fsync a transaction)."""

_SCHEMA: Final = (
    "CREATE TABLE rooms (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL, game TEXT NOT NULL,"
    " fence INTEGER NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL)",
    "CREATE TABLE parts (room TEXT NOT NULL, part TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (room, part))"
    " WITHOUT ROWID",
    "CREATE TABLE codes (code TEXT PRIMARY KEY, room TEXT NOT NULL, free_at_ms INTEGER, fence INTEGER, version INTEGER)"
    " WITHOUT ROWID",
    "CREATE INDEX codes_resting ON codes (free_at_ms) WHERE free_at_ms IS NOT NULL",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
)

_SCHEMA_2: Final = (
    "CREATE TABLE entry (room TEXT NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (room, name))"
    " WITHOUT ROWID",
    "CREATE TABLE tables (room TEXT NOT NULL, name TEXT NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY (room, name)) WITHOUT ROWID",
)
"""What a file of schema 1 has not."""

_SCHEMAS: Final = (_SCHEMA, _SCHEMA_2)


class Writer(Protocol):
    """What does the store's work, one piece after the other, outside the reactor's thread."""

    def do(self, work: Callable[[], object]) -> None:
        """Do this after all that was asked before."""

    def quit(self) -> None:
        """Do nothing more."""


class WriterThread:
    """
    A thread that does what it is given, in order.

    It is a daemon: a process whose service was never stopped still ends, and what was committed is on the disk.
    """

    def __init__(self) -> None:
        self._given: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        Thread(target=self._run, name="gameserver-store", daemon=True).start()

    def do(self, work: Callable[[], object]) -> None:
        """See `Writer.do`."""
        self._given.put(work)

    def quit(self) -> None:
        """See `Writer.quit`."""
        self._given.put(None)

    def _run(self) -> None:
        while (work := self._given.get()) is not None:
            work()


@implementer(IStore, IBooks)
class SQLiteStore(sqlite_users.SQLiteUsers, SQLiteBooks):
    """
    Keep rooms and users in one SQLite file, which one process at a time may use.

    :param path: the file, created where absent; its directory exists. ``PATH.lock``, ``-wal`` and ``-shm`` are beside.
    :param reactor: where the Deferreds fire.
    :param sync: what a commit survives: ``normal`` the process, ``power`` the power too.
    :param make_writer: begins what does the work; a thread of its own, unless a test says otherwise.
    :ivar transactions: how many were written or failed since the start.
    """

    def __init__(
        self,
        path: str,
        *,
        reactor: IReactorFromThreads,
        sync: Literal["normal", "power"] = "normal",
        make_writer: Callable[[], Writer] = WriterThread,
    ) -> None:
        self.transactions = 0
        self._path = path
        self._reactor = reactor
        self._sync = _SYNC[sync]
        self._make_writer = make_writer
        self._writer: Writer | None = None
        self._stops: list[Deferred[None]] = []
        # Shared with the writer, which alone takes from it.
        self._calls: deque[tuple[Callable[[_Database], Any], Deferred[Any]]] = deque()
        # The writer's alone.
        self._database: _Database | None = None

    def start(self) -> Deferred[None]:
        """See `IStore.start`."""
        done: Deferred[None] = Deferred()
        self._writer = self._make_writer()
        self._writer.do(lambda: self._open(done))
        return done

    def stop(self) -> Deferred[None]:
        """See `IStore.stop`."""
        if self._writer is None:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._stops.append(done)
        if len(self._stops) == 1:
            self._writer.do(self._close)
        return done

    def commit(self, commits: Sequence[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
        """See `IStore.commit`."""
        return self._ask(lambda database: database.commit(commits, now_ms))

    def room_ids(self) -> Deferred[list[str]]:
        """See `IStore.room_ids`."""
        return self._ask(lambda database: database.room_ids())

    def open_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """See `IStore.open_rooms`."""
        return self._ask(lambda database: database.open_rooms(ids))

    def read_entries(self, room: str, table: str, names: Sequence[str]) -> Deferred[list[bytes | None]]:
        """See `IStore.read_entries`."""
        return self._ask(lambda database: database.entries.read(room, table, names))

    def scan_entries(
        self, room: str, table: str, *, prefix: str, after: str | None, limit: int
    ) -> Deferred[list[tuple[str, bytes]]]:
        """See `IStore.scan_entries`."""
        return self._ask(lambda database: database.entries.scan(room, table, prefix, after, limit))

    def measure_entries(self, room: str, entries: Sequence[tuple[str, str]]) -> Deferred[TableSizes]:
        """See `IStore.measure_entries`."""
        return self._ask(lambda database: database.entries.measure(room, entries))

    def claim_code(self, code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """See `IStore.claim_code`; True as well if this room has it already, so that a claim can be repeated."""
        return self._ask(lambda database: database.claim_code(code, room, now_ms))

    def release_code(self, code: str) -> Deferred[None]:
        """See `IStore.release_code`; a code whose room did come to be stays with it."""
        return self._ask(lambda database: database.release_code(code))

    def beat(self, *, now_ms: int) -> Deferred[None]:
        """See `IStore.beat`; forgets the codes whose rest is over."""
        return self._ask(lambda database: database.beat(now_ms))

    def last_beat_ms(self) -> Deferred[int | None]:
        """See `IStore.last_beat_ms`."""
        return self._ask(lambda database: database.last_beat_ms)

    # In the reactor's thread.

    def _ask(self, call: Callable[[_Database], T]) -> Deferred[T]:
        if self._writer is None or self._stops:
            return fail(StoreUnavailable(f"{self._path} is not open."))
        done: Deferred[T] = Deferred()
        self._calls.append((call, done))
        self._writer.do(self._write)
        return done

    def _answer(self, dones: Sequence[Deferred[Any]], outcome: Deferred[list[Any]]) -> None:
        self.transactions += 1
        outcome.addCallbacks(_succeed, _fail, callbackArgs=(dones,), errbackArgs=(dones,))

    def _opened(self, done: Deferred[None], error: GameServerError | None) -> None:
        if error is None:
            done.callback(None)
        else:
            self._quit()
            done.errback(error)

    def _closed(self, outcome: Deferred[None]) -> None:
        self._quit()
        stops, self._stops = self._stops, []
        for done in stops:
            outcome.chainDeferred(done)

    def _quit(self) -> None:
        if self._writer is not None:
            self._writer.quit()
            self._writer = None

    # In the writer's thread.

    def _open(self, done: Deferred[None]) -> None:
        error = None
        try:
            self._database = _Database(self._path, self._sync)
        except (StoreLocked, StoreUnavailable) as why:
            error = why
        self._reactor.callFromThread(self._opened, done, error)

    def _write(self) -> None:
        calls: list[Callable[[_Database], Any]] = []
        dones: list[Deferred[Any]] = []
        while self._calls:
            call, done = self._calls.popleft()
            calls.append(call)
            dones.append(done)
        if calls:  # else an earlier wake-up took them along
            # `execute`, since whatever goes wrong, those who wait must hear of it and the thread must live on.
            outcome = execute(self._transact, calls)
            self._reactor.callFromThread(self._answer, dones, outcome)

    def _transact(self, calls: Sequence[Callable[[_Database], Any]]) -> list[Any]:
        if self._database is None:
            raise StoreUnavailable(f"{self._path} is not open.")
        return self._database.transact(calls)

    def _close(self) -> None:
        database, self._database = self._database, None
        outcome = execute(database.close) if database is not None else succeed(None)
        self._reactor.callFromThread(self._closed, outcome)


def _succeed(results: Sequence[Any], dones: Sequence[Deferred[Any]]) -> None:
    for done, result in zip(dones, results, strict=True):
        done.callback(result)


def _fail(failure: Failure, dones: Sequence[Deferred[Any]]) -> None:
    for done in dones:
        done.errback(failure)


class _Database:
    """
    The file itself, without threads: each method but `transact` and `close` is called inside a transaction.

    :ivar last_beat_ms: see `IStore.last_beat_ms`.
    :raises StoreLocked: another process has the file.
    :raises StoreUnavailable: it cannot be opened, is no database, or is of a newer schema.
    """

    last_beat_ms: int | None

    def __init__(self, path: str, sync: str) -> None:
        self._path = path
        try:
            with ExitStack() as opened:
                opened.enter_context(_lock(path))
                # Autocommit, so that each BEGIN and COMMIT is one that is written here.
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                opened.callback(self._db.close)
                self.entries = Entries(self._db)
                self.users = sqlite_users.UserTable(self._db)
                self._prepare(sync)
                self._opened = opened.pop_all()
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{path} cannot be opened: {error}") from error

    def _prepare(self, sync: str) -> None:
        (schema,) = self._db.execute("PRAGMA user_version").fetchone()
        if schema > SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{self._path} was written by a newer gameserver: its schema is {schema}, this one knows"
                f" {SCHEMA_VERSION}. Start the newer one, or give another file."
            )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {sync}")
        self.transact([lambda database: database._begin(schema)])

    def _begin(self, schema: int) -> None:
        for statements in _SCHEMAS[schema:]:
            for statement in statements:
                self._db.execute(statement)
        self._db.execute(BOOKS_TABLE)
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        for statement in sqlite_users.SCHEMA:
            self._db.execute(statement)
        row = self._db.execute("SELECT value FROM meta WHERE key = 'beat_ms'").fetchone()
        self.last_beat_ms = None if row is None else row[0]
        # What a process claimed and then died: no other can be about to create that room.
        self._db.execute("DELETE FROM codes WHERE free_at_ms IS NULL AND room NOT IN (SELECT id FROM rooms)")
        self._forget_codes(self.last_beat_ms or 0)

    def close(self) -> None:
        """Close the file, and let go of its lock."""
        self._opened.close()

    def transact(self, calls: Sequence[Callable[[_Database], Any]]) -> list[Any]:
        """
        Make these calls in one transaction, all or none.

        :returns: what each of them returned, in order, once it is written.
        :raises StoreUnavailable: nothing was written.
        """
        try:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                results = [call(self) for call in calls]
                self._db.execute("COMMIT")
            finally:
                self._db.rollback()  # does nothing after a COMMIT
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path} cannot be written: {error}") from error
        return results

    def commit(self, commits: Sequence[Commit], now_ms: int) -> list[Outcome]:
        """See `IStore.commit`."""
        outcomes = []
        writes = []
        for commit in commits:
            outcome = self._known_outcome(commit)
            if outcome is None:
                writes.append(commit)
            outcomes.append(outcome or Outcome.STORED)
        self._write(writes, now_ms)
        self._note_beat(now_ms)
        return outcomes

    def _known_outcome(self, commit: Commit) -> Outcome | None:
        """Tell what becomes of a commit without writing it, or None if it is to be written."""
        row = self._db.execute("SELECT fence, version FROM rooms WHERE id = ?", (commit.room,)).fetchone()
        fence, version = row or (0, 0)
        if row is None:
            claim = self._db.execute(
                "SELECT room, free_at_ms, fence, version FROM codes WHERE code = ?", (commit.code,)
            ).fetchone()
            if claim is not None and (claim[0] != commit.room or claim[1] is not None):
                is_retry = claim[0] == commit.room and claim[2:] == (commit.fence, commit.version)
                return Outcome.STORED if is_retry else Outcome.FENCED
        if (commit.fence, commit.version) == (fence, version):
            return Outcome.STORED
        if commit.fence < fence or commit.version <= version:
            return Outcome.FENCED
        if commit.version != version + 1 and not (commit.whole or commit.ends):
            return Outcome.BEHIND
        return None

    def _write(self, commits: Sequence[Commit], now_ms: int) -> None:
        lasting = [commit for commit in commits if not commit.ends]
        ending = [commit for commit in commits if commit.ends]
        self._db.executemany(
            "INSERT INTO rooms (id, code, game, fence, version, at_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id)"
            " DO UPDATE SET fence = excluded.fence, version = excluded.version, at_ms = excluded.at_ms",
            [(c.room, c.code, c.game, c.fence, c.version, now_ms) for c in lasting],
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO codes (code, room) VALUES (?, ?)",
            [(c.code, c.room) for c in lasting if c.version == 1 or c.whole],
        )
        self._db.executemany("DELETE FROM parts WHERE room = ?", [(c.room,) for c in lasting if c.whole])
        self._db.executemany(
            "INSERT INTO parts (room, part, value) VALUES (?, ?, ?)"
            " ON CONFLICT (room, part) DO UPDATE SET value = excluded.value",
            [(c.room, part, value) for c in lasting for part, value in c.puts.items()],
        )
        self._db.executemany(
            "DELETE FROM parts WHERE room = ? AND part = ?", [(c.room, part) for c in lasting for part in c.drops]
        )
        for commit in lasting:
            if commit.entries:
                self.entries.write(commit.room, commit.entries)
        if ending:
            self._end(ending, now_ms)

    def _end(self, commits: Sequence[Commit], now_ms: int) -> None:
        for table in ("parts", "entry", "tables"):
            self._db.executemany(f"DELETE FROM {table} WHERE room = ?", [(c.room,) for c in commits])
        self._db.executemany("DELETE FROM rooms WHERE id = ?", [(c.room,) for c in commits])
        self._db.executemany(
            "INSERT OR REPLACE INTO codes (code, room, free_at_ms, fence, version) VALUES (?, ?, ?, ?, ?)",
            [(c.code, c.room, now_ms + CODE_REST_MS, c.fence, c.version) for c in commits],
        )

    def run(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Run one statement, inside a transaction. :returns: its rows."""
        return self._db.execute(statement, values).fetchall()

    def room_ids(self) -> list[str]:
        """See `IStore.room_ids`."""
        return [room for (room,) in self._db.execute("SELECT id FROM rooms ORDER BY number")]

    def open_rooms(self, ids: Sequence[str]) -> list[Stored]:
        """See `IStore.open_rooms`."""
        ids = list(dict.fromkeys(ids))
        self._db.executemany("UPDATE rooms SET fence = fence + 1 WHERE id = ?", [(room,) for room in ids])
        opened = map(self._read, ids)
        return [stored for stored in opened if stored is not None]

    def _read(self, room: str) -> Stored | None:
        row = self._db.execute("SELECT code, game, fence, version, at_ms FROM rooms WHERE id = ?", (room,)).fetchone()
        if row is None:
            return None
        code, game, fence, version, at_ms = row
        parts = dict(self._db.execute("SELECT part, value FROM parts WHERE room = ?", (room,)).fetchall())
        return Stored(
            room=room,
            code=code,
            game=game,
            fence=fence,
            version=version,
            at_ms=at_ms,
            parts=parts,
            table_bytes=self.entries.size_bytes(room),
        )

    def claim_code(self, code: str, room: str, now_ms: int) -> bool:
        """See `IStore.claim_code`."""
        self._db.execute("DELETE FROM codes WHERE code = ? AND free_at_ms <= ?", (code, now_ms))
        self._db.execute("INSERT OR IGNORE INTO codes (code, room) VALUES (?, ?)", (code, room))
        claim = self._db.execute("SELECT room, free_at_ms FROM codes WHERE code = ?", (code,)).fetchone()
        return bool(claim == (room, None))

    def release_code(self, code: str) -> None:
        """See `IStore.release_code`."""
        self._db.execute(
            "DELETE FROM codes WHERE code = ? AND free_at_ms IS NULL AND room NOT IN (SELECT id FROM rooms)", (code,)
        )

    def beat(self, now_ms: int) -> None:
        """See `IStore.beat`."""
        self._note_beat(now_ms)
        self._forget_codes(now_ms)

    def _note_beat(self, now_ms: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('beat_ms', ?)", (now_ms,))

    def _forget_codes(self, now_ms: int) -> None:
        self._db.execute("DELETE FROM codes WHERE free_at_ms <= ?", (now_ms,))


def _lock(path: str) -> IO[bytes]:
    """
    Lock the file for as long as what is returned stays open: the kernel lets go when the process dies, however it dies.

    :raises StoreLocked: somebody else has it.
    """
    file = open(f"{realpath(path)}.lock", "ab")  # noqa: SIM115 - it stays open
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StoreLocked(f"{path} is in use by another process.") from None
    return file
