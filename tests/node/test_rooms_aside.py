"""Rooms of one release under the next: what cannot be run is kept aside, and comes back."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.errors import CannotOpen, Refused
from gameserver.game.spec import spec_of
from gameserver.room.inputs.arrivals import ResumeSeat
from tests.node.registries import FakeSession, Place


class Counter(Game):
    """Counts."""

    name = "counter"
    needs_start = False

    @message
    def count(self, player: Player) -> int:
        """One more."""
        self.state["n"] = self.state.get("n", 0) + 1
        return int(self.state["n"])


class Later(Counter):
    """A release that has no way from the one before."""

    version = 2


class Mended(Counter):
    """A release that has one."""

    version = 3

    def migrate(self, row: object, from_version: int) -> None:
        """Nothing is to be done."""


class Other(Game):
    """Another game."""

    name = "other"


def release(place: Place, *games: type[Game]) -> None:
    """The next start serves these."""
    place.specs = {spec_of(game).name: spec_of(game) for game in games}
    place.away(1)


class Asides(SynchronousTestCase):
    """A room with one player, and releases of its game."""

    def begin(self, game: type[Game] = Counter) -> None:
        """The first release."""
        self.place = Place(game)
        self.ann = FakeSession("ann")
        self.runner = self.place.create(self.ann)
        self.code = self.runner.room.code
        self.place.settle()
        self.secret = self.ann.of("joined")[0]["seat"]["resume"]

    def resume(self) -> FakeSession:
        """Ann comes back to her seat."""
        back = FakeSession("ann")
        self.place.get(self.place.registry.find(self.code).post(ResumeSeat(back.requester(), self.secret, None)))
        return back

    def assert_aside(self, reason: str) -> None:
        """Asked for, the room is being mended; and nothing of it changed in the store."""
        refused = self.assertRaises(Refused, self.place.registry.find, self.code)
        self.assertEqual("quarantined", refused.code)
        (room,) = self.place.registry.aside
        self.assertEqual(self.code, room.code)
        self.assertIn(reason, room.why)

    def parts(self) -> dict[str, bytes]:
        """What the store has of the room."""
        (stored,) = self.place.get(self.place.store.open_rooms(self.place.get(self.place.store.room_ids())))
        return dict(stored.parts)


class CodesTests(Asides):
    """What is answered for a room that is kept aside."""

    def test_room_without_a_way_is_quarantined_until_there_is_one(self) -> None:
        """Its code is no unknown one, and the seat is there again with the release that has a way."""
        self.begin()
        self.place.send(self.ann, "count")
        before = self.parts()
        release(self.place, Later)
        self.assert_aside("no migrate")
        self.assertEqual(1, len(self.flushLoggedErrors(CannotOpen)))
        self.assertEqual(before, self.parts())
        release(self.place, Mended)
        self.assertEqual(2, self.place.send(self.resume(), "count")["data"])
        self.assertEqual(0, len(self.place.registry.aside))

    def test_room_of_a_game_that_is_not_served_is_quarantined(self) -> None:
        """The game's file has a mistake: room and game are being mended, and what nobody knows is not found."""
        self.begin()
        release(self.place, Other)
        self.assert_aside("no game counter is served")
        self.assertEqual("quarantined", self.assertRaises(Refused, self.place.registry.spec, "counter").code)
        self.assertEqual("not_found", self.assertRaises(Refused, self.place.registry.spec, "chess").code)
        self.assertEqual("not_found", self.assertRaises(Refused, self.place.registry.find, "ZZZZ").code)
        release(self.place, Counter)
        self.assertEqual(1, self.place.send(self.resume(), "count")["data"])

    def test_code_is_found_as_people_type_it(self) -> None:
        """In lower case, too."""
        self.begin()
        release(self.place, Other)
        refused = self.assertRaises(Refused, self.place.registry.find, f" {self.code.lower()}")
        self.assertEqual("quarantined", refused.code)

    def test_many_rooms_are_one_line_each_and_one_traceback_a_game(self) -> None:
        """Three hundred tracebacks say no more than one."""

        class Failing(Mended):
            """Its way fails."""

            def migrate(self, row: object, from_version: int) -> None:
                """Fail."""
                raise KeyError("gone")

        self.begin()
        for _ in range(4):
            self.place.create()
        self.place.settle()
        release(self.place, Failing)
        self.assertEqual(5, len(self.place.registry.aside))
        self.assertEqual(1, len(self.flushLoggedErrors(CannotOpen)))
