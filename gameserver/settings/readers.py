"""
Readers of settings with a form of their own: addresses, origins, networks, and choices.

Each is a reader as in `gameserver.settings.values`.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo

from gameserver.settings.values import Number, Wrong, path, text, texts
from gameserver.store.schemes import named_store

AUTHENTICATORS: Final = ("guests", "accounts", "jwt", "django")
"""What `Settings.auth` may name, each a module of ``gameserver.auth``."""

CREATORS: Final = ("everyone", "users", "moderator", "admin")
"""Who may create rooms: each of these includes those after it."""

NEVER: Final = "never"
"""Stands in place of seconds: the thing never happens."""

PATH: Final = re.compile(r"(/([A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+)*/?")
"""The path of an address to which pages and cookies are bound."""

NODE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def endpoints(value: object) -> tuple[str, ...]:
    """Read Twisted's endpoint strings, at least one."""
    found = texts(value)
    for given in found:
        kind, _, rest = given.removeprefix("haproxy:").partition(":")
        if not re.fullmatch(r"[A-Za-z][\w.+-]*", kind):
            raise Wrong(f"an endpoint string such as tcp:8080 or tcp:8080:interface=127.0.0.1, not {given!r}")
        parts = re.split(r"(?<!\\):", rest)
        port = next((part[5:] for part in parts if part.startswith("port=")), parts[0])
        if kind in ("tcp", "tcp6", "ssl") and not (re.fullmatch(r"\d{1,5}", port) and int(port) < 65536):
            raise Wrong(f"a port from 0 to 65535 after {kind}:, as in {kind}:8080, not {given!r}")
    if not found:
        raise Wrong("at least one endpoint string, such as tcp:8080")
    return found


def store(value: object) -> str:
    """Read the address of the store. Of the embedded one the path is checked; others are checked by their modules."""
    given = text(value)
    try:
        named_store(given)
    except ValueError as error:
        raise Wrong(f"{error}, not {given!r}") from None
    scheme, _, rest = given.partition(":")
    if scheme != "sqlite":
        return given
    if not rest:
        raise Wrong("sqlite: and a path, such as sqlite:rooms.sqlite3")
    return f"sqlite:{path(rest)}"


def origins(value: object) -> tuple[str, ...]:
    """Read origins of web pages, as browsers write them; also ``null`` and ``file://``, for pages that have none."""
    found = []
    for given in texts(value):
        if re.fullmatch(r"null|file:///?", given.lower()):
            found.append("null" if given[0] in "nN" else "file://")
            continue
        lowered = given.lower().rstrip("/")
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?", lowered):
            raise Wrong(f"scheme://host[:port] such as https://games.example, null or file://, not {given!r}")
        # Browsers leave a scheme's own port out.
        found.append(re.sub(r"^(http://.*):80$|^(https://.*):443$", lambda m: m[1] or m[2], lowered))
    return tuple(found)


def hosts(value: object) -> tuple[str, ...]:
    """Read names of hosts, without ports."""
    found = texts(value)
    for given in found:
        if given != "*" and not re.fullmatch(r"\.?[\w-]+(\.[\w-]+)*", given):
            raise Wrong(f"a name such as games.example, .games.example for all below it, or *, not {given!r}")
    return tuple(given.lower() for given in found)


def proxies(value: object) -> tuple[str, ...]:
    """Read the proxies that are believed when they say who a client is."""
    found = texts(value)
    for given in found:
        try:
            ip_network("::" if given == "unix" else given, strict=False)
        except ValueError:
            raise Wrong(f"an address, a network such as 10.0.0.0/8, or unix, not {given!r}") from None
    return found


def public_url(value: object) -> str:
    """Read the address at which people reach the server, perhaps with a path."""
    given, parts = _address(value, "https://games.example")
    # Browsers resolve dots in a path before they ask for anything.
    if not PATH.fullmatch(parts.path) or {".", ".."}.intersection(unquote(parts.path).split("/")):
        raise Wrong(f"a path such as /games behind the host, if any, not {parts.path!r}")
    return given.rstrip("/")


def node_name(value: object) -> str:
    """Read the name of a node, which becomes a part of addresses."""
    given = text(value)
    if NODE_NAME.fullmatch(given) is None:
        raise Wrong(f"1 to 32 letters, digits, - or _, such as a or node-2, not {given!r}")
    return given


def login_url(value: object) -> str:
    """Read the address of a page elsewhere."""
    return _address(value, "https://shop.example/enter/")[0]


def _address(value: object, example: str) -> tuple[str, SplitResult]:
    given = text(value)
    try:
        parts = urlsplit(given)
        if parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment):
            return given, parts
    except ValueError:
        pass
    raise Wrong(f"an http or https address without query, such as {example}, not {given!r}")


@dataclass(frozen=True)
class NumberOrNever(Number):
    """A number within bounds, or ``never``, which is None."""

    def __call__(self, value: object) -> int | float:
        """Read a number, or None for ``never``."""
        if value == NEVER:
            return None  # type: ignore[return-value]
        try:
            return super().__call__(value)
        except Wrong as wrong:
            raise Wrong(f"{wrong}, or {NEVER}") from None


def time_zone(value: object) -> str:
    """Read the name of a time zone."""
    given = text(value)
    try:
        ZoneInfo(given)
    except (LookupError, ValueError, OSError, struct.error):
        raise Wrong(f"the name of a time zone such as Europe/Berlin or UTC, not {given!r}") from None
    return given


def authenticators(value: object) -> tuple[str, ...]:
    """Read the authenticators that are asked who a client is, in their order."""
    found = texts(value)
    for name in found:
        if name not in AUTHENTICATORS and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", name):
            raise Wrong(f"some of {', '.join(AUTHENTICATORS)}, or the dotted path of a module, not {name!r}")
    if not found or len(set(found)) < len(found):
        raise Wrong("at least one authenticator, and none twice")
    return found


def registration(value: object) -> str:
    """Read who may make an account."""
    if value not in ("open", "invited", "closed"):
        raise Wrong('"open", "invited" or "closed"')
    return str(value)


def creators(value: object) -> tuple[str, ...]:
    """Read who may create rooms, of all games or of one."""
    found = texts(value)
    for given in found:
        if given.rpartition("=")[2] not in CREATORS:
            raise Wrong(f"{', '.join(CREATORS)}, or a game's name, = and one of these, not {given!r}")
    return found


def networks(value: object) -> tuple[str, ...]:
    """Read networks, or single addresses."""
    found = texts(value)
    for given in found:
        try:
            ip_network(given, strict=False)
        except ValueError:
            raise Wrong(f"an address or a network, such as 10.0.0.0/8, not {given!r}") from None
    return found


def sync(value: object) -> str:
    """Read what the embedded store must survive."""
    if value not in ("normal", "power"):
        raise Wrong('"normal" (survives the process) or "power" (survives a power cut as well)')
    return str(value)
