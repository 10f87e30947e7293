"""A table at which people go on with another game, and at which the host changes options."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table


class Talk(Game):
    max_players = 4

    @message
    def say(self, player: Player, text: str) -> None:
        self.state["said"] = text


class Duel(Game):
    max_players = 2
    roles = {"spectator": 2}

    def on_create(self, size: int = 3) -> None:
        if size == 0:
            raise Refused("Too small.")

    def on_options(self, old: dict[str, Any]) -> None:
        self.state["size"] = self.options["size"]


class Round(Game):
    absent = "skip"

    def on_start(self) -> None:
        self.turns.begin()


class NextTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Talk)
        self.ann, self.bob = self.table.join("Ann", profile={"avatar": "🐱"}), self.table.join("Bob")

    def test_next(self) -> None:
        """All are in the new room, as who they were, and the table is about that."""
        code = self.table.code
        self.ann.send("say", text="hi")
        self.table.next(Duel, options={"size": 4})
        self.assertNotEqual(self.table.code, code)
        self.assertEqual(
            [(p.name, p.profile) for p in self.table.room.players], [("Ann", {"avatar": "🐱"}), ("Bob", {})]
        )
        self.assertEqual((self.bob.info["options"], self.bob.docs["room"], self.bob.left), ({"size": 4}, {}, None))
        self.ann.options(size=5)
        self.assertEqual(self.bob.docs["room"], {"size": 5})
        self.table.restart()
        self.table.next()
        self.assertEqual((self.ann.info["options"], self.table.game_class), ({"size": 3}, Duel))

    def test_who_left_a_game_that_is_played(self) -> None:
        """That seat was kept until the end of the game, and ends with all others; nothing is left to be done."""
        table = Table(Round)
        ann, bob, cleo = (table.join(name) for name in ("Ann", "Bob", "Cleo"))
        table.start()
        cleo.leave()
        room = table.room
        table.next()
        self.assertEqual((room.changes.later, len(room.seats), cleo.left), ([], 0, "left"))
        self.assertEqual([player.name for player in table.room.players], [ann.name, bob.name])

    def test_who_is_away(self) -> None:
        """Whoever was not connected comes later."""
        self.bob.drop()
        self.table.next(Duel)
        self.assertEqual(len(self.table.room.players), 1)
        self.bob.resume()
        self.assertEqual([player.name for player in self.table.room.players], ["Ann", "Bob"])

    def test_refused(self) -> None:
        """Where the game refuses all stay."""
        self.assertRaises(Refused, self.table.next, Duel, options={"size": 0})
        self.ann.send("say", text="still here")
        self.assertEqual(self.bob.docs["room"], {"said": "still here"})
