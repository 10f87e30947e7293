"""
Slips of the pen in a game's class, which Python finds late, or never: hooks that cannot be called as they are, and
names that are almost those of hooks and settings.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import GameDefinitionError

if TYPE_CHECKING:
    from gameserver.game.game import Game

ALIKE: Final = 0.8
"""From so much on two names are almost the same, see `difflib`."""


def check_hooks(cls: type[Game], base: type[Game]) -> None:
    """
    :param base: has all hooks, with the parameters that they are called with.
    :raises GameDefinitionError: a hook of the class does not take what it is called with.
    """
    for name in hooks(base):
        found = inspect.getattr_static(cls, name)
        if name == "on_create" or not inspect.isfunction(found):
            continue
        called_with = list(inspect.signature(getattr(base, name)).parameters)
        try:
            inspect.signature(found).bind(*called_with)
        except TypeError as error:
            raise GameDefinitionError(
                f"{cls.__name__}.{name} is called as {name}({', '.join(called_with[1:])}), which it does not take:"
                f" {error}. Write def {name}({', '.join(called_with)})."
            ) from None


def misspelt(cls: type[Game], base: type[Game]) -> Iterator[tuple[str, str]]:
    """:returns: names of the class that the framework never looks at, each with the one that may be meant."""
    settings = [name for name, value in vars(base).items() if not name.startswith("_") and not callable(value)]
    for name, value in _own(cls, base):
        known = hooks(base) if name.startswith("on_") else () if callable(value) else settings
        for meant in get_close_matches(name, known, 1, ALIKE):
            yield name, meant


def hooks(base: type[Game]) -> list[str]:
    """:returns: the names of all hooks."""
    return [name for name in dir(base) if name.startswith("on_")]


def _own(cls: type[Game], base: type[Game]) -> Iterator[tuple[str, Any]]:
    for one in cls.__mro__:
        if one is base:
            return
        for name, value in vars(one).items():
            if not name.startswith("_") and not hasattr(base, name):
                yield name, value
