"""The ``gameserver`` command."""

from __future__ import annotations

import json
import os
import re
import resource
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import msgspec
from click.testing import CliRunner, Result
from twisted.trial.runner import TestLoader
from twisted.trial.unittest import SynchronousTestCase

from gameserver import __version__, cli, clock
from gameserver.auth.invitations import Invitations
from gameserver.auth.secrets import fingerprint, load_secrets, read_secrets
from gameserver.cli import rooms
from gameserver.cluster.node import NodeFile
from gameserver.game import loader
from gameserver.node.archive import ArchivedRoom
from gameserver.protocol.names import name_key


class CommandCase(SynchronousTestCase):
    """What the tests below share: a folder, and the command run in this process."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        clean = {name: text for name, text in os.environ.items() if not name.startswith("GAMESERVER_")}
        self.patch(os, "environ", clean)

    def run_command(self, *arguments: str, exit_code: int = 0) -> str:
        """Run, and give what it wrote."""
        result: Result = CliRunner().invoke(cli.main, arguments)
        self.assertEqual(result.exit_code, exit_code, result.output)
        return result.output


class VersionTests(CommandCase):
    def test_version(self) -> None:
        """The version is told."""
        self.assertEqual(self.run_command("version"), f"gameserver {__version__}\n")


class GamesTests(CommandCase):
    def test_samples(self) -> None:
        """Each game is listed with its title and place."""
        output = self.run_command("games")
        self.assertRegex(output, r"(?m)^tictactoe: \w.*\n    /.*tictactoe\.py$")

    def test_broken(self) -> None:
        """A broken game is listed with its error, and the command fails, so that a script notices."""
        self.folder.mkdir()
        (self.folder / "bad.py").write_text("1 / 0")
        output = self.run_command("games", "--no-sample-games", "--games", str(self.folder), exit_code=1)
        self.assertIn("bad: BROKEN, ZeroDivisionError: division by zero", output)
        self.assertIn("bad.py, line 1)", output)

    def test_slips(self) -> None:
        """What looks like a slip is said below its game, with what may be meant; the game is served."""
        self.folder.mkdir()
        (self.folder / "duel.py").write_text(
            "from gameserver import Game\n\n\n"
            "class Duel(Game):\n"
            "    max_player = 2\n\n"
            "    def onJoin(self, player): ...\n\n"
            "    def on_message(self, player, data): ...\n\n"
            "    def strike(self, player): ...\n"
        )
        output = self.run_command("games", "--no-sample-games", "--games", str(self.folder))
        self.assertEqual(
            output.splitlines(),
            [
                "duel: Duel",
                f"    {(self.folder / 'duel.py').resolve()}",
                "    Duel.max_player means nothing here; is max_players meant?",
                "    Duel.onJoin means nothing here; is on_join meant?",
                "    Duel.on_message is never called: each message has a method of its name, marked with @message.",
                "    Duel.strike takes a player, and nothing calls it; is @message forgotten?",
            ],
        )

    def test_time_zone_that_is_none(self) -> None:
        """A game that the calendar is to call is broken where nobody knows what time it is."""
        self.folder.mkdir()
        (self.folder / "night.py").write_text(
            "from gameserver import Game, cron\nclass Night(Game):\n    @cron('0 4 * * *')\n    def nightly(self): 0\n"
        )

        def unknown() -> None:
            raise ZoneInfoNotFoundError("no such zone: CET-1CEST")

        self.patch(clock, "get_localzone", unknown)
        output = self.run_command("games", "--no-sample-games", "--games", str(self.folder), exit_code=1)
        told = "Night.nightly: cron('0 4 * * *'): the time zone cannot be told: no such zone: CET-1CEST."
        self.assertIn(f"Night: BROKEN, GameDefinitionError: {told}", output)

    def test_settings_are_read(self) -> None:
        """The command finds what a server with the same settings finds."""
        self.folder.mkdir()
        (self.folder / "settings.toml").write_text(f'games = ["{self.folder}"]\nsample_games = false')
        (self.folder / "one.py").write_text(
            "def payload_handler(group_add, socket_self_send, socket_group_send, payload): 0"
        )
        self.assertTrue(self.run_command("games", "--config", str(self.folder / "settings.toml")).startswith("one: "))

    def test_configuration_is_checked(self) -> None:
        """What a start would refuse is refused, with the same line, and nothing is made."""
        self.folder.mkdir()
        file, config = self.folder / "file", self.folder / "settings.toml"
        file.touch()
        for text, said in (
            ('listen = ["tpc:18102"]', f"Error: listen (from file {config}): expected an endpoint string, not 'tpc:"),
            (f'data = "{file}/deep"', f"Error: data (from file {config}): {file}: Not a directory; a file is in the"),
            ('listen = ["ssl:1:privateKey=/no/such.pem"]', "/no/such.pem: No such file or directory; make it"),
        ):
            config.write_text(text)
            self.assertIn(said, self.run_command("games", "--config", str(config), exit_code=1))
        for option, value in (("--listen", "tpc:1"), ("--data", str(file))):
            self.assertIn(f"(from option {option}): ", self.run_command("games", option, value, exit_code=1))
        self.run_command("games", "--data", str(self.folder / "data"), "--listen", "systemd:domain=INET:index=0")
        self.assertFalse((self.folder / "data").exists())

    def test_settings_without_effect(self) -> None:
        """A warning is no error: the server starts, too."""
        self.folder.mkdir()
        (self.folder / "settings.toml").write_text('admins = ["Ann"]\ncreate = ["trivias=users"]')
        output = self.run_command("games", "--config", str(self.folder / "settings.toml"))
        self.assertIn("Warning: admins (from file ", output)
        self.assertIn("there is no game trivias; did you mean trivia?", output)

    def test_nothing(self) -> None:
        """An empty list says what to do."""
        self.folder.mkdir()
        output = self.run_command("games", "--no-sample-games", "--games", str(self.folder))
        self.assertRegex(output, r"No games.\nWrite one: \S*gameserver new my_game --folder ")

    def test_wrong_place(self) -> None:
        """A place that is not there ends in one line."""
        output = self.run_command("games", "--games", "no/where", exit_code=1)
        self.assertTrue(output.startswith("Error: games (from option --games): no/where: no such folder"), output)


TOSS = '''
from gameserver import Game, Refused, message

class Toss(Game):
    """Call it."""

    title = "Coin toss"

    @message
    def call(self, player, side: str):
        raise Refused("No such side.")
'''


class WordsTests(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.words = self.folder / "pages" / "toss" / "words"
        self.words.mkdir(parents=True)
        (self.folder / "toss.py").write_text(TOSS)
        self.games = ("--games", str(self.folder))

    def write(self, language: str, **texts: str) -> None:
        (self.words / f"{language}.json").write_text(json.dumps({key.replace("_", " "): texts[key] for key in texts}))

    def test_what_is_missing(self) -> None:
        """Of an author's game, in the languages that it has; what pages say themselves need not be in it."""
        output = self.run_command("words", *self.games, exit_code=1)
        self.assertIn("toss: no catalogue in", output)
        self.write("de", Coin_toss="Münzwurf", Call="Ansagen", heads="Kopf", Play_again="Noch mal")
        (self.folder / "pages" / "toss" / "page.js").write_text(
            'el("p", {}, "Nobody has called"); t("Thrown"); t("Start")'
        )
        output = self.run_command("words", "toss", *self.games, exit_code=1)
        page = os.path.relpath(self.folder / "pages" / "toss" / "page.js")
        self.assertEqual(
            output.splitlines(),
            [
                *(f"toss, de: not translated: {text}" for text in ("Call it.", "No such side.", "Thrown")),
                "toss, de: nobody says: heads",
                f"{page}:1: without t(): Nobody has called",
            ],
        )
        (self.folder / "pages" / "toss" / "page.js").unlink()
        texts = {"Call it.": "Sag an.", "No such side.": "So nicht.", "Coin toss": "Münzwurf"}
        (self.words / "de.json").write_text(json.dumps(texts))
        self.assertEqual(self.run_command("words", *self.games), "All is translated.\n")

    def test_template(self) -> None:
        """What there is to translate, and what is already; in a language that no page has, the pages' texts, too."""
        self.write("de", Coin_toss="Münzwurf")
        told = json.loads(self.run_command("words", *self.games, "--template", "de"))
        self.assertEqual(told, {"Call it.": "", "Coin toss": "Münzwurf", "No such side.": ""})
        told = json.loads(self.run_command("words", *self.games, "--template", "it"))
        self.assertGreater(len(told), 250)
        self.assertTrue({"Call it.", "Play again", "error/room_full", "chat/send"} <= set(told), sorted(told)[:20])
        (self.words / "it.json").write_text(json.dumps(dict.fromkeys(told, "x")))
        self.assertNotIn("toss, it: not translated", self.run_command("words", *self.games, exit_code=1))

    def test_damaged(self) -> None:
        """A catalogue that cannot be read is named, as is a game that there is not."""
        (self.words / "de.json").write_text('{"Coin toss": 1}')
        self.assertIn("de.json", self.run_command("words", *self.games, exit_code=1))
        self.assertIn("tos: there is no game", self.run_command("words", "tos", *self.games, exit_code=1))


