"""Names that mean one thing: no two classes of the package are called the same."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import gameserver

PACKAGE = Path(gameserver.__file__).parent

ALLOWED = {
    "Message": "gameserver.web.shapes names the schemas that OpenAPI shows, which are public; the other is an input.",
    "Meta": "Django finds the options of a model in a class of this name inside it.",
    "Room": "gameserver.client.Room is what bots are written with, and public; the server's own room is its subject.",
}
"""Names that two classes have, each with the reason."""


def shared(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """:returns: the names that several classes have, each with the files where they are; private ones count, too."""
    places: dict[str, list[str]] = {}
    for file, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(file)
    return {name: files for name, files in places.items() if len(files) > 1}


class ClassNamesTests(SynchronousTestCase):
    def test_no_two_share_a_name(self) -> None:
        """Whoever reads a name knows which class it is."""
        files = (path for path in sorted(PACKAGE.rglob("*.py")) if "_games" not in path.parts)
        found = shared({str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in files})
        self.assertEqual({name: where for name, where in found.items() if name not in ALLOWED}, {})
        self.assertEqual(set(ALLOWED) - set(found), set(), "allowed, and not needed")

    def test_it_is_found(self) -> None:
        """Also inside a class or a function."""
        texts = {"a.py": "class A: pass\nclass B: pass", "b.py": "def f():\n    class A: pass"}
        self.assertEqual(shared(texts), {"A": ["a.py", "b.py"]})
