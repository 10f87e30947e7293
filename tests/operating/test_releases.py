"""Games that are loaded again once they are mended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gameserver.errors import CannotOpen, Refused
from gameserver.game import loader
from gameserver.game.spec import Spec, spec_of
from gameserver.operating.releases import LOOK_S, Releases
from tests.node.registries import FakeSession
from tests.node.test_rooms_aside import Asides, release

GAME = """
from gameserver import Game, Player, message
class Clicks(Game):
    name = "clicks"
    needs_start = False
    {more}
    @message
    def count(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        return self.state["n"]
"""


class ReleasesTests(Asides):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir(parents=True)
        self.file = self.folder / "clicks.py"
        self.written = 0
        self.served: list[str] = []
        self.write("")
        self.begin(self.load())
        self.place.send(self.ann, "count")

    def write(self, more: str) -> None:
        """The next release of the file; each is written later than the one before."""
        self.file.write_text(GAME.format(more=more))
        self.written += 1
        os.utime(self.file, (self.written, self.written))

    def load(self) -> Any:
        """The class that is in the file."""
        return loader.load([str(self.file)], sample_games=False, entry_points=False).games["clicks"]

    def watch(self) -> None:
        """As a server does from its start on."""

        def served(spec: Spec, place: str) -> None:
            self.served.append(place)

        watch = Releases([str(self.folder)], self.place.registry, self.place.clock, None, served)
        watch.startService()
        self.addCleanup(watch.stopService)

    def test_mended_game_is_loaded_and_its_rooms_are_back(self) -> None:
        """Also where what is there first is no better; those who serve pages hear of it."""
        self.write("version = 2")
        release(self.place, self.load())
        self.flushLoggedErrors(CannotOpen)
        self.assert_aside("no migrate")
        self.watch()
        self.write("oops(")
        self.place.advance(LOOK_S)
        self.assert_aside("no migrate")
        self.assertEqual([], self.served)
        self.write("version = 2\n    def migrate(self, row, from_version): row['state']['n'] += 10")
        self.place.advance(LOOK_S)
        self.assertEqual(12, self.place.send(self.resume(), "count")["data"])
        self.assertEqual([str(self.file)], self.served)

    def test_game_that_is_played_stays_until_the_next_start(self) -> None:
        """One process has one release of it, though some of its rooms are aside."""
        self.write("version = 2")
        release(self.place, self.load())
        self.flushLoggedErrors(CannotOpen)
        self.watch()
        bob = FakeSession("bob")
        played = self.place.create(bob)
        self.write("version = 2\n    def migrate(self, row, from_version): pass")
        self.place.advance(LOOK_S)
        self.assert_aside("no migrate")
        self.assertIs(self.place.registry.spec("clicks"), played.room.spec)
        self.assertEqual(1, self.place.send(bob, "count")["data"])

    def test_game_of_no_file_is_served_once_it_is_there(self) -> None:
        """As one whose file was moved away."""
        release(self.place)
        self.assertRaises(Refused, self.place.registry.find, self.code)
        self.file.unlink()
        self.watch()
        self.place.advance(LOOK_S)
        self.write("")
        self.place.advance(LOOK_S)
        self.assertEqual(2, self.place.send(self.resume(), "count")["data"])

    def test_no_file_is_looked_at_where_no_room_is_aside(self) -> None:
        """What changed is taken at the next start, as ever."""
        self.watch()
        before = self.place.registry.spec("clicks")
        self.write("version = 2")
        self.place.advance(LOOK_S * 3)
        self.assertIs(before, self.place.registry.spec("clicks"))
        self.assertEqual(spec_of(before.cls), before)
