"""The test kit: a `Table` and its visitors do what a test of a game relies on."""

from __future__ import annotations

import gc
import json
import sys
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, ClassVar
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from games.reversi import Reversi
from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Event, Table
from gameserver.testing.table import START_S


class Played(Game):
    """A little of everything."""

    late_join = True
    min_players = 2
    roles = {"screen": 1}
    waiting: ClassVar[list[Deferred[Any]]] = []

    def on_create(self, size: int = 3) -> None:
        self.state["size"] = size

    def on_join(self, player: Player) -> None:
        if player.name == "Eve":
            raise Refused("not you", code="not_you")
        player.state["hand"] = [player.number]
        if player.role == "player":
            self.group("red").add(player)

    @message
    def play(self, player: Player, cell: int, twice: bool = False) -> Any:
        if cell > 8:
            raise Refused("no such cell", code="no_cell", path="$.cell")
        self.state["cell"] = [cell]
        self.group("red").state["last"] = cell
        self.send("played", {"cell": cell}, but=player)
        self.send("cursor", cell, volatile=True)
        return {"cell": cell}

    @message
    def draw(self, player: Player) -> int:
        return self.random.randint(1, 10**9)

    @message
    def arm(self, player: Player, s: float) -> None:
        self.after(s, self.ring, show=True)

    @message
    def fail(self, player: Player) -> None:
        raise ZeroDivisionError("a bug")

    @message(by="any")
    async def wait(self, player: Player) -> Any:
        Played.waiting.append(Deferred())
        return await Played.waiting[-1]

    @timer
    def ring(self) -> None:
        self.state.setdefault("rings", []).append(self.now - START_S)


class Forgetful(Game):
    """Keeps what it knows outside its row."""

    needs_start = False

    def on_create(self) -> None:
        self.hidden = 0

    @message
    def count(self, player: Player) -> int:
        self.hidden += 1
        return self.hidden


class Remembering(Game):
    """Keeps outside its row only what it can rebuild."""

    needs_start = False
    rebuilt: int

    def on_create(self) -> None:
        self.state["n"] = 0
        self.on_load()

    def on_load(self) -> None:
        self.rebuilt = self.state["n"] * 2

    @message
    def count(self, player: Player) -> int:
        self.state["n"] += 1
        self.on_load()
        return self.rebuilt

    @message
    def look(self, player: Player) -> int:
        return self.rebuilt


class LookTests(SynchronousTestCase):
    """What a test may look at."""

    def setUp(self) -> None:
        self.table = Table(Played, seed=7, options={"size": 5})
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.screen = self.table.join("TV", "screen")

    def test_state_and_docs(self) -> None:
        """`state` is the room's document as clients have it; `docs` all of a client's, `Visitor.state` its own."""
        self.ann.send("play", cell=4)
        state = {"size": 5, "cell": [4]}
        self.assertEqual((self.table.state, self.ann.state), (state, {"hand": [0]}))
        self.assertEqual(self.ann.docs, {"room": state, "seat": {"hand": [0]}, "group:red": {"last": 4}})
        self.assertEqual(self.screen.docs, {"room": state, "seat": {"hand": [None]}, "role:screen": {}})

    def test_state_with_nobody(self) -> None:
        """`state` is there when nobody is."""
        for visitor in (self.ann, self.bob, self.screen):
            visitor.drop()
        self.assertEqual(self.table.state, {"size": 5})
        self.assertEqual(Table(Played).state, {"size": 3})

    def test_inbox(self) -> None:
        """Events, oldest first, as type and data; volatile ones too, and none that left this one out."""
        self.ann.send("play", cell=4)
        self.bob.send("play", cell=5)
        self.assertEqual(self.ann.inbox, [("cursor", 4), ("played", {"cell": 5}), ("cursor", 5)])
        self.assertEqual((self.bob.inbox[0].type, self.bob.inbox[0].data), ("played", {"cell": 4}))
        self.assertIsInstance(self.bob.inbox[0], Event)
        self.bob.inbox.clear()
        self.ann.send("play", cell=6)
        self.assertEqual(self.bob.inbox, [("played", {"cell": 6}), ("cursor", 6)])

    def test_messages_told_twice_or_not_at_all_fail_the_test(self) -> None:
        """A server that repeats itself, or leaves something out, is found by whatever test is running."""
        self.table.join("Dora")  # told to Ann
        told = self.ann.seen().split(b"\n")[-1]
        self.ann.hear(told)
        self.assertEqual(len(self.flushLoggedErrors(AssertionError)), 1)
        self.assertIn("has it twice", str(self.assertRaises(AssertionError, self.table.advance, 0)))
        later = json.loads(told)
        self.ann.hear(json.dumps({**later, "n": later["n"] + 2}).encode())
        self.assertEqual(len(self.flushLoggedErrors(AssertionError)), 1)
        self.assertIn("missed a message", str(self.assertRaises(AssertionError, self.table.advance, 0)))

    def test_seen(self) -> None:
        """Every byte, from the first on, also what came before a restart."""
        self.ann.send("play", cell=4)
        before = self.ann.seen()
        self.assertTrue(before.startswith(b'{"op":"welcome"'))
        self.table.restart()
        self.ann.send("play", cell=7)
        self.assertTrue(self.ann.seen().startswith(before))
        self.assertIn(b'"cell":7', self.bob.seen())
        self.assertNotIn(b'"hand"', self.bob.seen().split(b'"op":"joined"')[0])

    def test_row(self) -> None:
        """The room as one tree, which no test can change the room by, and which a restart keeps."""
        self.ann.send("arm", s=5)
        row = self.table.row
        self.assertEqual(row["docs"]["room"], {"size": 5})
        self.assertEqual((row["options"], row["groups"]["red"]["members"]), ({"size": 5}, [self.ann.id, self.bob.id]))
        self.assertEqual([t["name"] for t in row["timers"]], ["ring"])
        self.table.row["docs"]["room"]["size"] = 99
        self.table.restart()
        self.assertEqual(self.table.row, row)

    def test_info(self) -> None:
        """Status and phase."""
        self.assertEqual((self.table.status, self.table.phase, self.table.result), ("lobby", None, None))
        self.table.start()
        self.assertEqual((self.table.status, self.ann.info["status"]), ("playing", "playing"))


