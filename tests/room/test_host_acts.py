"""What a host may do besides starting: the message ``host``."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Table, Visitor


class Salon(Game):
    """Does what its host wants."""

    roles = {"screen": 2}

    def on_start(self) -> None:
        self.state["rounds"] = self.state.get("rounds", 0) + 1
        self.after(60, self.stumble)

    def on_leave(self, player: Player) -> None:
        self.state["left"] = player.name
        if player.name == "Weak":
            raise ValueError("misses them")

    @message
    def move(self, player: Player) -> None: ...

    @message(by="host")
    def skip(self, player: Player) -> None:
        self.state["skipped"] = True

    @timer
    def stumble(self) -> None:
        raise ValueError("stumbled")


class Strict(Salon):
    """Lets its host end a round, and no more."""

    host_may = ("end",)


class HostActTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Salon, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def refused(self, visitor: Visitor, act: str, **more: Any) -> str:
        """:returns: the code with which an act is refused."""
        return self.assertRaises(Refused, visitor.ask, "host", act=act, **more).code

    def test_round(self) -> None:
        """A round is ended and played again; what does not fit is refused."""
        self.assertEqual(self.refused(self.ann, "end"), "refused")
        self.assertEqual(self.refused(self.ann, "again"), "refused")
        self.ann.start()
        self.assertEqual(self.refused(self.ann, "again"), "refused")
        self.ann.ask("host", act="end")
        self.assertEqual((self.bob.info["status"], self.bob.info["result"]), ("over", {}))
        self.table.advance(100)
        self.ann.ask("host", act="again")
        self.assertEqual((self.bob.info["status"], self.table.state["rounds"]), ("playing", 2))

    def test_pause_and_lock(self) -> None:
        """While it is paused the others are told so; the host goes on, and lets people in or not."""
        self.ann.start()
        self.ann.ask("host", act="pause")
        self.assertTrue(self.bob.info["paused"])
        self.assertEqual(self.assertRaises(Refused, self.bob.send, "move").code, "paused")
        self.ann.ask("host", act="unpause")
        self.bob.send("move")
        self.ann.ask("host", act="lock")
        self.assertEqual(self.assertRaises(Refused, self.table.join, "TV", "screen").code, "room_locked")
        self.ann.ask("host", act="unlock")
        self.table.join("TV", "screen")

    def test_seats(self) -> None:
        """Somebody is muted, put out, or made host; a screen is not."""
        screen = self.table.join("TV", "screen")
        self.ann.ask("host", act="mute", seat=self.bob.id)
        self.assertRaises(Refused, self.bob.say, "hello")
        self.ann.ask("host", act="kick", seat=self.bob.id)
        self.assertEqual((self.bob.left, self.table.state["left"]), ("kicked", "Bob"))
        self.assertEqual(self.refused(self.ann, "kick", seat=self.bob.id), "bad_data")
        self.assertEqual(self.refused(self.ann, "kick"), "bad_data")
        self.assertEqual(self.refused(self.ann, "pass", seat=screen.id), "refused")
        cleo = self.table.join("Cleo")
        self.ann.ask("host", act="pass", seat=cleo.id)
        self.assertTrue(self.ann.seats[cleo.id]["host"])
        self.assertEqual(self.refused(self.ann, "lock"), "forbidden")

    def test_others(self) -> None:
        """Nobody else may; an act that there is not is bad data."""
        self.assertEqual(self.refused(self.bob, "end"), "forbidden")
        self.assertEqual(self.refused(self.ann, "dance"), "bad_data")

    def test_oneself(self) -> None:
        """Who puts out or mutes themselves is told which field is wrong; of a command, that is its text."""
        for act in ("kick", "mute"):
            refused = self.assertRaises(Refused, self.ann.ask, "host", act=act, seat=self.ann.id)
            self.assertEqual((refused.code, refused.path), ("bad_data", "$.seat"), act)
            refused = self.assertRaises(Refused, self.ann.say, f"/{act} Ann")
            self.assertEqual((refused.code, refused.path), ("bad_data", "$.text"), act)

    def test_game_decides(self) -> None:
        """A game may forbid acts."""
        table = Table(Strict)
        ann = table.join("Ann")
        ann.start()
        self.assertEqual(self.refused(ann, "pause"), "forbidden")
        ann.ask("host", act="end")

    def test_screen_of_the_creator(self) -> None:
        """It has the rights besides the host, not the flag; somebody else's screen has none."""
        table = Table(Salon)
        screen = table.join("TV", "screen")
        table.room.state.creator = screen.player.user_id
        bob = table.join("Bob")
        other = table.join("Cleo", "screen")
        self.assertEqual([each["host"] for each in bob.seats.values()], [False, True, False])
        screen.start()
        screen.send("skip")
        screen.ask("host", act="end")
        self.assertEqual(self.refused(other, "end"), "forbidden")

    def test_put_out_though_the_game_fails(self) -> None:
        """A seat ends as its host or a moderator wants, whatever the game makes of it."""
        for reason, act in (
            ("kicked", lambda weak: self.ann.ask("host", act="kick", seat=weak.id)),
            ("banned", lambda _: self.ann.say("/ban Weak")),
        ):
            weak = self.table.join("Weak")
            act(weak)
            self.assertEqual((weak.left, len(self.table.room.seats)), (reason, 2))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)
        self.assertNotIn("left", self.table.state)

    def test_failure_is_told(self) -> None:
        """What failed of a timer or a hook, and answers nobody, is told to whoever hosts, and to nobody else."""
        weak = self.table.join("Weak")
        self.ann.start()
        self.table.advance(60)
        weak.leave()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)
        for what in (b"stumble", b"on_leave"):
            told = b'"code":"game_error","message":"The game failed at %b."' % what
            self.assertEqual((self.ann.seen().count(told), self.bob.seen().count(told)), (1, 0))
