"""
Finds games: in folders, files, dotted paths, what installed packages offer, and the samples.

A module gives its `Game` subclasses, or itself where it has a ``payload_handler``.

A game that cannot be loaded is listed with its error, file and line, and the others are served. A place that does not
exist raises `GameLoadError`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import keyword
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, TypeGuard

from gameserver.errors import GameLoadError
from gameserver.files import remedy
from gameserver.game import importing
from gameserver.game.importing import import_path, sample_folder

if TYPE_CHECKING:
    from gameserver.game.game import Game

ENTRY_POINTS: Final = "gameserver.games"
"""The group of entry points in which an installed package offers modules or classes."""

HANDLER: Final = "payload_handler"
"""The function that makes a module a game."""


@dataclass(frozen=True)
class BrokenGame:
    """
    A game that is not served.

    :param name: the game's name, or its module's where that is not known.
    :param place: the file, dotted path or entry point.
    :param error: what is wrong, with file and line where there is one.
    """

    name: str
    place: str
    error: str


@dataclass
class Catalog:
    """
    What was found: the games of the named places first, then those of entry points, then the samples, of which each
    gives way to another game of its name.

    :param games: name to class.
    :param places: name to the place it came from, as in `BrokenGame`.
    :param broken: what is not served, and why.
    """

    games: dict[str, type[Game]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    broken: list[BrokenGame] = field(default_factory=list)


def load(
    places: Sequence[str] = (),
    *,
    sample_games: bool = True,
    entry_points: bool = True,
    calendar: Callable[[str], object] | None = None,
) -> Catalog:
    """
    Load every game there is.

    :param places: folders, ``.py`` files, and dotted paths such as ``shop.games`` or ``shop.games:Chess``.
    :param calendar: see `Spec.check_times`; None: any time that can be read will do.
    :raises GameLoadError: a place does not exist.
    """
    search = _Search(calendar)
    for place in places:
        search.place(place)
    if entry_points:
        for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
            search.entry_point(point)
    samples = sample_folder() if sample_games else None
    if samples:
        search.samples(samples)
    return search.catalog


class _Search:
    """One run of `load`."""

    def __init__(self, calendar: Callable[[str], object] | None) -> None:
        self.catalog = Catalog()
        self._calendar = calendar
        self._refused: dict[str, list[tuple[str, str]]] = {}
        self._seen: set[Path] = set()
        self._taken: set[str] = set()

    def place(self, place: str) -> None:
        try:
            self._place(place)
        except OSError as error:
            raise GameLoadError(f"{place} cannot be read: {remedy(error)}") from None

    def _place(self, place: str) -> None:
        path = _path(place)
        if path.is_dir():
            self.folder(path)
        elif path.is_file():
            if path.suffix != ".py":
                raise GameLoadError(f"{place} is not a Python file; a game is a .py file, or a folder of them")
            self._file(path, must=True)
        elif path.suffix == ".py" or "/" in place or not _is_dotted(place):
            where = "" if path.is_absolute() else f" ({path.absolute()})"
            raise GameLoadError(f"{place}: no such folder or file{where}; make it, or name another, or a dotted path")
        else:
            self._dotted(place)

    def folder(self, folder: Path) -> None:
        """Load a folder's files and packages by name; a folder that is a package with games in it is just that."""
        if _is_package(folder) and self._file(folder):
            return
        for path in sorted(folder.iterdir()):
            if path.name.startswith(("_", ".", "test_")):
                continue
            if path.suffix == ".py" or _is_package(path):
                self._file(path)

    def samples(self, folder: Path) -> None:
        """Load the samples, last of all: a name that is found already, even of a broken game, is not theirs."""
        broken = self.catalog.broken
        self._taken = {*self.catalog.games, *(one.name for one in broken), *(Path(one.place).stem for one in broken)}
        self.folder(folder)

    def entry_point(self, point: importlib.metadata.EntryPoint) -> None:
        place = f"entry point {point.name} = {point.value}"
        source = None
        try:
            source = _source_of(point.module)
            found = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a door: a broken game does not stop the server
            self._broken(point.name, place, _told(error, source))
            return
        if isinstance(found, ModuleType):
            self._module(found, place, must=True)
        elif _is_game(found):
            self._add(found, place)
        else:
            self._broken(point.name, place, "it is neither a module nor a subclass of gameserver.Game")

    def _dotted(self, place: str) -> None:
        module_name, _, class_name = place.partition(":")
        source = None
        try:
            source = _source_of(module_name)
            module = importlib.import_module(module_name)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a door: a broken game does not stop the server
            if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}."):
                raise GameLoadError(
                    f"{place}: there is no module {error.name}; a dotted path is one that Python can import, and a "
                    f"folder or file must exist ({Path(place).absolute()} does not)"
                ) from None
            self._broken(module_name, place, _told(error, source))
            return
        if not class_name:
            self._module(module, place, must=True)
        elif _is_game(found := getattr(module, class_name, None)):
            self._add(found, place)
        else:
            games = [cls.__name__ for cls in _classes(module)]
            raise GameLoadError(
                f"{place}: {module_name} has no subclass of gameserver.Game of that name; "
                + (f"it has {', '.join(games)}" if games else "it has none at all")
            )

    def _file(self, path: Path, *, must: bool = False) -> bool:
        """
        Load a file, or a package by its folder.

        :param must: a module without a game is an error, not a neighbour that games import.
        :returns: whether there was a game, sound or broken.
        """
        try:
            path = path.resolve()
            if path in self._seen:
                return True
            self._seen.add(path)
            module = import_path(path)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a door: a broken game does not stop the server
            self._broken(path.stem, str(path), _told(error, path))
            return True
        return self._module(module, str(path), must=must)

    def _module(self, module: ModuleType, place: str, *, must: bool = False) -> bool:
        from gameserver.game.function import PARAMETERS, game_from_module

        name = module.__name__.rpartition(".")[2]
        if hasattr(module, HANDLER):
            try:
                game = game_from_module(module)
            except Exception as error:  # noqa: BLE001 - a door: a broken game does not stop the server
                self._broken(name, place, _told(error, getattr(module, HANDLER)))
            else:
                self._add(game, place)
            return True
        classes = _classes(module)
        for cls in classes:
            self._add(cls, place)
        if must and not classes:
            parameters = ", ".join(PARAMETERS)
            self._broken(name, place, f"no game in it: neither a subclass of Game nor a {HANDLER}({parameters})")
        return bool(classes)

    def _add(self, cls: type[Game], place: str) -> None:
        try:
            name = self._checked(cls)
        except Exception as error:  # noqa: BLE001 - a door: a broken game does not stop the server
            self._broken(cls.__name__, place, _told(error, cls))
            return
        if name in self._taken or self.catalog.games.get(name) is cls:
            return
        if name in self.catalog.games:
            self._refuse(name, self.catalog.games.pop(name), self.catalog.places.pop(name))
            self._refuse(name, cls, place)
        elif name in self._refused:
            self._refuse(name, cls, place)
        else:
            self.catalog.games[name] = cls
            self.catalog.places[name] = place

    def _checked(self, cls: type[Game]) -> str:
        """:returns: the game's name. :raises GameDefinitionError: something in it is not as it must be."""
        from gameserver.game.spec import spec_of

        spec = spec_of(cls)
        if self._calendar is not None:
            spec.check_times(self._calendar)
        return spec.name

    def _refuse(self, name: str, cls: type[Game], place: str) -> None:
        """List one more game of a name that is given twice; the error of each names all places."""
        twins = self._refused.setdefault(name, [])
        earlier = {place for place, _ in twins}
        twins.append((place, f"{place} ({cls.__name__})"))
        error = f"more than one game is named {name}: {' and '.join(label for _, label in twins)}; rename all but one"
        others = [item for item in self.catalog.broken if item.name != name or item.place not in earlier]
        self.catalog.broken = [*others, *(BrokenGame(name, twin, error) for twin, _ in twins)]

    def _broken(self, name: str, place: str, error: str) -> None:
        self.catalog.broken.append(BrokenGame(name, place, error))


