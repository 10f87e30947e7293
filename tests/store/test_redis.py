"""What is special to `RedisStore`, on a redis-server that each test starts itself."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final

from msgspec.structs import replace
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.logger import Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase, TestCase

from gameserver.errors import SettingError, StoreUnavailable
from gameserver.interfaces import Asleep, Commit, LeaseRenewal, Outcome, Put, UserRow
from gameserver.settings.settings import load
from gameserver.store import keys
from gameserver.store.context import make_store
from gameserver.store.redis import connection, scripts
from gameserver.store.redis import store as redis
from gameserver.store.redis import users as redis_users
from gameserver.store.redis.calls import MERGED_ROOMS
from gameserver.store.redis.store import OPENED_ROOMS, SCHEMA_VERSION, RedisStore
from tests.ports import free_port
from tests.store import change
from tests.store.redis_server import RedisServer, has_tls

NOW_MS: Final = 1_700_000_000_000
STORED, FENCED = Outcome.STORED, Outcome.FENCED
READING: Final = ("get", "hmget", "hlen", "scard", "zcard", "zrevrange")
"""What scripts read before they ask what they may do."""
OF_LEASES: Final = {"GET", "EXISTS"}
"""What scripts need only where nodes share a store, to read before they write."""
BACK_S: Final = 10.0
"""How long the store may take to be there again after its Redis is."""


class RedisTestCase(TestCase):
    """A server of the test's own, and a store on it."""

    options: Sequence[str] = ()

    async def setUp(self) -> None:  # type: ignore[override]
        """Start both; what the store logs is kept."""
        self.events: list[Any] = []
        log = Logger(namespace="test", observer=self.events.append)  # type: ignore[arg-type]
        for module in (redis, connection):
            self.patch(module, "log", log)
        self.server = RedisServer(*self.options)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.store = await self.started(f"redis://127.0.0.1:{self.server.port}")

    async def started(self, url: str) -> RedisStore:
        """Start a store, to be stopped with the test."""
        store = RedisStore(url, reactor=reactor)
        await store.start()
        self.addCleanup(store.stop)
        return store

    async def refused(self, url: str) -> str:
        """Start a store that cannot be."""
        store = RedisStore(url, reactor=reactor)
        with self.assertRaises(StoreUnavailable) as caught:
            await store.start()
        with self.assertRaises(StoreUnavailable):
            await store.room_ids()
        await store.stop()
        return str(caught.exception)

    async def commit(self, *commits: Commit, now_ms: int = NOW_MS) -> list[Outcome]:
        """Commit these in one call."""
        return await self.store.commit(commits, now_ms=now_ms)

    async def commit_until_stored(self, commit: Commit) -> list[Outcome]:
        """Commit the same again and again until the store answers, as a server does."""
        give_up_s = monotonic() + BACK_S
        while True:
            try:
                return await self.commit(commit)
            except StoreUnavailable:
                if monotonic() > give_up_s:
                    raise
                await deferLater(reactor, 0.05)  # type: ignore[arg-type]

    async def stored(self, room: str = "r1") -> tuple[int, bytes]:
        """Give a room's version and value, behind the store's back."""
        version, value = self.server.ask("HMGET", keys.room_key(room), "version", "/room")
        return int(version), value

    def logged(self) -> list[str]:
        """Give what was logged, as text."""
        return [formatEvent(event) for event in self.events]


