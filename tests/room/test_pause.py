"""`pause` and `unpause`: timers and ticks stand still, messages but the host's are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, cron, message, question, timer
from gameserver.testing import Table, Visitor
from gameserver.testing.table import START_S


class Halting(Game):
    """May be halted at any time."""

    late_join = True
    roles = {"screen": 1}
    hold_s = 30

    @message(by="any")
    def halt(self, player: Player) -> None:
        self.pause()

    @message
    def go_on(self, player: Player) -> None:
        self.unpause()

    @message
    def arm(self, player: Player, s: float = 10, own: bool = False) -> None:
        if own:
            player.after(s, self.ring_own, show=True)
        else:
            self.after(s, self.ring, show=True)

    @message
    def arm_every(self, player: Player) -> None:
        self.every(10, self.ring)

    @message
    def arm_at(self, player: Player, s: float) -> None:
        self.at(datetime.fromtimestamp(START_S + s, UTC), self.ring)

    @message
    def arm_halted(self, player: Player) -> None:
        self.pause()
        self.after(10, self.ring, show=True)

    @message
    def enter_(self, player: Player) -> None:
        self.enter("dusk", 10, self.ring)

    @message
    def blink(self, player: Player) -> None:
        self.unpause()
        self.pause()
        self.pause()

    @message
    def halt_and_refuse(self, player: Player) -> None:
        self.pause()
        raise Refused("no")

    @message
    def go_on_and_refuse(self, player: Player) -> None:
        self.unpause()
        raise Refused("no")

    @message
    def left(self, player: Player) -> list[Any]:
        return [self.left_s(self.ring), self.played_s]

    @message
    def crown(self, player: Player, whom: Player) -> None:
        self.make_host(whom)

    @message
    def finish_(self, player: Player) -> None:
        self.over()

    @message
    def ask(self, player: Player) -> None:
        self.choose.ask(10)

    @question
    def choose(self, player: Player, n: int) -> int:
        return n

    @choose.done
    def chosen(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["chosen"] = [[p.name, a.value, a.after_s, self.now - START_S] for p, a in answers.items()]

    @timer
    def ring(self) -> None:
        self.state.setdefault("rings", []).append(round(self.now - START_S, 3))

    @timer
    def ring_own(self, player: Player) -> None:
        self.ring()


class Calendar(Halting):
    """Also called each minute."""

    @cron("* * * * *")
    def minute(self) -> None:
        self.state["minutes"] = self.state.get("minutes", 0) + 1


def told(visitor: Visitor) -> list[tuple[bool, int | None]]:
    """What a client was told of timers: whether it has an end, and what is left while paused."""
    frames = [json.loads(frame) for frame in visitor.seen().splitlines()]
    return [(f["ends"] is not None, f["paused_ms"]) for f in frames if f["op"] == "timer"]


class PauseTests(SynchronousTestCase):
    """Timers stand still."""

    def setUp(self) -> None:
        self.table = Table(Halting)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def rings(self) -> list[float]:
        """When timers fired."""
        rings: list[float] = self.table.state.get("rings", [])
        return rings

    def halt_for(self, s: float) -> None:
        """A pause of so many seconds."""
        self.ann.send("halt")
        self.table.advance(s)
        self.ann.send("go_on")

    def test_stands_still(self) -> None:
        """A timer is due as much later as the pause lasted, of rooms, players and phases alike."""
        for fields in ({}, {"own": True}):
            table = Table(Halting)
            ann = table.join("Ann")
            ann.send("arm", **fields)
            table.advance(4)
            ann.send("halt")
            table.advance(100)
            ann.send("go_on")
            table.advance(50)
            self.assertEqual(table.state["rings"], [110.0])
        self.ann.send("enter_")
        self.table.advance(4)
        self.halt_for(100)
        self.table.advance(50)
        self.assertEqual(self.rings(), [110.0])

    def test_several(self) -> None:
        """Pauses add up; pausing twice is once."""
        self.ann.send("arm")
        for _ in range(5):
            self.table.advance(1)
            self.ann.send("halt")
            self.table.advance(2)
            self.ann.send("halt")
            self.table.advance(1)
            self.ann.send("go_on")
            self.ann.send("go_on")
        self.table.advance(20)
        self.assertEqual(self.rings(), [25.0])

    def test_in_one_step(self) -> None:
        """Going on and pausing again in one step takes no time, and keeps it paused."""
        self.ann.send("arm")
        self.ann.send("halt")
        self.table.advance(30)
        self.ann.send("blink")
        self.assertTrue(self.bob.info["paused"])
        self.table.advance(30)
        self.ann.send("go_on")
        self.table.advance(30)
        self.assertEqual(self.rings(), [70.0])

    def test_armed_while_paused(self) -> None:
        """A timer that is armed while paused starts paused."""
        self.ann.send("arm_halted")
        self.table.advance(50)
        self.assertEqual((self.rings(), self.ann.send("left")[0]), ([], 10.0))
        self.ann.send("arm", s=3)
        self.table.advance(50)
        self.ann.send("go_on")
        self.table.advance(2.9)
        self.assertEqual(self.rings(), [])
        self.table.advance(50)
        self.assertEqual(self.rings(), [103.0])

    def test_every(self) -> None:
        """``every`` has missed nothing, and keeps the rest of its grid."""
        self.ann.send("arm_every")
        self.table.advance(13)
        self.halt_for(100)
        self.table.advance(20)
        self.assertEqual(self.rings(), [10.0, 120.0, 130.0])

    def test_date(self) -> None:
        """A date of the calendar is not moved; one that passes meanwhile waits for the end of the pause."""
        self.ann.send("arm_at", s=50)
        self.halt_for(20)
        self.table.advance(40)
        self.assertEqual(self.rings(), [50.0])
        self.ann.send("arm_at", s=70)
        self.halt_for(40)
        self.table.advance(1)
        self.assertEqual(self.rings(), [50.0, 100.0])

    def test_question(self) -> None:
        """A question's deadline stands still, and the time does not count for an answer."""
        self.ann.send("ask")
        self.table.advance(2)
        self.halt_for(100)
        self.table.advance(1)
        self.bob.send("choose", n=1)
        self.table.advance(6.9)
        self.assertNotIn("chosen", self.table.state)
        self.table.advance(0.2)
        self.assertEqual(self.table.state["chosen"], [["Bob", 1, 3.0, 110.0]])

    def test_left_and_played(self) -> None:
        """``left_s`` and ``played_s`` stand still."""
        self.table.start()
        self.ann.send("arm")
        self.table.advance(4)
        self.ann.send("halt")
        self.table.advance(100)
        self.assertEqual(self.ann.send("left"), [6.0, 4.0])
        self.ann.send("go_on")
        self.table.advance(1)
        self.assertEqual(self.ann.send("left"), [5.0, 5.0])

    def test_seats_do_not(self) -> None:
        """A seat is held no longer for it."""
        self.ann.send("halt")
        self.bob.drop()
        self.table.advance(31)
        self.assertEqual(list(self.ann.seats), [self.ann.id])

    def test_restart(self) -> None:
        """A paused room is paused after a restart."""
        self.ann.send("arm")
        self.table.advance(4)
        self.ann.send("halt")
        self.table.advance(10)
        self.table.restart()
        self.assertEqual(self.assertRaises(Refused, self.bob.send, "left").code, "paused")
        self.table.advance(10)
        self.ann.send("go_on")
        self.table.advance(6.1)
        self.assertEqual(self.rings(), [30.0])

    def test_undone(self) -> None:
        """Undone with its step, both ways."""
        self.ann.send("arm")
        self.assertRaises(Refused, self.ann.send, "halt_and_refuse")
        self.assertFalse(self.bob.info["paused"])
        self.ann.send("halt")
        self.table.advance(20)
        self.assertRaises(Refused, self.ann.send, "go_on_and_refuse")
        self.table.advance(20)
        self.assertTrue(self.bob.info["paused"])
        self.ann.send("go_on")
        self.table.advance(20)
        self.assertEqual(self.rings(), [50.0])

    def test_over_ends_it(self) -> None:
        """A game that is over is not paused any more."""
        self.ann.send("halt")
        self.ann.send("finish_")
        self.assertFalse(self.bob.info["paused"])
        self.bob.send("left")

    def test_cron(self) -> None:
        """The calendar does not stand still: `@cron` calls come, once each."""
        table = Table(Calendar)
        ann = table.join("Ann")
        ann.send("halt")
        table.advance(185)
        self.assertEqual(table.state["minutes"], 3)
        ann.send("go_on")
        self.assertEqual(table.state["minutes"], 3)