class NewTests(CommandCase):
    def new(self, *arguments: str, exit_code: int = 0) -> str:
        """Write a game into the folder."""
        return self.run_command("new", *arguments, "--folder", str(self.folder), exit_code=exit_code)

    def passes(self, name: str) -> None:
        """Load the game that was written, and run its own test."""
        catalog = loader.load([str(self.folder)], sample_games=False, entry_points=False)
        self.assertEqual((list(catalog.games), catalog.broken), ([name], []))
        result = self.defaultTestResult()
        TestLoader().loadByName(str(self.folder / f"test_{name}.py")).run(result)
        self.assertEqual([text for _, text in [*result.errors, *result.failures]], [])
        self.assertEqual(result.testsRun, 2)

    def test_class(self) -> None:
        """The starter is a game that works, and its test passes."""
        output = self.new("hot_potato")
        self.assertRegex(output, r"Serve it: \S*twistd -n gameserver --games ")
        self.passes("hot_potato")

    def test_function(self) -> None:
        """So is the one in function style."""
        self.new("big_button", "--function")
        self.passes("big_button")

    def test_nothing_is_overwritten(self) -> None:
        """Not even where the test alone is there."""
        self.folder.mkdir()
        (self.folder / "test_mine.py").write_text("mine")
        self.assertIn("is there already; nothing was written", self.new("mine", exit_code=1))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["test_mine.py"])

    def test_disk_that_takes_nothing(self) -> None:
        """It says so, and leaves nothing half written behind."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            self.assertIn("let files grow larger", self.new("mine", exit_code=1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.assertEqual(list(self.folder.iterdir()), [])
        self.folder.rmdir()
        self.folder.touch()
        self.assertIn("a file is in the place of a folder", self.new("mine", exit_code=1))

    def test_name_in_snake_case(self) -> None:
        """A name must do as a module's and as a game's."""
        for wrong in ("HotPotato", "hot-potato", "2fast", "../x", "class", "test_x", "x" * 40):
            self.assertIn("snake case", self.new(wrong, exit_code=1))
        self.assertFalse(self.folder.exists())

    def test_starters_are_tidy(self) -> None:
        """What is written keeps to the line length of this project."""
        self.new("a" * 32)
        self.new("b" * 32, "--function")
        for path in self.folder.iterdir():
            self.assertEqual(re.findall(r".{121,}", path.read_text()), [])


class SecretTests(SynchronousTestCase):
    """``gameserver secret`` and ``gameserver invite``."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.first = load_secrets(self.path, os.urandom)[0]

    def run_cli(self, *words: str) -> list[str]:
        """:returns: the lines that a command printed."""
        result = CliRunner().invoke(cli.main, [*words, "--file", str(self.path)])
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertNotIn(self.first.hex(), result.output)
        return result.output.splitlines()

    def test_rotation(self) -> None:
        """Add, use, drop: at no point is a token of the step before unknown, and the file stays private."""
        before = self.path.stat()
        self.assertEqual(self.run_cli("secret", "show"), [f"signs  {fingerprint(self.first)}"])
        self.assertEqual(self.path.stat(), before)  # it is only read
        self.run_cli("secret", "add")
        first, second = read_secrets(self.path)
        self.assertEqual(first, self.first)
        self.run_cli("secret", "use")
        self.assertEqual(read_secrets(self.path), (second, first))
        self.assertEqual(self.run_cli("secret", "drop"), [f"signs  {fingerprint(second)}"])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_readable_by_others(self) -> None:
        """A secret that others may read is not touched."""
        self.path.chmod(0o644)
        result = CliRunner().invoke(cli.main, ["secret", "add", "--file", str(self.path)])
        self.assertEqual(result.exit_code, 1)
        self.assertIn("chmod 600", result.output)

    def test_no_such_file(self) -> None:
        """What is not there is named, with what to do."""
        self.path.unlink()
        for words in (("secret", "show"), ("invite", "Ann")):
            result = CliRunner().invoke(cli.main, [*words, "--file", str(self.path)])
            self.assertEqual(result.exit_code, 1)
            self.assertIn(f"{self.path}: No such file or directory; make it", result.output)

    def test_invite(self) -> None:
        """An invitation is for one name, in any case."""
        (ann,) = self.run_cli("invite", "Ann")
        self.assertEqual(self.run_cli("invite", "ANN"), [ann])
        self.assertNotEqual(self.run_cli("invite", "Bob"), [ann])
        self.assertTrue(Invitations([self.first]).fits(name_key("Ann"), ann))


