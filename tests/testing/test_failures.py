"""What fails in a game is raised by the call during which it happened, in whatever framework a test runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, cron, message, question, timer
from gameserver.errors import CannotMigrate
from gameserver.testing import Table
from gameserver.testing.failures import Failures


class Brittle(Game):
    """Fails wherever a test says."""

    needs_start = False
    tick_hz = 1
    hold_s = 60
    failing: ClassVar[tuple[str, ...]] = ()
    waiting: ClassVar[list[Deferred[None]]] = []

    def break_at(self, what: str) -> None:
        """Here a test may want it to fail."""
        if what in self.failing:
            raise ZeroDivisionError(what)

    def on_create(self) -> None:
        self.break_at("on_create")

    def on_join(self, player: Player) -> None:
        self.break_at("on_join")
        self.after(0, self.soon)

    def on_drop(self, player: Player) -> None:
        self.break_at("on_drop")

    def on_resume(self, player: Player) -> None:
        self.break_at("on_resume")

    def on_leave(self, player: Player) -> None:
        self.break_at("on_leave")

    def on_chat(self, player: Player, chat: Any) -> None:
        self.break_at("on_chat")

    def on_tick(self, dt_s: float) -> None:
        self.break_at("on_tick")

    def on_load(self) -> None:
        self.break_at("on_load")

    def on_close(self) -> None:
        self.break_at("on_close")

    @message
    def press(self, player: Player, what: str = "press") -> None:
        self.after(5, self.later)
        self.break_at(what)

    @message
    def end(self, player: Player) -> None:
        self.close("enough")

    @message
    async def wait(self, player: Player) -> None:
        self.waiting.append(Deferred())
        await self.waiting[-1]
        self.break_at("wait")

    @message
    def dream(self, player: Player) -> None:
        self.after(1, self.dreams)

    @timer
    async def dreams(self) -> None:
        self.waiting.append(Deferred())
        await self.waiting[-1]
        self.break_at("dream")

    @message
    def ask(self, player: Player) -> None:
        self.choose.ask(5)

    @question
    def choose(self, player: Player, card: int) -> int:
        return card

    @choose.done
    def chosen(self, answers: dict[Player, Answer[int]]) -> None:
        self.break_at("chosen")

    @timer
    def soon(self) -> None:
        self.break_at("soon")

    @timer
    def later(self) -> None:
        self.break_at("later")

    @timer
    async def hangs(self) -> None:
        await Deferred()

    @message
    def hang(self, player: Player) -> None:
        self.after(1, self.hangs)

    @cron("0 * * * *")
    def hourly(self) -> None:
        self.break_at("hourly")

    @staticmethod
    @cron("30 * * * *")
    async def once() -> None:
        await succeed(None)
        for waiting in Brittle.waiting:
            waiting.callback(None)
        if "once" in Brittle.failing:
            raise ZeroDivisionError("once")


class Migrating(Game):
    """Cannot read its own row."""

    needs_start = False
    version = 2

    def migrate(self, row: dict[str, Any], from_version: int) -> dict[str, Any]:
        raise ZeroDivisionError("migrate")


class FailureCase(SynchronousTestCase):
    """A table with two players."""

    def setUp(self) -> None:
        self.fail_at()
        Brittle.waiting.clear()
        self.table = Table(Brittle)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def fail_at(self, *what: str) -> None:
        """From now on the game fails there, and nowhere else."""
        Brittle.failing = what

    def failure(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> ZeroDivisionError:
        """:returns: what the call raised."""
        return self.assertRaises(ZeroDivisionError, call, *args, **kwargs)

    def tearDown(self) -> None:
        self.assertEqual(self.flushLoggedErrors(), [], "what was raised is not logged besides")


class RaisedTests(FailureCase):
    """Whatever nobody is answered about is raised as it was."""

    def assert_raised(self, what: str, call: Callable[..., Any], *args: Any) -> None:
        """The call raises what fails there, and its traceback ends in the game."""
        self.fail_at(what)
        error = self.failure(call, *args)
        self.assertEqual(error.args, (what,))
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        self.assertEqual(at and at.tb_frame.f_code.co_filename, __file__)
        self.fail_at()
        self.table.settle()  # and it is raised once

    def test_timer(self) -> None:
        """A timer, by `advance` and by `at`."""
        self.ann.send("press")
        self.assert_raised("later", self.table.advance, 6)
        self.ann.send("press")
        self.assert_raised("later", self.table.at, "2026-01-01T01:30Z")

    def test_timer_at_once(self) -> None:
        """One of 0 seconds, by the call that armed it, also where that is refused or returns somebody."""
        self.assert_raised("soon", self.table.join, "Cleo")
        self.assertEqual([visitor.name for visitor in self.table.visitors], ["Ann", "Bob", "Cleo"])

    def test_tick(self) -> None:
        self.assert_raised("on_tick", self.table.advance, 1)

    def test_drop_and_resume(self) -> None:
        self.assert_raised("on_drop", self.bob.drop)
        self.assertFalse(self.bob.online)
        self.assert_raised("on_resume", self.bob.resume)
        self.assertTrue(self.bob.online)

    def test_leave(self) -> None:
        """Also that of somebody whose seat was held long enough."""
        self.assert_raised("on_leave", self.bob.leave)
        self.ann.drop()
        self.assert_raised("on_leave", self.table.advance, 61)

    def test_load(self) -> None:
        """`restart` raises what ``on_load`` did; the room is kept aside, so that nobody is back."""
        self.assert_raised("on_load", self.table.restart)
        self.assertEqual((self.ann.online, self.bob.online), (False, False))

    def test_room_aside_says_why(self) -> None:
        """Also where what a game raises is not raised here."""

        class Failing(Game):
            """It cannot be loaded."""

            def on_load(self) -> None:
                """Fail."""
                raise KeyError("gone")

        error = self.assertRaises(LookupError, Table(Failing, raises=False).restart)
        self.assertIn("kept aside: on_load failed: KeyError: 'gone'", str(error))
        self.assertEqual(1, len(self.flushLoggedErrors(KeyError)))

    def test_closed_room_is_gone(self) -> None:
        """Where the room has closed, ``durability`` is not the only reason that the error names."""
        self.ann.send("end")
        error = self.assertRaises(LookupError, self.table.restart)
        self.assertIn("it has closed", str(error))

    def test_close(self) -> None:
        self.assert_raised("on_close", self.ann.send, "end")
        self.assertEqual(self.table.status, "closed")

    def test_question(self) -> None:
        """What is done with the answers when time is up."""
        self.ann.send("ask")
        self.assert_raised("chosen", self.table.advance, 6)

    def test_calendar(self) -> None:
        """In every room, and once for all of them."""
        self.assert_raised("hourly", self.table.at, "2026-01-01T01:10Z")
        self.assert_raised("once", self.table.at, "2026-01-01T01:40Z")

    def test_hung(self) -> None:
        """A timer that never ends."""
        self.ann.send("hang")
        self.assertRaises(CancelledError, self.table.advance, 20)

    def test_migration(self) -> None:
        """What became of the row, not what follows from it."""
        table = Table(Migrating)
        table.join("Ann")
        self.patch(Migrating, "version", 3)
        error = self.assertRaises(CannotMigrate, table.restart)
        self.assertIsInstance(error.__context__, LookupError)

    def test_several(self) -> None:
        """The first is raised, and names the others."""
        self.ann.send("press")
        self.fail_at("on_tick", "later")
        error = self.failure(self.table.advance, 5.5)
        self.assertEqual(error.args, ("on_tick",))
        notes = error.__notes__
        self.assertIn("brittle failed in room", notes[0])
        self.assertEqual(len(notes), 6)
        self.assertEqual([note.startswith("Also: brittle failed in room") for note in notes[1:]], [True] * 5)
        self.assertIn("at later (seat None): ZeroDivisionError('later')", "".join(notes))
        self.assertIn("test_failures.py, line ", notes[1])

    def test_many(self) -> None:
        """Not all of them are named."""
        failures = Failures()

        def fail() -> None:
            with failures:
                for number in range(12):
                    failures.note(Failure(ZeroDivisionError(number)))

        notes = self.failure(fail).__notes__
        self.assertEqual((len(notes), notes[1][:12], notes[-1]), (12, "Also: The ta", "And 1 more."))

    def test_two_tables(self) -> None:
        """A table raises what happened at it."""
        other = Table(Brittle)
        cleo = other.join("Cleo")
        cleo.send("press")
        self.fail_at("later")
        self.table.advance(10)
        self.failure(other.advance, 10)

    def test_between_calls(self) -> None:
        """What a test sets going itself is logged, as it may be the last thing there; and raised by the next call."""
        self.ann.send("dream")
        self.fail_at("dream")
        self.table.advance(1)
        Brittle.waiting.pop().callback(None)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.failure(self.table.settle)


class OwnRequestTests(FailureCase):
    """A player's own request that fails is refused, and the game's exception is the cause."""

    def refusal(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Refused:
        """:returns: that of a request at which the game failed."""
        refused: Refused = self.assertRaises(Refused, call, *args, **kwargs)
        self.assertEqual(refused.code, "game_error")
        self.assertIsInstance(refused.__cause__, ZeroDivisionError)
        return refused

    def test_message(self) -> None:
        """Text and traceback say what it was, for frameworks that show no causes."""
        self.fail_at("press")
        refused = self.refusal(self.ann.send, "press")
        self.assertEqual(refused.text, "The game failed at that; nothing was changed.")
        self.assertEqual(str(refused), f"{refused.text} ZeroDivisionError('press')")
        at = refused.__traceback__
        names = []
        while at is not None:
            names.append(at.tb_frame.f_code.co_name)
            at = at.tb_next
        self.assertEqual(names[-2:], ["press", "break_at"])

    def test_other_requests(self) -> None:
        """Whatever is asked."""
        self.fail_at("on_chat")
        self.refusal(self.ann.say, "hi")
        self.fail_at("on_join")
        self.refusal(self.table.join, "Cleo")
        self.fail_at("on_create")
        self.refusal(Table, Brittle)
        self.fail_at("chosen")
        self.ann.send("ask")
        self.ann.send("choose", card=1)
        self.refusal(self.bob.send, "choose", card=1)

    def test_with_others(self) -> None:
        """What else failed meanwhile is named in its notes."""
        failures = Failures()

        def ask() -> None:
            with failures:
                failures.log.failure(
                    "{game} failed at {what}", Failure(ZeroDivisionError(1)), game="chess", what="tick"
                )
                raise Refused(code="game_error")

        refused = self.assertRaises(Refused, ask)
        self.assertEqual(refused.__notes__, ["Also: chess failed at tick: ZeroDivisionError(1)"])

    def test_that_waits(self) -> None:
        """The reply's Deferred fails with it, and the call that let it happen raises what else failed."""
        self.table.at("2026-01-01T00:29:55Z")
        self.bob.send("press")
        reply = self.ann.send("wait")
        self.fail_at("later", "wait")
        self.assertEqual(self.failure(self.table.advance, 10).args, ("later",))
        refused = self.failureResultOf(reply, Refused).value
        self.assertEqual((refused.code, refused.__cause__.args), ("game_error", ("wait",)))


