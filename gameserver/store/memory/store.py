"""
A store in memory, which is gone with its process: for tests, and for games that are never stored.

It fulfils the whole contract, and answers at once. A test may also stop it and start it again with its content (a
restarted process), let it fail, hold its calls back, or let the process die while some are held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, IRoomReader, IStore, Located, Outcome, Stored, TableSizes
from gameserver.room.memory_tables import MemoryTables
from gameserver.store import keys
from gameserver.store.context import StoreContext
from gameserver.store.keys import CODE_REST_MS
from gameserver.store.memory.asleep import MemorySleep
from gameserver.store.memory.books import MemoryBooks
from gameserver.store.memory.users import MemoryUsers

T = TypeVar("T")


class _Room(Struct):
    code: str
    game: str
    fence: int
    version: int
    at_ms: int
    parts: dict[str, bytes]
    memory: MemoryTables = field(default_factory=MemoryTables)


class _Claim(Struct):
    """The room that has a code; after its end also until when the code rests, and the room's last fence and version."""

    room: str
    free_at_ms: int | None = None
    ended: tuple[int, int] = (0, 0)


@implementer(IStore, IRoomReader)
class MemoryStore(MemoryUsers, MemoryBooks, MemorySleep):
    """
    Keeps rooms and users in this process.

    :ivar fail: while set, each call fails with it, and nothing is written.
    :ivar fail_after: while set, each call does its work and then fails with it: the caller cannot tell the difference.
    """

    def __init__(self) -> None:
        super().__init__()
        MemorySleep.__init__(self)
        self.fail: StoreUnavailable | None = None
        self.fail_after: StoreUnavailable | None = None
        self._rooms: dict[str, _Room] = {}
        self._claims: dict[str, _Claim] = {}
        self._books: dict[str, dict[str, bytes]] = {}
        self._beat_ms: int | None = None
        self._last_beat_ms: int | None = None
        self._open = False
        self._held = False
        self._releasing = False
        self._calls: deque[tuple[Callable[[], Any], Deferred[Any]]] = deque()

    @property
    def in_flight(self) -> int:
        """How many calls are held."""
        return len(self._calls)

    def hold(self) -> None:
        """Hold all calls back from now on: none does its work before `release`."""
        self._held = True

    def release(self, count: int | None = None) -> None:
        """
        Let held calls do their work and fire, in order.

        :param count: how many of the oldest; the rest stay held. None: all, and hold no longer.
        """
        if count is None:
            self._held = False
            self._work_off()
        else:
            for _ in range(min(count, len(self._calls))):
                self._answer(*self._calls.popleft())

    def kill(self, *, written: bool = False) -> None:
        """
        Let the process die: what is held is never answered. `start` then begins the next process.

        :param written: whether the held calls still do their work before the process dies.
        """
        if written:
            for work, _ in self._calls:
                with suppress(StoreUnavailable):  # a call that the store refuses changes nothing
                    work()
        self._calls.clear()
        self._open = self._held = False

    def start(self) -> Deferred[None]:
        """Open the store, with the content that the process before this one left."""
        self._open = True
        self._last_beat_ms = self._beat_ms
        self._forget_claims(lambda claim: claim.free_at_ms is None and claim.room not in self._rooms)
        return succeed(None)

    def stop(self) -> Deferred[None]:
        """Release what is held, and answer nothing after that; the content stays."""
        if self._open:
            self.release()
            self._open = False
        return succeed(None)

    def commit(self, commits: Sequence[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
        """Store each commit whose fence is current, all of it or nothing; see `IStore.commit`."""

        def work() -> list[Outcome]:
            self._beat_ms = now_ms
            return [self._commit(commit, now_ms) for commit in commits]

        return self._ask(work)

    def room_ids(self) -> Deferred[list[str]]:
        """Return the ids of all rooms, oldest first; see `IStore.room_ids`."""
        return self._ask(lambda: list(self._rooms))

    def open_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Take rooms over under a higher fence, and return them; see `IStore.open_rooms`."""
        return self._ask(lambda: [self._take_over(id_) for id_ in dict.fromkeys(ids) if id_ in self._rooms])

    def read_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Read rooms, and leave them as they are; see `IRoomReader.read_rooms`."""
        return self._ask(lambda: [self._read(id_) for id_ in dict.fromkeys(ids) if id_ in self._rooms])

    def locate(self, code: str) -> Deferred[Located | None]:
        """Say which room has a code, and which node has the room; see `IStore.locate`."""
        return self._ask(lambda: self._located(code))

    def read_entries(self, room: str, table: str, names: Sequence[str]) -> Deferred[list[bytes | None]]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""
        return self._ask(lambda: self._tables_of(room).read(table, names))

    def scan_entries(
        self, room: str, table: str, *, prefix: str, after: str | None, limit: int
    ) -> Deferred[list[tuple[str, bytes]]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""
        return self._ask(lambda: self._tables_of(room).scan(table, prefix=prefix, after=after, limit=limit))

    def measure_entries(self, room: str, entries: Sequence[tuple[str, str]]) -> Deferred[TableSizes]:
        """Say how large the tables are; see `IStore.measure_entries`."""
        return self._ask(lambda: self._tables_of(room).measure(entries))

    def claim_code(self, code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """
        Reserve a code for a room that is about to be made; see `IStore.claim_code`.

        Also True if this room has it already, so that a claim can be repeated.
        """

        def work() -> bool:
            claim = self._claims.get(code)
            if claim is None or (claim.free_at_ms is not None and claim.free_at_ms <= now_ms):
                claim = self._claims[code] = _Claim(room)
            return claim.room == room and claim.free_at_ms is None

        return self._ask(work)

    def release_code(self, code: str) -> Deferred[None]:
        """
        Give back a code whose room was never stored; see `IStore.release_code`.

        A code whose room is stored, or was, is left alone.
        """

        def work() -> None:
            claim = self._claims.get(code)
            if claim is not None and claim.free_at_ms is None and claim.room not in self._rooms:
                del self._claims[code]

        return self._ask(work)

    def beat(self, *, now_ms: int) -> Deferred[None]:
        """Note that this node is alive, and forget the codes whose rest is over; see `IStore.beat`."""

        def work() -> None:
            self._beat_ms = now_ms
            self._forget_claims(lambda claim: claim.free_at_ms is not None and claim.free_at_ms <= now_ms)

        return self._ask(work)

    def last_beat_ms(self) -> Deferred[int | None]:
        """Return when the process before this one was last alive, or None; see `IStore.last_beat_ms`."""
        return self._ask(lambda: self._last_beat_ms)

    def _ask(self, work: Callable[[], T]) -> Deferred[T]:
        if not self._open:
            return fail(StoreUnavailable("The store is not open."))
        done: Deferred[T] = Deferred()
        self._calls.append((work, done))
        if not self._held:
            self._work_off()
        return done

    def _work_off(self) -> None:
        if self._releasing:
            return  # called from a callback of a call that is being answered: the loop below comes to this one, too
        self._releasing = True
        try:
            while self._calls and not self._held:
                self._answer(*self._calls.popleft())
        finally:
            self._releasing = False

    def _answer(self, work: Callable[[], T], done: Deferred[T]) -> None:
        if self.fail is not None:
            done.errback(self.fail)
            return
        result = work()
        if self.fail_after is not None:
            done.errback(self.fail_after)
        else:
            done.callback(result)

    def _commit(self, commit: Commit, now_ms: int) -> Outcome:
        room = self._rooms.get(commit.room)
        claim = self._claims.get(commit.code) if room is None else None
        if claim is not None and (claim.room != commit.room or claim.free_at_ms is not None):
            is_retry = claim.room == commit.room and claim.ended == (commit.fence, commit.version)
            return Outcome.STORED if is_retry else Outcome.FENCED
        fence, version = (room.fence, room.version) if room is not None else (0, 0)
        if (commit.fence, commit.version) == (fence, version):
            return Outcome.STORED
        if commit.fence < fence or commit.version <= version:
            return Outcome.FENCED
        if commit.version != version + 1 and not (commit.whole or commit.ends):
            return Outcome.BEHIND
        self._write(commit, now_ms)
        return Outcome.STORED

    def _write(self, commit: Commit, now_ms: int) -> None:
        if commit.notices:
            self._books.setdefault(keys.NOTICES, {}).update(commit.notices)
        if commit.ends:
            self._rooms.pop(commit.room, None)
            self._sleep.rooms.pop(commit.room, None)
            self._claims[commit.code] = _Claim(commit.room, now_ms + CODE_REST_MS, ended=(commit.fence, commit.version))
            return
        room = self._rooms.get(commit.room)
        if room is None:
            room = self._rooms[commit.room] = _Room(commit.code, commit.game, 0, 0, 0, {})
            self._claims.setdefault(commit.code, _Claim(commit.room))
        if commit.whole:
            room.parts.clear()
            room.game = commit.game
        room.fence, room.version, room.at_ms = commit.fence, commit.version, now_ms
        room.parts.update(commit.puts)
        for part in commit.drops:
            room.parts.pop(part, None)
        if commit.entries:
            room.memory.write(commit.entries)
        if commit.sleeps is not None:
            self._sleep.rooms[commit.room] = commit.sleeps
        else:
            self._sleep.rooms.pop(commit.room, None)

    def _located(self, code: str) -> Located | None:
        claim = self._claims.get(code)
        room = self._rooms.get(claim.room) if claim is not None else None
        if claim is None or room is None:
            return None
        return Located(room=claim.room, code=code, game=room.game)

    def _tables_of(self, room_id: str) -> MemoryTables:
        room = self._rooms.get(room_id)
        return room.memory if room is not None else MemoryTables()

    def _take_over(self, room_id: str) -> Stored:
        self._rooms[room_id].fence += 1
        return replace(self._read(room_id), slept=self._wake(room_id))

    def _read(self, room_id: str) -> Stored:
        room = self._rooms[room_id]
        return Stored(
            room=room_id,
            code=room.code,
            game=room.game,
            fence=room.fence,
            version=room.version,
            at_ms=room.at_ms,
            parts=dict(room.parts),
            table_bytes=room.memory.size_bytes,
        )

    def _forget_claims(self, is_stale: Callable[[_Claim], bool]) -> None:
        for code in [code for code, claim in self._claims.items() if is_stale(claim)]:
            del self._claims[code]


def make(context: StoreContext) -> MemoryStore:
    """
    Make the store that the setting ``store`` names.

    :raises SettingError: something follows ``memory:``.
    """
    if context.address != "memory:":
        raise context.settings.error("store", f"expected memory: and nothing behind it, not {context.address!r}")
    return MemoryStore()
