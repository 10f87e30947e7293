"""Two nodes that share a store: a room is one node's, and a node that lost its lease says and writes nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, cron, message, timer
from gameserver.errors import Elsewhere, Refused, StoreUnavailable
from gameserver.node.runner import RoomRunner
from tests.node.registries import FakeSession, Place
from tests.store.shared import Shared, SharedStore

LEASE_S = 6.0


class Counting(Game):
    """Counts, by messages and by a timer."""

    name = "counting"
    needs_start = False
    called: ClassVar[list[str]] = []
    gate: ClassVar[Deferred[None] | None] = None

    @message
    def add(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        self.send("added", self.state["n"])
        return int(self.state["n"])

    @message
    def arm(self, player: Player) -> None:
        self.after(30, self.ring)

    @message
    def end(self, player: Player) -> None:
        self.close()

    @message
    async def slow_end(self, player: Player) -> None:
        assert self.gate is not None
        await self.gate
        self.close()

    @timer
    def ring(self) -> None:
        self.state["rings"] = self.state.get("rings", 0) + 1

    @staticmethod
    @cron("0 * * * *")  # in any time zone
    def nightly() -> None:
        Counting.called.append("nightly")


class Fleeting(Game):
    """Never stored."""

    name = "fleeting"
    needs_start = False
    durability = "none"

    @message
    def add(self, player: Player) -> int:
        return 1


class TwoNodesTestCase(SynchronousTestCase):
    """Nodes a and b; the time of each goes on by itself, and the store's with `World`."""

    def setUp(self) -> None:
        Counting.called.clear()
        self.seconds = 0.0
        self.shared = Shared(lambda: self.seconds)
        self.a, self.b = self.node("a"), self.node("b")
        self.ann, self.bob = FakeSession("ann"), FakeSession("bob")

    def node(self, name: str) -> Place:
        """Start a node."""
        return Place(Counting, Fleeting, store=SharedStore(self.shared, name), seed=ord(name))

    def pass_time(self, s: float, *nodes: Place) -> None:
        """Let time pass: these nodes run, the others stand still."""
        end, step = self.seconds + s, 0.5
        while self.seconds < end:
            step = min(step, end - self.seconds)
            self.seconds += step
            for node in nodes:
                node.advance(step)

    def thaw(self, node: Place) -> None:
        """Let a node that stood still go on: its clock is right at once, then comes what was due."""
        node.time.rightNow += self.seconds - node.time.seconds()
        node.settle()

    def room(self) -> RoomRunner:
        """Make a room on node a, with Ann in it, who counted to 1."""
        runner = self.a.create(self.ann)
        self.a.send(self.ann, "add")
        self.ann.frames.clear()
        return runner

    def stored(self, runner: RoomRunner) -> Any:
        """What the store has of a room's document."""
        return self.shared.rooms[runner.room.id].parts.get("doc/room")


