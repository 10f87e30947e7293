"""
The store for production: a Redis.

Each call is one run of a script (`gameserver.store.redis.scripts` and its neighbours). It waits for its turn in
`gameserver.store.redis.calls`, and goes over the one connection of `gameserver.store.redis.connection`, whose address
`gameserver.store.redis.address` has read.

Several nodes may share a database: each runs its rooms under a lease, which Redis ends if the node does not renew it;
calls that need the lease are refused without it.

The configuration of Redis decides what survives Redis; a warning at the start says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from zope.interface import implementer

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import (
    Commit,
    ILeases,
    IRoomReader,
    IShownRooms,
    IStore,
    Located,
    Outcome,
    Stored,
    TableSizes,
)
from gameserver.store import keys
from gameserver.store.context import StoreContext
from gameserver.store.redis import code_scripts, open_scripts, scripts, table_scripts
from gameserver.store.redis.address import parse
from gameserver.store.redis.asleep import RedisSleep
from gameserver.store.redis.books import RedisBooks
from gameserver.store.redis.calls import ScriptCall, ScriptCalls
from gameserver.store.redis.connection import RedisConnection, Refusal
from gameserver.store.redis.leases import RedisLeases
from gameserver.store.redis.news import RedisNews
from gameserver.store.redis.shown import RedisShown
from gameserver.store.redis.users import RedisUsers

SCHEMA_VERSION: Final = 3
"""Version of the keys, kept in the store; a store with a newer one is refused."""
OPENED_ROOMS: Final = 100
"""How many rooms are read in one call: Redis does nothing else meanwhile."""

log = Logger(namespace="gameserver")


@implementer(IStore, ILeases, IShownRooms, IRoomReader)
class RedisStore(RedisUsers, RedisBooks, RedisLeases, RedisSleep, RedisShown, RedisNews):
    """
    Keeps rooms and users in Redis 5 or newer.

    :param url: see `gameserver.store.redis.address`.
    :param node: the name of this node, which stays the same after a restart.
    :param secrets: the fingerprints of this node's secrets, that of the one that signs first; among them must be the
        one with which the node that started last signs.
    :raises ValueError: the address is wrong; the text says what is expected.
    """

    def __init__(self, url: str, *, reactor: Any, node: str = "", secrets: Sequence[str] = ()) -> None:
        self._link = RedisConnection(parse(url), reactor)
        self._calls = ScriptCalls(self._link.run)
        self._node = scripts.LeaseHolder(node)
        self._secrets = secrets
        self._renewed_over = 0
        self._open = False
        self._stops: list[Deferred[None]] = []
        self._last_beat_ms: int | None = None

    @property
    def address_in_words(self) -> dict[str, Any]:
        """The address, with its password, in values that JSON can hold: for the process of `gameserver.guard`."""
        return {name: getattr(self._link.address, name) for name in self._link.address.__struct_fields__}

    @property
    def script_calls(self) -> int:
        """How many script calls were made since the start; commits that waited share one."""
        return self._calls.made

    def start(self) -> Deferred[None]:
        """Open the store, and warn of settings of Redis under which it may lose rooms; see `IStore.start`."""
        return Deferred.fromCoroutine(self._start())

    def stop(self) -> Deferred[None]:
        """Finish the calls that wait, or let them fail, and close the store; see `IStore.stop`."""
        done: Deferred[None] = Deferred()
        if self._open:
            self._open = False
            self._stops.append(done)
            Deferred.fromCoroutine(self._close()).addBoth(self._stopped)
        elif self._stops:
            self._stops.append(done)
        else:
            done.callback(None)
        return done

    def commit(self, commits: Sequence[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
        """
        Store each commit whose fence is current, all of it or nothing; see `IStore.commit`.

        It waits for the call that is under way, and is then sent together with other commits that wait.
        """
        try:
            call = scripts.encoded(commits, now_ms, self._node)
        except UnicodeEncodeError:
            return fail()
        return self._add(ScriptCall(scripts.COMMIT, *call, Deferred(), {commit.room for commit in commits}))

    def room_ids(self) -> Deferred[list[str]]:
        """Return the ids of all rooms, oldest first; see `IStore.room_ids`."""
        found = self._ask(open_scripts.ROOM_IDS, [keys.ROOMS_KEY])
        return found.addCallback(lambda reply: [id_.decode() for id_ in scripts.unpacked(reply)])

    def open_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Take rooms over under a higher fence, and return them; see `IStore.open_rooms`."""
        return Deferred.fromCoroutine(self._open_rooms(list(dict.fromkeys(ids))))

    def read_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Read rooms, and leave them as they are; see `IRoomReader.read_rooms`."""
        return Deferred.fromCoroutine(self._read_rooms(list(dict.fromkeys(ids))))

    def locate(self, code: str) -> Deferred[Located | None]:
        """Say which room has a code, and which node has the room; see `IStore.locate`."""
        prefixes = [keys.LEASE_PREFIX, *keys.room_key("\0").split("\0"), keys.NODE_PREFIX, keys.CLAIMS_PREFIX]
        asked = self._ask(
            code_scripts.LOCATE, [keys.code_key(code), keys.NODES_KEY], [self._node.name, *prefixes, code]
        )
        return asked.addCallback(lambda packed: code_scripts.located(code, packed))

    def read_entries(self, room: str, table: str, names: Sequence[str]) -> Deferred[list[bytes | None]]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""
        asked = self._ask(
            table_scripts.READ_ENTRIES, [keys.room_key(room)], [keys.entry(table, name) for name in names]
        )
        return asked.addCallback(table_scripts.entry_values)

    def scan_entries(
        self, room: str, table: str, *, prefix: str, after: str | None, limit: int
    ) -> Deferred[list[tuple[str, bytes]]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""
        try:
            first, last = keys.entry_range(table, prefix)
            behind = b"" if after is None else keys.entry(table, after).encode()
        except UnicodeEncodeError:
            return fail()
        begin = b"(" + behind if behind >= first else b"[" + first
        asked = self._ask(table_scripts.SCAN_ENTRIES, [keys.room_key(room)], [begin, b"(" + last, limit])
        return asked.addCallback(table_scripts.entry_page)

    def measure_entries(self, room: str, entries: Sequence[tuple[str, str]]) -> Deferred[TableSizes]:
        """Say how large the tables are; see `IStore.measure_entries`."""
        asked = self._ask(
            table_scripts.MEASURE_ENTRIES, [keys.room_key(room)], [keys.entry(*entry) for entry in entries]
        )
        return asked.addCallback(lambda packed: table_scripts.table_sizes(entries, packed))

    def claim_code(self, code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """
        Reserve a code for a room that is about to be made; see `IStore.claim_code`.

        Also True if this room has it already, so that a claim can be repeated.
        """
        asked = self._ask(
            code_scripts.CLAIM, [keys.code_key(code), keys.claims_key(self._node.name)], [code, room, now_ms]
        )
        return asked.addCallback(bool)

    def release_code(self, code: str) -> Deferred[None]:
        """
        Give back a code whose room was never stored; see `IStore.release_code`.

        A code whose room is stored, or was, is left alone.
        """
        return self._ask(
            code_scripts.RELEASE, [keys.code_key(code), keys.claims_key(self._node.name)], [code]
        ).addCallback(_nothing)

    def beat(self, *, now_ms: int) -> Deferred[None]:
        """Note that this node is alive; see `IStore.beat`."""
        return self.commit([], now_ms=now_ms).addCallback(_nothing)

    def last_beat_ms(self) -> Deferred[int | None]:
        """Return when the process before this one was last alive, or None; see `IStore.last_beat_ms`."""
        return succeed(self._last_beat_ms) if self._open else fail(self._closed())

    async def _start(self) -> None:
        await self._link.start()
        try:
            beat_ms = await self._begin()
            await self._warn("appendonly", "yes", "rooms are lost when Redis ends")
            await self._warn("maxmemory-policy", "noeviction", "Redis may drop rooms when its memory is full")
        except BaseException:
            await self._link.stop()
            raise
        self._last_beat_ms = int(beat_ms) if beat_ms else None
        self._open = True

    async def _begin(self) -> bytes:
        """
        Prepare the database.

        :returns: this node's last beat, or nothing.
        :raises StoreUnavailable: it has a newer schema, or its nodes have another secret.
        """
        node, address = self._node, self._link.address
        named = [keys.claims_key(node.name), keys.META_KEY]
        args = [str(SCHEMA_VERSION), keys.CODE_PREFIX, node.beat_field, *self._secrets]
        packed = await self._link.run(open_scripts.BEGIN, scripts.to_bytes(named), scripts.to_bytes(args))
        schema, beat_ms, secret = scripts.unpacked(packed)
        if int(schema) > SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{address} was written by a newer gameserver: its schema is {int(schema)}, this one knows"
                f" {SCHEMA_VERSION}. Start the newer one, or give another database."
            )
        if self._secrets and secret.decode() not in self._secrets:
            raise StoreUnavailable(
                f"{address} is of nodes with another secret, whose users this one would not know. Copy the file"
                f" `secret` from the data folder of one of them. If it is lost, HDEL {keys.META_KEY} secret there:"
                " all users are strangers then."
            )
        return beat_ms

    async def _warn(self, setting: str, right: str, danger: str) -> None:
        """Warn if a setting of Redis endangers rooms, or if that cannot be told: some services forbid the question."""
        try:
            reply = await self._link.ask("CONFIG", "GET", setting)
        except Refusal as error:
            reply = [b"", f"not told ({error})".encode()]
        found = reply[1].decode() if reply else "unknown"
        if found != right:
            log.warn(
                "{address}: {setting} is {found}; unless it is {right}, {danger}",
                address=self._link.address,
                setting=setting,
                found=found,
                right=right,
                danger=danger,
            )

    async def _open_rooms(self, ids: Sequence[str]) -> list[Stored]:
        opened: list[Stored] = []
        for first in range(0, len(ids), OPENED_ROOMS):
            some = ids[first : first + OPENED_ROOMS]
            named = [keys.lease_key(self._node.name), keys.META_KEY, *(keys.room_key(id_) for id_ in some)]
            args = [self._node.name, self._node.token, keys.LEASE_PREFIX, keys.BEAT_PREFIX, keys.HAS_PREFIX]
            packed = await self._ask(open_scripts.OPEN, named, [*args, *some])
            if packed is None:
                raise StoreUnavailable("this node's lease has ended")
            opened += open_scripts.rooms(some, packed)
        return opened

    async def _read_rooms(self, ids: Sequence[str]) -> list[Stored]:
        found: list[Stored] = []
        for first in range(0, len(ids), OPENED_ROOMS):
            some = ids[first : first + OPENED_ROOMS]
            named = [keys.META_KEY, *map(keys.room_key, some)]
            packed = await self._ask(open_scripts.READ, named, [self._node.name, keys.LEASE_PREFIX, keys.BEAT_PREFIX])
            found += open_scripts.rooms(some, packed)
        return found

    def _ask(
        self, script: scripts.Script, named: Sequence[str], args: Sequence[str | int | bytes] = ()
    ) -> Deferred[Any]:
        try:
            return self._add(ScriptCall(script, scripts.to_bytes(named), scripts.to_bytes(args), Deferred()))
        except UnicodeEncodeError:
            return fail()

    def _add(self, call: ScriptCall) -> Deferred[Any]:
        return self._calls.add(call) if self._open else fail(self._closed())

    def _closed(self) -> StoreUnavailable:
        return StoreUnavailable(f"{self._link.address} is not open.")

    async def _close(self) -> None:
        await self._calls.when_done()
        await self._link.stop()

    def _stopped(self, result: object) -> object:
        stops, self._stops = self._stops, []
        for done in stops:
            done.callback(None)
        return result


def _nothing(_: object) -> None:
    return None


def make(context: StoreContext) -> RedisStore:
    """
    Make the store that the setting ``store`` names.

    :raises SettingError: its address is wrong.
    """
    try:
        return RedisStore(context.address, reactor=context.reactor, node=context.node, secrets=context.secrets)
    except ValueError as error:
        raise context.settings.error("store", str(error)) from None
