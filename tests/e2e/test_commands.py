"""What our tools tell people to type is typed, in the folder where they told it, as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING, Final

from twisted.internet.threads import deferToThread

from tests.e2e.kit import ROOT, TWISTD, WAIT_S, ServerCase, end, until
from tests.ports import free_port, listens

SYSTEM: Final = "/usr/local/bin:/usr/bin:/bin"


class CommandsCase(ServerCase):
    """A folder to type in, and how an environment is found there."""

    path = SYSTEM

    def setUp(self) -> None:
        super().setUp()
        self.here = self.folder / "a folder of mine"
        self.here.mkdir()
        self.own = TWISTD.parent
        self.port = free_port()
        clean = {name: text for name, text in os.environ.items() if not name.startswith(("GAMESERVER_", "PYTHON"))}
        self.environ = {**clean, "PATH": self.path, "GAMESERVER_LISTEN": f"tcp:{self.port}:interface=127.0.0.1"}

    def begin(self, command: str) -> subprocess.Popen[str]:
        """Have a shell run this."""
        process = subprocess.Popen(
            ["sh", "-c", f"exec {command}"],
            cwd=self.here,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(end, process)
        return process

    async def type(self, command: str, status: int = 0) -> str:
        """:returns: what a command says."""
        process = self.begin(command)
        output, _ = await deferToThread(process.communicate, timeout=2 * WAIT_S)
        self.assertEqual(process.returncode, status, f"{command}\n{output}")
        return output

    def told(self, output: str, before: str) -> str:
        """:returns: the command on the line that begins so."""
        found = re.search(rf"(?m)^ *{before}: +(\S.*)$", output)
        assert found is not None, output
        self.looks_right(found[1])
        return found[1]

    def looks_right(self, command: str) -> None:
        """See that no more is to be typed than needs be."""
        self.assertTrue(command.startswith("/"), command)

    async def serves(self, command: str, games: str) -> None:
        """See that a server starts, and has so many games."""
        process = self.begin(command)
        await until(lambda: process.poll() is not None or listens(self.port), "a server listens")
        self.assertIsNone(process.poll())
        process.terminate()
        output, _ = await deferToThread(process.communicate, timeout=2 * WAIT_S)
        self.assertIn(process.returncode, (0, -signal.SIGTERM), output)
        self.assertIn(games, output)

    def first(self, words: str) -> str:
        """:returns: the command that somebody begins with."""
        return f"{shlex.quote(str(self.own / 'gameserver'))} {words}"


class New(CommandsCase if TYPE_CHECKING else object):
    async def test_new(self) -> None:
        """A game that was written is tested and served as it was told, and found where it was looked for."""
        (self.here / "my games").mkdir()
        listing = self.first("games --no-sample-games --games 'my games'")
        output = await self.type(self.told(await self.type(listing), "Write one"))
        self.assertIn("PASSED (successes=2)", await self.type(self.told(output, "Test it")))
        await self.serves(self.told(output, "Serve it"), "9 games")
        self.assertIn("my_game: My Game", await self.type(listing))


class CommandsTests(New, CommandsCase):
    """This environment is not activated, and elsewhere."""

    async def test_new_in_no_folder(self) -> None:
        """Without a folder it is written into one called games."""
        command = self.told(await self.type(self.first("games --no-sample-games"), 0), "Write one")
        output = await self.type(command)
        tested = await self.type(self.told(output, "Test it"))
        self.assertIn("PASSED (successes=2)", tested)
        await self.serves(self.told(output, "Serve it"), "9 games")

    async def test_help(self) -> None:
        """The help tells how to serve."""
        await self.serves(self.told(await self.type(self.first("--help")), "Serve games"), "8 games")

    async def test_readable_secret(self) -> None:
        """What makes a secret private is told so that it can be typed."""
        path = self.here / "the secret"
        path.write_text("00" * 32)
        path.chmod(0o644)
        output = await self.type(self.first("secret show --file 'the secret'"), 1)
        found = re.search(r"chmod .*", output)
        assert found is not None, output
        await self.type(found[0])
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        await self.type(self.first("secret show --file 'the secret'"))


class NearCommandsTests(New, CommandsCase):
    """An environment in this very folder, not activated: the way there is short."""

    def setUp(self) -> None:
        super().setUp()
        place = self.here / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        (site_packages,) = place.glob("lib/python3*/site-packages")
        (site_packages / "all.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", "utf-8")
        self.own = place / "bin"
        for name in ("gameserver", "twistd"):
            _, _, rest = (TWISTD.parent / name).read_text("utf-8").partition("\n")
            # As pip writes it where there is a space in the path.
            head = f"#!/bin/sh\n'''exec' '{self.own}/python' \"$0\" \"$@\"\n' '''\n"
            (self.own / name).write_text(head + rest, "utf-8")
            (self.own / name).chmod(0o755)

    def looks_right(self, command: str) -> None:
        self.assertTrue(command.startswith(".venv/bin/"), command)


class ActivatedCommandsTests(New, CommandsCase):
    """This environment is activated: mere names do."""

    path = os.pathsep.join((str(TWISTD.parent), SYSTEM))

    def looks_right(self, command: str) -> None:
        self.assertRegex(command, r"^(twistd|python3?|gameserver) ")
