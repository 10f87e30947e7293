"""
The tables of the SQLite file, and how a file of an older version gets them.

======== =========================================== =================================================================
table    columns                                     lifetime of a row
======== =========================================== =================================================================
rooms    number, id, code, game, fence, version,     the room's; ``number`` grows in the order of creation; ``asleep``
         at_ms, asleep                               is 1 for a room that sleeps
asleep   room, game, due_ms, date_ms, listed_ms,     while the room, by its number, sleeps; see
         is_open, size_bytes, about                  `gameserver.store.sqlite.asleep`
sleepers user, room                                  the same: who has a seat in it, or made it and left it empty
parts    room, part, value                           see `gameserver.store.keys`; ``room`` is the room's number
entry    room, name, value                           the room's, or until it is deleted: an entry of a table, by
                                                     ``TABLE/KEY`` in UTF-8, which is also the order of entries
tables   room, name, entries, bytes                  the room's: for each table how many entries it has, and their bytes
codes    code, room, free_at_ms, fence, version      from the claim until 24 hours after the room ended; after its end
                                                     with its last fence and version, to recognize a commit tried again
users    id, name_key, version, value                until the user is deleted
spent    mark, until_ms                              a day after the end of what it marks
books    book, page, value                           until the page is deleted
meta     key, value                                  ``beat_ms``: the newest beat or commit; ``time``: a `StoreTime`
======== =========================================== =================================================================
"""

from __future__ import annotations

from typing import Final

from gameserver.store.sqlite import users
from gameserver.store.sqlite.asleep import SCHEMA_4
from gameserver.store.sqlite.books import BOOKS_TABLE

_SCHEMA_1: Final = (
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
"""What a file of schema 1 lacks."""

_SCHEMA_3: Final = (
    "CREATE TABLE parts_3 (room INTEGER NOT NULL, part TEXT NOT NULL, value BLOB NOT NULL, UNIQUE (room, part))",
    "INSERT INTO parts_3 (room, part, value) SELECT number, part, value FROM rooms JOIN parts ON parts.room = rooms.id"
    " ORDER BY number, part",
    "DROP TABLE parts",
    "ALTER TABLE parts_3 RENAME TO parts",
)
"""Stores parts in the order in which they are written, see `gameserver.store.sqlite.rooms`; schema 2 sorted by name."""

SCHEMAS: Final = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3, SCHEMA_4)
"""The statements that lead to each version from the one before."""
SCHEMA_VERSION: Final = len(SCHEMAS)
"""Version of the tables, kept as the file's ``user_version``; a file with a newer one is refused."""
ADDED_TABLES: Final = (BOOKS_TABLE, *users.SCHEMA)
"""Made in each file that lacks them: these came without a new version."""
