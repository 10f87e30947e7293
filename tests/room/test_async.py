"""Hooks, messages and timers that wait for something."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, message, question, timer
from gameserver.errors import GameServerError
from gameserver.testing import Table

waiting: list[Deferred[Any]] = []
"""What the game waits for; a test fires it."""


def something() -> Deferred[Any]:
    """Something that takes its time."""
    waiting.append(Deferred())
    return waiting[-1]


class Patient(Game):
    """Waits wherever it may."""

    needs_start = False
    hold_s = 30
    secret: Any

    @message
    async def fetch(self, player: Player, word: str) -> Any:
        self.state["asked"] = word
        found = await something()
        self.state["found"] = found
        self.send("found", found)
        return found

    @message
    async def at_once(self, player: Player) -> str:
        return "here"

    @message
    async def refuse_late(self, player: Player) -> None:
        self.state["x"] = 1
        self.after(1, self.ring)
        await something()
        raise Refused("no", code="late")

    @message
    async def stubborn(self, player: Player) -> None:
        while True:
            try:
                await something()
            except Exception:  # noqa: BLE001 - as careless authors do
                self.state["again"] = True

    @message
    def quick(self, player: Player) -> float:
        self.state["quick"] = self.state.get("quick", 0) + 1
        return self.now

    @message
    async def when(self, player: Player) -> bool:
        before = self.now
        await something()
        return before == self.now

    @message
    def arm(self, player: Player) -> None:
        self.after(1, self.ring)

    @message
    def arm_stubborn(self, player: Player) -> None:
        self.after(1, self.hang)

    @timer
    async def hang(self) -> None:
        while True:
            try:
                await something()
            except Exception:  # noqa: BLE001 - as careless authors do
                self.state["again"] = True

    @timer
    async def ring(self) -> None:
        self.state["ring"] = await something()

    async def on_drop(self, player: Player) -> None:
        self.state["dropped"] = await something()

    @message
    def throw_out(self, player: Player, whom: Player, fail: bool = False) -> None:
        self.kick(whom)
        if fail:
            raise Refused("on second thought")

    async def on_leave(self, player: Player) -> None:
        player.state["bye"] = True
        self.state["left"] = [player.name, player.state["bye"], await something()]

    @message
    def ask(self, player: Player) -> None:
        self.choose.ask(60)

    @question
    async def choose(self, player: Player, n: int) -> int:
        return n + int(await something())

    @choose.done
    async def chosen(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["chosen"] = [a.value for a in answers.values()] + [await something()]


class AsyncTests(SynchronousTestCase):
    """The room takes its next input when a step that waits is done."""

    def setUp(self) -> None:
        waiting.clear()
        self.table = Table(Patient, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def fire(self, value: Any) -> None:
        """What the game waits for comes."""
        waiting.pop(0).callback(value)
        self.table.settle()

    def test_reply(self) -> None:
        """The reply comes when it is done; until then nobody sees anything."""
        reply = self.ann.send("fetch", word="x")
        self.assertNoResult(reply)
        self.assertEqual((self.bob.docs["room"], self.bob.inbox), ({}, []))
        self.table.advance(5)
        self.fire(42)
        self.assertEqual(self.successResultOf(reply), 42)
        self.assertEqual(self.bob.docs["room"], {"asked": "x", "found": 42})
        self.assertEqual([tuple(e) for e in self.bob.inbox], [("found", 42)])

    def test_at_once(self) -> None:
        """One that does not wait answers at once."""
        self.assertEqual(self.ann.send("at_once"), "here")

    def test_next_waits(self) -> None:
        """A later input waits, in order."""
        first = self.ann.send("fetch", word="x")
        second = self.bob.send("quick")
        third = self.ann.send("fetch", word="y")
        self.assertNoResult(second)
        self.fire(1)
        self.successResultOf(first)
        self.successResultOf(second)
        self.assertNoResult(third)
        self.fire(2)
        self.successResultOf(third)

    def test_now(self) -> None:
        """`now` is the same during a step that lasts."""
        reply = self.ann.send("when")
        self.table.advance(3)
        self.fire(None)
        self.assertTrue(self.successResultOf(reply))

    def test_timers_wait(self) -> None:
        """A timer that is due meanwhile fires afterwards."""
        self.ann.send("arm")
        reply = self.bob.send("fetch", word="x")
        self.table.advance(5)
        self.assertEqual(len(waiting), 1)
        self.fire(1)
        self.successResultOf(reply)
        self.assertEqual(len(waiting), 1)
        self.fire("rang")
        self.assertEqual(self.table.state["ring"], "rang")

    def test_refused(self) -> None:
        """Refused after waiting, it leaves no trace."""
        reply = self.ann.send("refuse_late")
        self.fire(None)
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "late")
        self.assertEqual((self.table.state, self.table.row["timers"]), ({}, []))

    def test_failed(self) -> None:
        """What it waits for may fail: then it is undone."""
        reply = self.ann.send("fetch", word="x")
        waiting.pop().errback(ValueError("gone"))
        self.table.settle()
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "game_error")
        self.flushLoggedErrors(ValueError)
        self.assertEqual(self.table.state, {})

    def test_ten_seconds(self) -> None:
        """After 10 s it is undone, and the next input comes."""
        reply = self.ann.send("fetch", word="x")
        later = self.bob.send("quick")
        self.table.advance(9.9)
        self.assertNoResult(reply)
        self.table.advance(0.2)
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "game_error")
        self.successResultOf(later)
        self.flushLoggedErrors()
        self.assertEqual(self.table.state, {"quick": 1})

    def test_ten_seconds_stubborn(self) -> None:
        """Also where the game catches whatever it is told."""
        reply = self.ann.send("stubborn")
        later = self.bob.send("quick")
        self.table.advance(60)
        self.flushLoggedErrors()
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "game_error")
        self.successResultOf(later)
        self.assertEqual(self.table.state, {"quick": 1})

    def test_stubborn_timer_is_consumed(self) -> None:
        """A timer that hangs, and will not hear of it, has fired once: it is not due again and again."""
        self.ann.send("arm_stubborn")
        self.table.advance(60)
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual((self.table.state, self.table.row["timers"]), ({}, []))
        self.assertIsInstance(self.ann.send("quick"), float)

    def test_timer_ten_seconds(self) -> None:
        """A timer that waits too long is undone and consumed."""
        self.ann.send("arm")
        self.table.advance(30)
        self.flushLoggedErrors()
        self.assertEqual((self.table.state, self.table.row["timers"]), ({}, []))
        self.assertIsInstance(self.ann.send("quick"), float)

    def test_hook(self) -> None:
        """A hook may wait."""
        self.bob.drop()
        later = self.ann.send("quick")
        self.assertNoResult(later)
        self.fire("yes")
        self.successResultOf(later)
        self.assertEqual(self.table.state, {"dropped": "yes", "quick": 1})

    def test_kick(self) -> None:
        """`on_leave` of a kick is finished in the same step, before the reply."""
        reply = self.ann.send("throw_out", whom=self.bob.id)
        self.assertNoResult(reply)
        self.fire("x")
        self.successResultOf(reply)
        self.assertEqual(self.table.state, {"left": ["Bob", True, "x"]})
        self.assertEqual(self.bob.left, "banned")

    def test_next_after_kick(self) -> None:
        """What waits begins once all is told of a step in which a seat ended: clients miss nothing of either."""
        kicked = self.ann.send("throw_out", whom=self.bob.id)
        fetched = self.ann.send("fetch", word="x")
        self.fire("y")
        self.successResultOf(kicked)
        self.assertEqual(self.ann.docs["room"], {"left": ["Bob", True, "y"]})
        self.fire("z")
        self.assertEqual(self.successResultOf(fetched), "z")
        expected = {"left": ["Bob", True, "y"], "asked": "x", "found": "z"}
        self.assertEqual((self.ann.docs["room"], self.table.state), (expected, expected))

    def test_kick_undone(self) -> None:
        """A kick that is undone has no `on_leave`, now or later."""
        self.assertRaises(Refused, self.ann.send, "throw_out", whom=self.bob.id, fail=True)
        self.assertEqual(waiting, [])
        self.ann.send("quick")
        self.assertEqual((self.table.state, self.bob.left), ({"quick": 1}, None))

    def test_question(self) -> None:
        """A question's method and its ``done`` may wait."""
        self.ann.send("ask")
        one = self.ann.send("choose", n=1)
        self.fire(10)
        self.successResultOf(one)
        two = self.bob.send("choose", n=2)
        self.fire(20)
        self.assertNoResult(two)
        self.fire("done")
        self.successResultOf(two)
        self.assertEqual(self.table.state["chosen"], [11, 22, "done"])

    def test_restart_meanwhile(self) -> None:
        """A step under way when the process dies never was."""
        self.ann.send("fetch", word="x")
        waiting.clear()
        self.table.restart()
        self.assertEqual(self.table.state, {})
        self.ann.send("quick")

    def test_comes_after_restart(self) -> None:
        """What comes for a process that has died reaches nobody."""
        self.ann.send("fetch", word="x")
        self.table.restart()
        self.fire("late")
        self.assertEqual((self.table.state, self.ann.left, self.bob.left), ({}, None, None))
        self.ann.send("quick")


