"""A step is all or nothing: what it changed in any part of a room is undone by a refusal and by an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, message, question, timer
from gameserver.errors import NotJSON
from gameserver.testing import Table

Change = Callable[[Any, Player, Player], Any]
"""Something that a game may do: with the game, who asked and another player."""


def kick_then_change(game: Any, ann: Player, bob: Player) -> None:
    """Change what the kick changed before."""
    game.kick(bob)
    game.state["hosts"] = [game.host.name]
    game.group("red").add(ann)


def play_on(game: Any, ann: Player, bob: Player) -> None:
    """Over and again."""
    game.over(winner=1)
    game.start()
    game.after(1, "ring")


CHANGES: dict[str, Change] = {
    "set": lambda game, ann, bob: game.state["deep"]["list"][1].update(x=2, new=[1]),
    "append": lambda game, ann, bob: game.state["deep"]["list"].extend([1, {"a": 1}]),
    "splice": lambda game, ann, bob: game.state["numbers"].__setitem__(slice(1, 3), [9, 9, 9]),
    "sort": lambda game, ann, bob: game.state["numbers"].sort(reverse=True),
    "clear": lambda game, ann, bob: game.state.clear(),
    "whole": lambda game, ann, bob: setattr(game, "state", {"numbers": 1, "other": {}}),
    "whole and more": lambda game, ann, bob: (setattr(game, "state", {"a": [1]}), game.state["a"].append(2)),
    "secret": lambda game, ann, bob: setattr(game, "secret", {"b": 2}),
    "own": lambda game, ann, bob: ann.state["hand"].pop(),
    "own whole": lambda game, ann, bob: setattr(bob, "state", {}),
    "group document": lambda game, ann, bob: setattr(game.group("red"), "state", {"new": 1}),
    "role document": lambda game, ann, bob: game.role("player").state.update(x=1),
    "new role document": lambda game, ann, bob: game.role("screen").state.update(x=1),
    "members": lambda game, ann, bob: (game.group("red").clear(), game.group("red").add(ann), game.group("new")),
    "public": lambda game, ann, bob: setattr(game.group("red"), "public", True),
    "new group": lambda game, ann, bob: (game.group("blue").add(bob), game.group("blue").state.update(x=1)),
    "arm": lambda game, ann, bob: (game.after(1, "ring", show=True), ann.after(1, "ring_own", show=True)),
    "replace": lambda game, ann, bob: game.after(99, "ring", show=True),
    "cancel": lambda game, ann, bob: (game.cancel(), bob.cancel()),
    "event": lambda game, ann, bob: (game.send("x", 1), game.group("red").send("x"), ann.send("x", volatile=True)),
    "line": lambda game, ann, bob: (game.chat.say("x"), game.chat.say("x", bob)),
    "host": lambda game, ann, bob: game.make_host(bob),
    "phase": lambda game, ann, bob: game.enter("night", 5, "ring"),
    "lock": lambda game, ann, bob: (game.lock(), game.pause(), bob.hold(1)),
    "random": lambda game, ann, bob: [game.random.random() for _ in range(5)],
    "shuffle": lambda game, ann, bob: game.random.shuffle(game.state["numbers"]),
    "start": lambda game, ann, bob: game.start(),
    "over": lambda game, ann, bob: game.over(winner=0),
    "play on": play_on,
    "close": lambda game, ann, bob: game.close("bye"),
    "kick": lambda game, ann, bob: game.kick(bob),
    "kick host": lambda game, ann, bob: game.kick(ann),
    "kick all": lambda game, ann, bob: [game.kick(player) for player in game.seats()],
    "kick and change": kick_then_change,
    "ask": lambda game, ann, bob: game.choose.ask(9),
    "answers": lambda game, ann, bob: game.vote.take_back(bob),
    "stop asking": lambda game, ann, bob: game.vote.close(),
}


class Steps(Game):
    """Does any of the changes, then refuses or fails."""

    roles = {"screen": 1}
    late_join = True
    kind: ClassVar[str] = ""

    def on_create(self) -> None:
        self.state = {"deep": {"list": [0, {"x": 1}]}, "numbers": [3, 1, 2]}
        self.secret["b"] = 1

    def on_join(self, player: Player) -> None:
        player.state["hand"] = [1, 2]
        self.group("red").add(player)
        self.group("red").state["names"] = [p.name for p in self.group("red").players]
        self.after(50, self.ring, show=True)
        player.after(60, self.ring_own, show=True)
        self.enter("day", 70, self.ring)

    def on_leave(self, player: Player) -> None:
        self.state["left"] = player.name

    @message
    def change(self, player: Player, other: Player, what: str, how: str) -> Any:
        CHANGES[what](self, player, other)
        if how == "refuse":
            raise Refused("no", code="no")
        if how == "fail":
            raise ValueError("no")

    @message
    async def change_late(self, player: Player, other: Player, what: str, how: str) -> Any:
        await succeed(None)
        return self.change(player, other, what, how)

    @message
    def prepare(self, player: Player) -> None:
        self.vote.ask(80)

    @question
    def vote(self, player: Player, n: int) -> int:
        return n

    @vote.done
    def voted(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["voted"] = len(answers)

    @question
    def choose(self, player: Player, n: int) -> int:
        return n

    @choose.done
    def chosen(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["chosen"] = len(answers)

    @timer
    def ring(self) -> None:
        self.state["ring"] = True

    @timer
    def ring_own(self, player: Player) -> None:
        player.state["ring"] = True


class UndoneTests(SynchronousTestCase):
    """Refusal or exception: documents, groups, timers, chat and effects are as they were."""

    def assert_undone(self, type: str, what: str, how: str, *, restart: bool = False) -> None:
        """Nothing is left of it, on the server, at the clients and in the store."""
        table = Table(Steps, seed=3, raises=False)
        ann, bob, cleo = table.join("Ann"), table.join("Bob"), table.join("Cleo")
        ann.send("prepare")
        bob.send("vote", n=1)
        row, seen = table.row, (bob.seen(), cleo.seen())
        timers, docs = dict(ann.timers), ann.docs["room"]
        refused = self.assertRaises(Refused, ann.send, type, other=bob.id, what=what, how=how)
        self.assertEqual(refused.code, "no" if how == "refuse" else "game_error", what)
        if how == "fail":
            self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        if restart:
            table.restart()
        self.assertEqual(table.row, row, what)
        if not restart:
            self.assertEqual((bob.seen(), cleo.seen()), seen, what)
        self.assertEqual((ann.timers, ann.docs["room"], ann.left), (timers, docs, None), what)
        ann.send("change", other=bob.id, what="append", how="")
        self.assertEqual(bob.docs["room"]["deep"]["list"], [0, {"x": 1}, 1, {"a": 1}], what)

    def test_refused(self) -> None:
        """By a refusal."""
        for what in CHANGES:
            self.assert_undone("change", what, "refuse")

    def test_failed(self) -> None:
        """By an exception."""
        for what in CHANGES:
            self.assert_undone("change", what, "fail")

    def test_async(self) -> None:
        """The same where the message's code may wait."""
        for what in CHANGES:
            self.assert_undone("change_late", what, "refuse")
            self.assert_undone("change_late", what, "fail")

    def test_stored(self) -> None:
        """Nothing of it is in the store either."""
        for what in CHANGES:
            self.assert_undone("change", what, "refuse", restart=True)

    def test_all_of_them_do_something(self) -> None:
        """Each of these changes does change something, where it is not undone."""
        for what in CHANGES:
            table = Table(Steps, seed=3, raises=False)
            ann, bob = table.join("Ann"), table.join("Bob")
            ann.send("prepare")
            bob.send("vote", n=1)
            row, seen = table.row, bob.seen()
            ann.send("change", other=bob.id, what=what, how="")
            self.assertTrue(table.status == "closed" or table.row != row or bob.seen() != seen, what)


