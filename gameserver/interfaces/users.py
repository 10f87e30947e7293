"""Who somebody is: users, what they are granted, and the contracts of everything that can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class User(Struct, frozen=True):
    """
    Who somebody is.

    :ivar id: stable, unique among all authenticators: ``guest:…``, ``account:…``.
    :ivar name: shown to others, 1 to 32 code points.
    :ivar rights: such as ``admin`` or ``moderator``.
    :ivar login: which login proved it, for authenticators that can end one; empty where there is no such thing.
    """

    id: str
    name: str
    rights: tuple[str, ...] = ()
    login: str = ""


GUEST_ID: Final = "guest:"
"""What a guest's id begins with; it stays when an account is made of the guest."""


def is_guest(user: User) -> bool:
    """Whether all that is known of somebody is a name; a guest who has made an account has logged in."""
    return user.id.startswith(GUEST_ID) and not user.login


class Caller(Struct, frozen=True):
    """
    From where somebody comes.

    :ivar address: of the client, behind all trusted proxies.
    :ivar path: what was asked for, such as ``/api/login``.
    :ivar headers: of the request, names in lower case.
    :ivar secure: whether it came over TLS.
    """

    address: str = ""
    path: str = "/ws"
    headers: Mapping[str, str] = {}
    secure: bool = False

    def __repr__(self) -> str:
        return f"Caller({self.address!r}, {self.path!r})"


class Grant(Struct, frozen=True):
    """
    What somebody gets who proved who they are.

    :ivar token: proves it from now on; it begins with its authenticator's kind, and a dot.
    :ivar expires_s: seconds for which the token is good, or None where nobody but its authenticator knows.
    :ivar refresh: buys the next grant, once, where there is such a thing.
    :ivar elsewhere: whether a session of another system proved it, which alone can end it.
    """

    user: User
    token: str
    expires_s: int | None = None
    refresh: str | None = None
    elsewhere: bool = False

    def __repr__(self) -> str:
        return f"Grant({self.user!r})"


class IAuthenticator(Interface):
    """
    One way to tell who a client is, from the token that ``hello`` or an ``Authorization`` header brought.

    Which of them a server has, and in which order, is the setting ``auth``. One lives in ``gameserver.auth.KIND``,
    whose ``make(context)`` builds it (see `gameserver.auth.context`). What else it can do it says by implementing
    `IGuests`, `IPasswords` or `ICookies` as well.
    """

    kind = Attribute("Its name in settings. Tokens of its own making begin with it and a dot.")

    def owns(token: str) -> bool:
        """Whether a token looks like this authenticator's: only its form is looked at, so that asking is cheap."""

    def authenticate(token: str, *, now_s: float) -> Deferred[User]:
        """
        Say whose token this is.

        :param token: one that it `owns`.
        :param now_s: seconds since 1970.
        :returns: the user whom this token proves.
        :raises Refused: ``unauthenticated`` for a token that is forged, expired or revoked; the text is for people,
            and says nothing that helps a forger.
        :raises StoreUnavailable: it cannot be looked up now.
        """


class ISeesCallers(IAuthenticator):
    """
    An authenticator that looks at who asks: ``authenticate``, ``login``, ``register`` and ``authenticate_cookies`` take
    a `Caller` as well, or None, as ``caller``.
    """


class IGuests(IAuthenticator):
    """Admits whoever says a name."""

    def guest(name: str) -> tuple[User, str]:
        """
        Make a new guest.

        :param name: as `gameserver.protocol.names.check_name` returns it.
        :returns: the user, and a signed token that proves it later.
        """


class IPasswords(IAuthenticator):
    """Admits whoever knows a name and its password."""

    def login(name: str, password: str, *, now_s: float) -> Deferred[Grant]:
        """
        Check a name and a password.

        :returns: what this user gets.
        :raises Refused: ``unauthenticated``, with the same text, and after as much work, whether there is no such
            user or the password is wrong; ``busy``: too many others are at it.
        """


class LoginFacts(Struct, frozen=True):
    """
    What a user is told of a login; ``current`` is the one that is asking.

    :ivar device: what the browser or program called itself; empty where it said nothing.
    :ivar began_s: seconds since 1970; None: not kept for so old a login. ``used_s``: when it was used or renewed last.
    """

    id: str
    device: str
    began_s: int | None
    used_s: int
    current: bool


