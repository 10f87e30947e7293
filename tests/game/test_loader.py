"""Finding games: every kind of place, what is broken and why, and two of one name."""

from __future__ import annotations

import errno
import importlib
import importlib.metadata
import os
import pickle
import sys
import traceback
from pathlib import Path
from textwrap import dedent
from typing import get_type_hints

from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import GameLoadError
from gameserver.game import importing, loader
from gameserver.game.loader import BrokenGame, Catalog

CLASS = "from gameserver import Game\nclass {name}(Game):\n    pass\n"
FUNCTION = "def payload_handler(group_add, socket_self_send, socket_group_send, payload):\n    pass\n"


class LoaderCase(SynchronousTestCase):
    """What the tests below share: a folder, and files in it."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()

    def write(self, files: dict[str, str] | None = None, **more: str) -> Path:
        """Write modules by their names, such as ``one`` or ``package/one``."""
        for name, text in {**(files or {}), **more}.items():
            path = self.folder / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), "utf-8")
        return self.folder

    def load(self, *places: object) -> Catalog:
        """Load places alone, and nothing that is installed beside them."""
        return loader.load([str(place) for place in places], sample_games=False, entry_points=False)

    def importable(self, name: str) -> None:
        """Let Python import what is in the folder, until the test ends."""
        self.patch(sys, "path", [str(self.folder), *sys.path])
        importlib.invalidate_caches()
        self.addCleanup(lambda: [sys.modules.pop(known) for known in list(sys.modules) if known.split(".")[0] == name])

    def broken(self, *places: object) -> BrokenGame:
        """Load, and give the one that is broken."""
        (broken,) = self.load(*places).broken
        return broken


class FolderTests(LoaderCase):
    def test_both_styles(self) -> None:
        """A class is named after itself, a function after its module."""
        catalog = self.load(self.write(one=CLASS.format(name="TicTacToe"), two=FUNCTION))
        self.assertEqual(list(catalog.games), ["tic_tac_toe", "two"])
        self.assertEqual(catalog.places["two"], str(self.folder / "two.py"))
        self.assertEqual(catalog.broken, [])

    def test_name_set_by_the_game(self) -> None:
        """A name of one's own comes before the class's or module's."""
        folder = self.write(one=CLASS.format(name="One") + "    name = 'uno'\n", two=FUNCTION + "name = 'due'\n")
        self.assertEqual(list(self.load(folder).games), ["uno", "due"])

    def test_private_and_test_modules_are_left_out(self) -> None:
        """So are what is imported and what begins with an underscore."""
        text = CLASS.format(name="One") + "class _Hidden(Game):\n    pass\n"
        folder = self.write(one=text, _shared="1 / 0", test_one="1 / 0")
        (folder / ".hidden.py").write_text("1 / 0")
        (folder / "readme.txt").write_text("1 / 0")
        catalog = self.load(folder)
        self.assertEqual((list(catalog.games), catalog.broken), (["one"], []))

    def test_module_without_game_is_a_neighbour(self) -> None:
        """A folder may hold modules that games share, and import them with a dot."""
        text = "from gameserver import Game\nfrom .cards import SUITS\nclass Whist(Game):\n    suits = SUITS\n"
        catalog = self.load(self.write(cards="SUITS = 4\n", whist=text))
        self.assertEqual((list(catalog.games), catalog.broken), (["whist"], []))

    def test_package(self) -> None:
        """A package is one game's, with relative imports, and classes of its modules."""
        game = "from gameserver import Game\nfrom . import questions\nclass Trivia(Game):\n    q = questions.Q\n"
        init = "from .game import Trivia\n"
        files = {"trivia/__init__": init, "trivia/game": game, "trivia/questions": "Q = ['why?']\n"}
        folder = self.write(files)
        self.assertEqual(self.load(folder).games["trivia"].q, ["why?"])  # type: ignore[attr-defined]
        self.assertEqual(list(self.load(folder / "trivia").games), ["trivia"])

    def test_package_with_function(self) -> None:
        """The function style works in a package as well."""
        self.assertEqual(list(self.load(self.write({"rps/__init__": FUNCTION})).games), ["rps"])

    def test_folder_that_is_a_package_without_games(self) -> None:
        """An ``__init__.py`` beside the games does not hide them."""
        self.assertEqual(list(self.load(self.write(__init__="", one=FUNCTION)).games), ["one"])

    def test_imported_class_is_not_a_game_again(self) -> None:
        """A module gives what it defines, not what it imports."""
        again = "from .one import One\nclass Two(One):\n    name = 'two'\n"
        catalog = self.load(self.write(one=CLASS.format(name="One"), two=again))
        self.assertEqual((list(catalog.games), catalog.broken), (["one", "two"], []))

    def test_files_of_one_name_in_two_folders(self) -> None:
        """Modules of two folders never meet in `sys.modules`."""
        folder = self.write({"a/game": CLASS.format(name="One"), "b/game": CLASS.format(name="Two")})
        games = self.load(folder / "a", folder / "b").games
        self.assertEqual(list(games), ["one", "two"])
        self.assertNotEqual(games["one"].__module__, games["two"].__module__)

    def test_named_as_its_author_would(self) -> None:
        """Whatever shows a module's name shows the folder's and the file's, and nothing that the loader made up."""
        text = """
            from dataclasses import dataclass
            from gameserver import Game
            class BadMove(Exception): ...
            @dataclass
            class Card:
                rank: "int"
            class One(Game):
                worst = BadMove()
                card = Card
        """
        self.write({"my.games 1/one": text, "my.games 1/two": "from .one import Two"})
        catalog = self.load(self.folder / "my.games 1")
        game = catalog.games["one"]
        home = f"{self.folder.name}/my_games 1.one"
        shown = [
            repr(game),
            "".join(traceback.format_exception_only(game.worst)),  # type: ignore[attr-defined]
            repr(game.card),  # type: ignore[attr-defined]
        ]
        self.assertEqual(shown, [f"<class '{home}.One'>", f"{home}.BadMove\n", f"<class '{home}.Card'>"])
        self.assertIn(f"cannot import name 'Two' from '{home}'", catalog.broken[0].error)
        self.assertIs(pickle.loads(pickle.dumps(game)), game)

    def test_named_apart(self) -> None:
        """Folders that end alike are told apart by what is before; the same folder has the same name each time."""
        self.write({f"{folder}/games/one": CLASS.format(name=folder.title()) for folder in ("x", "y")})
        self.write({"z/y/games/one": CLASS.format(name="Z"), "z/y/ga_mes/one": CLASS.format(name="A")})
        self.write({"z/y/ga.mes/one": CLASS.format(name="B")})
        places = [self.folder / place for place in ("y/games", "z/y/games", "x/games", "z/y/ga_mes", "z/y/ga.mes")]
        for _ in range(2):
            modules = [game.__module__ for game in self.load(*places).games.values()]
            self.assertEqual(modules[:4], ["y/games.one", "z/y/games.one", "x/games.one", "y/ga_mes.one"])
            self.assertEqual(modules[4], "z/y/ga_mes.one")
        self.patch(sys, "modules", dict(sys.modules))
        names = [importing._package_of(Path(place)) for place in ("/g.a", "/g_a", "/g.a")]
        self.assertEqual(names, ["/g_a", "/g_a~2", "/g_a"])

    def test_type_hints_are_found(self) -> None:
        """Annotations given as text are looked up in the game's own module."""
        text = """
            from __future__ import annotations
            from gameserver import Game
            class Card: ...
            class One(Game):
                def play(self, card: Card) -> None: ...
        """
        game = self.load(self.write(one=text)).games["one"]
        self.assertEqual(get_type_hints(game.play)["card"].__name__, "Card")  # type: ignore[attr-defined]

    def test_loaded_again(self) -> None:
        """What has changed since is read again, and what is gone is gone."""
        self.load(self.write(one=CLASS.format(name="One")))
        self.assertEqual(list(self.load(self.write(one=CLASS.format(name="Another"))).games), ["another"])

    def test_loaded_again_within_a_second(self) -> None:
        """What has changed is read again though it has as many bytes and the same second; so is what a game imports."""
        self.patch(sys, "dont_write_bytecode", False)
        for name, points in (("two", 1), ("six", 2)):
            text = f"from .rules import POINTS\n{CLASS.format(name=name.title())}    points = POINTS\n"
            self.write(
                {"games/__init__": "from .game import *", "games/game": text, "games/rules": f"POINTS = {points}"}
            )
            for file in (self.folder / "games").glob("*.py"):
                os.utime(file, (1_700_000_000, 1_700_000_000))
            ((found, game),) = self.load(self.folder).games.items()
            self.assertEqual((found, game.points), (name, points))  # type: ignore[attr-defined]

    def test_same_place_twice(self) -> None:
        """A folder and a file in it are no two games."""
        folder = self.write(one=FUNCTION)
        catalog = self.load(folder, folder / "one.py", folder / ".." / folder.name)
        self.assertEqual((list(catalog.games), catalog.broken), (["one"], []))

    def test_folder_that_nobody_may_look_into(self) -> None:
        """A disk has a folder ``lost+found``, which is the superuser's alone: the games beside it are served."""
        self.write(one=CLASS.format(name="One"))
        (self.folder / "lost+found").mkdir()
        real = Path.is_file

        def is_file(path: Path) -> bool:
            if "lost+found" in path.parts:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path)

        self.patch(Path, "is_file", is_file)
        catalog = self.load(self.folder)
        self.assertEqual((list(catalog.games), catalog.broken), (["one"], []))

    def test_link_to_itself(self) -> None:
        """A file that is none is listed as broken."""
        self.write(one=CLASS.format(name="One"))
        (self.folder / "loop.py").symlink_to("loop.py")
        catalog = self.load(self.folder)
        self.assertEqual((list(catalog.games), [each.name for each in catalog.broken]), (["one"], ["loop"]))


