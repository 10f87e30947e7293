"""
The embedded store: one SQLite file, one process, one thread that writes.

The way of a call: the reactor's thread appends it to those that wait, and wakes the writer. The writer takes *all* that
wait, makes them in one transaction, and hands the results back to the reactor's thread, where the Deferreds fire. While
one transaction is written the next calls gather: the busier the store, the more calls share one write to the disk.

For the file itself see `gameserver.store.sqlite.file`, for its tables `gameserver.store.sqlite.schema`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Literal, Protocol, TypeVar

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, IRoomReader, IStore, Located, Outcome, Stored, TableSizes
from gameserver.store.context import StoreContext
from gameserver.store.sqlite.asleep import SQLiteSleep
from gameserver.store.sqlite.books import SQLiteBooks
from gameserver.store.sqlite.file import Damaged, Database
from gameserver.store.sqlite.recovery import open_database, replace
from gameserver.store.sqlite.users import SQLiteUsers

T = TypeVar("T")

_SYNC: Final = {"normal": "NORMAL", "power": "FULL"}
"""What a commit survives, in SQLite's words: the end of the process, or a power cut too (one fsync per transaction)."""


class Writer(Protocol):
    """Does the store's work, one piece after the other, outside the reactor's thread."""

    def do(self, work: Callable[[], object]) -> None:
        """Do a piece of work, after all that were given before."""

    def quit(self) -> None:
        """Stop after what was given so far."""


class WriterThread:
    """
    A thread that does what it is given, in order.

    It is a daemon thread: a process whose service was never stopped still ends; what was committed is in the file.
    """

    def __init__(self) -> None:
        self._given: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        Thread(target=self._run, name="gameserver-store", daemon=True).start()

    def do(self, work: Callable[[], object]) -> None:
        """Do a piece of work, after all that were given before; see `Writer.do`."""
        self._given.put(work)

    def quit(self) -> None:
        """Stop after what was given so far; see `Writer.quit`."""
        self._given.put(None)

    def _run(self) -> None:
        while (work := self._given.get()) is not None:
            work()


