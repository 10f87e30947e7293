"""
Three nodes of one store under whatever may happen to them: a model of lease, claim, hand-over and sleep.

Nodes die, stand still, lose their way to the store before or behind a call, drain, start again, and have their wall
clocks set by seconds, while players come, say things and go, rooms fall asleep, and timers are armed. Rooms are claimed
and handed over one at a time, so that anything may happen between two of them; a node that was to have some dies while
they are on their way, and they are let go where nobody else can have them. Whatever the order:

- what is committed under one fence is one node's, and fences only grow: no two owners' commits interleave;
- an answer that somebody was given is never lost, and nothing is applied twice;
- a timer fires once for each time it was armed;
- nobody who comes is told that there is no such room; and once all runs again, every node leads to it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.clock import Clock
from gameserver.errors import Elsewhere, Refused, StoreUnavailable
from gameserver.interfaces import Commit
from gameserver.node import handing_over, taking_over
from gameserver.node.runner import RoomRunner
from tests.node.registries import START_S, FakeSession, Place
from tests.store.shared import Shared, SharedStore

NAMES = ("a", "b", "c")
LEASE_S = 6.0
RING_S = 4.0
SLEEP_S = 3.0
HOPS = 3
"""So many redirects clients follow in a row."""
EXAMPLES = 300 if os.environ.get("GAMESERVER_TEST_LONG") else 10


class Model(Game):
    """Counts what is said and what rings."""

    name = "model"
    needs_start = False
    hold_s = None
    idle_close_s = None

    def on_create(self) -> None:
        self.state.update(n=0, armed=0, rings=0, pending=False)

    @message
    def add(self, player: Player) -> int:
        self.state["n"] += 1
        return int(self.state["n"])

    @message
    def arm(self, player: Player) -> None:
        if not self.state["pending"]:
            self.state["pending"] = True
            self.state["armed"] += 1
            self.after(RING_S, self.ring)

    @timer
    def ring(self) -> None:
        self.state["pending"] = False
        self.state["rings"] += 1


class NotingStore(SharedStore):
    """Notes each commit that the store took."""

    written: list[tuple[str, int, int, str]]

    def _write(self, commit: Commit, now_ms: int) -> None:
        self.written.append((commit.room, commit.fence, commit.version, self._node))
        super()._write(commit, now_ms)


class Member(Place):
    """One node, whose wall clock may be set."""

    def __init__(self, name: str, shared: Shared, written: list[Any]) -> None:
        self.alive = False
        self.ahead_s = 0.0
        self.draining: Deferred[Any] | None = None
        store = NotingStore(shared, name)
        store.written = written
        self.name = name
        super().__init__(Model, store=store, seed=ord(name), sleep_s=SLEEP_S)

    def start(self) -> None:
        """The process starts, with a clock of its own."""
        now_s = self.time.seconds()
        self.time = FakeTime()
        self.time.rightNow = now_s
        self.clock = Clock(self.time, lambda: START_S + self.ahead_s + self.time.seconds())
        super().start()
        self.alive, self.draining = True, None
        # Others learn where it is, and send there whoever comes for its rooms.
        known = Deferred.fromCoroutine(self.registry.known_as(f"https://games.example/n/{self.name}", name=self.name))
        known.addErrback(lambda failure: failure.trap(StoreUnavailable))
        self.settle()

    def get(self, done: Deferred[Any]) -> Any:
        """Wait for it: a start leaves others the time to take their share."""
        fired: list[Any] = []
        done.addCallback(lambda result: fired.append(result) or result)
        self.settle()
        for _ in range(30):
            if not fired:
                self.advance(0.1)
        return super().get(done)

    def kill(self) -> None:
        """The process dies."""
        super().kill()
        self.alive = False


class World:
    """
    All of it.

    :ivar answers: what players were told, by room.
    :ivar denied: the rooms of which somebody was told that there is no such.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.shared = Shared(lambda: self.seconds)
        self.written: list[tuple[str, int, int, str]] = []
        self.nodes = {name: Member(name, self.shared, self.written) for name in NAMES}
        self.sessions: dict[tuple[str, RoomRunner], FakeSession] = {}
        self.rooms: list[tuple[str, str]] = []
        self.answers: dict[str, list[int]] = {}
        self.denied: list[str] = []
        for name in ("a", "a", "b"):
            session = FakeSession(f"host {len(self.rooms)} of {name}")
            runner = self.nodes[name].create(session)
            self.rooms.append((runner.room.code, runner.room.id))
            self.answers[runner.room.code] = []
            self.sessions[name, runner] = session

    def time(self, s: float, running: frozenset[str]) -> None:
        """Let time pass: these nodes run, the others stand still."""
        end = self.seconds + s
        while self.seconds < end:
            self.seconds = min(end, self.seconds + 0.5)
            for name, node in self.nodes.items():
                if node.alive and name in running:
                    node.time.rightNow = max(node.time.rightNow, self.seconds - 0.5)
                    node.advance(max(0.0, self.seconds - node.time.seconds()))

    def say(self, name: str, room: int, what: str) -> None:
        """Somebody at that node says something in a room, if it is there."""
        node, (code, _) = self.nodes[name], self.rooms[room]
        runner = node.registry.get(code) if node.alive else None
        if runner is None or runner.over:
            return
        try:
            session = self.sessions.get((name, runner)) or self.sit(name, runner)
            if session.seat:
                node.send(session, what)
        except Refused:
            pass

    def sit(self, name: str, runner: RoomRunner) -> FakeSession:
        """Somebody at that node has a seat, in a moment."""
        node, session = self.nodes[name], FakeSession(f"guest of {name}")
        wish = node.wish(session.user.name, "player")
        joining = Deferred.fromCoroutine(node.registry.join(session.requester(), runner, wish))
        joining.addErrback(lambda failure: failure.trap(Refused))
        node.settle()
        self.sessions[name, runner] = session
        return session

    def come(self, name: str, room: int, *, sure: bool) -> None:
        """Somebody comes to a room by its code at that node, for a seat or for a look."""
        node, (code, _) = self.nodes[name], self.rooms[room]

        def refused(failure: Any) -> None:
            if failure.check(Refused) and failure.value.code == "not_found":
                self.denied.append(code)
            failure.trap(Refused)

        def reached(runner: RoomRunner) -> None:
            if sure and node.alive and (name, runner) not in self.sessions and not runner.over:
                self.sit(name, runner)

        Deferred.fromCoroutine(node.registry.reach(code, sure=sure)).addCallbacks(reached, refused)
        node.settle()

    def go(self, name: str, room: int) -> None:
        """Whoever is there by that node has no connection any more."""
        code, _ = self.rooms[room]
        for (at, runner), session in list(self.sessions.items()):
            if at == name and self.code_of(runner) == code and session.seat:
                self.hear()
                runner.gone(session, session.seat)
                self.nodes[name].settle()
                del self.sessions[at, runner]

    def hear(self) -> None:
        """Note what players were told so far."""
        for (_, runner), session in self.sessions.items():
            for frame in session.frames:
                if frame["op"] == "ok" and isinstance(frame.get("data"), int):
                    self.answers[self.code_of(runner)].append(frame["data"])
            session.frames.clear()

    def code_of(self, runner: RoomRunner) -> str:
        """The code of a room, which may have been taken apart."""
        return str(runner.room.code)

    def do(self, act: tuple[Any, ...]) -> None:
        """One thing happens."""
        kind, name = act[0], act[1]
        node = self.nodes[name] if isinstance(name, str) else None
        if kind == "time":
            self.time(act[1], act[2])
        elif node is None:
            raise AssertionError(kind)
        elif kind == "say":
            self.say(name, act[2], act[3])
        elif kind == "heir dies":
            self.lose_heirs(*act[1:])
        elif kind == "start":
            if not node.alive:
                node.time.rightNow = self.seconds
                node.store.fail = node.store.fail_after = None
                node.start()
        elif not node.alive:
            return
        elif kind == "come":
            self.come(name, act[2], sure=act[3])
        elif kind == "go":
            self.go(name, act[2])
        elif kind == "kill":
            node.store.kill(written=act[2])
            node.kill()
        elif kind == "hold":
            node.store.hold()
        elif kind == "release":
            node.store.release()
            node.settle()
        elif kind == "lose":
            node.store.fail, node.store.fail_after = (StoreUnavailable("lost"), None) if act[2] else (None, None)
        elif kind == "lose answers":
            node.store.fail_after = StoreUnavailable("lost") if act[2] else None
        elif kind == "drain":
            self.drain(node)
        elif kind == "step":
            node.ahead_s += act[2]
            stepped_s = node.clock.adjust()
            if stepped_s:
                node.registry.shift(stepped_s)
        self.hear()

    def drain(self, node: Member) -> None:
        """It is told to stop."""
        if node.draining is None:
            node.draining = node.registry.leased.close()
            node.draining = Deferred.fromCoroutine(node.registry.leased.hand_over())
            node.draining.addErrback(lambda failure: failure.trap(StoreUnavailable))

    def lose_heirs(self, name: str, late_s: float, calls: int, survivors: frozenset[str], wait_s: float) -> None:
        """
        A node hands over, and those die whom it has chosen: before it was stored so, or behind that.

        :param late_s: for so long they stood still when it chose them.
        :param calls: so many of its questions are answered before they die.
        :param wait_s: so long nothing more reaches the store of what it asks.
        """
        node = self.nodes[name]
        self.time(late_s, survivors | {name})
        node.store.hold()
        self.drain(node)
        for _ in range(calls):
            node.store.release(1)
            node.store.hold()
            node.settle()
        for other in NAMES:
            if other != name and other not in survivors and self.nodes[other].alive:
                self.nodes[other].store.kill(written=True)
                self.nodes[other].kill()
        self.time(wait_s, frozenset(NAMES))
        node.store.release()
        node.settle()

    def end(self) -> None:
        """Whatever was wrong is mended; all nodes run."""
        for node in self.nodes.values():
            if not node.alive or node.draining is not None:
                if node.alive:
                    node.kill()
                node.time.rightNow = self.seconds
                node.store.fail = node.store.fail_after = None
                node.start()
            node.store.fail = node.store.fail_after = None
            node.store.release()
        self.time(3 * LEASE_S + RING_S, frozenset(NAMES))
        self.hear()


