"""What is durable over a restart, and what the time does while no node runs the room."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, message, question, timer
from tests.node.registries import START_S, FakeSession, Place
from tests.websocket.kit import Rig


class Pausing(Game):
    """Timers of all kinds; what is derived is rebuilt when it is loaded."""

    needs_start = False
    hold_s = 60
    derived = ""

    def on_create(self) -> None:
        self.on_load()

    def on_load(self) -> None:
        self.derived = "rebuilt"
        self.secret["loads"] = self.secret.get("loads", 0) + 1

    def on_drop(self, player: Player) -> None:
        self.state.setdefault("dropped", []).append([player.name, self.now - START_S])

    def on_resume(self, player: Player) -> None:
        self.state.setdefault("resumed", []).append(player.name)

    def on_leave(self, player: Player) -> None:
        self.state.setdefault("left", []).append([player.name, self.now - START_S])

    @message
    def arm(self, player: Player) -> None:
        self.after(10, self.ring)
        self.after(12, self.second)
        self.every(5, self.beat)
        self.at(datetime.fromtimestamp(START_S + 100, UTC), self.date)
        player.after(11, self.own)

    @message
    def stop(self, player: Player) -> None:
        self.pause()

    @message
    def go_on(self, player: Player) -> None:
        self.unpause()

    @message
    def ask(self, player: Player) -> None:
        self.choose.ask(20)

    @question
    def choose(self, player: Player) -> int:
        return 1

    @choose.done
    def chosen(self, answers: dict[Player, Answer[int]]) -> None:
        self._note("chosen")

    @message
    def played(self, player: Player) -> float:
        return self.played_s

    @timer
    def ring(self) -> None:
        self._note("ring")

    @timer
    def second(self) -> None:
        self._note("second")

    @timer
    def beat(self) -> None:
        self._note("beat")

    @timer
    def date(self) -> None:
        self._note("date")

    @timer
    def own(self, player: Player) -> None:
        self._note("own")

    def _note(self, what: str) -> None:
        self.state.setdefault("fired", []).append([what, self.derived, self.now - START_S])


class Counting(Pausing):
    """The same; overdue timers fire at once."""

    downtime = "count"


class DowntimeTests(SynchronousTestCase):
    """``downtime``: timers stand still while no node runs the room, or overdue ones fire at once."""

    def open(self, game: type[Game]) -> FakeSession:
        """A room with one player, all timers armed at 0 s."""
        self.place = Place(game)
        ann = FakeSession("ann")
        self.place.create(ann)
        self.place.send(ann, "arm")
        return ann

    def fired(self, ann: FakeSession) -> Any:
        """What fired."""
        return self.place.registry.find(ann.code).room.doc("room").plain().get("fired", [])

    def test_pause(self) -> None:
        """Timers go on from where they were; a date of the calendar is not moved."""
        ann = self.open(Pausing)
        self.place.advance(4)
        self.place.away(30)
        self.assertEqual(self.fired(ann), [])
        self.place.advance(8.5)
        names = [(what, round(at)) for what, _, at in self.fired(ann)]
        expected = [("beat", 35), ("ring", 40), ("beat", 40), ("own", 41), ("second", 42)]
        self.assertEqual(sorted(names), sorted(expected))
        self.place.advance(100 - 42.5)
        self.assertIn(["date", "rebuilt", 100.0], self.fired(ann))

    def test_pause_date_passed(self) -> None:
        """A date that came while nobody ran the room fires at once, after ``on_load``."""
        ann = self.open(Pausing)
        self.place.advance(1)
        self.place.away(200)
        self.assertEqual(self.fired(ann), [["date", "rebuilt", 201.0]])

    def test_count(self) -> None:
        """Overdue ones fire at once, in order, many of `every` as one."""
        ann = self.open(Counting)
        self.place.advance(4)
        self.place.away(30)
        self.assertEqual([what for what, _, _ in self.fired(ann)], ["beat", "ring", "own", "second"])
        self.place.advance(1)
        self.assertEqual([what for what, _, _ in self.fired(ann)][4:], ["beat"])

    def test_count_after_load(self) -> None:
        """`on_load` rebuilds what is derived before any timer fires."""
        ann = self.open(Counting)
        self.place.advance(4)
        self.place.away(30)
        self.assertEqual({derived for _, derived, _ in self.fired(ann)}, {"rebuilt"})

    def test_loads_once(self) -> None:
        """`on_load` runs once a restart."""
        ann = self.open(Pausing)
        self.place.away(1)
        self.place.away(1)
        self.assertEqual(self.place.registry.find(ann.code).room.doc("secret").plain(), {"loads": 3})

    def test_paused_room(self) -> None:
        """A room that is paused stays so over a restart, in both ways; what is left is left."""
        for game in (Pausing, Counting):
            ann = self.open(game)
            self.place.advance(4)
            self.place.send(ann, "stop")
            self.place.advance(3)
            self.place.away(30)
            self.place.advance(3)
            room = self.place.registry.find(ann.code).room
            self.assertEqual(room.doc("room").plain().get("fired", []), [])
            self.assertIsNotNone(room.state.paused_at)
            again = self.place.join(self.place.registry.find(ann.code), FakeSession("ann"))
            self.place.send(again, "go_on")
            self.place.advance(5.9)
            names = [what for what, _, _ in room.doc("room").plain()["fired"]]
            self.assertNotIn("ring", names)
            self.place.advance(0.2)
            self.assertEqual([what for what, _, _ in self.fired(ann) if what == "ring"], ["ring"])

    def test_played(self) -> None:
        """What was played does not count while no node ran the room that stands still."""
        for game, expected in ((Pausing, 6.0), (Counting, 36.0)):
            ann = self.open(game)
            self.place.advance(4)
            self.place.away(30)
            again = self.place.join(self.place.registry.find(ann.code), FakeSession("ann"))
            self.place.advance(2)
            self.assertAlmostEqual(self.place.send(again, "played")["data"], expected, places=3)

    def test_question(self) -> None:
        """A question's deadline is a timer as well."""
        ann = self.open(Pausing)
        self.place.send(ann, "ask")
        self.place.advance(4)
        self.place.away(30)
        self.place.advance(15)
        self.assertNotIn("chosen", [what for what, _, _ in self.fired(ann)])
        self.place.advance(6)
        self.assertIn("chosen", [what for what, _, _ in self.fired(ann)])


