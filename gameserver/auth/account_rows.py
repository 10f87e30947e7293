"""Accounts as the store has them: found by name or by login, and changed safely while others change them too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from gameserver.auth.logins import Account
from gameserver.errors import Refused
from gameserver.interfaces import IUserStore, Put, UserRow
from gameserver.protocol.names import former_key, name_key

TRIES: Final = 10
"""How often a change is tried while other changes keep overtaking it."""


class AccountRows:
    """
    The accounts of a store.

    :param revoke: called with user and login for each login that a change ended.
    """

    def __init__(self, users: IUserStore, revoke: Callable[[str, str | None], None]) -> None:
        self._users = users
        self._revoke = revoke

    async def named(self, name: str) -> UserRow | None:
        """
        :returns: the account that this name means, or None.

        An old account may be stored under `former_key`, which tells more names apart than `name_key`. That key is
        tried first: two old accounts may have names that `name_key` makes equal, and each keeps its own.
        """
        now, before = name_key(name), former_key(name)
        found = await self._users.user_named(now)
        return found if before == now else await self._users.user_named(before) or found

    async def login_of(self, id: str, login: str, now_s: float) -> UserRow:
        """
        :returns: the account whose login this is.
        :raises Refused: ``unauthenticated``: the login has ended, or there is no such account.
        """
        row = await self._users.user(id)
        account = account_of(row) if row is not None else None
        found = account.logins.get(login) if account is not None else None
        if account is None or found is None or now_s >= found.until_s:
            raise Refused("You were logged out; log in again.", code="unauthenticated")
        assert row is not None
        return row

    async def change(self, id: str, change: Callable[[Account], Account], *, name: bool = True) -> UserRow:
        """
        Change an account, trying again when another change came between; logins that the change removes are revoked.

        :param change: takes the account and returns it changed; may be called several times.
        :param name: whether the account keeps its name.
        :returns: the row as it is stored afterwards.
        :raises Refused: ``unauthenticated``: there is no such account any more; ``busy``: `TRIES` changes were
            overtaken; and what ``change`` raises.
        """
        for _ in range(TRIES):
            row = await self._users.user(id)
            if row is None:
                raise Refused("There is no such account any more.", code="unauthenticated")
            before = account_of(row)
            account = change(before)
            if account == before:
                return row
            changed = replace(
                row,
                version=row.version + 1,
                value=msgspec.json.encode(account),
                name_key=row.name_key if name else None,
            )
            if await self._users.put_user(changed) is Put.STORED:
                for login in before.logins.keys() - account.logins.keys():
                    self._revoke(id, login)
                return changed
        raise Refused(code="busy")


def account_of(row: UserRow) -> Account:
    """:returns: the account that a row holds."""
    return msgspec.json.decode(row.value, type=Account)
