"""How long a step has really taken, seen from outside, on times that the test makes up."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from gameserver.guard.judge import HUNG_S, LONGEST_S, TICK_S, Judge, NodeState


class Node:
    """What is seen of one, look by look."""

    def __init__(self, **judge: Any) -> None:
        self.judge = Judge(**{"warn_s": 1.0, "limit_s": 3.0, **judge})
        self.step = 1
        self.beats = self.excused = 0
        self.at_s = 100.0
        self.computed_s = 0.0
        self.state = "R"
        self.judge.look(self.seen())

    def seen(self) -> NodeState:
        """As it is now."""
        return NodeState(self.step, self.beats, self.excused, self.at_s, self.state, self.computed_s)

    def goes_on(self, s: float, *, share: float = 1.0, beats: bool = False, excused: bool = False) -> list[str]:
        """:returns: the verdicts while so many seconds pass, in which the node computes a share of them."""
        verdicts = []
        for _ in range(round(s / TICK_S)):
            self.at_s += TICK_S
            self.computed_s += TICK_S * share
            self.beats += beats
            self.excused += excused
            verdicts.append(self.judge.look(self.seen()))
        return [verdict for verdict in verdicts if verdict]


class JudgeTests(SynchronousTestCase):
    def test_loop(self) -> None:
        """It is spoken of once, the store is told, and then the node is ended."""
        self.assertEqual(Node().goes_on(3.4)[:3], ["warn", "tell", "end"])

    def test_short_steps(self) -> None:
        """A node that makes one step after the other is at none for long."""
        node = Node()
        for step in range(2, 40):
            self.assertEqual(node.goes_on(0.8), [])
            node.step = step

    def test_over(self) -> None:
        """What the store was told is taken back once the step is over; the next one is judged anew."""
        node = Node(limit_s=None, tell_s=2.0)
        self.assertEqual(node.goes_on(2.6), ["warn", "tell"])
        node.step = 0
        self.assertEqual(node.goes_on(0.2), ["over"])
        self.assertEqual(node.goes_on(9), [])
        node.step = 2
        self.assertEqual(node.goes_on(2.6), ["warn", "tell"])

    def test_stopped(self) -> None:
        """Stopped, traced, or waiting for a disk: time that passes is no step's."""
        for state in "TtDZ":
            node = Node()
            node.state = state
            self.assertEqual(node.goes_on(60, share=0), [], state)

    def test_starved(self) -> None:
        """On a busy machine what it computes is counted, and no more; the store hears before the lease ends."""
        node = Node(tell_s=3.5)
        self.assertEqual(node.goes_on(8, share=0.2), ["tell", "warn"])
        self.assertIn("end", node.goes_on(9, share=0.2))

    def test_sleeps(self) -> None:
        """A step that waits for something holds all others, too; at a terminal it may be a debugger's."""
        for at_terminal, verdicts in ((False, ["warn", "tell", "end"]), (True, [])):
            node = Node(at_terminal=at_terminal)
            node.state = "S"
            self.assertEqual(node.goes_on(3.4, share=0)[:3], verdicts)

    def test_machine_stood_still(self) -> None:
        """Between two looks an hour may pass: the machine slept, or this process was stopped."""
        node = Node()
        node.state = "S"
        for _ in range(5):
            node.at_s += 3600
            self.assertNotIn(node.judge.look(node.seen()), ("tell", "end"))
        self.assertLessEqual(node.judge.worked_s, 5 * LONGEST_S)

    def test_imports(self) -> None:
        """A step that imports what takes long does nothing wrong."""
        node = Node()
        self.assertEqual(node.goes_on(20, excused=True), [])
        self.assertEqual(node.goes_on(1.4), ["warn"])

    def test_hung(self) -> None:
        """Told to end, a node that does not turn is ended; one that turns has all the time it wants."""
        node = Node(limit_s=None)
        node.judge.ending = True
        node.step = 0
        self.assertEqual(node.goes_on(60, beats=True), [])
        node.state = "S"
        self.assertIn("hung", node.goes_on(HUNG_S + 1, share=0))

    def test_no_limit(self) -> None:
        """Without one, nothing is ended, nor is anything where the system tells nothing of a process but time."""
        self.assertEqual(Node(limit_s=None).goes_on(600), ["warn"])
        node = Node()
        node.state = ""
        self.assertIn("end", node.goes_on(3.6, share=0))

    @given(some.lists(some.tuples(some.sampled_from("RSTDt"), some.floats(0, 2), some.floats(0, 5)), max_size=60))
    def test_never_more_than_passed(self, looks: list[tuple[str, float, float]]) -> None:
        """Whatever is seen, no more is counted than has passed."""
        judge = Judge(warn_s=1, limit_s=None)
        at_s = computed_s = 0.0
        judge.look(NodeState(1, 0, 0, at_s, "R", computed_s))
        for state, passed_s, worked_s in looks:
            at_s += passed_s
            computed_s += worked_s
            judge.look(NodeState(1, 0, 0, at_s, state, computed_s))
        self.assertLessEqual(judge.worked_s, at_s + 1e-6)
        self.assertLessEqual(judge.worked_s, judge.lasted_s + 1e-6)