class ProxyTests(CommandCase):
    def test_nodes(self) -> None:
        """Each node has a way of its own, all share the one for everybody, and the hints say how nodes are set."""
        words = (
            "--node",
            "a=unix:/run/a.sock",
            "--node",
            "b-2=10.0.0.7:8081",
            "--public-url",
            "https://a.example/games",
        )
        for kind, ways in {
            "nginx": (
                "location /games/n/a/",
                "location /games/n/b-2/",
                "location /games/",
                "location = /games/ws",
                "auth_request /games/.ready",
                "unix:/run/a.sock max_fails",
            ),
            "caddy": (
                "handle_path /games/n/a/*",
                "handle_path /games/n/b-2/*",
                "handle /games*",
                "unix//run/a.sock 10.",
            ),
            "haproxy": (
                "path_beg /games/n/a/",
                "path_beg /games/n/b-2/",
                "server b-2 10.0.0.7:8081 check",
                "unix@/run/a",
            ),
        }.items():
            output = self.run_command("proxy", kind, *words)
            for way in (*ways, "--public-url https://a.example/games --node-name NAME --trusted-proxy unix"):
                self.assertIn(way, output)

    def test_one_node(self) -> None:
        """A single server needs neither a store that it shares nor a name, unless others join it."""
        for where, said in (
            ("127.0.0.1:8080", "--trusted-proxy 127.0.0.1\n# --listen tcp:8080:interface=127.0.0.1\n# If others join"),
            ("10.0.0.7:8080", "--trusted-proxy ADDRESS-OF-THE-PROXY\n# --listen tcp:8080\n# If others join"),
            ("unix:/run/a.sock", "--trusted-proxy unix\n# --listen unix:/run/a.sock\n# If others join"),
        ):
            output = self.run_command("proxy", "nginx", "--node", f"one={where}")
            self.assertIn(f"The server: --public-url https://games.example {said}", output)
            self.assertNotIn("all with one --store", output)

    def test_wrong_nodes(self) -> None:
        """What cannot be put into a configuration is refused, with what would be right."""
        for node in (
            "a",
            "a=",
            "=unix:/run/a.sock",
            "a b=unix:/x",
            "a=unix:run/a",
            "a=host",
            "a=host:0",
            "a=h;x:1",
            "a=unix:/x;y",
        ):
            output = self.run_command("proxy", "nginx", "--node", node, exit_code=1)
            self.assertIn("expected", output, node)
        twice = self.run_command("proxy", "nginx", "--node", "a=h:1", "--node", "a=h:2", exit_code=1)
        self.assertIn("two nodes have the same name", twice)


