"""
The server's settings, frozen: default < TOML file < environment < option.

A TOML file has a setting's name as its key, limits in a table, lists as arrays::

    listen = ["tcp:8080", "ssl:8443:privateKey=key.pem:certKey=cert.pem"]
    origin = ["https://games.example"]

    [limits]
    chat_chars = 200

In the environment the same are ``GAMESERVER_LISTEN`` and ``GAMESERVER_LIMITS_CHAT_CHARS``. Items of a list are
separated by whitespace there, and one that holds whitespace stands in quotes; backslashes mean themselves, since
endpoint strings have a use for them. A list from a later source replaces an earlier one. Relative paths start at the
working folder.

A setting that is wrong raises `SettingError`, which names the key, where it was given and what would be right.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from gameserver.errors import SettingError
from gameserver.foreign import Django, Jwt
from gameserver.setting_values import Number as _Number
from gameserver.setting_values import Wrong as _Wrong
from gameserver.setting_values import byte_count as _bytes
from gameserver.setting_values import count as _count
from gameserver.setting_values import path as _path
from gameserver.setting_values import seconds as _seconds
from gameserver.setting_values import setting as _setting
from gameserver.setting_values import text as _text
from gameserver.setting_values import texts as _texts
from gameserver.setting_values import yes_or_no as _yes_or_no

PREFIX: Final = "GAMESERVER_"
"""What the names of environment variables begin with."""

DATA: Final = Path("gameserver-data")
"""Where a server keeps what is its own, unless it is told otherwise: a folder in the working folder."""

AUTHENTICATORS: Final = ("guests", "accounts", "jwt", "django")
"""What `Settings.auth` may name, each a module of ``gameserver.auth``."""

HASH_THREADS: Final = max(1, min(4, (os.cpu_count() or 2) - 1))
"""One processor is left to the rooms: with as many threads as processors the reactor's pauses are twice as long."""

CREATORS: Final = ("everyone", "users", "moderator", "admin")
"""Who may create rooms: each of these includes those after it."""

STORE_SCHEMES: Final = ("sqlite", "redis", "rediss", "redis+unix", "redis+sentinel")


def _lease(default: float) -> Any:
    return _setting(default, _Number(3, 600, fraction=True))


def _endpoints(value: object) -> tuple[str, ...]:
    found = _texts(value)
    for text in found:
        kind, _, rest = text.removeprefix("haproxy:").partition(":")
        if not re.fullmatch(r"[A-Za-z][\w.+-]*", kind):
            raise _Wrong(f"an endpoint string such as tcp:8080 or tcp:8080:interface=127.0.0.1, not {text!r}")
        parts = re.split(r"(?<!\\):", rest)
        port = next((part[5:] for part in parts if part.startswith("port=")), parts[0])
        if kind in ("tcp", "tcp6", "ssl") and not (re.fullmatch(r"\d{1,5}", port) and int(port) < 65536):
            raise _Wrong(f"a port from 0 to 65535 after {kind}:, as in {kind}:8080, not {text!r}")
    if not found:
        raise _Wrong("at least one endpoint string, such as tcp:8080")
    return found


def _store(value: object) -> str:
    text = _text(value)
    scheme, _, rest = text.partition(":")
    if scheme not in STORE_SCHEMES:
        raise _Wrong(f"sqlite:PATH, redis://, rediss://, redis+unix:// or redis+sentinel://, not {text!r}")
    if scheme == "sqlite":
        if not rest:
            raise _Wrong("sqlite: and a path, such as sqlite:rooms.sqlite3")
    elif not rest.startswith("//"):
        raise _Wrong(f"an address such as {scheme}://localhost, not {text!r}")
    return text


def _origins(value: object) -> tuple[str, ...]:
    found = []
    for text in _texts(value):
        lowered = text.lower().rstrip("/")
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?", lowered):
            raise _Wrong(f"scheme://host or scheme://host:port, such as https://games.example, not {text!r}")
        # Browsers leave a scheme's own port out.
        found.append(re.sub(r"^(http://.*):80$|^(https://.*):443$", lambda m: m[1] or m[2], lowered))
    return tuple(found)


def _proxies(value: object) -> tuple[str, ...]:
    found = _texts(value)
    for text in found:
        try:
            ip_network("::" if text == "unix" else text, strict=False)
        except ValueError:
            raise _Wrong(f"an address, a network such as 10.0.0.0/8, or unix, not {text!r}") from None
    return found


