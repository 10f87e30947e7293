"""The garbage collector: what it looks at, counted in objects, never in time."""

from __future__ import annotations

import gc
import weakref

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.collecting import BLOCKS_EACH, COUNT_LOOKS, FEW, LOOK_S, MORE_BUSY, MORE_QUIET, Collector
from gameserver.interfaces import User
from tests.node.registries import FakeSession, Place

OBJECTS_A_ROOM = 79
"""That the collector looks at, of a room in which nobody is."""
QUIET = Logger(observer=lambda event: None)
"""A test's own observers may keep what is said."""


class Plain(Game):
    """Keeps nothing."""

    needs_start = False
    idle_close_s = None


class Lists(Game):
    """Keeps this and that, and ends when it is told to."""

    needs_start = False

    def on_join(self, player: Player) -> None:
        self.state["players"] = {player.id: {"at": [1, 2, {"x": 3}]}}
        player.state["hand"] = [{"card": 1}]
        self.group("red").add(player)
        self.every(5, self.beat)

    @timer
    def beat(self) -> None:
        self.secret["n"] = 1

    @message
    def beat_once(self, player: Player) -> int:
        self.secret["n"] = 0
        return 1

    @message
    def end(self, player: Player) -> None:
        self.send("end")
        self.close()


class FakeCollector:
    """
    Has as many objects as a test says.

    :ivar count: of blocks in use.
    :ivar full: how often everything was looked at.
    """

    def __init__(self) -> None:
        self.count = self.full = 0
        self.thresholds = (700, 10, 10)
        self.is_frozen = False

    def get_threshold(self) -> tuple[int, int, int]:
        return self.thresholds

    def set_threshold(self, *thresholds: int) -> None:
        self.thresholds = thresholds  # type: ignore[assignment]

    def collect(self, generation: int = 2) -> int:
        if generation == 2:
            assert not self.is_frozen
            self.full += 1
        return 0

    def freeze(self) -> None:
        self.is_frozen = True

    def unfreeze(self) -> None:
        self.is_frozen = False


class Cycle:
    """Something that is not free when it is let go."""

    def __init__(self) -> None:
        self.own = self


class CollectorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.passes = self.there = 0
        self.fake = FakeCollector()

    def start(self, collector: object) -> Collector:
        """:returns: a service that runs until the test is over."""
        service = Collector(
            self.clock, lambda: self.passes, collector, there=lambda: self.there, blocks=lambda: self.fake.count
        )
        service.startService()
        self.addCleanup(service.stopService)
        return service

    def looks(self, times: int, *, busy: bool = False) -> None:
        for _ in range(times):
            self.passes += busy
            self.clock.advance(LOOK_S)

    def test_everything_rarely(self) -> None:
        """All is looked at as the server starts, and not again before there is much more."""
        self.start(self.fake)
        self.fake.count = FEW
        self.looks(10 * COUNT_LOOKS)
        self.assertEqual(self.fake.full, 1)

    def test_while_nothing_comes_in(self) -> None:
        """What has grown is looked at where that disturbs nobody."""
        self.start(self.fake)
        self.fake.count = int(FEW * MORE_QUIET) + 1
        self.looks(COUNT_LOOKS, busy=True)
        self.assertEqual(self.fake.full, 1)
        self.looks(COUNT_LOOKS)
        self.assertEqual(self.fake.full, 2)
        self.looks(10 * COUNT_LOOKS)
        self.assertEqual(self.fake.full, 2)

    def test_in_any_case(self) -> None:
        """On a server that is never idle it is looked at before it has grown without bounds."""
        self.start(self.fake)
        self.fake.count = int(FEW * MORE_BUSY) + 1
        self.looks(COUNT_LOOKS, busy=True)
        self.assertEqual(self.fake.full, 2)

    def test_not_for_rooms_that_came(self) -> None:
        """What rooms and connections take that came since is no reason to look for what has gone."""
        self.start(self.fake)
        self.there = 10_000
        self.fake.count = FEW + 10_000 * 220
        self.looks(COUNT_LOOKS)
        self.assertEqual(self.fake.full, 1)
        self.fake.count = int(FEW * MORE_QUIET) + 10_000 * BLOCKS_EACH + 1
        self.looks(COUNT_LOOKS)
        self.assertEqual(self.fake.full, 2)

    def test_stopped(self) -> None:
        """The collector is left as it was."""
        service = Collector(self.clock, lambda: self.passes, self.fake)
        service.startService()
        service.stopService()
        self.assertEqual((self.fake.thresholds, self.fake.is_frozen), ((700, 10, 10), False))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cycles_are_freed(self) -> None:
        """By the real one: what is frozen and let go in a cycle is free after all is looked at."""
        service = self.start(gc)
        cycle = Cycle()
        gone = weakref.ref(cycle)
        self.looks(1)
        del cycle
        self.looks(1)
        self.assertIsNotNone(gone())
        service._collect_all()
        self.assertIsNone(gone())

    def test_ended_rooms_are_free(self) -> None:
        """What is left of a room that has ended refers to nothing in a circle: the collector need not look for it."""
        place = Place(Lists, free_s=60.0)
        place.registry.log = QUIET
        self.start(gc)

        def come_and_go(rooms: int) -> None:
            for n in range(rooms):
                session = FakeSession(f"u{n}")
                runner = place.create(session)
                place.send(session, "end")
            del runner, session
            place.advance(61)

        come_and_go(5)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        here = len(gc.get_objects())
        come_and_go(50)
        self.assertEqual(list(place.registry.runners), [])
        self.assertLess(len(gc.get_objects()) - here, 50 * 8)

    def test_lost_room_taken_apart_while_the_store_takes_long(self) -> None:
        """What the store then says of its last commit stops no other room, whose commit went with it."""
        place = Place(Lists, free_s=60.0)
        ann, bob = FakeSession("ann"), FakeSession("bob")
        lost, kept = place.create(ann), place.create(bob)
        place.store.hold()
        place.registry.reactor_pass.begin()
        for session in (ann, bob):
            place.send(session, "beat_once")
        place.registry.reactor_pass.end()
        place.registry._lose(lost)
        place.advance(90)
        with self.assertRaises(AttributeError):
            lost.room.state  # noqa: B018 - it is taken apart
        place.store.release()
        place.settle()
        self.assertTrue(kept.commits.settled)
        self.assertEqual(bob.of("ok")[-1]["op"], "ok")

    def test_rooms_are_not_looked_at(self) -> None:
        """By the real one: a second after rooms came, none of their objects is looked at any more."""
        place = Place(Plain)
        place.registry.log = QUIET
        self.start(gc)
        before = len(gc.get_objects())
        for n in range(100):
            user = User(f"u{n}", f"U{n}")
            place.get(Deferred.fromCoroutine(place.registry.create(user, place.game, {})))
        here = len(gc.get_objects())
        self.assertGreater(here - before, 100 * 20)
        self.assertLess(here - before, 100 * OBJECTS_A_ROOM + 1000)
        self.looks(1)
        self.assertLess(len(gc.get_objects()), 1000)
