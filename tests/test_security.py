"""SECURITY.md names tests: they exist, and so do the settings and limits that the pages tell of."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gameserver.settings import KEYS

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"`([\w/]+\.py): (\w+)\.(test_\w+)`")


def tests_of(path: Path) -> set[tuple[str, str]]:
    """:returns: class and name of each test in a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {
        (cls.name, method.name)
        for cls in tree.body
        if isinstance(cls, ast.ClassDef)
        for method in cls.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
    }


class SecurityPageTests(SynchronousTestCase):
    def test_named_tests_exist(self) -> None:
        """Every threat's row names at least one test, and there is each."""
        page = (ROOT / "SECURITY.md").read_text("utf-8")
        rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
        self.assertGreater(len(rows), 30)
        for row in rows:
            column = row.removesuffix(" |").rpartition(" | ")[2]
            for named in column.split(", "):
                found = NAMED.fullmatch(named)
                assert found is not None, f"{named!r} names no test: {row}"
                file, cls, name = found.groups()
                self.assertIn((cls, name), tests_of(ROOT / "tests" / file), row)

    def test_every_limit_is_told(self) -> None:
        """Operators find every limit and every setting on the pages."""
        pages = "".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.rst"))
        names = [key.removeprefix("limits.") for key in KEYS if "." not in key or key.startswith("limits.")]
        self.assertEqual([name for name in names if f"``{name}``" not in pages], [])
