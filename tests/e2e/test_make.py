"""What ``make run`` prints before there is a server, and what the docs say that it takes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.kit import ROOT

PYTHON = """#!/bin/sh
# Stands for Python, pip and twistd: says what it was called for.
case "$*" in
  -c*) ;;
  "-m venv .venv")
    mkdir -p .venv/bin
    for name in python twistd; do cp "$0" .venv/bin/$name; done;;
  *--help) ;;
  *pip*) echo "PIP INSTALLS";;
  *) echo "TWISTD SERVES";;
esac
"""


class FirstStartTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gameserver-make-"))
        self.addCleanup(shutil.rmtree, self.folder)
        in_c = ("gameserver/websocket/native.c", "gameserver/websocket/native_build.py")
        for name in ("Makefile", "setup.py", "pyproject.toml", *in_c):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.folder / name)
        self.python = self.folder / "python"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)

    def run_make(self, goal: str) -> list[str]:
        """:returns: the lines that it says, from a fresh clone."""
        command = ["make", "--no-print-directory", f"PYTHON={self.python}", goal]
        # Nothing of the make that runs these tests.
        environ = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.splitlines()

    def test_says_what_is_going_on(self) -> None:
        """Before each step that takes a while it says which, and how long; once there is nothing to do, nothing."""
        said = self.run_make("run")
        self.assertRegex(said[0], "^Making .venv")
        self.assertRegex(said[1], "^Installing .* minute or two")
        self.assertEqual(said[2], "PIP INSTALLS")
        self.assertEqual(said[-1], "TWISTD SERVES")
        self.assertNotIn("PIP", "".join(self.run_make("run")))

    def test_for_tests(self) -> None:
        """So with what tests need."""
        said = self.run_make(".venv/dev.stamp")
        self.assertRegex(said[1], "^Installing .* minutes")
        self.assertEqual(said[2:], ["PIP INSTALLS"])


class PagesTests(SynchronousTestCase):
    def test_which_python(self) -> None:
        """Pages ask for no certain Python, and name no command that only one has."""
        pages = [*ROOT.glob("*.rst"), *(ROOT / "docs").rglob("*.rst"), *(ROOT / "deploy").iterdir()]
        for page in pages:
            named = re.findall(r"(?i)python ?3\.\d+(?! or newer)\b.{0,20}", page.read_text("utf-8"))
            self.assertEqual(named, [], page)

    def test_no_address_is_left_out(self) -> None:
        """What is to be typed has no dots for something else."""
        for page in (ROOT / "README.rst", ROOT / "CONTRIBUTING.rst"):
            self.assertEqual(re.findall(r"(?m)^    .*(?:git|make|pip|twistd).*…", page.read_text("utf-8")), [])
