"""What is kept of an account and its logins, what its tokens say, and on which terms an operator has accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gameserver.interfaces import Caller

LOGINS: Final = 20
"""So many devices a user may be logged in on; one more ends the login that was used least recently."""


DEVICE_CHARS: Final = 200
"""So much of a device's name is kept."""


class Terms(Struct, frozen=True, kw_only=True):
    """
    How an operator has accounts.

    :ivar registration: ``open``, ``invited`` or ``closed``.
    :ivar rights: of names, in the form of `name_key`.
    """

    registration: str = "open"
    rights: Mapping[str, tuple[str, ...]] = {}
    password_chars: int = 8
    token_s: int = 900
    login_s: int = 30 * 86400


class Login(Struct, frozen=True):
    """
    One device's: how often it was refreshed, and until when it lasts, seconds since 1970.

    :ivar mark: random, so that two changes at the same moment are not taken for one that was tried again.
    :ivar began_s: seconds since 1970; None: before this was kept.
    :ivar device: what the device called itself when it logged in, see `device_of`.
    """

    n: int
    until_s: int
    mark: str
    began_s: int | None = None
    device: str = ""


class Account(Struct, frozen=True):
    """What the store keeps; ``password`` is a hash, and None where the account was deleted."""

    name: str
    password: str | None
    made_s: int
    logins: dict[str, Login] = {}


class Access(Struct, frozen=True):
    """What a token says: user, login, and from when to when it is good, seconds since 1970."""

    sub: str
    login: str
    iat: int
    exp: int


class Renewal(Struct, frozen=True):
    """What a refresh token says: user, login, and the how manieth of the login it is."""

    sub: str
    login: str
    n: int


class Biscuit(Struct, frozen=True):
    """What a cookie says: user and login."""

    sub: str
    login: str


def device_of(caller: Caller | None) -> str:
    """:returns: what a browser or a program calls itself, as much of it as is kept; nothing where that is not known."""
    told = caller.headers.get("user-agent", "") if caller is not None else ""
    return "".join(char for char in told[:DEVICE_CHARS] if " " <= char <= "~")


def with_login(account: Account, id: str, login: Login, *, now_s: float) -> Account:
    """:returns: the account with this login as its newest; those that are over are forgotten."""
    logins = {other: each for other, each in account.logins.items() if each.until_s > now_s and other != id}
    logins[id] = login
    return replace(account, logins=dict(list(logins.items())[-LOGINS:]))


def without(account: Account, login: str) -> Account:
    """:returns: the account without this login."""
    return replace(account, logins={id: each for id, each in account.logins.items() if id != login})
