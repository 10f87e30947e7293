"""What happens when a game's code fails."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.logger import LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, message, question, timer
from gameserver.testing import Table


class Broken(Game):
    """Fails wherever a test wants it to."""

    needs_start = False
    hold_s = 5
    messages_per_s = 1000
    failing: ClassVar[set[str]] = set()
    refusing: ClassVar[set[str]] = set()
    on_close_calls: ClassVar[int] = 0

    def run(self, what: str) -> None:
        """Leave a trace, then fail or refuse."""
        self.state[what] = self.state.get(what, 0) + 1
        if what in self.failing:
            raise ValueError(what)
        if what in self.refusing:
            raise Refused(what)

    def on_join(self, player: Player) -> None:
        self.run("join")

    def on_drop(self, player: Player) -> None:
        self.run("drop")

    def on_resume(self, player: Player) -> None:
        self.run("resume")

    def on_leave(self, player: Player) -> None:
        self.run("leave")

    def on_chat(self, player: Player, chat: Any) -> None:
        self.run("chat")

    def on_close(self) -> None:
        Broken.on_close_calls += 1

    @message
    def fail(self, player: Player) -> None:
        self.run("fail")

    @message
    def own(self, player: Player) -> None:
        player.after(1, self.ring_own)

    @message
    def arm(self, player: Player) -> None:
        self.every(1, self.ring)

    @message
    def ask(self, player: Player) -> None:
        self.choose.ask(5)

    @timer
    def ring(self) -> None:
        self.run("ring")

    @timer
    def ring_own(self, player: Player) -> None:
        self.run("ring_own")

    @question
    def choose(self, player: Player, n: int) -> int:
        return n

    @choose.done
    def chosen(self, answers: dict[Player, Answer[int]]) -> None:
        self.run("chosen")


class Ticking(Broken):
    """Fails at ticks."""

    tick_hz = 10

    def on_tick(self, dt_s: float) -> None:
        self.run("tick")


class FailureCase(SynchronousTestCase):
    """A table of a game that fails."""

    game: type[Game] = Broken

    def setUp(self) -> None:
        self.addCleanup(Broken.failing.clear)
        self.addCleanup(Broken.refusing.clear)
        Broken.on_close_calls = 0
        self.table = Table(self.game, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def failures(self) -> int:
        """How many were logged since the last look."""
        return len(self.flushLoggedErrors(ValueError))


class LoggedTests(FailureCase):
    """An exception is logged with room, seat and input, and answers `game_error`."""

    def setUp(self) -> None:
        super().setUp()
        self.events: list[LogEvent] = []
        globalLogPublisher.addObserver(self.keep)
        self.addCleanup(globalLogPublisher.removeObserver, self.keep)

    def keep(self, event: LogEvent) -> None:
        """Keep failures only."""
        if event.get("log_failure") is not None:
            self.events.append(event)

    def assert_logged(self, what: str, seat: str | None) -> None:
        """The one failure since the last look says so."""
        self.assertEqual(self.failures(), 1, what)
        event = self.events.pop()
        said = {key: event.get(key) for key in ("room", "seat", "what", "game")}
        self.assertEqual(said, {"room": self.table.code, "seat": seat, "what": what, "game": "broken"})

    def test_message(self) -> None:
        """A message: its sender gets the code, and nothing of what went wrong inside."""
        Broken.failing.add("fail")
        refused = self.assertRaises(Refused, self.ann.send, "fail")
        self.assertEqual((refused.code, repr(refused.__cause__)), ("game_error", "ValueError('fail')"))
        self.assertNotIn(b"ValueError", self.ann.seen())
        self.assert_logged("fail", self.ann.id)
        self.assertNotIn("fail", self.table.state)

    def test_chat(self) -> None:
        """A line of chat."""
        Broken.failing.add("chat")
        self.assertEqual(self.assertRaises(Refused, self.bob.say, "x").code, "game_error")
        self.assert_logged("chat", self.bob.id)
        self.assertEqual(self.ann.chat, [])

    def test_timer(self) -> None:
        """A timer of the room has no seat."""
        Broken.failing.add("ring")
        self.ann.send("arm")
        self.table.advance(1)
        self.assert_logged("ring", None)

    def test_timer_of_a_player(self) -> None:
        """A timer of a player has that player's."""
        Broken.failing.add("ring_own")
        self.ann.send("own")
        self.table.advance(1)
        self.assert_logged("ring_own", self.ann.id)

    def test_hooks(self) -> None:
        """So have the hooks of a player."""
        Broken.failing.update(("drop", "resume", "leave"))
        self.bob.drop()
        self.assert_logged("on_drop", self.bob.id)
        self.bob.resume()
        self.assert_logged("on_resume", self.bob.id)
        self.bob.leave()
        self.assert_logged("on_leave", self.bob.id)

    def test_refusals_are_none(self) -> None:
        """A refusal is no failure."""
        Broken.refusing.update(("fail", "ring"))
        self.ann.send("arm")
        self.assertRaises(Refused, self.ann.send, "fail")
        self.table.advance(1)
        self.assertEqual(self.events, [])


