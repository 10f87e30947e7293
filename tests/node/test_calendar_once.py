"""A static method of the calendar: of the nodes that share a store one calls it, once for each time that was due."""

from __future__ import annotations

from datetime import UTC
from random import Random
from typing import Any, ClassVar

from twisted.internet.task import Clock as FakeTime
from twisted.logger import Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, clock, cron
from gameserver.errors import StoreUnavailable
from gameserver.game.spec import spec_of
from gameserver.node import calendar
from gameserver.node.calendar import ANSWER_S, FAILOVER_S, LATE_S, Calendar
from tests.node.registries import START_S, Place
from tests.store.shared import Shared, SharedStore

HOUR_S, DAY_S = 3600.0, 86400.0


class Nightly(Game):
    """Called once for all nodes."""

    called: ClassVar[list[str]] = []

    @staticmethod
    @cron("30 0 * * *")
    async def nightly() -> None:
        Nightly.called.append("nightly")

    @cron("*/5 * * * *")
    @staticmethod
    def often() -> None:
        Nightly.called.append("often")


class Node:
    """One node's calendar; its time goes on only if the test lets it."""

    def __init__(self, shared: Shared, name: str, *, ahead_s: float = 0.0) -> None:
        self.time = FakeTime()
        self.time.rightNow = shared.seconds()
        self.clock = clock.Clock(self.time, lambda: START_S + ahead_s + self.time.seconds())
        self.store = SharedStore(shared, name)
        self.store.start()
        entropy = Random(name).randbytes
        self.calendar = Calendar({"nightly": spec_of(Nightly)}, self.clock, entropy, rooms=list, leases=self.store)
        self.calendar.start()

    @property
    def next_s(self) -> float:
        """When something is due."""
        return min((call.getTime() for call in self.time.getDelayedCalls()), default=float("inf"))

    def run(self, until_s: float) -> None:
        """Let all happen that is due by then."""
        self.time.rightNow = max(until_s, self.time.rightNow)
        while self.next_s <= until_s:
            self.time.advance(0)