class RoomsTests(CommandCase):
    def test_no_server_is_made_to_look_at_it(self) -> None:
        """Where there is neither a data folder nor a store, that is said, and there is none afterwards."""
        for words in (["rooms"], ["room", "K7QM", "show"], ["export", str(self.folder / "all.jsonl")], ["check-data"]):
            status = 3 if words == ["check-data"] else 1
            output = self.run_command(*words, "--data", str(self.folder / "data"), exit_code=status)
            self.assertIn("does not exist: name the server's folder with --data", output)
        self.assertFalse(self.folder.exists())

    def test_folder_of_another_user(self) -> None:
        """Each command says whose it is and who may use it; none claims that no server runs, or that one is damaged."""
        data = self.folder / "data"
        data.mkdir(parents=True)
        self.folder.parent.chmod(0o755)
        for name in ("gameserver.sqlite3", "secret"):
            (data / name).write_bytes(b"")
        data.chmod(0)
        self.addCleanup(data.chmod, 0o700)
        commands = (["rooms"], ["room", "K7QM", "show"], ["export", "all.jsonl"], ["drain"], ["check-data"])

        def say(folder: Path) -> list[str]:
            said = [self.run_command("secret", "show", "--file", str(folder / "secret"), exit_code=1)]
            for words in commands:
                status = 3 if words == ["check-data"] else 1
                said.append(self.run_command(*words, "--data", str(folder), exit_code=status))
            return said

        say(self.folder / "nowhere")  # which imports all that another user may not read
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
            self.addCleanup(os.seteuid, 0)
        for text in say(data):
            self.assertIn(": Permission denied; ", text)
            if is_root:
                self.assertIn(f"; {data} is of root (number 0): run this as that user, or as root", text)
            self.assertNotIn("no server runs", text)

    def test_room_that_cannot_be_written(self) -> None:
        """Where its file is to be, and why it cannot, is said."""
        room = ArchivedRoom("r1", "K7QM", "dice", 1, {})
        self.patch(rooms, "give", lambda *_: [msgspec.to_builtins(room)])
        path = self.folder / "nowhere" / "K7QM.room"
        said = self.run_command("room", "K7QM", "export", "--file", str(path), exit_code=1)
        self.assertIn("nowhere", said)
        self.assertIn("No such file or directory; make it, or name another", said)

    def test_server_that_runs(self) -> None:
        """An export says that it does, and what can be done meanwhile."""
        data = self.folder / "data"
        data.mkdir(parents=True)
        (data / "gameserver.sqlite3").write_bytes(b"")
        running = NodeFile(data / "node", os.urandom)
        self.addCleanup(running.close)
        said = self.run_command("export", str(self.folder / "all.jsonl"), "--data", str(data), exit_code=1)
        self.assertIn(f"the server of the data folder {data} runs, or another command: stop it first.\n", said)
        self.assertIn("gameserver room CODE export", said)
        said = self.run_command("rooms", "--data", str(data), exit_code=1)
        self.assertIn("runs, or another command: stop it first\n", said)

    def test_file_that_is_none_is_refused_before_anything_is_made(self) -> None:
        """As one that was cut off."""
        self.folder.mkdir()
        path = self.folder / "all.jsonl"
        path.write_text('{"type":"gameserver","format":1,"version":"0.1.0","whole":true}\n')
        output = self.run_command("import", str(path), "--data", str(self.folder / "data"), exit_code=1)
        self.assertIn("was cut off", output)
        path.write_text('{"type":"gameserver","format":99,"version":"9.0","whole":true}\n')
        self.assertIn("which is newer", self.run_command("import", str(path), exit_code=1))
        path.write_text("PK")
        self.assertIn("cannot be read", self.run_command("import", str(path), exit_code=1))
        self.assertFalse((self.folder / "data").exists())
