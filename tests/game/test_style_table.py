"""The table of what each style has, in the guide to functions: whole, and true."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

import gameserver
from gameserver import Game, Group, Player, Team, Teams
from gameserver.game import function
from gameserver.game.function_step import LATER, FunctionGroups, FunctionTimers
from gameserver.game.function_teams import FunctionTeams
from gameserver.game.settings import SETTINGS
from gameserver.game.slips import HOOKS
from gameserver.testing import Table
from tests.game.test_function import module
from tests.test_public import DOCS, members

PAGE: Final = Path(DOCS) / "guides" / "functions.rst"
CLASSES: Final[dict[str, Any]] = {"self": Game, "player": Player, "group": Group, "team": Team, "teams": Teams}


def columns() -> list[tuple[str, set[str], set[str]]]:
    """:returns: of each row its words, and what stands in its two columns."""
    table = PAGE.read_text("utf-8").partition("What each style has\n")[2].partition("Settings are those")[0]
    rows = re.findall(r"^   \* - (.+)\n     - (.+(?:\n       .+)*)\n     - (.+(?:\n       .+)*)", table, re.M)
    return [(words, _names(left), _names(right)) for words, left, right in rows[1:]]


def _names(cell: str) -> set[str]:
    return set(re.findall(r"``(.+?)``", cell))


def _public(cls: type[Any]) -> set[str]:
    return {*members(cls), *(name for name in cls.__annotations__ if not name.startswith("_"))}


class StyleTableTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.rows = columns()
        self.in_class = set().union(*(left for _, left, _ in self.rows))
        self.in_function = set().union(*(right for _, _, right in self.rows))

    def test_both_columns_stand_in_each_row(self) -> None:
        """A class can do all of it; where a function cannot, a dash says so."""
        text = PAGE.read_text("utf-8").partition("What each style has\n")[2]
        self.assertEqual(len(self.rows), text.partition("A game to read")[0].count("   * - ") - 1)
        for words, left, _ in self.rows:
            self.assertTrue(left, words)

    def test_class_column_is_whole(self) -> None:
        """All of `Game` and `Player`, all hooks and marks; and no other name than there is."""
        marks = {f"@{name}" for name in ("message", "timer", "cron", "question", "bot")}
        wanted = {f"self.{name}" for name in _public(Game) - HOOKS} | {f"player.{name}" for name in _public(Player)}
        self.assertEqual((wanted | HOOKS | marks) - self.in_class, set())
        for name in self.in_class - HOOKS - marks - SETTINGS - {"player"}:
            owner, _, member = name.partition(".")
            cls = CLASSES[owner]
            self.assertTrue(hasattr(cls, member) or member in _public(cls), name)
        for mark in marks:
            self.assertTrue(hasattr(gameserver, mark[1:]))

    def test_function_column_is_whole(self) -> None:
        """All keys, actions and functions of a call."""
        actions = set(re.findall(r'_call\("([A-Z_]+)"', inspect.getsource(function)))
        wanted = actions | {*function.PARAMETERS[:3]} | {f'payload["{key}"]' for key in LATER}
        for key, cls in (("timers", FunctionTimers), ("groups", FunctionGroups), ("teams", FunctionTeams)):
            wanted |= {f'payload["{key}"].{name}' for name in members(cls)}
        self.assertEqual(wanted - self.in_function, set())

    def test_function_column_is_true(self) -> None:
        """Each of it is found in a call."""
        paths = {name for name in self.in_function if name.startswith("payload")}
        missing: set[str] = set()
        keys: set[str] = set()

        def payload_handler(group_add, socket_self_send, socket_group_send, payload):  # type: ignore[no-untyped-def]
            if payload["action"] != "look":
                return
            keys.update(payload)
            missing.update(path for path in paths if not _found(payload, path))

        table = Table(module(payload_handler))
        table.join("Ann").send("look")
        # These belong to inputs of one kind: TIMER, and CHAT.
        self.assertEqual(missing, {'payload["timer"]'})
        self.assertEqual({key for key in keys if not any(f'payload["{key}"]' in path for path in paths)}, set())
        of_module = {"bot", "moves", "turn_types"}
        others = self.in_function - paths - {*function.PARAMETERS[:3]} - SETTINGS - HOOKS - of_module
        self.assertTrue(all(name.isupper() for name in others), others)


def _found(payload: Any, path: str) -> bool:
    """Whether ``payload["a"]["b"].c`` is there."""
    value = payload
    for key, name in re.findall(r'\["(\w+)"\]|\.(\w+)', path):
        try:
            value = value[key] if key else getattr(value, name)
        except (KeyError, AttributeError):
            return False
    return True
