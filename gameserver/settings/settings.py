"""
The server's settings, frozen: default < TOML file < environment < option.

In a TOML file a setting's name is its key, limits are in a table, and lists are arrays::

    listen = ["tcp:8080", "ssl:8443:privateKey=key.pem:certKey=cert.pem"]
    origin = ["https://games.example"]

    [limits]
    chat_chars = 200

In the environment these are ``GAMESERVER_LISTEN`` and ``GAMESERVER_LIMITS_CHAT_CHARS``. There the items of a list are
separated by whitespace, and an item that holds whitespace is put in quotes; a backslash is no escape, since endpoint
strings use it themselves. A list from a later source replaces an earlier one. Relative paths start at the working
folder.

A setting that is wrong raises `SettingError`, which names the key, where it was given and what would be right.
"""

from __future__ import annotations

import difflib
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from gameserver.errors import SettingError
from gameserver.files import remedy
from gameserver.settings import readers as readers
from gameserver.settings.foreign import Django, Jwt
from gameserver.settings.limits import Limits as Limits  # users of settings need its type
from gameserver.settings.values import Number, Wrong, byte_count, path, setting, texts, yes_or_no

PREFIX: Final = "GAMESERVER_"
"""How the names of environment variables begin."""

DATA: Final = Path("gameserver-data")
"""Where a server keeps its own files by default: a folder in the working folder."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    How one server runs. `load` makes them from what an operator gives.

    :param listen: Twisted endpoint strings.
    :param store: ``sqlite:PATH``, an address of Redis, ``memory:`` (gone with the process), or somebody else's store:
        an address whose scheme an installed package offers, or a module's dotted path, ``:`` and what that module
        reads. Empty: SQLite in `data`.
    :param games: folders, files and dotted paths of games.
    :param sample_games: whether the sample games are served as well.
    :param strict: whether the server refuses to start if a game cannot be served; else it serves the others.
    :param data: the folder that is this node's own: its id, its key, the embedded store.
    :param origin: origins of web pages that may connect, and have the server's pages in frames, besides its own host.
    :param host: names by which people reach this server, besides `public_url`'s, IP addresses, and names that only
        their own network knows, such as ``mybox.local``; ``.games.example`` is all below it, ``*`` is any.
    :param auth: who is admitted: authenticators, in the order in which they are asked.
    :param admins: names of accounts that may do everything; to register such a name one needs an invitation.
    :param moderators: the same for accounts that moderate.
    :param registration: who may make an account: ``open``, ``invited`` or ``closed``.
    :param create: who may create rooms: ``everyone``, ``users`` (no guests), ``moderator``, ``admin``, or for one game
        ``GAME=`` and one of these.
    :param secret: the file that holds the secret of the nodes of one store; None: in `data`.
    :param metrics: networks from which ``/metrics`` may be read.
    :param trusted_proxy: addresses, networks and ``unix``: proxies that are believed when they say who a client is.
    :param public_url: the address at which people reach this server, perhaps with a path, for links, QR codes and
        cookies; None: the address that they asked for.
    :param node_name: the name of this node in addresses, among the nodes of one store; None: it has none.
    :param node_url: the address at which this very node is reached, where others send people whose room is here; None:
        see `node_address`.
    :param login_url: an address where people log in and come back from with a ticket, as a Django project has one.
    :param recheck_s: how often connected users are looked up again, where that is possible.
    :param time_zone: that of the calendar, ``@cron``, such as ``Europe/Berlin``; None: this machine's, or what ``TZ``
        says.
    :param sync: what a commit to the embedded store survives: ``normal``: the end of the process; ``power``: also a
        power cut.
    :param lease_s: on a store that nodes share: after so long without a sign of life others take this node's rooms.
    :param step_warn_s: a room's step that takes so long is logged, with its room, its game and its input.
    :param step_limit_s: a step that takes so long ends the server, so that its other rooms go on after the next start,
        or on other nodes. On a store that nodes share it must be less than `lease_s` - 2; the default is reduced as far
        as that needs. 0: no step ends the server.
    :param sleep_s: a room leaves memory when nobody was connected for so long and nothing will be due for so long; None
        (``never``): none does.
    :param stop_delay_s: how long a server that was told to stop still serves all, and says that it is not ready; None:
        5 on a store that nodes share, else 0.
    :param stop_limit_s: how long it may take to hand rooms over to other nodes, with that delay.
    :param compress_bytes: stored values of at least so many bytes are compressed; 0: none.
    :param game_bytes: how much all rooms of one game may keep on this node, in documents and tables.
    :param native: whether the parts that were built in C are used; they change nothing but the speed.
    :param jwt: whose tokens are believed, for ``jwt`` in `auth`.
    :param django: where users of Django come from, for ``django`` in `auth`.
    :param sources: for each setting, where it was given, for errors; one that is missing has its default.
    """

    listen: tuple[str, ...] = setting(("tcp:8080:interface=127.0.0.1",), readers.endpoints)
    store: str = setting("", readers.store)
    games: tuple[str, ...] = setting((), texts)
    sample_games: bool = setting(True, yes_or_no)
    strict: bool = setting(False, yes_or_no)
    data: Path = field(default=DATA, metadata={"read": path})
    origin: tuple[str, ...] = setting((), readers.origins)
    host: tuple[str, ...] = setting((), readers.hosts)
    auth: tuple[str, ...] = setting(("guests",), readers.authenticators)
    admins: tuple[str, ...] = setting((), texts)
    moderators: tuple[str, ...] = setting((), texts)
    registration: Literal["open", "invited", "closed"] = setting("open", readers.registration)
    create: tuple[str, ...] = setting(("everyone",), readers.creators)
    secret: Path | None = field(default=None, metadata={"read": path})
    metrics: tuple[str, ...] = setting(("127.0.0.0/8", "::1"), readers.networks)
    trusted_proxy: tuple[str, ...] = setting((), readers.proxies)
    public_url: str | None = setting(None, readers.public_url)
    node_name: str | None = setting(None, readers.node_name)
    node_url: str | None = setting(None, readers.public_url)
    login_url: str | None = setting(None, readers.login_url)
    recheck_s: float = setting(60, Number(1, 86_400, fraction=True))
    time_zone: str | None = setting(None, readers.time_zone)
    sync: Literal["normal", "power"] = setting("normal", readers.sync)
    lease_s: float = setting(6, Number(3, 600, fraction=True))
    step_warn_s: float = setting(1, Number(0.05, 600, fraction=True))
    step_limit_s: float = setting(3, Number(0, 600, fraction=True))
    sleep_s: float | None = setting(60, readers.NumberOrNever(0, 86_400, fraction=True))
    stop_delay_s: float | None = setting(None, Number(0, 600, fraction=True))
    stop_limit_s: float = setting(30, Number(0, 86_400, fraction=True))
    compress_bytes: int = byte_count(0, 0, 2**30)
    game_bytes: int = byte_count(2**30, 2**20, 2**40)
    native: bool = setting(True, yes_or_no)
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

    @property
    def base_path(self) -> str:
        """The path of `public_url`, under which people reach this server: ``/games``, or nothing."""
        return urlsplit(self.public_url or "").path

    @property
    def node_address(self) -> str | None:
        """
        Where other nodes send people whose room is here: `node_url`, else ``/n/NAME`` below `public_url`.

        Without a `node_name` it is `public_url`, behind which any node may be. None: where it listens.
        """
        if self.node_url is not None or self.public_url is None or self.node_name is None:
            return self.node_url or self.public_url
        return f"{self.public_url}/n/{self.node_name}"

    @property
    def node_path(self) -> str:
        """The path of `node_address`, or nothing."""
        return urlsplit(self.node_address or "").path

    def error(self, key: str, expected: str) -> SettingError:
        """
        Make the error for a setting that turns out wrong later, such as a port that is taken.

        :param key: the setting's name, ``limits.rooms`` for a limit.
        :param expected: what would be right.
        """
        return SettingError(key, self.sources.get(key, "default"), expected)


