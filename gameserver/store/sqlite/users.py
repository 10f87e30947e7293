"""Users in SQLite: their tables, and the calls of the store on them, each inside a transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import IUserStore, Put, UserRow

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, name_key TEXT UNIQUE, version INTEGER NOT NULL,"
    " value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS spent (mark TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID",
)
"""Made if they are missing, in a file of any schema: an older server does not know these tables, and ignores them."""

SOME: Final = 500
"""How many users are read at once."""

_SELECT: Final = "SELECT id, name_key, version, value FROM users WHERE "


@implementer(IUserStore)
class SQLiteUsers:
    """The part of `SQLiteStore` that keeps users."""

    def _ask(self, call: Callable[[Any], Any]) -> Deferred[Any]:
        raise NotImplementedError

    def put_user(self, row: UserRow) -> Deferred[Put]:
        """Write a user's row if its version follows the stored one and its name is free; see `IUserStore.put_user`."""
        return self._ask(lambda database: database.users.put(row))

    def user(self, id: str) -> Deferred[UserRow | None]:
        """Return the row of this id, or None; see `IUserStore.user`."""
        return self._ask(lambda database: database.users.find("id = ?", id))

    def user_named(self, name_key: str) -> Deferred[UserRow | None]:
        """Return the row that has this name, or None; see `IUserStore.user_named`."""
        return self._ask(lambda database: database.users.find("name_key = ?", name_key))

    def drop_user(self, id: str) -> Deferred[None]:
        """Forget a user, and free the name; see `IUserStore.drop_user`."""
        return self._ask(lambda database: database.users.drop(id))

    def some_users(self, cursor: str) -> Deferred[tuple[str, list[UserRow]]]:
        """Read all users, some at a time; see `IUserStore.some_users`."""
        return self._ask(lambda database: database.users.some(cursor))

    def spend(self, mark: str, *, now_ms: int, until_ms: int) -> Deferred[bool]:
        """Note that something which is good once was used; return whether it was new; see `IUserStore.spend`."""
        return self._ask(lambda database: database.users.spend(mark, now_ms, until_ms))


class UserTable:
    """
    The users; each method is called inside a transaction, in the thread that writes.

    :param db: an open ``sqlite3.Connection``.
    """

    def __init__(self, db: Any) -> None:
        self._db = db

    def put(self, row: UserRow) -> Put:
        """Write a user's row if its version follows the stored one and its name is free; see `IUserStore.put_user`."""
        stored = self.find("id = ?", row.id)
        if stored == row:
            return Put.STORED
        if row.version != (stored.version if stored is not None else 0) + 1:
            return Put.STALE
        holder = self.find("name_key = ?", row.name_key)
        if holder is not None and holder.id != row.id:
            return Put.TAKEN
        self._db.execute(
            "INSERT OR REPLACE INTO users (id, name_key, version, value) VALUES (?, ?, ?, ?)",
            (row.id, row.name_key, row.version, row.value),
        )
        return Put.STORED

    def find(self, where: str, value: str | None) -> UserRow | None:
        """
        Find a user's row.

        :param where: one of the conditions in this module.
        :param value: what it compares with; None finds nothing.
        """
        found = self._db.execute(_SELECT + where, (value,)).fetchone()
        return None if found is None else _row(found)

    def some(self, cursor: str) -> tuple[str, list[UserRow]]:
        """Read all users, some at a time; see `IUserStore.some_users`."""
        found = self._db.execute(_SELECT + "id > ? ORDER BY id LIMIT ?", (cursor, SOME)).fetchall()
        return found[-1][0] if len(found) == SOME else "", [_row(each) for each in found]

    def drop(self, id: str) -> None:
        """Forget a user, and free the name; see `IUserStore.drop_user`."""
        self._db.execute("DELETE FROM users WHERE id = ?", (id,))

    def spend(self, mark: str, now_ms: int, until_ms: int) -> bool:
        """Note that something which is good once was used; return whether it was new; see `IUserStore.spend`."""
        self._db.execute("DELETE FROM spent WHERE until_ms <= ?", (now_ms,))
        added = self._db.execute("INSERT OR IGNORE INTO spent (mark, until_ms) VALUES (?, ?)", (mark, until_ms))
        return bool(added.rowcount == 1)


def _row(found: tuple[Any, ...]) -> UserRow:
    id, name_key, version, content = found
    return UserRow(id=id, name_key=name_key, version=version, value=content)
