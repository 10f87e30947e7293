"""Docstrings: each says something by itself, and does not only refer to another."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import gameserver
import gameserver.client
import gameserver.testing
from gameserver.testing import store_contract

PACKAGE = Path(gameserver.__file__).parent
REFERS = re.compile(r"See `")
"""How a docstring begins that sends its reader elsewhere before it has said anything."""


MADE_BY_HAND = ("Client", "Refused", "Table", "WordFilter")
"""The classes that people call; the others come from a game, a client or a table."""


def texts() -> dict[str, str]:
    """:returns: the package's files."""
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if "_games" not in path.parts)
    return {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in paths}


def referring(files: Mapping[str, str]) -> Iterator[str]:
    """:returns: where docstrings stand that begin with a reference, of modules, classes and functions."""
    for file, text in files.items():
        for node in ast.walk(ast.parse(text)):
            has_one = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if has_one and REFERS.match(ast.get_docstring(node) or ""):
                yield f"{file}: {getattr(node, 'name', 'module')}"


def public() -> Iterator[tuple[str, Any]]:
    """:returns: each public name with what it is, and each public member of the classes among them."""
    for package in (gameserver, gameserver.client, gameserver.testing, store_contract):
        for name in package.__all__:
            thing = getattr(package, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            yield f"{package.__name__}.{name}", thing
            for member, value in vars(thing).items() if inspect.isclass(thing) else ():
                plain = inspect.unwrap(value) if callable(value) else value
                if not member.startswith(("_", "test_")) and (inspect.isroutine(plain) or isinstance(plain, property)):
                    yield f"{package.__name__}.{name}.{member}", value


def unexplained(name: str, thing: Any) -> Iterator[str]:
    """:returns: the parameters of a function, or of a class, of which its docstring says nothing."""
    called = inspect.unwrap(thing) if inspect.isroutine(thing) else thing
    if isinstance(called, property) or (inspect.isclass(called) and called.__name__ not in MADE_BY_HAND):
        return
    given = inspect.signature(called.__init__ if inspect.isclass(called) else called).parameters.values()
    named = [each.name for each in given if each.kind is not each.POSITIONAL_ONLY and each.name != "self"]
    text = inspect.getdoc(called) or ""
    for parameter in named if len(named) > 1 else ():
        said = re.search(rf":(param|ivar) {parameter}:|``{parameter}``", text)
        if said is None and not parameter.startswith("_"):
            yield f"{name}: {parameter}"


class DocstringTests(SynchronousTestCase):
    def test_none_only_refers(self) -> None:
        """Whoever looks something up is told what it does, before a reference leads elsewhere."""
        self.assertEqual(list(referring(texts())), [])

    def test_reference_is_found(self) -> None:
        """In whatever it stands."""
        text = (
            '''"""See `a`."""\nclass A:\n    """Fine; see `b`."""\n    def f(self):\n        """See `b`; quickly."""'''
        )
        self.assertEqual(list(referring({"a.py": text})), ["a.py: module", "a.py: f"])

    def test_public_names_have_one(self) -> None:
        """Each public name and member has a docstring that begins with a sentence on what it is or does."""
        found = dict(public())
        self.assertIn("gameserver.testing.Table.client", found)
        for name, thing in found.items():
            first = (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")
            self.assertRegex(first, r"^[A-Z`].*[.:]( .*)?$", name)

    def test_parameters_are_explained(self) -> None:
        """Where a public call has several, each is: by ``:param``, or by its name in the text."""
        called = [(name, thing) for name, thing in public() if not name.startswith(store_contract.__name__)]
        self.assertEqual([fault for name, thing in called for fault in unexplained(name, thing)], [])

    def test_unexplained_is_found(self) -> None:
        """What a decorator is given, and one parameter alone, is said by the sentence."""

        def call(method: Any = None, /, *, a: int, b: int, c: int, _d: int = 0) -> None:
            """
            Do it ``c`` times.

            :param a: this.
            """

        def one(a: int) -> None:
            """Do it."""

        self.assertEqual([*unexplained("call", call), *unexplained("one", one)], ["call: b"])

    def test_contracts_have_one(self) -> None:
        """So has each class and method of `gameserver.interfaces`, after which others write stores."""
        for file, text in texts().items():
            if not file.startswith("interfaces/"):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("__"):
                    self.assertRegex(ast.get_docstring(node) or "", r"^[A-Z`]", f"{file}: {node.name}")