NODE = st.sampled_from(NAMES)
ROOM = st.integers(0, 2)
RUNNING = st.sets(NODE).map(frozenset)
ACTS = st.one_of(
    st.tuples(st.just("time"), st.sampled_from([0.5, 1.0, 2.5, 5.0, 7.0]), RUNNING),
    st.tuples(st.just("time"), st.sampled_from([0.5, 2.5, 7.0]), st.just(frozenset(NAMES))),
    st.tuples(st.just("say"), NODE, ROOM, st.sampled_from(["add", "add", "arm"])),
    st.tuples(st.just("come"), NODE, ROOM, st.booleans()),
    st.tuples(st.just("go"), NODE, ROOM),
    st.tuples(st.just("kill"), NODE, st.booleans()),
    st.tuples(st.just("start"), NODE),
    st.tuples(st.just("hold"), NODE),
    st.tuples(st.just("release"), NODE),
    st.tuples(st.just("lose"), NODE, st.booleans()),
    st.tuples(st.just("lose answers"), NODE, st.booleans()),
    st.tuples(st.just("drain"), NODE),
    st.tuples(
        st.just("heir dies"),
        NODE,
        st.sampled_from([0.0, 2.0]),
        st.integers(0, 6),
        st.one_of(st.just(frozenset()), RUNNING),
        st.sampled_from([0.0, 2.5, 4.5, 7.0]),
    ),
    st.tuples(st.just("step"), NODE, st.sampled_from([-5.0, 5.0])),
)


