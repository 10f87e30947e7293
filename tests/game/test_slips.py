"""Slips of the pen in a game's class: what is refused, what is pointed out, and what is nobody's business."""

from __future__ import annotations

from typing import Any

from twisted.logger import LogPublisher, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.errors import GameDefinitionError
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
