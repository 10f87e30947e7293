"""Phases and their deadlines."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, message, question, timer
from gameserver.testing import Table
from gameserver.testing.table import START_S


class Nights(Game):
    """Enters what it is told to."""

    @message
    def go(self, player: Player, phase: str | None, s: float | None = None, then: str | None = None) -> None:
        self.enter(phase, s, then)

    @message
    def by_method(self, player: Player) -> None:
        self.enter("dusk", 5, self.night)

    @message
    def by_itself(self, player: Player, s: float) -> None:
        self.after(s, self.day)

    @message
    def by_another(self, player: Player) -> None:
        self.enter("dusk", 5, self.which.close)

    @message
    def finish_(self, player: Player) -> None:
        self.over()

    @question
    def which(self, player: Player) -> None: ...

    @which.done
    def shown(self, answers: dict[Player, Answer[None]]) -> None: ...

    def night(self) -> None:
        self.state.setdefault("log", []).append([self.phase, self.now - START_S])
        self.enter("night", 10, then=self.day)

    @timer
    def day(self) -> None:
        self.state.setdefault("log", []).append([self.phase, self.now - START_S])
        self.enter("day")


class PhaseTests(SynchronousTestCase):
    """`enter` sets the public phase, cancels the last deadline, and calls ``then`` when the time is over."""

    def setUp(self) -> None:
        self.table = Table(Nights)
        self.ann = self.table.join("Ann")

    def test_public(self) -> None:
        """Everybody sees it."""
        self.assertIsNone(self.ann.info["phase"])
        self.ann.send("go", phase="dusk")
        self.assertEqual((self.ann.info["phase"], self.table.phase, self.ann.timers), ("dusk", "dusk", {}))
        self.ann.send("go", phase=None)
        self.assertIsNone(self.ann.info["phase"])

    def test_chain(self) -> None:
        """Deadlines follow each other."""
        self.ann.send("by_method")
        self.assertEqual(list(self.ann.timers.values()), [round((START_S + 5) * 1000)])
        self.table.advance(5)
        self.table.advance(10)
        self.assertEqual(self.table.state["log"], [["dusk", 5.0], ["night", 15.0]])
        self.assertEqual((self.ann.info["phase"], self.ann.timers), ("day", {}))

    def test_cancelled(self) -> None:
        """Another phase cancels the last one's deadline."""
        self.ann.send("by_method")
        self.ann.send("go", phase="dawn")
        self.table.advance(100)
        self.assertEqual((self.table.state, self.table.phase), ({}, "dawn"))

    def test_again(self) -> None:
        """Entering the same phase again begins its time anew."""
        self.ann.send("by_method")
        self.table.advance(4)
        self.ann.send("by_method")
        self.table.advance(4)
        self.assertEqual(self.table.state, {})
        self.table.advance(1)
        self.assertEqual(self.table.state["log"], [["dusk", 9.0]])

    def test_deadline_without_then(self) -> None:
        """A deadline alone is shown, and changes nothing."""
        self.ann.send("go", phase="dusk", s=3)
        self.assertEqual(len(self.ann.timers), 1)
        self.table.advance(5)
        self.assertEqual((self.ann.timers, self.table.phase), ({}, "dusk"))

    def test_unknown(self) -> None:
        """A method that there is not is an error that names near matches."""
        error = self.assertRaises(Refused, self.ann.send, "go", phase="x", s=1, then="nigt")
        self.assertIn("has no method 'nigt'; did you mean night", str(error.__cause__))
        self.assertIsNone(self.table.phase)

    def test_of_something_else(self) -> None:
        """A method of something else is an error, not taken for that of the game which has its name."""
        error = self.assertRaises(Refused, self.ann.send, "by_another")
        self.assertIn("Asking.close of <question which>> is no method of this game", str(error.__cause__))

    def test_takes_arguments(self) -> None:
        """A method that cannot be called without arguments is an error at once, not when the phase ends."""
        error = self.assertRaises(Refused, self.ann.send, "go", phase="x", s=1, then="go")
        self.assertIn("Nights.go cannot be called without arguments", str(error.__cause__))
        error = self.assertRaises(Refused, self.ann.send, "go", phase="x", s=1, then="which")
        self.assertIn("<question which> is not a callable object", str(error.__cause__))
        self.assertEqual((self.table.phase, self.ann.timers), (None, {}))

    def test_timer_in_its_place(self) -> None:
        """The next phase cancels the deadline of the last one, and not a timer of the same name that replaced it."""
        self.ann.send("go", phase="dusk", s=5, then="day")
        self.ann.send("by_itself", s=20)
        self.ann.send("go", phase="night")
        self.table.advance(20)
        self.assertEqual(self.table.state["log"], [["night", 20.0]])

    def test_over(self) -> None:
        """When the game is over the deadline is gone."""
        self.table.start()
        self.ann.send("by_method")
        self.ann.send("finish_")
        self.table.advance(100)
        self.assertEqual((self.table.state, self.ann.timers), ({}, {}))

    def test_restart(self) -> None:
        """A phase and its deadline outlive the process."""
        self.ann.send("by_method")
        self.table.advance(2)
        self.table.restart()
        self.assertEqual(self.table.phase, "dusk")
        self.table.advance(3)
        self.assertEqual(self.table.phase, "night")

    def test_start_and_lobby_phase(self) -> None:
        """A phase and its deadline go together: a start that ends the one does not leave the other."""
        self.ann.send("by_method")
        self.table.start()
        phase: Any = self.table.phase
        self.table.advance(5)
        self.assertEqual(self.table.phase, "night" if phase == "dusk" else None)
