"""
The secret that the nodes of one store share: made at the first start, readable by its owner alone.

The file holds one or more secrets of `SECRET_BYTES` each, as bytes. The first signs, and all can check. So a secret is
changed in three steps, none of which logs anybody out: the new one is added at the end, then moved to the front, and
the old one is dropped once its tokens have expired; the file is copied to all nodes after each. ``gameserver secret``
does each step.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from shlex import quote

from gameserver.auth.tokens import SECRET_BYTES
from gameserver.errors import SettingError
from gameserver.files import write_whole


class Secrets(tuple[bytes, ...]):
    """Some secrets, the one that signs first; `repr` and `str` show only how many there are."""

    def __repr__(self) -> str:
        return f"Secrets({len(self)})"

    __str__ = __repr__


def load_secrets(path: Path, entropy: Callable[[int], bytes]) -> Secrets:
    """
    :param path: the file; where there is none it is made, readable by its owner alone.
    :returns: its secrets.
    :raises SettingError: others may read it, or it holds no secrets.
    :raises OSError: it can be neither read nor made.
    """
    if not path.exists():
        # Nodes that share the file may start together: one of them makes it.
        with suppress(FileExistsError):
            write_whole(path, entropy(SECRET_BYTES), replace=False)
    return read_secrets(path)


def read_secrets(path: Path) -> Secrets:
    """
    :returns: the secrets of a file that exists.
    :raises SettingError: others may read it, or it holds no secrets.
    :raises OSError: it cannot be read.
    """
    content = path.read_bytes()
    if path.stat().st_mode & 0o077:
        raise SettingError("secret", str(path), f"nobody else may read this secret: chmod 600 {quote(str(path))}")
    if not content or len(content) % SECRET_BYTES:
        raise SettingError("secret", str(path), f"secrets of {SECRET_BYTES} bytes each; delete the file for a new one")
    return Secrets(content[at : at + SECRET_BYTES] for at in range(0, len(content), SECRET_BYTES))


def write_secrets(path: Path, secrets: Sequence[bytes]) -> None:
    """
    Replace the secrets of a file, all at once, so that no crash leaves half of them.

    :raises OSError: it cannot be written, and is unchanged.
    """
    write_whole(path, b"".join(secrets))


def fingerprint(secret: bytes) -> str:
    """
    Tell one secret from another without revealing it.

    :returns: 32 hexadecimal digits, the same on every node that has this secret.
    """
    return hmac.digest(secret, b"gameserver fingerprint", hashlib.sha256)[:16].hex()


def fingerprints(secrets: Sequence[bytes]) -> tuple[str, ...]:
    """
    :returns: the fingerprint of each secret, in order: the first is that of the one that signs.

    Two nodes fit together if each has the secret with which the other signs.
    """
    return tuple(fingerprint(secret) for secret in secrets)
