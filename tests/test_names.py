"""Names that mean one thing: no two classes of the package share one, and none has a word that was given up."""

from __future__ import annotations

import ast
import re
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

GIVEN_UP = {
    *("asker", "door", "doors", "hall", "house", "keeper", "lean"),
    *("means", "saying", "shelf", "speaking", "telling", "wall", "walls"),
}
"""Words of the first years that no page explains; the field's own stand for them."""
STANDARD = {
    "door": "A project's own views set ``request.gameserver_door``, which is public.",
    "means": "A verb in ``_means_int`` and its like.",
    "wall": "A clock on the wall.",
}
"""Those that are left, each with the reason."""


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


def words(text: str) -> set[str]:
    """:returns: the words, in small letters, of which a module's names of classes, functions and variables are made."""
    names = set[str]()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                names.add(name)
    return {word.lower() for name in names for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


class WordsTests(SynchronousTestCase):
    def test_none_that_was_given_up(self) -> None:
        """Whoever reads a name finds its words in the glossary, or in any book."""
        found = {file.name: words(file.read_text("utf-8")) & GIVEN_UP for file in PACKAGE.rglob("*.py")}
        self.assertEqual({name: there for name, there in found.items() if there - set(STANDARD)}, {})
        self.assertEqual(set(STANDARD) - set().union(*found.values()), set(), "allowed, and not needed")

    def test_it_is_found(self) -> None:
        """In whatever way a name is put together."""
        text = "class RoomKeeper:\n    def old_hall(self, leanEntry): self._WALLS = asker"
        self.assertEqual(words(text) & GIVEN_UP, {"keeper", "hall", "lean", "walls", "asker"})
