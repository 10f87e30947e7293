"""``gameserver rooms``, ``room``, ``drain``, ``export`` and ``import``: the rooms of a server, and all of its store."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gameserver.errors import GameServerError, SettingError, StoreLocked
from gameserver.files import remedy, write_whole
from gameserver.settings import settings as all_settings

if TYPE_CHECKING:
    from gameserver.operating.offline import Offline
    from gameserver.operating.orders import RoomOrder
    from gameserver.settings.settings import Settings


BESIDE: Final = """.
While it runs, `gameserver room CODE export` writes a room that is kept aside, and for a backup of a SQLite file there
is `sqlite3 FILE ".backup 'COPY'"`."""
"""What can be done instead of an export while the server runs."""


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which server a command is about; environment and file count as for that server."""
    for option in (
        click.option("--config", metavar="FILE", help="TOML file with settings."),
        click.option("--no-sample-games", is_flag=True, help="Leave the sample games out."),
        click.option("--games", "places", multiple=True, metavar="PLACE", help="A folder, file or dotted path."),
        click.option("--store", metavar="ADDRESS", help="The server's store."),
        click.option("--data", metavar="FOLDER", help="The server's data folder."),
    ):
        command = option(command)
    return command


def settings_of(
    data: str | None, store: str | None, places: tuple[str, ...], no_sample_games: bool, config: str | None
) -> Settings:
    """:returns: the settings, as the server itself would read them."""
    given = {"data": data, "store": store, "games": places or None, "sample_games": False if no_sample_games else None}
    try:
        return all_settings.load(given, environ=os.environ, config=config)
    except SettingError as error:
        raise click.ClickException(str(error)) from None


def _in_place(settings: Settings, work: Callable[[Offline], Any], *, makes: bool = False, beside: str = "") -> Any:
    """
    Do something with the store of a server that does not run.

    :param makes: whether data folder and store are made where there are none.
    :param beside: what can be done while it runs, for somebody who is told that it does.
    :returns: what ``work`` returns.
    """
    path = Path(settings.store.removeprefix("sqlite:")) if settings.store.startswith("sqlite:") else settings.data
    from twisted.internet import reactor

    from gameserver.cluster.node import FolderInUse
    from gameserver.operating.offline import run

    try:
        for needed in (settings.data, path):
            if not makes and not needed.exists():
                raise click.ClickException(f"{needed} does not exist: name the server's folder with --data")
        return run(reactor, settings, work)
    except OSError as error:
        raise click.ClickException(remedy(error, command=True)) from None
    except FolderInUse:
        running = f"the server of the data folder {settings.data} runs, or another command: stop it first"
        raise click.ClickException(running + beside) from None
    except StoreLocked as error:
        raise click.ClickException(f"{error} Stop the server that has it, or the command, first{beside}") from None
    except GameServerError as error:
        raise click.ClickException(str(error)) from None


def give(settings: Settings, *orders: RoomOrder) -> list[Any]:
    """
    Have the running server follow orders; if none runs, follow them in its place.

    :returns: what came of each order.
    """
    from gameserver.operating.control import give_order
    from gameserver.operating.orders import follow

    async def alone(offline: Offline) -> list[Any]:
        return [await follow(offline.registry, order) for order in orders]

    try:
        given = [give_order(settings.data, order) for order in orders]
    except OSError as error:
        raise click.ClickException(remedy(error, command=True) if error.filename else str(error)) from None
    except GameServerError as error:
        raise click.ClickException(str(error)) from None
    if all(taken for taken, _ in given):
        return [done for _, done in given]
    done: list[Any] = _in_place(settings, alone)
    return done


@click.command()
@server_options
@click.option("--aside", is_flag=True, help="Only those that this release cannot run, each with the reason.")
@click.option("--quarantined", is_flag=True, help="Only those that ended the server twice, or are damaged.")
@click.option("--rename-game", nargs=2, metavar="OLD NEW", help="Rooms of the game OLD are NEW's from now on.")
def rooms(aside: bool, quarantined: bool, rename_game: tuple[str, str] | None, **server: Any) -> None:
    """
    List the rooms in a server's store, whether the server runs or not.

    Rooms that are kept aside are those that this release of their game cannot run; rooms in quarantine could be, but
    the server ended twice in the middle of a step of theirs, or a part of them is lost. gameserver room handles one.
    """
    from gameserver.operating.orders import RoomOrder

    settings = settings_of(**server)
    orders = [RoomOrder("rooms")]
    if rename_game:
        orders.insert(0, RoomOrder("rename", old=rename_game[0], new=rename_game[1]))
    *renamed, found = give(settings, *orders)
    if rename_game:
        click.echo(f"{renamed[0]} rooms of {rename_game[0]} are of {rename_game[1]} now.")
    some = aside or quarantined
    if not some and not rename_game:
        for game, count in found["counts"].items():
            click.echo(f"{game}: {count}")
    listed = [room for room in found["aside"] if not some or (quarantined if room["quarantined"] else aside)]
    for room in listed:
        click.echo(f"{room['code']}  {room['game']}  {kept(room['quarantined'])}: {room['why']}")
    if not listed and (some or not found["counts"]):
        click.echo(
            "No rooms are in quarantine." if quarantined else "No rooms are kept aside." if aside else "No rooms."
        )


def kept(quarantined: bool) -> str:
    """:returns: the word for how a room that nobody runs is kept."""
    return "QUARANTINED" if quarantined else "ASIDE"


