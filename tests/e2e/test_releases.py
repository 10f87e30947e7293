"""
Rooms of one release, opened by the next, and mended by a third: for each kind of change nothing is lost.

Each start is killed some times while rooms are being opened. Players have their pages open all the time.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import msgspec

from gameserver.client import Room
from gameserver.node.archive import ArchivedRoom
from gameserver.operating.archive_file import ArchiveReader
from gameserver.store import keys
from tests.e2e.kit import Server, until, within
from tests.e2e.release_kinds import KINDS, Kind
from tests.e2e.test_operating import OperatingCase

KILLS: Final = 4
"""At each change of release."""
LOADING: Final = "LOADING"
"""What a game says when one of its rooms is opened."""
MOST_LOADED: Final = sum(not kind.aside for kind in KINDS) - 1
"""So many rooms are open at most when a start is killed."""


class ReleasesCase(OperatingCase):
    timeout = 300

    async def change(self, server: Server, which: str) -> None:
        """The next release is put there, and started; killed while it opens rooms, and started again."""
        await server.kill()
        for kind in KINDS:
            self.games(**{kind.name: getattr(kind, which)})
        for _ in range(KILLS):
            loaded = server.output.count(LOADING) + self.random.randint(1, MOST_LOADED)
            server.spawn()
            await until(lambda at=loaded: server.output.count(LOADING) >= at, "some rooms are open")
            await server.kill()
        await server.start()

    async def stored(self, server: Server, store: str, name: str) -> dict[str, ArchivedRoom]:
        """All rooms as they are in the store of a server that is stopped, by code."""
        await self.command(server, "export", name, store=store)
        rooms = ArchiveReader(self.folder / name).records()
        return {room.code: room for room in rooms if isinstance(room, ArchivedRoom)}

    async def go_through(self, store: str = "") -> None:
        """All kinds at once, in one server."""
        self.random = Random(16)
        environ = {"GAMESERVER_LIMITS_ROOMS": "50"}
        if store:
            environ |= {"GAMESERVER_STORE": store, "GAMESERVER_LEASE_S": "3"}
        server = self.server(games=self.games(**{kind.name: kind.first for kind in KINDS}), **environ)
        await server.start()
        ann, bob = await self.people(server, "Ann", "Bob")
        rooms: dict[str, Room] = {}
        for kind in KINDS:
            room = rooms[kind.name] = await within(ann.client.create(kind.name), f"a room of {kind.name}")
            role = "judge" if kind.judge else "player"
            await within(bob.client.join(room.code, role=role), f"a seat in {kind.name}")
            for n in (1, 2):
                self.assertEqual(n, await within(room.send("add"), kind.name))
            if kind.arms:
                await within(room.send("arm"), kind.name)
        await server.stop()
        before = await self.stored(server, store, "before.jsonl")
        await server.start()
        await self.change(server, "next")
        listed = await self.command(server, "rooms", "--aside", store=store)
        aside = {kind.name for kind in KINDS if rooms[kind.name].code in listed}
        self.assertEqual({kind.name for kind in KINDS if kind.aside}, aside, listed)
        await self.change(server, "mended")
        for kind in KINDS:
            self.assertEqual(3, await within(rooms[kind.name].send("add"), f"Ann is back in {kind.name}"), kind.name)
        await until(lambda: len(bob.client.rooms) == len(KINDS), "Bob is back everywhere")
        self.assertEqual("No rooms are kept aside.\n", await self.command(server, "rooms", "--aside", store=store))
        await within(ann.client.close(), "Ann goes")
        await within(bob.client.close(), "Bob goes")
        await server.stop()
        after = await self.stored(server, store, "after.jsonl")
        for kind in KINDS:
            code = rooms[kind.name].code
            self.check(kind, before[code], after[code])

    def check(self, kind: Kind, before: ArchivedRoom, after: ArchivedRoom) -> None:
        """Documents, seats, timers and questions are those that there were; each was migrated once."""
        first, last = held(before), held(after)
        self.assertEqual(first["seats"], last["seats"], kind.name)
        self.assertEqual(first["timers"], last["timers"], kind.name)
        self.assertEqual(first["questions"], last["questions"], kind.name)
        self.assertEqual(first["phase"], last["phase"], kind.name)
        self.assertEqual({"n": 3}, {k: v for k, v in last["state"].items() if k != "migrated"}, kind.name)
        migrated = 1 if "def migrate" in kind.mended else None
        self.assertEqual(migrated, last["state"].get("migrated"), kind.name)


def held(room: ArchivedRoom) -> dict[str, Any]:
    """:returns: what a room holds, without the names that a release may change."""
    parts = {name: msgspec.json.decode(part) for name, part in room.parts.items() if keys.split(name)[0] != keys.LOG}
    fields = {name.rpartition("/")[2]: part[1] for name, part in parts.items() if name.startswith("field/room/")}
    timers = [part["armed"] for name, part in parts.items() if name.startswith("timer/") and part.get("armed")]
    return {
        "seats": {name: part["user_id"] for name, part in parts.items() if name.startswith("seat/")},
        "state": parts.get("doc/room") or fields,
        "timers": sorted((timer["kind"], str(timer["seat"]), bool(timer.get("every"))) for timer in timers),
        "questions": len(parts["room"].get("questions") or ()),
        "phase": parts["room"].get("phase"),
    }


class SQLiteReleasesTests(ReleasesCase):
    async def test_nothing_is_lost(self) -> None:
        """Whatever a release changes."""
        await self.go_through()


class RedisReleasesTests(ReleasesCase):
    async def test_nothing_is_lost(self) -> None:
        """Whatever a release changes."""
        await self.go_through(f"redis://127.0.0.1:{self.redis().port}")
