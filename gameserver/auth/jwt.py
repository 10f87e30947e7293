"""
Tokens of somebody else's service: JSON Web Tokens, checked with that service's key.

A token says of itself how it was signed; here that only picks among keys, each of which is good for one algorithm. A
user's id is ``jwt:ISSUER:SUBJECT``. A refusal says no more than what kind of thing is wrong.

Source: RFC 7519, and RFC 8725 for what to beware of
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import jwt
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from gameserver.auth.context import AuthContext
from gameserver.auth.fetch import Fetch
from gameserver.auth.jwt_keys import Key, KeyFile, Keys, KeySet
from gameserver.auth.revocations import Revocations
from gameserver.errors import Refused
from gameserver.files import remedy
from gameserver.interfaces import IRechecks, Order, User
from gameserver.protocol.names import fitting_name
from gameserver.settings.foreign import Jwt

TOKEN_CHARS: Final = 8192
"""About as long as servers allow a header of HTTP to be."""
SUBJECT_CHARS: Final = 255
"""Source: https://openid.net/specs/openid-connect-core-1_0.html#IDToken"""
LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"
"""Source: OpenID Connect Back-Channel Logout 1.0, section 2.4"""
FORM: Final = re.compile(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", re.ASCII)
"""Three parts in base64url, the first of which is a JSON object."""
ALGORITHMS: Final = ("HS256", "RS256", "ES256")

Claims = Mapping[str, Any]


@implementer(IRechecks)
class JwtUsers:
    """
    :param wish: whose tokens are believed, and what they mean.
    :param keys: with which tokens are checked.
    :param name_chars: the longest name, in characters.
    :param revoked: whom the issuer, or an administrator, cut off.
    """

    kind = "jwt"

    def __init__(self, wish: Jwt, keys: Keys, name_chars: int, revoked: Revocations | None = None) -> None:
        self._revoked = revoked
        self._wish = wish
        self._keys = keys
        self._name_chars = name_chars
        self._prefix = f"jwt:{quote(wish.issuer, safe='')}:"
        self._rights: dict[str, list[str]] = {}
        for each in wish.rights:
            theirs, _, ours = each.rpartition("=")
            self._rights.setdefault(theirs, []).append(ours)

    def owns(self, token: str) -> bool:
        """Whether a token has this kind's form; see `IAuthenticator.owns`."""
        return len(token) <= TOKEN_CHARS and FORM.fullmatch(token) is not None

    def authenticate(self, token: str, *, now_s: float) -> Deferred[User]:
        """Say whose token this is; see `IAuthenticator.authenticate`."""
        return Deferred.fromCoroutine(self._authenticate(token, now_s))

    async def _authenticate(self, token: str, now_s: float) -> User:
        algorithm, key_id = _header(token) if self.owns(token) else ("", None)
        if algorithm not in ALGORITHMS:
            raise _refused("That token is not signed in a way that is admitted here.")
        claims = self._verified(token, await self._keys.find(key_id, algorithm))
        self._check_times(claims, now_s)
        if LOGOUT in (claims.get("events") or ()):
            raise _refused("That token ends logins, and proves nothing.")
        return await self._standing(self._user(claims))

    async def _standing(self, user: User) -> User:
        return user if self._revoked is None else await self._revoked.apply(user, float(user.login or 0.0))

    def keeps(self, user_id: str) -> bool:
        """Whether this is one of the issuer's users."""
        return user_id.startswith(self._prefix)

    def look_again(self, user: User, *, now_s: float) -> Deferred[User]:
        """Return the user as the token described them, unless an order has ended that or changed the rights."""
        return Deferred.fromCoroutine(self._standing(user))

    def revoke(self, order: Order, *, now_s: float) -> Deferred[None]:
        """Remember an order: it counts against tokens that were signed before it."""
        if self._revoked is None:
            return succeed(None)
        return Deferred.fromCoroutine(self._revoked.add(order))

    def orders_of(self, token: str, *, now_s: float) -> Deferred[Sequence[Order] | None]:
        """Read a logout token of the issuer: it ends all tokens that were signed for this user before."""
        return Deferred.fromCoroutine(self._orders_of(token, now_s))

    async def _orders_of(self, token: str, now_s: float) -> Sequence[Order] | None:
        if not self.owns(token):
            return None
        algorithm, key_id = _header(token)
        if algorithm not in ALGORITHMS:
            raise _refused("That token is not signed in a way that is admitted here.")
        claims = self._verified(token, await self._keys.find(key_id, algorithm))
        self._check_times(claims, now_s)
        if LOGOUT not in (claims.get("events") or ()):
            raise _refused("That token ends no logins.")
        return [Order(self._user(claims).id)]

    def _verified(self, token: str, key: Key) -> Claims:
        """:raises Refused: the signature is wrong, or the token is by another issuer or for another audience."""
        try:
            # Times are checked below, by the server's own clock.
            claims: Claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                issuer=self._wish.issuer,
                audience=self._wish.audience,
                options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False,
                         "verify_iat": False, "verify_sub": False},
            )  # fmt: skip
        except (jwt.InvalidIssuerError, jwt.InvalidAudienceError):
            raise _refused("That token was made by somebody else, or for somebody else.") from None
        except jwt.MissingRequiredClaimError:
            raise _refused("That token does not say enough.") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise _refused("That token is not signed by whom it says.") from None
        return claims

    def _check_times(self, claims: Claims, now_s: float) -> None:
        """:raises Refused: the token has expired, or is not valid yet."""
        leeway_s = self._wish.leeway_s
        if now_s >= _time(claims, "exp", 0.0) + leeway_s:
            raise _refused("That token has expired.")
        if now_s < max(_time(claims, "nbf", 0.0), _time(claims, "iat", 0.0)) - leeway_s:
            raise _refused("That token is not valid yet.")

    def _user(self, claims: Claims) -> User:
        """:raises Refused: it does not say who this is."""
        subject = _claim(claims, self._wish.id_claim)
        if isinstance(subject, int) and not isinstance(subject, bool):
            subject = str(subject)
        if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARS or not subject.isprintable():
            raise _refused("That token does not say who you are.")
        name = fitting_name(_claim(claims, self._wish.name_claim), self._name_chars)
        return User(self._prefix + subject, name, self._rights_of(claims), str(_time(claims, "iat", 0.0)))

    def _rights_of(self, claims: Claims) -> tuple[str, ...]:
        found = _claim(claims, self._wish.rights_claim) if self._wish.rights_claim is not None else None
        words = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
        ours = {right for word in words if isinstance(word, str) for right in self._rights.get(word, ())}
        return tuple(sorted(ours))

    def __repr__(self) -> str:
        return f"JwtUsers({self._wish.issuer!r})"


