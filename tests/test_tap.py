"""What twistd calls: options, their errors, and a reactor whose timers do not follow the wall clock."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from twisted.application.service import IService, IServiceMaker, Service
from twisted.internet.task import Clock
from twisted.plugin import getPlugins
from twisted.python import reflect
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

import gameserver
from gameserver import tap
from gameserver.errors import GameLoadError
from gameserver.settings.settings import Settings
from tests.test_files import failing


class OptionsCase(SynchronousTestCase):
    """What the tests below share: an environment without settings."""

    def setUp(self) -> None:
        clean = {name: text for name, text in os.environ.items() if not name.startswith("GAMESERVER_")}
        self.patch(os, "environ", clean)

    def parse(self, *arguments: str) -> Settings:
        """Parse a command line."""
        options = tap.Options()
        options.parseOptions(arguments)
        return options.settings

    def refused(self, *arguments: str) -> str:
        """Parse, and give the one line in which it says what is wrong."""
        line = str(self.assertRaises(SystemExit, self.parse, *arguments))
        self.assertNotIn("\n", line)
        return line


class OptionsTests(OptionsCase):
    def test_none(self) -> None:
        """Without options a server runs with the defaults."""
        self.assertEqual(self.parse(), Settings())

    def test_all(self) -> None:
        """Every option reaches its setting, the repeatable ones in order."""
        config = self.mktemp()
        Path(config).write_text('sync = "power"')
        settings = self.parse(
            *("--listen", "tcp:1", "--listen", "tcp:2", "--store", "redis://a", "--games", "a", "--games", "b.c:D"),
            *("--data", "d", "--config", config, "--origin", "https://a.example", "--origin", "https://b.example"),
            *("--public-url", "https://a.example/", "--no-sample-games"),
        )
        self.assertEqual(
            settings,
            Settings(
                listen=("tcp:1", "tcp:2"),
                store="redis://a",
                games=("a", "b.c:D"),
                data=Path("d"),
                origin=("https://a.example", "https://b.example"),
                public_url="https://a.example",
                sample_games=False,
                sync="power",
            ),
        )

    def test_environment_below_options(self) -> None:
        """An option comes before the environment."""
        os.environ.update(GAMESERVER_DATA="environ", GAMESERVER_SYNC="power")
        settings = self.parse("--data", "option")
        self.assertEqual((settings.data, settings.sync), (Path("option").absolute(), "power"))

    def test_help_has_no_runs_of_blanks(self) -> None:
        """A text that stands on two lines of the source is one sentence."""
        for option in reflect.prefixedMethods(tap.Options(), "opt_"):
            self.assertNotRegex(option.__doc__ or "", r"\S {2,}\S", option.__name__)

    def test_wrong_option_is_named(self) -> None:
        """The error names key, source and what would be right."""
        text = self.refused("--store", "mysql://localhost")
        self.assertEqual(
            text,
            "gameserver: store (from option --store): expected sqlite:, memory:, redis://, rediss://, "
            "redis+unix://, redis+sentinel://, or the dotted path of a module and a colon, not 'mysql://localhost'",
        )

    def test_wrong_environment_is_named(self) -> None:
        """The variable is named, not the option."""
        os.environ["GAMESERVER_LIMITS_ROOMS"] = "many"
        self.assertIn("limits.rooms (from environment GAMESERVER_LIMITS_ROOMS)", self.refused())

    def test_unknown_option_is_refused(self) -> None:
        """So is what is no option at all."""
        self.assertIn("--nonsense", str(self.assertRaises(UsageError, self.parse, "--nonsense")))
        self.assertIn("arguments", str(self.assertRaises(UsageError, self.parse, "nonsense")))


class PluginTests(SynchronousTestCase):
    def test_twistd_finds_it(self) -> None:
        """Twisted lists one service maker of this name, which leads to this module."""
        found = [item for item in getPlugins(IServiceMaker) if item.tapname == "gameserver"]
        self.assertEqual([item.module for item in found], ["gameserver.tap"])

    def test_no_init_beside_the_plugin(self) -> None:
        """A package here would hide Twisted's own."""
        folder = Path(gameserver.__file__).parent.parent / "twisted"
        self.assertEqual(list(folder.rglob("__init__.py")), [])


