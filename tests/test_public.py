"""The public surface: what ``gameserver`` gives to authors, and that each part of it is explained."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import gameserver
import gameserver.testing
from gameserver import (
    Answer,
    Asking,
    Channel,
    Chat,
    Dice,
    Game,
    Group,
    Player,
    Question,
    Role,
    RoomChat,
    RoomTable,
    Team,
    Teams,
)
from gameserver.game import settings
from gameserver.game.settings import SETTINGS
from gameserver.testing import Table, Visitor

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = [*sorted((DOCS / "guides").glob("*.rst")), DOCS / "reference" / "game_settings.rst"]
"""What is written for authors. The reference is made from docstrings, and would have every name by itself."""

PUBLIC = [
    "Answer",
    "Asking",
    "Bots",
    "Channel",
    "Chat",
    "Dice",
    "Game",
    "Group",
    "Move",
    "Player",
    "Question",
    "Refused",
    "Role",
    "RoomChat",
    "RoomTable",
    "Some",
    "Team",
    "Teams",
    "Turns",
    "WordFilter",
    "bot",
    "cron",
    "message",
    "question",
    "timer",
]


def members(cls: type[Any]) -> dict[str, Any]:
    """:returns: the public methods and properties that a class itself defines."""
    return {
        name: member
        for name, member in vars(cls).items()
        if not name.startswith("_") and (isinstance(member, property | staticmethod | classmethod) or callable(member))
    }


def sentences() -> dict[str, str]:
    """:returns: what stands below each setting of games where it is declared."""
    (cls,) = (
        node for node in ast.parse(inspect.getsource(settings)).body if getattr(node, "name", "") == "GameSettings"
    )
    assert isinstance(cls, ast.ClassDef)
    found = {}
    for declared, text in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(declared, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(declared.target, ast.Name)
            found[declared.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


class PublicTests(SynchronousTestCase):
    def test_imported_when_asked_for(self) -> None:
        """What a type checker is told of each name is what a program gets, and there is nothing else."""
        (told,) = (
            node
            for node in ast.parse(inspect.getsource(gameserver)).body
            if isinstance(node, ast.If) and any(isinstance(each, ast.ImportFrom) for each in node.body)
        )
        imports = [each for each in told.body if isinstance(each, ast.ImportFrom)]
        modules = {alias.name: each.module for each in imports for alias in each.names}
        self.assertEqual(modules, gameserver._MODULES)
        self.assertEqual(sorted(modules), sorted(gameserver.__all__))
        for name, module in modules.items():
            self.assertIs(getattr(gameserver, name), getattr(sys.modules[module], name))
        self.assertLessEqual(set(gameserver.__all__), set(dir(gameserver)))
        with self.assertRaisesRegex(AttributeError, "module 'gameserver' has no attribute 'Gane'"):
            gameserver.Gane  # noqa: B018 - it is asked for

    def test_names_are_pinned(self) -> None:
        """Changed only by adding, with a line in the changelog."""
        self.assertEqual(sorted(gameserver.__all__), PUBLIC)
        for name in PUBLIC:
            self.assertTrue(hasattr(gameserver, name), name)

    def test_what_a_game_is_given_can_be_named(self) -> None:
        """Authors can import the type of whatever `Game` gives them, for annotations of their own."""
        table = Table(Game, seed=1)
        game = table.game
        for given, cls in ((game.chat, RoomChat), (game.random, Dice), (game.table("words"), RoomTable)):
            self.assertIs(type(given), cls)
            self.assertIs(getattr(gameserver, cls.__name__), cls)

    def test_test_kit_is_pinned(self) -> None:
        """The same for what tests import."""
        self.assertEqual(sorted(gameserver.testing.__all__), ["Event", "Table", "Visitor"])

    def test_public_names_have_docstrings(self) -> None:
        """Each says in its first line what it is for."""
        for name in PUBLIC:
            self.assertTrue(inspect.getdoc(getattr(gameserver, name)), name)

    def test_public_members_have_docstrings(self) -> None:
        """So does each method and property that an author may use."""
        for cls in (
            Game,
            Player,
            Group,
            Role,
            Asking,
            Question,
            Chat,
            Channel,
            Team,
            Teams,
            Answer,
            RoomChat,
            RoomTable,
            Table,
            Visitor,
        ):
            for name, member in members(cls).items():
                self.assertTrue(inspect.getdoc(member), f"{cls.__name__}.{name}")


class GuidesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.words = set(re.findall(r"\w+", self.text()))

    def text(self) -> str:
        return "\n".join(page.read_text("utf-8") for page in GUIDES)

    def test_every_member_is_in_the_guides(self) -> None:
        """What is not told there, authors do not know of."""
        for cls in (Game, Player, Group, Role, Asking, Chat, Channel, RoomChat, RoomTable, Team, Table, Visitor):
            missing = {name for name in members(cls) if name not in self.words}
            self.assertEqual(missing, set(), cls.__name__)

    def test_every_setting_is_in_the_guides(self) -> None:
        """With its default, and the sentence that stands where it is declared, in one table; and no other is."""
        page = (DOCS / "reference" / "game_settings.rst").read_text("utf-8")
        rows = dict(re.findall(r"^   \* - ``(\w+)``\n((?:     .*\n?)+)", page, re.M))
        self.assertEqual(set(rows), SETTINGS - {"name", "title"})
        for name, sentence in sentences().items():
            if name in rows:
                default, text = re.findall(r"^     - ((?:.*\n?(?:       )?)+?)(?=^     -|\Z)", rows[name], re.M)
                value = getattr(Game, name)
                shown = f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')
                self.assertEqual(default.strip(), f"``{shown}``", name)
                self.assertTrue(" ".join(text.split()).startswith(sentence), f"{name}: {sentence}\n{text}")

    def test_every_public_name_is_in_the_guides(self) -> None:
        """What can be imported is explained."""
        for name in PUBLIC:
            self.assertIn(name, self.words)