class SendTests(SynchronousTestCase):
    """What a test may do."""

    def setUp(self) -> None:
        Played.waiting.clear()
        self.table = Table(Played, seed=7)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def test_reply(self) -> None:
        """`send` returns the reply, with fields by name or as a dict."""
        self.assertEqual(self.ann.send("play", cell=4), {"cell": 4})
        self.assertEqual(self.ann.send("play", {"cell": 5}), {"cell": 5})
        self.assertEqual(self.ann.send("play", {"cell": 5}, twice=True), {"cell": 5})
        self.assertIsNone(self.ann.send("arm", s=1))

    def test_refused(self) -> None:
        """It raises the refusal, with code, text and path."""
        refused = self.assertRaises(Refused, self.ann.send, "play", cell=9)
        self.assertEqual((refused.code, refused.text, refused.path), ("no_cell", "no such cell", "$.cell"))
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "play", cell="x").path, "$.cell")
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "nothing").code, "unknown_type")

    def test_failed(self) -> None:
        """Where the game failed, the cause is its exception."""
        refused = self.assertRaises(Refused, self.ann.send, "fail")
        self.assertEqual((refused.code, repr(refused.__cause__)), ("game_error", "ZeroDivisionError('a bug')"))

    def test_waiting(self) -> None:
        """Where the game waits, a Deferred of the reply, or of its failure."""
        reply = self.ann.send("wait")
        self.assertNoResult(reply)
        Played.waiting.pop().callback(5)
        self.table.settle()
        self.assertEqual(self.successResultOf(reply), 5)
        reply = self.ann.send("wait")
        Played.waiting.pop().errback(Refused("late", code="late"))
        self.table.settle()
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "late")

    def test_join_refused(self) -> None:
        """`join` raises what the game or the room says; nobody has come."""
        self.assertEqual(self.assertRaises(Refused, self.table.join, "Eve").code, "not_you")
        self.assertEqual(self.assertRaises(Refused, self.table.join, "Gil", "king").code, "forbidden")
        self.assertEqual((self.table.visitors, len(self.table.row["seats"])), ([self.ann, self.bob], 2))

    def test_bad_options(self) -> None:
        """A table with options that the game would not have is refused."""
        for options in ({"size": "x"}, {"length": 1}):
            self.assertEqual(self.assertRaises(Refused, Table, Played, options=options).code, "bad_data")

    def test_start(self) -> None:
        """`start` raises what the room says, and fails where nobody is host."""
        self.bob.leave()
        self.assertRaises(Refused, self.table.start)
        self.assertRaises(AssertionError, Table(Played).start)

    def test_not_connected(self) -> None:
        """Somebody who dropped cannot send, and is told what to do."""
        self.ann.drop()
        error = self.assertRaises(AssertionError, self.ann.send, "play", cell=1)
        self.assertIn("resume", str(error))
        self.ann.resume()
        self.ann.send("play", cell=1)

    def test_resume(self) -> None:
        """`resume` brings what was missed, and no more."""
        self.ann.drop()
        self.bob.send("play", cell=3)
        self.assertNotIn("cell", self.ann.docs["room"])
        self.ann.resume()
        self.assertEqual((self.ann.docs["room"], self.ann.recovered), (self.bob.docs["room"], True))
        self.assertEqual(self.ann.inbox, [("played", {"cell": 3})])

    def test_profile(self) -> None:
        """A profile may be any JSON object, as a client would write it."""
        profile = {"colour": "red", "$special": b"\x00"}
        cleo = self.table.join("Cleo", profile=profile)
        self.assertEqual((cleo.player.profile, self.ann.seats[cleo.id]["profile"]), (profile, profile))


