"""
Copies what can be read of a damaged SQLite file into a new one, and puts rooms that have lost something in quarantine.

The damaged file is not changed. That a room is whole is proved, not hoped: the index of parts, which is on other pages,
lists each part that a room has; and for each table of a room the file says how many entries it has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

from gameserver.node.unclean_ends import BOOK, DAMAGED, UncleanEnd
from gameserver.store.keys import ENTRY
from gameserver.store.sqlite.pages import Cell, FilePages
from gameserver.store.sqlite.trees import Column, Shape, Tree, Trees

SOME: Final = 500
"""How many rows are written together."""
SHOWN: Final = 3
"""How many lost parts of a room are named."""
LOST_GAME: Final = "?"
"""Stands for the game of a room of which only the parts are left."""


class NothingSaved(Exception):
    """The file has no rooms, parts or accounts of a store."""


class LostRoom(Struct, frozen=True):
    """A room that is not whole; ``why`` says what is missing."""

    code: str
    game: str
    why: str


class Salvage(Struct):
    """
    The result of copying.

    :ivar pages: the damaged pages, by their numbers from 1.
    :ivar rooms: how many rooms the new file has.
    :ivar lost: those of them that are quarantined.
    :ivar others: what else was lost, in words.
    """

    pages: list[int]
    rooms: int = 0
    lost: list[LostRoom] = []
    others: list[str] = []

    def in_words(self) -> list[str]:
        """:returns: lines for an operator."""
        pages = ", ".join(map(str, self.pages[:20])) + (" …" if len(self.pages) > 20 else "")
        lines = [f"damaged pages: {pages}; {self.rooms} rooms were found, {len(self.lost)} of them not whole"]
        lines += [f"room {room.code} of the game {room.game}: {room.why}" for room in self.lost]
        return lines + self.others


class Copying:
    """
    Copies one file.

    :param file: the damaged file.
    :param database: a new and empty `gameserver.store.sqlite.file.Database`, inside a transaction.
    :param now_ms: milliseconds since 1970.
    """

    def __init__(self, file: FilePages, database: Any, *, now_ms: int) -> None:
        self._database = database
        self._now_ms = now_ms
        shapes = list(shapes_of(database))
        self._shapes = {shape.name: shape for shape in shapes}
        self._trees = Trees(file, shapes)
        self._parts: dict[int, set[str]] = defaultdict(set)
        self._indexed: dict[int, set[str]] = defaultdict(set)
        self._numbers: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._accounts: set[str] = set()
        self._garbled = self._trees.lost_roots
        self._waiting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def run(self) -> Salvage:
        """
        Copy all that can be read.

        :raises NothingSaved: there is nothing of a store in the file.
        """
        for name in self._shapes:
            for cell in self._trees.rows(name):
                self._take(self._shapes[name], cell)
        for tree, cell in self._trees.strays():
            self._take(tree.shape, cell)
        for table in list(self._waiting):
            self._flush(table)
        salvage = Salvage(self._trees.bad)
        if not self._parts and not self._numbers and not self._accounts:
            raise NothingSaved
        salvage.lost += self._see_to_rooms(salvage.others)
        salvage.others += self._see_to_others()
        self._database.asleep.mend()
        ((salvage.rooms,),) = self._database.run("SELECT count(*) FROM rooms", ())
        return salvage

    def _take(self, shape: Shape, cell: Cell) -> None:
        values = dict(zip((column.name for column in shape.columns), cell.values, strict=False))
        if shape.is_table:
            for column in shape.columns:
                if column.number:
                    values[column.name] = cell.key
            if shape.name == "parts":
                if _is_garbled(values["value"]):
                    return
                self._parts[values["room"]].add(values["part"])
                values["rowid"] = cell.key
            elif shape.name == "entry" and _is_garbled(values["value"]):
                self._garbled = True
                return
            elif shape.name == "rooms":
                self._numbers[values["id"]] = values["number"]
            elif shape.name == "users":
                self._accounts.add(values["id"])
            self._put(shape.name, values)
        elif shape.table == "parts":
            self._indexed[values["room"]].add(values["part"])
        elif shape.table == "rooms" and "id" in values:
            self._numbers.setdefault(values["id"], cell.values[-1])
        elif shape.table == "users" and "name_key" in values and values["name_key"] is not None:
            self._names[cell.values[-1]] = values["name_key"]

    def _put(self, table: str, values: dict[str, Any]) -> None:
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
        waiting = self._waiting[statement]
        waiting.append(tuple(values.values()))
        if len(waiting) >= SOME:
            self._flush(statement)

    def _flush(self, statement: str) -> None:
        self._database.run_many(statement, self._waiting.pop(statement))

    # What is missing

    def _tree(self, table: str, column: str | None = None) -> Tree:
        """:returns: the tree of a table, or of its index that begins with a column."""
        for name, shape in self._shapes.items():
            if shape.table == table and (
                shape.is_table if column is None else not shape.is_table and shape.columns[0].name == column
            ):
                return self._trees.trees[name]
        raise LookupError(table)

    def _see_to_rooms(self, others: list[str]) -> list[LostRoom]:
        rows = self._database.run("SELECT number, id, code, game FROM rooms", ())
        known = {number: (id, code, game) for number, id, code, game in rows}
        lost = dict(self._lost_parts(set(known)))
        for number, found in self._rowless(set(known)).items():
            if found is None:
                others.append(
                    f"of a room with the parts {', '.join(sorted(self._parts[number])[:5])} nothing else is left"
                )
                self._database.run("DELETE FROM parts WHERE room = ?", (number,))
            else:
                known[number] = found
                lost[number] = "what is known of it besides its parts is lost, its game as well"
        for id, why in self._lost_entries():
            if (mine := self._numbers.get(id)) in known and mine is not None:
                lost.setdefault(mine, why)
        for number in lost:
            id, code, game = known[number]
            self._quarantine(id, code, game, lost[number])
            # With a lower version the file counts as behind: a server that has the room in memory stores it whole.
            self._database.run("UPDATE rooms SET version = version - 1 WHERE number = ? AND version > 1", (number,))
        self._wake()
        for id, code, _ in known.values():
            self._database.run("INSERT OR IGNORE INTO codes (code, room) VALUES (?, ?)", (code, id))
        return [LostRoom(*known[number][1:], lost[number]) for number in sorted(lost)]

    def _wake(self) -> None:
        """Have rooms count as awake that the index of sleeping rooms may have lost: the next start opens them."""
        whole = not any(self._tree(table).bad for table in ("asleep", "sleepers"))
        where = "" if not whole or self._trees.lost_roots else " WHERE number NOT IN (SELECT room FROM asleep)"
        self._database.run(f"UPDATE rooms SET asleep = 0{where}", ())
        if not where:
            self._database.run("DELETE FROM asleep", ())
            self._database.run("DELETE FROM sleepers", ())

    def _lost_parts(self, known: set[int]) -> Iterable[tuple[int, str]]:
        index = self._tree("parts", "room")
        for number in known:
            missing = sorted(self._indexed[number] - self._parts[number])
            if missing:
                more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
                yield number, f"its parts {', '.join(missing[:SHOWN])}{more} are lost"
            elif self._tree("parts").bad and any(_lies_in(number, gap) for gap in index.gaps):
                yield number, "it is not known whether all its parts are there"

    def _rowless(self, known: set[int]) -> dict[int, tuple[str, str, str] | None]:
        """
        Give rooms that have parts but no row a new one, if their codes are known.

        :returns: such rooms by number, with id, code and game; None for those of which not enough is known.
        """
        if not self._tree("rooms").bad:
            return {}
        ids = {number: id for id, number in self._numbers.items()}
        codes = {room: code for code, room in self._database.run("SELECT code, room FROM codes", ())}
        found: dict[int, tuple[str, str, str] | None] = {}
        for number in {*self._parts, *ids.keys()} - known:
            id = ids.get(number)
            code = codes.get(id) if id is not None else None
            if id is None or code is None:
                if number in self._parts:
                    found[number] = None
                continue
            self._database.run(
                "INSERT INTO rooms (number, id, code, game, fence, version, at_ms) VALUES (?, ?, ?, ?, 1, 1, ?)",
                (number, id, code, LOST_GAME, self._now_ms),
            )
            found[number] = (id, code, LOST_GAME)
        return found

    def _lost_entries(self) -> Iterable[tuple[str, str]]:
        """Find rooms of which a table lacks entries, and count the entries of all tables anew."""
        if not (self._tree("entry").bad or self._tree("tables").bad or self._garbled):
            return
        counts: Counter[tuple[str, str]] = Counter()
        sizes: Counter[tuple[str, str]] = Counter()
        for room, name, size in self._database.run("SELECT room, name, length(value) FROM entry", ()):
            table, _, _ = name.partition(ENTRY.encode())
            where = (room, table.decode("utf-8", "replace"))
            counts[where] += 1
            sizes[where] += len(name) - len(table) - len(ENTRY) + size
        said = {
            (room, name): count
            for room, name, count in self._database.run("SELECT room, name, entries FROM tables", ())
        }
        for where in {*said, *counts}:
            room, table = where
            if said.get(where, counts[where]) != counts[where]:
                yield room, f"{said[where] - counts[where]} entries of its table {table} are lost"
            elif where not in said and self._tree("entry").bad:
                yield room, f"it is not known whether all entries of its table {table} are there"
            self._database.run(
                "INSERT OR REPLACE INTO tables (room, name, entries, bytes) VALUES (?, ?, ?, ?)",
                (room, table, counts[where], sizes[where]),
            )

    def _see_to_others(self) -> list[str]:
        said = []
        gone = sorted(name for id, name in self._names.items() if id not in self._accounts)
        if self._tree("users").bad:
            named = f": {', '.join(gone[:20])}{' …' if len(gone) > 20 else ''}" if gone else ""
            said.append(f"{len(gone) or 'some'} accounts are lost{named}")
        if self._tree("books").bad:
            said.append("some of what is kept beside rooms is lost: sanctions, the log, lines of lobbies, notices")
        if self._tree("spent").bad:
            said.append(
                "tickets that were used within the last day could be used again: change the secret to prevent it"
            )
        return said

    def _quarantine(self, id: str, code: str, game: str, why: str) -> None:
        page = UncleanEnd(room=id, code=code, game=game, at_ms=self._now_ms, why=f"the file was damaged: {why}")
        statement = "INSERT OR REPLACE INTO books (book, page, value) VALUES (?, ?, ?)"
        self._database.run(statement, (BOOK, f"{id}/{DAMAGED}", msgspec.json.encode(page)))


def _is_garbled(value: bytes) -> bool:
    """Whether a value is not JSON any more; a compressed one is not checked here, but when it is read."""
    if value.startswith(b"\0"):
        return False
    try:
        msgspec.json.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True
    return False


def _lies_in(number: int, gap: tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]) -> bool:
    before, behind = gap
    return (before is None or before[0] <= number) and (behind is None or number <= behind[0])


def shapes_of(database: Any) -> Iterable[Shape]:
    """:returns: the shapes of the trees in a file that this release makes."""
    rows = database.run("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('table', 'index')", ())
    columns: dict[str, dict[str, Column]] = {}
    unnumbered = set()
    for kind, name, _, sql in rows:
        if kind != "table":
            continue
        described = database.run(f"PRAGMA table_info({name})", ())
        numbered = "WITHOUT ROWID" not in sql.upper()
        if not numbered:
            unnumbered.add(name)
            keys = sorted((row for row in described if row[5]), key=lambda row: row[5])
            described = keys + [row for row in described if not row[5]]
        columns[name] = {
            row[1]: Column(row[1], row[2], bool(row[3] or (row[5] and not numbered)), bool(row[5] and numbered))
            for row in described
        }
        yield Shape(name, name, tuple(columns[name].values()), numbered)
    for kind, name, table, _ in rows:
        if kind == "index":
            number = Column("rowid", "INTEGER", needed=True)
            found = database.run(f"PRAGMA index_xinfo({name})", ())
            if table in unnumbered and columns[table] and name.endswith("autoindex_" + table + "_1"):
                continue  # the table itself
            indexed = [columns[table].get(row[2], number) for row in found]
            yield Shape(name, table, tuple(number if c.number else c for c in indexed), numbered=False)
