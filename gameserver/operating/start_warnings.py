"""Warnings at a start: about the machine, and about settings that have no effect."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
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


def warn_of_settings_without_effect(settings: Settings, games: Iterable[str]) -> None:
    """Log a warning for each setting that was given in vain; see `settings_without_effect`."""
    for text in settings_without_effect(settings, games):
        log.warn("{text}", text=text)


def settings_without_effect(settings: Settings, games: Iterable[str]) -> Iterator[str]:
    """
    Find settings that are right in themselves, and have no effect beside the others.

    :param games: the names of all games that were found, broken ones as well.
    :returns: a line for each: its name, where it was given, and what to do.
    """
    # An authenticator of somebody else's may read these names, too.
    if not any(name == "accounts" or "." in name for name in settings.auth):
        for key in ("admins", "moderators"):
            if getattr(settings, key):
                wanted = "names accounts, and auth has none, so that nobody has these rights; add accounts to auth"
                yield str(settings.error(key, wanted))
    known = sorted(games)
    for rule in settings.create:
        game = rule.rpartition("=")[0]
        if game and game not in known:
            near = difflib.get_close_matches(game, known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
            yield str(settings.error("create", f"{rule} has no effect, since there is no game {game}; {advice}"))