class TimeTests(SynchronousTestCase):
    """The clock turns when a test says so."""

    def setUp(self) -> None:
        self.table = Table(Played)
        self.ann = self.table.join("Ann")

    def rings(self) -> list[float]:
        """When the timer fired."""
        rings: list[float] = self.table.state.get("rings", [])
        return rings

    def test_advance(self) -> None:
        """What is due fires at its time."""
        self.ann.send("arm", s=5)
        self.table.advance(4.9)
        self.assertEqual(self.rings(), [])
        self.table.advance(0.1)
        self.assertEqual((self.rings(), round(self.table.now - START_S, 6)), ([5.0], 5.0))

    def test_at(self) -> None:
        """The wall clock is set; what is due by then fires."""
        self.ann.send("arm", s=5)
        self.table.at("2026-12-24T20:00Z")
        self.assertEqual((len(self.rings()), self.table.now), (1, datetime(2026, 12, 24, 20, tzinfo=UTC).timestamp()))
        self.table.at(datetime(2026, 12, 24, 21, tzinfo=UTC))
        self.assertEqual(self.table.now, datetime(2026, 12, 24, 21, tzinfo=UTC).timestamp())

    def test_at_odd(self) -> None:
        """Not back, and not without a time zone."""
        for when in ("2025-12-24T20:00Z", "2026-12-24T20:00", datetime(2026, 12, 24), "soon"):
            self.assertRaises(ValueError, self.table.at, when)
        self.assertEqual(self.table.now, START_S)

    def test_restart(self) -> None:
        """A restart takes no time, keeps timers, seats and documents, and brings back who was online."""
        bob = self.table.join("Bob")
        bob.drop()
        self.ann.send("arm", s=5)
        self.table.advance(3)
        game, row, now, timers = self.table.game, self.table.row, self.table.now, dict(self.ann.timers)
        self.table.restart()
        self.assertIsNot(self.table.game, game)
        self.assertEqual((self.table.row, self.table.now, self.ann.timers), (row, now, timers))
        self.assertEqual((self.ann.online, bob.online), (True, False))
        self.table.advance(2)
        self.assertEqual(self.rings(), [5.0])

    def test_nothing_stays(self) -> None:
        """A server whose process died is gone from memory, and so is a table that nobody has, however it was left."""
        old = ref(self.table.game)
        self.ann.send("play", cell=1)
        self.table.restart()
        self.ann.send("play", cell=2)
        left = ref(self.table)
        del self.table, self.ann
        gc.collect()
        self.assertEqual((old(), left()), (None, None))

    def test_sleep(self) -> None:
        """The room leaves memory and comes back with all it had; timers go on, and who was online is back."""
        bob = self.table.join("Bob")
        bob.drop()
        self.ann.send("arm", s=5)
        self.table.advance(3)
        room, now, timers = self.table.room, self.table.now, dict(self.ann.timers)
        self.assertIs(self.table.sleep(), True)
        self.assertIsNot(self.table.room, room)
        self.assertEqual((self.table.now, self.ann.timers), (now, timers))
        self.assertEqual((self.ann.online, bob.online), (True, False))
        self.table.advance(2)
        self.assertEqual(self.rings(), [5.0])

    def test_sleep_at_any_time(self) -> None:
        """However often it sleeps in a game that is played by chance, what is told and what is kept agree."""
        for seed in range(5):
            table = Table(Reversi, seed=seed)
            table.join("Ann")
            table.join("Bob")
            slept = 0
            for step in range(30):
                table.play_random(1, 100 * seed + step)
                if table.status == "closed":
                    break
                slept += table.sleep()
            self.assertGreater(slept, 0)