class PlaceTests(LoaderCase):
    def test_file(self) -> None:
        """One file, and not its neighbours."""
        folder = self.write(one=FUNCTION, two=FUNCTION)
        self.assertEqual(list(self.load(folder / "two.py").games), ["two"])

    def test_dotted_path(self) -> None:
        """A module that Python imports, under its own name."""
        self.write({"shopone/__init__": "", "shopone/games": CLASS.format(name="One") + CLASS.format(name="Two")})
        self.importable("shopone")
        self.assertEqual(list(self.load("shopone.games").games), ["one", "two"])
        self.assertEqual(list(self.load("shopone.games:Two").games), ["two"])
        self.assertEqual(self.load("shopone.games:Two").places["two"], "shopone.games:Two")

    def test_place_that_is_not_there(self) -> None:
        """Whoever named it is told at once."""
        for wrong in ("nowhere", "no/where", "nowhere.py", "no where", "nowhere.games", "json.nowhere", "nowhere:A"):
            error = self.assertRaises(GameLoadError, self.load, wrong)
            self.assertTrue(str(error).startswith(wrong), str(error))
        self.assertIn(str(Path("no/where").absolute()), str(self.assertRaises(GameLoadError, self.load, "no/where")))

    def test_file_that_is_not_python(self) -> None:
        """The error says what a game is."""
        (self.folder / "game.js").write_text("")
        error = self.assertRaises(GameLoadError, self.load, self.folder / "game.js")
        self.assertIn("is not a Python file", str(error))

    def test_class_that_is_not_there(self) -> None:
        """The error names the classes that are."""
        self.write(shoptwo=CLASS.format(name="Chess"))
        self.importable("shoptwo")
        error = self.assertRaises(GameLoadError, self.load, "shoptwo:Chss")
        self.assertIn("it has Chess", str(error))
        self.assertIn("it has none", str(self.assertRaises(GameLoadError, self.load, "json:JSONDecoder")))

    def test_named_module_without_game(self) -> None:
        """A file that was named, and has no game, is listed with what one looks like."""
        broken = self.broken(self.write(one="x = 1\n") / "one.py")
        self.assertEqual(broken.name, "one")
        self.assertIn("payload_handler(group_add, socket_self_send, socket_group_send, payload)", broken.error)


