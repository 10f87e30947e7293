"""
Authors' games, as ``mypy --strict`` and ``pyright`` (strict) see them: no errors in games that are right, and errors in
those that are not.

They are copied to an empty folder, so that no setting of this repository helps. pyright comes with its PyPI package and
needs Node, which is in the ``dev`` extra.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from gameserver.game.loader import load
from gameserver.testing import Table
from tests.needs import cannot_run

FOLDER = Path(__file__).parent / "typing"
RIGHT = ("every_part.py", "small_games.py", "function_style.py")
MISTAKEN = "mistakes.py"
LONGEST_S = 180


class TypingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir(parents=True)
        for file in FOLDER.glob("*.py"):
            shutil.copy(file, self.folder)

    def run_tool(self, *command: str) -> str:
        """:returns: what it wrote. What Python and checkers read from the environment is left out."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("MYPY", "PYTHON"))}
        environ |= {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "NO_COLOR": "1"}
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
        return f"{done.stdout}{done.stderr}"

    def wrong_lines(self) -> set[int]:
        """:returns: the lines that are said to be wrong."""
        lines = (FOLDER / MISTAKEN).read_text("utf-8").splitlines()
        return {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}


class MypyTests(TypingCase):
    def mypy(self, *files: str) -> str:
        return self.run_tool(
            sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=.cache", "--no-pretty", *files
        )

    def test_right_games_have_no_errors(self) -> None:
        """An author who uses all of the API sees none."""
        self.assertIn("Success: no issues found in 3 source files", self.mypy(*RIGHT))

    def test_wrong_uses_are_errors(self) -> None:
        """The types say what they mean."""
        told = self.mypy("--disable-error-code=misc", MISTAKEN)
        found = {int(line) for line in re.findall(rf"^{MISTAKEN}:(\d+): error", told, re.MULTILINE)}
        self.assertEqual(found, self.wrong_lines(), told)


class PyrightTests(TypingCase):
    _cannot: ClassVar[str | None] = None

    def setUp(self) -> None:
        super().setUp()
        if PyrightTests._cannot is None:
            PyrightTests._cannot = self.why_not()
        if PyrightTests._cannot:
            cannot_run("pyright", f"for lack of Node ({PyrightTests._cannot})")

    def why_not(self) -> str:
        """:returns: why pyright cannot run, or nothing."""
        try:
            told = self.run_tool(sys.executable, "-m", "pyright", "--version")
        except subprocess.TimeoutExpired:
            return "it did not come up in time"
        return "" if re.search(r"^pyright \d", told, re.MULTILINE) else told.strip()[-300:] or "it said nothing"

    def pyright(self, *files: str) -> list[tuple[str, int, str]]:
        """:returns: file, line and text of each error."""
        settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "include": list(files)}
        (self.folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
        told = self.run_tool(sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable)
        report = json.loads(told[told.index("{") :])
        self.assertEqual(report["summary"]["filesAnalyzed"], len(files), told)
        return [
            (Path(item["file"]).name, item["range"]["start"]["line"] + 1, item["message"])
            for item in report["generalDiagnostics"]
            if item["severity"] == "error"
        ]

    def test_right_games_have_no_errors(self) -> None:
        """Not in its strict mode either."""
        self.assertEqual(self.pyright(*RIGHT), [])

    def test_wrong_uses_are_errors(self) -> None:
        """The types say what they mean."""
        errors = self.pyright(MISTAKEN)
        self.assertEqual({line for _, line, _ in errors}, self.wrong_lines(), errors)


class RunningTests(SynchronousTestCase):
    def test_games_load_and_play(self) -> None:
        """What checkers see no errors in runs, too: random players find none."""
        catalog = load([str(FOLDER / name) for name in RIGHT], sample_games=False, entry_points=False)
        self.assertEqual(catalog.broken, [])
        self.assertEqual(
            sorted(catalog.games), ["buzzer", "every_part", "function_style", "loud_buzzer", "tic_tac_toe"]
        )
        for name, game in catalog.games.items():
            for seed in range(6):
                table = Table(game, seed=seed, amnesia=seed % 2 == 1)
                table.join("Ann")
                table.join("Bob")
                table.play_random(100, seed, moves=[("count", None)] if name == "function_style" else [])