@click.command()
@click.argument("code")
@click.argument("act", type=click.Choice(["show", "retry", "free", "drop", "close", "export"]))
@server_options
@click.option("--file", "path", type=click.Path(path_type=Path), help="For export: where to; CODE.room by itself.")
@click.option("--yes", is_flag=True, help="For drop and close: do not ask.")
def room(code: str, act: Any, path: Path | None, yes: bool, **server: Any) -> None:
    """
    Handle a room that is kept aside, or in quarantine.

    show: what the store has of it, and its last inputs, as JSON; retry: run it, if that is possible by now; free: the
    same, and forget that the server ended in steps of it; drop or close: delete it for good; export: write it to a
    file, which gameserver import takes.
    """
    import msgspec

    from gameserver.operating.orders import RoomOrder

    settings = settings_of(**server)
    if act in ("drop", "close") and not yes:
        click.confirm(f"Delete the room {code} for good, with all its seats?", abort=True)
    (done,) = give(settings, RoomOrder(act, code=code))
    if act == "show":
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2))
    elif act in ("retry", "free") and done is not None:
        raise click.ClickException(f"{code} is kept aside still: {done}")
    elif act == "export":
        from gameserver.node.archive import ArchivedRoom
        from gameserver.operating.archive_file import ArchiveWriter

        record = msgspec.convert(done, ArchivedRoom)
        path = path or Path(f"{record.code}.room")
        try:
            writer = ArchiveWriter(path, whole=False)
            writer.put(record)
            writer.finish()
        except OSError as error:
            raise click.ClickException(remedy(error, command=True)) from None
        click.echo(f"Wrote {path}; it has what its players' pages show, and its secrets.")
    else:
        click.echo(f"{code} {'can be run again' if act in ('retry', 'free') else 'is deleted'}.")


@click.command()
@click.argument("node", default="")
@server_options
def drain(node: str, **server: Any) -> None:
    """
    Have a running server hand its rooms over to others, and stop.

    NODE is the name of any server of the same store, as its log and other servers call it; without one it is the server
    of the data folder. Where something starts it again, as systemd does, that comes back with the release that is
    installed by then.
    """
    from gameserver.operating.control import give_order
    from gameserver.operating.orders import RoomOrder

    settings = settings_of(**server)
    try:
        taken, _ = give_order(settings.data, RoomOrder("drain", node=node))
    except OSError as error:
        raise click.ClickException(remedy(error, command=True) if error.filename else str(error)) from None
    except GameServerError as error:
        raise click.ClickException(str(error)) from None
    if not taken:
        raise click.ClickException(f"no server runs with the data folder {settings.data}: name that with --data")
    click.echo(f"{node or 'The server'} makes no more rooms, hands over those that it has, and stops then.")


@click.command("export")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@server_options
@click.option("--secret", is_flag=True, help="The secret that signs tokens, too: whoever has the file can be anybody.")
def export_store(path: Path, secret: bool, **server: Any) -> None:
    """
    Write all that a store has to FILE, for gameserver import; the server is stopped.

    That is rooms with their tables, users, sanctions, blocks, logs and announcements.
    """
    from gameserver.node.archive import archive
    from gameserver.operating.archive_file import ArchivedSecret, ArchiveWriter

    settings = settings_of(**server)

    async def write(offline: Offline) -> Counter[str]:
        writer = ArchiveWriter(path, whole=True)
        try:
            if secret:
                writer.put(ArchivedSecret((settings.secret or settings.data / "secret").read_bytes()))
            await archive(offline.store, writer.put)
        except BaseException:
            writer.give_up()
            raise
        writer.finish()
        return writer.counts

    counts = _in_place(settings, write, beside=BESIDE)
    click.echo(f"Wrote {path}: {_in_words(counts)}.")
    if not secret:
        click.echo("The secret is not in it: copy that file too, or all guests are strangers to the other server.")


@click.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@server_options
def import_store(path: Path, **server: Any) -> None:
    """
    Put all of FILE, which gameserver export wrote, into an empty store; the server is stopped.

    Every room is opened then, to see whether it can be.
    """
    from gameserver.node.archive import CannotArchive, take_in
    from gameserver.operating.archive_file import ArchiveReader

    settings = settings_of(**server)
    try:
        archive = ArchiveReader(path)
        if archive.secret is not None:
            _keep_secret(settings, archive.secret)
    except (CannotArchive, SettingError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(remedy(error, command=True)) from None

    async def put(offline: Offline) -> list[str]:
        await take_in(offline.store, archive.records(), whole=archive.whole)
        found = await offline.registry.mending.look()
        if archive.whole and sum(found.values()) != archive.counts["room"]:
            raise CannotArchive(f"{archive.counts['room']} rooms were put there, and {sum(found.values())} are found")
        return [f"{room.code}  {room.game}  {kept(room.quarantined)}: {room.why}" for room in offline.registry.aside]

    aside = _in_place(settings, put, makes=True)
    click.echo(f"Took {_in_words(archive.counts)} into the store, and opened every room.")
    for line in aside:
        click.echo(line)


def _keep_secret(settings: Settings, secret: bytes) -> None:
    """:raises SettingError: there is a different secret already."""
    path = settings.secret or settings.data / "secret"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_whole(path, secret)
    elif path.read_bytes() != secret:
        raise SettingError("secret", str(path), "the secret of the file that is imported: move this one away")


def _in_words(counts: Counter[str]) -> str:
    names = {"room": "rooms", "user": "users", "page": "pages of books"}
    return ", ".join(f"{counts[kind]} {name}" for kind, name in names.items())