class GraceTests(SynchronousTestCase):
    """After a restart seats count as online for 10 s: resumed in time, no hook runs."""

    def setUp(self) -> None:
        self.place = Place(Pausing)
        self.ann = FakeSession("ann")
        self.place.create(self.ann)
        self.bob = self.place.join(self.place.registry.find(self.ann.code), FakeSession("bob"))
        self.place.advance(1)

    def state(self) -> Any:
        """The room's document."""
        return self.place.registry.find(self.ann.code).room.doc("room").plain()

    def test_in_time(self) -> None:
        """Whoever comes back within 10 s never dropped."""
        self.place.away(1)
        self.place.advance(9)
        runner = self.place.registry.find(self.ann.code)
        self.assertTrue(all(seat.online for seat in runner.room.seats.values()))
        self.place.join(runner, FakeSession("ann"))
        self.place.join(runner, FakeSession("bob"))
        self.place.advance(30)
        self.assertEqual(self.state(), {})

    def test_too_late(self) -> None:
        """Whoever does not has dropped at 10 s; the hold begins then."""
        self.place.away(1)
        runner = self.place.registry.find(self.ann.code)
        self.place.join(runner, FakeSession("ann"))
        self.place.advance(9.9)
        self.assertEqual(self.state(), {})
        self.place.advance(0.2)
        self.assertEqual(self.state(), {"dropped": [["Bob", 12.0]]})
        self.place.advance(59)
        self.assertNotIn("left", self.state())
        self.place.advance(1)
        self.assertEqual(self.state()["left"], [["Bob", 72.0]])

    def test_dropped_before(self) -> None:
        """One who was away before has what was left of the hold, time without a node not counted."""
        self.place.gone(self.bob)
        self.place.advance(20)
        self.place.away(500)
        self.place.join(self.place.registry.find(self.ann.code), FakeSession("ann"))
        self.place.advance(39)
        self.assertNotIn("left", self.state())
        self.place.advance(1.1)
        self.assertEqual([name for name, _ in self.state()["left"]], ["Bob"])

    def test_several_restarts(self) -> None:
        """Restart upon restart nobody drops who comes back in time."""
        for _ in range(5):
            self.place.away(3)
            self.place.advance(6)
        runner = self.place.registry.find(self.ann.code)
        self.place.join(runner, FakeSession("ann"))
        self.place.join(runner, FakeSession("bob"))
        self.place.advance(60)
        self.assertEqual(self.state(), {})


class KillTests(SynchronousTestCase):
    def test_nothing_goes_on(self) -> None:
        """What a process had under way ends with it: timers, ticks, what is to be stored a little later."""

        class Lively(Pausing):
            durability = "relaxed"
            tick_hz = 10

        place = Place(Lively)
        ann = FakeSession("ann")
        place.create(ann)
        place.send(ann, "arm")
        alive = list(place.time.getDelayedCalls())
        self.assertGreater(len(alive), 3)
        place.kill()
        self.assertEqual((place.time.getDelayedCalls(), [call for call in alive if call.active()]), ([], []))
        rig = Rig(Lively)
        rig.guest().create("lively")
        alive = list(rig.time.getDelayedCalls())
        rig.crash()
        self.assertEqual([call for call in alive if call.active()], [])


class ClockStepTests(SynchronousTestCase):
    """A step of the wall clock neither stalls nor fires timers, and clients are told of the new deadlines."""

    def test_shift(self) -> None:
        """What waits, waits as long as it would have; who sees the deadline is told at once."""

        class Shown(Game):
            needs_start = False

            def on_create(self) -> None:
                self.after(10, self.ring, show=True)

            @timer
            def ring(self) -> None:
                self.state["rang"] = True

        place = Place(Shown)
        ann = FakeSession("ann")
        runner = place.create(ann)
        place.advance(1)
        off = 3600.0
        place.clock.ahead_s += off
        place.registry.shift(off)
        place.settle()
        self.assertEqual([f["ends"] for f in ann.of("timer")][-1:], [(START_S + 10 + off) * 1000])
        place.advance(8.9)
        self.assertEqual(runner.room.doc("room").plain(), {})
        place.advance(0.2)
        self.assertEqual(runner.room.doc("room").plain(), {"rang": True})

    def test_shift_during_a_step(self) -> None:
        """The same while a step waits for something."""
        waiting: list[Deferred[None]] = []

        class Busy(Game):
            needs_start = False

            def on_create(self) -> None:
                self.after(100, self.ring)

            @message
            async def wait(self, player: Player) -> None:
                waiting.append(Deferred())
                await waiting[-1]

            @timer
            def ring(self) -> None:
                self.state["rang"] = True

        place = Place(Busy)
        ann = FakeSession("ann")
        runner = place.create(ann)
        place.send(ann, "wait")
        place.clock.ahead_s += 3600
        place.registry.shift(3600)
        waiting.pop().callback(None)
        place.advance(1)
        self.assertEqual(runner.room.doc("room").plain(), {})
        place.advance(100)
        self.assertEqual(runner.room.doc("room").plain(), {"rang": True})
