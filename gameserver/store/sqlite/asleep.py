"""
Rooms that sleep, in the SQLite file: which are due, which the lobby shows, and which users have them, each by an index.

A row of ``asleep`` exists from the commit with which a room falls asleep until the room is opened. ``due_ms`` is by a
clock that is never set: what clocks were set forward is subtracted. ``listed_ms`` is when the room was made; it is NULL
if the lobby does not show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import (
    Asleep,
    DueRooms,
    ISleepStore,
    Listed,
    SleepingRooms,
    SleepingTotal,
    Slept,
    StoreTime,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gameserver.interfaces import Commit
    from gameserver.store.sqlite.file import Database

SCHEMA_4: Final = (
    "ALTER TABLE rooms ADD COLUMN asleep INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX rooms_awake ON rooms (id) WHERE asleep = 0",
    "CREATE TABLE asleep (room INTEGER PRIMARY KEY, game TEXT NOT NULL, due_ms INTEGER, date_ms INTEGER,"
    " listed_ms INTEGER, is_open INTEGER NOT NULL, size_bytes INTEGER NOT NULL, about BLOB NOT NULL)",
    "CREATE INDEX asleep_due ON asleep (due_ms) WHERE due_ms IS NOT NULL",
    "CREATE INDEX asleep_date ON asleep (date_ms) WHERE date_ms IS NOT NULL",
    "CREATE INDEX asleep_listed ON asleep (listed_ms) WHERE listed_ms IS NOT NULL",
    "CREATE INDEX asleep_of_game ON asleep (game, listed_ms) WHERE listed_ms IS NOT NULL",
    "CREATE INDEX asleep_open ON asleep (game, listed_ms) WHERE is_open = 1",
    "CREATE INDEX asleep_size ON asleep (game, size_bytes)",
    "CREATE TABLE sleepers (user TEXT NOT NULL, room INTEGER NOT NULL, PRIMARY KEY (user, room)) WITHOUT ROWID",
)
"""What a file of schema 3 lacks."""

SITS: Final = "s/"
MADE: Final = "m/"
"""Put before the id of a user in ``sleepers``: `SITS` for one who has a seat, `MADE` for the maker of an empty room."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Asleep).decode


