"""``version`` and ``migrate``: rooms that an older release stored, on every store."""

from __future__ import annotations

import types
from typing import Any, ClassVar, cast

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase, TestCase

from gameserver import Game, Player, message
from gameserver.clock import Clock
from gameserver.errors import CannotMigrate
from gameserver.game.function import game_from_module
from gameserver.game.spec import spec_of
from gameserver.interfaces import Commit, IStore
from gameserver.node.rooms import RoomRegistry
from gameserver.room import migration
from gameserver.room.inputs.arrivals import ResumeSeat
from gameserver.store.redis.store import RedisStore
from gameserver.store.sqlite.store import SQLiteStore
from tests.node.registries import FakeSession, Place
from tests.store.redis_server import RedisServer


class Old(Game):
    """The first release: one score, as text."""

    name = "scores"
    needs_start = False
    roles: ClassVar[dict[str, int]] = {"screen": 1}

    def on_create(self) -> None:
        self.state["scores"] = "1,2"
        self.secret["card"] = b"\0"
        self.role("screen").state["shown"] = 1

    def on_join(self, player: Player) -> None:
        player.state["hand"] = [1]
        self.group("red").add(player)
        self.group("red").state["flag"] = True


class New(Old):
    """The second release: scores are a list, and the rest has moved."""

    version = 2
    loaded: ClassVar[list[Any]] = []
    seen: ClassVar[list[Any]] = []

    def migrate(self, row: Any, from_version: int) -> None:
        """Rewrite all."""
        self.seen.append((from_version, row))
        row["state"] = {"scores": [int(score) for score in row["state"]["scores"].split(",")]}
        row["secret"]["deck"] = [row["secret"].pop("card")]
        for seat in row["seats"].values():
            seat["cards"] = seat.pop("hand")
        row["groups"]["red"]["flags"] = 1
        del row["roles"]["screen"]["shown"]

    def on_load(self) -> None:
        """It sees the new shape."""
        self.loaded.append(dict(self.state))

    @message
    def add(self, player: Player) -> list[int]:
        """Add a score."""
        self.state["scores"].append(3)
        return list(self.state["scores"])


class NewFields(New):
    """The same, stored by its keys from now on."""

    storage = "fields"


class Broken(New):
    """A release whose way fails."""

    def migrate(self, row: Any, from_version: int) -> None:
        """Fail half way."""
        row["state"].clear()
        raise ZeroDivisionError("as asked")


class Without(Old):
    """A release that forgot its way."""

    version = 2


class Other(Game):
    """Another game on the same store."""

    name = "other"
    needs_start = False


EXPECTED: dict[str, Any] = {
    "room": {"scores": [1, 2]},
    "secret": {"deck": [b"\0"]},
    "seat:1": {"cards": [1]},
    "group:red": {"flag": True, "flags": 1},
}