class TakeoverTests(TwoNodesTestCase):
    """What another node may do, and when."""

    def test_room_of_a_living_node_stays_its_own(self) -> None:
        """However long both run, each keeps its rooms."""
        runner = self.room()
        self.pass_time(100, self.a, self.b)
        self.assertIsNone(self.b.registry.get(runner.room.code))
        self.assertEqual(self.a.send(self.ann, "add")["data"], 2)

    def test_dead_node_is_succeeded(self) -> None:
        """Once its lease has ended another node runs its rooms, with their timers."""
        runner = self.room()
        self.a.send(self.ann, "arm")
        self.a.kill()
        self.pass_time(LEASE_S - 1, self.b)
        self.assertIsNone(self.b.registry.get(runner.room.code))
        self.pass_time(60, self.b)
        taken = self.b.registry.get(runner.room.code)
        assert taken is not None
        self.assertEqual(taken.room.docs["room"].plain(), {"n": 1, "rings": 1})

    def test_restarted_node_takes_its_own_rooms_at_once(self) -> None:
        """It need not wait for the lease of its process before."""
        runner = self.room()
        self.a.kill()
        self.a.start()
        self.assertIsNotNone(self.a.registry.get(runner.room.code))

    def test_stopped_node_is_succeeded_without_waiting(self) -> None:
        """A clean stop releases the lease; others look every few seconds."""
        runner = self.room()
        self.a.get(Deferred.fromCoroutine(self.a.registry.stop()))
        self.pass_time(LEASE_S / 3, self.b)
        self.assertIsNotNone(self.b.registry.get(runner.room.code))

    def test_started_node_takes_what_nobody_has(self) -> None:
        """A node that starts opens rooms without an owner, and no others."""
        mine = self.room()
        theirs = self.b.create(self.bob)
        self.a.get(Deferred.fromCoroutine(self.a.registry.stop()))
        third = self.node("c")
        self.assertIsNotNone(third.registry.get(mine.room.code))
        self.assertIsNone(third.registry.get(theirs.room.code))

    def test_room_of_a_game_not_served_here_is_left_to_others(self) -> None:
        """A node that cannot run a room lets go of it."""
        runner = self.room()
        self.a.kill()
        self.seconds += LEASE_S
        other = Place(Fleeting, store=SharedStore(self.shared, "c"))
        self.assertIsNone(other.registry.get(runner.room.code))
        self.pass_time(LEASE_S, self.b, other)
        self.assertIsNotNone(self.b.registry.get(runner.room.code))

    def test_room_not_served_by_the_first_that_looks(self) -> None:
        """Whoever sees first that a node died may not know its games: one that does finds the room all the same."""
        other = Place(Fleeting, store=SharedStore(self.shared, "c"))
        runner = self.room()
        self.a.kill()
        del self.shared.leases["a"]
        self.pass_time(LEASE_S, other)
        self.pass_time(LEASE_S, self.b, other)
        self.assertIsNotNone(self.b.registry.get(runner.room.code))
        fence = self.shared.rooms[runner.room.id].fence
        self.pass_time(LEASE_S, self.b, other)
        self.assertEqual(self.shared.rooms[runner.room.id].fence, fence)

    def test_calendar_calls_once(self) -> None:
        """A static method of the calendar runs on one node."""
        self.pass_time(3700, self.a, self.b)
        self.assertEqual(Counting.called, ["nightly"])


class PostTests(TwoNodesTestCase):
    """Lines outside rooms, which all nodes write to the same store."""

    def say(self, node: Place, session: FakeSession, text: str) -> Deferred[None]:
        """Write to the lobby."""
        return Deferred.fromCoroutine(node.registry.lobby_chat.say(session.user, "lobby:counting", text, None))

    def found(self, node: Place) -> list[str]:
        """What somebody finds who listens now."""
        session = FakeSession("cleo")
        listening = node.registry.lobby_chat.listen(session, session.user, "lobby:counting", None)
        return [line["text"] for line in node.get(Deferred.fromCoroutine(listening))["lines"]]

    def test_lines_of_two_nodes(self) -> None:
        """A line that was told is in the store, whatever another node wrote meanwhile; who listens again finds all."""
        for node in (self.a, self.b):
            self.assertEqual(self.found(node), [])
        self.a.get(self.say(self.a, self.ann, "one"))
        self.b.get(self.say(self.b, self.bob, "two"))
        self.a.get(self.say(self.a, self.ann, "three"))
        for node in (self.a, self.b, self.node("c")):
            self.assertEqual(self.found(node), ["one", "two", "three"])

    def test_at_once(self) -> None:
        """Neither tears out the other's."""
        write_book = self.b.store.write_book

        def late(*args: Any) -> Deferred[None]:
            self.a.get(self.say(self.a, self.ann, "one"))
            return write_book(*args)

        self.b.store.write_book = late  # type: ignore[method-assign,assignment]
        self.b.get(self.say(self.b, self.bob, "two"))
        self.assertEqual(sorted(self.found(self.node("c"))), ["one", "two"])


