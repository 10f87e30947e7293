"""
The HTTP calls about accounts and logins: register, log in and out, change the password, and tickets.

A program keeps the tokens that it is given. A page asks with ``"cookie": true``: then the login is kept in a cookie,
which no script can read and which is good for tickets only. A request that brings a cookie must show by its ``Origin``
that it comes from a page of this server; the cookie is ``SameSite=Strict`` besides.

Whether a password may be tried depends on the address's budget and the account's delay, in the same way for accounts
that exist and for those that do not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import UNSET, UnsetType
from twisted.internet.defer import Deferred
from twisted.web.server import Request

from gameserver.auth.accounts import COOKIE
from gameserver.auth.delays import Delays
from gameserver.auth.tickets import KEPT, LIFETIME_S
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import (
    Grant,
    IAccounts,
    IGuests,
    IPasswords,
    ISeesCallers,
    ISessions,
    ITickets,
    User,
    is_guest,
)
from gameserver.protocol.messages import UserInfo
from gameserver.protocol.names import check_name, name_key
from gameserver.rates import network_of
from gameserver.web.answers import address_of, answer, caller_of
from gameserver.web.calls import ApiCalls, RequestBody, app
from gameserver.web.shapes import (
    Credentials,
    DeleteWish,
    Empty,
    EndLogins,
    Entry,
    Granted,
    Logins,
    LogoutWish,
    Named,
    NameWish,
    PasswordWish,
    RefreshWish,
    Registration,
    Ticket,
    WaysIn,
)
from gameserver.websocket.protocol import admits

if TYPE_CHECKING:
    from gameserver.settings.settings import Settings
    from gameserver.websocket.services import NodeServices


WRONG: Final = ("unauthenticated", "wrong_password")
"""The codes of a refusal that say that a password was wrong."""

T = TypeVar("T")


class Identity(ApiCalls):
    """:param settings: for the address that people use, which tells whether cookies are secure."""

    def __init__(self, services: NodeServices, settings: Settings) -> None:
        super().__init__(services)
        self._settings = settings
        self._delays = Delays(services.limits.login_delay_s)

    # ApiCalls

    @app.call(
        "post", "/api/register", takes=Registration, gives=Granted, status=201, token="optional", problems=(404, 409)
    )
    async def register(self, request: Request, sent: RequestBody[Registration]) -> bytes:
        """Make an account, of a guest if one calls, and log in."""
        self._admit(request)
        accounts = self._accounts()
        wish = sent.read()
        name = check_name(wish.name, self._services.limits.name_chars)
        guest = await self._caller(request) if request.getHeader(b"authorization") else None
        if guest is not None and not is_guest(guest):
            raise Refused("You have an account.", code="forbidden")
        self._check_budget(request, "registration")
        self._charge(request, "registration")
        more = {"caller": caller_of(request)} if ISeesCallers.providedBy(accounts) else {}
        now_s = self._services.clock.now()
        grant = await accounts.register(
            name, wish.password, guest=guest, invitation=wish.invitation, now_s=now_s, **more
        )
        self._delays.succeeded(name_key(name), network_of(address_of(request)))
        return self._granted(request, grant, cookie=wish.cookie, status=201)

    @app.call("post", "/api/login", takes=Credentials, gives=Granted, problems=(401, 404, 503))
    async def login(self, request: Request, sent: RequestBody[Credentials]) -> bytes:
        """Log in with name and password."""
        wish = sent.read()
        if self._services.authenticators.offering(IPasswords) is None:
            raise Refused("This server has no passwords.", code="not_found")
        ask, now_s = self._services.authenticators.login, self._services.clock.now()
        login = partial(ask, wish.name, wish.password, now_s=now_s, caller=caller_of(request))
        grant = await self._try(request, partial(name_key, wish.name), login)
        return self._granted(request, grant, cookie=wish.cookie)

    @app.call("post", "/api/refresh", takes=RefreshWish, gives=Granted, problems=(401, 404, 503))
    async def refresh(self, request: Request, sent: RequestBody[RefreshWish]) -> bytes:
        """Buy the next tokens with a refresh token, once."""
        accounts = self._accounts()
        wish = sent.read()
        return self._granted(request, await accounts.refresh(wish.refresh, now_s=self._services.clock.now()))

    @app.call(
        "post", "/api/logout", takes=LogoutWish, gives=Empty, token="any", needs_body=False, problems=(401, 404, 503)
    )
    async def logout(self, request: Request, sent: RequestBody[LogoutWish]) -> bytes:
        """End this login, at once and on all its connections; where it is only kept in a cookie, forget it."""
        wish = sent.read()
        token = wish.refresh or self._bearer(request)
        if token is None:
            token = self._cookies(request).get(COOKIE)
            if token is not None and token.startswith(KEPT):
                self._set_cookie(request, "", 0)
                return answer(request, {})
        accounts = self._accounts()
        self._set_cookie(request, "", 0)
        if token is None:
            raise Refused("Send a token: Authorization: Bearer TOKEN.", code="unauthenticated")
        await accounts.logout(token, now_s=self._services.clock.now())
        return answer(request, {})

    @app.call("post", "/api/password", takes=PasswordWish, gives=Granted, token="required", problems=(404,))
    async def password(self, request: Request, sent: RequestBody[PasswordWish]) -> bytes:
        """Change the password, which ends every login but the one that this begins."""
        accounts = self._accounts()
        user = await self._caller(request)
        wish = sent.read()
        change = partial(accounts.change_password, user, wish.old, wish.new, now_s=self._services.clock.now())
        return self._granted(request, await self._try(request, lambda: user.id, change), cookie=wish.cookie)

    @app.call("post", "/api/name", takes=NameWish, gives=Named, token="required", problems=(404, 409))
    async def name(self, request: Request, sent: RequestBody[NameWish]) -> bytes:
        """Call an account otherwise."""
        accounts = self._accounts()
        user = await self._holder(request)
        wish = sent.read()
        name = check_name(wish.name, self._services.limits.name_chars)
        rename = partial(accounts.rename, user, name, wish.password, now_s=self._services.clock.now())
        return answer(request, Named(told(await self._try(request, lambda: user.id, rename))))

    @app.call("get", "/api/logins", gives=Logins, token="required", problems=(404,))
    async def logins(self, request: Request) -> bytes:
        """Tell where this account is logged in."""
        return await self._tell_logins(request, await self._holder(request))

    @app.call("post", "/api/logins", takes=EndLogins, gives=Logins, token="required", problems=(404,))
    async def end_logins(self, request: Request, sent: RequestBody[EndLogins]) -> bytes:
        """End a login, or all but the one that asks."""
        user = await self._holder(request)
        wish = sent.read()
        await self._accounts().end_login(user, wish.end, now_s=self._services.clock.now())
        if wish.end == user.login:
            self._set_cookie(request, "", 0)
            return answer(request, Logins([]))
        return await self._tell_logins(request, user)

    @app.call("post", "/api/delete", takes=DeleteWish, gives=Empty, token="required", problems=(404,))
    async def delete(self, request: Request, sent: RequestBody[DeleteWish]) -> bytes:
        """Delete the account."""
        accounts = self._accounts()
        user = await self._caller(request)
        wish = sent.read()
        delete = partial(accounts.delete, user, wish.password, now_s=self._services.clock.now())
        await self._try(request, lambda: user.id, delete)
        self._set_cookie(request, "", 0)
        return answer(request, {})

    @app.call("post", "/api/enter", takes=Entry, gives=Granted, problems=(401, 404, 503))
    async def enter(self, request: Request, sent: RequestBody[Entry]) -> bytes:
        """Log in with a ticket: whoever logged in elsewhere comes back with one."""
        wish = sent.read()
        tickets, now_s = self._tickets(), self._services.clock.now()
        self._check_budget(request, "token")
        try:
            token = await tickets.redeem(wish.ticket, now_s=now_s)
            user = await self._proven(request, token)
        except Refused as refused:
            if refused.code != "busy":
                self._charge(request, "token")
            raise
        return self._granted(request, Grant(user, token), cookie=wish.cookie)

    @app.call("post", "/api/tickets", gives=Ticket, status=201, token="cookie", problems=(404,))
    async def tickets(self, request: Request) -> bytes:
        """Sell a ticket, which is good for one ``hello``."""
        tickets, token = self._tickets(), self._bearer(request)
        if token is not None:
            grant = Grant(await self._caller(request), token)
        else:
            grant = await self._by_cookies(request)
            self._admit(request, grant.user)
        sold = tickets.sell(grant.token, now_s=self._services.clock.now())
        return answer(request, Ticket(sold, told(grant.user), LIFETIME_S, grant.elsewhere), status=201)

    @app.call("get", "/api/auth", gives=WaysIn)
    async def ways_in(self, request: Request) -> bytes:
        """Tell a page what it may ask of whoever comes: a name, a password, or to register."""
        sessions: Any = self._services.authenticators.offering(ISessions)
        brought = sessions is not None and sessions.has_session(brought_by(request))
        return answer(request, self._ways(sessions=brought))

    def _ways(self, *, sessions: bool) -> WaysIn:
        authenticators = self._services.authenticators
        accounts = authenticators.offering(IAccounts) is not None
        return WaysIn(
            guests=authenticators.offering(IGuests) is not None,
            passwords=authenticators.offering(IPasswords) is not None,
            registration=self._settings.registration if accounts else "closed",
            sessions=sessions,
            login_url=self._settings.login_url,
        )

    @property
    def ways_of_all(self) -> WaysIn | None:
        """What `ways_in` answers, where that is the same for everybody; else None."""
        return None if self._services.authenticators.offering(ISessions) is not None else self._ways(sessions=False)

    # Steps of calls

    async def _tell_logins(self, request: Request, user: User) -> bytes:
        return answer(request, Logins(await self._accounts().logins(user, now_s=self._services.clock.now())))

    async def _holder(self, request: Request) -> User:
        """
        :returns: the caller, whose account a call is about.
        :raises Refused: ``unauthenticated``; ``forbidden``: the caller has none; ``not_found``: this server has none.
        """
        accounts = self._accounts()
        user = await self._caller(request)
        if not accounts.keeps(user.id) or not user.login:
            raise Refused("You have no account here.", code="forbidden")
        return user

    async def _by_cookies(self, request: Request) -> Grant:
        """
        :returns: the user that the browser is logged in as: here, or else at another system whose cookie it sends.
        :raises Refused: ``unauthenticated``: it is logged in nowhere.
        """
        services, cookies, now_s = self._services, self._cookies(request), self._services.clock.now()
        refused = Refused("Send a token: Authorization: Bearer TOKEN.", code="unauthenticated")
        if cookies.get(COOKIE, "").startswith(KEPT):
            try:
                token = self._tickets().kept(cookies.pop(COOKIE), now_s=now_s)
                return Grant(await self._proven(request, token), token)
            except Refused as why:
                if why.code != "unauthenticated":
                    raise
                refused = why
        proof = services.authenticators.authenticate_cookies(cookies, now_s=now_s, caller=caller_of(request))
        grant = await self._in_time(proof, services.limits.hello_s)
        if grant is None:
            raise refused
        return grant

    def _tickets(self) -> ITickets:
        """:returns: what makes tickets. :raises Refused: ``not_found``: this server sells none."""
        if self._services.tickets is None:
            raise Refused("This server sells no tickets.", code="not_found")
        return self._services.tickets

    async def _try(self, request: Request, whose: Callable[[], str], attempt: Callable[[], Deferred[T]]) -> T:
        """
        Try a password, if this address and this account may.

        It is charged as wrong before the result is known, since others may be tried meanwhile. For an address from
        which the right one has come before, only the account's delay counts: whoever guesses there at other accounts
        must not keep this one out.

        :param whose: returns a name of the account, in any form; called once the address may try.
        :raises Refused: ``rate_limited``, the same whether or not there is such an account; and what the attempt says.
        """
        address, now_s, budgets = (
            network_of(address_of(request)),
            self._services.clock.monotonic(),
            self._services.budgets,
        )
        try:
            self._check_budget(request, "login")
        except Refused:
            if not self._delays.knows(whose(), address):
                raise
        account = whose()
        wait_s = self._delays.wait_s(now_s, account, address)
        if wait_s > 0.0:
            budgets.throttled["account"] += 1
            request.setHeader(b"retry-after", str(ceil(wait_s)).encode())
            raise Refused(f"Too many wrong passwords; wait {ceil(wait_s)} seconds.", code="rate_limited")
        budgets.charge(now_s, "login", address)
        self._delays.tried(now_s, account, address)
        try:
            result = await attempt()
        except (Refused, StoreUnavailable) as error:
            if not isinstance(error, Refused) or error.code not in WRONG:  # that says nothing about the password
                budgets.refund(self._services.clock.monotonic(), "login", address)
                self._delays.undecided(account, address)
            raise
        budgets.refund(self._services.clock.monotonic(), "login", address)
        self._delays.succeeded(account, address)
        return result

    def _granted(self, request: Request, grant: Grant, *, cookie: bool = False, status: int = 200) -> bytes:
        self._admit(request, grant.user)
        refresh: str | UnsetType = grant.refresh if grant.refresh is not None else UNSET
        if cookie:
            self._set_cookie(request, *self._kept(grant))
            refresh = UNSET
        return answer(request, Granted(grant.token, told(grant.user), grant.expires_s, refresh), status=status)

    def _kept(self, grant: Grant) -> tuple[str, int]:
        """:returns: the value of the cookie for a grant, and for how many seconds a browser keeps it."""
        now_s, age_s = self._services.clock.now(), self._services.limits.login_days * 86_400
        if grant.refresh is not None:  # accounts keep logins, which a cookie names
            return self._accounts().cookie(grant, now_s=now_s), age_s
        age_s = age_s if grant.expires_s is None else grant.expires_s
        return self._tickets().keep(grant.token, until_s=now_s + age_s), age_s

    def _cookies(self, request: Request) -> dict[str, str]:
        """
        :returns: the cookies of a request from a page of this server.
        :raises Refused: ``forbidden``: it comes from another page, or does not say from where.
        """
        cookies = brought_by(request)
        if not cookies:
            return {}
        origin, host = request.getHeader(b"origin"), request.getHeader(b"host") or b""
        scheme = getattr(request, "scheme", None)
        if origin is None or not admits(origin.decode("latin-1"), host.decode("latin-1"), (), scheme):
            raise Refused("Only pages of this server may use its cookies.", code="forbidden")
        own = cookies.pop(self._cookie_name(request), None)
        cookies.pop(COOKIE, None)  # over TLS, one that a plain connection may have set
        return cookies if own is None else {**cookies, COOKIE: own}

    def _set_cookie(self, request: Request, value: str, age_s: int) -> None:
        request.addCookie(
            self._cookie_name(request),
            value,
            path=f"{self._settings.base_path}/",
            max_age=str(age_s),
            secure=self._is_secure(request),
            httpOnly=True,
            sameSite="strict",
        )

    def _cookie_name(self, request: Request) -> str:
        if not self._is_secure(request):
            return COOKIE
        # Browsers take a __Host- cookie only for the whole host; a server under a path has only its path of it.
        return f"__Secure-{COOKIE}" if self._settings.base_path else f"__Host-{COOKIE}"

    def _is_secure(self, request: Request) -> bool:
        """Whether the browser speaks TLS, to us or to what stands before us."""
        return request.isSecure() or (self._settings.public_url or "").startswith("https:")

    def _accounts(self) -> Any:
        """:returns: the accounts. :raises Refused: ``not_found``: this server has none."""
        accounts = self._services.authenticators.offering(IAccounts)
        if accounts is None:
            raise Refused("This server has no accounts.", code="not_found")
        return accounts


def brought_by(request: Request) -> dict[str, str]:
    """:returns: the cookies of a request, from whatever page it comes."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in request.received_cookies.items()}


def told(user: User) -> UserInfo:
    """:returns: what a user is told about itself."""
    return UserInfo(user.id, user.name, list(user.rights))
