"""
Several authenticators at once, as the setting ``auth`` names them.

A token goes to the one that owns it, which its form alone tells, so that nothing expensive is tried in vain. The form
of a password or a cookie tells nothing: each authenticator that takes such is asked, in the order of the setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, maybeDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.auth.context import AuthContext
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import (
    Caller,
    Grant,
    IAuthenticator,
    IAuthenticators,
    ICookies,
    IGuests,
    IPasswords,
    IRechecks,
    ISeesCallers,
    Order,
    User,
)

log = Logger(namespace="gameserver")


@implementer(IAuthenticators)
class Chain:
    """:param links: the authenticators, in the order in which they are asked."""

    def __init__(self, links: Iterable[IAuthenticator]) -> None:
        self.links: Sequence[IAuthenticator] = tuple(links)

    def guest(self, name: str) -> tuple[User, str]:
        """Make a new guest, if guests are admitted; see `IAuthenticators.guest`."""
        guests = self.offering(IGuests)
        if guests is None:
            raise Refused("This server admits no guests; log in first.", code="unauthenticated")
        return guests.guest(name)  # type: ignore[no-any-return]

    def authenticate(self, token: str, *, now_s: float, caller: Caller | None = None) -> Deferred[User]:
        """Have the token's own authenticator say whose it is; see `IAuthenticators.authenticate`."""
        for link in self.links:
            if link.owns(token):
                user: Deferred[User] = _ask(link, link.authenticate, token, now_s=now_s, caller=caller)
                return user
        return fail(Refused("That token is not of this server.", code="unauthenticated"))

    def login(self, name: str, password: str, *, now_s: float, caller: Caller | None = None) -> Deferred[Grant]:
        """Try name and password with each authenticator that knows passwords, in order; see `IAuthenticators.login`."""
        return Deferred.fromCoroutine(self._login(name, password, now_s=now_s, caller=caller))

    def authenticate_cookies(
        self, cookies: Mapping[str, str], *, now_s: float, caller: Caller | None = None
    ) -> Deferred[Grant | None]:
        """Show cookies to each authenticator that knows some; see `IAuthenticators.authenticate_cookies`."""
        return Deferred.fromCoroutine(self._by_cookies(cookies, now_s=now_s, caller=caller))

    def look_again(self, user: User, *, now_s: float) -> Deferred[User]:
        """Have the authenticator that keeps this user look them up again; see `IRechecks.look_again`."""
        link = self._who_keeps(user.id)
        if link is None:
            return succeed(user)
        return maybeDeferred(link.look_again, user, now_s=now_s).addErrback(_failed, link.kind)

    def revoke(self, order: Order, *, now_s: float) -> Deferred[None]:
        """Have the authenticator that keeps this user carry out an order; see `IRechecks.revoke`."""
        link = self._who_keeps(order.user)
        if link is None:
            return fail(Refused("No such user can be cut off here.", code="not_found"))
        return maybeDeferred(link.revoke, order, now_s=now_s).addErrback(_failed, link.kind)

    def orders_of(self, token: str, *, now_s: float) -> Deferred[Sequence[Order]]:
        """Show a token to each authenticator until one says what it orders; see `IRechecks.orders_of`."""
        return Deferred.fromCoroutine(self._orders_of(token, now_s))

    async def _orders_of(self, token: str, now_s: float) -> Sequence[Order]:
        for link in self._offering(IRechecks):
            orders: Sequence[Order] | None = await link.orders_of(token, now_s=now_s)
            if orders is not None:
                return orders
        raise Refused("That token orders nothing here.", code="unauthenticated")

    def _who_keeps(self, user_id: str) -> Any:
        return next((link for link in self._offering(IRechecks) if link.keeps(user_id)), None)

    def offering(self, contract: Any) -> Any:
        """Return the first authenticator that keeps a contract, or None; see `IAuthenticators.offering`."""
        return next(self._offering(contract), None)

    def _offering(self, contract: Any) -> Any:
        return (link for link in self.links if contract.providedBy(link))

    async def _login(self, name: str, password: str, **more: Any) -> Grant:
        refused = Refused("This server has no passwords.", code="unauthenticated")
        for link in self._offering(IPasswords):
            try:
                grant: Grant = await _ask(link, link.login, name, password, **more)
                return grant
            except Refused as why:
                if why.code != "unauthenticated":
                    raise
                refused = why
        raise refused

    async def _by_cookies(self, cookies: Mapping[str, str], **more: Any) -> Grant | None:
        refused: Refused | None = None
        for link in self._offering(ICookies):
            try:
                grant: Grant | None = await _ask(link, link.authenticate_cookies, cookies, **more)
            except Refused as why:
                if why.code != "unauthenticated":
                    raise
                refused = why  # a cookie of another authenticator may be good
                continue
            if grant is not None:
                return grant
        if refused is not None:
            raise refused
        return None


def _ask(link: IAuthenticator, call: Callable[..., Any], *args: Any, now_s: float, caller: Caller | None) -> Any:
    """
    Ask one authenticator. If it raises anything but a refusal, that is a fault in it, and says nothing about the user.

    :raises Refused: (in the Deferred) its own refusal; ``busy``: it failed, which is logged.
    """
    more = {"caller": caller} if ISeesCallers.providedBy(link) else {}
    return maybeDeferred(call, *args, now_s=now_s, **more).addErrback(_failed, link.kind)


def _failed(failure: Failure, kind: str) -> Failure:
    if failure.check(Refused, StoreUnavailable, CancelledError):
        return failure
    log.failure("the authenticator {kind} of the setting auth failed", failure, kind=kind)
    raise Refused("It cannot be told now who you are; try again.", code="busy")


def make_chain(context: AuthContext) -> Chain:
    """
    :returns: the authenticators that the settings name.
    :raises SettingError: one of them cannot be used; its ``make`` may raise the same.
    """
    return Chain([_maker(context, name)(context) for name in context.settings.auth])


def _maker(context: AuthContext, name: str) -> Any:
    """:param name: of a module beside this one, or a dotted path to somebody else's."""
    path = name if "." in name else f"gameserver.auth.{name}"
    try:
        return import_module(path).make
    except (ImportError, AttributeError) as error:
        raise context.settings.error("auth", f"{name} cannot be used: {error}") from error
