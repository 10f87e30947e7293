"""How a room closes: by its game, at once or because nobody is there."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Table
from tests.node.registries import FakeSession, Place


class Inn(Game):
    """Closes in many ways."""

    needs_start = False
    closed: ClassVar[list[Any]] = []
    failing: ClassVar[bool] = False

    def on_create(self, at_once: bool = False) -> None:
        if at_once:
            self.close("not today")

    def on_join(self, player: Player) -> None:
        if player.name == "Inspector":
            self.close("inspected")

    def on_close(self) -> None:
        Inn.closed.append([p.name for p in self.seats()])
        self.state["closing"] = True
        self.send("good night")
        if self.failing:
            raise ValueError("no")

    @message
    def shut(self, player: Player, reason: str) -> str:
        self.close(reason)
        self.close("a second reason")
        self.state["shut"] = reason
        return "done"

    @message
    def shut_for(self, player: Player, reason: Any) -> None:
        self.close(reason)

    @message
    def shut_plain(self, player: Player) -> None:
        self.close()

    @message
    def refuse(self, player: Player) -> None:
        self.close("no")
        raise Refused("stay")

    @message
    def fail(self, player: Player) -> None:
        self.close("no")
        raise ValueError("stay")

    @message
    def later(self, player: Player) -> None:
        self.after(5, self.last_orders)
        self.after(6, self.never)

    @timer
    def last_orders(self) -> None:
        self.close("late")

    @timer
    def never(self) -> None:
        Inn.closed.append("never")


class Lasting(Inn):
    """Never closes for being empty, but for its hold."""

    idle_close_s = 100
    hold_s = 20

    def on_leave(self, player: Player) -> None:
        if not self.players:
            self.close("all gone")


class Polite(Game):
    """Says good night, and does nothing else."""

    needs_start = False

    @message
    def shut(self, player: Player) -> None:
        self.close("closing time")

    def on_close(self) -> None:
        self.send("good night")


class CloseTests(SynchronousTestCase):
    """``self.close(reason)``."""

    def setUp(self) -> None:
        Inn.closed.clear()
        Inn.failing = False
        self.table = Table(Inn, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def frames(self, visitor: Any) -> list[bytes]:
        """What a client was sent."""
        return list(visitor.seen().splitlines())

    def test_reason(self) -> None:
        """Everybody is told, with the reason, last of all but the answer; the first reason counts."""
        self.assertEqual(self.ann.send("shut", reason="closing time"), "done")
        self.assertEqual(self.table.status, "closed")
        for visitor in (self.ann, self.bob):
            self.assertEqual((visitor.left, [e.type for e in visitor.inbox]), ("closed", ["good night"]))
            self.assertIn(b'"message":"closing time"', visitor.seen())
        self.assertIn(b'"op":"left"', self.frames(self.bob)[-1])

    def test_on_close_once(self) -> None:
        """``on_close`` runs once, while all are still there; what it changes is told."""
        self.ann.send("shut", reason="x")
        self.assertEqual(Inn.closed, [["Ann", "Bob"]])
        self.assertIn(b'"closing"', self.bob.seen())

    def test_event_only(self) -> None:
        """Everybody is told also where ``on_close`` does nothing but say one thing."""
        table = Table(Polite)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.send("shut")
        for visitor in (ann, bob):
            self.assertEqual((visitor.left, [e.type for e in visitor.inbox]), ("closed", ["good night"]))

    def test_without_reason(self) -> None:
        """A reason may be left out."""
        self.ann.send("shut_plain")
        self.assertEqual((self.bob.left, self.table.status), ("closed", "closed"))

    def test_reason_that_is_no_text(self) -> None:
        """A reason is a text: None would not close it, and clients could not read a number."""
        for reason in (None, 5):
            self.assertRaises(Refused, self.ann.send, "shut_for", reason=reason)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 2)
        self.assertEqual((self.table.status, self.bob.left), ("playing", None))

    def test_on_close_fails(self) -> None:
        """An ``on_close`` that fails is logged and undone; the room closes all the same."""
        Inn.failing = True
        self.ann.send("shut", reason="x")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual((self.table.status, self.bob.left, self.bob.inbox), ("closed", "closed", []))
        self.assertNotIn(b'"closing"', self.bob.seen())

    def test_undone(self) -> None:
        """A step that is undone has not closed the room."""
        self.assertRaises(Refused, self.ann.send, "refuse")
        self.assertRaises(Refused, self.ann.send, "fail")
        self.flushLoggedErrors(ValueError)
        self.assertEqual((self.table.status, Inn.closed, self.bob.left), ("playing", [], None))

    def test_timer(self) -> None:
        """A timer may close it; the timers that were still to come do not."""
        self.ann.send("later")
        self.table.restart()
        self.table.advance(100)
        self.assertEqual((self.table.status, Inn.closed), ("closed", [["Ann", "Bob"]]))

    def test_nothing_stays(self) -> None:
        """A closed room is gone: nobody finds it, it is not there after a restart."""
        place = Place(Inn)
        ann, bob = FakeSession("ann"), FakeSession("bob")
        runner = place.create(ann)
        place.join(runner, bob)
        place.send(ann, "shut", reason="x")
        self.assertRaises(Refused, place.registry.find, ann.code)
        place.away(1)
        self.assertEqual(list(place.registry.runners), [])
        self.assertEqual([f["reason"] for f in bob.of("left")], ["closed"])

    def test_at_once(self) -> None:
        """A game that closes in ``on_create`` has made no room."""
        place = Place(Inn)
        self.assertRaises(Refused, place.create, FakeSession("ann"), at_once=True)
        self.assertEqual(list(place.registry.runners), [])

    def test_in_on_join(self) -> None:
        """``on_join`` may close the room: the newcomer sees it close."""
        inspector = self.table.join("Inspector")
        self.assertEqual((inspector.left, self.ann.left, self.table.status), ("closed", "closed", "closed"))

    def test_next_input(self) -> None:
        """Whoever asks afterwards is told that there is no such room."""
        self.ann.send("shut", reason="x")
        self.assertRaises(Refused, self.bob.send, "later")
        self.assertEqual(self.assertRaises(Refused, self.table.join, "Cleo").code, "not_found")


class EmptyTests(SynchronousTestCase):
    """What happens to a room that nobody is in."""

    def test_closed_by_on_leave(self) -> None:
        """``on_leave`` of the last player may close the room."""
        table = Table(Lasting)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.leave()
        bob.drop()
        table.advance(19.9)
        self.assertEqual(table.status, "playing")
        table.advance(0.2)
        self.assertEqual(table.status, "closed")

    def test_idle_after_restart(self) -> None:
        """The time counts from the last connection, also where a restart came between: at least, it closes."""
        table = Table(Inn)
        table.join("Ann").drop()
        table.restart()
        table.advance(3599 + 10)
        self.assertEqual(table.status, "closed")

    def test_idle_reason(self) -> None:
        """Timers do not keep a room open, and fire until it closes."""
        Inn.closed.clear()
        table = Table(Lasting)
        ann = table.join("Ann")
        ann.send("later")
        ann.leave()
        self.assertEqual(table.status, "closed")
        self.assertEqual(Inn.closed, [[]])


class LastCommitTests(SynchronousTestCase):
    def test_one_last_commit(self) -> None:
        """A room that ended is stored as ended once: whatever else its runner is asked, it says nothing more."""
        place = Place(Inn)
        commit = place.store.commit
        ends: list[bool] = []

        def counted(commits: Any, *, now_ms: int) -> Any:
            ends.extend(c.ends for c in commits)
            return commit(commits, now_ms=now_ms)

        self.patch(place.store, "commit", counted)
        ann = FakeSession("ann")
        place.create(ann)
        place.send(ann, "shut", reason="late")
        place.advance(10)
        self.assertEqual(ends.count(True), 1)
