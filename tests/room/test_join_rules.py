"""Who may come in and when, how long a seat is held, kicks and bans, and what a `Player` is."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table, Visitor
from tests.node.registries import FakeSession, Place


class House(Game):
    """Does with its door what it is told to."""

    max_players = 3
    hold_s = 60
    roles = {"screen": 1}

    def on_join(self, player: Player) -> None:
        self.state.setdefault("joined", []).append(player.name)
        if player.name == "Uninvited":
            self.kick(player, ban=False)

    def on_drop(self, player: Player) -> None:
        if player.name == "Quick":
            player.hold(5)

    def on_leave(self, player: Player) -> None:
        self.state.setdefault("left", []).append(player.name)

    @message(by="any")
    def door(self, player: Player, locked: bool) -> None:
        if locked:
            self.lock()
        else:
            self.unlock()

    @message(by="any")
    def out(self, player: Player, whom: Player, ban: bool = True) -> str:
        self.kick(whom, ban=ban)
        return "out"

    @message
    def out_default(self, player: Player, whom: Player) -> None:
        self.kick(whom)

    @message
    def out_twice(self, player: Player, whom: Player) -> None:
        self.kick(whom)
        self.kick(whom)

    @message
    def keep(self, player: Player, s: float | None, refuse: bool = False) -> None:
        player.hold(s)
        if refuse:
            raise Refused("not after all")

    @message
    def keep_other(self, player: Player, whom: Player, s: float | None) -> None:
        whom.hold(s)

    @message
    def finish_(self, player: Player) -> None:
        self.over()

    @message
    def sames(self, player: Player, other: Player) -> list[bool]:
        again = self.seat(player.id)
        return [
            player == again,
            hash(player) == hash(again),
            player != other,
            player != player.id,
            {player: 1}[self.players[player.number or 0]] == 1,
            player in self.players,
            len({player, again, other}) == 2,
        ]


class Home(House):
    """Nobody's seat is given away."""

    hold_s = None


class LateHouse(House):
    """Lets newcomers in while playing."""

    late_join = True


def code_of(test: SynchronousTestCase, call: Any, *args: Any, **kwargs: Any) -> str:
    """The code of the refusal that this call meets."""
    return str(test.assertRaises(Refused, call, *args, **kwargs).code)


class LateJoinTests(SynchronousTestCase):
    """``late_join``: False keeps new players out while a round is played."""

    def test_false(self) -> None:
        """`room_locked` while playing, for players; other roles come in, and who has a seat comes back."""
        table = Table(House)
        ann = table.join("Ann")
        table.start()
        self.assertEqual(code_of(self, table.join, "Bob"), "room_locked")
        self.assertEqual(table.join("TV", "screen").role, "screen")
        ann.drop()
        ann.resume()
        self.assertEqual([each["role"] for each in ann.seats.values()], ["player", "screen"])

    def test_over(self) -> None:
        """When it is over players come for the next round."""
        table = Table(House)
        table.join("Ann").send("finish_")
        self.assertEqual(table.join("Bob").number, 1)

    def test_over_and_locked(self) -> None:
        """`room_over` when it is over and locked, for everybody; locked before its end it is `room_locked`."""
        table = Table(House)
        ann = table.join("Ann")
        ann.send("door", locked=True)
        self.assertEqual(code_of(self, table.join, "TV", "screen"), "room_locked")
        table.start()
        self.assertEqual(code_of(self, table.join, "TV", "screen"), "room_locked")
        ann.send("finish_")
        self.assertEqual(code_of(self, table.join, "Bob"), "room_over")
        self.assertEqual(code_of(self, table.join, "TV", "screen"), "room_over")

    def test_true(self) -> None:
        """True lets them in, until it is full."""
        table = Table(LateHouse)
        table.join("Ann")
        table.start()
        self.assertEqual(table.join("Bob").number, 1)
        table.join("Cleo")
        self.assertEqual(code_of(self, table.join, "Dan"), "room_full")