class PausedClientTests(SynchronousTestCase):
    """What clients know and may do."""

    def setUp(self) -> None:
        self.table = Table(Halting)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def test_deadline(self) -> None:
        """A shown timer is told with what is left, and with a new end when it goes on; newcomers know as much."""
        self.ann.send("arm")
        self.table.advance(4)
        self.ann.send("halt")
        self.table.advance(5)
        cleo = self.table.join("Cleo")
        self.ann.send("go_on")
        self.assertEqual(told(self.bob), [(True, None), (False, 6000), (True, None)])
        self.assertEqual(self.bob.timers["ring"], round((START_S + 15) * 1000))
        joined = next(json.loads(f) for f in cleo.seen().splitlines() if b'"op":"joined"' in f)
        self.assertEqual([(t["ends"], t["paused_ms"]) for t in joined["timers"]], [(None, 6000)])
        self.assertEqual(cleo.timers, self.bob.timers)

    def test_armed_while_paused(self) -> None:
        """One that is armed while paused is told with all of its time."""
        self.ann.send("arm_halted")
        self.assertEqual((told(self.bob), self.bob.timers), ([(False, 10_000)], {}))

    def test_messages(self) -> None:
        """Messages but the host's are refused `paused`, of every role; who becomes host meanwhile may."""
        screen = self.table.join("TV", "screen")
        self.ann.send("halt")
        for visitor, type in ((self.bob, "left"), (screen, "halt")):
            self.assertEqual(self.assertRaises(Refused, visitor.send, type).code, "paused")
        self.ann.send("crown", whom=self.bob.id)
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "left").code, "paused")
        self.bob.send("go_on")
        self.ann.send("left")

    def test_come_and_go(self) -> None:
        """People come, go and talk."""
        self.ann.send("halt")
        cleo = self.table.join("Cleo")
        cleo.say("why?")
        self.bob.leave()
        self.assertEqual((set(self.ann.seats), len(self.ann.chat)), ({self.ann.id, cleo.id}, 1))
