"""What an operator does about rooms that are kept aside."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from gameserver.errors import CannotOpen, Refused
from gameserver.game.spec import spec_of
from gameserver.node.archive import ArchivedRoom
from gameserver.node.mending import Mending
from gameserver.node.sanctions import Sanction
from gameserver.store.memory.store import MemoryStore
from tests.node.registries import FakeSession
from tests.node.test_rooms_aside import Asides, Counter, Later, Mended, Other, release
from tests.store.shared import Shared, SharedStore


class Tally(Counter):
    """The same game under another name."""

    name = "tally"


class MendingTests(Asides):
    def setUp(self) -> None:
        self.begin()
        self.place.send(self.ann, "count")

    @property
    def mending(self) -> Mending:
        """Of the process that runs now."""
        return self.place.registry.mending

    def ask(self, coroutine: Any) -> Any:
        """What it comes to."""
        return self.place.get(Deferred.fromCoroutine(coroutine))

    def aside(self) -> None:
        """A release that cannot run the room."""
        release(self.place, Later)
        self.flushLoggedErrors(CannotOpen)

    def test_show_has_all_but_what_proves_who_somebody_is(self) -> None:
        """Why it is aside, and its parts; the key of its seats is not among them."""
        self.aside()
        shown = self.ask(self.mending.show(self.code))
        self.assertEqual((shown["code"], shown["game"]), (self.code, "counter"))
        self.assertIn("no migrate(row, from_version)", shown["why"])
        self.assertEqual({"n": 1}, shown["parts"]["doc/room"])
        self.assertNotIn("key", shown["parts"]["room"])
        self.assertIn("seat/1", shown["parts"])

    def test_retry_says_why_not_and_brings_it_back_once_a_release_can(self) -> None:
        """No other start is needed; players go on where they were."""
        self.aside()
        self.assertIn("no migrate", self.ask(self.mending.retry(self.code)))
        self.flushLoggedErrors(CannotOpen)
        self.place.registry.serve(spec_of(Mended))
        self.assertIsNone(self.ask(self.mending.retry(self.code)))
        self.assertEqual(2, self.place.send(self.resume(), "count")["data"])
        self.assertEqual([], list(self.place.registry.aside))

    def test_drop_deletes_for_good(self) -> None:
        """It is in the store no longer; its code is nobody's for a day."""
        self.aside()
        self.ask(self.mending.drop(self.code))
        self.assertEqual([], self.place.get(self.place.store.room_ids()))
        refused = self.assertRaises(Refused, self.place.registry.find, self.code)
        self.assertEqual("not_found", refused.code)
        now_ms = round(self.place.clock.now() * 1000)
        self.assertFalse(self.place.get(self.place.store.claim_code(self.code, "other", now_ms=now_ms)))

    def test_room_that_runs_is_left_alone(self) -> None:
        """Nothing of this is for it."""
        for asked in (self.mending.show, self.mending.retry, self.mending.drop, self.mending.export):
            with self.assertRaises(Refused) as caught:
                self.ask(asked(self.code))
            self.assertEqual("not_found", caught.exception.code)
        self.assertEqual(2, self.place.send(self.ann, "count")["data"])

    def test_export_has_the_room_as_it_is_stored(self) -> None:
        """Every part of it; and it stays where it is."""
        self.aside()
        record = self.ask(self.mending.export(self.code))
        self.assertIsInstance(record, ArchivedRoom)
        self.assertEqual(self.parts(), record.parts)

    def test_renamed_game_has_its_rooms_and_sanctions_back(self) -> None:
        """Who was banned from it still is; and the name that is served still is no other's."""
        self.place.registry.watch.sanction(Sanction(id="", act="ban", user="guest:x", game="counter"))
        release(self.place, Tally, Other)
        with self.assertRaises(Refused):
            self.ask(self.mending.rename_game("counter", "nothing"))
        with self.assertRaises(Refused):
            self.ask(self.mending.rename_game("other", "tally"))
        self.assertEqual(1, self.ask(self.mending.rename_game("counter", "tally")))
        self.assertEqual(2, self.place.send(self.resume(), "count")["data"])
        release(self.place, Tally)
        self.assertEqual(3, self.place.send(self.resume(), "count")["data"])
        watch, now = self.place.registry.watch, self.place.clock.now()
        self.assertEqual("", watch.ban_of("guest:x", "", "tally", now))
        self.assertIsNone(watch.ban_of("guest:x", "", "counter", now))

    def test_look_finds_them_where_no_room_is_run(self) -> None:
        """As a command does beside a server that is stopped; nothing is written."""
        before = self.parts()
        self.place.kill()
        self.place.get(self.place.store.start())
        self.place.registry.serve(spec_of(Later))
        self.assertEqual({"counter": 1}, self.ask(self.mending.look()))
        (room,) = self.place.registry.aside
        self.assertIn("no migrate", room.why)
        self.place.registry.serve(spec_of(Mended))
        self.ask(self.mending.look_again([room.id]))
        self.assertEqual([], list(self.place.registry.aside))
        self.assertEqual(before, self.parts())

    def test_many_rooms_are_a_line_each_and_a_traceback_a_release(self) -> None:
        """The log stays readable; what fails in the next try is shown, too."""
        for n in range(30):
            self.place.create(FakeSession(f"user{n}"))
        self.place.settle()
        lines: list[dict[str, Any]] = []

        def hear(event: dict[str, Any]) -> None:
            if "is kept aside" in (event.get("log_format") or ""):
                lines.append(event)

        globalLogPublisher.addObserver(hear)
        self.addCleanup(globalLogPublisher.removeObserver, hear)
        self.aside()
        self.assertEqual((31, 0), (len(lines), sum("log_failure" in line for line in lines)))

        class Failing(Counter):
            """Its way fails."""

            version = 4

            def migrate(self, row: object, from_version: int) -> None:
                """Fail."""
                raise KeyError("gone")

        self.place.registry.serve(spec_of(Failing))
        self.ask(self.mending.retry_game("counter"))
        self.assertEqual(1, len(self.flushLoggedErrors(CannotOpen)))
        self.assertEqual((62, 1), (len(lines), sum("log_failure" in line for line in lines)))

    def test_rooms_of_a_release_that_came_meanwhile_are_its_own(self) -> None:
        """New rooms are of it, too."""
        self.aside()
        self.place.registry.serve(spec_of(Mended))
        self.ask(self.mending.retry_game("counter"))
        bob = FakeSession("bob")
        self.assertIs(Mended, self.place.create(bob).room.game_class)


class SharedMendingTests(MendingTests):
    """The same where nodes share the store: a room that is aside is nobody's until one takes it."""

    def make_store(self) -> MemoryStore:
        """Of one node; the other nodes see the same."""
        self.shared = Shared(lambda: self.place.time.seconds())
        self.place: Any = SimpleNamespace(time=Clock())  # until there is one
        return SharedStore(self.shared, "one")

    def test_room_that_is_looked_at_is_nobodys_afterwards(self) -> None:
        """Another node may take it."""
        self.aside()
        for asked in (self.mending.show, self.mending.export, self.mending.retry):
            self.ask(asked(self.code))
            self.place.settle()
            self.assertEqual({}, {room: node for room, node in self.shared.owners.items() if node})
        self.flushLoggedErrors(CannotOpen)
