"""What systemd is told, and that the units are right."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from gameserver.operating.systemd import Systemd

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = ("gameserver.service", "gameserver@.service")


class SystemdTests(SynchronousTestCase):
    """A socket that listens as systemd does."""

    def setUp(self) -> None:
        self.name = f"gameserver test {os.getpid()} {id(self)}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind("\0" + self.name)
        self.socket.setblocking(False)
        self.clock = Clock()

    def systemd(self, **environ: str) -> Systemd:
        """Make one for a process that systemd has started."""
        return Systemd(self.clock, {"NOTIFY_SOCKET": "@" + self.name, **environ})

    def told(self) -> list[str]:
        """What came since the last call, each a datagram."""
        datagrams = []
        try:
            while True:
                datagrams.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return datagrams

    def test_ready_reload_stop(self) -> None:
        """Each in systemd's words; it waits for as long as a stop may take."""
        systemd = self.systemd()
        systemd.ready()
        systemd.stopping(34.5)
        ready, stopping = self.told()
        self.assertEqual(ready.split("\n")[0], "READY=1")
        self.assertEqual(stopping.split("\n")[:2], ["STOPPING=1", "EXTEND_TIMEOUT_USEC=34500000"])
        systemd.reload()
        reloading, ready = self.told()
        self.assertRegex(reloading, r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertIn("READY=1", ready)

    def test_alive_while_the_reactor_turns(self) -> None:
        """Well within the time of the watchdog, for as long as the server runs."""
        systemd = self.systemd(WATCHDOG_USEC="30000000")
        systemd.startService()
        for _ in range(3):
            self.assertEqual(self.told(), ["WATCHDOG=1"])
            self.clock.advance(10)
        systemd.stopService()
        self.told()
        self.clock.advance(60)
        self.assertEqual(self.told(), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_watchdog_of_another_process(self) -> None:
        """The environment came from a parent: systemd does not watch this one."""
        self.systemd(WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getpid() + 1)).startService()
        self.systemd(WATCHDOG_USEC="soon").startService()
        self.systemd().startService()
        self.assertEqual(self.told(), [])

    def test_without_systemd(self) -> None:
        """Nothing is said, and nothing fails; nor where systemd is gone."""
        systemd = Systemd(self.clock, {})
        self.assertFalse(systemd.is_there)
        systemd.startService()
        systemd.ready()
        self.socket.close()
        self.systemd().ready()


class UnitTests(SynchronousTestCase):
    """The units in ``deploy``."""

    def test_verified_by_systemd(self) -> None:
        """systemd knows every setting in them."""
        if shutil.which("systemd-analyze") is None:
            raise SkipTest("systemd-analyze is not installed")
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        program = Path(sys.executable).parent / "twistd"
        for unit in UNITS:
            text = (DEPLOY / unit).read_text().replace("/opt/gameserver/bin/twistd", str(program))
            (folder / unit.replace("@", "@a")).write_text(text)
        files = sorted(map(str, folder.iterdir()))
        run = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn(str(folder), run.stderr)  # nor does it warn

    def test_options_are_the_servers(self) -> None:
        """Every option in them is one that the server takes."""
        from gameserver.tap import Options

        for unit in UNITS:
            text = (DEPLOY / unit).read_text()
            command = re.search(r"^ExecStart=.*? gameserver \\\n(.*?)\n\n", text, re.S | re.M)
            assert command is not None
            words = command[1].replace("\\\n", " ").replace("%i", "a").split()
            config = Path(self.mktemp())
            config.write_text('store = "redis://127.0.0.1"\npublic_url = "https://games.example"\n')
            options = Options()
            options.parseOptions([str(config) if word == "/etc/gameserver.toml" else word for word in words])
            self.assertTrue(options.settings.listen)