class TenTests(FailureCase):
    """Ten failures in a row of inputs that no player sent close the room."""

    def test_ten(self) -> None:
        """The tenth closes it, with a reason that everybody is told; ``on_close`` runs."""
        Broken.failing.add("ring")
        self.ann.send("arm")
        self.table.advance(9)
        self.assertEqual((self.table.status, self.failures()), ("playing", 9))
        self.table.advance(1)
        self.assertEqual((self.table.status, self.failures(), Broken.on_close_calls), ("closed", 1, 1))
        for visitor in (self.ann, self.bob):
            self.assertEqual(visitor.left, "closed")
            left = next(line for line in visitor.seen().splitlines() if b'"op":"left"' in line)
            self.assertNotIn(b'"message":null', left)

    def test_success_between(self) -> None:
        """One that succeeds begins the count anew."""
        self.ann.send("arm")
        for _ in range(5):
            Broken.failing.add("ring")
            self.table.advance(9)
            Broken.failing.clear()
            self.table.advance(1)
        self.assertEqual((self.table.status, self.failures()), ("playing", 45))

    def test_message_between(self) -> None:
        """A player's message is none of them: it neither counts nor begins the count anew."""
        Broken.failing.add("ring")
        self.ann.send("arm")
        self.table.advance(9)
        self.ann.send("fail")
        self.table.advance(1)
        self.assertEqual((self.table.status, self.failures()), ("closed", 10))

    def test_refused(self) -> None:
        """A refusal in a timer does not count."""
        Broken.refusing.add("ring")
        self.ann.send("arm")
        self.table.advance(100)
        self.assertEqual(self.table.status, "playing")
        self.assertNotIn("ring", self.table.state)

    def test_players_inputs(self) -> None:
        """Failures at messages, chat, drops and resumes do not count: a player could close any room."""
        Broken.failing.update(("fail", "chat", "drop", "resume"))
        for _ in range(15):
            self.assertRaises(Refused, self.ann.send, "fail")
            self.assertRaises(Refused, self.ann.say, "x")
            self.bob.drop()
            self.bob.resume()
        self.assertEqual((self.table.status, self.failures()), ("playing", 60))

    def test_joins_and_leaves(self) -> None:
        """Nor at joins and leaves."""
        Broken.failing.add("join")
        for _ in range(15):
            self.assertRaises(Refused, self.table.join, "Cleo")
        Broken.failing.clear()
        Broken.failing.add("leave")
        for _ in range(15):
            self.table.join("Dan").leave()
        self.assertEqual((self.table.status, self.failures()), ("playing", 30))

    def test_amnesia(self) -> None:
        """The count is not the game's, and is kept where games are made anew."""
        Broken.failing.add("ring")
        table = Table(Broken, amnesia=True, raises=False)
        table.join("Ann").send("arm")
        table.advance(10)
        self.assertEqual((table.status, self.failures()), ("closed", 10))

    def test_deadlines(self) -> None:
        """The deadline of a question is an input that nobody sent, too."""
        Broken.failing.add("chosen")
        for _ in range(10):
            self.ann.send("ask")
            self.table.advance(5)
        self.assertEqual((self.table.status, self.failures()), ("closed", 10))

    def test_timer_that_fails_is_consumed(self) -> None:
        """A timer that failed has fired, and does so once."""
        Broken.failing.add("ring_own")
        self.ann.send("own")
        self.table.advance(30)
        self.assertEqual((self.failures(), self.table.row["timers"]), (1, []))


class TickFailureTests(FailureCase):
    """The same for ticks."""

    game = Ticking

    def test_ten(self) -> None:
        """Ten ticks that fail close the room, no sooner."""
        Broken.failing.add("tick")
        self.table.advance(0.95)
        self.assertEqual((self.table.status, self.failures()), ("playing", 9))
        self.table.advance(1)
        self.assertEqual((self.table.status, self.failures()), ("closed", 1))
