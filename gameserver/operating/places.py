"""Uses what settings name: folders, files and games; what is wrong with one is said with its setting and a remedy."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gameserver.errors import GameLoadError, SettingError
from gameserver.files import remedy
from gameserver.game import loader

if TYPE_CHECKING:
    from gameserver.settings.settings import Settings


@contextmanager
def usable(settings: Settings, key: str) -> Iterator[None]:
    """
    Use what a setting names.

    :raises SettingError: the machine refuses, or what is there is of no use; the text says what to do.
    """
    try:
        yield
    except OSError as error:
        raise settings.error(key, remedy(error)) from None
    except SettingError as error:
        if error.key != key or error.source == settings.sources.get(key):
            raise
        # It was found in a file, whose path is no source of a setting: that is where the path was given.
        given = settings.error(key, f"{error.source}: {error.expected}")
        raise type(error)(given.key, given.source, given.expected) from None


def load_games(settings: Settings, calendar: Callable[[str], object] | None = None) -> loader.Catalog:
    """
    Load the games that settings name.

    :param calendar: see `Spec.check_times`.
    :raises SettingError: a place of games cannot be used.
    """
    try:
        return loader.load(settings.games, sample_games=settings.sample_games, calendar=calendar)
    except GameLoadError as error:
        raise settings.error("games", str(error)) from None


def check_all_sound(settings: Settings, catalog: loader.Catalog) -> None:
    """:raises SettingError: a game is broken, and with the setting ``strict`` none may be."""
    if settings.strict and catalog.broken:
        told = "; ".join(f"{broken.name} ({broken.place}): {broken.error}" for broken in catalog.broken)
        raise settings.error("strict", f"with strict every game must be sound: {told}; mend that, or start without it")


def check_data_folder(settings: Settings) -> None:
    """
    Look whether the data folder can be one, and make nothing.

    :raises SettingError: a file is in its place or above it, or this user may not use it.
    """
    with usable(settings, "data"):
        there = next(path for path in (settings.data, *settings.data.parents) if os.path.lexists(path))
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))
