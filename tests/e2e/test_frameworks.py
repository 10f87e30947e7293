"""An author's tests fail where the game fails, under trial, unittest and pytest alike."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from twisted.trial.unittest import SynchronousTestCase

CHECKOUT = Path(__file__).parent.parent.parent
LIMIT_S = 120
"""After so long a run is given up: a bound, not a measure."""

GAME = """
    from gameserver import Game, Player, message, timer


    class Bomb(Game):
        needs_start = False

        def on_drop(self, player: Player) -> None:
            raise KeyError("nobody dropped it")

        @message
        def light(self, player: Player, fuse_s: float) -> None:
            self.after(fuse_s, self.explode)

        @message
        def touch(self, player: Player) -> None:
            raise ZeroDivisionError("touched")

        @timer
        def explode(self) -> None:
            raise ZeroDivisionError("boom")
"""

TESTS = """
    {imports}
    from bomb import Bomb
    from gameserver import Refused
    from gameserver.testing import Table


    class Tests({base}):
        def table(self, **options):
            table = Table(Bomb, **options)
            return table, table.join("Ann")

        def test_careless_timer(self):
            table, ann = self.table()
            ann.send("light", fuse_s=3)
            table.advance(3)

        def test_careless_hook(self):
            table, ann = self.table()
            ann.drop()

        def test_careless_message(self):
            table, ann = self.table()
            ann.send("touch")

        def test_asserted_timer(self):
            table, ann = self.table()
            ann.send("light", fuse_s=3)
            with self.assertRaises(ZeroDivisionError):
                table.advance(3)
            table.advance(3)

        def test_asserted_hook(self):
            table, ann = self.table()
            self.assertRaises(KeyError, ann.drop)

        def test_asserted_message(self):
            table, ann = self.table()
            with self.assertRaises(Refused) as caught:
                ann.send("touch")
            self.assertIsInstance(caught.exception.__cause__, ZeroDivisionError)

        def test_logged_timer(self):
            table, ann = self.table(raises=False)
            ann.send("light", fuse_s=3)
            table.advance(3)
            {logged}
"""

UNITTEST = {"imports": "from unittest import TestCase", "base": "TestCase", "logged": ""}
TRIAL = {
    "imports": "from twisted.trial.unittest import SynchronousTestCase",
    "base": "SynchronousTestCase",
    "logged": "self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)",
}


class FrameworkTests(SynchronousTestCase):
    """Each runs a small author's tests: three that forget that a game may fail, and four that know."""

    def run_tests(self, words: dict[str, str], *command: str) -> str:
        """:returns: what the framework wrote."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        (folder / "bomb.py").write_text(dedent(GAME), "utf-8")
        (folder / "test_bomb.py").write_text(dedent(TESTS).format(**words), "utf-8")
        # Trial puts this folder on the path of its tests only where it is asked to.
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(CHECKOUT)])}
        run = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
        )
        self.assertNotEqual(run.returncode, 0, run.stdout)
        return run.stdout

    def assert_shown(self, output: str) -> None:
        """The author sees what failed and in which line of the game; of what was asserted nothing is written."""
        for number, line in enumerate(dedent(GAME).splitlines(), 1):
            if "raise" in line:
                self.assertRegex(output, rf'bomb\.py"?(:|, line ){number}\b')
                self.assertIn(line.split('"')[1], output)
        self.assertNotIn("Unhandled", output)

    def test_unittest(self) -> None:
        """Three errors; a game that logs writes its traceback, as a server would."""
        output = self.run_tests(UNITTEST, "unittest", "test_bomb")
        self.assertEqual(sorted(re.findall(r"^ERROR: (\w+)", output, re.M)), self.careless())
        self.assertRegex(output, r"(?m)^FAILED \(errors=3\)$")
        self.assert_shown(output)

    def test_pytest(self) -> None:
        """The same."""
        output = self.run_tests(UNITTEST, "pytest", "-p", "no:cacheprovider", "test_bomb.py")
        self.assertEqual(sorted(re.findall(r"^FAILED test_bomb.py::Tests::(\w+)", output, re.M)), self.careless())
        self.assertRegex(output, r"3 failed, 4 passed")
        self.assert_shown(output)

    def test_trial(self) -> None:
        """Each error once: what was raised is not a logged error, too."""
        output = self.run_tests(TRIAL, "twisted.trial", "test_bomb")
        self.assertEqual(sorted(re.findall(r"^test_bomb\.Tests\.(\w+)$", output, re.M)), self.careless())
        self.assertRegex(output, r"(?m)^FAILED \(errors=3, successes=4\)$")
        self.assert_shown(output)

    def careless(self) -> list[str]:
        """The tests that must fail."""
        return ["test_careless_hook", "test_careless_message", "test_careless_timer"]
