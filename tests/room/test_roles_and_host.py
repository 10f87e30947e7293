"""Roles, the host's flag and its passing on, and who may send what."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table
from tests.node.registries import FakeSession, Place


class Stage(Game):
    """Roles of all kinds."""

    roles = {"screen": 1, "host": 1, "spectator": 2}
    hold_s = 10

    def on_join(self, player: Player) -> None:
        self.state.setdefault("hooks", []).append(f"join {player.role}")

    def on_leave(self, player: Player) -> None:
        self.state["hooks"].append(f"leave {player.role}")

    @message
    def by_default(self, player: Player) -> str:
        return "default"

    @message(by="player")
    def by_player(self, player: Player) -> str:
        return "player"

    @message(by="host")
    def by_host(self, player: Player) -> str:
        return "host"

    @message(by="screen")
    def by_screen(self, player: Player) -> str:
        return "screen"

    @message(by="any")
    def by_any(self, player: Player) -> str:
        return "any"

    @message(by="any")
    def crown(self, player: Player, whom: Player) -> None:
        self.make_host(whom)

    @message(by="any")
    def out(self, player: Player, whom: Player) -> None:
        self.kick(whom)

    @message(by="any")
    def who(self, player: Player) -> Any:
        return {
            "players": [p.name for p in self.players],
            "numbers": [p.number for p in self.seats()],
            "all": [p.name for p in self.seats()],
            "spectators": [p.name for p in self.seats("spectator")],
            "host": self.host.name if self.host else None,
            "role": [p.name for p in self.role("spectator").players],
        }

    @message(by="any")
    def write(self, player: Player, role: str, text: str) -> None:
        self.role(role).state["text"] = text
        self.role(role).send("written", text, but=player)

    @message(by="any")
    def replace(self, player: Player, role: str) -> None:
        self.role(role).state = {"new": True}


class Sofa(Stage):
    """Holds seats for longer than it lends the flag."""

    hold_s = 120


class ByTests(SynchronousTestCase):
    """``by``: who may send a message."""

    def test_all(self) -> None:
        """Each may send what is theirs, and is told `forbidden` otherwise."""
        table = Table(Stage)
        ann, bob, screen = table.join("Ann"), table.join("Bob"), table.join("TV", "screen")
        may = {
            "by_default": (ann, bob),
            "by_player": (ann, bob),
            "by_host": (ann,),
            "by_screen": (screen,),
            "by_any": (ann, bob, screen),
        }
        for type, allowed in may.items():
            for visitor in (ann, bob, screen):
                if visitor in allowed:
                    self.assertTrue(visitor.send(type))
                else:
                    self.assertEqual(self.assertRaises(Refused, visitor.send, type).code, "forbidden", type)

    def test_start(self) -> None:
        """Only the host starts."""
        table = Table(Stage)
        ann, bob = table.join("Ann"), table.join("Bob")
        self.assertEqual(self.assertRaises(Refused, bob.start).code, "forbidden")
        self.assertEqual(table.status, "lobby")
        ann.start()
        self.assertEqual(table.status, "playing")


class RoleTests(SynchronousTestCase):
    """Roles have most seats, a document and a stream."""

    def setUp(self) -> None:
        self.table = Table(Stage)
        self.ann = self.table.join("Ann")
        self.screen = self.table.join("TV", "screen")
        self.eve = self.table.join("Eve", "spectator")
        self.finn = self.table.join("Finn", "spectator")

    def test_lists(self) -> None:
        """`players` are players by number; `seats` all, or those of a role."""
        bob = self.table.join("Bob")
        expected = {
            "players": ["Ann", "Bob"],
            "numbers": [0, None, None, None, 1],
            "all": ["Ann", "TV", "Eve", "Finn", "Bob"],
            "spectators": ["Eve", "Finn"],
            "host": "Ann",
            "role": ["Eve", "Finn"],
        }
        self.assertEqual(bob.send("who"), expected)

    def test_lowest_number(self) -> None:
        """A newcomer gets the lowest number that is free; players are by number, seats by seniority."""
        bob, cleo = self.table.join("Bob"), self.table.join("Cleo")
        bob.leave()
        dan = self.table.join("Dan")
        self.assertEqual((cleo.number, dan.number), (2, 1))
        self.assertEqual(cleo.send("who")["players"], ["Ann", "Dan", "Cleo"])
        self.assertEqual(cleo.send("who")["all"][-2:], ["Cleo", "Dan"])

    def test_full(self) -> None:
        """No more of a role than it has seats."""
        self.assertEqual(self.assertRaises(Refused, self.table.join, "Gil", "spectator").code, "room_full")
        for n in range(7):
            self.table.join(f"P{n}")
        self.assertEqual(self.assertRaises(Refused, self.table.join, "Gil").code, "room_full")

    def test_unknown_role(self) -> None:
        """Roles other than the game's are `forbidden`, `host` is for the creator."""
        for role in ("king", "host", "", "role:screen"):
            if role:
                self.assertEqual(self.assertRaises(Refused, self.table.join, "Gil", role).code, "forbidden", role)
        self.assertRaises(Refused, self.ann.send, "write", role="king", text="x")

    def test_document(self) -> None:
        """A role's document and events reach that role alone."""
        self.eve.send("write", role="spectator", text="only for spectators")
        self.assertEqual(self.finn.docs["role:spectator"], {"text": "only for spectators"})
        self.assertEqual(self.eve.docs["role:spectator"], {"text": "only for spectators"})
        self.assertEqual([e.data for e in self.finn.inbox], ["only for spectators"])
        self.assertEqual(self.eve.inbox, [])
        for other in (self.ann, self.screen):
            self.assertNotIn(b"only for spectators", other.seen())

    def test_player_role(self) -> None:
        """Players are a role too; a newcomer gets its document."""
        self.screen.send("write", role="player", text="for players")
        self.assertEqual(self.ann.docs["role:player"], {"text": "for players"})
        self.assertEqual(self.table.join("Bob").docs["role:player"], {"text": "for players"})
        self.assertNotIn(b"for players", self.screen.seen())

    def test_replaced(self) -> None:
        """The whole document may be assigned."""
        self.eve.send("write", role="spectator", text="x")
        self.eve.send("replace", role="spectator")
        self.assertEqual(self.finn.docs["role:spectator"], {"new": True})

    def test_hooks_for_every_role(self) -> None:
        """Hooks run for every role."""
        self.finn.leave()
        self.screen.drop()
        self.table.advance(11)
        hooks = self.table.state["hooks"]
        expected = ["join player", "join screen", "join spectator", "join spectator"]
        self.assertEqual(hooks, [*expected, "leave spectator", "leave screen"])


