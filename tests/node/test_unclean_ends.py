"""A process ended in the middle of a step: what becomes of the room, on a fake clock and a store in memory."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.node.operators import Operators, QuarantineAct
from gameserver.node.runner import RoomRunner
from gameserver.node.step_notes import Note
from gameserver.node.unclean_ends import BOOK, KEPT_MS, PROVED_S
from gameserver.protocol.messages import Send
from gameserver.room.effects import Requester
from tests.node.registries import FakeSession, Place

ADMIN = User("boss", "Boss", rights=("admin",))
FRAME = b'{"op":"send","type":"add","id":7,"data":{}}'


class Bomb(Game):
    """Counts, and has a timer."""

    needs_start = False
    fired: ClassVar[list[str]] = []

    def on_create(self) -> None:
        self.state["n"] = 0

    @message
    def add(self, player: Player) -> int:
        self.state["n"] += 1
        return int(self.state["n"])

    @message
    def later(self, player: Player) -> None:
        self.after(5, self.ring)

    @timer
    def ring(self) -> None:
        self.fired.append("ring")


class UncleanCase(SynchronousTestCase):
    def setUp(self) -> None:
        Bomb.fired = []
        self.place = Place(Bomb)
        self.session = FakeSession("ann")
        self.runner = self.place.create(self.session)
        self.code, self.room_id = self.runner.room.code, self.runner.room.id
        self.place.settle()

    def die(self, *, run: str = "1", lasted_ms: int = 3000, what: str = "send", frame: bytes = FRAME) -> None:
        """The process ends in the middle of a step of the room, and is started again."""
        self.place.kill()
        self.place.time.advance(9)
        start = self.place.registry.__class__.start

        note = Note(1, run, self.room_id, self.code, "bomb", what, frame if what == "send" else b"ring", lasted_ms)

        async def begin(registry: Any) -> None:
            registry.unclean.found(note, fatal=False)
            await start(registry)

        self.patch(self.place.registry.__class__, "start", begin)
        try:
            self.place.start()
        finally:
            self.patch(self.place.registry.__class__, "start", start)

    @property
    def now(self) -> RoomRunner:
        """What runs the room at present."""
        return self.place.registry.find(self.code)

    def refused(self, code: str) -> None:
        """Fail unless the room is kept aside."""
        error = self.assertRaises(Refused, self.place.registry.find, self.code)
        self.assertEqual(error.code, code)


class OnceTests(UncleanCase):
    """One such end."""

    def test_waits_for_a_touch(self) -> None:
        """No timer fires, however long it is overdue, until somebody does something; then it does, before that."""
        self.place.send(self.session, "later")
        self.die(what="timer")
        self.place.advance(60)
        self.assertEqual(Bomb.fired, [])
        self.assertEqual(self.place.send(self.session, "add")["data"], 1)
        self.assertEqual(Bomb.fired, ["ring"])

    def test_same_message_is_refused(self) -> None:
        """What a page says again by itself is not tried again; anything else is."""
        self.die()
        message = Send("add", 7, Raw(b"{}"))
        requester = Requester(self.session, self.session.user, 7)
        error = self.assertRaises(Refused, self.now.message, requester, self.session.seat, message, frame=FRAME)
        self.assertEqual(error.code, "refused")
        self.assertTrue(self.now.rests)
        self.assertEqual(self.place.send(self.session, "add")["data"], 1)

    def test_chance(self) -> None:
        """After an end in a step that took no time the room goes on by itself, and then that end says nothing more."""
        self.place.send(self.session, "later")
        self.die(lasted_ms=0, what="timer")
        self.assertFalse(self.now.rests)
        self.place.advance(60)
        self.assertEqual(Bomb.fired, ["ring"])
        self.assertIsNone(self.now.suspect)
        self.die(lasted_ms=0, run="2")
        self.assertEqual(self.place.send(self.session, "add")["data"], 1)

    def test_chance_twice_at_once(self) -> None:
        """Where the room does not go on for a second, it was no chance."""
        self.die(lasted_ms=0)
        self.place.advance(PROVED_S / 2)
        self.die(lasted_ms=0, run="2")
        self.refused("quarantined")

    def test_chance_message(self) -> None:
        """A move at which the process was killed by chance is somebody's: said again, it is made."""
        self.die(lasted_ms=0)
        message = Send("add", 7, Raw(b"{}"))
        self.now.message(Requester(self.session, self.session.user, 7), self.session.seat, message, frame=FRAME)
        self.assertEqual(self.now.room.doc("room").root["n"], 1)

    def test_chance_at_starts(self) -> None:
        """Kills while rooms are opened hit some of them by chance: one that has loaded after it has shown that."""
        for run in ("1", "2", "3", "4", "5"):
            self.die(lasted_ms=0, run=run, what="LoadRoom")
            self.place.settle()
            self.assertIsNone(self.now.suspect)
        self.assertEqual(self.place.get(self.place.store.read_book(BOOK)), {})

    def test_past(self) -> None:
        """After a day it says nothing any more."""
        self.die()
        self.place.away(KEPT_MS / 1000 + 1)
        self.assertIsNone(self.now.suspect)
        self.assertEqual(self.place.get(self.place.store.read_book(BOOK)), {})

    def test_others_do_not_wait(self) -> None:
        """It is about that room alone."""
        other = FakeSession("bob")
        runner = self.place.create(other)
        self.place.settle()
        self.die()
        self.assertFalse(self.place.registry.find(runner.room.code).rests)

    def test_room_ends(self) -> None:
        """With the room goes what was known of it."""
        self.die()
        self.place.send(self.session, "add")
        self.now.room.close("closed")
        self.now._after_step()
        self.place.settle()
        self.assertEqual(self.place.get(self.place.store.read_book(BOOK)), {})