def _public_url(value: object) -> str:
    text = _text(value)
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        right = False
    if not right:
        raise _Wrong(f"an http or https address without query, such as https://games.example, not {text!r}")
    return text.rstrip("/")


def _authenticators(value: object) -> tuple[str, ...]:
    found = _texts(value)
    for name in found:
        if name not in AUTHENTICATORS and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", name):
            raise _Wrong(f"some of {', '.join(AUTHENTICATORS)}, or the dotted path of a module, not {name!r}")
    if not found or len(set(found)) < len(found):
        raise _Wrong("at least one authenticator, and none twice")
    return found


def _registration(value: object) -> str:
    if value not in ("open", "invited", "closed"):
        raise _Wrong('"open", "invited" or "closed"')
    return str(value)


def _creators(value: object) -> tuple[str, ...]:
    found = _texts(value)
    for text in found:
        if text.rpartition("=")[2] not in CREATORS:
            raise _Wrong(f"{', '.join(CREATORS)}, or a game's name, = and one of these, not {text!r}")
    return found


def _networks(value: object) -> tuple[str, ...]:
    found = _texts(value)
    for text in found:
        try:
            ip_network(text, strict=False)
        except ValueError:
            raise _Wrong(f"an address or a network, such as 10.0.0.0/8, not {text!r}") from None
    return found