class LockTests(SynchronousTestCase):
    """``lock`` and ``unlock``."""

    def test_locked(self) -> None:
        """Newcomers get `room_locked`, in the lobby too; clients know; it outlives a restart."""
        table = Table(LateHouse)
        ann = table.join("Ann")
        ann.send("door", locked=True)
        self.assertTrue(ann.info["locked"])
        self.assertEqual(code_of(self, table.join, "Bob"), "room_locked")
        table.restart()
        self.assertEqual(code_of(self, table.join, "Bob"), "room_locked")
        ann.send("door", locked=False)
        self.assertFalse(ann.info["locked"])
        self.assertEqual(table.join("Bob").number, 1)

    def test_seat_stays(self) -> None:
        """Who has a seat comes back to it, by resuming or joining."""
        table = Table(House)
        ann = table.join("Ann")
        ann.send("door", locked=True)
        ann.drop()
        ann.resume()
        ann.drop()
        ann.come(None, {})
        self.assertEqual((ann.id, table.state["joined"]), ("1", ["Ann"]))


class KickTests(SynchronousTestCase):
    """``kick(player, ban=True)``."""

    def setUp(self) -> None:
        self.table = Table(House)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def test_banned(self) -> None:
        """Who is banned is told, and cannot come back, not after a restart either, in no role; others can."""
        self.ann.send("out_default", whom=self.bob.id)
        self.assertEqual(self.bob.left, "banned")
        self.assertEqual(code_of(self, self.bob.come, None, {}), "forbidden")
        self.table.restart()
        self.assertEqual(code_of(self, self.bob.come, None, {}), "forbidden")
        self.bob.role = "screen"
        self.assertEqual(code_of(self, self.bob.come, None, {}), "forbidden")
        self.assertEqual(self.table.join("Bob").number, 1)

    def two_seats(self) -> tuple[Place, FakeSession, FakeSession, FakeSession]:
        """:returns: a room where Bob has the seat of a player and that of the screen, on two connections."""
        place = Place(House)
        ann, player, screen = FakeSession("ann"), FakeSession("bob"), FakeSession("bob")
        runner = place.create(ann)
        place.join(runner, player)
        place.join(runner, screen, "screen")
        return place, ann, player, screen

    def test_banned_from_all_seats(self) -> None:
        """A ban is of the user: it ends the player's seat and the screen's, whichever is named, each with its hook."""
        for whom in (1, 2):
            place, ann, *bobs = self.two_seats()
            place.send(ann, "out", whom=bobs[whom - 1].seat)
            self.assertEqual([bob.of("left")[0]["reason"] for bob in bobs], ["banned", "banned"])
            room = place.registry.find(ann.code).room
            self.assertEqual((list(room.seats), room.docs["room"].root["left"]), ([ann.seat], ["Bob", "Bob"]))
            place.away(1)
            self.assertEqual(list(place.registry.find(ann.code).room.seats), [ann.seat])

    def test_kicked_from_one_seat(self) -> None:
        """Without a ban the other stays."""
        place, ann, player, screen = self.two_seats()
        place.send(ann, "out", whom=player.seat, ban=False)
        self.assertEqual((len(player.of("left")), len(screen.of("left"))), (1, 0))
        self.assertEqual(list(place.registry.find(ann.code).room.seats), [ann.seat, screen.seat])

    def test_refused_hook_brings_all_back(self) -> None:
        """A step that comes to nothing ends none of them."""

        class Sorry(House):
            def on_leave(self, player: Player) -> None:
                if player.role == "screen":
                    raise Refused("the screen stays")

        place = Place(Sorry)
        ann, player, screen = FakeSession("ann"), FakeSession("bob"), FakeSession("bob")
        runner = place.create(ann)
        place.join(runner, player)
        place.join(runner, screen, "screen")
        self.assertEqual(place.send(ann, "out", whom=player.seat)["message"], "the screen stays")
        self.assertEqual((len(runner.room.seats), runner.room.talking.bans), (3, {}))

    def test_kicked(self) -> None:
        """Without a ban one may come back, to another seat."""
        self.ann.send("out", whom=self.bob.id, ban=False)
        before = self.bob.id
        self.assertEqual((self.bob.left, self.table.state["left"]), ("kicked", ["Bob"]))
        self.assertEqual(code_of(self, self.bob.resume), "not_found")
        self.bob.come(None, {})
        self.assertNotEqual(self.bob.id, before)
        self.assertEqual(self.table.state["joined"], ["Ann", "Bob", "Bob"])

    def test_oneself(self) -> None:
        """A player who is kicked by an own message hears of it, and gets the reply."""
        self.assertEqual(self.bob.send("out", whom=self.bob.id), "out")
        self.assertEqual((self.bob.left, list(self.ann.seats)), ("banned", [self.ann.id]))

    def test_twice(self) -> None:
        """The second kick of one seat does nothing."""
        self.ann.send("out_twice", whom=self.bob.id)
        self.assertEqual(self.table.state["left"], ["Bob"])

    def test_away(self) -> None:
        """Somebody who is away may be kicked; nothing is held any more."""
        self.bob.drop()
        self.ann.send("out", whom=self.bob.id)
        self.assertEqual(code_of(self, self.bob.resume), "not_found")
        self.table.advance(120)
        self.assertEqual(self.table.state["left"], ["Bob"])

    def test_newcomer(self) -> None:
        """``on_join`` may kick: the newcomer has no seat, and is told so."""
        self.assertEqual(code_of(self, self.table.join, "Uninvited"), "forbidden")
        self.assertEqual(set(self.ann.seats), {self.ann.id, self.bob.id})
        self.assertEqual(self.table.join("Cleo").number, 2)

    def test_all_tabs(self) -> None:
        """All of a seat's connections are told."""
        place = Place(House)
        ann, bob, tab = FakeSession("ann"), FakeSession("bob"), FakeSession("bob")
        runner = place.create(ann)
        place.join(runner, bob)
        place.join(runner, tab)
        place.send(ann, "out", whom=bob.seat)
        self.assertEqual([len(s.of("left")) for s in (ann, bob, tab)], [0, 1, 1])

    def test_numbers_are_never_used_again(self) -> None:
        """A seat's id is unique for all time, also over a restart; its number is free again."""
        self.ann.send("out", whom=self.bob.id)
        self.table.restart()
        cleo = self.table.join("Cleo")
        self.assertNotEqual(cleo.id, self.bob.id)
        self.assertEqual(cleo.number, 1)