class Race(Game):
    """Ticks, has timers, and is stored a little later."""

    needs_start = False
    durability = "relaxed"
    tick_hz = 10

    def on_create(self) -> None:
        self.state["laps"] = 0
        for s in (1, 2, 3):
            self.every(s, getattr(self, f"flag_{s}"))

    def on_tick(self, dt_s: float) -> None:
        self.secret["ticks"] = self.secret.get("ticks", 0) + 1

    @message
    def lap(self, player: Player) -> None:
        self.state["laps"] += 1
        self.send("lap", self.state["laps"])

    @timer
    def flag_1(self) -> None: ...

    @timer
    def flag_2(self) -> None: ...

    @timer
    def flag_3(self) -> None: ...


class RestartTests(SynchronousTestCase):
    def test_of_a_relaxed_game_that_ticks(self) -> None:
        """Nothing of the process before goes on, the room does, and whoever was here misses nothing."""
        table = Table(Race)
        ann, bob = table.join("Ann"), table.join("Bob")
        for laps in range(1, 6):
            ann.send("lap")
            table.advance(0.7)
            before = list(table._time.getDelayedCalls())
            self.assertGreater(len(before), 2)
            table.restart()
            self.assertEqual([call for call in before if call.active()], [])
            self.assertEqual((table.status, ann.recovered, bob.recovered), ("playing", True, True))
            self.assertEqual((table.state, bob.docs["room"]), ({"laps": laps}, {"laps": laps}))
        self.assertEqual([event.data for event in bob.inbox if event.type == "lap"], [1, 2, 3, 4, 5])
        ticks = table.row["docs"]["secret"]["ticks"]
        self.assertGreaterEqual(ticks, 10)
        table.advance(1)
        self.assertEqual(table.row["docs"]["secret"]["ticks"], ticks + 10)


class SeedTests(SynchronousTestCase):
    """The same seed, the same chance, code and all."""

    def test_seed(self) -> None:
        """Two tables of one seed are alike in all that they say."""
        said = []
        for seed in (7, 7, 8):
            table = Table(Played, seed=seed)
            ann = table.join("Ann")
            said.append((table.code, ann.send("draw"), ann.seen()))
        self.assertEqual(said[0], said[1])
        self.assertNotEqual(said[0][:2], said[2][:2])


class AmnesiaTests(SynchronousTestCase):
    """``amnesia=True`` finds state that is kept outside the row."""

    def test_found(self) -> None:
        """What is kept on the game's object is gone in the next step."""
        self.assertEqual(Table(Forgetful).join("Ann").send("count"), 1)
        ann = Table(Forgetful, amnesia=True).join("Ann")
        refused = self.assertRaises(Refused, ann.send, "count")
        self.assertEqual((refused.code, type(refused.__cause__)), ("game_error", AttributeError))

    def test_rebuilt(self) -> None:
        """What ``on_load`` rebuilds is there."""
        ann = Table(Remembering, amnesia=True).join("Ann")
        self.assertEqual([ann.send("count"), ann.send("look"), ann.send("count"), ann.send("look")], [2, 2, 4, 4])

    def test_same_bytes(self) -> None:
        """A game that keeps nothing elsewhere says the same with amnesia as without."""
        seen = []
        for amnesia in (False, True):
            table = Table(Played, seed=7, amnesia=amnesia)
            ann, bob = table.join("Ann"), table.join("Bob")
            ann.send("arm", s=5)
            table.start()
            ann.send("play", cell=4)
            bob.drop()
            bob.resume()
            bob.say("hi")
            table.advance(6)
            bob.send("draw")
            ann.leave()
            seen.append((table.row, bob.docs, bob.inbox, [e["text"] for e in bob.chat], bob.info, bob.seats))
        self.assertEqual(seen[0], seen[1])

    def test_missed(self) -> None:
        """Whoever comes back after a restart is told what each of several steps of one pass said."""
        for amnesia in (False, True):
            table = Table(Alarms, amnesia=amnesia)
            ann = table.join("Ann")
            ann.send("arm")
            ann.drop()
            table.advance(2)
            table.restart()
            ann.resume()
            missed = [event.type for event in ann.inbox]
            self.assertEqual((amnesia, ann.recovered, missed), (amnesia, True, ["first", "second"]))


