"""Events: what only those present notice."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table


class Loud(Game):
    """Sends what it is told to."""

    roles = {"screen": 1}

    @message(by="any")
    def say(
        self,
        player: Player,
        to: str,
        data: Any = None,
        but: Player | None = None,
        volatile: bool = False,
        refuse: bool = False,
    ) -> str:
        whom: Any = self
        if to in ("red", "blue"):
            whom = self.group(to)
        elif to in ("player", "screen"):
            whom = self.role(to)
        elif to != "room":
            whom = self.seat(to)
        if but is None:
            whom.send("said", data, volatile=volatile)
        else:
            whom.send("said", data, but=but, volatile=volatile)
        if refuse:
            raise Refused("no")
        return "said"

    @message
    def reds(self, player: Player, who: list[Player]) -> None:
        self.group("red").clear()
        for each in who:
            self.group("red").add(each)

    @message
    def odd(self, player: Player, n: int) -> None:
        types: list[Any] = ["", None, 5]
        self.send(types[n], 1) if n < 3 else self.send("x", [{1, 2}, float("nan"), object()][n - 3])

    @message
    def later(self, player: Player) -> None:
        data = {"n": 1}
        self.send("one", data)
        data["n"] = 2
        self.send("two", data)


class EventTests(SynchronousTestCase):
    """Who hears what."""

    def setUp(self) -> None:
        self.table = Table(Loud)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))
        self.screen = self.table.join("TV", "screen")
        self.all = (self.ann, self.bob, self.cleo, self.screen)

    def heard(self) -> list[int]:
        """How many events each got since."""
        counts = [len(v.inbox) for v in self.all]
        for visitor in self.all:
            visitor.inbox.clear()
        return counts

    def test_audiences(self) -> None:
        """Everybody, a role, a group, a player."""
        self.ann.send("reds", who=[self.bob.id, self.screen.id])
        for to, expected in {
            "room": [1, 1, 1, 1],
            "player": [1, 1, 1, 0],
            "screen": [0, 0, 0, 1],
            "red": [0, 1, 0, 1],
            "blue": [0, 0, 0, 0],
            self.cleo.id: [0, 0, 1, 0],
        }.items():
            for volatile in (False, True):
                self.assertEqual(self.ann.send("say", to=to, data=7, volatile=volatile), "said")
                self.assertEqual(self.heard(), expected, to)

    def test_but(self) -> None:
        """``but``: all but one, in each audience."""
        self.ann.send("reds", who=[self.bob.id, self.cleo.id])
        for to, expected in {
            "room": [1, 0, 1, 1],
            "player": [1, 0, 1, 0],
            "red": [0, 0, 1, 0],
            "screen": [0, 0, 0, 1],
        }.items():
            for volatile in (False, True):
                self.ann.send("say", to=to, but=self.bob.id, volatile=volatile)
                self.assertEqual(self.heard(), expected, to)

    def test_but_of_a_player(self) -> None:
        """The same on a player."""
        self.ann.send("say", to=self.bob.id, but=self.ann.id)
        self.assertEqual(self.heard(), [0, 1, 0, 0])
        self.ann.send("say", to=self.bob.id, but=self.bob.id)
        self.assertEqual(self.heard(), [0, 0, 0, 0])

    def test_secret(self) -> None:
        """Who is left out is not sent a byte of it, now or on resume."""
        self.ann.send("say", to="room", but=self.bob.id, data="not for Bob")
        self.bob.drop()
        self.ann.send("say", to="room", but=self.bob.id, data="not for Bob")
        self.bob.resume()
        self.assertNotIn(b"not for Bob", self.bob.seen())
        self.assertTrue(self.bob.recovered)

    def test_missed(self) -> None:
        """Who was away gets what it missed, but nothing volatile."""
        self.bob.drop()
        self.ann.send("say", to="room", data=1)
        self.ann.send("say", to="room", data=2, volatile=True)
        self.ann.send("say", to=self.bob.id, data=3)
        self.bob.resume()
        self.assertEqual([tuple(e) for e in self.bob.inbox], [("said", 1), ("said", 3)])

    def test_newcomer(self) -> None:
        """A newcomer gets nothing that was before."""
        self.ann.send("say", to="room", data="past")
        self.assertNotIn(b"past", self.table.join("Dan").seen())

    def test_refused(self) -> None:
        """Events of a step that is refused are not sent."""
        self.assertRaises(Refused, self.ann.send, "say", to="room", refuse=True)
        self.assertEqual(self.heard(), [0, 0, 0, 0])

    def test_copied(self) -> None:
        """An event holds its data as it was at the call."""
        self.ann.send("later")
        self.assertEqual([tuple(e) for e in self.bob.inbox], [("one", {"n": 1}), ("two", {"n": 2})])

    def test_odd(self) -> None:
        """A type or data that cannot be is the game's error."""
        for n in range(6):
            self.table.advance(10)
            self.assertEqual(self.assertRaises(Refused, self.ann.send, "odd", n=n).code, "game_error", n)
        self.assertEqual(self.heard(), [0, 0, 0, 0])

    def test_bytes(self) -> None:
        """Events may hold bytes."""
        self.ann.send("say", to="room", data=b"\x00\x01")
        self.assertEqual(self.bob.inbox[0].data, b"\x00\x01")
