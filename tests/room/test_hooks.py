"""When hooks run, in which order, and what a refusal in one undoes."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table
from tests.node.registries import FakeSession, Place


class Diary(Game):
    """Writes down its hooks; refuses or fails where a test says so."""

    hold_s = 30
    late_join = True
    log_: ClassVar[list[str]] = []
    refusing: ClassVar[set[str]] = set()
    failing: ClassVar[set[str]] = set()

    def note(self, hook: str, player: Player | None = None) -> None:
        """One entry, on the server and in the document; then perhaps a refusal."""
        entry = f"{hook} {player.name}" if player else hook
        Diary.log_.append(entry)
        self.state.setdefault("log", []).append(entry)
        if hook in self.refusing:
            raise Refused(f"no {hook}", code="no")
        if hook in self.failing:
            raise ValueError(hook)

    def on_create(self, size: int = 3) -> None:
        self.note("create")

    def on_join(self, player: Player) -> None:
        player.state["hand"] = [1, 2]
        self.group("all").add(player)
        self.note("join", player)

    def on_start(self) -> None:
        self.note("start")

    def on_drop(self, player: Player) -> None:
        self.note("drop", player)

    def on_resume(self, player: Player) -> None:
        self.note("resume", player)

    def on_leave(self, player: Player) -> None:
        self.state["left"] = {
            "hand": player.state["hand"],
            "listed": player in self.seats() or player in self.players or self.seat(player.id) is not None,
            "in_group": player in self.group("all"),
            "number": player.number,
            "host": self.host.name if self.host else None,
        }
        self.note("leave", player)

    def on_close(self) -> None:
        self.note("close")

    @message
    def out(self, player: Player, whom: Player) -> None:
        self.note("before")
        self.kick(whom)
        self.note("after")

    @message
    def shut(self, player: Player) -> None:
        self.close("bye")
        self.note("shut")


class AtOnce(Diary):
    """Playing from creation."""

    needs_start = False


class Full(Diary):
    """Starts when two are here."""

    auto_start = True
    max_players = 2


class HookTests(SynchronousTestCase):
    """Hooks run once each, in the order of what happens."""

    def setUp(self) -> None:
        Diary.log_.clear()
        self.addCleanup(Diary.refusing.clear)
        self.addCleanup(Diary.failing.clear)

    def test_order(self) -> None:
        """A whole life of a room."""
        table = Table(Diary)
        ann, bob = table.join("Ann"), table.join("Bob")
        table.start()
        bob.drop()
        bob.resume()
        bob.drop()
        table.advance(30)
        ann.send("shut")
        expected = ["create", "join Ann", "join Bob", "start", "drop Bob", "resume Bob", "drop Bob", "leave Bob"]
        self.assertEqual(Diary.log_, [*expected, "shut", "close"])

    def test_start_after_create(self) -> None:
        """Where no start is needed, ``on_start`` runs after ``on_create``, before anybody joins."""
        Table(AtOnce).join("Ann")
        self.assertEqual(Diary.log_, ["create", "start", "join Ann"])

    def test_auto_start_after_join(self) -> None:
        """Where full seats start the game, ``on_start`` comes after the last one's ``on_join``."""
        table = Table(Full)
        table.join("Ann")
        table.join("Bob")
        self.assertEqual(Diary.log_, ["create", "join Ann", "join Bob", "start"])

    def test_creator_with_seat(self) -> None:
        """A room that is made with its creator's seat: created, then joined."""
        place = Place(Diary)
        place.create(FakeSession("ann"))
        self.assertEqual(Diary.log_, ["create", "join Ann"])

    def test_tabs(self) -> None:
        """Only the last of a seat's connections drops it, only the first resumes it; nobody joins twice."""
        place = Place(Diary)
        tab, other = FakeSession("ann"), FakeSession("ann")
        runner = place.create(tab)
        place.join(runner, other)
        self.assertEqual(tab.seat, other.seat)
        place.gone(tab)
        self.assertEqual(Diary.log_, ["create", "join Ann"])
        place.gone(other)
        place.join(runner, FakeSession("ann"))
        place.join(runner, FakeSession("ann"))
        self.assertEqual(Diary.log_[2:], ["drop Ann", "resume Ann"])

    def test_leave_reads_state(self) -> None:
        """In ``on_leave`` the player is in no list and no group, host has passed on, the state is readable."""
        table = Table(Diary)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.leave()
        left = {"hand": [1, 2], "listed": False, "in_group": False, "number": 0, "host": "Bob"}
        self.assertEqual(bob.docs["room"]["left"], left)
        self.assertNotIn(f"seat:{ann.id}", table.row["docs"])

    def test_kick_in_the_same_step(self) -> None:
        """A kick runs ``on_leave`` before it returns, and all of it reaches clients together."""
        table = Table(Diary)
        ann, bob = table.join("Ann"), table.join("Bob")
        before = len(ann.seen().splitlines())
        ann.send("out", whom=bob.id)
        self.assertEqual(Diary.log_[-3:], ["before", "leave Bob", "after"])
        self.assertEqual(ann.docs["room"]["left"]["hand"], [1, 2])
        frames = ann.seen().splitlines()[before:]
        self.assertEqual(sum(b'"op":"patch"' in frame for frame in frames), 1)

    def test_leave_fails(self) -> None:
        """A seat that was left stays so, whatever ``on_leave`` does; what it did is undone."""
        Diary.failing.add("leave")
        table = Table(Diary, raises=False)
        ann, bob = table.join("Ann"), table.join("Bob")
        bob.leave()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual((bob.left, list(ann.seats)), ("left", [ann.id]))
        self.assertNotIn("left", table.state)

    def test_drop_and_resume_fail(self) -> None:
        """The same for a drop and a resume: the seat is held, and taken again."""
        Diary.failing.update(("drop", "resume"))
        table = Table(Diary, raises=False)
        ann, bob = table.join("Ann"), table.join("Bob")
        bob.drop()
        self.assertFalse(ann.seats[bob.id]["online"])
        bob.resume()
        self.assertTrue(ann.seats[bob.id]["online"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)
        self.assertEqual(table.state["log"], ["create", "join Ann", "join Bob"])
        bob.drop()
        table.advance(29.9)
        self.assertIn(bob.id, ann.seats)
        table.advance(0.2)
        self.assertNotIn(bob.id, ann.seats)
        self.flushLoggedErrors(ValueError)


class RefusingHookTests(SynchronousTestCase):
    """Refusing in ``on_create``, ``on_join`` or ``on_start`` undoes it and tells the requester."""

    def setUp(self) -> None:
        Diary.log_.clear()
        self.addCleanup(Diary.refusing.clear)
        self.addCleanup(Diary.failing.clear)

    def assert_no(self, call: Any, *args: Any) -> None:
        """The game's own refusal arrives, code and text."""
        refused = self.assertRaises(Refused, call, *args)
        self.assertEqual(refused.code, "no")
        self.assertTrue(refused.text.startswith("no "))

    def test_create(self) -> None:
        """There is no room."""
        Diary.refusing.add("create")
        self.assert_no(Table, Diary)
        place = Place(Diary)
        self.assert_no(place.create, FakeSession("ann"))
        self.assertEqual(list(place.registry.runners), [])

    def test_create_fails(self) -> None:
        """The same for an exception, as `game_error`."""
        Diary.failing.add("create")
        self.assertEqual(self.assertRaises(Refused, Table, Diary, raises=False).code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_first_start(self) -> None:
        """Where no start is needed, a refused ``on_start`` refuses the room."""
        Diary.refusing.add("start")
        self.assert_no(Table, AtOnce)

    def test_creators_join(self) -> None:
        """A creator whose ``on_join`` is refused has made no room."""
        Diary.refusing.add("join")
        place = Place(Diary)
        self.assert_no(place.create, FakeSession("ann"))
        self.assertEqual(list(place.registry.runners), [])

    def test_join(self) -> None:
        """A newcomer has no seat, nobody heard of it, and the number is free again."""
        table = Table(Diary)
        ann = table.join("Ann")
        row, frames = table.row, ann.seen()
        Diary.refusing.add("join")
        self.assert_no(table.join, "Bob")
        self.assertEqual((table.row, ann.seen(), len(table.visitors)), (row, frames, 1))
        Diary.refusing.clear()
        cleo = table.join("Cleo")
        self.assertEqual((cleo.number, list(table.row["groups"]["all"]["members"])), (1, [ann.id, cleo.id]))

    def test_join_fails(self) -> None:
        """The same for an exception."""
        table = Table(Diary, raises=False)
        ann = table.join("Ann")
        row, frames = table.row, ann.seen()
        Diary.failing.add("join")
        self.assertEqual(self.assertRaises(Refused, table.join, "Bob").code, "game_error")
        self.assertEqual((table.row, ann.seen()), (row, frames))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_start(self) -> None:
        """The game has not started; the host may try again."""
        table = Table(Diary)
        ann = table.join("Ann")
        row = table.row
        Diary.refusing.add("start")
        self.assert_no(ann.start)
        self.assertEqual((table.status, ann.info["status"], table.row), ("lobby", "lobby", row))
        Diary.refusing.clear()
        ann.start()
        self.assertEqual((table.status, table.state["log"]), ("playing", ["create", "join Ann", "start"]))

    def test_auto_start(self) -> None:
        """Where full seats start the game, a refusal keeps the newcomer, and the lobby."""
        Diary.refusing.add("start")
        table = Table(Full)
        table.join("Ann")
        bob = table.join("Bob")
        self.assertEqual((table.status, bob.docs["room"]["log"][-1]), ("lobby", "join Bob"))
        Diary.refusing.clear()
        table.start()
        self.assertEqual(table.status, "playing")
