"""How much a room may keep, and all rooms of a game together."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, question, timer
from gameserver.node.rooms import RoomRegistry
from gameserver.room.quota import ROOM_BYTES
from gameserver.room.tables import UNSURE_BYTES
from tests.node.registries import FakeSession, Place


class Attic(Game):
    """Keeps things in every way that there is."""

    name = "attic"
    needs_start = False
    max_row_bytes = 5000
    idle_close_s = None
    messages_per_s = 1000
    durability: ClassVar[Any] = "commit"

    @message
    def state_(self, player: Player, size: int, key: str = "a") -> None:
        """In a document."""
        self.state[key] = "x" * size

    @message
    def arm(self, player: Player, size: int) -> None:
        """With a timer."""
        self.after(60, self.due, data="x" * size)

    @timer
    def due(self, data: str) -> None:
        """Do nothing."""

    @message
    def end(self, player: Player, size: int) -> None:
        """In the result."""
        self.over(data="x" * size)

    @question(revise=True)
    def ask(self, player: Player, size: int) -> str:
        """With an answer."""
        return "x" * size

    @ask.done
    def told(self, answers: dict[Player, Any]) -> None:
        """Do nothing."""

    @message
    def begin(self, player: Player) -> None:
        """Ask all."""
        self.ask.ask(60, of=self.players)

    @message
    def put(self, player: Player, size: int, key: str = "a") -> None:
        """In a table."""
        self.table("things").put(key, "x" * size)

    @message
    def leave_all(self, player: Player) -> None:
        """Close the room."""
        self.close()


class Bounded(Place):
    """Rooms of a game may keep 50,000 bytes together."""

    def start(self) -> None:
        """Start with that bound."""
        self.registry = RoomRegistry(
            self.specs, self.store, self.clock, self.entropy.randbytes, beats=self.beats, game_bytes=50_000
        )
        self.get(Deferred.fromCoroutine(self.registry.start()))


class RowTests(SynchronousTestCase):
    """``max_row_bytes`` of one room."""

    def setUp(self) -> None:
        """One room of two players."""
        self.place = Place(Attic)
        self.ann, self.bob = FakeSession("ann"), FakeSession("bob")
        self.runner = self.place.create(self.ann)
        self.place.join(self.runner, self.bob)

    def refused(self, type: str, **data: Any) -> None:
        """A message would take the room over its bound: it leaves no trace, and the room lives."""
        answer = self.place.send(self.ann, type, **data)
        self.assertEqual((answer["op"], answer["code"]), ("error", "too_large"))
        self.assertEqual(answer["message"], "A room keeps at most 5000 bytes.")
        self.assertEqual(self.place.send(self.ann, "state_", size=10)["op"], "ok")

    def test_document(self) -> None:
        """What is in documents counts."""
        self.refused("state_", size=5000)
        self.assertEqual(self.place.send(self.ann, "state_", size=4900)["op"], "ok")

    def test_timer(self) -> None:
        """What timers carry counts, as long as they are armed."""
        self.refused("arm", size=5000)
        self.assertEqual(self.runner.room.timers.armed, {})
        self.assertEqual(self.place.send(self.ann, "arm", size=3000)["op"], "ok")
        self.refused("state_", size=3000)
        self.place.advance(61)
        self.assertEqual(self.place.send(self.ann, "state_", size=3000)["op"], "ok")

    def test_result(self) -> None:
        """The result counts."""
        self.refused("end", size=5000)
        self.assertEqual(self.runner.room.state.status, "playing")

    def test_answers(self) -> None:
        """What players answered counts."""
        self.place.send(self.ann, "begin")
        self.assertEqual(self.place.send(self.bob, "state_", size=2000)["op"], "ok")
        answer = self.place.send(self.ann, "ask", size=4000)
        self.assertEqual(answer["code"], "too_large")
        self.assertEqual(self.place.send(self.ann, "ask", size=1000)["op"], "ok")


class GameTests(SynchronousTestCase):
    """All rooms of one game together."""

    def setUp(self) -> None:
        """A bound that ten rooms with 5,000 bytes each reach."""
        self.place = Bounded(Attic)
        self.sessions: list[FakeSession] = []

    def create(self) -> FakeSession:
        """Make a room, with one player."""
        self.sessions.append(FakeSession(f"user{len(self.sessions)}"))
        self.place.create(self.sessions[-1])
        return self.sessions[-1]

    def used(self) -> int:
        """:returns: what is counted of the game."""
        return self.place.registry._spaces["attic"].used_bytes

    def fill(self) -> None:
        """Make rooms, and let them grow until there is space for none."""
        while not self.place.registry._spaces["attic"].full:
            self.place.send(self.create(), "state_", size=4900)

    def test_growth_refused(self) -> None:
        """A step that would take the game over its bound is refused; what takes no more goes on."""
        first = self.create()
        self.place.send(first, "put", size=42_000)
        second = self.create()
        answer = self.place.send(second, "state_", size=4900)
        self.assertEqual(answer["code"], "too_large")
        self.assertEqual(answer["message"], "The rooms of this game take all the space that they may have here.")
        self.assertEqual(self.place.send(second, "state_", size=1000)["op"], "ok")
        self.assertEqual(self.place.send(second, "put", size=4000)["code"], "too_large")
        self.assertEqual(self.place.send(second, "state_", size=10)["op"], "ok")

    def test_creation_refused(self) -> None:
        """Where there is no space, no room is made; there is again once one has closed."""
        self.fill()
        with self.assertRaises(Refused) as caught:
            self.create()
        self.assertEqual(caught.exception.code, "busy")
        self.assertIn("all the space", caught.exception.text)
        self.place.send(self.sessions[0], "leave_all")
        self.create()

    def test_all_given_back(self) -> None:
        """Rooms that are gone take nothing, and neither do those that never came to be."""
        self.fill()
        self.patch(Attic, "on_create", lambda game: game.close())
        for session in self.sessions[: len(self.sessions) - 1]:
            if session.code:
                self.place.send(session, "leave_all")
        with self.assertRaises(Refused):
            self.create()
        self.place.send(self.sessions[-2], "leave_all")
        left = sum(1 for _ in self.place.registry.runners)
        self.assertEqual(left, 0)
        self.assertEqual(self.used(), 0)

    def test_counted_after_restart(self) -> None:
        """Rooms that were stored before count, with their tables, and are opened even if they are too many."""
        for _ in range(2):
            self.place.send(self.create(), "put", size=20_000)
        before = self.used()
        self.place.away(1)
        self.assertAlmostEqual(self.used(), before, delta=100)
        self.patch(Bounded, "start", Place.start)
        self.place.away(1)
        self.assertEqual(sum(1 for _ in self.place.registry.runners), 2)

    def test_empty_room_counts(self) -> None:
        """A room counts even where its game keeps nothing."""
        self.create()
        self.assertGreaterEqual(self.used(), ROOM_BYTES)

    def test_overwritten_entries_count_once(self) -> None:
        """Entries that are written again and again do not use the game's space up."""
        self.patch(Attic, "max_row_bytes", 1 << 20)
        self.place = Place(Attic)
        ann = self.create()
        for _ in range(3 * UNSURE_BYTES // 60_000):
            self.assertEqual(self.place.send(ann, "put", size=60_000)["op"], "ok")
        self.assertLess(self.place.registry.find(ann.code).room.tables.most_bytes, 2 * UNSURE_BYTES)