TABLES: Final[Mapping[str, type]] = {"limits": Limits, "jwt": Jwt, "django": Django}
"""The settings that have a table of their own in a file; everywhere else they are written as ``jwt.issuer``."""


def _declared(of: type, prefix: str = "") -> Iterator[tuple[str, Field[Any]]]:
    item: Field[Any]
    for item in fields(of):
        if "read" in item.metadata:
            yield prefix + item.name, item


_FIELDS: Final[Mapping[str, Field[Any]]] = {
    **dict(_declared(Settings)),
    **{key: item for name, kind in TABLES.items() for key, item in _declared(kind, f"{name}.")},
}

KEYS: Final[Mapping[str, Callable[[object], Any]]] = {key: item.metadata["read"] for key, item in _FIELDS.items()}
"""For every setting, by its full name, the reader of its value."""

LISTS: Final = tuple(key for key, item in _FIELDS.items() if isinstance(item.default, tuple))
"""The settings that are lists."""

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

    :param options: values by the names of settings, as given on the command line; None: not given.
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
        except Wrong as wrong:
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
    if isinstance(read, Number):
        return read.from_text(text)
    return YES_OR_NO.get(text.lower(), text) if read is yes_or_no else text


def _split(key: str, name: str, text: str) -> list[str]:
    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters, words.escape = True, "", ""
    try:
        return list(words)
    except ValueError:
        raise SettingError(key, f"environment {name}", "expected an end to each quote") from None


def _refuse_slip(name: str, known: list[str]) -> None:
    """Refuse a name that looks mistyped; other variables may share the prefix, such as those of a container service."""
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
        raise SettingError("config", source, f"expected a readable TOML file: {remedy(error)}") from None
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
