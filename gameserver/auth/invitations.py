"""Invitations: they let a person register a name where not everybody may."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from gameserver.protocol.names import name_key


class Invitations:
    """
    What an operator gives to a person: good to register one name, and made from the secret, while no server need run.

    :param secrets: see `Signer`.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets

    def make(self, name: str) -> str:
        """:returns: the invitation for this name: 26 hexadecimal digits."""
        return _invitation(self._secrets[0], name_key(name))

    def fits(self, key: str, invitation: str) -> bool:
        """
        Whether an invitation is good for a name.

        :param key: the name, in the form of `name_key`.
        """
        given = invitation.strip().lower().encode("utf-8", "replace")
        return any(hmac.compare_digest(_invitation(secret, key).encode(), given) for secret in self._secrets)

    def __repr__(self) -> str:
        return "Invitations()"


def _invitation(secret: bytes, key: str) -> str:
    return hmac.digest(secret, f"invitation {key}".encode(), hashlib.sha256)[:13].hex()
