"""How another process finds the class of a game: by its module, or by the file that the loader loaded."""

from __future__ import annotations

import importlib
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from gameserver.bots.job import Origin
from gameserver.game.importing import import_path

if TYPE_CHECKING:
    from gameserver.game.game import Game

_numbers: WeakKeyDictionary[type[Game], int] = WeakKeyDictionary()
_count = count(1)


def origin_of(cls: type[Game]) -> Origin:
    """
    :returns: where it is to be found.
    :raises RuntimeError: nowhere: it was made in a function, or typed in.
    """
    module, name = cls.__module__, cls.__qualname__
    if "<locals>" in name or module == "__main__":
        raise RuntimeError(f"search: {name} is in no module that another process could load")
    if cls not in _numbers:
        _numbers[cls] = next(_count)
    folder, *rest = module.split(".")
    if "/" not in folder:
        return Origin(_numbers[cls], module, None, name)
    path = Path(sys.modules[folder].__path__[0]) / rest[0]
    return Origin(_numbers[cls], ".".join(rest[1:]), str(path if path.is_dir() else path.with_suffix(".py")), name)


def find(origin: Origin) -> type[Game]:
    """
    :returns: the class, loaded here.
    :raises Exception: whatever is raised by a module that is loaded.
    """
    if origin.file is None:
        found = importlib.import_module(origin.module)
    else:
        loaded = import_path(Path(origin.file))
        found = importlib.import_module(f"{loaded.__name__}.{origin.module}") if origin.module else loaded
    for name in origin.name.split("."):
        found = getattr(found, name)
    return found  # type: ignore[return-value]
