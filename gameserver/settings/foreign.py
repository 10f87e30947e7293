"""The settings of other people's users: ``[jwt]`` and ``[django]``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gameserver.settings.values import Number, Wrong, count, path, setting, text, texts

RIGHTS: Final = ("admin", "moderator")
"""What somebody else's word may give a user."""
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
    Whose tokens are believed.

    :param issuer: of the tokens, as their ``iss`` says it.
    :param audience: one of these must be in their ``aud``.
    :param key: a file: the public key in PEM (RS256, ES256), or a secret (HS256).
    :param jwks: an address with the public keys, instead of `key`.
    :param ca: a file with the authority of that address; None: those that the machine trusts.
    :param leeway_s: so far the issuer's clock may differ.
    :param id_claim: what tells users apart for good.
    :param name_claim: what they are called.
    :param rights_claim: a text or a list, whose values `rights` turns into rights; None: nobody has any.
    :param rights: ``THEIRS=OURS``.
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
    :param audience: what the project's tickets name this server by; None: ``public_url``.
    :param webhook: where the project takes what happens in rooms; None: it is told nothing, unless it is loaded here.
    :param threads: that try passwords at a time; as many others look users up.
    :param waiting: passwords, and look-ups, that wait for a thread; one more is refused.
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
