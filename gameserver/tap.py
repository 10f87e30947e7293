"""
What twistd calls: ``twistd gameserver`` with its options.

Options are merged with the other sources of settings as soon as they are parsed, so that a mistake is reported in one
line. The reactor and the server itself are imported only when a server is made: ``--help`` costs neither.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from twisted.application.service import IService
from twisted.logger import Logger
from twisted.python import usage

from gameserver import __version__
from gameserver.errors import GameLoadError, SettingError
from gameserver.files import remedy, write_whole
from gameserver.settings import settings

log = Logger()


@contextmanager
def in_one_line() -> Iterator[None]:
    """
    Report in one line what an operator did wrong, or what the machine refuses.

    :raises SystemExit: with that line, and status 1.
    """
    try:
        yield
    except (SettingError, GameLoadError) as error:
        raise SystemExit(f"gameserver: {error}") from None
    except OSError as error:
        raise SystemExit(f"gameserver: {remedy(error)}") from None


class Options(usage.Options):
    """The command line of ``twistd gameserver``; `settings` holds the result of it and the other sources."""

    synopsis = "[options]"
    longdesc = (
        "Serves multiplayer games over WebSockets, and their lobby over HTTP on the same port. Every option can also "
        "be given in a TOML file (--config) or in the environment as GAMESERVER_..., such as GAMESERVER_STORE; an "
        "option comes before the environment, and that before the file."
    )
    optParameters: ClassVar[list[list[str | None]]] = [
        ["store", "s", None, "sqlite:PATH, redis://HOST, or another address [default: SQLite in the data folder]"],
        ["data", "d", None, "Folder of what is this server's own [default: gameserver-data]"],
        ["config", "c", None, "TOML file with settings"],
        ["public-url", None, None, "Address that people reach this server at, for links and QR codes"],
        ["node-name", None, None, "Name of this node among those of one store, in addresses: PUBLIC-URL/n/NAME"],
        ["node-url", None, None, "Address of this very node, where that is another one"],
    ]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._lists: dict[str, list[str]] = {}
        self._sample_games: bool | None = None
        self._strict: bool | None = None

    def opt_listen(self, endpoint: str) -> None:
        """Endpoint to listen at; repeatable [default: tcp:8080:interface=127.0.0.1]"""
        self._lists.setdefault("listen", []).append(endpoint)

    def opt_games(self, place: str) -> None:
        """Games to serve: a folder, a file or a dotted path; repeatable"""
        self._lists.setdefault("games", []).append(place)

    def opt_origin(self, origin: str) -> None:
        """Origin of web pages that may connect, besides this server's own; repeatable"""
        self._lists.setdefault("origin", []).append(origin)

    def opt_host(self, name: str) -> None:
        """Name that people use, besides --public-url, IP addresses and names such as mybox.local; repeatable"""
        self._lists.setdefault("host", []).append(name)

    def opt_auth(self, authenticator: str) -> None:
        """Who is admitted: guests, accounts, jwt, django; repeatable [default: guests]"""
        self._lists.setdefault("auth", []).append(authenticator)

    def opt_trusted_proxy(self, address: str) -> None:
        """Address or network of a proxy whose X-Forwarded-For and -Proto count, or unix; repeatable"""
        self._lists.setdefault("trusted_proxy", []).append(address)

    def opt_no_sample_games(self) -> None:
        """Leave the sample games out"""
        self._sample_games = False

    def opt_strict(self) -> None:
        """Do not start where a game cannot be served"""
        self._strict = True

    def opt_version(self) -> None:
        """Display version and exit."""
        sys.stdout.write(f"gameserver {__version__}\n")
        sys.exit(0)

    def postOptions(self) -> None:
        """
        Merge all sources.

        :raises SystemExit: a setting is wrong; the text names it, its source, and what would be right.
        """
        given: dict[str, object] = {
            **self._lists,
            "store": self["store"],
            "data": self["data"],
            "public_url": self["public-url"],
            "node_name": self["node-name"],
            "node_url": self["node-url"],
            "sample_games": self._sample_games,
            "strict": self._strict,
        }
        with in_one_line():
            self.settings = settings.load(given, environ=os.environ, config=self["config"])


def makeService(options: Options) -> IService:
    """
    Make the server that twistd starts.

    :raises SystemExit: it cannot be made as it is set; the text says why.
    """
    with nothing_collected():
        from twisted.internet import reactor

        from gameserver import service

        use_monotonic_time(reactor)
        with in_one_line():
            check_endpoints(reactor, options.settings)
            check_twistd(options.parent)
            return service.build(options.settings, reactor)


@contextmanager
def nothing_collected() -> Iterator[None]:
    """
    Switch Python's garbage collector off during the start, of which it would take a good part.

    Hundreds of modules and all games are loaded, and stay; it would look at all of them again and again. What it would
    find is found once the services start (`gameserver.collecting`).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def check_endpoints(reactor: Any, merged: settings.Settings) -> None:
    """
    Check that each endpoint can be understood, and its files be used, before anything is opened.

    :raises SettingError: one cannot.
    """
    from gameserver.web.listening import Listening

    listening = Listening(reactor)
    for text in merged.listen:
        try:
            listening.endpoint(text)
        except OSError as error:
            raise merged.error("listen", f"{text}: {remedy(error)}") from None
        except LookupError:
            wanted = f"{text}: what it names was not given to this process, as a socket unit of systemd's would"
            raise merged.error("listen", wanted) from None
        except (ValueError, TypeError) as error:
            raise merged.error("listen", f"expected an endpoint string, not {text!r}: {error}") from None


def check_twistd(given: Mapping[str, Any] | None) -> None:
    """
    Check that twistd can write its own files, which it tries only later, and with a traceback.

    :param given: its options; None where there are none.
    :raises SettingError: it cannot; the text names the option that says where.
    """
    if given is None or given.get("chroot"):
        return
    log_file, pid_file = given.get("logfile"), given.get("pidfile")
    if not given.get("nodaemon", True) and not given.get("syslog"):
        log_file = log_file or "twistd.log"
    try:
        if log_file and log_file != "-":
            option = "logfile"
            Path(log_file).open("ab").close()
        if pid_file:
            option = "pidfile"
            path = Path(given.get("rundir", "."), pid_file)
            write_whole(path, b"%d" % os.getpid())
            path.unlink()  # twistd makes it itself; a start that fails before would leave it there
    except OSError as error:
        raise SettingError(option, f"option --{option} of twistd", remedy(error)) from None


def use_monotonic_time(reactor: Any) -> bool:
    """
    Make the reactor's timers count time that never steps.

    Twisted reads the wall clock, so that setting it back stalls every timer for as long, and setting it forward fires
    them all. Its reactors ask their own ``seconds`` everywhere, hence one attribute changes it. Timers that are armed
    already would be counted from another start, so this is for a reactor without any.

    :returns: whether its timers count such time.

    Source: ``ReactorBase.callLater``, ``timeout`` and ``runUntilCurrent`` in twisted/internet/base.py
    """
    if reactor.seconds is time.monotonic:
        return True
    if reactor.getDelayedCalls():
        log.warn("Timers are armed already: they and all others follow the wall clock, also where it steps")
        return False
    reactor.seconds = time.monotonic
    return True
