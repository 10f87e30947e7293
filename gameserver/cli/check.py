"""``gameserver check-data``: says whether a store is whole, and whether every room in it can be run."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

import click

from gameserver.cli.rooms import kept, server_options, settings_of
from gameserver.errors import GameServerError
from gameserver.files import remedy

if TYPE_CHECKING:
    from gameserver.settings.settings import Settings


class LookFailed(click.ClickException):
    """It is not known whether anything is wrong."""

    exit_code = 3


@click.command("check-data")
@server_options
@click.option("--recover", is_flag=True, help="Replace a damaged file by what can be read of it.")
def check_data(recover: bool, **server: Any) -> None:
    """
    Look whether a store is whole, and whether each room in it can be run.

    Nothing is changed, neither the file nor a room, and nothing is left beside the file, which may be one that cannot
    be written. Of a damaged SQLite file it says which rooms have lost something. The server replaces such a file by
    itself when it meets the damage, at its start or later, and keeps the old one. Exit status 1: something is wrong; 3:
    it could not be looked at.
    """
    settings = settings_of(**server)
    try:
        if settings.store.startswith("sqlite:"):
            found = _found_in_file(settings, settings.store.removeprefix("sqlite:"), recover)
        else:
            found = _found_in_store(settings)
    except OSError as error:
        raise LookFailed(remedy(error, command=True)) from None
    except GameServerError as error:
        raise LookFailed(str(error)) from None
    for room in found["aside"]:
        click.echo(f"{room['code']}  {room['game']}  {kept(room['quarantined'])}: {room['why']}")
    click.echo(f"{sum(found['counts'].values())} rooms, {len(found['aside'])} of which are not run.")
    if found["aside"]:
        raise SystemExit(1)


def _found_in_file(settings: Settings, path: str, recover: bool) -> Any:
    """
    :returns: what rooms there are, in a file that is whole, or was made so; a damaged one ends the command.
    :raises GameServerError: it cannot be looked at.
    """
    from twisted.internet import reactor

    from gameserver.operating.looking import look_at_file
    from gameserver.store.sqlite.file import Damaged, check
    from gameserver.store.sqlite.recovery import counting_file

    looked_at = counting_file(path)
    try:
        os.stat(looked_at)
    except FileNotFoundError:
        raise LookFailed(f"{path} does not exist: name the server's folder with --data") from None
    faults = check(looked_at)
    if not faults:
        click.echo(f"{path} is whole.")
    elif not _recovered(path, faults, recover):
        raise SystemExit(1)
    try:
        return look_at_file(reactor, settings, counting_file(path))
    except Damaged as damaged:
        click.echo(f"{path}: {damaged}")
        raise SystemExit(1) from None


def _found_in_store(settings: Settings) -> Any:
    """
    :returns: what rooms there are, by the server, or in the store itself if none runs.
    :raises GameServerError: it cannot be looked at.
    """
    from twisted.internet import reactor

    from gameserver.operating.control import give_order
    from gameserver.operating.looking import look
    from gameserver.operating.orders import RoomOrder

    taken, found = give_order(settings.data, RoomOrder("rooms"))
    return found if taken else look(reactor, settings)


def _recovered(path: str, faults: list[str], recover: bool) -> bool:
    """
    Say what is wrong with a file, and what of it can be read.

    :param recover: whether to replace it by that.
    :returns: whether it was replaced.
    """
    from gameserver.store.sqlite import recovery

    for fault in faults:
        click.echo(f"{path}: {fault}")
    folder = os.path.dirname(os.path.abspath(path))
    try:
        if recover:
            recovery.replace(path, "NORMAL", faults[0], say=click.echo)
            return True
        beside = folder if os.access(folder, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix=".check-", dir=beside) as place:
            for line in recovery.copy(path, os.path.join(place, "copy"), "NORMAL").in_words():
                click.echo(line)
    except GameServerError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(remedy(error, command=True)) from None
    click.echo("The next start of the server, or --recover, replaces the file by what can be read, and keeps this one.")
    return False
