"""
Whatever happens in whatever order, a room that may sleep at any time keeps its promises: a machine against a model.

The model knows no sleep: by it each timer fires once, when the time in which a server ran has come to it, and each
message is counted once.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.node.runner import RoomRunner
from gameserver.room.inputs.arrivals import ResumeSeat
from tests.node.registries import START_S, FakeSession, Place

SLEEP_S: Final = 10.0
LOST_S: Final = 1.1
"""So much of the time before it died a killed server has not told the store."""
TIMERS: Final = ("first", "second", "third")


class Alarm(Game):
    """Three timers, and a counter."""

    name = "alarm"
    needs_start = False
    hold_s = None
    idle_close_s = None

    @message
    def add(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        return int(self.state["n"])

    @message
    def arm(self, player: Player, which: str, s: float) -> None:
        self.after(s, which)

    @timer
    def first(self) -> None:
        self._rang("first")

    @timer
    def second(self) -> None:
        self._rang("second")

    @timer
    def third(self) -> None:
        self._rang("third")

    def _rang(self, which: str) -> None:
        self.state[which] = self.state.get(which, 0) + 1


class SleepMachine(RuleBasedStateMachine):
    """One room, one player, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place(Alarm, sleep_s=SLEEP_S)
        self.ahead_s = 0.0
        self.place.clock._wall = lambda: START_S + self.place.time.seconds() + self.ahead_s
        self.session: FakeSession | None = FakeSession("ann")
        runner = self.place.create(self.session)
        self.code = runner.room.code
        self.secret = runner.room.secret_of(runner.room.seats[self.session.seat])
        self.ran_s = 0.0
        self.added = 0
        self.dues: dict[str, tuple[float, float]] = {}  # the earliest and the latest
        self.rung = dict.fromkeys(TIMERS, 0)
        self.slept = 0

    def reach(self) -> RoomRunner:
        """The room, woken if it sleeps."""
        runner: RoomRunner = self.place.get(Deferred.fromCoroutine(self.place.registry.reach(self.code)))
        self.place.settle()
        return runner

    def here(self) -> FakeSession:
        """The player, come back if need be."""
        if self.session is None:
            self.session = FakeSession("ann")
            requester = self.session.requester()
            self.place.get(self.reach().post(ResumeSeat(requester, self.secret, {})))
            self.place.settle()
        return self.session

    @rule()
    def add(self) -> None:
        """Something is said."""
        self.added += 1
        assert self.place.send(self.here(), "add")["data"] == self.added

    @rule(which=st.sampled_from(TIMERS), s=st.sampled_from([0.5, 3.0, 15.0, 40.0, 600.0]))
    def arm(self, which: str, s: float) -> None:
        """A timer is armed, in place of the one that was."""
        self.check()
        if which in self.dues and self.dues[which][0] <= self.ran_s:
            return  # it may have fired or not
        assert self.place.send(self.here(), "arm", which=which, s=s)["op"] == "ok"
        self.dues[which] = (self.ran_s + s, self.ran_s + s)

    @rule()
    def drop(self) -> None:
        """The connection is lost."""
        if self.session is not None:
            self.place.gone(self.session)
            self.session = None

    @rule(s=st.sampled_from([0.3, 2.0, 11.0, 13.0, 30.0, 100.0]))
    def wait(self, s: float) -> None:
        """Time passes."""
        self.place.advance(s)
        self.ran_s += s
        if self.place.registry.get(self.code) is None:
            self.slept += 1

    @rule(s=st.sampled_from([0.0, 5.0, 1000.0]))
    def die(self, s: float) -> None:
        """The server is killed, and is started again after so long."""
        self.session = None
        self.place.away(s)
        self.place.settle()
        self.dues = {which: (first, last + LOST_S) for which, (first, last) in self.dues.items()}

    @rule(s=st.sampled_from([-50.0, 7.0, 3600.0]))
    def step(self, s: float) -> None:
        """The clock is set."""
        self.ahead_s += s
        self.place.registry.shift(self.place.clock.adjust())
        self.place.settle()

    @rule()
    def look(self) -> None:
        """Somebody asks for the room."""
        self.reach()

    @invariant()
    def check(self) -> None:
        """What the room has, awake or asleep, is what the model says."""
        if self.place.registry.get(self.code) is None:
            return  # it is looked at when it is awake: looking would wake it
        state: dict[str, Any] = {}
        room = self.reach().room
        if "room" in room.docs:
            state = room.docs["room"].plain()
        assert state.get("n", 0) == self.added
        for which in TIMERS:
            rung = state.get(which, 0)
            if which in self.dues:
                first, last = self.dues[which]
                if rung == self.rung[which] + 1:
                    assert first <= self.ran_s + LOST_S, f"{which} came too early"
                    del self.dues[which]
                    self.rung[which] = rung
                else:
                    assert last + LOST_S > self.ran_s, f"{which} did not come"
            assert rung == self.rung[which], f"{which} came {rung} times, not {self.rung[which]}"

    def teardown(self) -> None:
        """In the end all is there."""
        self.place.advance(2000)
        self.ran_s += 2000
        self.reach()
        self.check()
        assert not self.dues


class SleepMachineTests(SynchronousTestCase):
    """The machine, as a test."""

    def test_machine(self) -> None:
        """Many orders of things."""
        machine = SleepMachine.TestCase
        machine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
        machine("runTest").runTest()
