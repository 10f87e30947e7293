"""Users in memory; see `gameserver.store.memory.store`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.interfaces import IUserStore, Put, UserRow


@implementer(IUserStore)
class MemoryUsers:
    """The part of `MemoryStore` that keeps users."""

    def __init__(self) -> None:
        self._users: dict[str, UserRow] = {}
        self._spent: dict[str, int] = {}

    def _ask(self, work: Callable[[], Any]) -> Deferred[Any]:
        raise NotImplementedError

    def put_user(self, row: UserRow) -> Deferred[Put]:
        """Write a user's row if its version follows the stored one and its name is free; see `IUserStore.put_user`."""
        return self._ask(lambda: self._put(row))

    def user(self, id: str) -> Deferred[UserRow | None]:
        """Return the row of this id, or None; see `IUserStore.user`."""
        return self._ask(lambda: self._users.get(id))

    def user_named(self, name_key: str) -> Deferred[UserRow | None]:
        """Return the row that has this name, or None; see `IUserStore.user_named`."""
        return self._ask(lambda: self._named(name_key))

    def drop_user(self, id: str) -> Deferred[None]:
        """Forget a user, and free the name; see `IUserStore.drop_user`."""

        def work() -> None:
            self._users.pop(id, None)

        return self._ask(work)

    def some_users(self, cursor: str) -> Deferred[tuple[str, list[UserRow]]]:
        """Read all users in one page; see `IUserStore.some_users`."""
        return self._ask(lambda: ("", list(self._users.values())))

    def spend(self, mark: str, *, now_ms: int, until_ms: int) -> Deferred[bool]:
        """Note that something which is good once was used; return whether it was new; see `IUserStore.spend`."""

        def work() -> bool:
            self._spent = {known: until for known, until in self._spent.items() if until > now_ms}
            is_new = mark not in self._spent
            self._spent.setdefault(mark, until_ms)
            return is_new

        return self._ask(work)

    def _put(self, row: UserRow) -> Put:
        stored = self._users.get(row.id)
        if stored == row:
            return Put.STORED
        if row.version != (stored.version if stored is not None else 0) + 1:
            return Put.STALE
        holder = self._named(row.name_key)
        if holder is not None and holder.id != row.id:
            return Put.TAKEN
        self._users[row.id] = row
        return Put.STORED

    def _named(self, name_key: str | None) -> UserRow | None:
        if name_key is None:
            return None
        return next((row for row in self._users.values() if row.name_key == name_key), None)