class MigrationTests(SynchronousTestCase):
    """What a registry does with rooms of other versions."""

    def setUp(self) -> None:
        """The old release stores one room, with one player, and one of another game."""
        New.seen.clear()
        New.loaded.clear()
        self.place = Place(Old, Other)
        self.ann = FakeSession("ann")
        self.runner = self.place.create(self.ann)
        self.code, self.room_id = self.runner.room.code, self.runner.room.id
        self.place.game = "other"
        self.other = self.place.create().room.code
        self.place.settle()

    def release(self, *games: type[Game]) -> None:
        """The process ends; the next release starts."""
        self.place.kill()
        self.place.specs = {spec_of(game).name: spec_of(game) for game in games}
        self.place.start()
        self.place.settle()

    def parts(self) -> dict[str, bytes]:
        """:returns: what the store has of the room."""
        return dict(self.place.store._rooms[self.room_id].parts)

    def documents(self) -> dict[str, Any]:
        """:returns: the documents of the room, those that are not empty."""
        docs = self.place.registry.find(self.code).room.docs
        return {name: document.plain() for name, document in docs.items() if document.root}

    def test_row_given_as_the_page_says(self) -> None:
        """``migrate`` gets all documents, as plain JSON, and the version that stored them."""
        New.migrate, migrate = lambda self, row, v: New.seen.append((v, row)), New.migrate  # type: ignore[method-assign,assignment]
        self.addCleanup(setattr, New, "migrate", migrate)
        self.release(New, Other)
        row = {
            "state": {"scores": "1,2"},
            "secret": {"card": b"\0"},
            "seats": {"1": {"hand": [1]}},
            "groups": {"red": {"flag": True}},
            "roles": {"player": {}, "screen": {"shown": 1}},
            "timers": [],
            "questions": {},
            "phase": None,
            "options": {},
        }
        self.assertEqual(New.seen, [(1, row)])
        self.assertIs(type(New.seen[0][1]["state"]), dict)

    def test_room_goes_on(self) -> None:
        """An old room has the new shape before ``on_load``, and goes on under the same code with the same seats."""
        self.release(New, Other)
        self.assertEqual(self.documents(), EXPECTED)
        self.assertEqual(New.loaded, [{"scores": [1, 2]}])
        ann = self.place.join(self.place.registry.find(self.code), FakeSession("ann"))
        self.assertEqual(self.place.send(ann, "add")["data"], [1, 2, 3])
        self.assertEqual(self.place.registry.find(self.code).room.seats["1"].user_id, "ann")

    def test_called_once(self) -> None:
        """What was migrated is stored, and the next start finds it so."""
        self.release(New, Other)
        self.release(New, Other)
        self.assertEqual(len(New.seen), 1)
        self.assertEqual(self.documents(), EXPECTED)

    def test_with_fields(self) -> None:
        """Version and form of storage may change with one release."""
        self.release(NewFields, Other)
        self.release(NewFields, Other)
        self.assertEqual((len(New.seen), self.documents()), (1, EXPECTED))
        self.assertEqual([part for part in self.parts() if part.startswith("field/room")], ["field/room/scores"])

    def test_fields_left_over_are_deleted(self) -> None:
        """Keys that the new release has no more leave no part behind."""
        self.release(type("OldFields", (Old,), {"storage": "fields", "name": "scores"}), Other)
        self.assertIn("field/secret/card", self.parts())
        self.release(NewFields, Other)
        self.assertIn("field/secret/deck", self.parts())
        self.assertNotIn("field/secret/card", self.parts())
        self.release(NewFields, Other)
        self.assertEqual(self.documents(), EXPECTED)

    def test_returned_row_taken(self) -> None:
        """``migrate`` may return another row, and may be a static method."""

        def migrate(row: Any, from_version: int) -> Any:
            return {**row, "state": {"from": from_version}}

        self.release(type("Returning", (New,), {"name": "scores", "migrate": staticmethod(migrate)}), Other)
        self.assertEqual(self.documents()["room"], {"from": 1})

    def test_nobody_resumes_over_it(self) -> None:
        """A client that saw everything before gets its documents anew: no patch tells what was migrated."""
        seat = self.runner.room.seats["1"]
        seen = self.runner.room.publisher.streams.seen(seat._kept.entered)
        secret = self.runner.room.secret_of(seat)
        self.release(New, Other)
        again = FakeSession("ann")
        runner = self.place.registry.find(self.code)
        self.place.get(runner.post(ResumeSeat(again.requester(), secret, {"epoch": None, **seen})))
        (joined,) = again.of("joined")
        self.assertIs(joined["recovered"], False)
        self.assertEqual(joined["docs"]["room"], {"scores": [1, 2]})

    def assertLogged(self, events: list[Any], reason: str) -> None:
        """One line says why; a traceback is with it only if ``migrate`` raised something."""
        (event,) = [event for event in events if "is kept aside" in (event["log_format"] or "")]
        self.assertIn(reason, formatEvent(event))
        self.assertEqual("log_failure" in event, "migrate failed" in reason)
        self.flushLoggedErrors(CannotMigrate)

    def assertUntouched(self, game: type[Game], reason: str) -> None:
        """The room stays closed and as it was, the log says why, and the other room lives."""
        before = self.parts()
        with capturedLogs() as events:
            self.release(game, Other)
        self.assertEqual(self.parts(), before)
        self.assertIsNone(self.place.registry.get(self.code))
        self.assertIsNotNone(self.place.registry.get(self.other))
        self.assertLogged(events, reason)
        self.release(New, Other)
        self.assertEqual(self.documents(), EXPECTED)

    def test_failure_leaves_row(self) -> None:
        """A release that fails at it can be followed by one that does not: nothing was lost."""
        self.assertUntouched(Broken, "migrate failed: ZeroDivisionError: as asked")

    def test_no_migrate_leaves_row(self) -> None:
        """So does one that has no ``migrate``."""
        self.assertUntouched(Without, "has no migrate(row, from_version)")

    def test_newer_version_leaves_row(self) -> None:
        """An older release does not open what a newer one stored."""
        self.release(New, Other)
        before = self.parts()
        with capturedLogs() as events:
            self.release(Old, Other)
        self.assertIsNone(self.place.registry.get(self.code))
        self.assertEqual(self.parts(), before)
        self.assertLogged(events, "version 2 of the game stored it, and this is version 1")
        self.release(New, Other)
        self.assertEqual(self.documents(), EXPECTED)

    def test_misshapen_rows_refused(self) -> None:
        """What ``migrate`` leaves must be documents of this room."""
        row: dict[str, Any] = {"state": {}, "secret": {}, "seats": {}, "groups": {}, "roles": {}}
        wrong: list[Any] = [
            5,
            {},
            {**row, "more": {}},
            {**row, "state": []},
            {**row, "seats": []},
            {**row, "seats": {"1": 5}},
            {**row, "seats": {"99": {}}},
            {**row, "state": {"a": {1, 2}}},
            {**row, "state": {5: 1}},
        ]
        for left in wrong:
            with self.assertRaises(CannotMigrate):
                migration.from_row(left, {"room", "secret", "seat:1"})
        self.assertEqual(migration.from_row({**row, "seats": {"1": {}}}, {"seat:1"})["seat:1"], {})

    def test_function_style(self) -> None:
        """A module may have the same function beside its handler."""
        module = types.ModuleType("functional")
        exec(
            "version = 2\n"
            "def payload_handler(group_add, socket_self_send, socket_group_send, payload): pass\n"
            "def migrate(row, from_version): row['secret'] = {'from': from_version}\n",
            module.__dict__,
        )
        game = game_from_module(module)
        place = Place(type("functional", (game,), {"version": 1, "_gs_function_style": True}))
        code = place.create().room.code
        place.kill()
        place.specs = {"functional": spec_of(game)}
        place.start()
        self.assertEqual(place.registry.find(code).room.doc("secret").plain(), {"from": 1})