class IAccounts(IPasswords):
    """
    Keeps users with passwords of its own.

    What ends a login (`logout`, `change_password`, `delete`, a refresh token that is used twice) closes its connections
    once that is stored.
    """

    def register(
        name: str, password: str, *, guest: User | None = None, invitation: str | None = None, now_s: float
    ) -> Deferred[Grant]:
        """
        Make an account.

        :param name: as `gameserver.protocol.names.check_name` returns it.
        :param guest: becomes this account, and keeps id and seats; its token proves nothing from now on.
        :param invitation: what the operator gave this person, where that is asked for.
        :raises Refused: ``name_taken``, ``bad_data`` for a password that is too short, ``forbidden``, ``busy``.
        """

    def refresh(token: str, *, now_s: float) -> Deferred[Grant]:
        """
        Buy the next grant, and spend the refresh token; one that was spent before ends its login.

        :raises Refused: ``unauthenticated``.
        """

    def logout(token: str, *, now_s: float) -> Deferred[None]:
        """
        End the login of this token, of whatever kind; one that ended before is fine.

        :raises Refused: ``unauthenticated``: it is no token of this server.
        """

    def change_password(user: User, old: str, new: str, *, now_s: float) -> Deferred[Grant]:
        """
        End every login of this user, and begin a new one.

        :raises Refused: ``wrong_password``, ``bad_data`` for one that is too short, ``busy``.
        """

    def delete(user: User, password: str, *, now_s: float) -> Deferred[None]:
        """
        Forget this user.

        :raises Refused: ``wrong_password``, ``busy``.
        """

    def cookie(grant: Grant, *, now_s: float) -> str:
        """Return what a browser keeps of a grant in a cookie that pages cannot read; it is good for tickets alone."""

    def rename(user: User, name: str, password: str, *, now_s: float) -> Deferred[User]:
        """
        Give this user another name; id, seats and logins stay.

        :param name: as `gameserver.protocol.names.check_name` returns it.
        :raises Refused: ``wrong_password``, ``name_taken``, ``busy``; ``forbidden``: one of the names has rights.
        """

    def logins(user: User, *, now_s: float) -> Deferred[list[LoginFacts]]:
        """
        Tell on which devices this user is logged in, the one that was used last first.

        :raises Refused: ``unauthenticated``.
        """

    def end_login(user: User, login: str | None, *, now_s: float) -> Deferred[None]:
        """
        End a login of this user, and close its connections; one that ended before is fine.

        :param login: its id; None: all but the one that the user came with.
        :raises Refused: ``unauthenticated``; ``busy``.
        """


class ICookies(IAuthenticator):
    """Admits a browser by a cookie, to sell it a ticket; a WebSocket is never authenticated by a cookie."""

    def authenticate_cookies(cookies: Mapping[str, str], *, now_s: float) -> Deferred[Grant | None]:
        """
        Say whose cookies these are, without those of `ITickets.keep`; the request's origin was checked before.

        :param cookies: name to value, all that the request brought.
        :returns: what this user gets, or None if none of the cookies is this authenticator's.
        :raises Refused: ``unauthenticated``: one is, and proves nothing.
        """


class Order(Struct, frozen=True):
    """
    What is to become of a user's logins.

    :ivar user: the user's id.
    :ivar rights: those that the user has from now on; None: whatever proved to be this user before, proves it no more.
    :ivar given_s: when it was given, seconds since 1970: one that comes late, or again, undoes none that was given
        after it. None: now.
    """

    user: str
    rights: tuple[str, ...] | None = None
    given_s: float | None = None


class IRechecks(IAuthenticator):
    """Knows more of its users than their tokens say: whether they may stay, and with which rights."""

    def keeps(user_id: str) -> bool:
        """Whether this is one of its users."""

    def look_again(user: User, *, now_s: float) -> Deferred[User]:
        """
        Look up the rights that a user has now.

        :param user: as it was proved before, with its `User.login`.
        :returns: the user with the rights of now.
        :raises Refused: ``unauthenticated``: who proved this proves it no more; ``busy``: it cannot be told.
        :raises StoreUnavailable: it cannot be told.
        """

    def revoke(order: Order, *, now_s: float) -> Deferred[None]:
        """
        Let an order count from now on; to close connections is left to the caller.

        :raises StoreUnavailable: nothing is known of it; do it again.
        """

    def orders_of(token: str, *, now_s: float) -> Deferred[Sequence[Order] | None]:
        """
        Read the orders in a token, signed by the system that these users are from.

        :returns: the orders; None: it is from another system.
        :raises Refused: ``unauthenticated``: it is forged, or has expired.
        """


