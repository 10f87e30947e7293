"""
Users of a Django project.

Where ``DJANGO_SETTINGS_MODULE`` names a project, its own table of users is asked, in threads: names and passwords go
through its hashers and backends, the cookie of its session buys a token, and each time a token is shown the user is
looked up again: it is refused if the user was deactivated, or has another password by then. Where the project runs
elsewhere, it sells tickets itself (see `gameserver.auth.django_app`), and this server knows only what those say.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from msgspec.structs import replace
from twisted.internet.defer import Deferred, execute, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer, implementer_only

from gameserver.auth.context import AuthContext
from gameserver.auth.django_app import changes
from gameserver.auth.django_app.faults import NotAdmitted, ProjectAway, ProjectFault
from gameserver.auth.django_app.tokens import KIND, ORDERS_KIND, OrderClaims, TicketClaims, shared_secrets
from gameserver.auth.hashing import FULL
from gameserver.auth.revocations import Revocations
from gameserver.auth.threads import Queue, Threads
from gameserver.auth.tokens import Signer
from gameserver.errors import Refused
from gameserver.interfaces import Caller, Grant, IPasswords, IRechecks, ISeesCallers, ISessions, Order, User
from gameserver.protocol.names import fitting_name

log = Logger(namespace="gameserver")

T = TypeVar("T")

LIFETIME_S: Final = 14 * 86_400
"""How long a token for a password is good; as long as Django's own sessions are by default."""
COOKIE_LIFETIME_S: Final = 3600
"""How long a token for a cookie is good: this server does not hear of a logout, it only refuses the cookie after it."""


@implementer(ISeesCallers, IRechecks)
class DjangoTickets:
    """
    Users of a project that runs elsewhere.

    :param secrets: those that are shared with it.
    :param name_chars: the longest name, in characters.
    :param audience: what tokens call this server; empty: tokens for any server are taken.
    :param revoked: what the project has said of its users after their tokens were made.
    """

    kind = KIND

    def __init__(
        self, secrets: Sequence[bytes], name_chars: int, audience: str = "", revoked: Revocations | None = None
    ) -> None:
        self._signer = Signer(secrets, KIND)
        self._orders = Signer(secrets, ORDERS_KIND)
        self._revoked = revoked
        self._name_chars = name_chars
        self._audience = audience

    def owns(self, token: str) -> bool:
        """Whether a token has this kind's form; see `IAuthenticator.owns`."""
        return self._signer.owns(token)

    def authenticate(self, token: str, *, now_s: float, caller: Caller | None = None) -> Deferred[User]:
        """Say whose token this is; see `IAuthenticator.authenticate`."""
        return Deferred.fromCoroutine(self._authenticate(token, now_s, caller))

    async def _authenticate(self, token: str, now_s: float, caller: Caller | None) -> User:
        claims = self._read(token, now_s)
        return await self._standing(self._user(claims.sub, claims.name, claims.rights, str(claims.iat)))

    async def _standing(self, user: User) -> User:
        return user if self._revoked is None else await self._revoked.apply(user, float(user.login))

    def keeps(self, user_id: str) -> bool:
        """Whether this is one of the project's users."""
        return user_id.startswith(f"{KIND}:")

    def look_again(self, user: User, *, now_s: float) -> Deferred[User]:
        """Apply what the project has said of this user since the token was made."""
        return Deferred.fromCoroutine(self._standing(user))

    def revoke(self, order: Order, *, now_s: float) -> Deferred[None]:
        """Remember what the project orders about a user of its own."""
        if self._revoked is None:
            return succeed(None)
        return Deferred.fromCoroutine(self._revoked.add(order))

    def orders_of(self, token: str, *, now_s: float) -> Deferred[Sequence[Order] | None]:
        """Read what the project orders; it signs orders with the shared secret."""
        return execute(self._orders_in, token, now_s)

    def _orders_in(self, token: str, now_s: float) -> Sequence[Order] | None:
        if not self._orders.owns(token):
            return None
        claims = self._orders.read(token, OrderClaims)
        self._check_terms(claims.aud, claims.exp, now_s)
        return [Order(f"{KIND}:{key}", rights, claims.given_s) for key, rights in claims.users]

    def _read(self, token: str, now_s: float) -> TicketClaims:
        """:raises Refused: neither this server nor its project signed it, or it has expired."""
        claims = self._signer.read(token, TicketClaims)
        self._check_terms(claims.aud, claims.exp, now_s)
        return claims

    def _check_terms(self, audience: str, end_s: float, now_s: float) -> None:
        if self._audience and audience != self._audience:
            text = "That token is for another server; its project's GAMESERVER_URL says which."
            raise Refused(text, code="unauthenticated")
        if now_s >= end_s:
            raise Refused("That token has expired.", code="unauthenticated")

    def _user(self, key: str, name: str, rights: Sequence[str], login: str) -> User:
        return User(f"{KIND}:{key}", fitting_name(name, self._name_chars), tuple(rights), login)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@implementer(IPasswords, ISessions)
