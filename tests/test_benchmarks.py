"""The benchmarks still run: they are run seldom, and the code that they use changes."""

from __future__ import annotations

import importlib
import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver.protocol.messages import Form

FOLDER = Path(__file__).parents[1] / "benchmarks"


class BenchmarkTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(sys, "path", [str(FOLDER), *sys.path])
        known = set(sys.modules)
        self.addCleanup(
            lambda: [sys.modules.pop(name) for name in set(sys.modules) - known if (FOLDER / f"{name}.py").exists()]
        )

    def load(self, name: str) -> Any:
        return importlib.import_module(name)

    def test_each_is_imported(self) -> None:
        """What they import is there."""
        for path in sorted(FOLDER.glob("*.py")):
            self.assertTrue(self.load(path.stem).__doc__, path.stem)

    def test_patches(self) -> None:
        """Viewers of each form are told patches, and their bytes are counted."""
        patches = self.load("patches")
        self.patch(patches, "TICKS", 8)
        self.patch(patches, "VIEWERS", 2)
        for form in Form:
            size, _ = patches.ours(patches.walk_of(round), None, form)
            self.assertGreater(size, patches.BODIES)

    def test_moves(self) -> None:
        """Fifty moves are asked for and told; and a whole game is played, of which all that is measured is there."""
        moves = self.load("moves")
        self.patch(moves, "ROUNDS", 2)
        self.patch(moves, "GAMES", 1)
        with redirect_stdout(StringIO()) as said:
            moves.fifty()
            moves.whole_games("coop")
        lines = said.getvalue().splitlines()
        self.assertEqual(len(lines), 7)
        self.assertRegex(lines[-1], r"coop: [1-9][0-9.]* times the own [0-9]+ us; asked [1-9]")

    def test_lines_of_hearts(self) -> None:
        """The guide to turns has the counts as they are."""
        lines = self.load("hearts_lines")
        guide = (FOLDER.parent / "docs" / "guides" / "turns.rst").read_text("utf-8")
        told = re.findall(r"``((?:games|benchmarks)/hearts[\w/]*\.m?\w+)``\n     - (\d+)\n", guide)
        counts = {path.relative_to(FOLDER.parent).as_posix(): lines.lines(path) for path in lines.VERSIONS.values()}
        self.assertEqual({path: int(count) for path, count in told}, counts)

    def test_coupling(self) -> None:
        """The way of a message through the files is found, and is no longer than it may be."""
        coupling = self.load("coupling")
        files, changes = coupling.way_of_a_message()
        self.assertTrue(1 < files <= changes)
        self.assertLessEqual(files, coupling.FILES)
        self.assertLessEqual(changes, coupling.CHANGES)

    def test_measures(self) -> None:
        """No cycle leads across folders, `Room` has few slots, and a file can be read at one sitting."""
        coupling = self.load("coupling")
        cycles = coupling.cycles(coupling.imports())
        self.assertLessEqual(max(map(len, cycles)), coupling.CYCLE)
        self.assertEqual([part for part in cycles if len({name.rpartition(".")[0] for name in part}) > 1], [])
        self.assertLessEqual(len(coupling.slots_of_room()), coupling.SLOTS)
        self.assertEqual(coupling.assigned_outside(), {"game"})
        static = FOLDER.parent / "gameserver" / "web" / "static"
        scripts = [FOLDER.parent / "clients" / "js" / "src", *(static / name for name in ("kit", "page", "play"))]
        sources = [
            *coupling.sources(),
            *static.glob("*.js"),
            *(path for part in scripts for path in part.rglob("*.js")),
        ]
        long = {path.name: coupling.length(path) for path in sources if coupling.length(path) > coupling.LONG}
        self.assertEqual(list(long), ["messages.py"])
        self.assertLessEqual(long["messages.py"], 650)
