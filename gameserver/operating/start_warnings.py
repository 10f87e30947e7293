"""Warnings about the machine, at a start."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

from twisted.logger import Logger

from gameserver.files import is_open
from gameserver.websocket.limits import descriptors_for, raise_descriptors

if TYPE_CHECKING:
    from gameserver.settings.settings import Limits, Settings

log: Final = Logger(namespace="gameserver")


def warn_of_open_folders(settings: Settings) -> None:
    """Warn of each folder with private files that others may look into."""
    folders = {settings.data}
    if settings.store.startswith("sqlite:"):
        folders.add(Path(settings.store.removeprefix("sqlite:")).parent)
    for folder in sorted(folders):
        if folder.is_dir() and is_open(folder):
            log.warn("others may look into {folder}: chmod 700 {quoted}", folder=folder, quoted=quote(str(folder)))


def warn_of_few_descriptors(limits: Limits) -> None:
    """Raise the limit of open files to what the limits of connections need, or warn that it is lower."""
    wanted = descriptors_for(limits)
    most = raise_descriptors(wanted)
    if most < wanted:
        text = "{most} files may be open, of which connections are most; the limits promise {wanted}: {remedy}"
        remedy = f"raise LimitNOFILE or ulimit -n to {wanted}, or lower connections_per_address and unauthenticated"
        log.warn(text, most=most, wanted=wanted, remedy=remedy)
