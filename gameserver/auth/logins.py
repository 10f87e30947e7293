"""What is kept of an account and its logins, what its tokens say, and an operator's terms for accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gameserver.interfaces import Caller

LOGINS: Final = 20
"""On how many devices a user may be logged in; one more ends the login that was used least recently."""


DEVICE_CHARS: Final = 200
"""How much of a device's name is kept."""


class Terms(Struct, frozen=True, kw_only=True):
    """
    An operator's terms for accounts.

    :ivar registration: who may register without an invitation: ``open``: anybody; ``invited``, ``closed``: nobody
        (only the text of the refusal differs).
    :ivar rights: the rights that names have; the names in the form of `name_key`.
    :ivar password_chars: the shortest password, in characters.
    :ivar token_s: how long an access token is good.
    :ivar login_s: how long a login lasts without use.
    """

    registration: str = "open"
    rights: Mapping[str, tuple[str, ...]] = {}
    password_chars: int = 8
    token_s: int = 900
    login_s: int = 30 * 86400


class Login(Struct, frozen=True):
    """
    The login of one device.

    :ivar n: how often it was refreshed.
    :ivar until_s: when it ends, seconds since 1970.
    :ivar mark: random, so that two changes at the same moment differ, and neither is taken for the other's repetition.
    :ivar began_s: seconds since 1970; None: unknown, in rows that are older than this field.
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
    """What an access token says: user, login, and from when to when it is good, seconds since 1970."""

    sub: str
    login: str
    iat: int
    exp: int


class Renewal(Struct, frozen=True):
    """What a refresh token says: user, login, and its number in the login: 0 for the first."""

    sub: str
    login: str
    n: int


class Biscuit(Struct, frozen=True):
    """What a cookie says: user and login."""

    sub: str
    login: str


def device_of(caller: Caller | None) -> str:
    """:returns: what a browser or program calls itself: the start of its User-Agent, in printable ASCII, or empty."""
    told = caller.headers.get("user-agent", "") if caller is not None else ""
    return "".join(char for char in told[:DEVICE_CHARS] if " " <= char <= "~")


def with_login(account: Account, id: str, login: Login, *, now_s: float) -> Account:
    """:returns: the account with this login as its newest, and without those that have ended."""
    logins = {other: each for other, each in account.logins.items() if each.until_s > now_s and other != id}
    logins[id] = login
    return replace(account, logins=dict(list(logins.items())[-LOGINS:]))


def without(account: Account, login: str) -> Account:
    """:returns: the account without this login."""
    return replace(account, logins={id: each for id, each in account.logins.items() if id != login})