def _path(place: str) -> Path:
    try:
        return Path(place).expanduser()
    except RuntimeError:
        raise GameLoadError(f"{place} begins with a home that is not known; name it from the root") from None


def _is_package(folder: Path) -> bool:
    """Whether there is a package that may be looked into: a disk's ``lost+found`` may not."""
    try:
        return (folder / "__init__.py").is_file()
    except PermissionError:
        return False


def _is_dotted(place: str) -> bool:
    module, _, cls = place.partition(":")
    words = [*module.split("."), *([cls] if ":" in place else [])]
    return all(word.isidentifier() and not keyword.iskeyword(word) for word in words)


def _is_game(found: object) -> TypeGuard[type[Game]]:
    from gameserver.game.game import Game

    return isinstance(found, type) and issubclass(found, Game) and found is not Game


def _classes(module: ModuleType) -> list[type[Game]]:
    """Return a module's own games in the order in which they stand; those of a package may be in its modules."""
    own = (module.__name__, f"{module.__name__}.")
    return [
        found
        for found in dict.fromkeys(item for item in vars(module).values() if isinstance(item, type))
        if _is_game(found)
        and (found.__module__ == own[0] or found.__module__.startswith(own[1]))
        and not found.__name__.startswith("_")
        and not inspect.isabstract(found)
    ]


def _source_of(module_name: str) -> Path | None:
    """Find a module's file, or a package's folder; this imports the packages around it."""
    spec = importlib.util.find_spec(module_name)
    if spec is None or not spec.has_location or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _told(error: BaseException, source: object) -> str:
    """
    Say an error in one line, with the game's own file and line.

    :param source: the file or folder, class or function at fault, or None. The last of the traceback's lines in it
        counts, or where there is none, the line where the class or function begins.
    """
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    inside = source if isinstance(source, Path) else _file_of(source)
    frames = [(name, line) for name, line in _frames(error) if inside is None or Path(name).is_relative_to(inside)]
    if frames:
        return f"{text} ({frames[-1][0]}, line {frames[-1][1]})"
    line = _line_of(source)
    return f"{text} ({inside}, line {line})" if line else f"{text} ({inside})" if inside else text


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name not in (__file__, importing.__file__, importlib.__file__) and not name.startswith("<frozen "):
            yield name, line


def _file_of(source: object) -> Path | None:
    if source is None:
        return None
    try:
        return Path(inspect.getfile(source))  # type: ignore[arg-type]
    except TypeError:
        return None


def _line_of(source: object) -> int | None:
    try:
        return inspect.getsourcelines(source)[1]  # type: ignore[arg-type]
    except (OSError, TypeError):
        return None
