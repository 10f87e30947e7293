"""
Real servers on one real Redis: who has a room, a server that is frozen past its lease, and a failover by Sentinel.

What a failover may lose is what Redis had acknowledged and not yet replicated; the server that has the rooms stores
them again, so that nothing that a client was told is missing afterwards.
"""

from __future__ import annotations

import re
import shutil
import signal
import time

from tests.e2e.kit import WAIT_S, Person, Server, ServerCase, sleep, together, until, within
from tests.store.redis_server import RedisServer

LEASE_S = 6
"""Short, so that the tests are; long enough that a slow machine renews in time."""

TALLY = '''
"""Keeps what was added, and tells everybody."""
from gameserver import Game, Player, message

class Tally(Game):
    """A ledger."""
    needs_start = False
    messages_per_s = 5000

    def on_create(self):
        self.state["ledger"] = []

    @message
    def add(self, player: Player, what: int) -> int:
        self.state["ledger"].append([player.name, what])
        self.send("added", [player.name, what])
        return len(self.state["ledger"])
'''


class NodesCase(ServerCase):
    """Servers on a Redis that the test starts."""

    def redis(self, *options: str) -> RedisServer:
        """Start one."""
        server = RedisServer(*options)
        self.addCleanup(server.remove)
        return server.start()

    def node(self, store: str, **settings: str) -> Server:
        """Prepare a server with a data folder of its own, and unless they are set a short lease and a quick stop."""
        brief = {"GAMESERVER_LEASE_S": str(LEASE_S), "GAMESERVER_STOP_DELAY_S": "0.5"}
        return self.server(games=self.games(tally=TALLY), GAMESERVER_STORE=store, **{**brief, **settings})

    async def pair(self, store: str, **settings: str) -> tuple[Server, Server]:
        """Start two servers that share a secret."""
        first, second = self.node(store, **settings), self.node(store, **settings)
        await first.start()
        second.data.mkdir(mode=0o700)
        shutil.copy2(first.data / "secret", second.data / "secret")
        await second.start()
        return first, second

    def rooms_in(self, redis: RedisServer) -> list[str]:
        """The keys of the rooms that a Redis has."""
        every: list[bytes] = redis.ask("KEYS", "gameserver:room:*")
        return [key.decode() for key in every]

    async def has_room(self, server: Server, code: str) -> bool:
        """Whether a server has the room."""
        return (await server.http("GET", f"/api/rooms/{code}")).status == 200

    async def until_has(self, server: Server, code: str) -> None:
        """Wait until it has."""
        end_s = time.monotonic() + WAIT_S
        while not await self.has_room(server, code):
            self.assertLess(time.monotonic(), end_s, "the room is not taken over")
            await sleep(0.1)


class TwoServersTests(NodesCase):
    """One room, two servers."""

    async def test_frozen_past_its_lease(self) -> None:
        """Another server goes on with its rooms; thawed, it writes nothing, and says nothing but that they moved."""
        redis = self.redis()
        first, second = await self.pair(f"redis://127.0.0.1:{redis.port}")
        ann = await self.person(first, "Ann")
        await ann.create("tally")
        code = ann.room.code
        self.assertEqual([await ann.send("add", what=n) for n in (1, 2)], [1, 2])
        self.assertFalse(await self.has_room(second, code))
        first.signal(signal.SIGSTOP)
        try:
            # On its way while the server stands still: it applies that, and may not store it.
            said = ann.room.send("add", what=3)
            await self.until_has(second, code)
            bob = await self.person(second, "Bob")
            await bob.join(code)
            self.assertEqual(bob.room.state["ledger"], [["Ann", 1], ["Ann", 2]])
            self.assertEqual(await bob.send("add", what=10), 3)
            told = len(ann.told.all())
        finally:
            first.signal(signal.SIGCONT)
        # Her client follows the room, and says there again what was not answered; it may have given up meanwhile.
        self.assertEqual(await within(said, "what was lost is said again"), 4)
        of_room = [message for message in ann.told.all()[told:] if message.get("room") == code]
        self.assertIn((of_room[0]["op"], of_room[0].get("reason")), [("left", "moved"), ("redirect", None)])
        self.assertFalse(await self.has_room(first, code))
        self.assertEqual(await bob.send("add", what=11), 5)
        self.assertEqual(bob.room.state["ledger"], [["Ann", 1], ["Ann", 2], ["Bob", 10], ["Ann", 3], ["Bob", 11]])

    async def test_killed_server_has_its_rooms_at_once(self) -> None:
        """A restarted server is the same node: it does not wait for its lease to end, and the other leaves it alone."""
        redis = self.redis()
        first, second = await self.pair(f"redis+unix://{redis.socket}", GAMESERVER_LEASE_S="120")
        ann = await self.person(first, "Ann")
        await ann.create("tally")
        await ann.send("add", what=1)
        await first.restart()
        self.assertTrue(await self.has_room(first, ann.room.code))
        self.assertEqual(await ann.send("add", what=2), 2)
        self.assertFalse(await self.has_room(second, ann.room.code))

    async def test_stopped_server_is_succeeded(self) -> None:
        """Who was told to stop leaves its rooms to the other."""
        redis = self.redis()
        first, second = await self.pair(f"redis+unix://{redis.socket}")
        ann = await self.person(first, "Ann")
        await ann.create("tally")
        await ann.send("add", what=1)
        await first.stop()
        await self.until_has(second, ann.room.code)
        named = re.search(r"this is node ([0-9a-f]{16}), without a node_name", second.output)
        assert named is not None, second.output
        self.assertIn(f"room {ann.room.code} is handed over to {named[1]}", first.output)

    async def test_other_secret_refused(self) -> None:
        """A second server that would not know the first one's users ends, and says what to do."""
        redis = self.redis()
        first, second = self.node(f"redis+unix://{redis.socket}"), self.node(f"redis+unix://{redis.socket}")
        await first.start()
        second.spawn()
        self.assertEqual(await second.ended(), 1)
        self.assertIn("Copy the file `secret` from the data folder", second.output)


