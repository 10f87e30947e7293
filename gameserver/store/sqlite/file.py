"""
The SQLite file of the embedded store, without threads: how it is opened, and what is done in it inside a transaction.

Its tables are in `gameserver.store.sqlite.schema`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import chain
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote

from gameserver.errors import StoreLocked, StoreUnavailable
from gameserver.files import keep_private, lock, remedy
from gameserver.interfaces import Commit, Outcome, StoreTime
from gameserver.store.sqlite import users as sqlite_users
from gameserver.store.sqlite.asleep import SleepTable
from gameserver.store.sqlite.rooms import RoomTables
from gameserver.store.sqlite.schema import ADDED_TABLES, SCHEMA_VERSION, SCHEMAS
from gameserver.store.sqlite.tables import Entries

CHECKPOINT_PAGES: Final = 4000
"""
The log is copied into the file when it has this many pages (16 MiB): a page that was written many times until then is
copied once. SQLite's own 1000 costs a tenth more time per commit; with 16,000 the log does not fit a processor's cache.
"""

_ADVICE: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_PERM: "let this server's user write it and its folder",
    sqlite3.SQLITE_READONLY: "let this server's user write it and its folder",
    sqlite3.SQLITE_CANTOPEN: "let this server's user write it and its folder",
    sqlite3.SQLITE_BUSY: "end the other program that uses it",
    sqlite3.SQLITE_LOCKED: "end the other program that uses it",
    sqlite3.SQLITE_FULL: "make room on that disk, or give a file on another",
    sqlite3.SQLITE_IOERR: "make room on that disk if it is full; if not, it fails",
    sqlite3.SQLITE_NOTADB: "put a copy of it back, or give another file",
    sqlite3.SQLITE_CORRUPT: "put a copy of it back, or give another file",
}
"""What an operator can do, by the kind of error."""

DAMAGES: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""Kinds of errors after which nothing more is written to a file."""
LOGS: Final = ("-wal", "-shm")
"""Ends of the names of files that SQLite keeps beside a file that is open: its log, and the index of that."""
UNLOCKED: Final = "immutable=1"
"""Has SQLite neither lock a file nor look for a log: right for one that has none, as long as nobody opens it."""
CHECKED_BYTES: Final = 1 << 24
"""A file up to this size is checked at the start against its indexes, which takes a fifth of a second."""
LOOKED_BYTES: Final = 1 << 26
"""A file up to this size is checked without its indexes; in a larger one damage is found when it is met."""


class Damaged(StoreUnavailable):
    """The file is damaged: nothing more may be written to it, and what can be read of it should be copied."""


class CannotLook(StoreUnavailable):
    """A file cannot be looked at now, which does not say that it is damaged."""