def _sync(value: object) -> str:
    if value not in ("normal", "power"):
        raise _Wrong('"normal" (survives the process) or "power" (survives a power cut as well)')
    return str(value)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    What one client may do on the wire; told to clients in ``welcome.limits`` under these names.

    :param frame_bytes: the largest frame, and so the largest message.
    :param depth: nesting of a message's data.
    :param hello_s: until a new connection must have said hello.
    :param ping_s: between two pings.
    :param pong_s: for the answer to a ping.
    :param queue_bytes: waiting to be sent to one socket.
    :param chat_chars: code points of a line of chat.
    :param name_chars: code points of a name.
    :param rooms: that one user has a seat in.
    :param connections_per_address: at one time.
    :param unauthenticated: connections that have not said hello, of all addresses; one more closes the oldest.
    :param request_s: until an HTTP request, such as a handshake, must have come whole.
    :param requests_per_s: messages of one connection that are no game's; four times as many at once.
    :param chat_per_s: lines of one connection; four times as many at once.
    :param refused_joins_per_user: joins, resumes and passwords of rooms that may fail at once; a minute brings back
        as many, and so with those below.
    :param refused_joins_per_address: the same for all who share an address; who has a seat already is not held back.
    :param lookups_per_address: codes of rooms looked up in vain over HTTP.
    :param refused_logins_per_address: wrong names, passwords, tokens and tickets.
    :param login_delay_s: the longest wait after one wrong password for an account; the first ones are short.
    :param registrations_per_address: new accounts; an hour brings back as many.
    :param password_chars: of a new password, at least.
    :param token_s: an account's token is good for so long; then it is refreshed.
    :param login_days: a login that is not used ends after so many.
    :param hash_threads: passwords that are hashed at a time, each with `hash_kib` of memory.
    :param hashes_waiting: passwords that wait for that; one more is refused.
    :param hash_kib: Argon2's memory.
    :param hash_passes: Argon2's passes over it.
    """

    frame_bytes: int = _bytes(65_536, 1024, 64 * 2**20)
    depth: int = _setting(32, _Number(4, 128))
    hello_s: float = _seconds(10)
    ping_s: float = _seconds(25)
    pong_s: float = _seconds(8)
    queue_bytes: int = _bytes(2**20, 65_536, 2**30)
    chat_chars: int = _count(500, 10_000)
    name_chars: int = _count(32, 256)
    rooms: int = _count(10, 10_000)
    connections_per_address: int = _count(10_000, 1_000_000)
    unauthenticated: int = _count(10_000, 1_000_000)
    request_s: float = _seconds(20)
    requests_per_s: int = _count(100, 100_000)
    chat_per_s: int = _count(20, 10_000)
    refused_joins_per_user: int = _count(10, 100_000)
    refused_joins_per_address: int = _count(100, 1_000_000)
    lookups_per_address: int = _count(100, 1_000_000)
    refused_logins_per_address: int = _count(100, 1_000_000)
    login_delay_s: float = _seconds(60)
    registrations_per_address: int = _count(20, 1_000_000)
    password_chars: int = _setting(8, _Number(1, 64))
    token_s: int = _setting(900, _Number(60, 86_400))
    login_days: int = _setting(30, _Number(1, 3650))
    hash_threads: int = _count(HASH_THREADS, 64)
    hashes_waiting: int = _count(200, 100_000)
    hash_kib: int = _setting(19_456, _Number(64, 2**22))
    hash_passes: int = _setting(2, _Number(1, 100))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    How one server runs. `load` reads them from where an operator gives them.

    :param listen: Twisted endpoint strings.
    :param store: ``sqlite:PATH`` or an address of Redis; empty: SQLite in `data`.
    :param games: folders, files and dotted paths of games.
    :param sample_games: the sample games are served as well.
    :param data: the folder that is this node's own: its id, its key, the embedded store.
    :param origin: origins of web pages that may connect, besides the server's own host.
    :param auth: who is admitted, by authenticators in the order in which they are asked.
    :param admins: names of accounts that may do everything; one that is not taken needs an invitation to register.
    :param moderators: the same for those who keep order.
    :param registration: who may make an account: ``open``, ``invited`` or ``closed``.
    :param create: who may create rooms: ``everyone``, ``users`` (no guests), ``moderator``, ``admin``, or for one game
        ``GAME=`` and one of these.
    :param secret: the file that holds the secret of the nodes of one store; None: in `data`.
    :param metrics: networks from which ``/metrics`` may be read.
    :param trusted_proxy: addresses, networks and ``unix``: proxies whose word counts for who a client is.
    :param public_url: the address that people reach this server at, for links and QR codes; None: what they asked for.
    :param sync: of the embedded store: ``normal`` or ``power``.
    :param jwt: whose tokens are believed, for ``jwt`` in `auth`.
    :param django: where users of Django come from, for ``django`` in `auth`.
    :param lease_s: on a store that nodes share: after so long without a word others take this node's rooms over.
    :param compress_bytes: stored values of at least so many bytes are compressed; 0: none.
    :param game_bytes: what all rooms of one game may keep on this node, documents and tables.
    :param sources: setting to where it was given, for errors; what is missing is a default.
    """

    listen: tuple[str, ...] = _setting(("tcp:8080:interface=127.0.0.1",), _endpoints)
    store: str = _setting("", _store)
    games: tuple[str, ...] = _setting((), _texts)
    sample_games: bool = _setting(True, _yes_or_no)
    data: Path = field(default=DATA, metadata={"read": _path})
    origin: tuple[str, ...] = _setting((), _origins)
    auth: tuple[str, ...] = _setting(("guests",), _authenticators)
    admins: tuple[str, ...] = _setting((), _texts)
    moderators: tuple[str, ...] = _setting((), _texts)
    registration: Literal["open", "invited", "closed"] = _setting("open", _registration)
    create: tuple[str, ...] = _setting(("everyone",), _creators)
    secret: Path | None = field(default=None, metadata={"read": _path})
    metrics: tuple[str, ...] = _setting(("127.0.0.0/8", "::1"), _networks)
    trusted_proxy: tuple[str, ...] = _setting((), _proxies)
    public_url: str | None = _setting(None, _public_url)
    sync: Literal["normal", "power"] = _setting("normal", _sync)
    lease_s: float = _lease(15)
    compress_bytes: int = _bytes(0, 0, 2**30)
    game_bytes: int = _bytes(2**30, 2**20, 2**40)
    limits: Limits = field(default_factory=Limits)
    jwt: Jwt = field(default_factory=Jwt)
    django: Django = field(default_factory=Django)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Make paths absolute, since twistd changes its folder when it becomes a daemon, and settle the store."""
        data = self.data.expanduser().absolute()
        store = self.store or f"sqlite:{data / 'gameserver.sqlite3'}"
        if store.startswith("sqlite:"):
            store = f"sqlite:{Path(store.removeprefix('sqlite:')).expanduser().absolute()}"
        secret = data / "secret" if self.secret is None else self.secret.expanduser().absolute()
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "secret", secret)
        object.__setattr__(self, "store", store)

    def error(self, key: str, expected: str) -> SettingError:
        """
        Make the error for a setting that turned out wrong later, such as a port that is taken.

        :param key: the setting's name, ``limits.rooms`` for a limit.
        :param expected: what would be right.
        """
        return SettingError(key, self.sources.get(key, "default"), expected)


def _readers(of: type, prefix: str = "") -> Iterator[tuple[str, Callable[[object], Any]]]:
    item: Field[Any]
    for item in fields(of):
        if "read" in item.metadata:
            yield prefix + item.name, item.metadata["read"]


TABLES: Final[Mapping[str, type]] = {"limits": Limits, "jwt": Jwt, "django": Django}
"""What stands in tables of its own in a file, as ``jwt.issuer`` in all else."""

KEYS: Final[Mapping[str, Callable[[object], Any]]] = {
    **dict(_readers(Settings)),
    **{key: read for name, kind in TABLES.items() for key, read in _readers(kind, f"{name}.")},
}
"""Every setting's full name to what reads its value."""

