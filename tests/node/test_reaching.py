"""How a node finds a room that it is asked for: in memory, in the store alone, at another node, or nowhere."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gameserver.errors import Elsewhere, Refused, StoreUnavailable
from gameserver.node.runner import RoomRunner
from tests.node.registries import FakeSession, Place
from tests.node.test_two_nodes import LEASE_S, Fleeting, TwoNodesTestCase
from tests.store.shared import SharedStore


class ReachTests(TwoNodesTestCase):
    """What `RunningRooms.reach` answers."""

    def reach(self, node: Place, code: str) -> list[Any]:
        """Ask a node for a room. :returns: what it answers, once it does."""
        answers: list[Any] = []
        Deferred.fromCoroutine(node.registry.reach(code)).addBoth(answers.append)
        node.settle()
        return answers

    def refusal(self, node: Place, code: str) -> Refused:
        """Ask a node for a room that it must not give."""
        (answer,) = self.reach(node, code)
        assert isinstance(answer, Failure)
        assert isinstance(answer.value, Refused)
        return answer.value

    def reached(self, node: Place, code: str) -> RoomRunner:
        """Ask a node for a room that it must give."""
        (answer,) = self.reach(node, code)
        assert isinstance(answer, RoomRunner), answer
        return answer

    def left_behind(self) -> RoomRunner:
        """A room whose node is gone, and whose lease has just ended: nobody has looked after it yet."""
        runner = self.room()
        self.a.kill()
        del self.shared.leases["a"]
        return runner

    def test_room_that_is_here_found_at_once(self) -> None:
        """However it is typed; the store is not asked."""
        runner = self.room()
        self.a.store.fail = StoreUnavailable("away")
        self.assertIs(self.reached(self.a, runner.room.code), runner)
        typed = "-".join(runner.room.code.lower())
        self.assertIs(self.reached(self.a, typed), runner)
        self.a.store.fail = None

    def test_unknown_code(self) -> None:
        """What the store does not know is not found; what cannot be a code, it is not asked for."""
        for code in ("CCCC", "cc-cc", "", "nobody's", "C" * 100):
            refused = self.refusal(self.b, code)
            self.assertEqual((refused.code, refused.retry_ms), ("not_found", None))

    def test_room_of_a_living_node(self) -> None:
        """It is busy for as long as that node's lease lasts, and opened nowhere else."""
        runner = self.room()
        self.pass_time(1, self.b)
        refused = self.refusal(self.b, runner.room.code)
        self.assertEqual((refused.code, refused.retry_ms), ("busy", round((LEASE_S - 1) * 1000)))
        self.assertEqual(self.shared.rooms[runner.room.id].fence, 1)

    def test_led_to_a_living_node(self) -> None:
        """A node that has said where it is is led to, asked once; where it is silent, the room is busy."""
        runner = self.room()
        self.a.get(Deferred.fromCoroutine(self.a.registry.known_as("https://a.example/n/a")))
        for code in (runner.room.code, runner.room.code.lower()):
            refused = self.refusal(self.b, code)
            assert isinstance(refused, Elsewhere)
            self.assertEqual((refused.code_there, refused.url), (runner.room.code, "wss://a.example/n/a/ws"))
        self.a.kill()
        self.pass_time(1, self.b)
        self.assertIsInstance(self.refusal(self.b, runner.room.code), Elsewhere)
        self.pass_time(LEASE_S / 2, self.b)
        refused = self.refusal(self.b, runner.room.code)
        self.assertNotIsInstance(refused, Elsewhere)
        self.assertEqual((refused.code, refused.retry_ms), ("busy", round((LEASE_S / 2 - 1) * 1000)))

    def test_led_to_itself_never(self) -> None:
        """A node that is called as another one was, of which the lease has not ended, sends nobody to itself."""
        runner = self.room()
        for place in (self.a, self.b):
            place.get(Deferred.fromCoroutine(place.registry.known_as("https://a.example/n/a", name="a")))
        refused = self.refusal(self.b, runner.room.code)
        self.assertNotIsInstance(refused, Elsewhere)
        self.assertEqual(refused.code, "busy")

    def test_asked_once_a_moment(self) -> None:
        """Whoever asks again is led by what was learnt; for a second, and not beyond."""
        runner = self.room()
        self.a.get(Deferred.fromCoroutine(self.a.registry.known_as("https://a.example/n/a")))
        self.assertIsInstance(self.refusal(self.b, runner.room.code), Elsewhere)
        self.b.store.fail = StoreUnavailable("away")
        self.assertIsInstance(self.refusal(self.b, runner.room.code), Elsewhere)
        self.pass_time(1, self.b)
        self.assertNotIsInstance(self.refusal(self.b, runner.room.code), Elsewhere)
        self.b.store.fail = None

    def test_room_of_a_dead_node(self) -> None:
        """It is busy while the lease lasts, and never unknown; whoever is asked then takes it at once."""
        runner = self.room()
        self.a.kill()
        self.assertEqual(self.refusal(self.b, runner.room.code).code, "busy")
        self.seconds += LEASE_S - 1
        refused = self.refusal(self.b, runner.room.code)
        self.assertEqual((refused.code, refused.retry_ms), ("busy", 1000))
        self.seconds += 1
        self.b.get(self.b.store.renew_lease(for_ms=60_000))
        taken = self.reached(self.b, runner.room.code.lower())
        self.assertEqual(taken.room.docs["room"].plain(), {"n": 1})

    def test_asked_together_opened_once(self) -> None:
        """Whoever asks while it is opened waits for that."""
        runner = self.left_behind()
        self.b.store.hold()
        asked = [self.reach(self.b, runner.room.code) for _ in range(3)]
        looking = self.b.registry.adopt()
        self.assertEqual(asked, [[], [], []])
        self.b.store.release()
        self.b.get(looking)
        self.assertEqual([type(answer) for (answer,) in asked], [RoomRunner] * 3)
        self.assertEqual(len({id(answer) for (answer,) in asked}), 1)
        self.assertEqual(self.shared.rooms[runner.room.id].fence, 2)

    def test_who_gives_up_stops_nobody(self) -> None:
        """A caller that is cancelled leaves the room to the others."""
        runner = self.left_behind()
        self.b.store.hold()
        asking = Deferred.fromCoroutine(self.b.registry.reach(runner.room.code))
        self.b.store.release(1)
        others = self.reach(self.b, runner.room.code)
        self.b.store.release(1)
        asking.addErrback(lambda _: None).cancel()
        self.b.store.release()
        self.assertEqual([type(answer) for answer in others], [RoomRunner])
        self.assertIs(self.reached(self.b, runner.room.code), others[0])

    def test_store_away(self) -> None:
        """Nothing is known of the room then: it is asked for again soon."""
        runner = self.left_behind()
        self.b.store.fail = StoreUnavailable("away")
        self.assertEqual(self.refusal(self.b, runner.room.code).code, "busy")
        self.b.store.fail = None
        self.b.store.hold()
        asked = self.reach(self.b, runner.room.code)
        self.b.store.release(1)
        self.b.store.fail = StoreUnavailable("away")
        self.b.store.release()
        (answer,) = asked
        self.assertEqual((answer.value.code, answer.value.retry_ms), ("busy", 1000))
        self.b.store.fail = None
        self.reached(self.b, runner.room.code)

    def test_another_node_is_faster(self) -> None:
        """A room that another node opens in between is that node's."""
        runner = self.left_behind()
        self.b.store.hold()
        asked = self.reach(self.b, runner.room.code)
        self.b.store.release(1)
        third = SharedStore(self.shared, "d")
        third.start()
        third.acquire_lease("d", for_ms=9000)
        self.shared.owners[runner.room.id] = "d"
        self.b.store.release()
        (answer,) = asked
        self.assertEqual((answer.value.code, answer.value.retry_ms), ("busy", 9000))

    def test_room_that_cannot_be_run_here(self) -> None:
        """It is being mended, and not opened again and again; a node that has its game takes it."""
        runner = self.left_behind()
        other = Place(Fleeting, store=SharedStore(self.shared, "c"))
        code = runner.room.code
        answers = self.reach(other, code)
        self.assertEqual(answers, [])  # others share it out first
        other.advance(2)
        self.assertEqual(answers[0].value.code, "quarantined")
        fence = self.shared.rooms[runner.room.id].fence
        self.assertEqual(self.refusal(other, code).code, "quarantined")
        self.assertEqual(self.shared.rooms[runner.room.id].fence, fence)
        self.reached(self.b, code)

    def test_shared_out_before_it_is_opened(self) -> None:
        """Whoever is asked first for rooms of a node that is gone has its share of them, and leads to the others."""
        codes = [self.a.create(FakeSession(f"user{n}")).room.code for n in range(10)]
        self.b.registry.leased.about = {"url": "ws://b/ws"}
        third = self.node("c")
        self.a.kill()
        del self.shared.leases["a"]
        asked = [self.reach(third, code) for code in codes]
        self.assertEqual(len(list(third.registry.runners)), 5)
        self.b.get(self.b.registry.adopt())
        third.advance(0.2)
        there = [answer[0] for answer in asked]
        self.assertEqual(sum(isinstance(answer, RoomRunner) for answer in there), 5)
        self.assertEqual(len(list(self.b.registry.runners)), 5)

    def test_server_that_stops_opens_none(self) -> None:
        """It gives what it has, and takes nothing more."""
        runner, mine = self.left_behind(), self.b.create(self.bob)
        self.b.registry.leased.closed = True
        self.assertEqual(self.refusal(self.b, runner.room.code).code, "draining")
        self.assertIs(self.reached(self.b, mine.room.code), mine)