class SleepTable:
    """
    The sleeping rooms; each method is called inside a transaction, in the thread that writes.

    :param database: an open ``sqlite3.Connection``.
    """

    def __init__(self, database: Any) -> None:
        self._db = database

    def put(self, commits: Sequence[tuple[Commit, int]]) -> None:
        """Note which rooms fall asleep, by their commits and numbers."""
        rows, sleepers = [], []
        for commit, room in commits:
            asleep = commit.sleeps
            if asleep is not None:
                due_ms = None if asleep.due_ms is None else asleep.due_ms - asleep.stepped_ms
                listed_ms = None if asleep.listing is None else asleep.created_ms
                shown = (listed_ms, asleep.is_open and listed_ms is not None)
                rows.append((room, commit.game, due_ms, asleep.date_ms, *shown, asleep.size_bytes, _encode(asleep)))
                sleepers += [(user, room) for user in _users(asleep)]
        self._db.executemany("INSERT OR REPLACE INTO asleep VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._db.executemany("INSERT OR IGNORE INTO sleepers VALUES (?, ?)", sleepers)
        self._db.executemany("UPDATE rooms SET asleep = 1 WHERE number = ?", [(row[0],) for row in rows])

    def take(self, room: int) -> Slept | None:
        """Note that a room, by its number, sleeps no longer. :returns: how it slept; None: it did not."""
        row = self._db.execute("SELECT about FROM asleep WHERE room = ?", (room,)).fetchone()
        if row is None:
            return None
        asleep = _decode(row[0])
        self._db.execute("DELETE FROM asleep WHERE room = ?", (room,))
        self._db.execute("UPDATE rooms SET asleep = 0 WHERE number = ?", (room,))
        self._db.executemany(
            "DELETE FROM sleepers WHERE user = ? AND room = ?", [(user, room) for user in _users(asleep)]
        )
        time = self.time()
        return Slept(
            asleep=asleep,
            outage_ms=time.outage_ms - asleep.outage_ms,
            stepped_ms=time.stepped_ms - asleep.stepped_ms,
        )

    def mend(self) -> None:
        """Make these tables consistent after a part of the file was lost; a room without its row here is awake."""
        broken: list[tuple[int]] = []
        sleepers: list[tuple[str, int]] = []
        for room, about in self._db.execute("SELECT room, about FROM asleep"):
            try:
                sleepers += [(user, room) for user in _users(_decode(about))]
            except msgspec.MsgspecError:
                broken.append((room,))
        self._db.executemany("DELETE FROM asleep WHERE room = ?", broken)
        self._db.execute("DELETE FROM asleep WHERE room NOT IN (SELECT number FROM rooms)")
        self._db.execute("UPDATE rooms SET asleep = number IN (SELECT room FROM asleep)")
        self._db.execute("DELETE FROM sleepers")
        self._db.executemany("INSERT OR IGNORE INTO sleepers VALUES (?, ?)", sleepers)
        self._db.execute("DELETE FROM sleepers WHERE room NOT IN (SELECT room FROM asleep)")

    def time(self) -> StoreTime:
        """Return for how long no node ran, and how clocks were set; see `StoreTime`."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'time'").fetchone()
        return msgspec.json.decode(row[0], type=StoreTime) if row is not None else StoreTime()

    def begin_time(self, beat_ms: int, now_ms: int) -> StoreTime:
        """Count the time since the last beat as an outage; see `ISleepStore.begin_time`."""
        time = self.time()
        last_ms = max(beat_ms, time.since_ms)
        if 0 < last_ms < now_ms:
            time = msgspec.structs.replace(time, outage_ms=time.outage_ms + now_ms - last_ms, since_ms=now_ms)
            self._set_time(time)
        return time

    def step_time(self, delta_ms: int) -> StoreTime:
        """Count a step of the clock; see `ISleepStore.step_time`."""
        time = self.time()
        time = msgspec.structs.replace(time, stepped_ms=time.stepped_ms + delta_ms)
        self._set_time(time)
        return time

    def _set_time(self, time: StoreTime) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('time', ?)", (_encode(time),))

    def awake_ids(self) -> list[str]:
        """Return the rooms that do not sleep, oldest first."""
        return [
            room
            for (room,) in self._db.execute(
                "SELECT id FROM rooms INDEXED BY rooms_awake WHERE asleep = 0 ORDER BY number"
            )
        ]

    def due(self, until_ms: int, limit: int) -> DueRooms:
        """Return the rooms that are due; see `ISleepStore.due_rooms`."""
        time = self.time()
        late: dict[int, int] = {}
        for column, until in (("due_ms", until_ms - time.stepped_ms), ("date_ms", until_ms)):
            rows = self._db.execute(
                f"SELECT room, {column} FROM asleep WHERE {column} <= ? ORDER BY {column} LIMIT ?", (until, limit)
            )
            for room, due_ms in rows:
                late[room] = max(late.get(room, 0), until - due_ms)
        numbers = sorted(late, key=lambda room: late[room], reverse=True)[:limit]
        ids = [self._db.execute("SELECT id FROM rooms WHERE number = ?", (room,)).fetchone() for room in numbers]
        return DueRooms(ids=[row[0] for row in ids if row is not None], time=time)

    def listed(self, game: str | None, open_only: bool, skip: int, limit: int) -> list[Listed]:
        """Return a page of what the lobby shows; see `ISleepStore.listed_rooms`."""
        where = ["listed_ms IS NOT NULL", *(["is_open = 1"] if open_only else []), *(["game = ?"] if game else [])]
        rows = self._db.execute(
            "SELECT id, code, listed_ms, about FROM (SELECT room, listed_ms, about FROM asleep"
            f" WHERE {' AND '.join(where)} ORDER BY listed_ms DESC, room DESC LIMIT ? OFFSET ?)"
            " JOIN rooms ON number = room ORDER BY listed_ms DESC, room DESC",
            (*([game] if game else []), limit, skip),
        )
        return [
            Listed(room=id, code=code, created_ms=made_ms, listing=_decode(about).listing or "")
            for id, code, made_ms, about in rows
        ]

    def of_user(self, user: str) -> SleepingRooms:
        """Return the rooms that count for a user; see `ISleepStore.sleeping_rooms_of`."""
        seated, empty = (
            sorted(
                code
                for (code,) in self._db.execute(
                    "SELECT code FROM sleepers JOIN rooms ON number = room WHERE user = ?", (kind + user,)
                )
            )
            for kind in (SITS, MADE)
        )
        return SleepingRooms(seated=seated, empty=empty)

    def totals(self) -> dict[str, SleepingTotal]:
        """Tell how many rooms sleep and what they take; see `ISleepStore.sleeping_totals`."""
        rows = self._db.execute("SELECT game, count(*), sum(size_bytes) FROM asleep GROUP BY game")
        return {game: SleepingTotal(count=count, size_bytes=size_bytes) for game, count, size_bytes in rows}

    def rouse(self, game: str, now_ms: int) -> None:
        """Have all rooms of a game be due; see `ISleepStore.rouse`."""
        self._db.execute(
            "UPDATE asleep SET date_ms = ? WHERE game = ? AND (date_ms IS NULL OR date_ms > ?)", (now_ms, game, now_ms)
        )


def _users(asleep: Asleep) -> Iterable[str]:
    sits = [SITS + user for user in asleep.users]
    return sits if asleep.maker is None else [*sits, MADE + asleep.maker]


@implementer(ISleepStore)
class SQLiteSleep:
    """The part of `gameserver.store.sqlite.store.SQLiteStore` that knows which rooms sleep."""

    _ask: Callable[[Callable[[Database], Any]], Deferred[Any]]

    def begin_time(self, *, now_ms: int) -> Deferred[StoreTime]:
        """Count the time in which no node ran; see `ISleepStore.begin_time`."""
        return self._ask(lambda database: database.begin_time(now_ms))

    def step_time(self, delta_ms: int, *, now_ms: int) -> Deferred[StoreTime]:
        """Count a step of the clock; see `ISleepStore.step_time`."""
        return self._ask(lambda database: database.asleep.step_time(delta_ms))

    def awake_ids(self) -> Deferred[list[str]]:
        """Return the rooms that do not sleep; see `ISleepStore.awake_ids`."""
        return self._ask(lambda database: database.asleep.awake_ids())

    def due_rooms(self, *, until_ms: int, limit: int) -> Deferred[DueRooms]:
        """Return the sleeping rooms that are due; see `ISleepStore.due_rooms`."""
        return self._ask(lambda database: database.asleep.due(until_ms, limit))

    def listed_rooms(self, game: str | None, *, open_only: bool, skip: int, limit: int) -> Deferred[list[Listed]]:
        """Return a page of what the lobby shows; see `ISleepStore.listed_rooms`."""
        return self._ask(lambda database: database.asleep.listed(game, open_only, skip, limit))

    def sleeping_rooms_of(self, user: str) -> Deferred[SleepingRooms]:
        """Return the sleeping rooms that count for a user; see `ISleepStore.sleeping_rooms_of`."""
        return self._ask(lambda database: database.asleep.of_user(user))

    def sleeping_totals(self) -> Deferred[Mapping[str, SleepingTotal]]:
        """Tell how many rooms sleep and what they take; see `ISleepStore.sleeping_totals`."""
        return self._ask(lambda database: database.asleep.totals())

    def rouse(self, game: str, *, now_ms: int) -> Deferred[None]:
        """Have all sleeping rooms of a game be due; see `ISleepStore.rouse`."""
        return self._ask(lambda database: database.asleep.rouse(game, now_ms))
