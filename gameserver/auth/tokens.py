"""
Guests with signed tokens.

A token is the guest's id and name with the time of its making, signed with a secret of the node: whoever brings it back
is the same user. ``base64url(JSON) "." base64url(HMAC-SHA256)``.

Source: RFC 2104 (HMAC); the layout is that of JWS compact serialization (RFC 7515) without its header, so that no token
can choose how it is checked.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, execute
from zope.interface import implementer

from gameserver.errors import Refused, SettingError
from gameserver.interfaces import IAuthenticator, User

SECRET_BYTES: Final = 32
LIFETIME_S: Final = 180 * 86400
"""A guest who was away for longer is somebody new."""


class Claims(Struct, frozen=True):
    """What a token says: user id, name, and when it was made, seconds since 1970."""

    sub: str
    name: str
    iat: int


@implementer(IAuthenticator)
class Guests:
    """
    :param secret: `SECRET_BYTES` that only the nodes of one store know.
    :param entropy: so many random bytes.
    :param now: seconds since 1970.
    """

    def __init__(self, secret: bytes, entropy: Callable[[int], bytes], now: Callable[[], float]) -> None:
        self._secret = secret
        self._entropy = entropy
        self._now = now

    def guest(self, name: str) -> tuple[User, str]:
        """See `IAuthenticator.guest`."""
        user = User(f"guest:{self._entropy(12).hex()}", name)
        return user, self._sign(Claims(user.id, user.name, int(self._now())))

    def authenticate(self, token: str, *, now_s: float) -> Deferred[User]:
        """See `IAuthenticator.authenticate`."""
        return execute(self._read, token, now_s)

    def _sign(self, claims: Claims) -> str:
        body = urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
        return f"{body.decode()}.{self._signature(body)}"

    def _signature(self, body: bytes) -> str:
        return urlsafe_b64encode(hmac.digest(self._secret, body, hashlib.sha256)).rstrip(b"=").decode()

    def _read(self, token: str, now_s: float) -> User:
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(self._signature(body.encode()).encode(), signature.encode()):
            raise Refused("That token is not of this server.", code="unauthenticated")
        try:
            claims = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Claims)
        except (msgspec.MsgspecError, Base64Error, ValueError):
            raise Refused("That token cannot be read.", code="unauthenticated") from None
        if now_s > claims.iat + LIFETIME_S:
            raise Refused("That token has expired.", code="unauthenticated")
        return User(claims.sub, claims.name)


def fingerprint(secret: bytes) -> str:
    """:returns: what tells a secret from another, and nothing of it."""
    return hmac.digest(secret, b"gameserver: fingerprint", hashlib.sha256).hex()[:32]


def load_secret(path: Path, entropy: Callable[[int], bytes]) -> bytes:
    """
    :param path: a file that is made, readable by its owner alone, where there is none.
    :returns: the node's secret.
    :raises SettingError: others may read it, or it is not a secret.
    """
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(made, "wb") as file:
            file.write(entropy(SECRET_BYTES))
    if path.stat().st_mode & 0o077:
        raise SettingError("data", str(path), f"nobody else may read this secret: chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise SettingError("data", str(path), f"a secret of {SECRET_BYTES} bytes; delete the file to have a new one")
    return secret
