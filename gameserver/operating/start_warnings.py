"""Warnings about the machine, at a start."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

from twisted.logger import Logger

from gameserver.files import is_open

if TYPE_CHECKING:
    from gameserver.settings.settings import Settings

log: Final = Logger(namespace="gameserver")


def warn_of_open_folders(settings: Settings) -> None:
    """Warn of each folder with private files that others may look into."""
    folders = {settings.data}
    if settings.store.startswith("sqlite:"):
        folders.add(Path(settings.store.removeprefix("sqlite:")).parent)
    for folder in sorted(folders):
        if folder.is_dir() and is_open(folder):
            log.warn("others may look into {folder}: chmod 700 {quoted}", folder=folder, quoted=quote(str(folder)))
