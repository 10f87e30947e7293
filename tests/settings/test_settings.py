"""Settings: where they come from, which source wins, and what an error says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import SettingError
from gameserver.settings.settings import KEYS, Limits, Settings, load


class SettingsCase(SynchronousTestCase):
    """What the tests below share."""

    def file(self, text: str) -> str:
        """Write a TOML file."""
        path = Path(self.mktemp())
        path.write_text(text, "utf-8")
        return str(path)

    def refused(
        self,
        options: Mapping[str, object] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        config: str | None = None,
    ) -> str:
        """Load, and give the error's text."""
        return str(self.assertRaises(SettingError, load, options, environ=environ, config=config))


class DefaultTests(SettingsCase):
    def test_nothing_given(self) -> None:
        """A server listens on this machine alone, and keeps its rooms in a folder of the working folder."""
        settings = load()
        data = Path("gameserver-data").absolute()
        self.assertEqual(settings.listen, ("tcp:8080:interface=127.0.0.1",))
        self.assertEqual(settings.data, data)
        self.assertEqual(settings.store, f"sqlite:{data / 'gameserver.sqlite3'}")
        self.assertEqual((settings.games, settings.origin, settings.public_url), ((), (), None))
        self.assertTrue(settings.sample_games)
        self.assertEqual(settings.sync, "normal")

    def test_limits_are_those_of_the_wire(self) -> None:
        """The wire's page names these numbers."""
        self.assertEqual(
            load().limits,
            Limits(
                frame_bytes=65536,
                depth=32,
                hello_s=10,
                ping_s=25,
                pong_s=8,
                queue_bytes=1024 * 1024,
                chat_chars=500,
                name_chars=32,
                rooms=10,
                connections_per_address=10000,
            ),
        )

    def test_frozen(self) -> None:
        """Nobody changes settings while the server runs."""
        settings = load()
        with self.assertRaises(FrozenInstanceError):
            settings.store = "sqlite:other"  # type: ignore[misc]
        with self.assertRaises(FrozenInstanceError):
            settings.limits.rooms = 3  # type: ignore[misc]

    def test_made_directly(self) -> None:
        """Tests make settings without any source, and paths come out as from `load`."""
        settings = Settings(data=Path("here"))
        self.assertEqual(settings.store, f"sqlite:{Path('here').absolute() / 'gameserver.sqlite3'}")
        self.assertEqual(settings, load({"data": "here"}))


