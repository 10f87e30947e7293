"""Groups: teams inside one room."""

from __future__ import annotations

from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table
from tests.node.registries import FakeSession, Place


class Teams(Game):
    """Does with groups what a message says."""

    hold_s = 5

    @message
    def put(self, player: Player, team: str, who: list[Player], refuse: bool = False) -> None:
        for each in who:
            self.group(team).add(each)
        self.group(team).state["n"] = len(self.group(team).players)
        if refuse:
            raise Refused("no")

    @message
    def take(self, player: Player, team: str, whom: Player | None = None) -> None:
        self.group(team).remove(whom) if whom else self.group(team).clear()

    @message
    def publish(self, player: Player, team: str, public: bool) -> None:
        self.group(team).public = public

    @message
    def publish_without(self, player: Player, team: str, who: list[Player]) -> None:
        self.group(team).public = True
        for each in who:
            self.group(team).remove(each)

    @message
    def look(self, player: Player, team: str) -> Any:
        group = self.group(team)
        return [[p.name for p in group.players], player in group, group.public, player.groups, group.name]

    @message
    def write(self, player: Player, team: str, word: str) -> None:
        self.group(team).state["word"] = word
        self.group(team).send("word", word)

    @message
    def replace(self, player: Player, team: str) -> None:
        self.group(team).state = {"fresh": True}

    @message
    def many(self, player: Player, n: int) -> None:
        for i in range(n):
            self.group(f"g{i}").add(player)

    def on_leave(self, player: Player) -> None:
        self.state["left"] = [player.name, player.groups]