class Assigned(Game):
    """Whole documents are assigned, and odd things."""

    needs_start = False
    odd: ClassVar[dict[str, Any]] = {
        "$.a[1].b": lambda: {"a": [0, {"b": float("nan")}]},
        "$.a": lambda: {"a": {1, 2}},
        "$.a.b[2]": lambda: {"a": {"b": [1, 2, object()]}},
        "$.c": lambda: {"b": 1, "c": 2**53 + 1},
        "$.d": lambda: {"d": "\ud800"},
    }

    @message
    def assign(self, player: Player, value: dict[str, Any]) -> Any:
        self.state = value
        value["after"] = "not mine"
        return self.state

    @message
    def itself(self, player: Player) -> None:
        self.state["kept"] = 1
        same: Any = self.state
        self.state = same
        self.state |= {"more": 2}
        player.state |= {"own": 3}
        kept = self.state
        self.state = {"kept": kept["kept"], "last": 3}
        kept["alias"] = True

    @message
    def try_odd(self, player: Player, path: str) -> list[str]:
        told = []
        for assign in (self.assign_state, player.state.update, self.send_it, self.nested):
            try:
                assign(self.odd[path]())
            except NotJSON as error:
                told.append(str(error))
        return told

    def assign_state(self, value: Any) -> None:
        """As an author would."""
        self.state = value

    def send_it(self, value: Any) -> None:
        """Events know it too."""
        self.send("x", value)

    def nested(self, value: Any) -> None:
        """Below what is there."""
        self.state["list"] = [{}]
        self.state["list"][0]["x"] = value

    @message
    def not_a_dict(self, player: Player, value: Any) -> None:
        self.state = value


