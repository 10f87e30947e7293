"""Starts that fail, with the real command: one line that says what to do, and status 1."""

from __future__ import annotations

import os
import re
import resource
import socket
import sqlite3
import subprocess
import sys
from typing import Final

from twisted.internet.threads import deferToThread

from tests.e2e.kit import TWISTD, WAIT_S, ServerCase
from tests.ports import free_port

LIMITED: Final = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Runs a command whose files may have only so many bytes: a full disk, as everybody has it."""


class StartingTests(ServerCase):
    async def said(
        self, *arguments: str, before: tuple[str, ...] = (), file_bytes: int = resource.RLIM_INFINITY
    ) -> str:
        """
        Start what must not start.

        :param before: twistd's own options.
        :returns: the one line that is no information.
        """
        limited = [sys.executable, "-c", LIMITED, str(file_bytes), sys.executable]
        command = [*limited, str(TWISTD), "-n", *before, "gameserver"]
        clean = {key: text for key, text in os.environ.items() if not key.startswith(("GAMESERVER_", "PYTHON"))}
        clean["PYTHONDONTWRITEBYTECODE"] = "1"  # a limit on files would leave halves of modules, for all who come later
        done = await deferToThread(
            subprocess.run,
            [*command, "--no-sample-games", "--data", str(self.folder / "data"), *arguments],
            cwd=self.folder,
            env=clean,
            capture_output=True,
            text=True,
            timeout=2 * WAIT_S,
        )
        output = done.stdout + done.stderr
        self.assertEqual(done.returncode, 1, output)
        self.assertNotIn("Traceback", output)
        self.assertFalse((self.folder / "twistd.pid").exists(), output)
        # Twisted's own lines name neither level nor what to do.
        said = [line for line in output.splitlines() if not re.search(r"#info\]| \[-\] ", line)]
        self.assertEqual(len(said), 1, output)
        return said[0]

    async def test_disk_full(self) -> None:
        """Wherever the first start runs out of room, the next one with room begins as if there had been none."""
        for file_bytes in (0, 1000, 40_000):
            line = await self.said("--listen", f"tcp:{free_port()}", file_bytes=file_bytes)
            self.assertRegex(line, r"let files grow larger \(ulimit -f\)|make room on that disk")
        server = self.server()
        server.data = self.folder / "data"
        await server.start()
        self.assertEqual(len((server.data / "secret").read_bytes()), 32)

    async def test_before_it_listens(self) -> None:
        """What is found while the server is made."""
        data = self.folder / "data"
        data.touch()
        self.assertIn(f"gameserver: data (from option --data): {data}: ", await self.said())
        self.assertIn("gameserver: games (from", await self.said("--games", "", "--data", "other"))
        line = await self.said("--games", "/nowhere", "--data", "other")
        self.assertIn("gameserver: games (from option --games): /nowhere: no such folder or file; make it", line)
        secret = self.folder / "open secret"
        secret.touch(0o644)
        secret.chmod(0o644)
        line = await self.said("--data", "other", "--config", self.config(f'secret = "{secret}"'))
        self.assertIn(f"gameserver: secret (from file {self.folder}/settings.toml): {secret}: nobody else may", line)
        self.assertIn("gameserver: sync (from", await self.said("--config", self.config('sync = "maybe"')))

    async def test_pid_file(self) -> None:
        """twistd's own file cannot be written where it stands."""
        line = await self.said(before=("--pidfile", "nowhere/twistd.pid"))
        self.assertIn(f"pidfile (from option --pidfile of twistd): {self.folder}/nowhere/twistd.pid: No such", line)

    def config(self, text: str) -> str:
        """:returns: the path of a file of settings."""
        (self.folder / "settings.toml").write_text(text)
        return str(self.folder / "settings.toml")

    async def test_store(self) -> None:
        """What is found when the store is opened: a newer schema, and a Redis that is not there."""
        path = self.folder / "newer.sqlite3"
        with sqlite3.connect(path) as newer:
            newer.execute("PRAGMA user_version = 99")
        newer.close()
        line = await self.said("--store", f"sqlite:{path}")
        self.assertIn(f"cannot start: store (from option --store): {path} was written by a newer gameserver", line)
        self.assertIn("cannot be reached", await self.said("--store", f"redis://127.0.0.1:{free_port()}"))

    async def test_strict(self) -> None:
        """A game that cannot be served: with ``strict`` nothing is, and without it all others are."""
        games = self.games(sound="def payload_handler(group_add, socket_self_send, socket_group_send, payload): ...")
        (games / "broken.py").write_text("import nothing_of_that_name")
        line = await self.said("--strict", "--games", str(games))
        self.assertRegex(
            line, r"with strict every game must be sound: broken \(.*broken\.py\): .*nothing_of_that_name.*; mend"
        )
        self.assertIn("gameserver: strict (from option --strict): ", line)
        self.assertIn("with strict", await self.said("--games", str(games), "--config", self.config("strict = true")))
        server = self.server(games=games)
        server.data = self.folder / "data"
        await server.start()
        names = [game["name"] for game in (await server.http("GET", "/api/games")).json["games"]]
        self.assertIn("sound", names)
        self.assertNotIn("broken", names)

    async def test_listening(self) -> None:
        """What is found when it listens: somebody else is there, or nobody may be."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            line = await self.said("--listen", f"tcp:{port}:interface=127.0.0.1")
            self.assertIn(f"listen (from option --listen): tcp:{port}:interface=127.0.0.1: Address already in", line)
            self.assertIn("end the other program that listens there", line)
        self.assertIn("nowhere/games.sock", await self.said("--listen", f"unix:{self.folder}/nowhere/games.sock"))
