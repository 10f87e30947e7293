"""The ``gameserver`` command: what an author needs beside the server, which itself is ``twistd gameserver``."""

from __future__ import annotations

import keyword
import os
import re
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gameserver import __version__
from gameserver.cli import check, proxy, rooms, words
from gameserver.errors import SettingError
from gameserver.files import remedy
from gameserver.settings import settings

if TYPE_CHECKING:
    from gameserver.auth.secrets import Secrets

CLASS_GAME = '''"""{title}: everybody rolls a die, and the first with twenty eyes wins."""

from gameserver import Game, Player, Refused, message

GOAL = 20


class {camel}(Game):
    """Roll the die: the first with twenty eyes wins."""

    name = "{name}"
    title = "{title}"
    min_players = 2
    max_players = 8

    def on_start(self) -> None:
        """The room's document is `self.state`; every change of it reaches every player, and survives a crash."""
        self.state["points"] = {{}}

    @message
    def roll(self, player: Player) -> int:
        """Clients send this as ``roll``; what it returns is the answer to the sender."""
        if self.status != "playing":
            raise Refused("The game is not on.", code="not_playing")
        eyes = self.random.randint(1, 6)
        points = self.state["points"].get(player.id, 0) + eyes
        self.state["points"][player.id] = points
        self.send("rolled", {{"player": player.id, "eyes": eyes}})
        if points >= GOAL:
            self.over(winner=player.id)
        return eyes
'''

CLASS_TESTS = '''
    def test_roll_before_start_is_refused(self) -> None:
        """Nobody rolls in the lobby."""
        self.assertRaises(Refused, self.ann.send, "roll")

    def test_first_with_twenty_wins(self) -> None:
        """Points add up, also across a restart, and the game ends with the twentieth."""
        self.table.start()
        points = self.ann.send("roll")
        self.table.restart()
        while points < 20:
            points += self.ann.send("roll")
        self.assertEqual(list(self.table.state["points"].values()), [points])
        self.assertRaises(Refused, self.bob.send, "roll")
'''

FUNCTION_GAME = '''"""{title}: the tenth press of the button wins."""

from gameserver import Refused

title = "{title}"
min_players = 1


def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    """Everything that happens to a room comes here; every client sees what is in ``shared``."""
    action, shared, user = payload["action"], payload["shared"], payload["user"]
    if action == "CREATE_ROOM":
        shared["presses"] = 0
        shared["winner"] = None
    elif action == "press":
        if shared["winner"] is not None:
            raise Refused("The game is over.", code="not_playing")
        shared["presses"] += 1
        socket_group_send("room", {{"type": "pressed", "data": {{"by": user["name"]}}}})
        if shared["presses"] == 10:
            shared["winner"] = user["id"]
            socket_self_send({{"type": "won", "data": None}})
        return shared["presses"]
    elif action.islower():
        raise Refused(f"There is no {{action}} here.", code="unknown_type")
'''

FUNCTION_TESTS = '''
    def test_tenth_press_wins(self) -> None:
        """Presses are counted, also across a restart, and nobody presses after the tenth."""
        self.assertEqual([self.ann.send("press") for _ in range(9)], list(range(1, 10)))
        self.table.restart()
        self.assertEqual(self.bob.send("press"), 10)
        self.assertIsNotNone(self.table.state["winner"])
        self.assertRaises(Refused, self.ann.send, "press")

    def test_unknown_message_is_refused(self) -> None:
        """What the game does not know changes nothing."""
        self.assertRaises(Refused, self.ann.send, "shout")
        self.assertEqual(self.table.state["presses"], 0)
'''

TEST_HEAD = '''"""Plays {title} without sockets, and without waiting for time."""

from pathlib import Path

from gameserver import Refused
from gameserver.game.loader import load
from gameserver.testing import Table
from twisted.trial.unittest import SynchronousTestCase

PLACE = str(Path(__file__).with_name("{name}.py"))
GAME = load([PLACE], sample_games=False, entry_points=False).games["{name}"]


class {camel}Tests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(GAME, seed=7)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
'''