@implementer(IStore, IRoomReader)
class SQLiteStore(SQLiteUsers, SQLiteBooks, SQLiteSleep):
    """
    Keeps rooms and users in one SQLite file, which one process at a time may use.

    :param path: the file, made if there is none; its folder must exist. ``PATH.lock``, ``-wal``, ``-shm`` lie beside.
    :param reactor: the Deferreds fire in its thread.
    :param sync: what a commit survives: ``normal``: the end of the process; ``power``: also a power cut.
    :param make_writer: makes what does the work: a thread, unless a test says otherwise.
    :ivar transactions: how many were written or failed since the start.
    :ivar replaced: called when the file was found damaged and was replaced by what could be read of it: rooms that are
        in memory should then be stored again. None: nobody runs rooms.
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
        self.replaced: Callable[[], None] | None = None
        self._path = path
        self._reactor = reactor
        self._sync = _SYNC[sync]
        self._make_writer = make_writer
        self._writer: Writer | None = None
        self._stops: list[Deferred[None]] = []
        # Shared with the writer, and only the writer takes from it.
        self._calls: deque[tuple[Callable[[Database], Any], Deferred[Any]]] = deque()
        # Used only in the writer's thread.
        self._database: Database | None = None
        self._damage: str | None = None  # what is wrong with the file, until it is replaced

    def start(self) -> Deferred[None]:
        """Open the store; see `IStore.start`."""
        done: Deferred[None] = Deferred()
        self._writer = self._make_writer()
        self._writer.do(lambda: self._open(done))
        return done

    def stop(self) -> Deferred[None]:
        """Finish the calls that wait, then close the store; see `IStore.stop`."""
        if self._writer is None:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._stops.append(done)
        if len(self._stops) == 1:
            self._writer.do(self._close)
        return done

    def commit(self, commits: Sequence[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
        """Store each commit whose fence is current, all of it or nothing; see `IStore.commit`."""
        return self._ask(lambda database: database.commit(commits, now_ms))

    def room_ids(self) -> Deferred[list[str]]:
        """Return the ids of all rooms, oldest first; see `IStore.room_ids`."""
        return self._ask(lambda database: database.rooms.ids())

    def open_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Take rooms over under a higher fence, and return them; see `IStore.open_rooms`."""
        return self._ask(lambda database: database.rooms.open(ids))

    def read_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Read rooms, and leave them as they are; see `IRoomReader.read_rooms`."""
        return self._ask(lambda database: database.rooms.read(ids))

    def locate(self, code: str) -> Deferred[Located | None]:
        """Say which room has a code; that is never another node's; see `IStore.locate`."""
        return self._ask(lambda database: database.rooms.locate(code))

    def read_entries(self, room: str, table: str, names: Sequence[str]) -> Deferred[list[bytes | None]]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""
        return self._ask(lambda database: database.entries.read(room, table, names))

    def scan_entries(
        self, room: str, table: str, *, prefix: str, after: str | None, limit: int
    ) -> Deferred[list[tuple[str, bytes]]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""
        return self._ask(lambda database: database.entries.scan(room, table, prefix, after, limit))

    def measure_entries(self, room: str, entries: Sequence[tuple[str, str]]) -> Deferred[TableSizes]:
        """Say how large the tables are; see `IStore.measure_entries`."""
        return self._ask(lambda database: database.entries.measure(room, entries))

    def claim_code(self, code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """
        Reserve a code for a room that is about to be made; see `IStore.claim_code`.

        Also True if this room has it already, so that a claim can be repeated.
        """
        return self._ask(lambda database: database.claim_code(code, room, now_ms))

    def release_code(self, code: str) -> Deferred[None]:
        """
        Give back a code whose room was never stored; see `IStore.release_code`.

        A code whose room is stored, or was, is left alone.
        """
        return self._ask(lambda database: database.release_code(code))

    def beat(self, *, now_ms: int) -> Deferred[None]:
        """Note that this node is alive, and forget the codes whose rest is over; see `IStore.beat`."""
        return self._ask(lambda database: database.beat(now_ms))

    def last_beat_ms(self) -> Deferred[int | None]:
        """Return when the process before this one was last alive, or None; see `IStore.last_beat_ms`."""
        return self._ask(lambda database: database.last_beat_ms)

    # In the reactor's thread.

    def _ask(self, call: Callable[[Database], T]) -> Deferred[T]:
        if self._writer is None or self._stops:
            return fail(StoreUnavailable(f"{self._path} is not open."))
        done: Deferred[T] = Deferred()
        self._calls.append((call, done))
        self._writer.do(self._write)
        return done

    def _answer(self, dones: Sequence[Deferred[Any]], outcome: Deferred[list[Any]]) -> None:
        self.transactions += 1
        outcome.addCallbacks(_succeed, _fail, callbackArgs=(dones,), errbackArgs=(dones,))

    def _opened(self, done: Deferred[None], outcome: Deferred[None]) -> None:
        outcome.addErrback(self._not_opened)
        outcome.chainDeferred(done)

    def _not_opened(self, failure: Failure) -> Failure:
        self._quit()
        return failure

    def _closed(self, outcome: Deferred[None]) -> None:
        self._quit()
        stops, self._stops = self._stops, []
        for done in stops:
            outcome.chainDeferred(done)

    def _quit(self) -> None:
        if self._writer is not None:
            self._writer.quit()
            self._writer = None

    def _replaced(self) -> None:
        if self.replaced is not None:
            self.replaced()

    # In the writer's thread.

    def _open(self, done: Deferred[None]) -> None:
        # `execute`, since the caller must hear of whatever goes wrong.
        self._reactor.callFromThread(self._opened, done, execute(self._open_file))

    def _open_file(self) -> None:
        self._database = open_database(self._path, self._sync)

    def _write(self) -> None:
        calls: list[Callable[[Database], Any]] = []
        dones: list[Deferred[Any]] = []
        while self._calls:
            call, done = self._calls.popleft()
            calls.append(call)
            dones.append(done)
        if calls:  # else an earlier wake-up has taken them
            # `execute`, since the callers must hear of whatever goes wrong, and the thread must live on.
            outcome = execute(self._transact, calls)
            self._reactor.callFromThread(self._answer, dones, outcome)

    def _transact(self, calls: Sequence[Callable[[Database], Any]]) -> list[Any]:
        if self._damage is not None:  # it could not be replaced when that was found, for instance for want of space
            self._replace(self._damage)
        if self._database is None:
            raise StoreUnavailable(f"{self._path} is not open.")
        try:
            return self._database.transact(calls)
        except Damaged as damaged:
            self._database.close()
            self._database, self._damage = None, str(damaged)
            return self._replace(self._damage).transact(calls)

    def _replace(self, damage: str) -> Database:
        replace(self._path, self._sync, damage)
        self._database, self._damage = Database(self._path, self._sync), None
        self._reactor.callFromThread(self._replaced)
        return self._database

    def _close(self) -> None:
        database, self._database = self._database, None
        outcome = execute(database.close) if database is not None else succeed(None)
        self._reactor.callFromThread(self._closed, outcome)


def make(context: StoreContext) -> SQLiteStore:
    """Make the store that the setting ``store`` names, at the path that it gives."""
    path = context.address.removeprefix("sqlite:")
    return SQLiteStore(path, reactor=context.reactor, sync=context.settings.sync)


def _succeed(results: Sequence[Any], dones: Sequence[Deferred[Any]]) -> None:
    for done, result in zip(dones, results, strict=True):
        done.callback(result)


def _fail(failure: Failure, dones: Sequence[Deferred[Any]]) -> None:
    for done in dones:
        done.errback(failure)
