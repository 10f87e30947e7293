"""Another system's users, as a dotted path in the setting ``auth``: passwords, sessions, and no accounts of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from gameserver.errors import Refused
from gameserver.interfaces import Grant, IPasswords, ISessions, User


@implementer(IPasswords, ISessions)
class Shop:
    """
    Everybody's password is ``open``; tokens and sessions say who it is.

    :ivar closed: who may not come in any more.
    """

    kind = "shop"

    def __init__(self) -> None:
        self.closed: set[str] = set()

    def owns(self, token: str) -> bool:
        return token.startswith("shop.")

    def authenticate(self, token: str, *, now_s: float) -> Deferred[User]:
        name = token.removeprefix("shop.")
        if name in self.closed:
            return fail(Refused("No more.", code="unauthenticated"))
        return succeed(User(f"shop:{name}", name))

    def login(self, name: str, password: str, *, now_s: float) -> Deferred[Grant]:
        if password != "open":
            return fail(Refused("No.", code="unauthenticated"))
        return succeed(self._grant(name))

    def authenticate_cookies(self, cookies: Mapping[str, str], *, now_s: float) -> Deferred[Grant | None]:
        if "shop" not in cookies:
            return succeed(None)
        if cookies["shop"] == "stale":
            return fail(Refused("Nobody is logged in there.", code="unauthenticated"))
        grant = self._grant(cookies["shop"])
        return succeed(Grant(grant.user, grant.token, grant.expires_s, elsewhere=True))

    def has_session(self, cookies: Mapping[str, str]) -> bool:
        return "shop" in cookies

    def _grant(self, name: str) -> Grant:
        return Grant(User(f"shop:{name}", name), f"shop.{name}", 3600)


def make(context: Any) -> Shop:
    """Build it."""
    return Shop()