class BrokenTests(LoaderCase):
    def test_others_are_served(self) -> None:
        """A broken game harms nobody else."""
        catalog = self.load(self.write(bad="1 / 0\n", good=FUNCTION))
        self.assertEqual(list(catalog.games), ["good"])
        self.assertEqual([(b.name, b.place) for b in catalog.broken], [("bad", str(self.folder / "bad.py"))])

    def test_exception_names_file_and_line(self) -> None:
        """The line is the game's own, not that of a library it called."""
        broken = self.broken(self.write(bad="import json\n\njson.loads('{')\n"))
        self.assertRegex(broken.error, r"^JSONDecodeError: .* \(.*/bad\.py, line 3\)$")

    def test_syntax_error_names_file_and_line(self) -> None:
        """So does what is no Python."""
        broken = self.broken(self.write(bad="x = 1\ndef f(:\n"))
        self.assertEqual(broken.error, f"SyntaxError: invalid syntax ({self.folder / 'bad.py'}, line 2)")

    def test_bytes_that_are_no_text(self) -> None:
        """A file that is not UTF-8 is no reason to stop."""
        (self.folder / "bad.py").write_bytes(b"x = '\xff'\n")
        self.assertIn("bad.py", self.broken(self.folder).error)

    def test_import_error_names_file_and_line(self) -> None:
        """Something that is not installed is said with who wanted it."""
        error = self.broken(self.write(bad="\nimport not_installed_anywhere\n")).error
        self.assertIn("No module named 'not_installed_anywhere'", error)
        self.assertIn(f"({self.folder / 'bad.py'}, line 2)", error)

    def test_package_names_the_module_at_fault(self) -> None:
        """The file is the one inside the package."""
        error = self.broken(self.write({"quiz/__init__": "from . import q\n", "quiz/q": "\n\n1 / 0\n"})).error
        self.assertEqual(error, f"ZeroDivisionError: division by zero ({self.folder / 'quiz' / 'q.py'}, line 3)")

    def test_exit_does_not_stop_the_server(self) -> None:
        """A script that ends itself ends itself alone."""
        self.assertIn("SystemExit", self.broken(self.write(bad="import sys\nsys.exit(1)\n")).error)

    def test_definition_error_names_the_class(self) -> None:
        """A game that is Python but no game is broken too, with the line of its class."""
        text = "from gameserver import Game\n\nclass Bad(Game):\n    min_players = 'two'\n"
        broken = self.broken(self.write(bad=text))
        self.assertRegex(broken.error, r"min_players.*bad\.py, line \d+\)$")

    def test_parameters_of_the_function(self) -> None:
        """All four, in their order; the error names them and the function's line."""
        right = "group_add, socket_self_send, socket_group_send, payload"
        for wrong in ("payload", "socket_self_send, group_add, socket_group_send, payload", f"{right}, more=1", "*all"):
            error = self.broken(self.write(bad=f"\ndef payload_handler({wrong}):\n    pass\n")).error
            self.assertIn(f"({right})", error)
            self.assertIn(f"({self.folder / 'bad.py'}, line 2)", error)
        self.assertIn(f"({right})", self.broken(self.write(bad="payload_handler = 3\n")).error)

    def test_broken_module_leaves_nothing_behind(self) -> None:
        """Half a module is not found by the next that imports it."""
        before = set(sys.modules)
        self.load(self.write(bad="1 / 0\n"))
        self.assertEqual([name for name in set(sys.modules) - before if name.endswith(".bad")], [])

    def test_broken_dotted_path(self) -> None:
        """A module that is there, but breaks, is listed; it is not the place that is wrong."""
        self.write(shopthree="import not_installed_anywhere\n")
        self.importable("shopthree")
        broken = self.broken("shopthree:Chess")
        self.assertEqual((broken.name, broken.place), ("shopthree", "shopthree:Chess"))
        self.assertIn(f"({self.folder / 'shopthree.py'}, line 1)", broken.error)