class HostTests(SynchronousTestCase):
    """Host is a flag on a seat."""

    def test_lent_while_away(self) -> None:
        """After 10 s to who has sat here longest of those online, over a restart too; it returns with its owner."""
        table = Table(Sofa)
        ann, bob, cleo = table.join("Ann"), table.join("Bob"), table.join("Cleo")
        bob.drop()
        table.advance(3)
        ann.drop()
        table.restart()
        table.advance(9.9)
        self.assertEqual(cleo.send("who")["host"], "Ann")
        table.advance(0.2)
        self.assertEqual(cleo.send("who")["host"], "Cleo")
        self.assertTrue(cleo.seats[cleo.id]["host"])
        table.restart()
        bob.resume()
        self.assertEqual(cleo.send("who")["host"], "Cleo")
        cleo.leave()
        self.assertEqual(bob.send("who")["host"], "Bob")
        ann.resume()
        self.assertEqual(bob.send("who")["host"], "Ann")
        self.assertRaises(Refused, bob.send, "by_host")

    def test_nobody_to_lend_it_to(self) -> None:
        """Whoever comes first has it, and its owner again after that."""
        table = Table(Sofa)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.drop()
        bob.drop()
        table.advance(20)
        bob.resume()
        self.assertEqual(bob.send("who")["host"], "Bob")
        ann.resume()
        self.assertEqual(bob.send("who")["host"], "Ann")

    def test_lent_and_passed_on(self) -> None:
        """Who is made host meanwhile stays it, and lends it like anybody, for good once that seat is gone."""
        table = Table(Sofa)
        ann, bob, cleo = table.join("Ann"), table.join("Bob"), table.join("Cleo")
        ann.drop()
        table.advance(11)
        bob.send("crown", whom=cleo.id)
        ann.resume()
        self.assertEqual(bob.send("who")["host"], "Cleo")
        cleo.drop()
        table.advance(11)
        self.assertEqual(bob.send("who")["host"], "Ann")
        table.advance(300)
        self.assertNotIn(cleo.id, bob.seats)
        self.assertEqual(bob.send("who")["host"], "Ann")

    def test_online_before_away(self) -> None:
        """Who leaves for good passes it on to somebody who is here, if there is."""
        table = Table(Sofa)
        ann, bob, cleo = table.join("Ann"), table.join("Bob"), table.join("Cleo")
        bob.drop()
        ann.leave()
        self.assertEqual(cleo.send("who")["host"], "Cleo")
        bob.resume()
        self.assertEqual(cleo.send("who")["host"], "Cleo")

    def test_passed_when_gone(self) -> None:
        """Passed on by seniority when the host leaves for good, not when it drops."""
        table = Table(Stage)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.drop()
        self.assertEqual(bob.send("who")["host"], "Ann")
        table.advance(9.9)
        self.assertEqual(bob.send("who")["host"], "Ann")
        table.advance(0.2)
        self.assertEqual(bob.send("who")["host"], "Bob")
        self.assertTrue(bob.seats[bob.id]["host"])

    def test_seniority(self) -> None:
        """By who came first, not by number; on a leave and on a kick; after a restart too."""
        table = Table(Stage)
        ann, bob, cleo = table.join("Ann"), table.join("Bob"), table.join("Cleo")
        bob.leave()
        dan = table.join("Dan")
        self.assertEqual(dan.number, 1)
        table.restart()
        ann.leave()
        self.assertEqual(dan.send("who")["host"], "Cleo")
        dan.send("out", whom=cleo.id)
        self.assertEqual(dan.send("who")["host"], "Dan")

    def test_never_a_screen(self) -> None:
        """Never to a screen or a spectator: with no player there is no host, until one comes."""
        table = Table(Stage)
        screen, eve, ann = table.join("TV", "screen"), table.join("Eve", "spectator"), table.join("Ann")
        self.assertEqual(screen.send("who")["host"], "Ann")
        ann.leave()
        self.assertIsNone(eve.send("who")["host"])
        table.join("Bob")
        self.assertEqual(screen.send("who")["host"], "Bob")

    def test_make_host(self) -> None:
        """The game may pass it on; the old host may no longer."""
        table = Table(Stage)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.send("crown", whom=bob.id)
        self.assertEqual(bob.send("by_host"), "host")
        self.assertRaises(Refused, ann.send, "by_host")
        self.assertEqual([ann.seats[v.id]["host"] for v in (ann, bob)], [False, True])

    def test_make_host_of_a_screen(self) -> None:
        """Never a screen: that is an error of the game."""
        table = Table(Stage)
        ann, screen = table.join("Ann"), table.join("TV", "screen")
        self.assertRaises(Refused, ann.send, "crown", whom=screen.id)
        self.assertEqual(ann.send("who")["host"], "Ann")

    def test_creator_plays(self) -> None:
        """First the creator."""
        place = Place(Stage)
        ann = FakeSession("ann")
        runner = place.create(ann)
        place.join(runner, FakeSession("bob"))
        self.assertEqual(place.send(ann, "who")["data"]["host"], "Ann")

    def test_creator_is_screen(self) -> None:
        """Where a screen creates, the first player."""
        place = Place(Stage)
        screen = FakeSession("tv")
        runner = place.create(screen, "screen")
        self.assertIsNone(place.send(screen, "who")["data"]["host"])
        place.join(runner, FakeSession("eve"), "spectator")
        self.assertIsNone(place.send(screen, "who")["data"]["host"])
        place.join(runner, FakeSession("ann"))
        place.join(runner, FakeSession("bob"))
        self.assertEqual(place.send(screen, "who")["data"]["host"], "Ann")

    def test_creator_as_host(self) -> None:
        """A creator in the role `host` is host and does not play."""
        place = Place(Stage)
        boss = FakeSession("boss")
        runner = place.create(boss, "host")
        ann = place.join(runner, FakeSession("ann"))
        self.assertEqual(place.send(boss, "by_host")["data"], "host")
        self.assertEqual(place.send(boss, "by_player")["code"], "forbidden")
        self.assertEqual(place.send(ann, "who")["data"]["players"], ["Ann"])

    def test_creator_joins_as_host_later(self) -> None:
        """A creator who made the room without a seat and takes the seat `host` after a player came is host."""
        place = Place(Stage)
        runner = place.create()
        ann = place.join(runner, FakeSession("ann"))
        boss = place.join(runner, FakeSession("maker"), "host")
        self.assertEqual(place.send(boss, "by_host")["op"], "ok")
        self.assertEqual(place.send(ann, "by_host")["op"], "error")
