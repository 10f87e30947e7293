"""What a start does not import: packages that few servers need, and that take time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

LATER = frozenset(
    {
        *("prometheus_client", "segno", "apscheduler"),  # once somebody asks for numbers, a QR code, the calendar
        *("txredisapi", "django", "jwt"),  # where a setting asks for it
        *("hypothesis", "playwright", "jinja2", "requests"),  # tests' own, and what Autobahn could use
    }
)
START = """
import json, sys
from twisted.scripts import twistd
from gameserver import service, tap
from gameserver.game.loader import load
assert len(load([]).games) > 5
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


COMMANDS = """
import contextlib, io, json, sys
from gameserver.cli import main
said = io.StringIO()
with contextlib.redirect_stdout(said):
    for words in ["version"], ["new", "dice_hall"], ["secret", "show"], ["--help"]:
        main(words, standalone_mode=False)
assert "Wrote games/dice_hall.py" in said.getvalue(), said.getvalue()
print(json.dumps(sorted(sys.modules)))
"""
SERVERS = frozenset({"twisted", "regex", "autobahn", "cryptography", "importlib.metadata", "gameserver.game.game"})
"""What commands need for which no server, game or room is looked at: nothing of this."""


def imported(program: str, folder: str = ".") -> set[str]:
    """:returns: the modules that a process printed which it has at its end."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


class StartTests(SynchronousTestCase):
    def test_commands(self) -> None:
        """A command answers before anything of the server is imported."""
        folder = self.mktemp()
        secret = Path(folder, "gameserver-data", "secret")
        secret.parent.mkdir(parents=True)
        secret.touch(mode=0o600)
        secret.write_text("a1" * 32)
        found = imported(COMMANDS, folder)
        self.assertIn("gameserver.settings.settings", found)
        self.assertEqual(found & SERVERS, set())

    def test_imports(self) -> None:
        """Neither the server nor a sample game imports what is needed later, if ever."""
        found = imported(START)
        self.assertIn("klein", found)
        self.assertEqual(found & LATER, set())