class FrozenTests(TwoNodesTestCase):
    """A node that stood still longer than its lease."""

    def test_writes_and_says_nothing_once_it_is_succeeded(self) -> None:
        """Its room goes on elsewhere: what it still does is not stored, told to nobody, and its sockets look again."""
        runner = self.room()
        self.pass_time(LEASE_S + 10, self.b)
        code = runner.room.code
        taken = self.b.registry.get(code)
        assert taken is not None
        self.b.join(taken, self.bob)
        self.b.send(self.bob, "add")
        before = self.stored(runner)
        self.a.time.rightNow += self.seconds - self.a.time.seconds()
        # The socket is read before any timer: a message that came while it stood still.
        self.assertEqual(self.a.send(self.ann, "add"), {})
        self.thaw(self.a)
        self.pass_time(LEASE_S, self.a, self.b)
        self.assertEqual([frame["op"] for frame in self.ann.frames], ["left"])
        self.assertEqual(self.ann.frames[0]["reason"], "moved")
        self.assertIsNone(self.a.registry.get(code))
        self.assertEqual(self.stored(runner), before)
        self.assertEqual(self.b.send(self.bob, "add")["data"], 3)

    def test_stored_answer_that_came_too_late_is_not_told(self) -> None:
        """The store had answered before the node stood still, the room is another's when the node reads it."""
        self.room()
        self.a.store.hold()
        self.assertEqual(self.a.send(self.ann, "add"), {})
        self.a.store.release(1)
        self.a.store.release()
        self.ann.frames.clear()
        self.a.store.hold()
        self.a.send(self.ann, "add")
        written = self.a.store.in_flight
        self.assertGreater(written, 0)
        self.pass_time(LEASE_S + 10, self.b)
        self.a.time.rightNow += self.seconds - self.a.time.seconds()
        self.a.store.release()
        self.thaw(self.a)
        self.pass_time(LEASE_S, self.a, self.b)
        self.assertEqual([frame["op"] for frame in self.ann.frames], ["left"])

    def test_goes_on_if_nobody_succeeded_it(self) -> None:
        """Alone on its store it has its rooms again, and what waited is applied once."""
        self.b.get(Deferred.fromCoroutine(self.b.registry.stop()))
        self.room()
        self.seconds += LEASE_S + 10
        self.a.time.rightNow += self.seconds - self.a.time.seconds()
        self.assertEqual(self.a.send(self.ann, "add")["data"], 2)
        self.assertTrue(self.a.lease is not None and self.a.lease.held)
        self.pass_time(2, self.a)
        self.assertFalse(self.a.registry.store_away)
        self.assertEqual(self.a.send(self.ann, "add")["data"], 3)

    def test_room_that_is_never_stored_goes_on(self) -> None:
        """It needs no lease: nobody else can have it."""
        self.a.game = "fleeting"
        self.a.create(self.ann)
        self.a.store.fail = StoreUnavailable("away")
        self.pass_time(LEASE_S + 10, self.a)
        self.assertTrue(self.a.registry.store_away)
        self.assertEqual(self.a.send(self.ann, "add")["data"], 1)

    def test_room_that_is_never_stored_is_found_at_its_node(self) -> None:
        """Whoever asks another node is led there."""
        self.a.get(Deferred.fromCoroutine(self.a.registry.known_as("http://a.example")))
        self.a.game = "fleeting"
        runner = self.a.create(self.ann)
        reaching = Deferred.fromCoroutine(self.b.registry.reach(runner.room.code))
        elsewhere = self.failureResultOf(reaching, Elsewhere).value
        self.assertEqual((elsewhere.code_there, elsewhere.url), (runner.room.code, "ws://a.example/ws"))

    def test_effects_stop_before_the_lease_ends(self) -> None:
        """The store is away: two seconds before others may have the rooms, all waits."""
        self.a.store.fail = StoreUnavailable("away")
        assert self.a.lease is not None
        self.pass_time(LEASE_S - 2.5, self.a)
        self.assertTrue(self.a.lease.held)
        self.pass_time(1, self.a)
        self.assertFalse(self.a.lease.held)
        self.assertTrue(self.a.registry.store_away)
        self.assertIsNotNone(self.shared.token("a"))

    def test_lease_taken_by_a_copy(self) -> None:
        """Another process with the same name has everything; this one drops its rooms for good."""
        runner = self.room()
        copy = self.node("a")
        self.pass_time(LEASE_S, self.a, copy)
        self.assertEqual([frame["op"] for frame in self.ann.frames], ["left"])
        self.assertIsNotNone(copy.registry.get(runner.room.code))
        with self.assertRaises(Refused):
            self.a.registry.find(runner.room.code)

    def test_room_that_ended_elsewhere_meanwhile(self) -> None:
        """Its last step was stored, and told by nobody; the room is over: this node does not tell it either."""
        runner = self.room()
        self.a.store.hold()
        self.a.send(self.ann, "add")
        self.a.time.rightNow += LEASE_S - 1
        self.a.store.release()
        self.seconds += LEASE_S
        self.pass_time(LEASE_S, self.b)
        taken = self.b.registry.get(runner.room.code)
        assert taken is not None
        self.b.join(taken, self.bob)
        self.b.send(self.bob, "end")
        self.assertIsNone(self.b.registry.get(runner.room.code))
        self.thaw(self.a)
        self.pass_time(LEASE_S, self.a, self.b)
        self.assertEqual([frame["op"] for frame in self.ann.frames], ["left"])

    def test_nothing_is_begun_under_a_lease_of_another_process(self) -> None:
        """Nobody waits for an answer that can never come."""
        self.room()
        copy = self.node("a")
        self.pass_time(LEASE_S, self.a, copy)
        with self.assertRaises(Refused) as refused:
            self.a.create(self.bob)
        self.assertEqual(refused.exception.code, "draining")

    def test_stop_of_a_node_that_lost_its_lease(self) -> None:
        """Rooms that are another's have nothing left to store: the stop waits for none of them."""
        self.room()
        self.a.store.fail = StoreUnavailable("away")
        self.a.send(self.ann, "add")
        self.pass_time(LEASE_S, self.a)
        self.a.store.fail = None
        copy = self.node("a")
        self.pass_time(1, self.a, copy)
        stopping = Deferred.fromCoroutine(self.a.registry.stop())
        self.pass_time(1, self.a, copy)
        self.successResultOf(stopping)
        self.assertEqual(self.a.time.getDelayedCalls(), [])

    def test_stop_releases_the_lease_without_a_last_beat(self) -> None:
        """The store refused one call: others need not wait for the lease to end all the same."""
        self.room()
        beat = self.a.store.beat
        self.a.store.beat = lambda *, now_ms: fail(StoreUnavailable("busy"))  # type: ignore[method-assign]
        self.a.get(Deferred.fromCoroutine(self.a.registry.stop()))
        self.a.store.beat = beat  # type: ignore[method-assign]
        self.assertIsNone(self.shared.token("a"))

    def test_step_that_ends_after_its_room_was_lost(self) -> None:
        """This node took the room over again meanwhile, and does not open it once more."""
        runner = self.room()
        gate = Counting.gate = Deferred()
        self.a.send(self.ann, "slow_end")
        del self.shared.leases["a"]
        self.b.get(self.b.registry.adopt())
        self.assertIsNotNone(self.b.registry.get(runner.room.code))
        self.pass_time(LEASE_S / 3, self.a)
        self.b.kill()
        del self.shared.leases["b"]
        self.pass_time(LEASE_S / 3, self.a)
        again = self.a.registry.get(runner.room.code)
        assert again is not None
        gate.callback(None)
        self.a.settle()
        self.a.get(self.a.registry.adopt())
        self.assertIs(self.a.registry.get(runner.room.code), again)

    def test_two_that_adopt_at_once(self) -> None:
        """A node that starts and sees at once that another died opens each room once."""
        runner = self.room()
        self.a.kill()
        del self.shared.leases["a"]
        self.b.store.hold()
        adopting = [self.b.registry.adopt(), self.b.registry.adopt()]
        self.b.store.release()
        self.b.settle()
        for adopted in adopting:
            self.successResultOf(adopted)
        taken = self.b.registry.get(runner.room.code)
        assert taken is not None
        self.assertEqual(self.shared.rooms[runner.room.id].fence, runner.commits.fence + 1)