class GroupTests(SynchronousTestCase):
    """Membership, document, stream."""

    def setUp(self) -> None:
        self.table = Table(Teams, raises=False)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))

    def groups_of(self, whom: Any) -> list[list[str]]:
        """Which groups each one knows somebody to be in."""
        return [v.seats[whom.id]["groups"] for v in (self.ann, self.bob, self.cleo)]

    def test_members(self) -> None:
        """add, remove, clear, players, in, groups."""
        self.ann.send("put", team="red", who=[self.bob.id, self.ann.id, self.bob.id])
        self.assertEqual(self.ann.send("look", team="red"), [["Bob", "Ann"], True, False, ["red"], "red"])
        self.assertEqual(self.cleo.send("look", team="red")[1], False)
        self.ann.send("take", team="red", whom=self.cleo.id)
        self.ann.send("take", team="red", whom=self.bob.id)
        self.assertEqual(self.ann.send("look", team="red")[0], ["Ann"])
        self.ann.send("take", team="red")
        self.assertEqual(self.ann.send("look", team="red"), [[], False, False, [], "red"])

    def test_document(self) -> None:
        """Members have its document from when they enter until they leave; nobody else sees a byte."""
        self.ann.send("put", team="red", who=[self.ann.id])
        self.ann.send("write", team="red", word="secretword")
        self.assertEqual(self.ann.docs["group:red"], {"n": 1, "word": "secretword"})
        self.assertNotIn(b"secretword", self.bob.seen() + self.cleo.seen())
        self.ann.send("put", team="red", who=[self.bob.id])
        self.assertEqual(self.bob.docs["group:red"], {"n": 2, "word": "secretword"})
        self.assertEqual((self.ann.docs["group:red"]["n"], self.bob.inbox), (2, []))
        self.ann.send("take", team="red", whom=self.bob.id)
        self.ann.send("write", team="red", word="another")
        self.assertNotIn("group:red", self.bob.docs)
        self.assertNotIn(b"another", self.bob.seen())
        self.assertNotIn(b"secretword", self.cleo.seen())

    def test_replaced(self) -> None:
        """The whole document may be assigned."""
        self.ann.send("put", team="red", who=[self.ann.id])
        self.ann.send("replace", team="red")
        self.assertEqual(self.ann.docs["group:red"], {"fresh": True})

    def test_private(self) -> None:
        """Only members know who is in."""
        self.ann.send("put", team="red", who=[self.ann.id, self.bob.id])
        self.assertEqual(self.groups_of(self.bob), [["red"], ["red"], []])
        self.assertNotIn(b'"red"', self.cleo.seen())

    def test_private_stays_known(self) -> None:
        """Members still know after something else of the seat changed."""
        self.ann.send("put", team="red", who=[self.ann.id, self.bob.id])
        self.bob.drop()
        self.assertEqual(self.ann.seats[self.bob.id]["groups"], ["red"])
        self.bob.resume()
        self.assertEqual(self.groups_of(self.bob), [["red"], ["red"], []])
        self.assertNotIn(b'"red"', self.cleo.seen())

    def test_public(self) -> None:
        """Of a public group all know."""
        self.ann.send("publish", team="red", public=True)
        self.ann.send("put", team="red", who=[self.ann.id])
        self.assertEqual(self.groups_of(self.ann), [["red"]] * 3)
        self.assertEqual(self.table.join("Dan").seats[self.ann.id]["groups"], ["red"])

    def test_made_public(self) -> None:
        """A group may become public, and private again: then its members still know."""
        self.ann.send("put", team="red", who=[self.ann.id, self.bob.id])
        self.ann.send("publish", team="red", public=True)
        self.assertEqual(self.groups_of(self.bob), [["red"]] * 3)
        self.ann.send("publish", team="red", public=False)
        self.assertEqual(self.groups_of(self.bob), [["red"], ["red"], []])

    def test_made_public_without(self) -> None:
        """Whoever leaves it in the step in which it becomes public is in it for nobody any more."""
        everybody = [self.ann, self.bob, self.cleo]
        self.ann.send("put", team="red", who=[each.id for each in everybody])
        self.ann.send("publish_without", team="red", who=[self.bob.id, self.cleo.id])
        self.assertEqual([self.groups_of(each) for each in everybody], [[["red"]] * 3, [[]] * 3, [[]] * 3])

    def test_known_as_it_is(self) -> None:
        """Whatever groups do, and whoever comes when: each knows of public groups, and of those that they are in."""
        random = Random(1)
        everybody = [self.ann, self.bob, self.cleo]
        for n in range(300):
            team, whom = random.choice(("red", "blue", "green")), random.choice(everybody)
            self.table.advance(1)
            match random.randrange(7):
                case 0:
                    self.ann.send("publish", team=team, public=random.random() < 0.5)
                case 1 if n % 60 == 1:
                    everybody.append(self.table.join(f"V{n}"))
                case 2:
                    whom.drop()
                    whom.resume()
                case 3 | 4:
                    self.ann.send("take", team=team, whom=whom.id)
                case _:
                    self.ann.send("put", team=team, who=[whom.id])
            groups = self.table.room.state.groups
            for knows in everybody:
                for of in everybody:
                    there = [name for name, group in groups.items() if of.id in group.members]
                    known = [name for name in there if groups[name].public or knows.id in groups[name].members]
                    self.assertEqual(knows.seats[of.id]["groups"], sorted(known), n)

    def test_left(self) -> None:
        """Who leaves is in no group any more."""
        self.ann.send("put", team="red", who=[self.bob.id, self.ann.id])
        self.bob.leave()
        self.assertEqual(self.table.state["left"], ["Bob", []])
        self.assertEqual(self.ann.send("look", team="red")[0], ["Ann"])

    def test_undone(self) -> None:
        """Refused, nobody is in."""
        self.assertRaises(Refused, self.ann.send, "put", team="red", who=[self.bob.id], refuse=True)
        self.assertEqual((self.table.row["groups"], self.bob.docs), ({}, {"room": {}, "seat": {}}))
        self.ann.send("put", team="red", who=[self.bob.id])
        self.assertEqual(self.bob.docs["group:red"], {"n": 1})

    def test_entered_and_left_while_away(self) -> None:
        """That cannot be told again, message by message: whoever comes back gets everything anew."""
        self.ann.send("put", team="red", who=[self.ann.id])
        self.bob.drop()
        self.ann.send("put", team="red", who=[self.bob.id])
        self.ann.send("take", team="red", whom=self.bob.id)
        self.table.restart()
        self.bob.resume()
        self.assertFalse(self.bob.recovered)
        self.assertEqual(self.groups_of(self.ann), [["red"], [], []])
        self.bob.drop()
        self.bob.resume()
        self.assertTrue(self.bob.recovered)

    def test_restart(self) -> None:
        """Groups outlive the process."""
        self.ann.send("put", team="red", who=[self.bob.id, self.ann.id])
        self.ann.send("publish", team="red", public=True)
        self.table.restart()
        self.assertEqual(self.ann.send("look", team="red"), [["Bob", "Ann"], True, True, ["red"], "red"])
        self.ann.send("write", team="red", word="x")
        self.assertEqual(self.bob.docs["group:red"], {"n": 2, "word": "x"})

    def test_names(self) -> None:
        """1 to 32 of letters, digits, _ and -."""
        for name in ("", "x" * 33, "a b", "ä", "a:b", "red\n", "../x"):
            self.table.advance(10)
            self.assertEqual(self.assertRaises(Refused, self.ann.send, "look", team=name).code, "game_error", name)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 7)
        self.assertEqual(self.ann.send("look", team="x" * 32)[4], "x" * 32)
        self.assertEqual(self.ann.send("look", team="A-z_0")[4], "A-z_0")

    def test_most(self) -> None:
        """At most 64 a room."""
        self.ann.send("many", n=64)
        self.assertEqual(len(self.ann.player.groups), 64)
        self.assertRaises(Refused, self.bob.send, "many", n=65)
        self.flushLoggedErrors(ValueError)

    def test_two_rooms(self) -> None:
        """The "red" groups of two rooms never meet."""
        place = Place(Teams)
        ann, bob = FakeSession("ann"), FakeSession("bob")
        place.create(ann)
        place.create(bob)
        place.send(ann, "put", team="red", who=[ann.seat])
        place.send(bob, "put", team="red", who=[bob.seat])
        place.send(ann, "write", team="red", word="x")
        self.assertEqual((len(ann.of("event")), len(bob.of("event"))), (1, 0))