def typed(program: str, *words: str) -> str:
    """
    :param program: one of this environment: ``twistd``, ``gameserver`` or ``python``.
    :returns: the command to type in this folder; with a path only where the shell would not find that program.
    """
    own = sys.executable if program == "python" else _place_of(program)
    found = shutil.which(os.path.basename(own))
    if own == program or (found is not None and os.path.abspath(found) == own):
        shown = os.path.basename(own)
    else:
        near = os.path.relpath(own)
        shown = own if near.startswith(os.pardir) else near if os.sep in near else os.path.join(os.curdir, near)
    return shlex.join([shown, *words])


def _place_of(program: str) -> str:
    """:returns: the path of this environment's script, or only its name where it is in none of the usual folders."""
    user = sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    folders = (os.path.dirname(sys.executable), sysconfig.get_path("scripts"), user, os.path.dirname(sys.argv[0]))
    paths = (os.path.abspath(os.path.join(folder, program)) for folder in folders)
    return next(filter(os.path.isfile, paths), program)


@click.group(epilog=f"\b\nServe games: {typed('twistd', '-n', 'gameserver')}")
def main() -> None:
    """Program multiplayer games."""


@main.command()
def version() -> None:
    """Tell the version."""
    click.echo(f"gameserver {__version__}")


@main.command()
@click.option("--games", "places", multiple=True, metavar="PLACE", help="A folder, file or dotted path; repeatable.")
@click.option("--no-sample-games", is_flag=True, help="Leave the sample games out.")
@click.option("--data", metavar="FOLDER", help="The server's data folder.")
@click.option("--listen", multiple=True, metavar="ENDPOINT", help="An endpoint of the server; repeatable.")
@click.option("--config", metavar="FILE", help="TOML file with settings.")
def games(
    places: tuple[str, ...], no_sample_games: bool, data: str | None, listen: tuple[str, ...], config: str | None
) -> None:
    """
    List the games that a server with the same settings finds, with what looks like a slip in them; those that are
    broken, with their errors.

    This is also a check of a configuration, without a start: of all settings, of the endpoints with their certificates,
    and whether the data folder can be one. Nothing is opened or made, so that neither ports nor store are tried. Exit
    status 1: something is wrong.
    """
    from gameserver.clock import Cron, server_zone
    from gameserver.game.spec import spec_of
    from gameserver.operating.places import check_data_folder, load_games
    from gameserver.operating.start_warnings import settings_without_effect

    given: dict[str, object] = {"games": places or None, "data": data, "listen": listen or None}
    given["sample_games"] = False if no_sample_games else None
    try:
        merged = settings.load(given, environ=os.environ, config=config)
        _check_endpoints(merged)
        check_data_folder(merged)
        catalog = load_games(merged, partial(Cron, timezone=server_zone(merged.time_zone)))
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    for name, game in catalog.games.items():
        click.echo(f"{name}: {spec_of(game).title}\n    {catalog.places[name]}")
        for slip in spec_of(game).slips:
            click.echo(f"    {slip.text}")
    for broken in catalog.broken:
        click.echo(f"{broken.name}: BROKEN, {broken.error}\n    {broken.place}")
    for text in settings_without_effect(merged, (*catalog.games, *(broken.name for broken in catalog.broken))):
        click.echo(f"Warning: {text}")
    if not catalog.games and not catalog.broken:
        folder = [word for place in merged.games[:1] if Path(place).is_dir() for word in ("--folder", place)]
        click.echo("No games.")
        click.echo(f"Write one: {typed('gameserver', 'new', 'my_game', *folder)}")
    sys.exit(1 if catalog.broken else 0)


def _check_endpoints(merged: settings.Settings) -> None:
    """:raises SettingError: an endpoint cannot be understood, or its files cannot be used."""
    from twisted.internet import reactor

    from gameserver.tap import check_endpoints

    # What systemd hands over to the server is not there for this process.
    check_endpoints(reactor, replace(merged, listen=tuple(text for text in merged.listen if "systemd:" not in text)))


