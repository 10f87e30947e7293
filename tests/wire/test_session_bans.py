"""Bans by operators: open connections end, and every door is shut."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from gameserver import Game
from gameserver.interfaces import User
from gameserver.room.operators import Operators, SanctionWish
from gameserver.room.sanctions import Sanction
from tests.wire.kit import Peer, WireTestCase

BOSS = User("boss", "Boss", ("moderator",))


class Dice(Game):
    """Any game."""

    name = "dice"
    needs_start = False


class BanTests(WireTestCase):
    games = (Dice,)

    def setUp(self) -> None:
        super().setUp()
        self.operators = Operators(self.rig.hall)

    def ban(self, **wish: Any) -> Deferred[Sanction]:
        return Deferred.fromCoroutine(self.operators.sanction(BOSS, SanctionWish(act="ban", **wish)))

    def user(self, peer: Peer) -> str:
        id: str = peer.welcome["user"]["id"]
        return id

    def test_connections_of_a_user(self) -> None:
        """All of them end with 4003, in a room or not, and nothing more is heard from them; others' stay."""
        ann, bob = self.rig.guest("Ann"), self.rig.guest("Bob")
        ann.create("dice")
        bob.join(ann.room)
        second = self.rig.connect().hello(token=bob.welcome["token"])
        ann.ask("listen", id=2, to="lobby:dice")
        self.successResultOf(self.ban(user=self.user(bob)))
        self.assertEqual((ann.closed, bob.closed, second.closed), (None, 4003, 4003))
        for peer in (bob, second):
            peer.write(peer.frame("chat", id=9, to="lobby:dice", text="still here"))
            peer.write(peer.frame("create", id=10, game="dice"))
        self.rig.settle()
        self.assertEqual([m["text"] for m in ann.take() if m["op"] == "post"], [])
        self.assertEqual(len(list(self.rig.hall.keepers)), 1)
        self.assertEqual([s.name for s in self.rig.keeper(ann.room).room.seats.values()], ["Ann"])

    def test_connections_from_an_address(self) -> None:
        """All that come from there end, whoever they are."""
        near, far = self.rig.connect("198.51.100.7").hello("Ann"), self.rig.connect("203.0.113.1").hello("Bob")
        mapped = self.rig.connect("::ffff:198.51.100.8").hello("Cay")
        self.successResultOf(self.ban(address="198.51.100.0/24"))
        self.assertEqual((near.closed, mapped.closed, far.closed), (4003, 4003, None))

    def test_before_the_store_answers(self) -> None:
        """A ban does not wait for the store: it holds here at once."""
        bob = self.rig.guest("Bob")
        self.rig.store.hold()
        making = self.ban(user=self.user(bob))
        self.assertEqual(bob.closed, 4003)
        self.assertNoResult(making)
        self.rig.store.release()
        self.rig.settle()
        self.successResultOf(making)

    def test_while_a_token_is_proved(self) -> None:
        """Whoever was about to be let in is not."""
        bob = self.rig.guest("Bob")
        self.successResultOf(self.ban(user=self.user(bob)))
        again = self.rig.connect()
        self.assert_error(again.say("hello", token=bob.welcome["token"])[0], "forbidden")
        self.rig.settle()
        self.assertEqual(again.closed, 4003)

    def test_mute_and_ban_from_a_game_leave_connections(self) -> None:
        """What is about one game, or about words, ends no connection."""
        bob = self.rig.guest("Bob")
        self.successResultOf(self.ban(user=self.user(bob), game="dice"))
        wish = SanctionWish(act="mute", user=self.user(bob))
        self.successResultOf(Deferred.fromCoroutine(self.operators.sanction(BOSS, wish)))
        self.assertIsNone(bob.closed)

    def test_door_of_an_open_connection(self) -> None:
        """A sanction that this node only learns of holds for whoever is connected, at the next thing that is asked."""
        bob = self.rig.guest("Bob")
        self.rig.hall.watch.sanctions.put(Sanction(id="1", act="ban", user=self.user(bob)))
        self.assert_error(bob.ask("chat", id=1, to="lobby:dice", text="x"), "forbidden", 1)
        self.rig.settle()
        self.assertEqual(bob.closed, 4003)
