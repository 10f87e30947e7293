"""
What `IAuthenticator` promises, on every authenticator.

To add one: subclass `AuthenticatorContract` and ``TestCase``, and write ``make`` and ``admit``.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import jwt
from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from gameserver.auth.accounts import Accounts
from gameserver.auth.chain import Chain
from gameserver.auth.django import DjangoTickets
from gameserver.auth.django_app.tokens import TicketClaims
from gameserver.auth.guests import Guests
from gameserver.auth.jwt import JwtUsers
from gameserver.auth.jwt_keys import KeyFile
from gameserver.auth.tokens import SECRET_BYTES
from gameserver.clock import Clock
from gameserver.errors import Refused
from gameserver.interfaces import IAccounts, IAuthenticator, ICookies, IGuests, IPasswords, User
from gameserver.settings.foreign import Jwt
from gameserver.store.memory.store import MemoryStore
from tests.auth.jwt_kit import AUDIENCE, DAY_S, ISSUER, claims, file_of
from tests.auth.kit import fast_hasher

if TYPE_CHECKING:
    _TestCase = TestCase
else:
    _TestCase = object  # or trial would run the suite by itself

START_S: Final = 1_767_225_600.0
"""When all tests begin: 2026-01-01T00:00Z."""


class AuthenticatorContract(_TestCase):
    """
    The suite; it runs in the subclasses that are a TestCase too.

    :cvar lifetime_s: after so many seconds a token proves nothing any more.
    :cvar is_ours: its tokens are signed with a secret of this server's.
    """

    lifetime_s: float
    is_ours = True

    def make(self, secret: bytes) -> Any:
        """:returns: an authenticator; one of another secret is somebody else's."""
        raise NotImplementedError

    async def admit(self, authenticator: Any, name: str) -> tuple[User, str]:
        """:returns: a user of that name, and a token that proves it."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.seconds = Seconds()
        self.clock = Clock(self.seconds, lambda: START_S + self.seconds.seconds())
        self.entropy = random.Random(1).randbytes
        self.own = self.make(b"o" * SECRET_BYTES)

    async def refused(self, token: str, by: Any = None) -> Refused:
        """See that a token is refused, and that the words do not repeat it."""
        with self.assertRaises(Refused) as caught:
            await (by or self.own).authenticate(token, now_s=self.clock.now())
        self.assertEqual(caught.exception.code, "unauthenticated")
        for part in token.split("."):
            if len(part) > 12:
                self.assertNotIn(part, str(caught.exception) + repr(caught.exception))
        return caught.exception

    def test_interfaces(self) -> None:
        """It has what it says it has."""
        verifyObject(IAuthenticator, self.own)
        for contract in (IGuests, IPasswords, IAccounts, ICookies):
            if contract.providedBy(self.own):
                verifyObject(contract, self.own)

    async def test_token_proves_the_user(self) -> None:
        """The same user, again and again, by its id, its name and its rights."""
        user, token = await self.admit(self.own, "Ann")
        self.assertEqual(user.name, "Ann")
        for _ in range(2):
            proved = await self.own.authenticate(token, now_s=self.clock.now())
            self.assertEqual((proved.id, proved.name, proved.rights), (user.id, user.name, user.rights))

    async def test_ids_tell_where_they_are_from(self) -> None:
        """No two authenticators make the same id: a word and a colon stand before it."""
        ann, _ = await self.admit(self.own, "Ann")
        bob, _ = await self.admit(self.own, "Bob")
        self.assertNotEqual(ann.id, bob.id)
        self.assertRegex(ann.id, r"^[a-z]+:.+")

    async def test_owns_its_tokens_alone(self) -> None:
        """The form of a token tells whose it is, and nothing is raised at any other."""
        _, token = await self.admit(self.own, "Ann")
        self.assertTrue(self.own.owns(token))
        for strange in ("", ".", "nobody.x.y", "\ud800", "x" * 100_000, f"x{token}", f" {token}"):
            self.assertFalse(self.own.owns(strange), strange[:20])

    async def test_expired(self) -> None:
        """A token is good for its time, and no longer."""
        _, token = await self.admit(self.own, "Ann")
        self.seconds.advance(self.lifetime_s - 1)
        await self.own.authenticate(token, now_s=self.clock.now())
        self.seconds.advance(2)
        await self.refused(token)

    async def test_made_before_the_clock_was_set_back(self) -> None:
        """A token of ours is good though it seems to be from the future; somebody else's is not believed."""
        self.seconds.advance(3600)
        user, token = await self.admit(self.own, "Ann")
        self.seconds.advance(-3600)
        if self.is_ours:
            self.assertEqual((await self.own.authenticate(token, now_s=self.clock.now())).id, user.id)
        else:
            await self.refused(token)

    async def test_wrong_signature(self) -> None:
        """Whoever has another secret cannot say who is whom."""
        other = self.make(b"x" * SECRET_BYTES)
        _, token = await self.admit(other, "Ann")
        await self.refused(token)

    async def test_changed_anywhere(self) -> None:
        """Each part of a token counts, each of its letters, and nothing may be added."""
        _, token = await self.admit(self.own, "Ann")
        for at in range(token.index(".") + 1, len(token), 7):
            if token[at] != ".":
                await self.refused(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :])
        kind, body, signature = token.split(".")
        for forged in (f"{token}A", f"{token}.", f"{token}=", f"{kind}.{body}.", f"{kind}..{signature}", f"{kind}.",
                       f"{kind}.{signature}.{body}", f"{kind}.\ud800.x", f"{kind}.\u00e4.\u00f6", f"{token}\n",
                       f"{kind}." + "A" * 100_000):  # fmt: skip
            if self.own.owns(forged):
                await self.refused(forged)

    async def test_chain_finds_it(self) -> None:
        """Among several the one that owns a token is asked."""
        _, token = await self.admit(self.own, "Ann")
        chain = Chain([Nobody(), self.own, Nobody()])
        self.assertEqual((await chain.authenticate(token, now_s=self.clock.now())).name, "Ann")

    async def test_repr_tells_no_secret(self) -> None:
        """What a log or a traceback shows of it holds no secret and no token."""
        _, token = await self.admit(self.own, "Ann")
        shown = repr(self.own) + repr(vars(self.own))
        self.assertNotIn("ooooo", shown)
        self.assertNotIn(token.rpartition(".")[2], shown)