class MergeTests(SettingsCase):
    def test_later_source_wins(self) -> None:
        """Default, file, environment, option: each is before the one that it follows."""
        config = self.file('store = "sqlite:file"\nsync = "power"\ndata = "file"\n[limits]\nrooms = 3\ndepth = 20')
        environ = {"GAMESERVER_STORE": "sqlite:environ", "GAMESERVER_DATA": "environ", "GAMESERVER_LIMITS_ROOMS": "4"}
        settings = load({"store": "sqlite:option"}, environ=environ, config=config)
        self.assertEqual(settings.store, f"sqlite:{Path('option').absolute()}")
        self.assertEqual(settings.data, Path("environ").absolute())
        self.assertEqual(settings.sync, "power")
        self.assertEqual((settings.limits.rooms, settings.limits.depth), (4, 20))
        self.assertEqual(settings.limits.chat_chars, 500)

    def test_sources_are_known(self) -> None:
        """An error that shows up later, such as a port that is taken, can still name where the setting came from."""
        settings = load({"listen": ["tcp:80"]}, environ={"GAMESERVER_SYNC": "power"})
        self.assertEqual(str(settings.error("listen", "x")), "listen (from option --listen): x")
        self.assertEqual(str(settings.error("sync", "x")), "sync (from environment GAMESERVER_SYNC): x")
        self.assertEqual(str(settings.error("data", "x")), "data (from default): x")

    def test_option_none_is_not_given(self) -> None:
        """An option that was left out hides nothing."""
        self.assertEqual(load({"sync": None}, environ={"GAMESERVER_SYNC": "power"}).sync, "power")

    def test_config_from_environment(self) -> None:
        """GAMESERVER_CONFIG names the file where no option does."""
        environ = {"GAMESERVER_CONFIG": self.file('sync = "power"')}
        self.assertEqual(load(environ=environ).sync, "power")
        self.assertEqual(load(environ=environ, config=self.file("")).sync, "normal")

    def test_every_key_from_file_and_environment(self) -> None:
        """Each setting can be given in each source, under the name that the module's page says."""
        given = {
            "listen": '["tcp:1"]',
            "store": '"redis://localhost"',
            "games": '["a", "b"]',
            "sample_games": "false",
            "native": "false",
            "strict": "true",
            "data": '"d"',
            "origin": '["https://a.example"]',
            "host": '["games.example"]',
            "auth": '["guests", "accounts"]',
            "admins": '["Ann"]',
            "moderators": '["Ann"]',
            "registration": '"invited"',
            "create": '["users"]',
            "secret": '"s"',
            "metrics": '["10.0.0.0/8"]',
            "trusted_proxy": '["192.0.2.7", "10.0.0.0/8", "unix"]',
            "public_url": '"https://a.example/x/"',
            "node_name": '"a"',
            "node_url": '"https://a.example/x/n/a"',
            "sync": '"power"',
            "time_zone": '"Europe/Berlin"',
            "login_url": '"https://shop.example/enter/"',
            "game_bytes": "2000000",
        }
        given |= {
            "jwt.issuer": '"https://issuer.example"',
            "jwt.audience": '["games", "chess"]',
            "jwt.key": '"key.pem"',
            "jwt.jwks": '"https://issuer.example/keys"',
            "jwt.ca": '"ca.pem"',
            "jwt.id_claim": '"uid"',
            "jwt.name_claim": '"nick"',
            "jwt.rights_claim": '"roles"',
            "jwt.rights": '["boss=admin", "a=b=moderator"]',
            "django.secret": '"shared"',
            "django.audience": '"games"',
            "django.webhook": '"https://shop.example/gameserver/notices/"',
        }
        given |= {key: "8" for key in KEYS if key in ("limits.hello_s", "limits.ping_s", "limits.pong_s")}
        given |= dict.fromkeys(("limits.frame_bytes", "limits.queue_bytes", "limits.options_bytes"), "65536")
        given |= {"limits.http_bytes": "2000000"}
        given |= {"limits.token_s": "900", "limits.hash_kib": "1024"}
        given |= {key: "9" for key in KEYS if key not in given}
        top = "\n".join(f"{key} = {value}" for key, value in given.items() if "." not in key)
        tables = "\n".join(f"{key} = {value}" for key, value in given.items() if "." in key)
        plain = {key: value.strip("[]").replace('",', "").replace('"', "") for key, value in given.items()}
        environ = {f"GAMESERVER_{key.upper().replace('.', '_')}": value for key, value in plain.items()}
        from_file = load(config=self.file(f"{top}\n{tables}"))
        self.assertEqual(from_file, load(environ=environ))
        self.assertEqual(set(from_file.sources), set(KEYS))
        self.assertEqual(from_file.games, ("a", "b"))
        self.assertFalse(from_file.sample_games)
        self.assertEqual(from_file.public_url, "https://a.example/x")