class LoggedTests(SynchronousTestCase):
    """``Table(..., raises=False)`` is for tests that look at the log themselves."""

    def test_logged(self) -> None:
        """Calls return what they did, a request of one's own is refused, and all of it is in the log."""
        Brittle.failing = ("later", "on_drop", "press")
        table = Table(Brittle, raises=False)
        ann = table.join("Ann")
        refused = self.assertRaises(Refused, ann.send, "press")
        self.assertIsInstance(refused.__cause__, ZeroDivisionError)
        ann.send("press", what="nothing")
        table.advance(6)
        ann.drop()
        logged = [failure.value.args for failure in self.flushLoggedErrors(ZeroDivisionError)]
        self.assertEqual(logged, [("press",), ("later",), ("on_drop",)])
        self.assertIsInstance(table.take_failure(), ZeroDivisionError)


class Doorman(Game):
    """Thinks before it lets somebody in, or starts."""

    thinks: ClassVar[list[Deferred[None]]] = []

    async def on_join(self, player: Player) -> None:
        if player.name != "Ann":
            await self.think()

    async def on_start(self) -> None:
        await self.think()

    async def think(self) -> None:
        self.thinks.append(Deferred())
        await self.thinks[-1]


class LateRefusalTests(SynchronousTestCase):
    """What is asked without waiting for the answer, and refused once the game has waited for something."""

    def setUp(self) -> None:
        Doorman.thinks.clear()
        self.table = Table(Doorman)
        self.ann = self.table.join("Ann")

    def refused(self, code: str, error: Exception) -> Refused:
        """The game refuses, and whatever call is under way raises it."""
        Doorman.thinks.pop().errback(error)
        refused: Refused = self.assertRaises(Refused, self.table.settle)
        self.assertEqual(refused.code, code)
        return refused

    def test_start(self) -> None:
        """A start."""
        self.table.start()
        self.refused("cold", Refused("not yet", code="cold"))
        self.assertEqual(self.table.status, "lobby")

    def test_join(self) -> None:
        """A seat, which nobody has then; what failed is the cause."""
        bob = self.table.join("Bob")
        self.assertIsInstance(self.refused("game_error", ZeroDivisionError()).__cause__, ZeroDivisionError)
        self.flushLoggedErrors(ZeroDivisionError)
        self.assertEqual((bob.id, len(self.table.room.seats)), ("", 1))