@main.command()
@click.argument("name")
@click.option("--function", is_flag=True, help="One function, payload_handler, instead of a class.")
@click.option("--folder", default="games", show_default=True, help="Where to write; made where there is none.")
def new(name: str, function: bool, folder: str) -> None:
    """Write a small game that works, and its test."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) or keyword.iskeyword(name) or name.startswith("test_"):
        raise click.ClickException(f"{name}: a game is named in snake case, such as hot_potato")
    body, tests = (FUNCTION_GAME, FUNCTION_TESTS) if function else (CLASS_GAME, CLASS_TESTS)
    words = {"name": name, "title": name.replace("_", " ").strip().title(), "camel": name.title().replace("_", "")}
    game, test = Path(folder, f"{name}.py"), Path(folder, f"test_{name}.py")
    for path in (game, test):
        if path.exists():
            raise click.ClickException(f"{path} is there already; nothing was written")
    try:
        game.parent.mkdir(parents=True, exist_ok=True)
        game.write_text(body.format(**words), "utf-8")
        test.write_text(TEST_HEAD.format(**words) + tests, "utf-8")
    except OSError as error:
        for path in (game, test):
            with suppress(OSError):
                path.unlink()
        raise click.ClickException(remedy(error, command=True)) from None
    click.echo(f"Wrote {game} and {test}.")
    click.echo(f"Test it:  {typed('python', '-m', 'twisted.trial', str(test))}")
    click.echo(f"Serve it: {typed('twistd', '-n', 'gameserver', '--games', folder)}")


@main.group()
def secret() -> None:
    """
    Change the secret that signs tokens, and log nobody out.

    Add, then restart; use, then restart; when the old tokens have expired (180 days for guests): drop, then restart.
    Nodes of one store have the same file: do each step once, copy the file to all other nodes, and restart them all
    before the next step.
    """


def _secret_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--file",
        "path",
        type=click.Path(path_type=Path),
        default=settings.DATA / "secret",
        show_default=True,
        help="The file with the secret.",
    )(command)


def _change_secrets(path: Path, change: Callable[[Secrets], Sequence[bytes]] | None) -> None:
    """Print the fingerprints of a file's secrets, after they were changed; None: they are only shown."""
    from gameserver.auth.secrets import Secrets, fingerprint, read_secrets, write_secrets

    try:
        secrets = read_secrets(path)
        if change is not None:
            secrets = Secrets(change(secrets))
            write_secrets(path, secrets)
    except OSError as error:
        raise click.ClickException(remedy(error, command=True)) from None
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    for number, each in enumerate(secrets):
        click.echo(f"{'signs' if number == 0 else 'known'}  {fingerprint(each)}")


@secret.command("show")
@_secret_option
def show_secret(path: Path) -> None:
    """Show the secrets' fingerprints: on nodes of one store they are the same."""
    _change_secrets(path, None)


@secret.command("add")
@_secret_option
def add_secret(path: Path) -> None:
    """Add a new secret, which is known and does not sign yet."""
    from gameserver.auth.tokens import SECRET_BYTES

    _change_secrets(path, lambda secrets: [*secrets, os.urandom(SECRET_BYTES)])


@secret.command("use")
@_secret_option
def use_secret(path: Path) -> None:
    """Let the newest secret sign; the others are still known."""
    _change_secrets(path, lambda secrets: [secrets[-1], *secrets[:-1]])


@secret.command("drop")
@_secret_option
def drop_secret(path: Path) -> None:
    """Forget all secrets but the one that signs; what the others signed is good for nothing."""
    _change_secrets(path, lambda secrets: secrets[:1])


@main.command()
@click.argument("name")
@_secret_option
def invite(name: str, path: Path) -> None:
    """Make an invitation to register a name: an administrator's, or any where registration is by invitation."""
    from gameserver.auth.invitations import Invitations
    from gameserver.auth.secrets import read_secrets

    try:
        click.echo(Invitations(read_secrets(path)).make(name))
    except OSError as error:
        raise click.ClickException(remedy(error, command=True)) from None
    except SettingError as error:
        raise click.ClickException(str(error)) from None


_ROOMS = (rooms.rooms, rooms.room, rooms.export_store, rooms.import_store, rooms.drain, check.check_data)
for _command in (*_ROOMS, proxy.proxy, words.words):
    main.add_command(_command)
