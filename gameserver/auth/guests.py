"""Guests: a name is enough, and a signed token brings back the same user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from twisted.internet.defer import Deferred, execute
from zope.interface import implementer

from gameserver.auth.context import AuthContext
from gameserver.auth.tokens import Signer
from gameserver.errors import Refused
from gameserver.interfaces import IGuests, IUserStore, User

LIFETIME_S: Final = 180 * 86400
"""How long after it was made a guest's token is good; after that the guest is somebody new."""


class GuestClaims(Struct, frozen=True):
    """What a token says: user id, name, and when it was made, seconds since 1970."""

    sub: str
    name: str
    iat: int


@implementer(IGuests)
class Guests:
    """
    :param secrets: see `Signer`.
    :param entropy: returns as many random bytes as it is asked for.
    :param now: returns seconds since 1970.
    :param users: the store in which to look whether a guest has become an account; None: there are no accounts.
    """

    kind = "guests"

    def __init__(
        self,
        secrets: Sequence[bytes],
        entropy: Callable[[int], bytes],
        now: Callable[[], float],
        users: IUserStore | None = None,
    ) -> None:
        self._signer = Signer(secrets, self.kind)
        self._entropy = entropy
        self._now = now
        self._users = users

    def guest(self, name: str) -> tuple[User, str]:
        """Make a new guest of this name, with a token; see `IGuests.guest`."""
        user = User(f"guest:{self._entropy(12).hex()}", name)
        return user, self._signer.sign(GuestClaims(user.id, user.name, int(self._now())))

    def owns(self, token: str) -> bool:
        """Whether a token has this kind's form; see `IAuthenticator.owns`."""
        return self._signer.owns(token)

    def authenticate(self, token: str, *, now_s: float) -> Deferred[User]:
        """Say whose token this is; see `IAuthenticator.authenticate`."""
        read = execute(self._read, token, now_s)
        return read if self._users is None else read.addCallback(self._still_guest)

    async def _look_up(self, user: User) -> User:
        assert self._users is not None
        if await self._users.user(user.id) is not None:
            raise Refused("You have an account now; log in.", code="unauthenticated")
        return user

    def _still_guest(self, user: User) -> Deferred[User]:
        """A guest who has made an account must log in with the password: the guest's token is refused from then on."""
        return Deferred.fromCoroutine(self._look_up(user))

    def _read(self, token: str, now_s: float) -> User:
        claims = self._signer.read(token, GuestClaims)
        if now_s > claims.iat + LIFETIME_S:
            raise Refused("That token has expired.", code="unauthenticated")
        return User(claims.sub, claims.name)


def make(context: AuthContext) -> Guests:
    """Build the authenticator of guests for a server."""
    users = context.users if "accounts" in context.settings.auth else None
    return Guests(context.secrets, context.entropy, context.clock.now, users)
