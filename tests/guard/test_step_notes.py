"""What is noted of steps, read as another process reads it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.node.step_notes import INPUT_BYTES, SIZE, TOLD, Note, StepNotes, head_of, read
from gameserver.protocol.messages import Send
from tests.node.registries import FakeSession, Place


def memory() -> tuple[bytearray, StepNotes]:
    """:returns: a piece of memory, and what notes in it."""
    made = bytearray(SIZE)
    return made, StepNotes(made, run=0xABCD)


class NoteTests(SynchronousTestCase):
    @given(some.text(max_size=300), some.text(max_size=40), some.binary(max_size=3 * INPUT_BYTES))
    def test_reads_back(self, room: str, game: str, input: bytes) -> None:
        """Whatever they are, the room and the beginning of its input are there while the step is under way."""
        made, notes = memory()
        room, game = room.replace("\n", ""), game.replace("\n", "")
        notes.begin(head_of(room, "CODE", game), input)
        note = read(made)
        if note is None:  # a head that is cut off is none
            self.assertGreater(len(f"{room}\nCODE\n".encode()), 250)
            return
        self.assertEqual((note.run, note.what, note.input), ("000000000000abcd", "send", input[:INPUT_BYTES]))
        self.assertTrue(room.startswith(note.room[:60]))
        notes.end()
        self.assertIsNone(read(made))

    def test_steps_differ(self) -> None:
        """Each step is told from the one before, also of the same room with the same input."""
        made, notes = memory()
        seen = set()
        for head in (head_of("a", "A", "g"), head_of("bb", "B", "game")) * 3:
            notes.begin(head, b"timer\nbomb", TOLD)
            note = read(made)
            assert note is not None
            self.assertEqual((f"{note.room}\n{note.code}\n{note.game}".encode(), note.input), (head, b"bomb"))
            self.assertEqual(note.what, "timer")
            seen.add(note.step)
            notes.end()
        self.assertEqual(len(seen), 6)

    def test_older_release(self) -> None:
        """An older release noted the head's length, and left what was longer before it behind it."""
        made, notes = memory()
        notes.begin(head_of("a" * 24, "K7QM", "chess"), b"x")
        older = head_of("b", "Q2XY", "go")
        made[128 : 128 + len(older)] = older
        notes.words[3] = len(older)
        note = read(made)
        assert note is not None
        self.assertEqual((note.room, note.code, note.game), ("b", "Q2XY", "go"))

    def test_no_notes(self) -> None:
        """A file that is something else, or too short, says nothing."""
        self.assertIsNone(read(b""))
        self.assertIsNone(read(b"x" * SIZE))
        self.assertIsNone(read(bytes(SIZE)))


class Watched(Game):
    """Says what is noted while it is at work."""

    needs_start = False
    memory: Any = None
    notes: list[Note | None] = []
    waits: list[Deferred[None]] = []

    def look(self) -> None:
        self.notes.append(read(self.memory))

    @message
    def say(self, player: Player, text: str) -> None:
        self.look()

    @message
    async def wait(self, player: Player) -> str:
        self.look()
        done: Deferred[None] = Deferred()
        self.waits.append(done)
        await done
        self.look()
        return "waited"

    @message
    def later(self, player: Player) -> None:
        self.after(1, self.ring)

    @timer
    def ring(self) -> None:
        self.look()


class WatchedTests(SynchronousTestCase):
    def setUp(self) -> None:
        Watched.notes, Watched.waits = [], []
        Watched.memory, notes = memory()
        self.place = Place(Watched)
        self.place.registry.reactor_pass.notes = notes
        self.session = FakeSession("ann")
        self.runner = self.place.create(self.session)

    def say(self, type: str, data: dict[str, Any], frame: bytes = b"") -> None:
        """As the session does."""
        send = Send(type, data=Raw(json.dumps(data).encode()))
        self.runner.message(self.session.requester(), self.session.seat, send, frame=frame)
        self.place.settle()

    def assert_noted(self, *wanted: tuple[str, bytes]) -> None:
        """Fail unless these were noted, of this room, and nothing is now."""
        found = [(note.code, note.game, note.what, note.input) for note in Watched.notes if note is not None]
        code = self.runner.room.code
        self.assertEqual(found, [(code, "watched", *each) for each in wanted])
        self.assertIsNone(read(Watched.memory))

    def test_message(self) -> None:
        """A message that is applied as it comes has its frame noted."""
        self.runner.is_plain = True
        self.runner.settle()
        self.say("say", {"text": "x"}, b'{"op":"send","type":"say"}')
        self.assert_noted(("send", b'{"op":"send","type":"say"}'))

    def test_waits(self) -> None:
        """A step that waits is noted whenever it runs, and not while it does not."""
        self.say("wait", {})
        self.assertIsNone(read(Watched.memory))
        Watched.waits[0].callback(None)
        self.place.settle()
        noted = [(note.what, b"wait" in note.input) for note in Watched.notes if note is not None]
        self.assertEqual(noted, [("send", True)] * 2)
        self.assertIsNone(read(Watched.memory))

    def test_timer(self) -> None:
        """By the name of the timer."""
        self.say("later", {})
        self.place.advance(2)
        self.assert_noted(("timer", b"ring"))
