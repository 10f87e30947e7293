"""
Rooms in the SQLite file: how commits are judged and written, and how rooms are read again.

A commit costs the pages that it changes, each of which is written to the log and later to the file, and the statements
that it takes. So parts are stored in the order in which they were first written (parts that are written in one
transaction share pages, whatever their names), with a number for the room; and the fence and version of each room are
kept in memory, since nobody else writes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gameserver.interfaces import Commit, Located, Outcome, Stored
from gameserver.node.unclean_ends import BOOK, DAMAGED
from gameserver.store.keys import CODE_REST_MS, NOTICES
from gameserver.store.sqlite.asleep import SleepTable
from gameserver.store.sqlite.books import DROP_PAGE, PUT_PAGE
from gameserver.store.sqlite.tables import Entries

if TYPE_CHECKING:
    from typing import Any

    Database = Any  # `gameserver.store.sqlite.file` alone imports SQLite


class Reached(Struct):
    """How far a stored room has come: its number, its fence, and the version of its last commit."""

    number: int
    fence: int
    version: int


class RoomTables:
    """
    The rooms; each method but `forget` is called inside a transaction, in the thread that writes.

    :param database: an open ``sqlite3.Connection``.
    """

    def __init__(self, database: Database, entries: Entries, asleep: SleepTable) -> None:
        self._db = database
        self._entries = entries
        self._asleep = asleep
        # For rooms with commits since the start: what the file says, including the transaction under way.
        self._reached: dict[str, Reached] = {}

    def forget(self) -> None:
        """Forget what is kept in memory: a transaction failed, so that the file may say something else."""
        self._reached.clear()

    def commit(self, commits: Sequence[Commit], now_ms: int) -> list[Outcome]:
        """Store each commit whose fence is current, all of it or nothing; see `IStore.commit`."""
        outcomes = []
        lasting = []
        ending = []
        for commit in commits:
            reached = self._reached_by(commit.room)
            outcome = self._known_outcome(commit, reached)
            if outcome is None:
                outcome = Outcome.STORED
                if commit.notices:
                    self._db.executemany(PUT_PAGE, [(NOTICES, *page) for page in commit.notices.items()])
                if commit.ends:
                    ending.append(commit)
                else:
                    lasting.append((commit, reached))
            outcomes.append(outcome)
        if lasting:
            self._write([(commit, self._reach(commit, reached, now_ms)) for commit, reached in lasting], now_ms)
        if ending:
            self._end(ending, now_ms)
        return outcomes

    def _reached_by(self, room: str) -> Reached | None:
        reached = self._reached.get(room)
        if reached is None:
            row = self._db.execute("SELECT number, fence, version FROM rooms WHERE id = ?", (room,)).fetchone()
            if row is not None:
                reached = self._reached[room] = Reached(*row)
        return reached

    def _known_outcome(self, commit: Commit, reached: Reached | None) -> Outcome | None:
        """:returns: the outcome of a commit that is not to be written; None: it is to be written."""
        fence, version = (0, 0) if reached is None else (reached.fence, reached.version)
        if commit.version == version + 1 and commit.fence >= fence and reached is not None:
            return None  # nearly all commits end here
        if reached is None:
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

    def _reach(self, commit: Commit, reached: Reached | None, now_ms: int) -> int:
        """Note how far a room comes with a commit; a new room gets its row. :returns: the room's number."""
        if reached is None:
            row = (commit.room, commit.code, commit.game, commit.fence, commit.version, now_ms)
            number = self._db.execute(
                "INSERT INTO rooms (id, code, game, fence, version, at_ms) VALUES (?, ?, ?, ?, ?, ?)", row
            ).lastrowid
            reached = self._reached[commit.room] = Reached(number, commit.fence, commit.version)
        reached.fence, reached.version = commit.fence, commit.version
        return reached.number

    def _write(self, commits: Sequence[tuple[Commit, int]], now_ms: int) -> None:
        """Write commits, each with its room's number; statements that none of them needs are left out."""
        puts = [(room, part, value) for commit, room in commits for part, value in commit.puts.items()]
        drops = [(room, part) for commit, room in commits for part in commit.drops]
        begun = [(commit.code, commit.room) for commit, _ in commits if commit.version == 1 or commit.whole]
        whole = [(commit.game, room) for commit, room in commits if commit.whole]
        self._db.executemany(
            "UPDATE rooms SET fence = ?, version = ?, at_ms = ? WHERE number = ?",
            [(commit.fence, commit.version, now_ms, room) for commit, room in commits],
        )
        if begun:
            self._db.executemany("INSERT OR IGNORE INTO codes (code, room) VALUES (?, ?)", begun)
        if whole:
            self._db.executemany("UPDATE rooms SET game = ? WHERE number = ?", whole)
            self._db.executemany("DELETE FROM parts WHERE room = ?", [(room,) for _, room in whole])
            self._db.executemany(
                DROP_PAGE, [(BOOK, f"{commit.room}/{DAMAGED}") for commit, _ in commits if commit.whole]
            )
            for _, room in whole:
                self._asleep.take(room)
        self._db.executemany(
            "INSERT INTO parts (room, part, value) VALUES (?, ?, ?)"
            " ON CONFLICT (room, part) DO UPDATE SET value = excluded.value",
            puts,
        )
        if drops:
            self._db.executemany("DELETE FROM parts WHERE room = ? AND part = ?", drops)
        if any(commit.sleeps is not None for commit, _ in commits):
            self._asleep.put(commits)
        for commit, _ in commits:
            if commit.entries:
                self._entries.write(commit.room, commit.entries)

    def _end(self, commits: Sequence[Commit], now_ms: int) -> None:
        ids = [(commit.room,) for commit in commits]
        for commit in commits:
            reached = self._reached_by(commit.room)
            if reached is not None:
                self._asleep.take(reached.number)
        self._db.executemany("DELETE FROM parts WHERE room = (SELECT number FROM rooms WHERE id = ?)", ids)
        for table in ("entry", "tables"):
            self._db.executemany(f"DELETE FROM {table} WHERE room = ?", ids)
        self._db.executemany("DELETE FROM rooms WHERE id = ?", ids)
        self._db.executemany(
            "INSERT OR REPLACE INTO codes (code, room, free_at_ms, fence, version) VALUES (?, ?, ?, ?, ?)",
            [(c.code, c.room, now_ms + CODE_REST_MS, c.fence, c.version) for c in commits],
        )
        for commit in commits:
            self._reached.pop(commit.room, None)

    def ids(self) -> list[str]:
        """Return the ids of all rooms, oldest first; see `IStore.room_ids`."""
        return [room for (room,) in self._db.execute("SELECT id FROM rooms ORDER BY number")]

    def locate(self, code: str) -> Located | None:
        """Say which room has a code; see `IStore.locate`."""
        row = self._db.execute(
            "SELECT id, game FROM codes JOIN rooms ON rooms.id = codes.room WHERE codes.code = ?", (code,)
        ).fetchone()
        return None if row is None else Located(room=row[0], code=code, game=row[1])

    def open(self, ids: Sequence[str]) -> list[Stored]:
        """Take rooms over under a higher fence, and return them; see `IStore.open_rooms`."""
        ids = list(dict.fromkeys(ids))
        self._db.executemany("UPDATE rooms SET fence = fence + 1 WHERE id = ?", [(room,) for room in ids])
        for room in ids:
            self._reached.pop(room, None)
        return [replace(stored, slept=self._asleep.take(number)) for number, stored in self._found(ids)]

    def read(self, ids: Sequence[str]) -> list[Stored]:
        """Return rooms, and leave them as they are; see `IRoomReader.read_rooms`."""
        return [stored for _, stored in self._found(list(dict.fromkeys(ids)))]

    def _found(self, ids: Sequence[str]) -> Iterator[tuple[int, Stored]]:
        """:returns: the rooms that exist, each with its number."""
        return (found for found in map(self._read, ids) if found is not None)

    def _read(self, room: str) -> tuple[int, Stored] | None:
        row = self._db.execute(
            "SELECT number, code, game, fence, version, at_ms FROM rooms WHERE id = ?", (room,)
        ).fetchone()
        if row is None:
            return None
        number, code, game, fence, version, at_ms = row
        parts = dict(self._db.execute("SELECT part, value FROM parts WHERE room = ?", (number,)).fetchall())
        return number, Stored(
            room=room,
            code=code,
            game=game,
            fence=fence,
            version=version,
            at_ms=at_ms,
            parts=parts,
            table_bytes=self._entries.size_bytes(room),
        )