class AssignedTests(SynchronousTestCase):
    """Assigning whole documents, and what JSON cannot hold."""

    def setUp(self) -> None:
        self.table = Table(Assigned, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def test_assigned(self) -> None:
        """It is copied; clients get what it is then, keys that are not in it are gone."""
        for value in ({"a": [1, {"b": 2}], "c": 1}, {"a": [1, {"b": 3}]}, {}, {"a": {}}, {"a": True}, {"a": 1}):
            self.assertEqual(self.ann.send("assign", value=value), value)
            self.assertEqual((self.bob.docs["room"], self.table.row["docs"].get("room", {})), (value, value))
            self.assertIs(type(self.bob.docs["room"].get("a")), type(value.get("a")))

    def test_restart(self) -> None:
        """Afterwards a game still has the same documents as its room."""
        self.ann.send("assign", value={"a": 1})
        self.table.restart()
        self.ann.send("assign", value={"b": 1})
        self.table.restart()
        self.assertEqual((self.table.state, self.table.game.state), ({"b": 1}, {"b": 1}))

    def test_itself(self) -> None:
        """Assigning a document to itself, and ``|=``, lose nothing."""
        self.ann.send("itself")
        self.assertEqual(self.bob.docs["room"], {"kept": 1, "last": 3, "alias": True})
        self.assertEqual(self.ann.state, {"own": 3})

    def test_paths(self) -> None:
        """What JSON cannot hold is refused with its path, wherever it is put, and leaves nothing."""
        for path in Assigned.odd:
            told = self.ann.send("try_odd", path=path)
            ends = [text.rpartition(" - at ")[2] for text in told]
            self.assertEqual(ends, [f"`{path}`", f"`{path}`", f"`{path}`", f"`$.list[0].x{path[1:]}`"])
        self.assertEqual((self.bob.docs["room"], self.ann.state, self.bob.inbox), ({"list": [{}]}, {}, []))

    def test_no_dict(self) -> None:
        """A document is a dict."""
        for value in ([], None, 1, "x"):
            self.assertEqual(self.assertRaises(Refused, self.ann.send, "not_a_dict", value=value).code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(NotJSON)), 4)