class PasswordTests(SynchronousTestCase):
    """A room's password."""

    def test_password(self) -> None:
        """A wrong one, or none, is `wrong_password` and nothing else; the right one comes in."""
        table = Table(House, password="sesame")
        for wrong in ("Sesame", "", None, "sesame "):
            self.assertEqual(code_of(self, table.join, "Eve", password=wrong), "wrong_password")
        self.assertEqual((len(table.room.seats), table.visitors), (0, []))
        self.assertNotIn("joined", table.state)
        ann = table.join("Ann", password="sesame")
        self.assertNotIn(b"sesame", ann.seen())
        self.assertNotIn("sesame", str(table.row))

    def test_restart(self) -> None:
        """It holds after a restart; who has a seat needs none."""
        table = Table(House, password="sesame")
        ann = table.join("Ann", password="sesame")
        table.restart()
        self.assertEqual(code_of(self, table.join, "Eve", password="x"), "wrong_password")
        ann.drop()
        ann.come(None, {})
        self.assertEqual(ann.id, "1")


class HoldTests(SynchronousTestCase):
    """``hold_s`` and ``player.hold``: how long a seat is held."""

    def setUp(self) -> None:
        self.table = Table(House)
        self.ann = self.table.join("Ann")

    def gone_after(self, visitor: Visitor) -> float:
        """Seconds from a drop until the seat is gone."""
        visitor.drop()
        for s in range(1, 2000):
            self.table.advance(0.5)
            if visitor.id not in self.table.room.seats:
                return s / 2
        return 1000

    def test_setting(self) -> None:
        """So long, then ``on_leave`` runs; each drop counts anew."""
        bob = self.table.join("Bob")
        bob.drop()
        self.table.advance(59)
        bob.resume()
        self.table.advance(100)
        self.assertEqual(self.gone_after(bob), 60)
        self.assertEqual(self.table.state["left"], ["Bob"])
        self.assertEqual(code_of(self, bob.resume), "not_found")

    def test_before(self) -> None:
        """Set while here: for every drop from then on, over a restart too; for this player alone."""
        bob = self.table.join("Bob")
        self.ann.send("keep", s=10)
        self.table.restart()
        self.assertEqual((self.gone_after(self.ann), self.gone_after(bob)), (10, 60))

    def test_in_on_drop(self) -> None:
        """Set in ``on_drop``: for this one."""
        self.assertEqual(self.gone_after(self.table.join("Quick")), 5)

    def test_zero(self) -> None:
        """0 seconds: a drop is for good."""
        bob = self.table.join("Bob")
        bob.send("keep", s=0)
        bob.drop()
        self.assertEqual(self.table.state["left"], ["Bob"])

    def test_none(self) -> None:
        """Until the room closes, a restart between; then the seat is gone with the room."""
        self.table = Table(Home)
        ann, bob = self.table.join("Ann"), self.table.join("Bob")
        ann.drop()
        self.table.advance(3000)
        self.table.restart()
        self.table.advance(86_400)
        self.assertIn(ann.id, self.table.room.seats)
        ann.resume()
        for visitor in (ann, bob):
            visitor.drop()
        self.table.advance(3599)
        self.assertEqual((self.table.status, len(self.table.room.seats)), ("lobby", 2))
        self.table.advance(1)
        self.assertEqual(self.table.status, "closed")

    def test_none_of_one_player(self) -> None:
        """A game may hold one for ever, and one that is away so long no longer: from then on it counts."""
        bob = self.table.join("Bob")
        bob.send("keep", s=None)
        bob.drop()
        self.table.advance(1000)
        self.ann.send("keep_other", whom=bob.id, s=5)
        self.table.advance(4)
        self.assertIn(bob.id, self.table.room.seats)
        self.table.advance(1)
        self.assertEqual(self.table.state["left"], ["Bob"])

    def test_none_of_who_is_away(self) -> None:
        """A seat that would soon be gone stays."""
        bob = self.table.join("Bob")
        bob.drop()
        self.table.advance(59)
        self.ann.send("keep_other", whom=bob.id, s=None)
        self.table.advance(1000)
        self.assertIn(bob.id, self.table.room.seats)

    def test_odd(self) -> None:
        """Not a time: refused, nothing changes."""
        bob = self.table.join("Bob")
        self.assertEqual(code_of(self, bob.send, "keep", s=-1), "game_error")
        self.assertEqual(code_of(self, bob.send, "keep", s=1, refuse=True), "refused")
        self.assertEqual(self.gone_after(bob), 60)