class MakeServiceTests(OptionsCase):
    """`makeService` with a server that is not ours, so that nothing is opened."""

    def setUp(self) -> None:
        super().setUp()
        from twisted.internet import reactor

        from gameserver import service

        self.patch(reactor, "seconds", time.monotonic)
        self.patch(service, "build", self.build)
        self.built: list[Settings] = []

    def build(self, settings: Settings, reactor: object) -> IService:
        """Stand in for the real one."""
        self.built.append(settings)
        self.assertFalse(gc.isenabled(), "the garbage collector works during the start")
        if settings.games:
            raise GameLoadError(f"{settings.games[0]}: no such folder or file")
        return Service()

    def make(self, *arguments: str) -> IService:
        """Do what twistd does."""
        options = tap.Options()
        options.parseOptions(arguments)
        return tap.makeService(options)

    def test_service_is_built_from_settings(self) -> None:
        """The merged settings reach the composition root."""
        self.assertTrue(IService.providedBy(self.make("--listen", "tcp:1", "--data", "d")))
        self.assertEqual(self.built, [Settings(listen=("tcp:1",), data=Path("d"))])
        self.assertTrue(gc.isenabled())

    def test_endpoint_that_twisted_refuses(self) -> None:
        """An endpoint is tried before anything is opened, and the error names its source."""
        for wrong, what in {
            "carrier-pigeon:8080": "expected an endpoint string",
            "tcp:1:nonsense=2": "expected an endpoint string",
            "ssl:1:privateKey=/no/such.pem": "/no/such.pem: No such file or directory; make it",
            "systemd:domain=INET:index=0": "was not given to this process",
            "systemd:domain=INET:name=web": "was not given to this process",
        }.items():
            line = str(self.assertRaises(SystemExit, self.make, "--listen", wrong))
            self.assertTrue(line.startswith("gameserver: listen (from option --listen): "), line)
            self.assertIn(wrong, line)
            self.assertIn(what, line)
        self.assertEqual(self.built, [])

    def test_games_that_are_not_there(self) -> None:
        """What the server refuses ends in one line, without a traceback."""
        error = self.assertRaises(SystemExit, self.make, "--games", "nowhere")
        self.assertEqual(str(error), "gameserver: nowhere: no such folder or file")
        self.assertTrue(gc.isenabled())