class Returning(Game):
    """Methods that are no coroutines, and return a Deferred."""

    needs_start = False
    waiting: ClassVar[list[Deferred[Any]]] = []

    @message
    def wait(self, player: Player) -> Any:
        self.state["waited"] = True
        Returning.waiting.append(Deferred())
        return Returning.waiting[-1]

    @message
    def at_once(self, player: Player) -> Any:
        return succeed({"here": 1})

    @message
    def failed(self, player: Player) -> Any:
        self.state["failed"] = True
        return fail(ValueError("failed"))

    @message
    def refused(self, player: Player) -> Any:
        self.state["failed"] = True
        return fail(Refused("no", code="no"))

    def on_leave(self, player: Player) -> Any:
        return succeed(None)

    @message
    def out(self, player: Player, whom: Player) -> None:
        self.kick(whom)
        raise Refused("on second thought", code="no")


class ReturningTests(SynchronousTestCase):
    """A method that returns a Deferred is as good as a coroutine."""

    def setUp(self) -> None:
        Returning.waiting.clear()
        self.table = Table(Returning, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def test_result(self) -> None:
        """The reply is what it fires with; until then nobody sees the step."""
        reply = self.ann.send("wait")
        self.assertEqual(self.bob.docs["room"], {})
        Returning.waiting.pop().callback([1])
        self.table.settle()
        self.assertEqual((self.successResultOf(reply), self.bob.docs["room"]), ([1], {"waited": True}))
        self.assertEqual(self.ann.send("at_once"), {"here": 1})

    def test_failure(self) -> None:
        """Its failure undoes the step."""
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "refused").code, "no")
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "failed").code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(self.bob.docs["room"], {})

    def test_too_long(self) -> None:
        """After ten seconds it is undone, and the room goes on."""
        reply = self.ann.send("wait")
        self.table.advance(10.1)
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "game_error")
        self.flushLoggedErrors()
        self.assertEqual((self.bob.docs["room"], self.ann.send("at_once")), ({}, {"here": 1}))

    def test_hook_of_a_kick(self) -> None:
        """A kick whose ``on_leave`` returns a Deferred is undone with its step, and the refusal is told."""
        refused = self.assertRaises(Refused, self.ann.send, "out", whom=self.bob.id)
        self.assertEqual((refused.code, self.bob.left), ("no", None))
        self.assertEqual(len(self.table.room.seats), 2)


class Odd(Game):
    """Gives the framework what is not of the declared type."""

    needs_start = False
    max_row_bytes = 4000

    @message
    def enter_number(self, player: Player) -> None:
        phase: Any = 5
        self.enter(phase)

    @message
    def keep(self, player: Player, n: int, key: str = "x") -> None:
        player.state[key] = "x" * n

    @message
    def share(self, player: Player, n: int, key: str = "x") -> None:
        self.state[key] = "x" * n


class OddTests(SynchronousTestCase):
    """What a row cannot hold is refused when it is done, not found when the server starts again."""

    def test_phase(self) -> None:
        """A phase that is no str fails in its step."""
        table = Table(Odd)
        ann = table.join("Ann")
        self.assertEqual(self.assertRaises(Refused, ann.send, "enter_number").code, "game_error")
        table.restart()
        self.assertIsNone(table.phase)

    def test_size_of_those_who_left(self) -> None:
        """``max_row_bytes`` counts what is there, not the documents of players who left."""
        table = Table(Odd)
        ann = table.join("Ann")
        for _ in range(10):
            bob = table.join("Bob")
            bob.send("keep", n=1500)
            bob.leave()
        ann.send("keep", n=1500)

    def test_size_after_restart(self) -> None:
        """It counts what was there before a restart."""
        table = Table(Odd)
        ann = table.join("Ann")
        ann.send("share", n=3000, key="a")
        table.restart()
        self.assertEqual(self.assertRaises(Refused, ann.send, "share", n=3000, key="b").code, "too_large")