class TwiceTests(UncleanCase):
    """A second one."""

    def setUp(self) -> None:
        super().setUp()
        self.operators = lambda: Operators(self.place.registry)
        self.die()
        self.place.send(self.session, "add")
        self.place.advance(60)
        self.die(run="2")

    def test_odd_input(self) -> None:
        """It is told in a line that can be printed, with nothing that a terminal obeys."""
        frame = b"\x95\x05\xa4\x1b[31m\nroom\xc2\x9b\xe2\x80\xae"
        for run in ("3", "4"):
            self.die(run=run, frame=frame)
        note = Note(1, "4", self.room_id, self.code, "bomb", "send", frame, 3000)
        for told in (note.in_words, str(self.place.registry.unclean.why(self.room_id))):
            self.assertTrue(told.isprintable(), told)
            self.assertIn("\\x1b[31m\\nroom", told)

    def test_quarantine(self) -> None:
        """It is run by nobody, at no start, and its last input is there to be seen, whoever has the right."""
        for _ in range(2):
            self.refused("quarantined")
            self.place.away(2 * KEPT_MS / 1000)
        (room,) = self.place.get(Deferred.fromCoroutine(self.operators().quarantined(ADMIN)))
        self.assertEqual((room.code, room.quarantined), (self.code, True))
        shown = self.place.get(Deferred.fromCoroutine(self.operators().show(ADMIN, self.code.lower())))
        self.assertEqual([end["input"] for end in shown["ends"]], [FRAME.decode()] * 2)
        self.assertEqual(shown["parts"]["doc/room"]["n"], 1)
        asked = self.operators().quarantined(User("mod", "Mod", rights=("moderator",)))
        self.assertRaises(Refused, self.place.get, Deferred.fromCoroutine(asked))

    def test_free(self) -> None:
        """Freed, it goes on with all it had, as if nothing had been."""
        freed = self.operators().end_quarantine(ADMIN, self.code, QuarantineAct("free"))
        self.assertIsNone(self.place.get(Deferred.fromCoroutine(freed)))
        self.assertIsNone(self.now.suspect)
        self.assertEqual(self.place.send(self.session, "add")["data"], 2)
        self.place.away(1)
        self.assertIsNone(self.now.suspect)

    def test_close(self) -> None:
        """Closed, it is gone, and so is what was known of it."""
        closed = self.operators().end_quarantine(ADMIN, self.code, QuarantineAct("close"))
        self.place.get(Deferred.fromCoroutine(closed))
        self.refused("not_found")
        self.assertEqual(self.place.get(self.place.store.read_book(BOOK)), {})
        self.assertEqual(self.place.get(self.place.store.room_ids()), [])

    def test_same_end_is_known_once(self) -> None:
        """The process beside a node and the node's next start say the same: that is one end."""
        self.place.get(Deferred.fromCoroutine(self.operators().end_quarantine(ADMIN, self.code, QuarantineAct("free"))))
        self.die(run="3")
        self.die(run="3")
        self.assertTrue(self.now.rests)
