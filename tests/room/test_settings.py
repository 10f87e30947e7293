"""What the settings of a game do to its rooms."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.errors import StoreUnavailable
from gameserver.testing import Table
from tests.node.registries import START_S, FakeSession, Place


class Paced(Game):
    """Patches go out ten times a second at most."""

    needs_start = False
    patch_hz = 10

    @message
    def more(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        player.state["own"] = self.state["n"]
        self.send("more", self.state["n"])
        return int(self.state["n"])


class PatchHzTests(SynchronousTestCase):
    """``patch_hz``: patches are gathered; events and answers are not."""

    def test_flushed(self) -> None:
        """What changed goes out a tenth of a second later, without another input."""
        table = Table(Paced)
        ann, bob = table.join("Ann"), table.join("Bob")
        table.advance(1)
        self.assertEqual([ann.send("more") for _ in range(5)], [1, 2, 3, 4, 5])
        self.assertEqual([e.data for e in bob.inbox], [1, 2, 3, 4, 5])
        table.advance(0.11)
        self.assertEqual((bob.docs["room"], ann.state), ({"n": 5}, {"own": 5}))
        self.assertLessEqual(bob.seen().count(b'"op":"patch"'), 2)

    def test_newcomer(self) -> None:
        """Who comes between two patches has the document as it is, and the patches that follow fit."""
        table = Table(Paced)
        ann = table.join("Ann")
        table.advance(1)
        ann.send("more")
        ann.send("more")
        bob = table.join("Bob")
        self.assertEqual(bob.docs["room"], {"n": 2})
        ann.send("more")
        table.advance(1)
        self.assertEqual((ann.docs["room"], bob.docs["room"]), ({"n": 3}, {"n": 3}))

    def test_restart(self) -> None:
        """A restart between two patches loses nothing."""
        table = Table(Paced)
        ann = table.join("Ann")
        table.advance(1)
        for _ in range(3):
            ann.send("more")
        table.restart()
        table.advance(1)
        self.assertEqual((ann.docs["room"], ann.state), ({"n": 3}, {"own": 3}))


class Ticking(Game):
    """Ticks ten times a second."""

    tick_hz = 10
    hold_s = 60

    def on_tick(self, dt_s: float) -> None:
        self.secret.setdefault("dt", []).append(round(dt_s, 6))

    @message
    def halt(self, player: Player) -> None:
        self.pause()

    @message
    def go_on(self, player: Player) -> None:
        self.unpause()

    @message
    def finish_(self, player: Player) -> None:
        self.over()


class TickTests(SynchronousTestCase):
    """``on_tick`` runs while playing and somebody is online."""

    def setUp(self) -> None:
        self.table = Table(Ticking)
        self.ann = self.table.join("Ann")

    def ticks(self) -> list[float]:
        """The length of each tick."""
        ticks: list[float] = self.table.room.doc("secret").plain().get("dt", [])
        return ticks

    def test_lobby(self) -> None:
        """No ticks before the start."""
        self.table.advance(2)
        self.assertEqual(self.ticks(), [])

    def test_playing(self) -> None:
        """So many a second, and their times add up."""
        self.table.start()
        self.table.advance(100.05)
        self.assertEqual(len(self.ticks()), 1000)
        self.assertAlmostEqual(sum(self.ticks()), 100, places=2)

    def test_nobody_online(self) -> None:
        """None while nobody is online; the time away is not in the next one."""
        self.table.start()
        self.table.advance(1)
        self.ann.drop()
        self.table.advance(30)
        self.assertEqual(len(self.ticks()), 10)
        self.ann.resume()
        self.table.advance(1)
        self.assertEqual(len(self.ticks()), 20)
        self.assertLess(max(self.ticks()), 0.2)

    def test_paused(self) -> None:
        """They stand still while paused, and what was paused is in no tick."""
        self.table.start()
        self.table.advance(1.05)
        self.ann.send("halt")
        self.table.advance(5)
        self.assertEqual(len(self.ticks()), 10)
        self.ann.send("go_on")
        self.table.advance(1)
        self.assertLess(max(self.ticks()), 0.2)

    def test_short_pause(self) -> None:
        """The same for a pause shorter than a tick."""
        self.table.start()
        self.table.advance(1.01)
        self.ann.send("halt")
        self.table.advance(0.08)
        self.ann.send("go_on")
        self.table.advance(1.01)
        self.assertLessEqual(sum(self.ticks()), 2.03)

    def test_over(self) -> None:
        """None when it is over; again when it is played again."""
        self.table.start()
        self.table.advance(1)
        self.ann.send("finish_")
        self.table.advance(5)
        self.assertEqual(len(self.ticks()), 10)
        self.table.start()
        self.table.advance(1)
        self.assertEqual(len(self.ticks()), 20)


class Wide(Game):
    """A small row."""

    needs_start = False
    max_row_bytes = 4000

    @message
    def put(self, player: Player, n: int) -> None:
        self.state["x"] = "x" * n


class RowSizeTests(SynchronousTestCase):
    """``max_row_bytes`` bounds what a room may hold."""

    def test_undone(self) -> None:
        """A step that makes the row larger is undone, and the sender is told."""
        table = Table(Wide)
        ann = table.join("Ann")
        ann.send("put", n=100)
        self.assertRaises(Refused, ann.send, "put", n=8000)
        self.assertEqual(table.state, {"x": "x" * 100})


class Idle(Game):
    """Closes when nobody was here for a minute."""

    idle_close_s = 60
    hold_s = 10

    def on_close(self) -> None:
        Idle.closed = True

    closed = False


class Forever(Idle):
    """Never does."""

    idle_close_s = None


class IdleTests(SynchronousTestCase):
    """``idle_close_s``."""

    def test_closed(self) -> None:
        """So long after the last connection is gone the room closes, with ``on_close``."""
        table = Table(Idle)
        ann = table.join("Ann")
        table.advance(1000)
        ann.drop()
        table.advance(59)
        self.assertEqual(table.status, "lobby")
        ann_again = table.join("Ann again")
        ann_again.drop()
        table.advance(59)
        self.assertEqual(table.status, "lobby")
        table.advance(1.1)
        self.assertEqual(table.status, "closed")
        self.assertTrue(Idle.closed)

    def test_never_used(self) -> None:
        """A room that nobody ever joined closes as well."""
        table = Table(Idle)
        table.advance(61)
        self.assertEqual(table.status, "closed")

    def test_none(self) -> None:
        """None: it stays open."""
        table = Table(Forever)
        table.join("Ann").drop()
        table.advance(10 * 86400)
        self.assertEqual(table.status, "lobby")


class Rated(Game):
    """Five messages a second."""

    messages_per_s = 5

    @message
    def poke(self, player: Player) -> None:
        """Nothing."""

    @message
    def fail(self, player: Player) -> None:
        raise ValueError("fails")


class RateTests(SynchronousTestCase):
    """``messages_per_s``, burst twice that, per player."""

    def burst(self, visitor: Any, type: str = "poke") -> int:
        """How many go through at once."""
        for n in range(100):
            try:
                visitor.send(type)
            except Refused as refused:
                if refused.code == "rate_limited":
                    return n
        return 100

    def test_slow(self) -> None:
        """One at once always may, however long it is until the next."""
        table = Table(type("Slow", (Rated,), {"messages_per_s": 0.1}))
        ann = table.join("Ann")
        self.assertEqual(self.burst(ann), 1)
        table.advance(10)
        self.assertEqual(self.burst(ann), 1)

    def test_burst_and_rate(self) -> None:
        """Ten at once, then five a second; each player alone."""
        table = Table(Rated)
        ann, bob = table.join("Ann"), table.join("Bob")
        self.assertEqual(self.burst(ann), 10)
        self.assertEqual(self.burst(bob), 10)
        table.advance(1)
        self.assertEqual(self.burst(ann), 5)
        table.advance(100)
        self.assertEqual(self.burst(ann), 10)

    def test_failures_cost(self) -> None:
        """A player's own failures count against that player's rate."""
        table = Table(Rated)
        ann = table.join("Ann")
        self.assertLess(self.burst(ann, "fail"), 10)
        self.assertEqual(table.status, "lobby")


class Relaxed(Game):
    """Half a second behind."""

    durability = "relaxed"
    needs_start = False

    @message
    def put(self, player: Player, n: int) -> int:
        self.state["n"] = n
        return n


class Unstored(Relaxed):
    """Never stored."""

    durability = "none"


class Cursor(Game):
    """A commit game with one message that is not durable."""

    needs_start = False

    @message(durable=False)
    def move(self, player: Player, x: int) -> int:
        self.state["x"] = x
        self.send("moved", x, volatile=True)
        return x

    @message
    def put(self, player: Player, n: int) -> int:
        self.state["n"] = n
        return n


class DurabilityTests(SynchronousTestCase):
    """``durability``."""

    def tearDown(self) -> None:
        self.flushLoggedErrors(RuntimeError)

    def test_commit(self) -> None:
        """Nobody is told before the store has it; killed before that, the step never was."""
        place = Place(Cursor)
        ann = FakeSession("ann")
        runner = place.create(ann)
        place.store.hold()
        self.assertEqual(place.send(ann, "put", n=1), {})
        self.assertEqual(ann.of("patch"), [])
        place.store.release()
        place.settle()
        self.assertEqual((len(ann.of("patch")), len(ann.of("ok"))), (1, 1))
        place.store.hold()
        place.send(ann, "put", n=2)
        place.away(1)
        place.store.release()
        self.assertEqual(place.registry.find(runner.room.code).room.doc("room").plain(), {"n": 1})

    def test_relaxed(self) -> None:
        """Effects at once, the row half a second behind."""
        place = Place(Relaxed)
        ann = FakeSession("ann")
        place.create(ann)
        place.advance(1)
        place.store.hold()
        self.assertEqual(place.send(ann, "put", n=1)["data"], 1)
        place.store.release()
        place.away(0)
        self.assertEqual(place.registry.find(ann.code).room.doc("room").plain(), {})
        again = place.join(place.registry.find(ann.code), FakeSession("ann"))
        place.send(again, "put", n=2)
        place.advance(0.6)
        place.away(0)
        self.assertEqual(place.registry.find(ann.code).room.doc("room").plain(), {"n": 2})

    def test_relaxed_store_away(self) -> None:
        """A store that refuses is no other: effects go out until the row is 5 s behind, and then wait for it."""
        place = Place(Relaxed)
        ann = FakeSession("ann")
        place.create(ann)
        place.advance(1)
        place.store.fail = StoreUnavailable("away")
        for n in range(1, 10):
            self.assertEqual(place.send(ann, "put", n=n)["data"], n)
            place.advance(0.5)
        place.advance(0.5)
        self.assertEqual(place.send(ann, "put", n=10), {})
        place.store.fail = None
        place.advance(2)
        self.assertEqual(ann.of("ok")[-1]["data"], 10)
        place.advance(0.6)
        place.away(0)
        self.assertEqual(place.registry.find(ann.code).room.doc("room").plain(), {"n": 10})

    def test_relaxed_behind_a_slow_store(self) -> None:
        """What changes while a commit is under way is never more than 5 s old when inputs wait for it."""
        place = Place(Relaxed, beats=False)
        ann = FakeSession("ann")
        place.create(ann)
        place.advance(1)
        place.store.hold()
        place.send(ann, "put", n=1)
        place.advance(1)
        place.send(ann, "put", n=2)
        place.advance(3)
        place.store.release(1)
        place.settle()
        place.advance(2.1)
        self.assertEqual(place.send(ann, "put", n=3), {})
        place.store.release()
        place.advance(1)
        self.assertEqual(ann.of("ok")[-1]["data"], 3)

    def test_given_up_while_the_store_is_away(self) -> None:
        """A room that the store, when it is back, cannot take is given up; the others do not wait for it forever."""
        place = Place(Cursor)
        ann, bob = FakeSession("ann"), FakeSession("bob")
        for session in (ann, bob):
            place.create(session)
        place.store.fail = StoreUnavailable("away")
        place.send(ann, "put", n=1)
        self.assertTrue(place.registry.store_away)
        place.store.fail = RuntimeError("this cannot be stored")  # type: ignore[assignment]
        place.advance(0.5)
        place.store.fail = None
        place.advance(2)
        self.assertIsNone(place.registry.get(ann.code))
        self.assertFalse(place.registry.store_away)
        self.assertEqual(place.send(bob, "put", n=1)["data"], 1)

    def test_none_store_away(self) -> None:
        """What is never stored waits for no store."""
        place = Place(Unstored, Cursor)
        ann, bob = FakeSession("ann"), FakeSession("bob")
        place.create(ann)
        place.game = "cursor"
        place.create(bob)
        place.store.fail = StoreUnavailable("away")
        self.assertEqual(place.send(bob, "put", n=1), {})
        self.assertTrue(place.registry.store_away)
        self.assertEqual(place.send(ann, "put", n=1)["data"], 1)
        self.assertEqual(place.send(bob, "put", n=2), {})
        place.store.fail = None
        place.advance(2)
        self.assertEqual([ok["data"] for ok in bob.of("ok")], [1, 2])

    def test_relaxed_store_stuck(self) -> None:
        """Inputs wait once the row is 5 s behind, and go on when the store answers."""
        place = Place(Relaxed)
        ann = FakeSession("ann")
        place.create(ann)
        place.advance(1)
        place.store.hold()
        self.assertEqual(place.send(ann, "put", n=1)["op"], "ok")
        place.advance(4)
        self.assertEqual(place.send(ann, "put", n=2)["op"], "ok")
        place.advance(2)
        self.assertEqual(place.send(ann, "put", n=3), {})
        place.store.release()
        place.advance(0.1)
        self.assertEqual([f["data"] for f in ann.of("ok")], [1, 2, 3])

    def test_none(self) -> None:
        """Never stored, gone with the process."""
        place = Place(Unstored)
        ann = FakeSession("ann")
        place.create(ann)
        self.assertEqual(place.send(ann, "put", n=1)["data"], 1)
        place.advance(60)
        place.away(0)
        self.assertIsNone(place.registry.get(ann.code))
        self.assertEqual(place.store._rooms, {})

    def test_not_durable(self) -> None:
        """``durable=False`` goes out at once, and is stored with the next step."""
        place = Place(Cursor)
        ann = FakeSession("ann")
        place.create(ann)
        bob = place.join(place.registry.find(ann.code), FakeSession("bob"))
        place.store.hold()
        self.assertEqual(place.send(ann, "move", x=5)["data"], 5)
        self.assertEqual([f["data"] for f in bob.of("event")], [5])
        self.assertEqual(place.store.in_flight, 0)
        place.store.release()
        place.send(ann, "put", n=1)
        place.away(0)
        self.assertEqual(place.registry.find(ann.code).room.doc("room").plain(), {"x": 5, "n": 1})

    def test_not_durable_waits_for_a_commit(self) -> None:
        """It does not overtake a step that is not stored yet."""
        place = Place(Cursor)
        ann = FakeSession("ann")
        place.create(ann)
        place.store.hold()
        place.send(ann, "put", n=1)
        self.assertEqual(place.send(ann, "move", x=5), {})
        place.store.release()
        place.settle()
        self.assertEqual([f["data"] for f in ann.of("ok")], [1, 5])


class Auto(Game):
    """Starts when it is full."""

    min_players = max_players = 2
    auto_start = True
    roles = {"screen": 1}

    def on_start(self) -> None:
        self.state["started"] = self.now - START_S


class Always(Game):
    """Plays from its creation."""

    needs_start = False

    def on_create(self) -> None:
        self.state["log"] = ["create", self.status]
        self.enter("day")

    def on_start(self) -> None:
        self.state["log"] += ["start", self.status, len(self.players)]


class StartTests(SynchronousTestCase):
    """``auto_start`` and ``needs_start``."""

    def test_auto(self) -> None:
        """It starts when the player seats are full; a screen fills none."""
        table = Table(Auto)
        table.join("Ann")
        table.join("TV", "screen")
        self.assertEqual(table.status, "lobby")
        bob = table.join("Bob")
        self.assertEqual((table.status, bob.docs["room"]), ("playing", {"started": 0.0}))

    def test_needs_no_start(self) -> None:
        """`playing` from creation, ``on_start`` after ``on_create``; players come at any time."""
        table = Table(Always)
        self.assertEqual(table.status, "playing")
        ann = table.join("Ann")
        self.assertEqual(ann.docs["room"]["log"][0::2][:2], ["create", "start"])
        self.assertEqual(ann.docs["room"]["log"][-2:], ["playing", 0])
        self.assertRaises(Refused, ann.start)

    def test_phase_of_on_create(self) -> None:
        """A phase that ``on_create`` entered stands until another is entered."""
        self.assertEqual(Table(Always).phase, "day")

    def test_too_few(self) -> None:
        """With too few it cannot start, and nothing changed."""

        class Three(Game):
            min_players = 3

        table = Table(Three)
        ann = table.join("Ann")
        self.assertRaises(Refused, ann.start)
        self.assertEqual(table.status, "lobby")