class DjangoUsers(DjangoTickets):
    """
    Users of a project whose tables are read here.

    :param secrets: the first one signs; see `Signer`.
    :param project: `gameserver.auth.django_app.project`.
    :param check: runs checks of passwords in threads; a slow backend of the project holds up only these.
    :param look: looks users up in threads of its own, so that it never waits for a check of a password.
    """

    def __init__(
        self,
        secrets: Sequence[bytes],
        name_chars: int,
        audience: str = "",
        *,
        project: Any,
        check: Queue,
        look: Queue,
    ) -> None:
        super().__init__(secrets, name_chars, audience)
        self._project = project
        self._check = check
        self._look = look

    def login(self, name: str, password: str, *, now_s: float, caller: Caller | None = None) -> Deferred[Grant]:
        """Check a name and a password, and grant a token; see `IPasswords.login`."""
        return Deferred.fromCoroutine(self._login(name, password, now_s, caller))

    def authenticate_cookies(
        self, cookies: Mapping[str, str], *, now_s: float, caller: Caller | None = None
    ) -> Deferred[Grant | None]:
        """Say whose cookies these are, with a token for them; see `ICookies.authenticate_cookies`."""
        return Deferred.fromCoroutine(self._by_cookies(cookies, now_s, caller))

    def has_session(self, cookies: Mapping[str, str]) -> bool:
        """Whether one of the cookies is that of a Django session; see `ISessions.has_session`."""
        return self._project.cookie_name() in cookies

    async def _authenticate(self, token: str, now_s: float, caller: Caller | None) -> User:
        claims = self._read(token, now_s)
        person = await _answer(self._look(lambda: self._project.by_key(claims.sub, caller)))
        if person is None or not person.has(claims.stamp):
            raise Refused("That token is good no more; log in again.", code="unauthenticated")
        return self._user(person.key, person.name, person.rights, person.stamp)

    def look_again(self, user: User, *, now_s: float) -> Deferred[User]:
        """Look the user up in the project's tables."""
        return Deferred.fromCoroutine(self._look_again(user))

    def revoke(self, order: Order, *, now_s: float) -> Deferred[None]:
        """Do nothing: the project's own tables say what holds, and they are read each time."""
        return succeed(None)

    async def _look_again(self, user: User) -> User:
        person = await _answer(self._look(lambda: self._project.by_key(user.id.removeprefix(f"{KIND}:"))))
        if person is None or not person.has(user.login):
            raise Refused("You were logged out; log in again.", code="unauthenticated")
        return replace(user, rights=person.rights)

    async def _login(self, name: str, password: str, now_s: float, caller: Caller | None) -> Grant:
        person = await _answer(self._check(lambda: self._project.by_password(name, password, caller)))
        if person is None:
            raise Refused("That name and that password do not go together.", code="unauthenticated")
        return self._grant(person, now_s, LIFETIME_S)

    async def _by_cookies(self, cookies: Mapping[str, str], now_s: float, caller: Caller | None) -> Grant | None:
        key = cookies.get(self._project.cookie_name())
        if key is None:
            return None
        person = await _answer(self._look(lambda: self._project.by_session(key, caller)))
        if person is None:
            raise Refused("Nobody is logged in with that cookie.", code="unauthenticated")
        return replace(self._grant(person, now_s, COOKIE_LIFETIME_S), elsewhere=True)

    def _grant(self, person: Any, now_s: float, lasts_s: int) -> Grant:
        made_s = int(now_s)
        user = self._user(person.key, person.name, person.rights, person.stamp)
        claims = TicketClaims(
            sub=person.key,
            name=user.name,
            rights=user.rights,
            iat=made_s,
            exp=made_s + lasts_s,
            stamp=person.stamp,
            aud=self._audience,
        )
        return Grant(user, self._signer.sign(claims), lasts_s)