class CalendarTests(LoaderCase):
    """The times at which the calendar is to call a game."""

    def test_times_that_the_calendar_does_not_have(self) -> None:
        """Such a game is broken; game, method and expression are told, and the others are served."""
        timed = "from gameserver import Game, cron\n\n\nclass {}(Game):\n    @cron({!r})\n    def nightly(self): 0\n"
        folder = self.write(
            foo=timed.format("Foo", "0 0 * foo *"),
            good=FUNCTION,
            late=timed.format("Late", "0 0 * * sun-tue"),
            later=timed.format("Later", "0 1 * * *"),
        )

        def calendar(expression: str) -> None:
            if expression == "0 1 * * *":
                raise ValueError("there is no one o'clock")

        catalog = loader.load([str(folder)], sample_games=False, entry_points=False, calendar=calendar)
        self.assertEqual(set(catalog.games), {"good", "late"})
        broken = {each.name: each.error for each in catalog.broken}
        self.assertEqual(set(broken), {"Foo", "Later"})
        self.assertIn("Foo.nightly: cron('0 0 * foo *'): 'foo' is no month.", broken["Foo"])
        self.assertIn("Later.nightly: cron('0 1 * * *'): there is no one o'clock.", broken["Later"])
        self.assertIn("later.py, line 4)", broken["Later"])