class CallsTests(RedisTestCase):
    """One call is under way; commits that wait go together."""

    async def test_many_rooms_in_one_call(self) -> None:
        """Any number of rooms is committed in one round trip, and opened in a few."""
        ids = [f"r{number}" for number in range(3 * OPENED_ROOMS + 1)]
        before = self.store.script_calls
        outcomes = await self.commit(*(change(room=id_, value=id_.encode()) for id_ in ids))
        self.assertEqual((outcomes, self.store.script_calls - before), ([STORED] * len(ids), 1))
        self.assertEqual(await self.store.room_ids(), ids)
        opened = await self.store.open_rooms(ids)
        self.assertEqual([stored.parts["room"] for stored in opened], [id_.encode() for id_ in ids])

    async def test_waiting_commits_go_together(self) -> None:
        """While one call is under way the next gather, each caller gets its own outcomes, and beats go along."""
        await self.commit(change())
        await deferLater(reactor, 0)  # type: ignore[arg-type]
        before = self.store.script_calls
        calls: list[Deferred[Any]] = [
            self.store.commit([change(2)], now_ms=NOW_MS),
            self.store.commit([change(room="r2"), change(9, room="r3")], now_ms=NOW_MS),
            self.store.beat(now_ms=NOW_MS + 1),
            self.store.commit([change(room="r4")], now_ms=NOW_MS + 2),
        ]
        results = await gatherResults(calls)
        self.assertEqual(results, [[STORED], [STORED, Outcome.BEHIND], None, [STORED]])
        self.assertEqual(self.store.script_calls - before, 2)
        self.assertEqual(self.server.ask("HGET", keys.META_KEY, keys.BEAT_PREFIX), b"%d" % (NOW_MS + 2))
        self.assertEqual(self.server.ask("HGET", keys.room_key("r2"), "at_ms"), b"%d" % NOW_MS)

    async def test_commits_of_one_room_go_apart(self) -> None:
        """Each commit is judged by what those before it wrote."""
        before = self.store.script_calls
        calls = [self.store.commit([change(version)], now_ms=NOW_MS) for version in (1, 2, 3)]
        self.assertEqual(await gatherResults(calls), [[STORED]] * 3)
        self.assertEqual(self.store.script_calls - before, 3)

    async def test_one_call_is_bounded(self) -> None:
        """What gathered behind a slow call is no call that is slower still."""
        before = self.store.script_calls
        ids = [f"r{number}" for number in range(2 * MERGED_ROOMS + 1)]
        calls = [self.store.commit([change(room=id_)], now_ms=NOW_MS) for id_ in ids]
        self.assertEqual(await gatherResults(calls), [[STORED]] * len(ids))
        self.assertEqual(self.store.script_calls - before, 3)

    async def test_one_code_for_two_rooms_of_one_call(self) -> None:
        """The first room that is created with a code has it, also within one call."""
        second = replace(change(room="r2"), code="R1")
        self.assertEqual(await self.commit(change(), second), [STORED, FENCED])
        self.assertEqual(await self.store.room_ids(), ["r1"])

    async def test_wrong_text_fails_its_caller_alone(self) -> None:
        """What cannot be written is no failure of the store."""
        with self.assertRaises(UnicodeEncodeError):
            await self.store.claim_code("\ud800", "r1", now_ms=NOW_MS)
        with self.assertRaises(UnicodeEncodeError):
            await self.commit(change(room="\ud800"))
        self.assertEqual(await self.commit(change()), [STORED])

    async def test_many_parts(self) -> None:
        """A room of more parts than Lua can pass at once is written and trimmed whole."""
        puts = {f"line/{number}": b"%d" % number for number in range(9001)}
        self.assertEqual(await self.commit(replace(change(), puts=puts)), [STORED])
        drops = list(puts)[1:]
        self.assertEqual(await self.commit(replace(change(2), puts={}, drops=drops[4000:])), [STORED])
        (opened,) = await self.store.open_rooms(["r1"])
        self.assertEqual(opened.parts, {f"line/{number}": b"%d" % number for number in range(4001)})

    async def test_alien_key_leaves_nothing(self) -> None:
        """A script that would fail at one room fails before it writes another."""
        self.server.ask("SET", keys.room_key("r2"), "somebody else's")
        with self.assertRaises(StoreUnavailable):
            await self.commit(change(), change(room="r2"))
        self.assertEqual(await self.store.room_ids(), [])
        self.assertNotIn(keys.room_key("r1"), self.server.keys())