class FailoverModelTests(SynchronousTestCase):
    """Whatever happens, in any order."""

    def setUp(self) -> None:
        for module, name in ((handing_over, "BATCH"), (handing_over, "CONNECTED"), (taking_over, "ROUND")):
            self.patch(module, name, 1)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ACTS, min_size=8, max_size=25))
    def test_nothing_lost_nothing_twice(self, acts: list[tuple[Any, ...]]) -> None:
        """See above."""
        self.go_through(acts)

    def test_rooms_on_their_way_to_a_node_that_is_gone(self) -> None:
        """They stand still when the store refuses: they are let go, and lost to nobody. Chance seldom gets there."""
        let_go = []
        before = handing_over.HandingOver._let_go

        async def noted(handing: Any, runners: Any) -> None:
            let_go.extend(runners)
            await before(handing, runners)

        self.patch(handing_over.HandingOver, "_let_go", noted)
        rest = [("say", "a", 0, "arm"), ("time", 1.0, frozenset(NAMES))]
        self.go_through([*rest, ("heir dies", "a", 2.0, 2, frozenset(), 4.5), ("time", 7.0, frozenset(NAMES))])
        self.assertEqual(len(let_go), 1)
        # The store heard of it just before: whoever was given the rooms has a lease, and no process any more.
        self.go_through([*rest, ("heir dies", "a", 2.0, 3, frozenset(), 0.0), ("time", 7.0, frozenset("a"))])

    def go_through(self, acts: Sequence[tuple[Any, ...]]) -> None:
        """Do all that, mend it, and look."""
        world = World()
        for act in acts:
            world.do(act)
        world.end()
        self.assertEqual(world.denied, [], "somebody was told that there is no such room")
        for code, id_ in world.rooms:
            commits = [(fence, version, node) for room, fence, version, node in world.written if room == id_]
            self.assertEqual(commits, sorted(commits, key=lambda commit: commit[:2]), "commits interleave")
            owners = {(fence, node) for fence, _, node in commits}
            self.assertEqual(len(owners), len({fence for fence, _ in owners}), "two owners under one fence")
            answers = world.answers[code]
            self.assertEqual(len(answers), len(set(answers)), "one answer was given twice")
            (runner,) = {self.found(world, name, code) for name in NAMES}
            kept = runner.room.docs["room"].plain()
            self.assertGreaterEqual(kept["n"], max(answers, default=0), "an answer was lost")
            self.assertEqual(kept["rings"] + kept["pending"], kept["armed"], "a timer was lost or rang twice")
            self.assertFalse(kept["pending"], "a timer does not ring")

    def found(self, world: World, name: str, code: str) -> RoomRunner:
        """:returns: the room, for whoever comes for a seat at that node, and follows."""
        for _ in range(HOPS + 1):
            node = world.nodes[name]
            reached = Deferred.fromCoroutine(node.registry.reach(code, sure=True))
            node.settle()
            try:
                runner: RoomRunner = node.get(reached)
            except Elsewhere as elsewhere:
                assert elsewhere.url is not None
                name = elsewhere.url.rpartition("/ws")[0][-1]
            else:
                return runner
        raise AssertionError("whoever comes is sent about")
