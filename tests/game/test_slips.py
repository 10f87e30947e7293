"""Mistakes in a game's class: which are refused, which are pointed out, and what is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.logger import LogPublisher, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

import gameserver
from gameserver import Game, Move, Player, message, question, timer
from gameserver.errors import GameDefinitionError
from gameserver.game.loader import load
from gameserver.game.spec import spec_of


class SlipsTests(SynchronousTestCase):
    def told(self, cls: type[Game]) -> list[str]:
        """:returns: what is pointed out."""
        publisher: LogPublisher = globalLogPublisher
        events: list[Any] = []
        publisher.addObserver(events.append)
        try:
            spec_of(cls)
        finally:
            publisher.removeObserver(events.append)
        return [f"{event['name']}: {event['meant']}" for event in events if "meant" in event]

    def texts(self, files: dict[str, str]) -> list[str]:
        """:returns: what is said of the games in a folder of such files."""
        folder = Path(self.mktemp())
        folder.mkdir()
        for name, source in files.items():
            (folder / name).write_text(source)
        catalog = load([str(folder)], sample_games=False, entry_points=False)
        self.assertEqual(catalog.broken, [])
        return [slip.text for game in catalog.games.values() for slip in spec_of(game).slips]

    def test_hook_without_its_parameter(self) -> None:
        class Game1(Game):
            def on_join(self) -> None:  # type: ignore[override]
                ...

        error = self.assertRaises(GameDefinitionError, spec_of, Game1)
        self.assertIn("def on_join(self, player)", str(error))

    def test_hook_with_one_too_many(self) -> None:
        class Game1(Game):
            async def on_tick(self, dt_s: float, rest: int) -> None:  # type: ignore[override]
                ...

        error = self.assertRaises(GameDefinitionError, spec_of, Game1)
        self.assertIn("Game1.on_tick is called as on_tick(dt_s)", str(error))

    def test_hooks_as_authors_write_them(self) -> None:
        """Other names, defaults, anything at all, other ways to make a method."""

        class Game1(Game):
            def on_create(self, size: int = 3, **rest: Any) -> None: ...

            def on_join(self, who: Player) -> None: ...

            def on_drop(self, player: Player, quietly: bool = False) -> None: ...

            def on_leave(self, *args: Any, **kwargs: Any) -> None: ...

            on_resume = on_join

            @staticmethod
            def on_close() -> None: ...

        self.assertEqual(self.told(Game1), [])

    def test_almost_a_hook(self) -> None:
        class Game1(Game):
            def on_jion(self, player: Player) -> None: ...

        self.assertEqual(self.told(Game1), ["on_jion: on_join"])

    def test_almost_a_setting(self) -> None:
        """Also of a class in between."""

        class Between(Game):
            max_player = 3

        class Game1(Between):
            tick_hertz = 20
            idle_close = 5

        told = self.told(Game1)
        self.assertEqual(told, ["tick_hertz: tick_hz", "idle_close: idle_close_s", "max_player: max_players"])

    def test_ones_own_names(self) -> None:
        """What is like nothing, what begins with a line, and methods: they are the author's."""

        class Game1(Game):
            WORDS = ("a", "b")
            board_size = 3
            _max_player = 4

            @message
            def titles(self, player: Player) -> None: ...

            def online(self) -> None: ...

        self.assertEqual(self.told(Game1), [])

    def test_as_others_write_it(self) -> None:
        """Camel case, and constants."""

        class Game1(Game):
            maxPlayers = 3
            TICK_HZ = 20
            MAX_PLAYER = 3
            MIN_PLAYERS = 2
            min_players = MIN_PLAYERS

            def onJoin(self, player: Player) -> None: ...

            def onPlayerLeave(self, player: Player) -> None: ...

        told = self.told(Game1)
        self.assertEqual(
            told, ["maxPlayers: max_players", "TICK_HZ: tick_hz", "onJoin: on_join", "onPlayerLeave: on_leave"]
        )

    def test_no_such_hook(self) -> None:
        """What is named like a hook and is none, unless the game calls it itself, or something else does."""

        class Game1(Game):
            def on_message(self, player: Player, data: Any) -> None: ...

            def on_explosion(self) -> None: ...

            def on_empty(self) -> None: ...

            @timer
            def on_alarm(self) -> None: ...

            @message
            def on_click(self, player: Player) -> None:
                self.on_empty()

        self.assertEqual(self.told(Game1), ["on_message: @message", "on_explosion: @message"])
        texts = [slip.text for slip in spec_of(Game1).slips]
        self.assertIn("each message has a method of its name, marked with @message", texts[0])
        self.assertIn("on_chat", texts[1])

    def test_forgotten_mark(self) -> None:
        """A method that takes a player, and that nothing makes use of."""

        class Between(Game):
            def shared(self, player: Player) -> None: ...

        class Game1(Between):
            def play(self, player: Player, cell: int) -> None: ...

            def bare(self, player, cell):  # type: ignore[no-untyped-def]
                ...

            def quoted(self, who: gameserver.Player) -> None: ...

        names = ["play: @message", "bare: @message", "quoted: @message", "shared: @message"]
        self.assertEqual(self.told(Game1), names)

    def test_helpers(self) -> None:
        """What is used: called, passed on, named as a string, by a function beside the class; what takes no player."""

        class Game1(Game):
            def imagine(self, player: Player, random: Any) -> None: ...

            def moves(self, player: Player) -> list[Move]:
                return []

            def deal(self, player: Player) -> None: ...

            def bye(self, player: Player) -> None: ...

            def score(self, player: Player) -> int:
                return 1

            def helped(self, player: Player) -> None: ...

            def reset(self) -> None: ...

            def find(self, name: str) -> Player | None: ...

            def _quiet(self, player: Player) -> None: ...

            @staticmethod
            def apart(player: Player) -> None: ...

            @property
            def best(self) -> Player: ...

            @message
            def go(self, player: Player) -> None:
                self.deal(player)
                max(self.players, key=self.score)
                getattr(self, "bye")(player)  # noqa: B009

            @question()
            def choose(self, player: Player) -> int:
                return 1

            @choose.done
            def chosen(self, player: Any) -> None: ...

        self.assertEqual(self.told(Game1), [])

    def test_used_elsewhere(self) -> None:
        """What stands in a table, what a decorator has kept, what a module that is imported calls."""
        files = {
            "ways.py": "def strike(game): game.struck(game.host)",
            "duel.py": """
from gameserver import Game
from .ways import strike

verbs = []

class Duel(Game):
    def thrust(self, player): ...
    def struck(self, player): ...
    def forgotten(self, player): ...
    @verbs.append
    def gone(self, player): ...
    @lambda f: verbs.append(f) or f
    def parry(self, player): ...
    TABLE = {"a": thrust}
""",
        }
        forgotten = "Duel.forgotten takes a player, and nothing calls it; is @message forgotten?"
        self.assertEqual(self.texts(files), [forgotten])

    def test_errors_name_what_authors_wrote(self) -> None:
        """Method and type, without the module's name, which the loader made."""
        folder = Path(self.mktemp())
        folder.mkdir()
        source = """
from gameserver import Game, Move, message

class Card: ...

class Duel(Game):
    @message
    def strike(self, player, cards: list[Card] | set[Card]): ...
"""
        (folder / "duel.py").write_text(source)
        (broken,) = load([str(folder)], sample_games=False, entry_points=False).broken
        self.assertIn(" Duel.strike: Type unions", broken.error)
        self.assertIn("`list[Card] | set[Card]`", broken.error)

    def test_names_made_up(self) -> None:
        """Whatever may be called is not pointed out."""
        source = """
from gameserver import Game, Move, message

class Verbs(Game):
    def do_look(self, player): ...
    @message
    def do(self, player, verb: str):
        getattr(self, f"do_{verb}")(player)
"""
        self.assertEqual(self.texts({"verbs.py": source}), [])

    def test_function_style(self) -> None:
        """A module has settings, and no hooks; what it uses itself is its own."""
        source = """
import random
max_player = 3
tickHz = 20
PLAYERS = 3
durabilty = "none"
hold = 5

def on_join(user): ...

def on_jion(user): ...

def on_other(user): ...

def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    on_other(hold)
"""
        calls = "is never called: payload_handler is, for whatever happens."
        self.assertEqual(
            self.texts({"bomb.py": source}),
            [
                "bomb.max_player means nothing here; is max_players meant?",
                "bomb.tickHz means nothing here; is tick_hz meant?",
                "bomb.durabilty means nothing here; is durability meant?",
                f"bomb.on_join {calls}",
                f"bomb.on_jion {calls}",
            ],
        )

    def test_samples(self) -> None:
        """The sample games have none."""
        for name, game in load(entry_points=False).games.items():
            self.assertEqual((name, spec_of(game).slips), (name, []))


def helper(game: Any) -> None:
    """Beside the class, as in an author's module."""
    game.helped(None)