class RefusedStartTests(OptionsCase):
    """`makeService` on a machine that will not have what it is asked for: it ends in one line that says what to do."""

    def setUp(self) -> None:
        super().setUp()
        from twisted.internet import reactor

        self.patch(reactor, "seconds", time.monotonic)
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.data = self.folder / "data"

    def said(self, *arguments: str, config: str = "", twistd: dict[str, Any] | None = None) -> str:
        """:returns: the line in which the start ends."""
        (self.folder / "config.toml").write_text(config)
        options = tap.Options()
        options.parent = twistd
        given = ("--data", str(self.data), "--config", str(self.folder / "config.toml"), "--no-sample-games")

        def make() -> None:
            options.parseOptions([*given, *arguments])
            tap.makeService(options)

        line = str(self.assertRaises(SystemExit, make))
        self.assertTrue(line.startswith("gameserver: ") and "\n" not in line, line)
        return line

    def deny(self, owner: type, name: str, path: Path, number: int = errno.EACCES) -> None:
        """The system refuses this for that path."""
        real = getattr(owner, name)

        def denied(own: Path, *rest: Any, **more: Any) -> Any:
            if own == path:
                raise OSError(number, os.strerror(number), str(own))
            return real(own, *rest, **more)

        self.patch(owner, name, denied)

    def test_data_is_a_file(self) -> None:
        """Or something above it is."""
        self.data.touch()
        for argument in (self.data, self.data / "deep"):
            line = self.said("--data", str(argument))
            self.assertIn(f"data (from option --data): {argument}: ", line)
            self.assertIn("a file is in the place of a folder", line)

    def test_data_may_not_be_made_or_written(self) -> None:
        """The user of the server is named, since it is another one than the operator mostly."""
        self.deny(Path, "mkdir", self.data)
        self.assertIn(f"{self.data}: Permission denied; let this server's user (number {os.geteuid()})", self.said())

    def test_data_on_a_read_only_file_system(self) -> None:
        """As in a container."""
        self.deny(Path, "mkdir", self.data, errno.EROFS)
        self.assertIn(f"{self.data}: Read-only file system; that file system is read-only: let it be", self.said())

    def test_files_of_the_data_folder_are_folders(self) -> None:
        """Each is named."""
        for name, setting in (("node", "data"), ("node.lock", "data"), ("secret", "secret")):
            (self.data / name).unlink() if (self.data / name).exists() else None
            (self.data / name).mkdir(parents=True)
            line = self.said()
            self.assertIn(f"{setting} (from ", line)
            self.assertIn(f"{self.data / name}: Is a directory; a folder is in the place of a file", line)
            (self.data / name).rmdir()

    def test_secret_of_another_user(self) -> None:
        """It cannot be read, or others can read it."""
        self.data.mkdir()
        secret = self.data / "secret"
        secret.write_bytes(b"s" * 32)
        self.assertIn(f"chmod 600 {secret}", self.said())
        secret.chmod(0o600)
        self.deny(Path, "read_bytes", secret)
        self.assertIn(f"secret (from default): {secret}: Permission denied; let this server's user", self.said())
        self.assertIn(f"secret (from file {self.folder}/config.toml): {self.folder}/gone/secret: No such file",
                      self.said(config=f'secret = "{self.folder}/gone/secret"'))  # fmt: skip

    def test_disk_full(self) -> None:
        """Nothing is left that would be in the way of the next start."""
        full = self.patch(os, "fsync", failing(errno.ENOSPC))
        for made in ([], ["node"]):
            if made:
                (self.data / "node").write_bytes(b"0123456789abcdef\n")
            self.assertIn("No space left on device; make room on that disk", self.said())
            self.assertEqual(sorted(os.listdir(self.data)), [*made, "node.lock"])
        full.restore()
        self.assertIn("no.pem", self.said("--store", "rediss://localhost?ca=/no.pem"))  # this far it comes
        self.assertEqual(len((self.data / "secret").read_bytes()), 32)

    def test_config(self) -> None:
        """A file that cannot be read, or is no TOML, or says what there is not."""
        self.assertIn("config.toml): expected TOML: ", self.said(config="data = "))
        self.assertIn("no such setting; did you mean listen", self.said(config='lisen = "tcp:1"'))
        self.assertIn("Is a directory", self.said("--config", str(self.folder)))
        self.assertIn("nowhere.toml: No such file or directory; make it", self.said("--config", "nowhere.toml"))

    def test_paths_that_no_system_has(self) -> None:
        """A home of nobody's, and a NUL character."""
        unknown = "~nobody-is-called-so/x"
        for arguments in (("--data", unknown), ("--store", f"sqlite:{unknown}"), ("--games", unknown)):
            self.assertIn("begins with a home that is not known", self.said(*arguments))
        for key, value in (("data", ""), ("secret", ""), ("store", "sqlite:"), ("games", "")):
            self.assertIn("NUL", self.said(config=f'{key} = "{value}a\\u0000b"'))

    def test_games_that_cannot_be_read(self) -> None:
        """The folder is named."""
        games = self.folder / "games"
        games.mkdir()
        self.deny(Path, "iterdir", games)
        self.assertIn(f"{games} cannot be read: {games}: Permission denied; let", self.said("--games", str(games)))

    def test_keys_of_others(self) -> None:
        """What checks tokens is not there."""
        jwt = '[jwt]\nissuer = "https://a.example"\naudience = ["games"]\nkey = "no.pem"'
        self.assertIn("jwt.key (from file", self.said("--auth", "jwt", config=jwt))
        self.assertIn("no.pem: No such file or directory; make it", self.said("--auth", "jwt", config=jwt))
        django = '[django]\nsecret = "no-secret"'
        self.assertIn("no-secret: No such file or directory; make it", self.said("--auth", "django", config=django))

    def test_store(self) -> None:
        """An address of Redis that is none, and a file for its certificates that is not there."""
        self.assertIn("store (from option --store): expected", self.said("--store", "redis://a:b:c"))
        self.assertIn("/no.pem cannot be read", self.said("--store", "rediss://localhost?ca=/no.pem"))

    def test_files_of_twistd(self) -> None:
        """Its process id, and its log if it goes to the background, before it fails at them with a traceback."""
        twistd: dict[str, Any] = {"pidfile": "twistd.pid", "rundir": str(self.folder / "nowhere"), "nodaemon": True}
        line = self.said(twistd=twistd)
        self.assertIn(f"pidfile (from option --pidfile of twistd): {self.folder}/nowhere/twistd.pid: No such", line)
        twistd = {"pidfile": "", "rundir": ".", "nodaemon": False, "logfile": f"{self.folder}/nowhere/x.log"}
        self.assertIn("logfile (from option --logfile of twistd): ", self.said(twistd=twistd))