class EnvironmentTests(SettingsCase):
    def test_list_is_separated_by_whitespace(self) -> None:
        """Quotes keep whitespace, backslashes are an endpoint string's own."""
        environ = {"GAMESERVER_LISTEN": r"tcp:1  tcp6:2:interface=\:\:1", "GAMESERVER_GAMES": "'my games' #b"}
        settings = load(environ=environ)
        self.assertEqual(settings.listen, ("tcp:1", r"tcp6:2:interface=\:\:1"))
        self.assertEqual(settings.games, ("my games", "#b"))

    def test_open_quote_is_refused(self) -> None:
        """A quote without its end is said."""
        text = self.refused(environ={"GAMESERVER_GAMES": "'my games"})
        self.assertEqual(text, "games (from environment GAMESERVER_GAMES): expected an end to each quote")

    def test_truth_and_numbers(self) -> None:
        """The environment has text only; truth and numbers are read from it."""
        self.assertFalse(load(environ={"GAMESERVER_SAMPLE_GAMES": "No"}).sample_games)
        self.assertEqual(load(environ={"GAMESERVER_LIMITS_HELLO_S": "2.5"}).limits.hello_s, 2.5)
        for name, text in {"SAMPLE_GAMES": "perhaps", "LIMITS_ROOMS": "2.5", "LIMITS_PING_S": "nan"}.items():
            self.assertIn(f"GAMESERVER_{name}", self.refused(environ={f"GAMESERVER_{name}": text}))

    def test_number_or_never(self) -> None:
        """Rooms sleep after some seconds, or never."""
        self.assertEqual(load().sleep_s, 60)
        self.assertIsNone(load({"sleep_s": "never"}).sleep_s)
        self.assertIsNone(load(environ={"GAMESERVER_SLEEP_S": "never"}).sleep_s)
        self.assertEqual(load(environ={"GAMESERVER_SLEEP_S": "2.5"}).sleep_s, 2.5)
        for text in ("soon", "-1", "nan"):
            self.assertIn("or never", self.refused(environ={"GAMESERVER_SLEEP_S": text}))

    def test_slip_of_the_pen_is_refused(self) -> None:
        """A name that is nearly a setting's would else be ignored in silence."""
        text = self.refused(environ={"GAMESERVER_STOER": "sqlite:x"})
        self.assertEqual(text, "GAMESERVER_STOER (from environment): no such setting; did you mean GAMESERVER_STORE?")

    def test_others_of_the_prefix_are_ignored(self) -> None:
        """A container service named gameserver brings variables of its own."""
        others = {"GAMESERVER_PORT": "tcp://10.0.0.1:80", "GAMESERVER_SERVICE_HOST": "10.0.0.1", "HOME": "/"}
        self.assertEqual(load(environ=others), load())


class FileTests(SettingsCase):
    def test_missing_file_is_refused(self) -> None:
        """The error names the option or variable that named the file."""
        self.assertIn("config (from option --config): expected a readable TOML", self.refused(config="/no/such.toml"))
        text = self.refused(environ={"GAMESERVER_CONFIG": "/no/such.toml"})
        self.assertIn("config (from environment GAMESERVER_CONFIG)", text)

    def test_not_toml_is_refused(self) -> None:
        """The error has the line."""
        config = self.file("sync = power")
        self.assertIn(f"config (from file {config}): expected TOML: ", self.refused(config=config))
        self.assertIn("line 1", self.refused(config=config))

    def test_unknown_key_names_near_ones(self) -> None:
        """A slip of the pen is not ignored."""
        config = self.file("sampel_games = false")
        expected = f"sampel_games (from file {config}): no such setting; did you mean sample_games?"
        self.assertEqual(self.refused(config=config), expected)
        self.assertIn("did you mean limits.frame_bytes", self.refused(config=self.file("[limits]\nframe_byte = 1")))
        self.assertIn("did you mean limits", self.refused(config=self.file("[limit]\nrooms = 1")))
        self.assertIn("there are listen, store", self.refused(config=self.file("zzz = 1")))

    def test_limits_must_be_a_table(self) -> None:
        """A number for all of them means nothing."""
        self.assertIn("expected a table", self.refused(config=self.file("limits = 3")))

    def test_types_are_strict(self) -> None:
        """A file can say what it means: a number in quotes is a text."""
        self.assertIn("whole number from 1 to", self.refused(config=self.file('[limits]\nrooms = "3"')))
        self.assertIn("expected true or false", self.refused(config=self.file('sample_games = "false"')))
        self.assertIn("whole number", self.refused(config=self.file("[limits]\nrooms = true")))
        self.assertIn("a list of texts", self.refused(config=self.file("games = 3")))
        self.assertIn("a text", self.refused(config=self.file("games = [3]")))

    def test_list_of_one_may_be_a_text(self) -> None:
        """One endpoint needs no brackets."""
        self.assertEqual(load(config=self.file('listen = "tcp:1"')).listen, ("tcp:1",))


