"""The end of a server: for how long it is served still, and what ends that early."""

from __future__ import annotations

import signal
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ReactorNotRunning
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import Refused
from gameserver.operating.draining import Draining, stop
from gameserver.operating.orders import RoomOrder, follow
from tests.node.test_two_nodes import LEASE_S, TwoNodesTestCase

DELAY_S = 5.0
LIMIT_S = 30.0


class FakeRooms:
    """Notes what it is told to do."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.handed: Deferred[None] = Deferred()

    def close(self) -> Deferred[None]:
        """No more rooms."""
        self.told.append("close")
        return succeed(None)

    async def hand_over(self) -> None:
        """All to others."""
        self.told.append("hand over")
        await self.handed


class FakeReactor(Clock):
    """Time, calls of other threads at once, and an end that comes once."""

    stopped = False

    def stop(self) -> None:
        if self.stopped:
            raise ReactorNotRunning
        self.stopped = True

    def callFromThread(self, call: Any) -> None:
        call()


class DrainingTests(SynchronousTestCase):
    """One server, in time that the test makes."""

    def setUp(self) -> None:
        self.rooms, self.reactor, self.signals = FakeRooms(), FakeReactor(), {}
        self.serves = True

    def drain(self, delay_s: float = DELAY_S) -> Deferred[None]:
        """Begin."""
        rooms: Any = self.rooms
        return Draining(
            rooms,
            self.reactor,
            delay_s=delay_s,
            limit_s=LIMIT_S,
            serves=lambda: self.serves,
            install=self.signals.__setitem__,
        ).run()

    def test_served_for_a_while_then_handed_over(self) -> None:
        """Whoever balances has the time to notice; it ends once the rooms are gone."""
        drained = self.drain()
        self.assertEqual(self.rooms.told, ["close"])
        self.reactor.advance(DELAY_S)
        self.assertEqual(self.rooms.told, ["close", "hand over"])
        self.assertNoResult(drained)
        self.rooms.handed.callback(None)
        self.successResultOf(drained)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_at_the_limit(self) -> None:
        """Rooms that nobody takes do not keep the process."""
        drained = self.drain()
        self.reactor.advance(DELAY_S)
        self.reactor.advance(LIMIT_S)
        self.successResultOf(drained)

    def test_second_signal(self) -> None:
        """Whoever says it again does not want to wait."""
        drained = self.drain()
        self.assertEqual(set(self.signals), {signal.SIGTERM, signal.SIGINT})
        self.signals[signal.SIGTERM](signal.SIGTERM, None)
        self.successResultOf(drained)
        self.assertEqual(self.rooms.told, ["close"])

    def test_alone_on_its_store(self) -> None:
        """There is nothing to wait for: it stops as fast as ever."""
        self.rooms.handed.callback(None)
        self.successResultOf(self.drain(delay_s=0))

    def test_signals_while_it_stops(self) -> None:
        """Whoever presses Ctrl-C twice does not keep the rooms from being stored."""
        self.rooms.handed.callback(None)
        for serves in (True, False):
            self.serves = serves
            stored: Deferred[None] = Deferred()
            stopping = self.drain(delay_s=0).addCallback(lambda _, stored=stored: stored)
            for number in (signal.SIGTERM, signal.SIGINT):
                self.signals.pop(number)(number, None)
            self.assertNoResult(stopping)
            stored.callback(None)
            self.successResultOf(stopping)

    def test_server_that_could_not_start(self) -> None:
        """It has nothing to hand over."""
        self.serves = False
        self.successResultOf(self.drain())
        self.assertEqual(self.rooms.told, [])


class StopTests(SynchronousTestCase):
    """The end of the process, as ``gameserver drain`` asks for it."""

    def test_twice(self) -> None:
        """A server that stops already goes on to stop."""
        reactor = FakeReactor()
        stop(reactor)
        stop(reactor)
        self.assertTrue(reactor.stopped)


class OrderTests(TwoNodesTestCase):
    """``gameserver drain``."""

    def order(self, node: str) -> Any:
        """Give it to node a."""
        return self.a.get(Deferred.fromCoroutine(follow(self.a.registry, RoomOrder("drain", node=node))))

    def test_this_server_and_another(self) -> None:
        """Without a name the one that is asked; with one that, as soon as it looks."""
        stopped: list[str] = []
        self.a.registry.leased.drain = lambda: stopped.append("a")
        self.b.registry.leased.drain = lambda: stopped.append("b")
        self.order("")
        self.assertEqual(stopped, ["a"])
        self.order("b")
        self.pass_time(LEASE_S / 3 + 0.5, self.a, self.b)
        self.assertIn("b", stopped)

    def test_unknown_name(self) -> None:
        """It is said, and nobody stops."""
        with self.assertRaises(Refused) as refused:
            self.order("nobody")
        self.assertIn("nobody", refused.exception.text)