class AsyncStart(Game):
    """Starts itself, and its start waits."""

    @message
    def go(self, player: Player, fail: bool = False) -> str:
        self.start()
        if fail:
            raise Refused("not yet")
        return self.status

    @message
    def quick(self, player: Player) -> str:
        return self.status

    async def on_start(self) -> None:
        self.state["starts"] = self.state.get("starts", 0) + 1
        self.state["started"] = await something()


class AsyncStartTests(SynchronousTestCase):
    """`self.start()` where ``on_start`` waits."""

    def setUp(self) -> None:
        waiting.clear()

    def test_started(self) -> None:
        """It is finished in the same step."""
        table = Table(AsyncStart)
        reply = table.join("Ann").send("go")
        self.assertNoResult(reply)
        waiting.pop().callback("ok")
        table.settle()
        self.successResultOf(reply)
        self.assertEqual((table.status, table.state), ("playing", {"starts": 1, "started": "ok"}))

    def test_undone(self) -> None:
        """A start that is undone does not run later."""
        table = Table(AsyncStart)
        ann = table.join("Ann")
        self.assertRaises(Refused, ann.send, "go", fail=True)
        self.assertEqual(ann.send("quick"), "lobby")
        self.assertEqual((waiting, table.state, table.status), ([], {}, "lobby"))

    def test_host_starts(self) -> None:
        """The host's start waits as well."""
        table = Table(AsyncStart)
        ann = table.join("Ann")
        ann.start()
        waiting.pop().callback(1)
        table.settle()
        self.assertEqual((table.status, table.state["started"]), ("playing", 1))


