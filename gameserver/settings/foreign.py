"""The settings for users of other systems: ``[jwt]`` and ``[django]``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gameserver.settings.values import Number, Wrong, count, path, setting, text, texts

RIGHTS: Final = ("admin", "moderator")
"""The rights that another system may give to a user."""
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def _jwks(value: object) -> str:
    url = text(value)
    try:
        parts = urlsplit(url)
        right = parts.hostname and (
            parts.scheme == "https" or (parts.scheme, parts.hostname in LOOPBACK) == ("http", True)
        )
    except ValueError:
        right = None
    if not right:
        raise Wrong(f"an https address, or http on this machine: whoever answers there is believed, not {url!r}")
    return url


def _rights(value: object) -> tuple[str, ...]:
    found = texts(value)
    for each in found:
        theirs, _, ours = each.rpartition("=")
        if not theirs or ours not in RIGHTS:
            raise Wrong(f"what the claim says, = and {' or '.join(RIGHTS)}, as in game-masters=moderator, not {each!r}")
    return found


def _webhook(value: object) -> str:
    url = text(value)
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("https", "http") and parts.hostname and url.isascii() and url.isprintable()
    except ValueError:
        right = False
    if not right or " " in url:
        raise Wrong(f"an address such as https://shop.example/gameserver/notices/, not {url!r}")
    return url


@dataclass(frozen=True, kw_only=True)
class Jwt:
    """
    Whose JSON Web Tokens are believed.

    :param issuer: who makes the tokens, exactly as their ``iss`` says it.
    :param audience: one of these must be in their ``aud``.
    :param key: a file: the public key in PEM (RS256, ES256), or a secret (HS256).
    :param jwks: an address with the public keys, instead of `key`.
    :param ca: a file with the certificate authorities for that address; None: those that the machine trusts.
    :param leeway_s: by how much the issuer's clock may differ.
    :param id_claim: the claim that tells users apart for good.
    :param name_claim: the claim with a user's name.
    :param rights_claim: the claim whose values, a text or a list, `rights` turns into rights; None: nobody has any.
    :param rights: what each value of that claim gives, as ``THEIRS=OURS``.
    """

    issuer: str = setting("", text)
    audience: tuple[str, ...] = setting((), texts)
    key: Path | None = field(default=None, metadata={"read": path})
    jwks: str | None = setting(None, _jwks)
    ca: Path | None = field(default=None, metadata={"read": path})
    leeway_s: float = setting(30.0, Number(0, 300, fraction=True))
    id_claim: str = setting("sub", text)
    name_claim: str = setting("name", text)
    rights_claim: str | None = setting(None, text)
    rights: tuple[str, ...] = setting(("admin=admin", "moderator=moderator"), _rights)

    def __post_init__(self) -> None:
        """Make paths absolute, since twistd changes its folder when it becomes a daemon."""
        _absolute(self, "key", "ca")


@dataclass(frozen=True, kw_only=True)
class Django:
    """
    Where users of Django come from.

    :param secret: a file that a Django project and this server share, for tickets that the project sells; None: the
        project's tables are read here.
    :param audience: how the project's tickets name this server; None: ``public_url``.
    :param webhook: the address at which the project takes notices of what happens in rooms; None: it gets none, unless
        it is loaded in this process.
    :param threads: how many threads check passwords; as many others look users up.
    :param waiting: how many passwords, and how many look-ups, may be under way or wait; one more is refused.
    """

    secret: Path | None = field(default=None, metadata={"read": path})
    audience: str | None = setting(None, text)
    webhook: str | None = setting(None, _webhook)
    threads: int = count(4, 64)
    waiting: int = count(200, 100_000)

    def __post_init__(self) -> None:
        """Make paths absolute."""
        _absolute(self, "secret")


def _absolute(settings: object, *names: str) -> None:
    for name in names:
        given: Path | None = getattr(settings, name)
        if given is not None:
            object.__setattr__(settings, name, given.expanduser().absolute())