class ValueTests(SettingsCase):
    def test_numbers_out_of_range_are_refused(self) -> None:
        """The error says the range."""
        for key, value in {"rooms": "0", "frame_bytes": "100", "depth": "1000", "ping_s": "0"}.items():
            text = self.refused(config=self.file(f"[limits]\n{key} = {value}"))
            self.assertRegex(text, rf"limits\.{key} \(from file .*\): expected a (whole )?number from [\d.]+ to \d+$")

    def test_endpoints(self) -> None:
        """What Twisted understands is accepted, a bare port or address is not."""
        for right in ("tcp:0", "tcp:port=80", "tcp:interface=::1:port=80", "unix:/run/x", "ssl:443:privateKey=k"):
            self.assertEqual(load({"listen": [right]}).listen, (right,))
        for wrong in ("8080", "tcp", "tcp:http", "tcp:65536", "127.0.0.1:80", ":80"):
            self.assertIn("tcp:8080", self.refused({"listen": [wrong]}))
        self.assertIn("at least one endpoint", self.refused(config=self.file("listen = []")))

    def test_stores(self) -> None:
        """An address says what kind of store it is."""
        for right in (
            "redis://localhost:6379/1",
            "rediss://a.example",
            "redis+unix:///run/r",
            "redis+sentinel://a,b/m",
        ):
            self.assertEqual(load({"store": right}).store, right)
        for wrong in ("rooms.sqlite3", "mysql://localhost", "sqlite:", "redis:localhost", " "):
            self.assertIn("store (from option --store): expected ", self.refused({"store": wrong}))

    def test_home_folder(self) -> None:
        """A tilde is the home folder, which no shell has replaced in a file."""
        self.assertEqual(load({"data": "~/games"}).data, Path.home() / "games")

    def test_origins(self) -> None:
        """Origins are compared as browsers send them: in small letters, without a path or the scheme's own port."""
        given = [
            "https://Games.Example",
            "http://a.example:80/",
            "https://a.example:443",
            "http://[::1]:8080",
            "app://x",
        ]
        expected = ("https://games.example", "http://a.example", "https://a.example", "http://[::1]:8080", "app://x")
        self.assertEqual(load({"origin": given}).origin, expected)
        for wrong in ("games.example", "https://a.example/path", "https://", "*", "https://a b"):
            self.assertIn("scheme://host", self.refused({"origin": [wrong]}))

    def test_time_zone(self) -> None:
        """A zone is named as in the list of zones."""
        self.assertEqual(load({"time_zone": "Europe/Berlin"}).time_zone, "Europe/Berlin")
        for wrong in ("CET-1CEST", "Mars/Phobos", "../etc/passwd", "", 5):
            self.assertIn("time_zone (from option --time-zone): expected", self.refused({"time_zone": wrong}))

    def test_public_url(self) -> None:
        """People must be able to open it."""
        for wrong in ("games.example", "ftp://games.example", "https://", "https://a.example/?a=b", "http://[::1"):
            self.assertIn("public_url (from option --public-url): expected", self.refused({"public_url": wrong}))

    def test_node_address(self) -> None:
        """A node's own address is below the public one, unless it is given; without a name any node is behind it."""
        both = {"public_url": "https://a.example/games", "node_name": "b-2"}
        self.assertEqual(
            (load(both).node_address, load(both).node_path), ("https://a.example/games/n/b-2", "/games/n/b-2")
        )
        named = load({**both, "node_url": "http://b.example:8081/"})
        self.assertEqual((named.node_address, named.node_path), ("http://b.example:8081", ""))
        self.assertEqual(load({"public_url": "https://a.example"}).node_address, "https://a.example")
        self.assertIsNone(load({"node_name": "a"}).node_address)
        for wrong in ("", "a b", "a/b", "-a", "ü", "a" * 33):
            self.assertIn("node_name (from option --node-name): expected", self.refused({"node_name": wrong}))

    def test_sync(self) -> None:
        """Two words, with what they mean."""
        self.assertIn('"power" (survives a power cut', self.refused(config=self.file('sync = "full"')))