class StoredMigrationTests(TestCase):
    """The same with rooms that a previous release left in real stores."""

    async def registry(self, store: IStore, game: type[Game]) -> RoomRegistry:
        """Start a server's rooms."""
        registry = RoomRegistry({"scores": spec_of(game)}, store, Clock(reactor, reactor.seconds), bytes, beats=False)  # type: ignore[attr-defined]
        await registry.start()
        self.addCleanup(self.stop, registry)
        return registry

    async def stop(self, registry: RoomRegistry) -> None:
        """Stop the rooms, unless that was done."""
        if not registry.draining:
            await registry.stop()

    async def assertRestored(self, first: IStore, second: IStore) -> None:
        """What the first process of the old release stored, the second of the new one restores."""
        place = Place(Old)
        place.create(FakeSession("ann"))
        place.settle()
        (room,) = place.store._rooms
        stored = place.store._rooms[room]
        await first.start()
        made = Commit(room=room, code=stored.code, game="scores", fence=1, version=1, puts=stored.parts)
        await first.commit([made], now_ms=stored.at_ms)
        await first.stop()
        registry = await self.registry(second, New)
        docs = registry.find(stored.code).room.docs
        self.assertEqual({name: doc.plain() for name, doc in docs.items() if doc.root}, EXPECTED)
        await registry.stop()

    async def test_sqlite(self) -> None:
        """From a file."""
        path = self.mktemp()
        one, two = (SQLiteStore(path, reactor=cast(IReactorFromThreads, reactor)) for _ in range(2))
        await self.assertRestored(one, two)

    async def test_redis(self) -> None:
        """From a Redis of the test's own."""
        server = RedisServer()
        self.addCleanup(server.remove)
        server.start()
        one, two = (RedisStore(f"redis://127.0.0.1:{server.port}/1", reactor=reactor) for _ in range(2))
        await self.assertRestored(one, two)