class ScriptTests(RedisTestCase):
    """Redis may forget its scripts."""

    async def test_flushed_scripts_sent_again(self) -> None:
        """All calls work on, in their order, though Redis forgot every script."""
        await self.commit(change())
        self.server.ask("SCRIPT", "FLUSH")
        calls = [self.store.commit([change(version)], now_ms=NOW_MS) for version in (2, 3, 4)]
        self.assertEqual(await gatherResults(calls), [[STORED]] * 3)
        self.server.ask("SCRIPT", "FLUSH")
        self.assertEqual(await self.store.room_ids(), ["r1"])
        self.assertEqual(await self.stored(), (4, b""))

    async def test_known_script_not_sent(self) -> None:
        """A commit is an EVALSHA."""
        await self.commit(change())
        self.server.ask("CONFIG", "RESETSTAT")
        await self.commit(change(2))
        stats = self.server.ask("INFO", "commandstats").decode()
        self.assertIn("cmdstat_evalsha:calls=1,", stats)
        self.assertNotIn("cmdstat_eval:", stats)


class OutageTests(RedisTestCase):
    """Redis dies, freezes and comes back; what was stored is there once."""

    async def test_killed_and_restarted(self) -> None:
        """Calls fail while Redis is away; then everything stored is there, and what failed is stored once."""
        await self.commit(change(value=b"1"))
        self.server.kill()
        for _ in range(3):
            with self.assertRaises(StoreUnavailable):
                await self.commit(change(2, value=b"2"))
        self.server.start()
        self.assertEqual(await self.commit_until_stored(change(2, value=b"2")), [STORED])
        self.assertEqual(await self.commit(change(2, value=b"again")), [STORED])
        self.assertEqual(await self.stored(), (2, b"2"))
        self.assertEqual(len(self.logged()), 2, self.logged())

    async def test_frozen_and_thawed(self) -> None:
        """A Redis that does not answer in time is away: the same commit again is stored once, whatever came late."""
        self.patch(connection, "REPLY_S", 0.3)
        await self.commit(change())
        self.server.signal(signal.SIGSTOP)
        calls = [self.store.commit([change(2, value=b"2")], now_ms=NOW_MS), self.store.room_ids()]
        for call in calls:
            with self.assertRaises(StoreUnavailable):
                await call  # type: ignore[misc]
        self.server.signal(signal.SIGCONT)
        self.assertEqual(await self.commit_until_stored(change(2, value=b"2")), [STORED])
        self.assertEqual(await self.commit(change(3, value=b"3")), [STORED])
        self.assertEqual(await self.stored(), (3, b"3"))

    async def test_killed_mid_call(self) -> None:
        """If the connection goes while a call is under way, all that wait hear of it at once."""
        self.server.signal(signal.SIGSTOP)
        calls = [self.store.commit([change(version)], now_ms=NOW_MS) for version in (1, 2)]
        self.server.kill()
        for call in calls:
            with self.assertRaises(StoreUnavailable):
                await call

    async def test_stopped_while_away(self) -> None:
        """A store whose Redis is gone can be stopped."""
        self.server.kill()
        with self.assertRaises(StoreUnavailable):
            await self.commit(change())
        await self.store.stop()

    async def test_full_memory(self) -> None:
        """A Redis that is full stores nothing of a call, lets rooms end, and stores the same once it is not."""
        await self.commit(change(), change(room="r2"))
        self.server.ask("CONFIG", "SET", "maxmemory", 1)
        with self.assertRaises(StoreUnavailable):
            await self.commit(change(2, value=b"2"), change(room="r3"))
        self.assertEqual((await self.stored(), await self.store.room_ids()), ((1, b""), ["r1", "r2"]))
        self.assertEqual(await self.commit(change(2, room="r2", ends=True)), [STORED])
        self.server.ask("CONFIG", "SET", "maxmemory", 0)
        self.assertEqual(await self.commit(change(2, value=b"2"), change(room="r3")), [STORED, STORED])

    async def test_full_memory_ends_no_lease(self) -> None:
        """A node goes on to renew its lease at a Redis that is full."""
        await self.store.acquire_lease("t", for_ms=60_000)
        self.assertIs(await self.store.renew_lease(for_ms=60_000), LeaseRenewal.KEPT)
        self.server.ask("CONFIG", "SET", "maxmemory", 1)
        self.assertIs(await self.store.renew_lease(for_ms=3_600_000), LeaseRenewal.KEPT)
        self.assertGreater(self.server.ask("PTTL", keys.lease_key("")), 60_000)

    async def test_silence_is_found(self) -> None:
        """A connection that nobody uses is tried now and then."""
        self.patch(connection, "REPLY_S", 0.2)
        self.patch(connection, "PING_S", 0.1)
        await self.started(f"redis://127.0.0.1:{self.server.port}")
        self.server.signal(signal.SIGSTOP)
        while not self.logged():
            await deferLater(reactor, 0.05)  # type: ignore[arg-type]
        self.assertIn("is away", self.logged()[0])