class TwinTests(LoaderCase):
    def test_neither_is_served(self) -> None:
        """Two games of one name are both refused, and each error names both places."""
        folder = self.write({"a/one": FUNCTION, "b/one": FUNCTION, "b/two": FUNCTION})
        catalog = self.load(folder / "a", folder / "b")
        self.assertEqual((list(catalog.games), list(catalog.places)), (["two"], ["two"]))
        places = [str(folder / "a" / "one.py"), str(folder / "b" / "one.py")]
        self.assertEqual([broken.place for broken in catalog.broken], places)
        for broken in catalog.broken:
            self.assertIn("more than one game is named one", broken.error)
            for place in places:
                self.assertIn(place, broken.error)

    def test_a_sample_gives_way(self) -> None:
        """An author's game may be named as a sample is, even while it is broken; the other samples are served."""
        unfit = CLASS.format(name="Sketch") + "    max_players = 0\n"
        folder = self.write(tictactoe=FUNCTION, trivia="1 / 0\n", sketch=unfit)
        catalog = loader.load([str(folder)], entry_points=False)
        self.assertEqual(catalog.places["tictactoe"], str(folder / "tictactoe.py"))
        self.assertEqual(
            {broken.place for broken in catalog.broken}, {str(folder / f"{n}.py") for n in ("sketch", "trivia")}
        )
        self.assertFalse({"sketch", "trivia"} & catalog.games.keys())
        self.assertIn("reversi", catalog.games)

    def test_third_is_refused_too(self) -> None:
        """A third does not slip in after the first two were refused."""
        folder = self.write({"a/one": FUNCTION, "b/one": FUNCTION, "c/one": FUNCTION})
        catalog = self.load(folder / "a", folder / "b", folder / "c")
        self.assertEqual((catalog.games, len(catalog.broken)), ({}, 3))
        self.assertEqual(len({broken.error for broken in catalog.broken}), 1)

    def test_in_one_file(self) -> None:
        """Where the file is the same, the classes tell them apart."""
        text = CLASS.format(name="One") + "    name = 'x'\nclass Two(Game):\n    name = 'x'\n"
        error = self.load(self.write(one=text)).broken[0].error
        self.assertIn("one.py (One)", error)
        self.assertIn("one.py (Two)", error)

    def test_one_class_by_two_ways(self) -> None:
        """One class that is found twice is one game."""
        self.write(shopfour=CLASS.format(name="One"))
        self.importable("shopfour")
        catalog = self.load("shopfour", "shopfour:One")
        self.assertEqual((list(catalog.games), catalog.broken), (["one"], []))


class EntryPointTests(LoaderCase):
    """Entry points of an installed package, which is a folder with its metadata here."""

    def install(self, *lines: str) -> None:
        """Write the metadata that an installer would."""
        metadata = self.folder / "shopfive-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shopfive\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text("\n".join(["[gameserver.games]", *lines]))
        self.importable("shopfive")

    def load_points(self) -> Catalog:
        """Load what packages offer."""
        return loader.load([], sample_games=False)

    def test_module_and_class(self) -> None:
        """An entry point is a module or a class."""
        self.write({"shopfive/__init__": "", "shopfive/a": FUNCTION, "shopfive/b": CLASS.format(name="Chess")})
        self.install("first = shopfive.a", "second = shopfive.b:Chess")
        catalog = self.load_points()
        self.assertEqual(list(catalog.games), ["a", "chess"])
        self.assertEqual(catalog.places["chess"], "entry point second = shopfive.b:Chess")

    def test_broken(self) -> None:
        """Nobody named it, hence nothing stops, whether it is missing, breaks, or is no game."""
        self.write({"shopfive/__init__": "", "shopfive/bad": "\n1 / 0\n", "shopfive/none": "x = 1\n"})
        self.install("gone = shopfive.gone", "bad = shopfive.bad", "number = shopfive.none:x", "empty = shopfive.none")
        errors = {broken.place.split()[2]: broken.error for broken in self.load_points().broken}
        self.assertEqual(set(errors), {"gone", "bad", "number", "empty"})
        self.assertIn("No module named 'shopfive.gone'", errors["gone"])
        self.assertIn("bad.py, line 2", errors["bad"])
        self.assertIn("neither a module nor a subclass", errors["number"])
        self.assertIn("no game in it", errors["empty"])


class SampleTests(SynchronousTestCase):
    def test_all_are_sound(self) -> None:
        """The samples are found in a checkout, and none is broken."""
        catalog = loader.load([], entry_points=False)
        self.assertLessEqual({"rps", "tictactoe"}, set(catalog.games))
        self.assertEqual(catalog.broken, [])

    def test_left_out(self) -> None:
        """They are served only where they are wanted."""
        self.assertEqual(loader.load([], sample_games=False, entry_points=False), Catalog())

    def test_only_of_a_checkout(self) -> None:
        """A folder ``games`` beside an installed package is somebody else's."""
        folder = Path(self.mktemp())
        (folder / "gameserver" / "game").mkdir(parents=True)
        (folder / "games").mkdir()
        self.patch(importing, "__file__", str(folder / "gameserver" / "game" / "importing.py"))
        self.assertIsNone(importing.sample_folder())
        (folder / "setup.py").write_text("")
        self.assertEqual(importing.sample_folder(), folder / "games")
        (folder / "gameserver" / "_games").mkdir()
        self.assertEqual(importing.sample_folder(), folder / "gameserver" / "_games")