LISTS: Final = (
    "listen",
    "games",
    "origin",
    "auth",
    "admins",
    "moderators",
    "create",
    "metrics",
    "trusted_proxy",
    "jwt.audience",
    "jwt.rights",
)

YES_OR_NO: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
"""How the environment says true and false."""


def load(
    options: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    config: str | None = None,
) -> Settings:
    """
    Merge all sources into settings.

    :param options: setting to value, as given on the command line; None is not given.
    :param environ: the environment, such as `os.environ`.
    :param config: path of a TOML file; None: what ``GAMESERVER_CONFIG`` says, if anything.
    :raises SettingError: a value does not fit, a name is unknown, or the file cannot be read.
    """
    environ = environ or {}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for key, value, source in (
        *_from_file(config, environ),
        *_from_environment(environ),
        *_from_options(options or {}),
    ):
        try:
            values[key] = KEYS[key](value)
        except _Wrong as wrong:
            raise SettingError(key, source, f"expected {wrong}") from None
        sources[key] = source
    tables = {name: kind(**_taken(values, f"{name}.")) for name, kind in TABLES.items()}
    return Settings(**values, **tables, sources=sources)


def _taken(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): values.pop(key) for key in list(values) if key.startswith(prefix)}


def _from_options(options: Mapping[str, object]) -> Iterator[tuple[str, object, str]]:
    for key, value in options.items():
        if value is not None:
            name = "--no-sample-games" if key == "sample_games" else "--" + key.replace("_", "-")
            yield key, value, f"option {name}"


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, object, str]]:
    names = {PREFIX + key.upper().replace(".", "_"): key for key in KEYS}
    for name, text in environ.items():
        if name in names:
            key = names[name]
            yield key, _typed(key, name, text), f"environment {name}"
        elif name.startswith(PREFIX) and name != PREFIX + "CONFIG":
            _refuse_slip(name, [*names, PREFIX + "CONFIG"])


def _typed(key: str, name: str, text: str) -> object:
    read = KEYS[key]
    if key in LISTS:
        return _split(key, name, text)
    if isinstance(read, _Number):
        return read.from_text(text)
    return YES_OR_NO.get(text.lower(), text) if read is _yes_or_no else text


def _split(key: str, name: str, text: str) -> list[str]:
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters, words.escape = True, "", ""
    try:
        return list(words)
    except ValueError:
        raise SettingError(key, f"environment {name}", "expected an end to each quote") from None


def _refuse_slip(name: str, known: list[str]) -> None:
    """Refuse what looks like a slip of the pen; others, such as a container service's own, share the prefix."""
    bare = [item.removeprefix(PREFIX) for item in known]
    if near := difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=0.8):
        raise SettingError(name, "environment", f"no such setting; did you mean {PREFIX}{near[0]}?")


def _from_file(config: str | None, environ: Mapping[str, str]) -> Iterator[tuple[str, object, str]]:
    source = "option --config"
    if config is None:
        config, source = environ.get(PREFIX + "CONFIG"), f"environment {PREFIX}CONFIG"
    if not config:
        return
    try:
        table = tomllib.loads(Path(config).read_text("utf-8"))
    except OSError as error:
        raise SettingError("config", source, f"expected a readable TOML file: {error}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingError("config", f"file {config}", f"expected TOML: {error}") from None
    for key, value in _flat(table, config):
        if key not in KEYS:
            near = difflib.get_close_matches(key, [*KEYS, *TABLES], n=3)
            right = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(KEYS)}"
            raise SettingError(key, f"file {config}", f"no such setting; {right}")
        yield key, value, f"file {config}"


def _flat(table: Mapping[str, Any], config: str) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if key not in TABLES:
            yield key, value
        elif isinstance(value, dict):
            yield from ((f"{key}.{name}", item) for name, item in value.items())
        else:
            raise SettingError(key, f"file {config}", f"expected a table: [{key}] and its keys below")