class ProfileTests(SynchronousTestCase):
    """``profile``: a small JSON object that the client gave."""

    def test_seen_by_all(self) -> None:
        """Everybody sees it, a restart keeps it."""
        table = Table(House)
        ann = table.join("Ann", profile={"avatar": "cat", "colour": [1, 2]})
        bob = table.join("Bob")
        table.restart()
        profile = {"avatar": "cat", "colour": [1, 2]}
        self.assertEqual((bob.seats[ann.id]["profile"], ann.player.profile), (profile, profile))
        self.assertEqual(bob.player.profile, {})

    def test_large(self) -> None:
        """A large one is refused, and takes no seat."""
        table = Table(House)
        self.assertEqual(code_of(self, table.join, "Ann", profile={"x": "x" * 5000}), "too_large")
        self.assertEqual(len(table.room.seats), 0)


class PlayerTests(SynchronousTestCase):
    """What a `Player` is."""

    def test_equality_and_hash(self) -> None:
        """Two of the same seat are equal and serve as one key; others are not."""
        table = Table(House)
        ann, bob = table.join("Ann"), table.join("Bob")
        self.assertEqual(ann.send("sames", other=bob.id), [True] * 7)

    def test_over_a_restart(self) -> None:
        """The same seat is equal to what it was before a restart; of another room's it is not, whatever its id."""
        table, other = Table(House, seed=1), Table(House, seed=2)
        ann, eve = table.join("Ann"), other.join("Eve")
        before = ann.player
        table.restart()
        self.assertIsNot(before, ann.player)
        self.assertEqual((before == ann.player, hash(before) == hash(ann.player)), (True, True))
        self.assertEqual(ann.id, eve.id)
        self.assertNotEqual(ann.player, eve.player)

    def test_attributes(self) -> None:
        """Its name, role, number, user and whether it is online."""
        table = Table(House)
        ann, screen = table.join("Ann"), table.join("TV", "screen")
        player = ann.player
        self.assertEqual((player.id, player.name, player.role, player.number), (ann.id, "Ann", "player", 0))
        self.assertEqual((screen.player.role, screen.player.number, player.online), ("screen", None, True))
        self.assertNotEqual(player.user_id, screen.player.user_id)
        ann.drop()
        self.assertFalse(ann.player.online)