class Alarms(Game):
    """Says several things at one time, in a step each."""

    needs_start = False

    @message
    def arm(self, player: Player) -> None:
        self.after(1, self.first)
        self.after(1, self.second)

    @timer
    def first(self) -> None:
        self.send("first")

    @timer
    def second(self) -> None:
        self.send("second")


class Fragile(Game):
    """Fails at one message, or wherever a test says."""

    needs_start = False
    failing: ClassVar[str] = ""
    got: ClassVar[list[Any]] = []

    def on_leave(self, player: Player) -> None:
        self.break_at("leave")

    def on_drop(self, player: Player) -> None:
        self.break_at("drop")

    @message
    def press(self, player: Player, button: int, label: str = "") -> None:
        Fragile.got.append((button, label))
        self.state["button"] = button
        self.after(1, self.ring)
        self.break_at("press")

    @message
    def rare(self, player: Player, code: int) -> None:
        Fragile.got.append(code)
        if code == 123_456:
            self.break_at("rare")

    @timer
    def ring(self) -> None:
        self.break_at("ring")

    def break_at(self, what: str) -> None:
        """Fail where a test wants it."""
        if what == self.failing:
            raise ZeroDivisionError(what)


class PlayRandomTests(SynchronousTestCase):
    """``play_random(steps, seed)`` sends random legal and illegal inputs."""

    def setUp(self) -> None:
        Fragile.failing = ""
        Fragile.got.clear()

    def play(self, **options: Any) -> tuple[Table, list[Any]]:
        """So many steps, from one seed."""
        table = Table(Fragile, seed=1)
        return table, table.play_random(200, 5, **options)

    def test_moves(self) -> None:
        """As many as were asked for, of many kinds, legal ones among them; the same again with the same seed."""
        table, done = self.play()
        self.assertEqual(len(done), 200)
        self.assertTrue({"advance", "join", "leave", "drop", "resume", "chat"} <= {kind for _, kind, _ in done})
        self.assertGreater(len(Fragile.got), 20)
        again, done_again = self.play()
        self.assertEqual((done, table.row), (done_again, again.row))
        self.assertNotEqual(done, Table(Fragile, seed=1).play_random(200, 6))

    def test_restarts(self) -> None:
        """With restarts between any two, the same comes of it."""
        table, done = self.play()
        other, done_there = self.play(restarts=True)
        self.assertEqual((done_there, other.row), (done, table.row))

    def test_given_moves(self) -> None:
        """Messages that a test gives are tried."""
        Fragile.failing = "rare"
        error = self.assertRaises(AssertionError, self.play, moves=[("rare", {"code": 123_456})])
        self.assertIn("ZeroDivisionError", str(error))
        self.assertIn(123_456, Fragile.got)

    def assert_found(self, failing: str) -> None:
        """A game that fails there fails the test."""
        Fragile.failing = failing
        self.assertRaises(AssertionError, self.play)

    def test_finds_failing_message(self) -> None:
        """A game that fails at a message fails the test."""
        self.assert_found("press")

    def test_finds_failing_timer(self) -> None:
        """So does one that fails at a timer, for which nobody gets an answer."""
        self.assert_found("ring")

    def test_finds_failing_hooks(self) -> None:
        """So does one that fails at a drop or a leave."""
        self.assert_found("drop")
        self.assert_found("leave")

    def test_players_that_are_here(self) -> None:
        """It goes on with the players whom a test has seated, and they stay consistent."""
        table = Table(Fragile, seed=2)
        ann = table.join("Ann")
        done = table.play_random(30, 1)
        self.assertIn("Ann", {name for name, _, _ in done})
        self.assertEqual(ann, table.visitors[0])


class FunctionStyleTests(SynchronousTestCase):
    """``Table(module)`` for the function style."""

    def test_module(self) -> None:
        """A module with a ``payload_handler`` is a game."""
        module = ModuleType("tests.testing.handled")
        sys.modules[module.__name__] = module
        self.addCleanup(sys.modules.pop, module.__name__)
        source = """
def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    if payload["action"] == "wave":
        socket_group_send("room", {"type": "waved", "data": payload["data"]})
        return "you waved"
"""
        exec(source, module.__dict__)
        table = Table(module)
        ann, bob = table.join("Ann"), table.join("Bob")
        self.assertEqual(ann.send("wave", hand="left"), "you waved")
        self.assertEqual(bob.inbox, [("waved", {"hand": "left"})])
