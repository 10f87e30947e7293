"""A lease by this node's own clock: never longer than for the store, however long answers take."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock as Seconds
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from gameserver.clock import Clock
from gameserver.cluster.lease import MARGIN_S, Lease
from gameserver.errors import StoreUnavailable
from gameserver.interfaces import ILease, ILeaseHolder, LeaseRenewal
from tests.store.shared import Shared, SharedStore

LEASE_S = 10.0


@implementer(ILeaseHolder)
class Holder:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.looking: Deferred[None] = succeed(None)
        self.adopting: Deferred[bool] = succeed(True)

    def lease_ended(self) -> None:
        self.told.append("ended")

    def lease_regained(self) -> Deferred[None]:
        self.told.append("regained")
        return self.looking

    def lease_held(self) -> None:
        self.told.append("held")

    def lease_lost(self) -> None:
        self.told.append("lost")

    def drain_asked(self) -> None:
        self.told.append("drain")

    def adopt(self) -> Deferred[bool]:
        self.told.append("adopt")
        return self.adopting


class LeaseTests(SynchronousTestCase):
    """One node, and a store that answers when the test lets it."""

    def setUp(self) -> None:
        self.time = Seconds()
        self.shared = Shared(self.time.seconds)
        self.store = SharedStore(self.shared, "a")
        self.successResultOf(self.store.start())
        self.holder = Holder()
        self.lease = Lease(self.store, Clock(self.time, lambda: 0.0), lambda size: b"x" * size, lease_s=LEASE_S)

    def start(self) -> None:
        """Acquire it, and forget what was said of that."""
        self.successResultOf(self.lease.start(self.holder))
        self.holder.told.clear()

    def pass_time(self, s: float) -> None:
        """Let time pass in small steps."""
        for _ in range(round(s * 10)):
            self.time.advance(0.1)

    def test_interfaces(self) -> None:
        """It is what a registry expects, and the holder of these tests is what it expects."""
        verifyObject(ILease, self.lease)
        verifyObject(ILeaseHolder, self.holder)

    def test_held_only_once_it_is_acquired(self) -> None:
        """A store that does not answer gives no lease."""
        self.assertFalse(self.lease.held)
        self.store.fail = StoreUnavailable("away")
        self.failureResultOf(self.lease.start(self.holder), StoreUnavailable)
        self.assertFalse(self.lease.held)

    def test_renewed_for_as_long_as_it_runs(self) -> None:
        """Nothing is said but that it is held."""
        self.start()
        self.pass_time(10 * LEASE_S)
        self.assertTrue(self.lease.held)
        self.assertEqual(set(self.holder.told), {"held"})

    def test_ends_before_the_stores_does(self) -> None:
        """Its age counts from before the renewal was sent, and the margin is kept."""
        self.start()
        self.store.fail = StoreUnavailable("away")
        self.pass_time(LEASE_S - MARGIN_S - 0.2)
        self.assertTrue(self.lease.held)
        self.pass_time(0.3)
        self.assertFalse(self.lease.held)
        self.assertEqual(self.holder.told, ["ended"])
        self.assertIsNotNone(self.shared.token("a"))

    def test_over_once_others_may_have_the_rooms(self) -> None:
        """Not yet when its effects stop, and no more when it is renewed; never before there was one."""
        self.assertGreater(self.lease.left_s, 0)
        self.start()
        self.store.fail = StoreUnavailable("away")
        self.pass_time(LEASE_S - 0.2)
        self.assertEqual((self.lease.held, self.lease.left_s > 0), (False, True))
        self.pass_time(0.4)
        self.assertLessEqual(self.lease.left_s, 0)
        self.store.fail = None
        self.pass_time(1)
        self.assertEqual((self.lease.held, self.lease.left_s > 0), (True, True))

    def test_late_answer_counts_from_when_it_was_asked_for(self) -> None:
        """A renewal that took long is as old as its question."""
        self.start()
        self.pass_time(3.2)
        self.store.hold()
        self.pass_time(4)
        self.store.release()
        # Asked for at 3.3 s: it ends, by this clock, at 11.3 s, though the answer came at 7.2 s.
        self.store.fail = StoreUnavailable("away")
        self.pass_time(4)
        self.assertTrue(self.lease.held)
        self.pass_time(0.4)
        self.assertFalse(self.lease.held)

    def test_back_after_a_lapse_once_the_rooms_were_looked_at(self) -> None:
        """Nothing goes out before it is known whose the rooms are."""
        self.start()
        self.store.fail = StoreUnavailable("away")
        self.pass_time(LEASE_S + 5)
        self.holder.looking = Deferred()
        self.store.fail = None
        self.pass_time(1)
        self.assertEqual(self.holder.told, ["ended", "regained"])
        self.assertFalse(self.lease.held)
        self.holder.looking.callback(None)
        self.assertTrue(self.lease.held)
        self.assertEqual(self.holder.told, ["ended", "regained", "held"])

    def test_taken_by_another_process_for_good(self) -> None:
        """It is not asked for again."""
        self.start()
        other = SharedStore(self.shared, "a")
        self.successResultOf(other.start())
        self.successResultOf(other.acquire_lease("other", for_ms=600_000))
        with capturedLogs() as events:
            self.pass_time(LEASE_S)
        self.assertIn("delete the file node in the copied folder", formatEvent(events[-1]))
        self.assertEqual(self.holder.told, ["lost"])
        self.assertFalse(self.lease.held)
        self.assertIs(self.successResultOf(other.renew_lease(for_ms=1)), LeaseRenewal.KEPT)

    def test_why_it_ended(self) -> None:
        """The log says why the lease was not renewed, and nothing that was put right before."""
        self.start()
        self.store.fail = StoreUnavailable("no memory is left")
        self.assertEqual(self.said_at_the_end(), ["its rooms wait: no memory is left"])
        self.store.fail = None
        self.pass_time(LEASE_S / 3)
        self.store.hold()
        self.assertEqual(self.said_at_the_end(), ["its rooms wait"])

    def said_at_the_end(self) -> list[str]:
        """Let the lease end; returns what the log says then, behind what happened."""
        with capturedLogs() as events:
            self.pass_time(LEASE_S)
        return [(formatEvent(event) or "").partition("in time; ")[2] for event in events]

    def test_stop_releases(self) -> None:
        """Others may have the rooms at once; no timer stays."""
        self.start()
        self.successResultOf(self.lease.stop())
        self.assertIsNone(self.shared.token("a"))
        self.assertFalse(self.lease.held)
        self.assertEqual(self.time.getDelayedCalls(), [])

    def test_stop_while_the_store_is_away(self) -> None:
        """A stop waits for nothing."""
        self.start()
        self.store.fail = StoreUnavailable("away")
        self.pass_time(3)
        self.successResultOf(self.lease.stop())
        self.assertEqual(self.time.getDelayedCalls(), [])

    def test_orphans_are_adopted_and_forgotten(self) -> None:
        """What a dead node left is seen to once."""
        other = SharedStore(self.shared, "b")
        self.successResultOf(other.start())
        self.successResultOf(other.acquire_lease("b", for_ms=1000))
        self.start()
        self.pass_time(LEASE_S)
        self.assertEqual(self.holder.told.count("adopt"), 1)
        self.assertEqual(self.successResultOf(self.store.orphaned()), [])

    def test_rooms_looked_at_again_if_that_failed(self) -> None:
        """The lease lapsed, and the store did not say whose the rooms are: the next renewal finds no gap, and yet."""
        self.start()
        self.store.fail = StoreUnavailable("away")
        self.pass_time(LEASE_S + 5)
        self.holder.told.clear()
        self.holder.looking = fail(StoreUnavailable("busy"))
        self.store.fail = None
        self.pass_time(1)
        self.assertEqual(set(self.holder.told), {"regained"})
        self.holder.looking = succeed(None)
        self.holder.told.clear()
        self.pass_time(1)
        self.assertEqual(self.holder.told[:2], ["regained", "held"])

    def test_looks_when_the_next_lease_ends(self) -> None:
        """Not at its own renewal: whoever waits for a room of a node that died waits no longer than for its lease."""
        other = SharedStore(self.shared, "b")
        self.successResultOf(other.start())
        self.successResultOf(other.acquire_lease("b", for_ms=7200))
        self.start()
        self.pass_time(7.1)
        self.assertNotIn("adopt", self.holder.told)
        self.time.advance(0.12)
        self.assertIn("adopt", self.holder.told)

    def test_looks_again_where_the_store_did_not_answer(self) -> None:
        """A node that cannot ask when a lease ends asks soon after."""
        self.orphan()
        self.start()
        self.store.fail = StoreUnavailable("away")
        self.pass_time(3)
        self.store.fail = None
        self.pass_time(0.7)
        self.assertIn("adopt", self.holder.told)

    def test_takes_nothing_over_without_a_lease(self) -> None:
        """What it would take it could not keep."""
        self.start()
        self.store.fail = StoreUnavailable("away")
        self.pass_time(LEASE_S + 1)
        self.orphan()
        self.holder.looking = Deferred()
        self.store.fail = None
        self.pass_time(3)
        self.assertNotIn("adopt", self.holder.told)
        self.holder.looking.callback(None)
        self.pass_time(LEASE_S / 3 + 0.1)
        self.assertIn("adopt", self.holder.told)

    def test_short_lease_has_a_margin_of_a_third(self) -> None:
        """It is held for longer than it takes to renew it."""
        lease = Lease(self.store, Clock(self.time, lambda: 0.0), lambda size: b"x" * size, lease_s=3)
        self.successResultOf(lease.start(self.holder))
        self.store.fail = StoreUnavailable("away")
        self.pass_time(1.9)
        self.assertTrue(lease.held)
        self.pass_time(0.2)
        self.assertFalse(lease.held)

    def orphan(self) -> None:
        """Another node dies."""
        other = SharedStore(self.shared, "b")
        self.successResultOf(other.start())
        self.successResultOf(other.acquire_lease("b", for_ms=1000))

    def test_renewed_while_it_adopts(self) -> None:
        """However long it takes to open what a large node left, the own lease goes on, and it is opened once."""
        self.orphan()
        self.start()
        self.holder.adopting = Deferred()
        self.pass_time(3 * LEASE_S)
        self.assertTrue(self.lease.held)
        self.assertEqual(self.holder.told.count("adopt"), 1)
        self.assertNotIn("ended", self.holder.told)
        self.assertEqual(self.successResultOf(self.store.orphaned()), ["b"])
        self.holder.adopting.callback(True)
        self.assertEqual(self.successResultOf(self.store.orphaned()), [])

    def test_adopts_again_if_that_failed(self) -> None:
        """The store may have given rooms to this node and the answer got lost: no other node sees to them any more."""
        self.orphan()
        self.start()
        self.holder.adopting = fail(StoreUnavailable("away"))
        self.pass_time(LEASE_S / 5 + 1)
        self.assertIn("adopt", self.holder.told)
        self.holder.adopting.addErrback(lambda _: False)
        self.shared.nodes.discard("b")
        self.holder.adopting = succeed(True)
        self.holder.told.clear()
        self.pass_time(LEASE_S)
        self.assertEqual(self.holder.told.count("adopt"), 1)

    def test_stop_while_it_adopts(self) -> None:
        """What it opens goes to whoever comes next."""
        self.orphan()
        self.start()
        self.holder.adopting = Deferred()
        self.pass_time(LEASE_S)
        self.successResultOf(self.lease.stop())
        self.assertEqual(self.time.getDelayedCalls(), [])
        self.assertTrue(self.holder.adopting.called)

    def test_nodes_stay_known_while_rooms_are_left(self) -> None:
        """What this node cannot run another may."""
        self.orphan()
        self.start()
        self.holder.adopting = succeed(False)
        self.pass_time(LEASE_S)
        self.assertEqual(self.successResultOf(self.store.orphaned()), ["b"])