class LifetimeTests(RedisTestCase):
    """What is over leaves nothing behind."""

    async def test_tables_leave_no_key(self) -> None:
        """With a room the keys of its tables go, whatever was in them; with its last entry a table leaves none."""

        def keys_of(room: str) -> list[str]:
            everything = self.server.keys()
            return [key for key in everything if f"{{{room}}}" in key]

        entries: dict[tuple[str, str], bytes | None] = {(table, "k"): b"v" for table in ("a", "b")}
        await self.commit(replace(change(1), entries=entries), replace(change(1, room="r2"), entries=entries))
        self.assertEqual(len(keys_of("r1")), 4)
        await self.commit(change(2, ends=True), replace(change(2, room="r2"), entries=dict.fromkeys(entries)))
        self.assertEqual(keys_of("r1"), [])
        self.assertEqual(keys_of("r2"), [keys.room_key("r2")])

    async def test_ended_rooms_leave_their_resting_codes(self) -> None:
        """Of rooms that lived and died there is nothing but their codes, and these go after 24 hours."""
        ids = [f"r{number}" for number in range(100)]
        for id_ in ids:
            self.assertIs(await self.store.claim_code(id_.upper(), id_, now_ms=NOW_MS), True)
        for version in (1, 2):
            await self.commit(*(change(version, room=id_) for id_ in ids))
        self.assertEqual(len(self.server.keys()), 203)
        await self.commit(*(change(3, room=id_, ends=True) for id_ in ids))
        codes = [keys.code_key(id_.upper()) for id_ in ids]
        self.assertEqual(self.server.keys(), sorted([*codes, keys.META_KEY]))
        for code in codes:
            self.assertTrue(keys.CODE_REST_MS - 60_000 < self.server.ask("PTTL", code) <= keys.CODE_REST_MS)

    async def test_claims_leave_nothing(self) -> None:
        """A code that is given back leaves no key, nor one whose process died before the room came to be."""
        await self.store.claim_code("AAAA", "r1", now_ms=NOW_MS)
        await self.store.release_code("AAAA")
        self.assertEqual(self.server.keys(), [keys.META_KEY])
        await self.store.claim_code("BBBB", "r2", now_ms=NOW_MS)
        await self.store.stop()
        self.assertEqual(self.server.keys(), sorted([keys.code_key("BBBB"), keys.claims_key(""), keys.META_KEY]))
        await self.store.start()
        self.assertEqual(self.server.keys(), [keys.META_KEY])

    async def test_nodes_leave_nothing(self) -> None:
        """Of a node that is gone nothing is left, not even its last beat, unless that is the newest of all."""
        url = f"redis://127.0.0.1:{self.server.port}"
        ann, bob = (RedisStore(url, reactor=reactor, node=node) for node in ("ann", "bob"))
        for store in (ann, bob):
            await store.start()
            self.addCleanup(store.stop)
            await store.acquire_lease("token", for_ms=60_000)
        await ann.beat(now_ms=NOW_MS)
        await ann.release_lease()
        await bob.forget_nodes(["ann"])
        self.assertEqual(self.server.ask("HGET", keys.META_KEY, keys.BEAT_PREFIX + "ann"), b"%d" % NOW_MS)
        await bob.beat(now_ms=NOW_MS + 1)
        await bob.forget_nodes(["another"])
        await bob.release_lease()
        self.assertNotIn("ann", " ".join(self.server.keys()))
        fields = self.server.ask("HKEYS", keys.META_KEY)
        self.assertNotIn(f"{keys.BEAT_PREFIX}ann".encode(), fields)
        self.assertIn(f"{keys.BEAT_PREFIX}bob".encode(), fields)

    async def test_code_claimed_again_after_rest_stays(self) -> None:
        """A resting code that is claimed after its time by the node's clock does not go with the old one's TTL."""
        await self.commit(change(ends=True))
        later_ms = NOW_MS + keys.CODE_REST_MS
        self.assertIs(await self.store.claim_code("R1", "new", now_ms=later_ms), True)
        self.assertEqual(self.server.ask("PTTL", keys.code_key("R1")), -1)