def make(context: AuthContext) -> JwtUsers:
    """
    Build the authenticator for a server.

    :raises SettingError: ``[jwt]`` does not say whose tokens are believed, or its files cannot be used.
    """
    settings = context.settings
    wish = settings.jwt
    if not wish.issuer:
        raise settings.error("jwt.issuer", "who makes the tokens, as their iss says it")
    if not wish.audience:
        raise settings.error(
            "jwt.audience", "what the tokens' aud must hold: those for other services are not for here"
        )
    if (wish.key is None) == (wish.jwks is None):
        raise settings.error("jwt.key", "either a file here, or an address as jwt.jwks")
    revoked = Revocations(context.users, context.clock)
    context.rereads.append(revoked.reread)
    return JwtUsers(wish, _keys(context, wish), settings.limits.name_chars, revoked)


def _keys(context: AuthContext, wish: Jwt) -> Keys:
    try:
        if wish.key is not None:
            file = KeyFile(wish.key)
            context.reloads.append(file.reload)
            return file
        fetch = Fetch(context.reactor, wish.ca)
    except (ValueError, OSError) as error:
        text = remedy(error) if isinstance(error, OSError) else str(error)
        raise context.settings.error("jwt.key" if wish.key is not None else "jwt.ca", text) from None
    keys = KeySet(str(wish.jwks), fetch, context.clock)
    context.reactor.callWhenRunning(keys.start)
    return keys


def _header(token: str) -> tuple[str, str | None]:
    """
    :returns: algorithm and key id, as the token says.
    :raises Refused: it cannot be read, or its base64 has more than one spelling and this is not the canonical one.
    """
    try:
        if any(urlsafe_b64encode(_decoded(part)).rstrip(b"=").decode() != part for part in token.split(".")):
            raise ValueError
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _refused("That token cannot be read.") from None
    algorithm, key_id = header.get("alg"), header.get("kid")
    if "crit" in header or not isinstance(algorithm, str) or not isinstance(key_id, str | None):
        raise _refused("That token cannot be read.")
    return algorithm, key_id


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _time(claims: Claims, name: str, default_s: float) -> float:
    """
    :returns: a claim that is a time, seconds since 1970.
    :raises Refused: it is no number.
    """
    found = claims.get(name, default_s)
    # Some issuers write fractions of seconds; a huge number is cut down to one that can be computed with.
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found != found:
        raise _refused("That token cannot be read.")
    return min(max(found, 0.0), 1e12)


def _claim(claims: Claims, name: str) -> object:
    """:returns: the claim of this name or, if there is none, the one at this path, such as ``realm_access.roles``."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _refused(text: str) -> Refused:
    return Refused(text, code="unauthenticated")