@implementer_only(ISeesCallers, IRechecks, ISessions)
class DjangoSessions(DjangoUsers):
    """Users of a project whose own login page is the only way in: no password is taken here."""


async def _answer(asked: Deferred[T]) -> T:
    """
    :returns: what the project answers.
    :raises Refused: ``forbidden``: it does not admit the user; ``busy``: it failed, and the log says why.
    """
    try:
        return await asked
    except ProjectFault as fault:
        log.failure("the Django project's code failed: {setting}", Failure(fault), setting=fault.setting)
        raise Refused("It cannot be told now who you are; try again.", code="busy") from None
    except NotAdmitted as no:
        raise Refused(no.reason, code="forbidden") from None
    except ProjectAway as error:
        log.error("the Django project's database does not answer: {error}", error=error)
        raise Refused("The project's database does not answer; try again.", code="busy") from None


def make(context: AuthContext) -> DjangoTickets:
    """
    Build the authenticator that the settings and the environment ask for.

    :raises SettingError: neither a project nor a shared secret was named, or one of them cannot be used.
    """
    settings = context.settings
    wish, most = settings.django, settings.limits.name_chars
    audience = wish.audience or settings.public_url or ""
    shared = shared_secrets(settings)
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        if not shared:
            raise settings.error("auth", "django needs DJANGO_SETTINGS_MODULE in the environment, or django.secret")
        if not audience:
            log.warn("tickets of the Django project are taken whichever server they are for: set public_url")
        revoked = Revocations(context.users, context.clock)
        context.rereads.append(revoked.reread)
        return DjangoTickets(shared, most, audience, revoked)
    check = Queue(Threads(context.reactor, wish.threads), wish.waiting, FULL)
    look = Queue(Threads(context.reactor, wish.threads, nice=False), wish.waiting, "Too many come in; try again.")
    secrets = [*context.secrets, *shared]
    project = _project(context)
    kind = DjangoUsers if project.takes_passwords() else DjangoSessions
    users = kind(secrets, most, audience, project=project, check=check, look=look)
    changes.heard_here = partial(_heard, context)
    return users


def _heard(context: AuthContext, keys: Sequence[str]) -> None:
    """Have users looked up again that the project's code in this process changed; may be called in any thread."""

    def recheck() -> None:
        for key in keys:
            for each in context.rechecks:
                done = Deferred.fromCoroutine(each(f"{KIND}:{key}"))
                done.addErrback(lambda failure: log.failure("a user could not be looked up again", failure))

    context.reactor.callFromThread(recheck)


def _project(context: AuthContext) -> Any:
    """:raises SettingError: the project cannot be loaded."""
    try:
        from gameserver.auth.django_app import project

        project.set_up()
        for path in project.unfit_backends():
            log.warn("AUTHENTICATION_BACKENDS: {path} takes no username and password; no login asks it", path=path)
    except Exception as error:
        name = os.environ.get("DJANGO_SETTINGS_MODULE")
        raise context.settings.error("auth", f"the Django project {name} cannot be loaded: {error}") from error
    return project
