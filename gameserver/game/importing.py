"""
Runs an author's file as a module.

Modules of folders and files stand in `sys.modules`, where type hints and relative imports look them up, under names
that no import can have, and that say where they are: ``project/mygames.chess`` for ``…/project/mygames/chess.py``.
Tracebacks, reprs and logs show them.
"""

from __future__ import annotations

import importlib.util
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from gameserver.errors import GameLoadError


def sample_folder() -> Path | None:
    """Find the folder of the sample games: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    if (package / "_games").is_dir():
        return package / "_games"
    beside = package.parent / "games"
    return beside if beside.is_dir() and (package.parent / "setup.py").is_file() else None


def import_path(path: Path) -> ModuleType:
    """Run a file or a package afresh, under a name that no other folder's file has."""
    package = path.is_dir()
    file = path / "__init__.py" if package else path
    name = f"{_package_of(path.parent)}.{path.stem}"
    _forget(name)
    linecache.checkcache(str(file))
    search = [str(path)] if package else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise GameLoadError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _without_bytecode(file):
            spec.loader.exec_module(module)
    except BaseException:
        _forget(name)
        raise
    return module


def _package_of(folder: Path) -> str:
    """
    :returns: the name of the package that stands for a folder: the last parts of its path, as many as tell it from
        others. The slash in it keeps other imports from finding it; a dot would be taken for a package's.
    """
    parts = folder.as_posix().replace(".", "_").split("/")  # of an absolute path: the first one is empty
    names = ["/".join(parts[-n:]) for n in range(2, len(parts) + 1)]
    names += [f"{names[-1]}~{n}" for n in range(2, len(sys.modules))]
    name = next(name for name in names if name not in sys.modules or sys.modules[name].__path__ == [str(folder)])
    if name not in sys.modules:
        stands_for = sys.modules[name] = ModuleType(name)
        stands_for.__path__ = [str(folder)]
    return name


def _forget(name: str) -> None:
    for known in list(sys.modules):
        if known == name or known.startswith(f"{name}."):
            del sys.modules[known]


@contextmanager
def _without_bytecode(file: Path) -> Iterator[None]:
    """
    Keep Python from writing bytecode of what is imported meanwhile, except for the samples, which do not change.

    Python tells stale bytecode by the file's size and the second in which it was written: of a file that is saved twice
    in a second, with the same size, it would run the first version.
    """
    samples = sample_folder()
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = before or samples is None or not file.is_relative_to(samples)
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
