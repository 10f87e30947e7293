"""The Makefile: whatever a recipe names is there, and the tests and linters of both languages are run."""

from __future__ import annotations

import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[1]


class RecipeTests(SynchronousTestCase):
    def dry_run(self, *targets: str) -> tuple[str, str]:
        """:returns: the commands that these targets would run, and what make has to say of them."""
        command = ("make", "--warn-undefined-variables", "--always-make", "--dry-run", *targets)
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        return run.stdout, run.stderr

    def test_nothing_is_undefined(self) -> None:
        """A variable that a merge has dropped would be an empty command, which succeeds."""
        _, said = self.dry_run("test", "unit", "e2e", "fuzz", "js", "bench", "docs")
        undefined = [line for line in said.splitlines() if "undefined variable" in line]
        self.assertEqual(undefined, [])

    def test_both_languages(self) -> None:
        """``make test`` runs trial, and npm for the linters and the tests of JavaScript."""
        commands, _ = self.dry_run("test")
        for part in ("run_trial.py", "ruff check", "mypy", "--silent run lint", "--silent test"):
            self.assertIn(part, commands)

    def test_pages_are_compressed_once(self) -> None:
        """Before the tests, and not by each of the servers that they start."""
        for target in ("test", "e2e"):
            commands, _ = self.dry_run(target)
            self.assertLess(commands.index("tests/compress_pages.py"), commands.index("run_trial.py"), target)
