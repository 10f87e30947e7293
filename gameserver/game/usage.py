"""Which names a game's source uses: a method that it never uses can be called by the framework alone."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, Final

NOT_THE_GAMES: Final = frozenset(sys.stdlib_module_names) | {"gameserver"}
"""Packages that know nothing of a game's names."""


def usage(modules: Iterable[ModuleType]) -> Callable[[str], bool]:
    """
    :param modules: those in which a game stands; what they import is looked through too, once something is asked.
    :returns: tells whether a name may be used: called, read or written as a string, as in ``self.after(3, "fall")``.
        Where that cannot be known, since there is no source or names are made up while it runs, all names may be used.
    """

    @cache
    def used() -> frozenset[str] | None:
        own = {id(module): module for module in modules if _is_the_games(module.__name__)}
        trees = [_tree(module) for module in own.values()]
        if any(tree is None or any(map(_makes_names_up, ast.walk(tree))) for tree in trees):
            return None
        imported = {id(one): one for module in own.values() for one in _imported(module)}
        trees += [_tree(one) for key, one in imported.items() if key not in own]
        return frozenset(name for tree in trees if tree is not None for name in map(_used, ast.walk(tree)) if name)

    def is_used(name: str) -> bool:
        names = used()
        return names is None or name in names

    return is_used


def is_decorated(value: Any) -> bool:
    """:returns: whether it is a function with a decorator, which may have kept it."""
    try:
        return isinstance(value, FunctionType) and inspect.getsource(value).lstrip().startswith("@")
    except OSError:
        return False


def _tree(module: ModuleType) -> ast.Module | None:
    try:
        return ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):  # no file, no Python file, changed since
        return None


def _imported(module: ModuleType) -> Iterator[ModuleType]:
    for value in list(vars(module).values()):
        found = value if isinstance(value, ModuleType) else sys.modules.get(_module_name(value))
        if found is not None and _is_the_games(found.__name__):
            yield found


def _module_name(value: Any) -> str:
    name = getattr(value, "__module__", None)
    return name if isinstance(name, str) else ""


def _is_the_games(module: str) -> bool:
    return module.partition(".")[0] not in NOT_THE_GAMES


def _makes_names_up(node: ast.AST) -> bool:
    """Whether this is ``getattr(self, f"do_{verb}")``, or the like."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr"):
        return False
    return not all(isinstance(name, ast.Constant) for name in node.args[1:2])


def _used(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
