"""``gameserver check-data``: says whether a store is whole, and whether every room in it can be run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import click

from gameserver.cli.rooms import give, kept, server_options, settings_of
from gameserver.errors import GameServerError
from gameserver.files import remedy


@click.command("check-data")
@server_options
@click.option("--recover", is_flag=True, help="Replace a damaged file by what can be read of it.")
def check_data(recover: bool, **server: Any) -> None:
    """
    Look whether a store is whole, and whether each room in it can be run.

    Nothing is changed: neither the file, nor a room. Of a damaged SQLite file it says which rooms have lost something.
    The server replaces such a file by itself when it meets the damage, at its start or later, and keeps the old one.
    Exit status 1: something is wrong.
    """
    from gameserver.operating.orders import RoomOrder

    settings = settings_of(**server)
    if settings.store.startswith("sqlite:") and not _is_whole(Path(settings.store.removeprefix("sqlite:")), recover):
        raise SystemExit(1)
    (found,) = give(settings, RoomOrder("rooms"))
    for room in found["aside"]:
        click.echo(f"{room['code']}  {room['game']}  {kept(room['quarantined'])}: {room['why']}")
    click.echo(f"{sum(found['counts'].values())} rooms, {len(found['aside'])} of which are not run.")
    if found["aside"]:
        raise SystemExit(1)


def _is_whole(path: Path, recover: bool) -> bool:
    """:returns: whether the file is whole, or was made so."""
    from gameserver.store.sqlite import recovery
    from gameserver.store.sqlite.file import check

    if not path.exists():
        raise click.ClickException(f"{path} does not exist: name the server's folder with --data")
    faults = check(str(path))
    if not faults:
        click.echo(f"{path} is whole.")
        return True
    for fault in faults:
        click.echo(f"{path}: {fault}")
    try:
        if recover:
            recovery.replace(str(path), "NORMAL", faults[0], say=click.echo)
            return True
        with tempfile.TemporaryDirectory(prefix=".check-", dir=os.path.dirname(path)) as folder:
            for line in recovery.copy(str(path), os.path.join(folder, "copy"), "NORMAL").in_words():
                click.echo(line)
    except GameServerError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(remedy(error)) from None
    click.echo("The next start of the server, or --recover, replaces the file by what can be read, and keeps this one.")
    return False
