"""`self.random`: the same on replay, undone with its step, kept over a restart."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Table, Visitor


class Dice(Game):
    """Rolls."""

    needs_start = False

    def on_create(self) -> None:
        self.state["first"] = self.random.randint(1, 10**6)

    @message
    def roll(self, player: Player, fail: bool = False, refuse: bool = False) -> Any:
        self.state["rolls"] = [self.random.randint(1, 10**6) for _ in range(3)]
        if fail:
            raise ValueError("fail")
        if refuse:
            raise Refused("no")
        return list(self.state["rolls"])

    @message
    def all_ways(self, player: Player) -> Any:
        cards = list(range(20))
        self.random.shuffle(cards)
        return [cards, self.random.choice("abcdef"), self.random.sample(range(99), 5), self.random.random()]

    @message
    def tell(self, player: Player) -> None:
        self.send("rolled", self.random.random())

    @message
    def arm(self, player: Player) -> None:
        self.after(5, self.ring)

    @timer
    def ring(self) -> None:
        self.state["ring"] = self.random.randint(1, 10**6)


def rolls(visitor: Visitor, n: int) -> list[Any]:
    """So many."""
    return [visitor.send("roll") for _ in range(n)]


class RandomTests(SynchronousTestCase):
    """The counter is part of the row."""

    def setUp(self) -> None:
        self.table = Table(Dice, seed=7)
        self.ann = self.table.join("Ann")
        self.expected = rolls(Table(Dice, seed=7).join("Ann"), 6)

    def test_replay(self) -> None:
        """The same seed, the same chance; another seed, another."""
        self.assertEqual(rolls(self.ann, 6), self.expected)
        self.assertNotEqual(rolls(Table(Dice, seed=8).join("Ann"), 6), self.expected)
        self.assertEqual(len({str(roll) for roll in self.expected}), 6)

    def test_every_method(self) -> None:
        """Of all methods."""
        again = Table(Dice, seed=7).join("Ann")
        self.assertEqual(self.ann.send("all_ways"), again.send("all_ways"))
        self.assertNotEqual(self.ann.send("all_ways"), self.ann.send("all_ways"))

    def test_undone(self) -> None:
        """A step that is undone has drawn nothing, by a refusal or an exception."""
        self.assertEqual(rolls(self.ann, 1), self.expected[:1])
        spent = self.table.row["spent"]
        for fields in ({"refuse": True}, {"fail": True}, {"refuse": True}):
            self.assertRaises(Refused, self.ann.send, "roll", **fields)
            self.assertEqual(self.table.row["spent"], spent)
        self.assertEqual(rolls(self.ann, 5), self.expected[1:])

    def test_restart(self) -> None:
        """A restart between any two draws changes nothing."""
        drawn = []
        for _ in range(6):
            self.table.restart()
            drawn += rolls(self.ann, 1)
            self.table.restart()
        self.assertEqual((drawn, self.table.state["first"]), (self.expected, Table(Dice, seed=7).state["first"]))

    def test_restart_after_undone(self) -> None:
        """Nor does one after a step that was undone."""
        rolls(self.ann, 2)
        self.assertRaises(Refused, self.ann.send, "roll", refuse=True)
        self.table.restart()
        self.assertEqual(rolls(self.ann, 4), self.expected[2:])

    def test_drawn_alone(self) -> None:
        """A step that only draws and sends is in the row as well."""
        self.ann.send("tell")
        expected = rolls(self.ann, 2)
        table = Table(Dice, seed=7)
        ann = table.join("Ann")
        ann.send("tell")
        table.restart()
        self.assertEqual((rolls(ann, 2), [e.data for e in ann.inbox]), (expected, [e.data for e in self.ann.inbox]))

    def test_timer(self) -> None:
        """A timer after a restart draws what it would have drawn."""
        other = Table(Dice, seed=7)
        self.ann.send("arm")
        other.join("Ann").send("arm")
        other.restart()
        for table in (self.table, other):
            table.advance(5)
        self.assertEqual(self.table.state["ring"], other.state["ring"])

    def test_amnesia(self) -> None:
        """Nor is anything of it kept elsewhere."""
        self.assertEqual(rolls(Table(Dice, seed=7, amnesia=True).join("Ann"), 6), self.expected)

    def test_key_is_secret(self) -> None:
        """Clients get neither the key nor the counter."""
        rolls(self.ann, 3)
        self.assertNotIn(self.table.room.state.key.hex().encode(), self.ann.seen())
        self.assertNotIn(b"spent", self.ann.seen())