class Nobody:
    """An authenticator that owns no token, and must not be asked."""

    kind = "nobody"

    def owns(self, token: str) -> bool:
        return False

    def authenticate(self, token: str, *, now_s: float) -> Any:
        raise AssertionError("asked about a token that is not its own")


class JwtTests(AuthenticatorContract, TestCase):
    """Somebody else's tokens."""

    is_ours = False
    lifetime_s = DAY_S + 30.0

    def make(self, secret: bytes) -> JwtUsers:
        path = file_of(self.mktemp(), secret)
        users = JwtUsers(Jwt(issuer=ISSUER, audience=(AUDIENCE,), key=path), KeyFile(path), 32)
        self.secrets = {**getattr(self, "secrets", {}), id(users): secret}
        return users

    async def admit(self, authenticator: JwtUsers, name: str) -> tuple[User, str]:
        now_s = self.clock.now()
        token = jwt.encode(claims(now_s, sub=name, name=name), self.secrets[id(authenticator)], "HS256")
        user = User(f"jwt:{quote(ISSUER, safe='')}:{name}", name)
        return user, token


class DjangoTicketsTests(AuthenticatorContract, TestCase):
    """Users of a Django project that runs elsewhere; one whose tables are read here is in ``tests.django.suite``."""

    lifetime_s = DAY_S

    def make(self, secret: bytes) -> DjangoTickets:
        return DjangoTickets([secret], 32)

    async def admit(self, authenticator: DjangoTickets, name: str) -> tuple[User, str]:
        now_s = int(self.clock.now())
        said = TicketClaims(sub=name, name=name, rights=("moderator",), iat=now_s, exp=now_s + DAY_S, stamp="")
        return User(f"django:{name}", name, ("moderator",)), authenticator._signer.sign(said)


class GuestsTests(AuthenticatorContract, TestCase):
    """Guests."""

    lifetime_s = 180 * 86400

    def make(self, secret: bytes) -> Guests:
        return Guests([secret], self.entropy, self.clock.now)

    async def admit(self, authenticator: Guests, name: str) -> tuple[User, str]:
        return authenticator.guest(name)


class GuestsBesideAccountsTests(GuestsTests):
    """Guests, where each is looked up among those who became accounts."""

    def make(self, secret: bytes) -> Guests:
        store = MemoryStore()
        store.start()
        return Guests([secret], self.entropy, self.clock.now, store)


class AccountsTests(AuthenticatorContract, TestCase):
    """Accounts, each with a store of its own."""

    lifetime_s = 900

    def make(self, secret: bytes) -> Accounts:
        store = MemoryStore()
        store.start()
        return Accounts([secret], store, fast_hasher(), self.entropy, lambda user, login: None)

    async def admit(self, authenticator: Accounts, name: str) -> tuple[User, str]:
        grant = await authenticator.register(name, "correct horse", now_s=self.clock.now())
        return grant.user, grant.token
