"""
Tickets: a token buys one, to be shown once, within half a minute, where a token must not travel (as in an address).

A ticket is the token itself, sealed with the secret that the nodes of one store share: each of them can open it, and
nobody else. The store notes that it was used, so it is good once on all nodes together. Opened, it proves what the
token proves at that moment.

Source: RFC 8439 (ChaCha20-Poly1305)
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Struct
from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.auth.tokens import LEEWAY_S, TOKEN_CHARS
from gameserver.errors import Refused
from gameserver.interfaces import ITickets, IUserStore

LIFETIME_S: Final = 30
MARK_S: Final = 86_400
"""How long after a ticket's end it is remembered that it was used: the wall clock may be set back meanwhile."""
NONCE_BYTES: Final = 12
TICKET_CHARS: Final = 2 * TOKEN_CHARS


KEPT: Final = "kept."
"""How a cookie that holds a token begins."""


class Sealed(Struct, frozen=True):
    """What is in a ticket: a token, and until when it may be shown, seconds since 1970."""

    token: str
    exp: float


class Seal:
    """
    Makes texts that nobody else can read, and opens those that were made with the same secrets.

    :param secrets: see `gameserver.auth.tokens.Signer`.
    :param purpose: a text that was sealed for one purpose cannot be opened for another.
    :param entropy: returns as many random bytes as it is asked for.
    """

    def __init__(self, secrets: Sequence[bytes], purpose: str, entropy: Callable[[int], bytes]) -> None:
        keys = (hmac.digest(secret, purpose.encode(), hashlib.sha256) for secret in secrets)
        self._ciphers = [ChaCha20Poly1305(key) for key in keys]
        self._entropy = entropy

    def close(self, content: Sealed) -> str:
        """:returns: the content, sealed."""
        nonce = self._entropy(NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, msgspec.json.encode(content), None)
        return urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, text: str) -> Sealed | None:
        """:returns: what is in it; None: it was not made with these secrets, or not for this purpose."""
        try:
            content = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) <= TICKET_CHARS else b""
        except ValueError:
            return None
        # Base64 allows several spellings of the last character, each of which would count as another ticket.
        if urlsafe_b64encode(content).rstrip(b"=").decode() != text or len(content) <= NONCE_BYTES:
            return None
        for cipher in self._ciphers:
            try:
                opened = cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], None)
            except InvalidTag:
                continue
            return msgspec.json.decode(opened, type=Sealed)
        return None


@implementer(ITickets)
class Tickets:
    """
    :param secrets: see `gameserver.auth.tokens.Signer`.
    :param users: the store that notes which tickets were used.
    :param entropy: returns as many random bytes as it is asked for.
    """

    def __init__(self, secrets: Sequence[bytes], users: IUserStore, entropy: Callable[[int], bytes]) -> None:
        self._tickets = Seal(secrets, "ticket", entropy)
        self._cookies = Seal(secrets, "cookie", entropy)
        self._users = users

    def sell(self, token: str, *, now_s: float) -> str:
        """Seal a token in a ticket that is good once, for half a minute; see `ITickets.sell`."""
        return self._tickets.close(Sealed(token, now_s + LIFETIME_S))

    def redeem(self, ticket: str, *, now_s: float) -> Deferred[str]:
        """Open a ticket, once, and return the token in it; see `ITickets.redeem`."""
        return Deferred.fromCoroutine(self._redeem(ticket, now_s))

    def keep(self, token: str, *, until_s: float) -> str:
        """Return what a browser keeps of a token in its cookie; see `ITickets.keep`."""
        return KEPT + self._cookies.close(Sealed(token, until_s))

    def kept(self, cookie: str, *, now_s: float) -> str:
        """Return the token that a cookie holds; see `ITickets.kept`."""
        sealed = self._cookies.open(cookie.removeprefix(KEPT)) if cookie.startswith(KEPT) else None
        if sealed is None or now_s >= sealed.exp:
            raise Refused("That login has ended.", code="unauthenticated")
        return sealed.token

    async def _redeem(self, ticket: str, now_s: float) -> str:
        sealed = self._tickets.open(ticket)
        if sealed is None:
            raise Refused("That ticket is not of this server.", code="unauthenticated")
        if not sealed.exp - LIFETIME_S - LEEWAY_S <= now_s < sealed.exp:
            raise Refused("That ticket has expired.", code="unauthenticated")
        mark = hashlib.sha256(ticket.encode()).hexdigest()
        until_ms = round((sealed.exp + MARK_S) * 1000)
        if not await self._users.spend(mark, now_ms=round(now_s * 1000), until_ms=until_ms):
            raise Refused("That ticket was used before.", code="unauthenticated")
        return sealed.token
