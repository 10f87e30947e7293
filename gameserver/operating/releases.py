"""
While rooms are kept aside, the files of games are watched: once one has changed, its games are loaded again.

So a mistake can be mended without a restart. A game of which rooms are run here stays as it is until the next start:
one process has one release of it. While no room is kept aside, no file is looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import GameLoadError
from gameserver.game import loader
from gameserver.game.spec import Spec, spec_of

if TYPE_CHECKING:
    from gameserver.interfaces import IClock
    from gameserver.node.rooms import RoomRegistry

LOOK_S: Final = 2.0
"""Between two looks."""
MOST_FILES: Final = 5000
"""How many files are looked at, at most."""
Seen = dict[Path, tuple[int, int]]
"""Files, each with the time of its last change in nanoseconds, and its size in bytes."""
log: Final = Logger(namespace="gameserver")


class Releases(Service):
    """
    Watches the files of games.

    :param places: where games are, as in the setting ``games``; those that are no folder or file are not looked at.
    :param calendar: see `gameserver.game.loader.load`.
    :param served: called with a game that is served from now on, and the place from which it was loaded.
    """

    def __init__(
        self,
        places: Sequence[str],
        registry: RoomRegistry,
        clock: IClock,
        calendar: Callable[[str], object] | None,
        served: Callable[[Spec, str], None],
    ) -> None:
        self._roots = [path for place in places if (path := Path(place).expanduser().absolute()).exists()]
        self._registry = registry
        self._clock = clock
        self._calendar = calendar
        self._served = served
        self._seen: Seen = {}
        self._later: Any = None

    def startService(self) -> None:
        """Begin to look."""
        super().startService()  # type: ignore[no-untyped-call]
        self._seen = dict(_files(self._roots))
        self._wait()

    def stopService(self) -> None:
        """Stop looking."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._later is not None and self._later.active():
            self._later.cancel()

    def _wait(self) -> None:
        if self._roots and self.running:
            self._later = self._clock.later(LOOK_S, self.look)

    def look(self) -> None:
        """Load what has changed, if any rooms are kept aside."""
        done = Deferred.fromCoroutine(self._look())
        done.addErrback(lambda failure: log.failure("games cannot be loaded again", failure))
        done.addCallback(lambda _: self._wait())

    async def _look(self) -> None:
        if not len(self._registry.aside):
            return
        now = dict(_files(self._roots))
        changed = {path for path, about in now.items() if self._seen.get(path) != about}
        self._seen = now
        for place in dict.fromkeys(_place(path, self._roots) for path in sorted(changed)):
            await self._load(place)

    async def _load(self, place: Path) -> None:
        running = {runner.room.spec.name for runner in self._registry.runners}
        known = {name for name in running if _is_from(self._registry.specs[name], place)}
        if known:
            log.warn("{place} has changed; {games} are played, and take it at the next start", place=place, games=known)
            return
        try:
            catalog = loader.load([str(place)], sample_games=False, entry_points=False, calendar=self._calendar)
        except GameLoadError as error:
            log.error("{place} cannot be used: {reason}", place=place, reason=str(error))
            return
        for broken in catalog.broken:
            log.error("the game {name} ({place}) cannot be served: {error}", **vars(broken))
        for name, game in catalog.games.items():
            if name in running:
                log.error("{place} has a game {name}, which is another's name already", place=place, name=name)
                continue
            self._registry.serve(spec_of(game))
            self._served(spec_of(game), catalog.places[name])
            waiting = sum(room.game == name for room in self._registry.aside)
            await self._registry.mending.retry_game(name)
            still = sum(room.game == name for room in self._registry.aside)
            log.info(
                "the game {name} was loaded again: {back} rooms are back, {still} kept aside",
                name=name,
                back=waiting - still,
                still=still,
            )


def _files(roots: Sequence[Path]) -> Iterator[tuple[Path, tuple[int, int]]]:
    found = 0
    for root in roots:
        for path in _sources(root):
            found += 1
            if found > MOST_FILES:
                return
            try:
                about = path.stat()
            except OSError:
                continue
            yield path, (about.st_mtime_ns, about.st_size)


def _sources(place: Path) -> Iterator[Path]:
    """:returns: the files from which games of a place are loaded: of a folder its modules and packages only."""
    if not place.is_dir():
        yield place
    elif (place / "__init__.py").is_file():
        yield from place.rglob("*.py")
    else:
        for path in place.iterdir():
            if path.suffix == ".py":
                yield path
            elif path.is_dir() and (path / "__init__.py").is_file():
                yield from path.rglob("*.py")


def _place(path: Path, roots: Sequence[Path]) -> Path:
    """:returns: the place that a file belongs to: the file itself, or its package in a folder of games."""
    for root in roots:
        if path == root:
            return root
        if path.is_relative_to(root):
            if (root / "__init__.py").is_file():
                return root
            return root / path.relative_to(root).parts[0]
    return path


def _is_from(spec: Spec, place: Path) -> bool:
    """Whether a game was loaded from a place."""
    source = sys.modules.get(spec.cls.__module__)
    file = getattr(source, "__file__", None)
    return file is not None and Path(file).resolve().is_relative_to(place.resolve())