class FailoverTests(NodesCase):
    """A master, its replica, and a Sentinel."""

    async def test_told_before_the_failover_is_there_after(self) -> None:
        """
        What the master acknowledged and had not replicated is lost to Redis; the server uploads its rooms again.

        The replica is cut off (it replicates nothing any more), steps are told, the master dies.
        """
        master = self.redis()
        replica = self.redis("--replicaof", "127.0.0.1", str(master.port))
        sentinel = RedisServer(sentinel_of=master.port)
        self.addCleanup(sentinel.remove)
        sentinel.start()
        await until(lambda: b"slaves=1" in sentinel.ask("INFO", "sentinel"), "Sentinel knows the replica")
        server = self.node(f"redis+sentinel://127.0.0.1:{sentinel.port}/main")
        await server.start()
        people = await self.people(server, "Ann", "Bob", "Cid")
        for person in people:
            await person.create("tally")
            await person.send("add", what=1)
        await until(lambda: len(self.rooms_in(replica)) == 3, "the replica has the rooms")
        before = {key: replica.ask("HGET", key, "version") for key in self.rooms_in(replica)}
        replica.signal(signal.SIGSTOP)
        # Told while the replica stands still: only the master has them.
        await together(*(self.add(person, 2, 3, 4) for person in people[:2]))
        dan = await self.person(server, "Dan")
        await dan.create("tally")
        await self.add(dan, 1, 2)
        master.kill()
        replica.signal(signal.SIGCONT)
        await until(lambda: self.is_master(replica), "the replica is the master", 60)
        await until(lambda: len(self.rooms_in(replica)) == 4, "the room made meanwhile is uploaded", 60)
        for person, count in ((people[0], 4), (people[1], 4), (people[2], 1), (dan, 2)):
            self.assertEqual(await person.send("add", what=9), count + 1)
        # That it was Redis that lost them, and the server that brought them back, shows in the versions.
        self.assertTrue(all(int(replica.ask("HGET", key, "version")) > int(old) for key, old in before.items()))
        await server.restart()
        for person, count in ((people[0], 5), (people[1], 5), (people[2], 2), (dan, 3)):
            self.assertEqual(await person.send("add", what=10), count + 1)
            ledger = [[person.client.user.name, what] for what in [*range(1, count), 9, 10]]
            self.assertEqual(person.room.state["ledger"], ledger)

    def is_master(self, redis: RedisServer) -> bool:
        """Whether it is one by now; Sentinel cuts all connections when it makes it one."""
        try:
            return bool(redis.ask("ROLE")[0] == b"master")
        except OSError:
            return False

    async def add(self, person: Person, *numbers: int) -> None:
        """Add these, and hear each reply."""
        for number in numbers:
            await within(person.room.send("add", what=number), "a reply")