class StartTests(RedisTestCase):
    """What can be in the way of a start, and what it warns of."""

    async def test_well_set_up_is_silent(self) -> None:
        """Nothing is logged of a Redis that keeps what it is given."""
        self.assertEqual(self.logged(), [])

    async def test_nobody_there(self) -> None:
        """The address is named."""
        port = free_port()
        self.assertIn(f"redis://127.0.0.1:{port} cannot be reached: ", await self.refused(f"redis://127.0.0.1:{port}"))
        self.assertIn("/no/where cannot be reached: ", await self.refused("redis+unix:///no/where"))

    async def test_login(self) -> None:
        """User and password are used, with no more rights than the store needs; a wrong one is refused, untold."""
        rights = "~gameserver:*", "+@read", "+@write", "+@scripting", "+@connection", "-@dangerous"
        self.assertEqual(self.server.ask("ACL", "SETUSER", "ann", "on", ">s@cret", *rights), "+OK")
        url = f"@127.0.0.1:{self.server.port}/5"
        self.store = await self.started(f"redis://ann:s%40cret{url}")
        self.assertIs(await self.store.claim_code("R1", "r1", now_ms=NOW_MS), True)
        self.assertEqual(await self.commit(change()), [STORED])
        self.assertEqual(len(await self.store.open_rooms(await self.store.room_ids())), 1)
        self.assertEqual(await self.commit(change(2, fence=2, ends=True)), [STORED])
        self.assertIn("appendonly is not told (", self.logged()[0])
        text = await self.refused(f"redis://ann:wrong{url}")
        self.assertIn("WRONGPASS", text)
        self.assertNotIn("ann:", text)

    async def test_newer_schema_refused(self) -> None:
        """What a newer version wrote is left alone."""
        self.server.ask("HSET", keys.META_KEY, "schema", SCHEMA_VERSION + 1)
        self.server.ask("SADD", keys.claims_key(""), "AAAA")
        self.assertIn("its schema is 4, this one knows 3.", await self.refused(f"redis+unix://{self.server.socket}"))
        self.assertEqual(self.server.keys(), [keys.claims_key(""), keys.META_KEY])

    async def test_newer_schema_while_it_runs(self) -> None:
        """A server that ran when a newer one began goes on, over another connection too; it cannot start anew."""
        self.assertEqual(await self.commit(change()), [STORED])
        self.server.ask("HSET", keys.META_KEY, "schema", SCHEMA_VERSION + 1)
        self.assertEqual(await self.commit(change(2)), [STORED])
        self.server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self.assertEqual(await self.commit_until_stored(change(3)), [STORED])
        self.assertEqual((await self.stored())[0], 3)
        self.assertEqual(self.server.ask("HGET", keys.META_KEY, "schema"), b"%d" % (SCHEMA_VERSION + 1))
        self.assertIn("by a newer gameserver", await self.refused(f"redis+unix://{self.server.socket}"))


class CarelessTests(RedisTestCase):
    """A Redis that may lose what it has."""

    options = ("--appendonly", "no", "--maxmemory-policy", "allkeys-lru")

    async def test_warnings(self) -> None:
        """The log names setting, value, what would be right, and what may happen."""
        where = f"redis://127.0.0.1:{self.server.port}"
        self.assertEqual(
            self.logged(),
            [
                f"{where}: appendonly is no; unless it is yes, rooms are lost when Redis ends",
                f"{where}: maxmemory-policy is allkeys-lru; unless it is noeviction, Redis may drop rooms when its"
                " memory is full",
            ],
        )