class AsyncHooks(Game):
    """Every hook is a coroutine."""

    needs_start = False
    tick_hz = 1
    hold_s = 0

    async def on_create(self, n: int = 1) -> None:
        self.state["log"] = ["create"]

    async def on_start(self) -> None:
        self.state["log"].append("start")

    async def on_join(self, player: Player) -> None:
        self.state["log"].append("join")

    async def on_drop(self, player: Player) -> None:
        self.state["log"].append("drop")

    async def on_resume(self, player: Player) -> None:
        self.state["log"].append("resume")

    async def on_leave(self, player: Player) -> None:
        self.state["log"].append("leave")

    async def on_chat(self, player: Player, chat: Any) -> None:
        chat.text += "!"

    async def on_tick(self, dt_s: float) -> None:
        self.state["ticks"] = self.state.get("ticks", 0) + 1

    async def on_load(self) -> None:
        self.secret["loads"] = self.secret.get("loads", 0) + 1


class AsyncHookTests(SynchronousTestCase):
    """Any hook may be ``async def``."""

    def test_all(self) -> None:
        """They run as others do, with amnesia too."""
        for amnesia in (False, True):
            table = Table(AsyncHooks, amnesia=amnesia)
            ann, bob = table.join("Ann"), table.join("Bob")
            ann.say("hi")
            self.assertEqual(bob.chat[0]["text"], "hi!")
            table.advance(3)
            self.assertEqual(table.state["ticks"], 3)
            bob.leave()
            ann.drop()
            table.advance(0)
            self.assertEqual(
                table.room.doc("room").plain()["log"], ["create", "start", "join", "join", "leave", "drop", "leave"]
            )
            self.assertTrue(issubclass(Refused, GameServerError))

    def test_load(self) -> None:
        """`on_load` too."""
        table = Table(AsyncHooks)
        table.join("Ann")
        table.restart()
        self.assertEqual(table.row["docs"]["secret"], {"loads": 1})