class OnceTests(SynchronousTestCase):
    """A static method is called once for each time that was due. The clock of node b is ahead by a little."""

    def setUp(self) -> None:
        self.patch(clock, "get_localzone", lambda: UTC)
        self.events: list[Any] = []
        log = Logger(namespace="test", observer=self.events.append)  # type: ignore[arg-type]
        self.patch(calendar, "_log", log)
        self.begin(ahead_s=0.4)

    def begin(self, *, ahead_s: float) -> None:
        """Start two nodes, at midnight."""
        Nightly.called.clear()
        self.seconds = 0.0
        self.shared = Shared(lambda: self.seconds)
        self.a, self.b = Node(self.shared, "a"), Node(self.shared, "b", ahead_s=ahead_s)

    def pass_time(self, s: float, *nodes: Node) -> None:
        """Let time pass: these nodes run, the others stand still."""
        end_s = self.seconds + s
        while self.seconds < end_s:
            self.seconds = min(end_s, *(max(node.next_s, self.seconds) for node in nodes))
            for node in nodes:
                node.run(self.seconds)

    def away(self, *nodes: Node) -> None:
        """From now on the store does not answer these."""
        for node in nodes:
            node.store.fail = StoreUnavailable("away")

    def back(self, *nodes: Node) -> None:
        """The store is back."""
        for node in nodes:
            node.store.fail = node.store.fail_after = None

    def check(self, *, nightly: int, often: int) -> None:
        """See how often the two were called since the last look."""
        self.assertEqual((Nightly.called.count("nightly"), Nightly.called.count("often")), (nightly, often))
        Nightly.called.clear()

    def test_clocks_that_differ(self) -> None:
        """Nodes whose clocks differ agree, day after day."""
        for ahead_s in (0.0, 0.4, -0.4, 59.0, 140.0, -119.6):
            self.begin(ahead_s=ahead_s)
            self.pass_time(200, self.a, self.b)
            Nightly.called.clear()  # what one of them alone was awake for
            self.pass_time(3 * DAY_S, self.a, self.b)
            self.check(nightly=3, often=3 * 288)

    def test_node_that_stood_still(self) -> None:
        """A node that wakes long after its time finds that it was seen to."""
        self.pass_time(1710, self.a, self.b)
        self.check(nightly=0, often=5)
        self.pass_time(240, self.a)
        self.check(nightly=1, often=1)
        self.pass_time(60, self.a, self.b)
        self.check(nightly=0, often=0)

    def test_store_away(self) -> None:
        """If the store was away then, it is called once as soon as the store is back."""
        self.pass_time(1710, self.a, self.b)
        self.check(nightly=0, often=5)
        self.away(self.a, self.b)
        self.pass_time(240, self.a, self.b)
        self.check(nightly=0, often=0)
        self.back(self.b, self.a)
        self.pass_time(2, self.a, self.b)
        self.check(nightly=1, often=1)
        self.pass_time(DAY_S - 2200, self.a, self.b)
        self.check(nightly=0, often=281)

    def test_store_away_from_one(self) -> None:
        """The node that reaches the store calls; the other learns of it later."""
        for node, other in ((self.a, self.b), (self.b, self.a)):
            self.away(node)
            self.pass_time(390, node, other)
            self.check(nightly=0, often=1)
            self.back(node)
            self.pass_time(180, node, other)
            self.check(nightly=0, often=0)
            self.pass_time(30, node, other)
            self.check(nightly=0, often=1)

    def test_answer_lost(self) -> None:
        """Whoever was the first and did not hear so, asks again and calls; the other does not meanwhile."""
        self.pass_time(1710, self.a, self.b)
        self.check(nightly=0, often=5)
        self.b.store.fail_after = StoreUnavailable("the answer was lost")
        self.pass_time(95, self.a, self.b)
        self.check(nightly=0, often=0)
        self.back(self.b)
        self.pass_time(2, self.a, self.b)
        self.check(nightly=1, often=1)
        self.pass_time(200, self.a, self.b)
        self.check(nightly=0, often=0)

    def test_first_dies_at_that_minute(self) -> None:
        """Whoever was the one is gone before it called, or stands still: another sees to it; thawed, it does not."""
        self.pass_time(1710, self.a, self.b)
        self.check(nightly=0, often=5)
        self.b.store.fail_after = StoreUnavailable("it stands still before it hears the answer")
        self.pass_time(90 + ANSWER_S / 2, self.a, self.b)
        self.check(nightly=0, often=0)
        self.pass_time(FAILOVER_S, self.a)
        self.check(nightly=1, often=1)
        self.back(self.b)
        self.pass_time(150, self.a, self.b)
        self.check(nightly=0, often=0)

    def test_first_dies_after_it_called(self) -> None:
        """It is not called again by another."""
        self.pass_time(1801, self.a, self.b)
        self.check(nightly=1, often=6)
        for node in (self.a, self.b):
            self.pass_time(130, node)
            self.check(nightly=0, often=0)

    def test_dies_before_that_minute(self) -> None:
        """Any that is left calls."""
        for node in (self.a, self.b):
            self.begin(ahead_s=0.4)
            node = self.a if node.store._node == "a" else self.b
            self.pass_time(1799, self.a, self.b)
            self.check(nightly=0, often=5)
            self.pass_time(60, node)
            self.check(nightly=1, often=1)

    def test_away_for_too_long(self) -> None:
        """After `LATE_S` it is given up, and logged; the next day it comes."""
        self.pass_time(1710, self.a, self.b)
        self.check(nightly=0, often=5)
        self.away(self.a, self.b)
        self.pass_time(LATE_S + 90 + 2, self.a, self.b)
        self.back(self.a, self.b)
        self.pass_time(60, self.a, self.b)
        self.check(nightly=0, often=1)
        lost = "nightly.nightly is not called this time: the store was away for too long"
        self.assertEqual([formatEvent(event) for event in self.events], [lost] * 2)
        self.pass_time(DAY_S - LATE_S, self.a, self.b)
        self.check(nightly=1, often=276)

    def test_back_just_in_time(self) -> None:
        """Up to `LATE_S` it is not given up."""
        self.away(self.a, self.b)
        self.pass_time(1800 + LATE_S - 5, self.a, self.b)
        self.back(self.a, self.b)
        self.pass_time(2, self.a, self.b)
        self.check(nightly=1, often=1)

    def test_away_for_many(self) -> None:
        """Of several times that were missed the last comes, once."""
        self.away(self.a, self.b)
        self.pass_time(1100, self.a, self.b)
        self.back(self.a, self.b)
        self.pass_time(60, self.a, self.b)
        self.check(nightly=0, often=1)
        self.pass_time(300, self.a, self.b)
        self.check(nightly=0, often=1)

    def test_back_just_after_the_next(self) -> None:
        """Once the next time has come, nobody asks for the one before, which was about to be asked for again."""
        self.away(self.a, self.b)
        self.pass_time(600.3, self.a, self.b)
        self.back(self.a, self.b)
        self.pass_time(3, self.a, self.b)
        self.check(nightly=0, often=1)

    def test_stopped_while_it_waits(self) -> None:
        """A node that is stopped asks no more, and leaves nothing behind; the other asks."""
        self.away(self.a, self.b)
        self.pass_time(310, self.a, self.b)
        self.a.calendar.stop()
        self.assertEqual(self.a.time.getDelayedCalls(), [])
        self.back(self.a, self.b)
        self.pass_time(2, self.a, self.b)
        self.check(nightly=0, often=1)

    def test_stopped_while_the_store_answers(self) -> None:
        """What the store has promised to nobody else is called, though the node stops."""
        self.pass_time(290, self.a, self.b)
        self.a.store.hold()
        self.pass_time(11, self.a)
        self.a.calendar.stop()
        self.a.store.release()
        self.check(nightly=0, often=1)
        self.pass_time(5, self.b)
        self.check(nightly=0, often=0)

    def test_stopped_before_the_store_fails(self) -> None:
        """A node that has stopped does not ask again."""
        self.a.store.hold()
        self.pass_time(301, self.a)
        self.a.calendar.stop()
        self.away(self.a)
        self.a.store.release()
        self.assertEqual(self.a.time.getDelayedCalls(), [])
        self.pass_time(5, self.b)
        self.check(nightly=0, often=1)

    def test_clock_set_back_an_hour(self) -> None:
        """A node whose clock is set back alone does not repeat what was seen to."""
        self.pass_time(HOUR_S, self.a, self.b)
        self.check(nightly=1, often=12)
        self.a.clock.ahead_s -= HOUR_S
        self.a.calendar.stepped(-HOUR_S)
        self.pass_time(HOUR_S, self.a, self.b)
        self.check(nightly=0, often=12)

    def test_method_that_fails(self) -> None:
        """What the method raises is logged, and it comes again."""
        whole = Nightly.called

        class Full(list[str]):
            def append(self, item: str) -> None:
                raise ValueError("full")

        self.patch(Nightly, "called", Full())
        self.pass_time(310, self.a, self.b)
        self.assertEqual([formatEvent(event) for event in self.events], ["nightly.often failed"])
        self.patch(Nightly, "called", whole)
        self.pass_time(300, self.a, self.b)
        self.check(nightly=0, often=1)


class AloneTests(SynchronousTestCase):
    """A store that no nodes share."""

    def test_called(self) -> None:
        """The node calls by itself."""
        self.patch(clock, "get_localzone", lambda: UTC)
        Nightly.called.clear()
        place = Place(Nightly, beats=False)
        place.advance(1801)
        self.assertEqual((Nightly.called.count("nightly"), Nightly.called.count("often")), (1, 6))
