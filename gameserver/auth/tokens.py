"""
Tokens of our own: ``KIND.BODY.SIGNATURE``, signed with the secret of the nodes of one store.

KIND names the authenticator, so that the right one is found without trying others; the key of the signature depends on
it, so that a token of one kind is never good as another. BODY is JSON, SIGNATURE is HMAC-SHA256, both base64url.

Source: RFC 2104 (HMAC); the layout is that of JWS compact serialization (RFC 7515) without its header, so that no token
can choose how it is checked.

That a token was made in the future is no reason to refuse it: a node with the secret made it before its clock was set
back, and it proves as much as any.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from gameserver.errors import Refused

SECRET_BYTES: Final = 32
LEEWAY_S: Final = 60
"""By how much the clocks of two nodes may differ."""
TOKEN_CHARS: Final = 4096
"""No token of ours comes near; anything longer is refused unread."""

Body = TypeVar("Body", bound=Struct)


class Signer:
    """
    Signs with the first secret, and takes what any of them signed.

    :param secrets: each of `SECRET_BYTES` or more, the one that signs first; several while secrets are changed.
    :param kind: how the tokens begin, before the first dot.
    """

    def __init__(self, secrets: Sequence[bytes], kind: str) -> None:
        self._keys = [hmac.digest(secret, f"token {kind}".encode(), hashlib.sha256) for secret in secrets]
        self.kind = kind

    def owns(self, token: str) -> bool:
        """Whether a token has this kind's form; see `IAuthenticator.owns`."""
        return token.startswith(f"{self.kind}.")

    def sign(self, body: Struct) -> str:
        """:returns: a token with this body."""
        text = urlsafe_b64encode(msgspec.json.encode(body)).rstrip(b"=").decode()
        return f"{self.kind}.{text}.{_signature(self._keys[0], text)}"

    def read(self, token: str, kind: type[Body]) -> Body:
        """
        :returns: what a token says; whether it has expired is for the caller to check.
        :raises Refused: ``unauthenticated``: it was not signed with these secrets, or is not of this kind.
        """
        _, _, rest = token.partition(".")
        text, _, signature = rest.partition(".")
        if not self.owns(token) or len(token) > TOKEN_CHARS or not self._is_ours(text, signature):
            raise Refused("That token is not of this server.", code="unauthenticated")
        try:
            return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
        except (msgspec.MsgspecError, Base64Error, ValueError):
            raise Refused("That token cannot be read.", code="unauthenticated") from None

    def _is_ours(self, text: str, signature: str) -> bool:
        given = signature.encode("utf-8", "replace")
        return any(hmac.compare_digest(_signature(key, text).encode(), given) for key in self._keys)

    def __repr__(self) -> str:
        return f"Signer({self.kind!r})"


def _signature(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode("utf-8", "replace"), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
