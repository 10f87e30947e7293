"""What twistd calls: options, their errors, and a reactor whose timers do not follow the wall clock."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from twisted.application.service import IService, IServiceMaker, Service
from twisted.internet.task import Clock
from twisted.plugin import getPlugins
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

import gameserver
from gameserver import tap
from gameserver.errors import GameLoadError
from gameserver.settings import Settings


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
        """Parse, and give the error's text."""
        return str(self.assertRaises(UsageError, self.parse, *arguments))


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

    def test_wrong_option_is_named(self) -> None:
        """The error names key, source and what would be right."""
        text = self.refused("--store", "mysql://localhost")
        self.assertEqual(
            text,
            "store (from option --store): expected sqlite:PATH, redis://, rediss://, redis+unix:// or "
            "redis+sentinel://, not 'mysql://localhost'",
        )

    def test_wrong_environment_is_named(self) -> None:
        """The variable is named, not the option."""
        os.environ["GAMESERVER_LIMITS_ROOMS"] = "many"
        self.assertIn("limits.rooms (from environment GAMESERVER_LIMITS_ROOMS)", self.refused())

    def test_unknown_option_is_refused(self) -> None:
        """So is what is no option at all."""
        self.assertIn("--nonsense", self.refused("--nonsense"))
        self.assertIn("arguments", self.refused("nonsense"))


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

    def test_endpoint_that_twisted_refuses(self) -> None:
        """An endpoint is tried before anything is opened, and the error names its source."""
        for wrong in ("carrier-pigeon:8080", "tcp:1:nonsense=2", "ssl:1:privateKey=/no/such.pem"):
            error = self.assertRaises(SystemExit, self.make, "--listen", wrong)
            self.assertIn("gameserver: listen (from option --listen): expected an endpoint string", str(error))
            self.assertIn(wrong, str(error))
        self.assertEqual(self.built, [])

    def test_games_that_are_not_there(self) -> None:
        """What the server refuses ends in one line, without a traceback."""
        error = self.assertRaises(SystemExit, self.make, "--games", "nowhere")
        self.assertEqual(str(error), "gameserver: nowhere: no such folder or file")


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
