"""The tokens of users of Django, and the secret that a project and the server share."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Final

from msgspec import Struct

from gameserver.auth.secrets import Secrets
from gameserver.auth.tokens import SECRET_BYTES
from gameserver.files import remedy
from gameserver.settings.settings import Settings

KIND: Final = "django"


class TicketClaims(Struct, frozen=True, kw_only=True):
    """
    What a token says.

    :ivar sub: the user's primary key, as text.
    :ivar iat: when it was made, seconds since 1970.
    :ivar exp: when it ends, seconds since 1970.
    :ivar stamp: that of the password at the time, see `Person.stamp`.
    :ivar aud: the server that it is for, by its public address; empty: the project did not say.
    """

    sub: str
    name: str
    rights: tuple[str, ...]
    iat: int
    exp: int
    stamp: str
    aud: str = ""


ORDERS_KIND: Final = "django-orders"


class OrderClaims(Struct, frozen=True, kw_only=True):
    """
    What a project says of its users, see `gameserver.interfaces.Order`.

    :ivar users: for each the primary key, and the user's new rights, or None if the user may not play any more.
    :ivar exp: until when this may be shown, seconds since 1970.
    :ivar aud: the server that it is meant for.
    :ivar given_s: when the project said it, seconds since 1970.
    """

    users: list[tuple[str, tuple[str, ...] | None]]
    exp: int
    aud: str = ""
    given_s: float | None = None


NOTICES_KIND: Final = "django-notices"


class NoticeClaims(Struct, frozen=True, kw_only=True):
    """
    Proves that a notice comes from the server that shares the secret.

    :ivar sha256: of the notice's bytes, in hexadecimal.
    :ivar exp: until when it may be shown, seconds since 1970.
    :ivar aud: the server that sends it, as the project's tickets name it.
    """

    sha256: str
    exp: int
    aud: str = ""


def shared_secrets(settings: Settings) -> Secrets:
    """
    :returns: what a project and this server share; nothing where there is no such project.
    :raises SettingError: the file cannot be used.
    """
    if KIND not in settings.auth or settings.django.secret is None:
        return Secrets()
    try:
        return read_shared(settings.django.secret)
    except (ValueError, OSError) as error:
        text = remedy(error) if isinstance(error, OSError) else str(error)
        raise settings.error("django.secret", text) from None


def read_shared(path: Path) -> Secrets:
    """
    :param path: a file of one or more secrets of `SECRET_BYTES` each, the one that signs first. Unlike the server's own
        secret, a group may read it, since server and project may run as two users of the system.
    :raises ValueError: more than its owner and a group may read it, or it holds no secrets; the text reveals none.
    :raises OSError: it cannot be read.
    """
    if path.stat().st_mode & 0o027:
        raise ValueError(f"only its owner and a group may read {path}: chmod 640 {quote(str(path))}")
    content = path.read_bytes()
    if not content or len(content) % SECRET_BYTES:
        raise ValueError(f"{path} must hold secrets of {SECRET_BYTES} bytes each")
    return Secrets(content[at : at + SECRET_BYTES] for at in range(0, len(content), SECRET_BYTES))