STEPPED = """
import sys, threading, time
real, stepped_s = time.time, 0.0
time.time = lambda: real() + stepped_s
from twisted.internet.{module} import {reactor}
from gameserver.tap import use_monotonic_time

reactor = {reactor}()
if {monotonic}:
    assert use_monotonic_time(reactor)
fired = []
began_s = time.monotonic()
def arm(delay_s):
    call = reactor.callLater(9, lambda: fired.append(round(time.monotonic() - began_s, 1)))
    call.reset(delay_s)
def step():
    global stepped_s
    stepped_s = {step_s}
reactor.callWhenRunning(step)
arm(0.2)
arm(0.4)
ended = threading.Timer(0.7, lambda: reactor.callFromThread(reactor.stop))
ended.start()
reactor.run(installSignalHandlers=False)
print(*fired)
"""


class MonotonicTimeTests(SynchronousTestCase):
    """Real reactors in processes of their own, whose wall clock steps while two timers are armed, for 0.2 and 0.4 s."""

    def fired(self, step_s: float, *, monotonic: bool = True, reactor: str = "EPollReactor") -> str:
        """Say after how many seconds the timers fired."""
        code = STEPPED.format(module=reactor.lower(), reactor=reactor, step_s=step_s, monotonic=monotonic)
        path = os.pathsep.join(item for item in sys.path if item)
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self.assertEqual(done.stderr, "")
        return done.stdout.strip()

    def test_clock_set_back(self) -> None:
        """Timers fire when they are due, though the wall clock went an hour back."""
        self.assertEqual(self.fired(-3600), "0.2 0.4")
        self.assertEqual(self.fired(-3600, reactor="SelectReactor"), "0.2 0.4")

    def test_clock_set_forward(self) -> None:
        """Nor do they fire too early where it went an hour on."""
        self.assertEqual(self.fired(3600), "0.2 0.4")

    def test_twisted_alone_stalls(self) -> None:
        """What this is for: as Twisted is, an hour back stalls every timer for an hour."""
        self.assertEqual(self.fired(-3600, monotonic=False), "")

    def test_twisted_alone_hurries(self) -> None:
        """And an hour forward fires them all at once."""
        self.assertEqual(self.fired(3600, monotonic=False), "0.0 0.0")

    def test_timers_armed_before_keep_their_clock(self) -> None:
        """A reactor with armed timers is left alone, since they would be counted from another start."""
        clock = Clock()
        seconds = clock.seconds
        clock.callLater(1, lambda: None)
        self.assertFalse(tap.use_monotonic_time(clock))
        self.assertEqual(clock.seconds, seconds)

    def test_twice(self) -> None:
        """Once is enough."""
        clock = Clock()
        self.assertTrue(tap.use_monotonic_time(clock))
        clock.callLater(1, lambda: None)
        self.assertTrue(tap.use_monotonic_time(clock))