class Database:
    """
    The file itself, without threads: each method but `transact` and `close` is called inside a transaction.

    :ivar last_beat_ms: see `IStore.last_beat_ms`.
    :raises StoreLocked: another process has the file.
    :raises StoreUnavailable: it cannot be opened, is no database, or is of a newer schema.
    """

    last_beat_ms: int | None

    def __init__(self, path: str, sync: str) -> None:
        self._path = path
        self._is_damaged = False
        try:
            with ExitStack() as opened:
                opened.enter_context(lock(path))
                for name in (path, f"{path}-wal", f"{path}-shm"):
                    if name == path or os.path.exists(name):  # SQLite makes these with the permissions of the file
                        keep_private(name)
                # Autocommit mode: only the BEGIN and COMMIT statements of this class begin and end transactions.
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                opened.callback(self._shut)
                self.entries = Entries(self._db)
                self.asleep = SleepTable(self._db)
                self.rooms = RoomTables(self._db, self.entries, self.asleep)
                self.users = sqlite_users.UserTable(self._db)
                self._prepare(sync)
                self._opened = opened.pop_all()
        except BlockingIOError:
            raise StoreLocked(f"{path} is in use by another process.") from None
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be opened: {remedy(error)}") from error
        except sqlite3.Error as error:
            raise _kind_of(error)(f"{path} cannot be opened: {_told(error)}") from error

    def _prepare(self, sync: str) -> None:
        (schema,) = self._db.execute("PRAGMA user_version").fetchone()
        if schema > SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{self._path} was written by a newer gameserver: its schema is {schema}, this one knows"
                f" {SCHEMA_VERSION}. Start the newer one, or give another file."
            )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {sync}")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self.transact([lambda database: database._begin(schema)])

    def _begin(self, schema: int) -> None:
        for statement in (*chain(*SCHEMAS[schema:]), *ADDED_TABLES, f"PRAGMA user_version = {SCHEMA_VERSION}"):
            self._db.execute(statement)
        row = self._db.execute("SELECT value FROM meta WHERE key = 'beat_ms'").fetchone()
        self.last_beat_ms = None if row is None else row[0]
        # Codes that a process claimed before it died: nobody else can be about to create those rooms.
        self._db.execute("DELETE FROM codes WHERE free_at_ms IS NULL AND room NOT IN (SELECT id FROM rooms)")
        self._forget_codes(self.last_beat_ms or 0)

    def close(self) -> None:
        """Close the file, and unlock it."""
        self._opened.close()

    def transact(self, calls: Sequence[Callable[[Database], Any]]) -> list[Any]:
        """
        Make calls in one transaction, all or none.

        :returns: what each of them returned, in order, once all is written.
        :raises StoreUnavailable: nothing was written; `Damaged`: nor may anything be.
        """
        try:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                results = [call(self) for call in calls]
                self._db.execute("COMMIT")
            except BaseException:
                self.rooms.forget()
                self._db.rollback()
                raise
        except sqlite3.Error as error:
            raise self._unwritten(error) from error
        return results

    def _unwritten(self, error: sqlite3.Error) -> StoreUnavailable:
        kind = _kind_of(error)
        self._is_damaged = self._is_damaged or kind is Damaged
        return kind(f"{self._path} cannot be written: {_told(error)}")

    def _shut(self) -> None:
        """
        Close the file.

        The last connection that is closed copies the log into the file, which must not happen to a damaged one: another
        connection, which only reads, is then closed last.
        """
        reader = None
        if self._is_damaged:
            reader = sqlite3.connect(_read_only(self._path), uri=True)
            with suppress(sqlite3.Error):
                reader.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        self._db.close()
        if reader is not None:
            reader.close()

    def settle(self) -> None:
        """Copy the log into the file, and empty it. :raises StoreUnavailable: it cannot be written."""
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise self._unwritten(error) from error

    def commit(self, commits: Sequence[Commit], now_ms: int) -> list[Outcome]:
        """Store each commit whose fence is current, all of it or nothing; see `IStore.commit`."""
        outcomes = self.rooms.commit(commits, now_ms)
        self._note_beat(now_ms)
        return outcomes

    def run(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Run one statement, inside a transaction. :returns: its rows."""
        return self._db.execute(statement, values).fetchall()

    def run_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of these rows, inside a transaction."""
        self._db.executemany(statement, rows)

    def claim_code(self, code: str, room: str, now_ms: int) -> bool:
        """Reserve a code for a room that is about to be made; see `IStore.claim_code`."""
        self._db.execute("DELETE FROM codes WHERE code = ? AND free_at_ms <= ?", (code, now_ms))
        self._db.execute("INSERT OR IGNORE INTO codes (code, room) VALUES (?, ?)", (code, room))
        claim = self._db.execute("SELECT room, free_at_ms FROM codes WHERE code = ?", (code,)).fetchone()
        return bool(claim == (room, None))

    def release_code(self, code: str) -> None:
        """Give back a code whose room was never stored; see `IStore.release_code`."""
        self._db.execute(
            "DELETE FROM codes WHERE code = ? AND free_at_ms IS NULL AND room NOT IN (SELECT id FROM rooms)", (code,)
        )

    def beat(self, now_ms: int) -> None:
        """Note that this node is alive; see `IStore.beat`."""
        self._note_beat(now_ms)
        self._forget_codes(now_ms)

    def begin_time(self, now_ms: int) -> StoreTime:
        """Count the time in which no process had the file; see `ISleepStore.begin_time`."""
        return self.asleep.begin_time(self.last_beat_ms or 0, now_ms)

    def _note_beat(self, now_ms: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('beat_ms', ?)", (now_ms,))

    def _forget_codes(self, now_ms: int) -> None:
        self._db.execute("DELETE FROM codes WHERE free_at_ms <= ?", (now_ms,))


def fault_of(path: str) -> str | None:
    """
    Check a file before anything is written to it: all of it if it is small, else only its beginning.

    :returns: what is wrong with it; None: nothing was found.
    """
    size = os.path.getsize(path)
    look = "PRAGMA quick_check(1)" if size <= LOOKED_BYTES else "SELECT 'ok' FROM sqlite_schema LIMIT 1"
    look = "PRAGMA integrity_check(1)" if size <= CHECKED_BYTES else look
    try:
        with closing(sqlite3.connect(_read_only(path), uri=True)) as database:
            found = database.execute(look).fetchone()
    except sqlite3.Error as error:
        return str(error) if _kind_of(error) is Damaged else None
    return None if found in (None, ("ok",)) else str(found[0])


def _read_only(path: str) -> str:
    return f"file:{quote(path)}?mode=ro"


@contextmanager
def looked_at(path: str) -> Iterator[Any]:
    """
    Open a file only to look at it: nothing is written, nothing is left beside it, and it may be one that cannot be
    written, or that a server uses.

    :returns: an open ``sqlite3.Connection``; its errors become those below.
    :raises Damaged: what was looked at is damaged.
    :raises CannotLook: it cannot be read, or was written to in a way that makes it unknown what was read.
    """
    try:
        with ExitStack() as opened:
            place, how = _way_to_look(path, opened)
            before = _state_of(place)
            try:
                with closing(sqlite3.connect(f"file:{quote(place)}?{how}", uri=True, isolation_level=None)) as database:
                    yield database
            finally:
                if how == UNLOCKED and _state_of(place) != before:
                    raise CannotLook(f"{path} was written to meanwhile: look once more")
    except OSError as error:
        raise CannotLook(f"cannot look at {remedy(error, command=True)}") from error
    except sqlite3.Error as error:
        if _kind_of(error) is Damaged:
            raise Damaged(str(error)) from error
        raise CannotLook(f"cannot look at {path}: {error}") from error


def _way_to_look(path: str, opened: ExitStack) -> tuple[str, str]:
    """
    Choose how a file is opened so that SQLite makes no files beside it, as it does for any that has a log.

    :param opened: gets what is to be removed afterwards.
    :returns: what is to be opened, and the parameters of its URI.
    :raises OSError: it cannot be read.
    """
    path = os.path.realpath(path)  # as SQLite does, which has its files there
    log, index = (f"{path}{end}" for end in LOGS)
    for name in (path, log, index):
        if name == path or os.path.exists(name):
            open(name, "rb").close()  # its error names the file and what is in the way; SQLite's does not
    if os.path.exists(index) and os.path.exists(log):
        return path, "mode=ro"  # a server has it open, or was killed: SQLite's locks hold, and both files stay
    if not os.path.exists(log) or not os.path.getsize(log):
        return path, UNLOCKED
    # What is in the log counts, and to read it SQLite would make the other file.
    return copied(path, opened.enter_context(TemporaryDirectory(prefix="gameserver-"))), "mode=ro"


def copied(path: str, folder: str) -> str:
    """:returns: the path of a copy in that folder of a file that nobody has open, and of its log."""
    copy = os.path.join(folder, os.path.basename(path))
    for end in ("", LOGS[0]):
        if os.path.exists(path + end):
            shutil.copyfile(path + end, copy + end)
    return copy


def _state_of(path: str) -> tuple[int, int, bool]:
    """:returns: what is another after a file was written to, or opened to be written to."""
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, os.path.exists(f"{path}{LOGS[0]}")


def count_rooms(path: str) -> int:
    """:returns: how many rooms a file has that this process has not opened; 0 if it cannot be read."""
    if not os.path.exists(path):
        return 0
    try:
        with looked_at(path) as database:
            (count,) = database.execute("SELECT count(*) FROM rooms").fetchone()
            return int(count)
    except StoreUnavailable:
        return 0


def check(path: str) -> list[str]:
    """
    Check all of a file, which may be in use.

    :returns: what is wrong with it, in SQLite's words, 20 lines at most; empty: nothing.
    :raises CannotLook: it cannot be read.
    """
    try:
        with looked_at(path) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(20)")]
    except Damaged as damaged:
        return [str(damaged)]
    return [] if found == ["ok"] else found


def _kind_of(error: sqlite3.Error) -> type[StoreUnavailable]:
    """
    :returns: what to raise.

    No statement here can break a constraint or store a text that is not UTF-8; so such errors mean damage, too.
    """
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind in DAMAGES or isinstance(error, sqlite3.IntegrityError) or "decode to UTF-8" in str(error):
        return Damaged
    return StoreUnavailable


def _told(error: sqlite3.Error) -> str:
    """:returns: what is wrong and, if the kind of error is known, what to do about it."""
    # The low byte of a code is the kind of error. Source: https://www.sqlite.org/rescode.html
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return f"{error}; {_ADVICE[kind]}" if kind in _ADVICE else str(error)
