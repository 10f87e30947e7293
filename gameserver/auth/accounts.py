"""
Accounts: a name and a password, kept in the store; passwords as Argon2id hashes, each login as a chain of tokens.

A *login* is what one device has: it begins with name and password (or a registration), and ends with a logout, a
change of password, or after `Terms.login_s` without use. Its grant has two tokens: one proves the user for
`Terms.token_s`, the other (the refresh token) buys the next grant, once. Each carries the login's id, which is looked
up in the store each time a token is shown, so that a login that ended is over at once, on every node.

A refresh token that is used twice was stolen; which of the two users is the thief cannot be told, so the login ends.

Source: RFC 9700 section 4.14 (rotation of refresh tokens)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from gameserver.auth.account_rows import TRIES, AccountRows, account_of
from gameserver.auth.context import AuthContext
from gameserver.auth.hashing import Hasher
from gameserver.auth.invitations import Invitations
from gameserver.auth.logins import Access, Account, Biscuit, Login, Renewal, Terms, device_of, with_login, without
from gameserver.auth.tokens import Signer
from gameserver.errors import Refused
from gameserver.interfaces import (
    Caller,
    Grant,
    IAccounts,
    ICookies,
    IRechecks,
    ISeesCallers,
    IUserStore,
    LoginFacts,
    Order,
    Put,
    User,
    UserRow,
)
from gameserver.protocol.names import former_key, name_key
from gameserver.protocol.passwords import normal_form

COOKIE: Final = "gameserver"
"""Name of the cookie; over TLS it is ``__Host-gameserver``, which no other host and no plain connection can set."""


@implementer(IAccounts, ICookies, IRechecks, ISeesCallers)
class Accounts:
    """
    :param secrets: see `Signer`.
    :param users: where accounts are kept.
    :param entropy: returns as many random bytes as it is asked for.
    :param revoke: see `AuthContext.revoke`.
    """

    kind = "accounts"

    def __init__(
        self,
        secrets: Sequence[bytes],
        users: IUserStore,
        hasher: Hasher,
        entropy: Callable[[int], bytes],
        revoke: Callable[[str, str | None], None],
        terms: Terms | None = None,
    ) -> None:
        self._access = Signer(secrets, self.kind)
        self._renewal = Signer(secrets, "refresh")
        self._cookie = Signer(secrets, "cookie")
        self._invitations = Invitations(secrets)
        self._users = users
        self._hasher = hasher
        self._entropy = entropy
        self._revoke = revoke
        self._rows = AccountRows(users, revoke)
        self.terms = terms or Terms()

    # Who is this?

    def owns(self, token: str) -> bool:
        """Whether a token has this kind's form; see `IAuthenticator.owns`."""
        return self._access.owns(token)

    def authenticate(self, token: str, *, now_s: float, caller: Caller | None = None) -> Deferred[User]:
        """Say whose token this is; see `IAuthenticator.authenticate`."""
        return Deferred.fromCoroutine(self._authenticate(token, now_s))

    def authenticate_cookies(
        self, cookies: Mapping[str, str], *, now_s: float, caller: Caller | None = None
    ) -> Deferred[Grant | None]:
        """Say whose cookies these are, with a token for them; see `ICookies.authenticate_cookies`."""
        return Deferred.fromCoroutine(self._by_cookies(cookies, now_s))

    def login(self, name: str, password: str, *, now_s: float, caller: Caller | None = None) -> Deferred[Grant]:
        """Check a name and a password, and grant a token; see `IPasswords.login`."""
        return Deferred.fromCoroutine(self._login(name, password, now_s, device_of(caller)))

    def keeps(self, user_id: str) -> bool:
        """Whether this may be an account's id; one that was made from a guest keeps the guest's."""
        return user_id.startswith(("account:", "guest:"))

    def look_again(self, user: User, *, now_s: float) -> Deferred[User]:
        """Look up the rights that an account has now."""
        return Deferred.fromCoroutine(self._look_again(user, now_s))

    def revoke(self, order: Order, *, now_s: float) -> Deferred[None]:
        """End all logins of an account; an order's rights are ignored, since only settings give rights to accounts."""
        return Deferred.fromCoroutine(self._end_logins(order.user))

    def orders_of(self, token: str, *, now_s: float) -> Deferred[Sequence[Order] | None]:
        """Return None: no other system gives orders about accounts."""
        return succeed(None)

    async def _look_again(self, user: User, now_s: float) -> User:
        if not user.login:
            return user  # a guest
        return self._user(await self._rows.login_of(user.id, user.login, now_s), user.login)

    async def _end_logins(self, id: str) -> None:
        if await self._users.user(id) is None:
            raise Refused("There is no such account.", code="not_found")
        await self._rows.change(id, lambda account: replace(account, logins={}))
        self._revoke(id, None)

    # What a user may do with an account

    def register(
        self,
        name: str,
        password: str,
        *,
        guest: User | None = None,
        invitation: str | None = None,
        now_s: float,
        caller: Caller | None = None,
    ) -> Deferred[Grant]:
        """Make an account, and log it in; see `IAccounts.register`."""
        return Deferred.fromCoroutine(self._register(name, password, guest, invitation, now_s, device_of(caller)))

    def refresh(self, token: str, *, now_s: float) -> Deferred[Grant]:
        """Buy the next grant with a refresh token, once; see `IAccounts.refresh`."""
        return Deferred.fromCoroutine(self._refresh(token, now_s))

    def logout(self, token: str, *, now_s: float) -> Deferred[None]:
        """End the login that a token belongs to; see `IAccounts.logout`."""
        return Deferred.fromCoroutine(self._logout(token))

    def change_password(self, user: User, old: str, new: str, *, now_s: float) -> Deferred[Grant]:
        """Change a password, and end all other logins; see `IAccounts.change_password`."""
        return Deferred.fromCoroutine(self._change_password(user, old, new, now_s))

    def delete(self, user: User, password: str, *, now_s: float) -> Deferred[None]:
        """Delete an account whose password is given; see `IAccounts.delete`."""
        return Deferred.fromCoroutine(self._delete(user, password))

    def rename(self, user: User, name: str, password: str, *, now_s: float) -> Deferred[User]:
        """Give an account another name; see `IAccounts.rename`."""
        return Deferred.fromCoroutine(self._rename(user, name, password))

    def logins(self, user: User, *, now_s: float) -> Deferred[list[LoginFacts]]:
        """List where an account is logged in; see `IAccounts.logins`."""
        return Deferred.fromCoroutine(self._logins(user, now_s))

    def end_login(self, user: User, login: str | None, *, now_s: float) -> Deferred[None]:
        """End a login, or all others; see `IAccounts.end_login`."""
        return Deferred.fromCoroutine(self._end_login(user, login))

    def cookie(self, grant: Grant, *, now_s: float) -> str:
        """Return what a browser keeps of a grant in its cookie; see `IAccounts.cookie`."""
        return self._cookie.sign(Biscuit(grant.user.id, grant.user.login))

    # Steps

    async def _authenticate(self, token: str, now_s: float) -> User:
        access = self._access.read(token, Access)
        if now_s >= access.exp:
            raise Refused("That token has expired.", code="unauthenticated")
        return self._user(await self._rows.login_of(access.sub, access.login, now_s), access.login)

    async def _by_cookies(self, cookies: Mapping[str, str], now_s: float) -> Grant | None:
        value = cookies.get(COOKIE)
        if value is None:
            return None
        biscuit = self._cookie.read(value, Biscuit)
        row = await self._rows.login_of(biscuit.sub, biscuit.login, now_s)
        return self._grant(self._user(row, biscuit.login), now_s)

    async def _login(self, name: str, password: str, now_s: float, device: str) -> Grant:
        row = await self._rows.named(name)
        kept = account_of(row).password if row is not None else None
        if not await self._hasher.verify(kept, password) or row is None or kept is None:
            raise Refused("Name or password is wrong.", code="unauthenticated")
        renewed = await self._hasher.hash(password) if self._hasher.is_outdated(kept, password) else kept
        login = self._entropy(8).hex()

        def begin(account: Account) -> Account:
            if account.password != kept:
                raise Refused("Name or password is wrong.", code="unauthenticated")
            return self._with_login(replace(account, password=renewed), login, now_s, device=device)

        changed = await self._rows.change(row.id, begin)
        return self._grant(self._user(await self._renamed(changed, name_key(name)), login), now_s, n=0)

    async def _register(
        self, name: str, password: str, guest: User | None, invitation: str | None, now_s: float, device: str
    ) -> Grant:
        key = name_key(name)
        self._admit(key, password, invitation)
        if guest is not None and not guest.id.startswith("guest:"):
            raise Refused("You have an account.", code="forbidden")
        if await self._rows.named(name) is not None:
            raise Refused(code="name_taken")
        id = guest.id if guest is not None else f"account:{self._entropy(12).hex()}"
        login = self._entropy(8).hex()
        account = Account(name, await self._hasher.hash(password), int(now_s))
        account = self._with_login(account, login, now_s, device=device)
        row = UserRow(id=id, name_key=key, version=1, value=msgspec.json.encode(account))
        put = await self._users.put_user(row)
        if put is not Put.STORED:
            raise Refused(code="name_taken") if put is Put.TAKEN else Refused("You have an account.", code="forbidden")
        return self._grant(self._user(row, login), now_s, n=0)

    async def _refresh(self, token: str, now_s: float) -> Grant:
        renewal = self._renewal.read(token, Renewal)
        await self._rows.login_of(renewal.sub, renewal.login, now_s)
        spent = False

        def renew(account: Account) -> Account:
            nonlocal spent
            login = account.logins.get(renewal.login)
            spent = login is None or login.n != renewal.n
            if spent:
                return without(account, renewal.login)
            return self._with_login(account, renewal.login, now_s, n=renewal.n + 1)

        row = await self._rows.change(renewal.sub, renew)
        if spent:
            raise Refused("That token was used before; log in again.", code="unauthenticated")
        return self._grant(self._user(row, renewal.login), now_s, n=renewal.n + 1)

    async def _logout(self, token: str) -> None:
        biscuit = self._whose(token)
        await self._rows.change(biscuit.sub, lambda account: without(account, biscuit.login))

    async def _change_password(self, user: User, old: str, new: str, now_s: float) -> Grant:
        self._check_password(new)
        kept = await self._check_old(user, old)
        hashed = await self._hasher.hash(new)
        login = self._entropy(8).hex()

        def change(account: Account) -> Account:
            if account.password != kept:
                raise Refused(code="wrong_password")
            return self._with_login(replace(account, password=hashed, logins={}), login, now_s)

        row = await self._rows.change(user.id, change)
        self._revoke(user.id, None)
        return self._grant(self._user(row, login), now_s, n=0)

    async def _delete(self, user: User, password: str) -> None:
        await self._check_old(user, password)
        if user.id.startswith("guest:"):
            # An empty account stays: without it the guest's token, which lasts for months, would be good again.
            await self._rows.change(user.id, lambda account: Account("", None, account.made_s), name=False)
        else:
            await self._users.drop_user(user.id)
        self._revoke(user.id, None)

    async def _rename(self, user: User, name: str, password: str) -> User:
        kept, key = await self._check_old(user, password), name_key(name)
        for _ in range(TRIES):
            row = await self._users.user(user.id)
            if row is None or account_of(row).password != kept:
                raise Refused(code="wrong_password")
            if key != row.name_key and (self._rights(key) or self._rights(row.name_key)):
                raise Refused("Rights go with a name: this one cannot be changed, or had.", code="forbidden")
            named = await self._rows.named(name)
            if named is not None and named.id != user.id:
                raise Refused(code="name_taken")
            value = msgspec.json.encode(replace(account_of(row), name=name))
            renamed = replace(row, name_key=key, version=row.version + 1, value=value)
            put = await self._users.put_user(renamed)
            if put is Put.TAKEN:
                raise Refused(code="name_taken")
            if put is Put.STORED:
                return self._user(renamed, user.login)
        raise Refused(code="busy")

    async def _logins(self, user: User, now_s: float) -> list[LoginFacts]:
        row = await self._rows.login_of(user.id, user.login, now_s)
        there = [(id, each) for id, each in account_of(row).logins.items() if each.until_s > now_s]
        there.sort(key=lambda each: -each[1].until_s)
        last_s = self.terms.login_s  # each use makes a login last this long from then on
        return [
            LoginFacts(id, each.device, each.began_s, each.until_s - last_s, id == user.login) for id, each in there
        ]

    async def _end_login(self, user: User, login: str | None) -> None:
        def end(account: Account) -> Account:
            if login is not None:
                return without(account, login)
            return replace(account, logins={id: each for id, each in account.logins.items() if id == user.login})

        await self._rows.change(user.id, end)

    # Parts of steps

    def _admit(self, key: str, password: str, invitation: str | None) -> None:
        """:raises Refused: nobody may register with this name, or with this password."""
        terms = self.terms
        invited = invitation is not None and self._invitations.fits(key, invitation)
        # Whoever registers the name of an administrator would be one.
        if not invited and (terms.registration != "open" or key in terms.rights):
            text = "Registration is closed." if terms.registration == "closed" else "You need an invitation."
            raise Refused(text, code="forbidden")
        self._check_password(password)

    def _check_password(self, password: str) -> None:
        if len(normal_form(password)) < self.terms.password_chars:
            least = self.terms.password_chars
            raise Refused(f"A password has at least {least} characters.", code="bad_data", path="$.password")

    async def _check_old(self, user: User, password: str) -> str:
        """:returns: the hash that fits this password."""
        row = await self._users.user(user.id)
        kept = account_of(row).password if row is not None else None
        if not await self._hasher.verify(kept, password) or kept is None:
            raise Refused(code="wrong_password")
        return kept

    async def _renamed(self, row: UserRow, key: str) -> UserRow:
        """:returns: the account, stored under ``key``; unchanged if that is taken, or gives other rights."""
        if row.name_key == key or self._rights(row.name_key) != self._rights(key):
            return row
        renamed = replace(row, name_key=key, version=row.version + 1)
        return renamed if await self._users.put_user(renamed) is Put.STORED else row

    def _with_login(self, account: Account, login: str, now_s: float, n: int = 0, device: str = "") -> Account:
        before = account.logins.get(login) or Login(0, 0, "", int(now_s), device)
        newest = replace(before, n=n, until_s=int(now_s) + self.terms.login_s, mark=self._entropy(4).hex())
        return with_login(account, login, newest, now_s=now_s)

    def _whose(self, token: str) -> Biscuit:
        """:raises Refused: this server did not sign it; a token that has expired is read all the same."""
        if self._renewal.owns(token):
            renewal = self._renewal.read(token, Renewal)
            return Biscuit(renewal.sub, renewal.login)
        if self._cookie.owns(token):
            return self._cookie.read(token, Biscuit)
        access = self._access.read(token, Access)
        return Biscuit(access.sub, access.login)

    def _user(self, row: UserRow, login: str) -> User:
        return User(row.id, account_of(row).name, self._rights(row.name_key), login)

    def _rights(self, key: str | None) -> tuple[str, ...]:
        """:param key: under which the account is stored, exactly: a name that only looks alike gives no rights."""
        return self.terms.rights.get(key or "", ())

    def _grant(self, user: User, now_s: float, n: int | None = None) -> Grant:
        """:param n: number of the refresh token, see `Renewal`; None: grant no refresh token."""
        now = int(now_s)
        token = self._access.sign(Access(user.id, user.login, now, now + self.terms.token_s))
        refresh = self._renewal.sign(Renewal(user.id, user.login, n)) if n is not None else None
        return Grant(user, token, self.terms.token_s, refresh)


def make(context: AuthContext) -> Accounts:
    """Build the accounts of a server, as its settings say."""
    settings = context.settings
    rights: dict[str, tuple[str, ...]] = {}
    for right, names in (("admin", settings.admins), ("moderator", settings.moderators)):
        for name in names:
            for key in {name_key(name), former_key(name)}:
                rights[key] = (*rights.get(key, ()), right)
    terms = Terms(
        registration=settings.registration,
        rights=rights,
        password_chars=settings.limits.password_chars,
        token_s=settings.limits.token_s,
        login_s=settings.limits.login_days * 86400,
    )
    return Accounts(context.secrets, context.users, context.hasher, context.entropy, context.revoke, terms)