class ISessions(ICookies):
    """One whose cookies are another system's: a browser may be logged in there before it comes here."""

    def has_session(cookies: Mapping[str, str]) -> bool:
        """Whether one of these is the other system's; what it proves is not looked at."""


class IAuthenticators(Interface):
    """All authenticators of a server, as sessions and HTTP calls see them."""

    def guest(name: str) -> tuple[User, str]:
        """
        Make a new guest.

        :raises Refused: ``unauthenticated`` where guests are not admitted.
        """

    def authenticate(token: str, *, now_s: float, caller: Caller | None = None) -> Deferred[User]:
        """
        Ask the authenticator that owns a token whose it is, as in `IAuthenticator.authenticate`.

        A token that nobody owns is refused, too.

        :param caller: here and below, who asks; for those that are `ISeesCallers`.
        :raises Refused: here and below, ``busy`` too: an authenticator failed, which is logged.
        """

    def login(name: str, password: str, *, now_s: float, caller: Caller | None = None) -> Deferred[Grant]:
        """
        Check a name and a password, and grant a token; see `IPasswords.login`.

        Each that has passwords is asked in turn.
        """

    def authenticate_cookies(
        cookies: Mapping[str, str], *, now_s: float, caller: Caller | None = None
    ) -> Deferred[Grant | None]:
        """
        Say whose cookies these are, with a token for them; see `ICookies.authenticate_cookies`.

        Each that knows cookies is asked in turn.
        """

    def look_again(user: User, *, now_s: float) -> Deferred[User]:
        """Look up the rights that a user has now; a user whom none of them keeps stays as is."""

    def revoke(order: Order, *, now_s: float) -> Deferred[None]:
        """
        Let an order count from now on, at whoever keeps that user.

        :raises Refused: ``not_found``: no authenticator keeps such users.
        """

    def orders_of(token: str, *, now_s: float) -> Deferred[Sequence[Order]]:
        """Read the orders in a signed token; one that no authenticator knows is refused as well."""

    def offering(contract: type[Interface]) -> IAuthenticator | None:
        """Return the first authenticator that implements this contract, or None."""


class ITickets(Interface):
    """Sells tickets, which are shown once in place of a token."""

    def sell(token: str, *, now_s: float) -> str:
        """
        Seal a token in a ticket.

        :param token: that was proved just now.
        :returns: a ticket, good once and for half a minute.
        """

    def redeem(ticket: str, *, now_s: float) -> Deferred[str]:
        """
        Open a ticket, which is good once.

        :returns: the token that bought it, which is yet to be proved again.
        :raises Refused: ``unauthenticated``: it is forged, expired, or was shown before.
        :raises StoreUnavailable: the store does not tell whether it was shown.
        """

    def keep(token: str, *, until_s: float) -> str:
        """Return what a browser keeps of a token in a cookie that pages cannot read; it is good for tickets alone."""

    def kept(cookie: str, *, now_s: float) -> str:
        """
        Take a token out of a cookie.

        :returns: the token in it, which is yet to be proved again.
        :raises Refused: ``unauthenticated``: `keep` did not make it, or it has expired.
        """


class IHasher(Interface):
    """Hashes passwords outside the reactor's thread."""

    asked = Attribute("How many are asked for now.")
    refused = Attribute("How many were refused since the start.")

    def hash(password: str) -> Deferred[str]:
        """
        Hash a password.

        :returns: what to keep of it; each time another.
        :raises Refused: ``busy``: too many wait; ``bad_data``: it is too long.
        """

    def verify(kept: str | None, password: str) -> Deferred[bool]:
        """
        Tell whether this is the password; for nobody's it costs as much, and is never right.

        :param kept: what `hash` returned, or None for nobody's password.
        :raises Refused: ``busy``: too many wait; ``bad_data``: it is too long.
        """
