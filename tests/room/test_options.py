"""The host changes the room's options between rounds: the message ``options``, and the hook ``on_options``."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table, Visitor
from tests.game.test_function import module


class Board(Game):
    """A board of a size that the host may change."""

    roles = {"screen": 1}

    def on_create(self, size: Annotated[int, Meta(ge=1, le=9)] = 3, word: str = "oak") -> None:
        self.state["cells"] = [None] * size

    def on_options(self, old: dict[str, Any]) -> None:
        self.state["cells"] = [None] * self.options["size"]
        self.state["was"] = old
        if self.options["word"] == "no":
            raise Refused("not that word", code="bad_word")
        if self.options["word"] == "fail":
            raise ValueError(self.options["word"])

    @message
    def end(self, player: Player) -> None:
        self.over()


class Silent(Game):
    """Has no hook: the name is that of a message of its own."""

    def on_create(self, size: int = 3) -> None: ...

    @message
    def on_options(self, player: Player) -> str:
        return "mine"


class OptionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Board, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def refused(self, visitor: Visitor, **options: Any) -> Refused:
        """:returns: why options were refused, which were none of it after that."""
        before = self.table.room.state.options, self.table.state
        refused = self.assertRaises(Refused, visitor.ask, "options", options=options)
        self.assertEqual((self.table.room.state.options, self.table.state), before)
        return refused

    def test_lobby(self) -> None:
        """All are told; the game hears what they were; what is left out has its default."""
        self.assertIsNone(self.ann.ask("options", options={"size": 4, "word": "elm"}))
        self.assertEqual(self.bob.info["options"], {"size": 4, "word": "elm"})
        self.ann.ask("options", options={"size": 5})
        self.assertEqual(self.bob.info["options"], {"size": 5, "word": "oak"})
        self.assertEqual(self.bob.docs["room"], {"cells": [None] * 5, "was": {"size": 4, "word": "elm"}})

    def test_host_alone(self) -> None:
        """Others are `forbidden`, also a screen of somebody else; and whatever they send."""
        self.assertEqual(self.refused(self.bob, size=4).code, "forbidden")
        self.assertEqual(self.refused(self.bob, size="x").code, "forbidden")
        self.assertEqual(self.refused(self.table.join("TV", "screen"), size=4).code, "forbidden")

    def test_between_rounds(self) -> None:
        """While a game is played they stay; once it is over they may change."""
        self.ann.start()
        self.assertEqual(self.refused(self.ann, size=4).code, "refused")
        self.ann.send("end")
        self.ann.ask("options", options={"size": 4})
        self.assertEqual(len(self.table.state["cells"]), 4)

    def test_checked_like_create(self) -> None:
        """What no room is created with is refused, with its path."""
        for options, path in (({"size": 0}, "$.size"), ({"size": "4"}, "$.size"), ({"colour": 1}, "$")):
            refused = self.refused(self.ann, **options)
            self.assertEqual((refused.code, refused.path), ("bad_data", path), options)
        self.assertEqual(self.refused(self.ann, word="x" * 5000).code, "too_large")

    def test_hook_refuses(self) -> None:
        """Where the hook raises, all of it is as it was."""
        self.assertEqual(self.refused(self.ann, word="no").code, "bad_word")
        self.assertEqual(self.refused(self.ann, word="fail").code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_restart(self) -> None:
        """They are stored."""
        self.ann.ask("options", options={"size": 4})
        self.table.restart()
        self.assertEqual(self.table.room.state.options, {"size": 4, "word": "oak"})

    def test_name_of_its_own(self) -> None:
        """A game that has the name for something else goes on with it."""
        table = Table(Silent)
        ann = table.join("Ann")
        ann.ask("options", options={"size": 7})
        self.assertEqual((ann.info["options"], ann.send("on_options")), ({"size": 7}, "mine"))

    def test_function_style(self) -> None:
        """The function is called with OPTIONS, and what they were."""
        heard: list[Any] = []

        def payload_handler(group_add, socket_self_send, socket_group_send, payload):  # type: ignore[no-untyped-def]
            if payload["action"] == "OPTIONS":
                heard.append((payload["data"], payload["options"], payload["user"]))
                if payload["options"].get("size") == 0:
                    raise Refused("too small")

        table = Table(module(payload_handler, needs_start=True))
        ann = table.join("Ann")
        ann.ask("options", options={"size": 4})
        self.assertRaises(Refused, ann.ask, "options", options={"size": 0})
        self.assertEqual(heard, [({}, {"size": 4}, None), ({"size": 4}, {"size": 0}, None)])
        self.assertEqual(ann.info["options"], {"size": 4})