class SilentTests(RedisTestCase):
    """A Redis that tells nobody how it is set up."""

    options = ("--rename-command", "CONFIG", "")

    async def test_warning(self) -> None:
        """The log says that it cannot know."""
        self.assertEqual(len(self.logged()), 2)
        self.assertIn("appendonly is not told (", self.logged()[0])


class TLSTests(RedisTestCase):
    """Who the server is gets verified."""

    async def setUp(self) -> None:  # type: ignore[override]
        """Start a server alone."""
        if not has_tls():
            self.skipTest("this redis-server was built without TLS")
        self.server = RedisServer(tls=True)
        self.addCleanup(self.server.remove)
        self.server.start()

    async def test_unknown_authority_refused(self) -> None:
        """Without its authority the server is not trusted."""
        text = await self.refused(f"rediss://127.0.0.1:{self.server.port}")
        self.assertIn("rediss://127.0.0.1", text)
        self.assertIn("certificate verify failed", text)

    async def test_other_name_refused(self) -> None:
        """A certificate of another name is not the server's."""
        ca = self.server.folder / "ca.pem"
        text = await self.refused(f"rediss://localhost:{self.server.port}?ca={ca}")
        self.assertIn("rediss://localhost", text)
        self.assertNotIn("Lost connection", text)


ASLEEP: Final = Asleep(
    slept_ms=NOW_MS,
    empty_ms=NOW_MS,
    due_ms=NOW_MS,
    date_ms=NOW_MS,
    listing="{}",
    is_open=True,
    users=["ann"],
    maker="bob",
    size_bytes=5,
)


