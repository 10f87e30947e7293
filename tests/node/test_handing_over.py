"""A node that is about to stop: its rooms go on at others, and players are told nothing but that they moved."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.logger import globalLogPublisher

from gameserver.errors import Elsewhere, Refused, RoomMoved, StoreUnavailable
from gameserver.node import handing_over
from gameserver.room.inputs.arrivals import ResumeSeat
from tests.node.registries import FakeSession, Place
from tests.node.test_taking_over import NewCounting, Other
from tests.node.test_two_nodes import LEASE_S, Counting, TwoNodesTestCase
from tests.store.shared import SharedStore

URL = "wss://b.example/ws"


class HandingOverTests(TwoNodesTestCase):
    """Node a drains, b is there."""

    def setUp(self) -> None:
        super().setUp()
        self.b.registry.leased.about = {"url": URL}
        self.b.get(Deferred.fromCoroutine(self.b.registry.leased.describe()))

    def drain(self, node: Place) -> Deferred[None]:
        """Begin to drain. :returns: fires once nothing is left."""
        node.get(node.registry.leased.close())
        return Deferred.fromCoroutine(node.registry.leased.hand_over())

    def test_room_goes_on_at_the_heir(self) -> None:
        """With all that was said; its seats are told where; nobody who looks at the store sees a gap."""
        runner = self.room()
        self.a.send(self.ann, "arm")
        self.ann.frames.clear()
        drained = self.drain(self.a)
        self.pass_time(3, self.a, self.b)
        self.successResultOf(drained)
        left = {"op": "left", "room": runner.room.code, "reason": "moved", "message": None, "next": None, "url": URL}
        self.assertEqual(self.ann.frames, [left])
        self.assertIsNone(self.a.registry.get(runner.room.code))
        taken = self.b.registry.get(runner.room.code)
        assert taken is not None
        self.assertEqual(taken.room.docs["room"].plain(), {"n": 1})
        self.pass_time(40, self.b)
        self.assertEqual(taken.room.docs["room"].plain(), {"n": 1, "rings": 1})

    def test_who_was_led_away_just_before(self) -> None:
        """The heir, which has just learnt that a has the room, does not send back there who comes for a seat."""
        self.a.get(Deferred.fromCoroutine(self.a.registry.known_as("https://a.example/n/a")))
        code = self.room().room.code
        self.failureResultOf(Deferred.fromCoroutine(self.b.registry.reach(code)), Elsewhere)
        drained = self.drain(self.a)
        self.pass_time(0.2, self.a)
        self.failureResultOf(Deferred.fromCoroutine(self.b.registry.reach(code)), Elsewhere)
        reached = self.b.get(Deferred.fromCoroutine(self.b.registry.reach(code, sure=True)))
        self.assertEqual(reached.room.code, code)
        self.pass_time(3, self.a, self.b)
        self.successResultOf(drained)

    def test_few_connect_at_a_time(self) -> None:
        """Only so many of the connected stand still at a time, those of one room together; all go in the end."""
        self.patch(handing_over, "CONNECTED", 3)
        rooms = [self.a.create(FakeSession(f"host {n}")) for n in range(2)]
        for room in rooms:
            self.a.join(room, FakeSession(f"guest of {room.room.code}"))
        self.a.create(deserter := FakeSession("deserter"))
        self.a.gone(deserter)
        moved = lambda: [self.a.registry.get(room.room.code) is None for room in rooms]  # noqa: E731
        drained = self.drain(self.a)
        self.a.settle()
        self.assertEqual(moved(), [True, False])
        self.pass_time(3, self.a, self.b)
        self.successResultOf(drained)
        self.assertEqual(moved(), [True, True])

    def test_no_new_rooms(self) -> None:
        """Those that are there are served until they go."""
        self.room()
        self.a.get(self.a.registry.leased.close())
        with self.assertRaises(Refused) as refused:
            self.a.create(self.bob)
        self.assertEqual(refused.exception.code, "draining")
        self.assertEqual(self.a.send(self.ann, "add")["data"], 2)

    def test_what_was_said_while_it_moved_has_no_answer(self) -> None:
        """It was not applied here, and is said again there: an error would be told to the player."""
        runner = self.room()
        store = self.a.store
        assert isinstance(store, SharedStore)
        self.a.get(self.a.registry.leased.close())
        store.hold()
        self.assertEqual(self.a.send(self.ann, "add"), {})
        drained = Deferred.fromCoroutine(self.a.registry.leased.hand_over())
        for _ in range(2):
            store.release(1)
        self.assertTrue(runner.over)
        with self.assertRaises(RoomMoved):
            self.a.send(self.ann, "add")
        store.release()
        self.pass_time(1, self.a, self.b)
        self.successResultOf(drained)
        # What was applied before is told, as ever, once it is stored.
        self.assertEqual([frame["op"] for frame in self.ann.frames], ["patch", "event", "ok", "left"])

    def test_who_comes_while_it_moves_asks_again(self) -> None:
        """A seat that is to be taken or resumed is there in a moment."""
        runner = self.room()
        drained = self.drain(self.a)
        self.assertTrue(runner.over)
        asked = runner.post(ResumeSeat(self.ann.requester(), "?", {}))
        self.pass_time(1, self.a, self.b)
        self.successResultOf(drained)
        for refused in (asked, runner.post(ResumeSeat(self.ann.requester(), "?", {}))):
            error = self.failureResultOf(refused, Refused).value
            self.assertEqual(error.code, "busy")
            self.assertIsNotNone(error.retry_ms)

    def test_spread_over_the_heirs(self) -> None:
        """Each gets as many as make all equally full."""
        third = self.node("c")
        for n in range(50):
            self.a.create(FakeSession(f"user{n}"))
        for n in range(10):
            third.create(FakeSession(f"guest{n}"))
        drained = self.drain(self.a)
        self.pass_time(2, self.a, self.b, third)
        self.successResultOf(drained)
        self.assertEqual([len(list(node.registry.runners)) for node in (self.b, third)], [30, 30])

    def test_rather_to_heirs_that_have_time(self) -> None:
        """A node that says that it is busy is given rooms only where nobody else is there."""
        third = self.node("c")
        self.b.registry.leased.load = lambda: 90
        self.pass_time(LEASE_S, self.a, self.b, third)
        for n in range(10):
            self.a.create(FakeSession(f"user{n}"))
        drained = self.drain(self.a)
        self.pass_time(2, self.a, self.b, third)
        self.successResultOf(drained)
        self.assertEqual([len(list(node.registry.runners)) for node in (self.b, third)], [0, 10])
        drained = self.drain(third)
        self.pass_time(2, self.b, third)
        self.successResultOf(drained)
        self.assertEqual(len(list(self.b.registry.runners)), 10)

    def test_only_to_nodes_that_can_run_it(self) -> None:
        """A room of a newer version waits for a node that has it, and is served meanwhile."""
        new = Place(NewCounting, store=SharedStore(self.shared, "n"), seed=5)
        made = new.create(self.ann)
        drained = self.drain(new)
        self.pass_time(2, new, self.b)
        self.assertNoResult(drained)
        self.assertEqual(new.send(self.ann, "add")["data"], 1)
        later = Place(NewCounting, store=SharedStore(self.shared, "m"), seed=6)
        self.pass_time(2, new, self.b, later)
        self.successResultOf(drained)
        self.assertIsNotNone(later.registry.get(made.room.code))

    def test_rooms_that_nobody_can_run_stop_no_others(self) -> None:
        """However many of them come first."""
        self.patch(handing_over, "BATCH", 1)
        two = Place(NewCounting, Other, store=SharedStore(self.shared, "n"), seed=5)
        waits = two.create(self.ann)
        two.game = "other"
        goes = two.create(FakeSession("bob"))
        other = Place(Other, store=SharedStore(self.shared, "o"), seed=7)
        drained = self.drain(two)
        self.pass_time(2, two, self.b, other)
        self.assertNoResult(drained)
        self.assertIs(two.registry.get(waits.room.code), waits)
        self.assertIsNone(two.registry.get(goes.room.code))

    def test_not_to_one_without_the_game(self) -> None:
        """Nor to one that is about to stop itself."""
        self.room()
        self.b.get(self.b.registry.leased.close())
        other = Place(Other, store=SharedStore(self.shared, "o"), seed=7)
        drained = self.drain(self.a)
        self.pass_time(2, self.a, self.b, other)
        self.assertNoResult(drained)

    def test_room_that_is_never_stored_is_played_to_the_end(self) -> None:
        """It ends with the process: so that waits while somebody is there."""
        self.a.game = "fleeting"
        self.a.create(self.ann)
        drained = self.drain(self.a)
        self.pass_time(3, self.a, self.b)
        self.assertNoResult(drained)
        self.assertEqual(self.a.send(self.ann, "add")["data"], 1)
        self.a.gone(self.ann)
        self.pass_time(1, self.a, self.b)
        self.successResultOf(drained)

    def test_step_that_lasts(self) -> None:
        """A room at work moves once it is done."""
        runner = self.room()
        gate: Deferred[None] = Deferred()
        Counting.gate = gate
        self.a.send(self.ann, "slow_end")
        drained = self.drain(self.a)
        self.pass_time(2, self.a, self.b)
        self.assertNoResult(drained)
        self.assertIsNotNone(self.a.registry.get(runner.room.code))
        gate.callback(None)
        self.pass_time(2, self.a, self.b)
        self.successResultOf(drained)
        self.assertNotIn(runner.room.id, self.shared.rooms)

    def test_answer_lost(self) -> None:
        """The store gave the room away, and this node did not hear of it: it asks again, with the same outcome."""
        runner = self.room()
        store: Any = self.a.store
        hand_over = store.hand_over
        tries: list[int] = []

        def lost(*args: Any, **how: Any) -> Any:
            tries.append(1)
            answer = hand_over(*args, **how)
            if len(tries) > 1:
                return answer
            return answer.addCallback(lambda _: (_ for _ in ()).throw(StoreUnavailable("lost")))

        store.hand_over = lost
        drained = self.drain(self.a)
        self.pass_time(3, self.a, self.b)
        self.successResultOf(drained)
        self.assertEqual(len(tries), 2)
        self.assertEqual([frame["op"] for frame in self.ann.frames], ["left"])
        self.assertIsNotNone(self.b.registry.get(runner.room.code))

    def test_heir_gone_once_the_room_stands_still(self) -> None:
        """It is nobody's then, for whoever is asked: it does not stand still until this server's time is over."""
        runner = self.room()
        store: Any = self.a.store

        def gone(ids: Any, *, to: str) -> Any:
            self.b.kill()
            del self.shared.leases["b"]
            return fail(StoreUnavailable("the heir has no lease"))

        store.hand_over = gone
        drained = self.drain(self.a)
        self.pass_time(2, self.a)
        self.successResultOf(drained)
        self.assertNotIn(runner.room.id, self.shared.owners)
        self.assertEqual([(m["op"], m["reason"], m["url"]) for m in self.ann.frames], [("left", "moved", None)])
        third = self.node("c")
        found = third.get(Deferred.fromCoroutine(third.registry.reach(runner.room.code)))
        self.assertEqual(found.room.docs["room"].plain(), {"n": 1})

    def test_heir_dies(self) -> None:
        """Before it opened what it was given: another takes it over with its lease."""
        runner = self.room()
        third = self.node("c")
        self.drain(self.a)
        self.pass_time(0.5, self.a)
        owner = self.shared.owners[runner.room.id]
        dead, other = (self.b, third) if owner == "b" else (third, self.b)
        dead.kill()
        self.pass_time(LEASE_S + 3, self.a, other)
        self.assertIsNotNone(other.registry.get(runner.room.code))

    def test_asked_by_an_operator(self) -> None:
        """From any node; that one sees it when it looks the next time, and once."""
        calls: list[str] = []
        self.b.registry.leased.drain = lambda: (calls.append("b"), self.b.registry.leased.close())
        self.assertIs(self.a.get(self.a.store.ask_to_drain("b")), True)  # type: ignore[attr-defined]
        self.pass_time(LEASE_S, self.a, self.b)
        self.assertEqual(calls, ["b"])

    def test_what_becomes_of_a_room_is_in_the_log(self) -> None:
        """Created, handed over, taken over and closed: one line each, with its code."""
        said: list[str] = []

        def note(event: Any) -> None:
            if event["log_namespace"] == "gameserver.rooms" and "room" in event:
                said.append(f"{event['room']} {event['log_format'].rpartition('} ')[2]} {event['log_level'].name}")

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        code = self.room().room.code
        drained = self.drain(self.a)
        self.pass_time(3, self.a, self.b)
        self.successResultOf(drained)
        taken = self.b.registry.get(code)
        assert taken is not None
        self.b.join(taken, self.bob)
        self.b.send(self.bob, "end")
        told = [line.removeprefix(f"{code} ") for line in said]
        self.assertEqual(
            told, ["is created info", "is handed over to {node} info", "is taken over info", "is closed info"]
        )
