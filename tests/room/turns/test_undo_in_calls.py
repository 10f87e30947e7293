"""What one may take back while others, who are called too, are done: each their own, and no more."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table, Visitor


class Passing(Game):
    """All choose something in secret; two teams take turns in which each is done alone."""

    max_players = 4

    def on_start(self) -> None:
        for i, player in enumerate(self.players):
            self.group("ab"[i % 2]).public = True
            self.group("ab"[i % 2]).add(player)
        self.turns.begin([self.group("a"), self.group("b")])
        self.turns.everyone(stage="give", then=self.given)

    @message(turn=True, stage="give", undo=True)
    def give(self, player: Player, card: str) -> None:
        player.state["given"] = card
        self.turns.done(player)

    @message(turn=True, stage="give", undo=True)
    def help(self, player: Player, other: Player) -> None:
        self.turns.also(other)
        self.turns.done(player)

    @message(turn=True, undo=True)
    def go(self, player: Player) -> None:
        self.turns.done(player)

    def given(self) -> None: ...


class CallTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Passing)
        self.ann, self.bob, self.cleo, self.dan = (self.table.join(name) for name in ("Ann", "Bob", "Cleo", "Dan"))
        self.table.start()

    def active(self) -> list[str]:
        return sorted(player.name for player in self.table.turns.active)

    def give(self, *visitors: Visitor) -> None:
        for visitor in visitors:
            visitor.send("give", card=visitor.name)

    def test_others_are_done_meanwhile(self) -> None:
        self.give(self.ann, self.bob)
        self.assertEqual(self.active(), ["Cleo", "Dan"])
        self.ann.undo()
        self.assertEqual((self.active(), self.ann.state), (["Ann", "Cleo", "Dan"], {}))
        self.table.restart()
        self.bob.undo()
        self.assertEqual(self.active(), ["Ann", "Bob", "Cleo", "Dan"])
        self.give(self.bob, self.ann, self.cleo)
        self.cleo.undo()
        self.bob.undo()
        self.assertEqual(self.active(), ["Bob", "Cleo", "Dan"])
        self.give(self.cleo, self.dan, self.bob)
        self.assertIsNone(self.table.turns.stage)
        for visitor in (self.ann, self.cleo, self.dan):
            self.assertRaises(Refused, visitor.undo)
        self.bob.undo()
        self.assertEqual((self.active(), self.table.turns.stage), (["Bob"], "give"))

    def test_who_was_called_again(self) -> None:
        """What a message did to others is taken back with it; what they did themselves is theirs."""
        self.give(self.bob)
        self.ann.send("help", other=self.bob.id)
        self.assertEqual(self.active(), ["Bob", "Cleo", "Dan"])
        self.give(self.dan)
        self.ann.undo()
        self.assertEqual(self.active(), ["Ann", "Cleo"])
        self.dan.undo()
        self.assertEqual(self.active(), ["Ann", "Cleo", "Dan"])

    def test_teams(self) -> None:
        """A team's turn is the same while its players are done one by one."""
        self.give(self.ann, self.bob, self.cleo, self.dan)
        self.ann.send("go")
        self.assertEqual(self.active(), ["Cleo"])
        self.ann.undo()
        self.assertEqual(self.active(), ["Ann", "Cleo"])
        self.ann.send("go")
        self.cleo.send("go")
        self.assertEqual(self.active(), ["Bob", "Dan"])
        self.assertRaises(Refused, self.ann.undo)
        self.cleo.undo()
        self.assertEqual(self.active(), ["Cleo"])