class RightsTests(RedisTestCase):
    """A user who may not do all that a script needs: the script does nothing, and says what is missing."""

    async def setUp(self) -> None:
        """Log in as somebody whose rights may change."""
        await super().setUp()
        self.server.ask("ACL", "SETUSER", "ann", "on", ">secret", "~gameserver:*", "+@all")
        self.store = await self.started(f"redis://ann:secret@127.0.0.1:{self.server.port}")

    def content(self) -> dict[str, Any]:
        """Read all there is, but for the beat."""
        found: dict[str, Any] = {}
        for key in sorted(key.decode() for key in self.server.ask("KEYS", "*")):
            kind = self.server.ask("TYPE", key)
            ask = {"+hash": ("HGETALL",), "+set": ("SMEMBERS",), "+zset": ("ZRANGE", 0, -1, "WITHSCORES")}.get(kind)
            found[key] = self.server.ask(ask[0], key, *ask[1:]) if ask is not None else self.server.ask("DUMP", key)
        return found

    async def without(self, command: str, work: Callable[[], Any]) -> None:
        """See that work fails where this is not allowed, and leaves nothing behind."""
        self.server.ask("ACL", "SETUSER", "ann", f"-{command}")
        before = self.content()
        with self.assertRaises(StoreUnavailable) as caught:
            await work()
        self.assertEqual(self.content(), before, command)
        if command not in READING:
            self.assertIn(
                f"this user may not {command.upper()}" if self.is_told else "can't run", str(caught.exception)
            )
        self.server.ask("ACL", "SETUSER", "ann", f"+{command}")

    async def all_of(self, script: scripts.Script, work: Callable[[], Any]) -> None:
        """Each of a script's commands is forbidden in turn; then the same work is done."""
        commands = set(re.findall(r"redis\.call\('([A-Z]+)'", script.source.decode())) - OF_LEASES
        for command in sorted(commands):
            with self.subTest(command=command):
                await self.without(command.lower(), work)
        self.assertGreater(len(commands), 3)

    is_told = True

    async def test_commit(self) -> None:
        """Nothing that a commit does is there, whether a room changes, begins, is made whole, ends or sleeps."""
        old = {("words", "a"): b"1", ("words", "b"): b"2"}
        for room in ("r1", "r2", "r3", "r5"):
            await self.store.claim_code(room.upper(), room, now_ms=NOW_MS)
            await self.commit(replace(change(room=room), puts={"room": b"", "old": b""}, entries=old))
        await self.store.claim_code("R4", "r4", now_ms=NOW_MS)
        entries = {("words", "a"): b"11", ("words", "b"): None, ("words", "c"): b"3"}
        commits = [
            replace(change(2, value=b"2"), drops=("old",), entries=entries),
            replace(change(2, room="r2", value=b"2"), whole=True),
            change(2, room="r3", ends=True),
            change(room="r4"),
            replace(change(2, room="r5"), sleeps=ASLEEP),
        ]
        await self.all_of(scripts.COMMIT, lambda: self.commit(*commits))
        self.assertEqual(await self.commit(*commits), [STORED] * 5)
        self.assertEqual(await self.commit(*commits), [STORED] * 5)
        self.assertEqual(await self.store.room_ids(), ["r1", "r2", "r5", "r4"])
        self.assertEqual(await self.store.awake_ids(), ["r1", "r2", "r4"])
        opened = await self.store.open_rooms(["r1"])
        self.assertEqual((opened[0].parts, opened[0].table_bytes), ({"room": b"2"}, 5))
        sizes = await self.store.measure_entries("r1", [])
        self.assertEqual(sizes.tables["words"].count, 2)

    async def test_each_kind_of_commit_alone(self) -> None:
        """A script asks for what it needs, and for nothing else."""
        await self.commit(change(), change(room="r2"))
        self.server.ask("ACL", "SETUSER", "ann", "-hincrby", "-zrem", "-unlink", "-pexpire", "-zadd", "-del")
        self.assertEqual(await self.commit(change(2)), [STORED])
        with self.assertRaises(StoreUnavailable):
            await self.commit(change(3), change(2, room="r2", ends=True))

    async def test_keys_of_one_kind(self) -> None:
        """Keys may be forbidden as well."""
        await self.commit(change())
        self.server.ask("ACL", "SETUSER", "ann", "resetkeys", "~gameserver:room:*", "~gameserver:rooms")
        before = self.content()
        with self.assertRaises(StoreUnavailable):
            await self.commit(change(2), change(room="r2"))
        self.assertEqual(self.content(), before)

    async def test_put_user(self) -> None:
        """A name is taken with its user, or not at all."""
        ann = UserRow(id="account:1", name_key="ann", version=1, value=b"1")
        await self.store.put_user(ann)
        renamed = replace(ann, name_key="anna", version=2)
        await self.all_of(redis_users.PUT, lambda: self.store.put_user(renamed))
        self.assertIs(await self.store.put_user(renamed), Put.STORED)
        self.assertEqual(await self.store.user_named("anna"), renamed)
        self.assertIsNone(await self.store.user_named("ann"))


class OlderRightsTests(RightsTests):
    """The same where a script cannot ask, as before Redis 7."""

    is_told = False

    async def setUp(self) -> None:
        """Have scripts that do not know that they could."""
        for module, name in ((scripts, "COMMIT"), (redis_users, "PUT")):
            source = getattr(module, name).source.decode()
            self.patch(module, name, scripts.script(source.replace("redis.acl_check_cmd", "redis.does_not_know")))
        await super().setUp()


class SettingTests(SynchronousTestCase):
    """The store is chosen by its address."""

    def test_wrong_address_names_its_source(self) -> None:
        """A wrong address stops the start with one line, which holds no password."""
        settings = load({"store": "redis://ann:secret@a:b"}, environ={}, config=None)
        error = self.assertRaises(SettingError, make_store, settings, reactor)
        self.assertEqual(str(error), "store (from option --store): expected HOST or HOST:PORT, not 'a:b'")

    def test_every_scheme_served(self) -> None:
        """What the settings take is a store."""
        for url in ("redis://a", "rediss://a", "redis+unix:///a", "redis+sentinel://a/main"):
            settings = load({"store": url}, environ={}, config=None)
            self.assertIsInstance(make_store(settings, reactor), RedisStore)