class LossTests(TwoNodesTestCase):
    """A store that lost what it had stored, as Redis may with a failover."""

    def lose(self, runner: RoomRunner, parts: dict[str, bytes], version: int, fence: int | None = None) -> None:
        """Let the store have an older state of a room again."""
        room = self.shared.rooms[runner.room.id]
        room.parts = dict(parts)
        room.version = version
        room.fence = room.fence if fence is None else fence
        assert isinstance(self.a.store, SharedStore)
        self.a.store.reconnect()

    def state(self, runner: RoomRunner) -> tuple[dict[str, bytes], int]:
        """What the store has of a room now."""
        room = self.shared.rooms[runner.room.id]
        return dict(room.parts), room.version

    def test_lost_commits_are_uploaded_again(self) -> None:
        """The owner stores its whole room as soon as it hears of it, without a further step."""
        runner = self.room()
        older = self.state(runner)
        self.a.send(self.ann, "add")
        newer = self.state(runner)
        self.lose(runner, *older)
        self.pass_time(LEASE_S, self.a)
        uploaded, version = self.state(runner)
        newer[0].pop("counts")  # written seldom: what was said since is counted from the log
        self.assertEqual({part: uploaded.get(part) for part in newer[0]}, newer[0])
        self.assertGreater(version, newer[1])

    def test_next_step_finds_out(self) -> None:
        """A step that comes first is told only once the whole room is stored again."""
        runner = self.room()
        older = self.state(runner)
        self.a.send(self.ann, "add")
        self.lose(runner, *older)
        self.assertEqual(self.a.send(self.ann, "add")["data"], 3)
        restarted = self.stored(runner)
        self.assertIn(b"3", restarted)
        self.a.kill()
        self.a.start()
        again = self.a.registry.get(runner.room.code)
        assert again is not None
        self.assertEqual(again.room.docs["room"].plain(), {"n": 3})

    def test_room_lost_altogether(self) -> None:
        """A room whose creation was lost is stored again, with its code."""
        runner = self.room()
        del self.shared.rooms[runner.room.id]
        self.shared.claims.clear()
        assert isinstance(self.a.store, SharedStore)
        self.a.store.reconnect()
        self.pass_time(LEASE_S, self.a)
        self.assertIn(runner.room.id, self.shared.rooms)
        self.assertIn(runner.room.code, self.shared.claims)

    def test_lost_fence(self) -> None:
        """The takeover itself was lost: the newer owner, whose the room still is, stores it under its fence."""
        runner = self.room()
        older = self.state(runner)
        self.a.kill()
        self.a.start()
        again = self.a.registry.get(runner.room.code)
        assert again is not None
        self.lose(again, *older, fence=1)
        self.pass_time(LEASE_S, self.a)
        self.assertEqual(self.shared.rooms[runner.room.id].fence, again.commits.fence)

    def test_nothing_lost_nothing_written(self) -> None:
        """A connection that was lost and is back costs one look."""
        runner = self.room()
        before = self.state(runner)
        assert isinstance(self.a.store, SharedStore)
        self.a.store.reconnect()
        self.pass_time(5, self.a)
        self.assertEqual(self.state(runner), before)

    def test_lost_while_the_lease_was_not_held(self) -> None:
        """A commit was stored and the answer waits for the lease; what was lost meanwhile is not told."""
        runner = self.room()
        older = self.state(runner)
        self.a.store.hold()
        self.a.send(self.ann, "add")
        self.a.time.rightNow += LEASE_S - 1
        self.a.store.release()
        self.seconds += LEASE_S
        self.assertEqual(self.ann.of("ok"), [])
        self.lose(runner, *older)
        told: list[bytes] = []
        self.ann.deliver = lambda frame: told.append(self.stored(runner))  # type: ignore[method-assign]
        self.thaw(self.a)
        self.pass_time(LEASE_S, self.a)
        self.assertTrue(told)
        for stored in told:
            self.assertIn(b'"n":2', stored)
