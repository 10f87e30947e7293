"""What docstrings and comments cite is there: modules, and methods of the package's classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import gameserver

PACKAGE = Path(gameserver.__file__).parent
CITED = re.compile(r"(?<![`\w])`([A-Za-z_][\w.]*)`(?!`)")


def files() -> Iterator[tuple[str, str]]:
    """:returns: each module's name and text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_games" not in path.parts:
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__"), path.read_text("utf-8")


def members(cls: ast.ClassDef) -> Iterator[str]:
    """:returns: what a class defines, and what it or anything in it is assigned."""
    for node in ast.walk(cls):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


class ReferenceTests(SynchronousTestCase):
    def test_all_are_there(self) -> None:
        """Who reads of a name finds it."""
        texts = dict(files())
        classes: dict[str, set[str]] = {}
        for text in texts.values():
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ClassDef):
                    classes.setdefault(node.name, set()).update(members(node))
        public = {f"gameserver.{name}" for name in gameserver.__all__}
        lost = []
        for module, text in texts.items():
            for cited in CITED.findall(text):
                first, _, rest = cited.partition(".")
                if cited.startswith("gameserver.") and cited not in public:
                    if not any(cited == known or cited.startswith(f"{known}.") for known in texts if "." in known):
                        lost.append((module, cited))
                elif rest and first in classes and rest.partition(".")[0] not in classes[first]:
                    lost.append((module, cited))
        self.assertEqual(lost, [])
