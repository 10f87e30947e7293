"""
The store for production: a Redis, through txredisapi, which has its door here.

The way of a call: it waits for its turn in `gameserver.store.calls`, is one script of `gameserver.store.lua`, and goes
over the one connection, whose address `gameserver.store.address` read. What is asked while Redis is away fails at once,
and what has no answer after `REPLY_S`: nothing is known of it then.

Several nodes may share a database: each runs its rooms under a lease, which Redis ends if the node does not renew it,
and each call says under which lease it is made.

It is Redis's configuration that decides what survives Redis; what is wrong with that is logged at the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from txredisapi import RedisError, RedisProtocol, ResponseError, ScriptDoesNotExist
from txredisapi import TimeoutError as NoAnswer
from zope.interface import implementer

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, IBooks, ILeases, IStore, Outcome, Renewal, Stored, TableSizes
from gameserver.store import keys, lua, lua_leases, lua_tables
from gameserver.store.address import Address, endpoint, parse
from gameserver.store.books import RedisBooks
from gameserver.store.calls import Call, Calls
from gameserver.store.redis_users import RedisUsers

SCHEMA_VERSION: Final = 2
"""Of the keys, kept in the store; one of a newer schema is refused."""
REPLY_S: Final = 5.0
"""How long one answer may take; a Redis that is only busy (a fork, a full disk queue) takes less."""
PING_S: Final = 30.0
"""Between two pings: so that a connection that died without a word is found while nobody plays."""
RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Waits before connecting again; the last one repeats."""
OPENED_ROOMS: Final = 100
"""So many rooms are read in one call: Redis does nothing else meanwhile."""

_ELSEWHERE: Final = ("READONLY", "LOADING", "MASTERDOWN")
"""Answers of a Redis that is not, or not yet, what we look for: connect again, and ask Sentinel again where it is."""

log = Logger(namespace="gameserver")


@implementer(IStore, ILeases, IBooks)
class RedisStore(RedisUsers, RedisBooks):
    """
    Keep rooms and users in Redis 5 or newer.

    :param url: see `gameserver.store.address`.
    :param node: the name of this node, which its next process has as well.
    :param secrets: the fingerprints of this node's secrets, the one that signs first; it must know the one that the
        node that started last signs with.
    :raises ValueError: the address is none; the text says what is expected.
    """

    def __init__(self, url: str, *, reactor: Any, node: str = "", secrets: Sequence[str] = ()) -> None:
        self._link = _Link(parse(url), reactor)
        self._calls = Calls(self._link.run)
        self._node = lua.Node(node)
        self._secrets = secrets
        self._renewed_over = 0
        self._open = False
        self._stops: list[Deferred[None]] = []
        self._last_beat_ms: int | None = None

    @property
    def script_calls(self) -> int:
        """How many calls went to Redis since the start; commits that waited went together."""
        return self._calls.made

    def start(self) -> Deferred[None]:
        """See `IStore.start`; warns of settings of Redis under which it may lose rooms."""
        return Deferred.fromCoroutine(self._start())

    def stop(self) -> Deferred[None]:
        """See `IStore.stop`; what Redis does not answer fails."""
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
        """See `IStore.commit`; waits for the call under way, and then goes with all commits that wait."""
        try:
            call = lua.encoded(commits, now_ms, self._node)
        except UnicodeEncodeError:
            return fail()
        return self._add(Call(lua.COMMIT, *call, Deferred(), {commit.room for commit in commits}))

    def room_ids(self) -> Deferred[list[str]]:
        """See `IStore.room_ids`."""
        found = self._ask(lua.ROOM_IDS, [keys.ROOMS_KEY])
        return found.addCallback(lambda reply: [id_.decode() for id_ in lua.unpacked(reply)])

    def open_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """See `IStore.open_rooms`."""
        return Deferred.fromCoroutine(self._open_rooms(list(dict.fromkeys(ids))))

    def read_entries(self, room: str, table: str, names: Sequence[str]) -> Deferred[list[bytes | None]]:
        """See `IStore.read_entries`."""
        asked = self._ask(lua_tables.READ_ENTRIES, [keys.room_key(room)], [keys.entry(table, name) for name in names])
        return asked.addCallback(lua_tables.entry_values)

    def scan_entries(
        self, room: str, table: str, *, prefix: str, after: str | None, limit: int
    ) -> Deferred[list[tuple[str, bytes]]]:
        """See `IStore.scan_entries`."""
        try:
            first, last = keys.entry_range(table, prefix)
            behind = b"" if after is None else keys.entry(table, after).encode()
        except UnicodeEncodeError:
            return fail()
        begin = b"(" + behind if behind >= first else b"[" + first
        asked = self._ask(lua_tables.SCAN_ENTRIES, [keys.room_key(room)], [begin, b"(" + last, limit])
        return asked.addCallback(lua_tables.entry_page)

    def measure_entries(self, room: str, entries: Sequence[tuple[str, str]]) -> Deferred[TableSizes]:
        """See `IStore.measure_entries`."""
        asked = self._ask(lua_tables.MEASURE_ENTRIES, [keys.room_key(room)], [keys.entry(*entry) for entry in entries])
        return asked.addCallback(lambda packed: lua_tables.table_sizes(entries, packed))

    def claim_code(self, code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """See `IStore.claim_code`; True as well if this room has it already, so that a claim can be repeated."""
        asked = self._ask(lua.CLAIM, [keys.code_key(code), keys.claims_key(self._node.name)], [code, room, now_ms])
        return asked.addCallback(bool)

    def release_code(self, code: str) -> Deferred[None]:
        """See `IStore.release_code`; a code whose room did come to be stays with it."""
        return self._ask(lua.RELEASE, [keys.code_key(code), keys.claims_key(self._node.name)], [code]).addCallback(
            _nothing
        )

    def beat(self, *, now_ms: int) -> Deferred[None]:
        """See `IStore.beat`."""
        return self.commit([], now_ms=now_ms).addCallback(_nothing)

    def last_beat_ms(self) -> Deferred[int | None]:
        """See `IStore.last_beat_ms`."""
        return succeed(self._last_beat_ms) if self._open else fail(self._closed())

    # Leases

    def acquire_lease(self, token: str, *, for_ms: int) -> Deferred[None]:
        """See `ILeases.acquire_lease`."""
        self._node = lua.Node(self._node.name, token)
        self._renewed_over = self._link.connections
        return self._ask(lua_leases.ACQUIRE, *self._lease(for_ms)).addCallback(_nothing)

    def renew_lease(self, *, for_ms: int) -> Deferred[Renewal]:
        """See `ILeases.renew_lease`; ``LAPSED`` as well if the connection is another: Redis may have lost something."""
        connections = self._link.connections

        def renewed(reply: bytes) -> Renewal:
            over, self._renewed_over = self._renewed_over, connections
            renewal = Renewal(reply.decode())
            return Renewal.LAPSED if renewal is Renewal.KEPT and over != connections else renewal

        return self._ask(lua_leases.RENEW, *self._lease(for_ms)).addCallback(renewed)

    def release_lease(self) -> Deferred[None]:
        """See `ILeases.release_lease`."""
        return self._ask(lua_leases.RELEASE, [keys.lease_key(self._node.name)], [self._node.token]).addCallback(
            _nothing
        )

    def orphaned(self) -> Deferred[list[str]]:
        """See `ILeases.orphaned`."""
        found = self._ask(lua_leases.ORPHANED, [keys.NODES_KEY], [keys.LEASE_PREFIX])
        return found.addCallback(lambda reply: [node.decode() for node in lua.unpacked(reply)])

    def forget_nodes(self, nodes: Sequence[str]) -> Deferred[None]:
        """See `ILeases.forget_nodes`."""
        theirs = [key for node in nodes for key in (keys.lease_key(node), keys.claims_key(node))]
        asked = self._ask(lua_leases.FORGET, [keys.NODES_KEY, *theirs], [keys.CODE_PREFIX, *nodes])
        return asked.addCallback(_nothing)

    def fences(self, ids: Sequence[str]) -> Deferred[list[tuple[int, int] | None]]:
        """See `ILeases.fences`."""
        return self._ask(lua_leases.FENCES, [keys.room_key(id_) for id_ in ids]).addCallback(_fences)

    def release_rooms(self, ids: Sequence[str]) -> Deferred[None]:
        """See `ILeases.release_rooms`."""
        theirs = [keys.room_key(id_) for id_ in ids]
        return self._ask(lua_leases.RELEASE_ROOMS, theirs, [self._node.name]).addCallback(_nothing)

    def once(self, name: str, *, for_ms: int) -> Deferred[bool]:
        """See `ILeases.once`."""
        return self._ask(lua_leases.ONCE, [keys.once_key(name)], [for_ms]).addCallback(bool)

    def _lease(self, for_ms: int) -> tuple[list[str], list[str | int]]:
        """The keys and arguments of a script for this node's lease."""
        node = self._node
        return [keys.lease_key(node.name), keys.NODES_KEY], [node.name, node.token, for_ms]

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
        :raises StoreUnavailable: it is not for this node.
        """
        node, address = self._node, self._link.address
        named = [keys.claims_key(node.name), keys.META_KEY]
        args = [str(SCHEMA_VERSION), keys.CODE_PREFIX, node.beat_field, *self._secrets]
        packed = await self._link.run(lua.BEGIN, lua.to_bytes(named), lua.to_bytes(args))
        schema, beat_ms, secret = lua.unpacked(packed)
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
        """Log it if Redis is set up in a way that endangers rooms; some services forbid the question."""
        try:
            reply = await self._link.ask("CONFIG", "GET", setting)
        except _Refused as error:
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
            args = [self._node.name, self._node.token, keys.LEASE_PREFIX, keys.BEAT_PREFIX]
            packed = await self._ask(lua.OPEN, named, args)
            if packed is None:
                raise StoreUnavailable("this node's lease has ended")
            opened += lua.rooms(some, packed)
        return opened

    def _ask(self, script: lua.Script, named: Sequence[str], args: Sequence[str | int | bytes] = ()) -> Deferred[Any]:
        try:
            return self._add(Call(script, lua.to_bytes(named), lua.to_bytes(args), Deferred()))
        except UnicodeEncodeError:
            return fail()

    def _add(self, call: Call) -> Deferred[Any]:
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


def _fences(packed: bytes) -> list[tuple[int, int] | None]:
    """Read what `lua_leases.FENCES` gave."""
    items = list(lua.unpacked(packed))
    found = zip(items[::2], items[1::2], strict=True)
    return [(int(fence), int(version)) if fence else None for fence, version in found]


class _Connection(RedisProtocol):  # type: ignore[misc]
    """
    One connection, which speaks bytes alone.

    Logging in is not left to txredisapi: it gives up for good when a connection is lost while it logs in.

    :ivar lost: fires with the reason once the connection is lost.
    """

    def __init__(self) -> None:
        super().__init__(charset=None, convertNumbers=False)
        self.lost: Deferred[str] = Deferred()

    def connectionMade(self) -> None:
        """Send what is written at once: half a command does no good."""
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        super().connectionMade()

    def connectionLost(self, why: Failure) -> None:
        """Say so to who waits for answers, and then to who keeps the connection."""
        super().connectionLost(why)
        self.lost.callback(why.getErrorMessage())

    def drop(self) -> None:
        """End it now; who waits for an answer gets an error."""
        if self.transport is not None:
            self.transport.abortConnection()

    def _build_command(self, *args: Any, **kwargs: Any) -> bytes:
        """Write a command, in a quarter of txredisapi's time, which is most of what a large commit costs here."""
        written = [b"*%d\r\n" % len(args)]
        for arg in args:
            data = arg if type(arg) is bytes else self._encode_value(arg)
            written.append(b"$%d\r\n%b\r\n" % (len(data), data))
        return b"".join(written)


class _Connections(Factory):
    """Makes connections, without a line in the log for each."""

    noisy = False
    protocol = _Connection


class _Refused(StoreUnavailable):
    """Redis answered with an error."""


class _Link:
    """
    The way to Redis: one connection, checked before it is used, and made again whenever it is lost.

    :param address: where Redis is.
    :ivar connections: how many there were: Redis may have lost something between two of them.
    """

    def __init__(self, address: Address, reactor: Any) -> None:
        self.address = address
        self.connections = 0
        self._reactor = reactor
        # What is wrong with the address is found now, not when a connection is made again.
        self._endpoint = None if address.kind == "redis+sentinel" else endpoint(address, reactor)
        self._connection: _Connection | None = None
        self._why = f"{address} is not connected yet"
        self._keeping: Deferred[None] = succeed(None)
        self._stopping = False
        self._pinging = LoopingCall(self._ping)
        self._pinging.clock = reactor

    async def start(self) -> None:
        """:raises StoreUnavailable: nobody is there, or not who we look for."""
        self._stopping = False
        connection = await self._connect()
        self._keeping = Deferred.fromCoroutine(self._keep(connection))
        self._keeping.addErrback(self._kept_no_longer)
        self._pinging.start(PING_S, now=False)

    async def stop(self) -> None:
        """Disconnect, and connect no more."""
        if self._pinging.running:
            self._pinging.stop()
        self._stopping = True
        if self._connection is not None:
            self._connection.drop()
        else:
            self._keeping.cancel()
        await self._keeping

    async def run(self, script: lua.Script, named: Sequence[bytes], args: Sequence[bytes]) -> Any:
        """
        Have Redis run a script, which it is sent if it does not know it: at first, and again after its restart.

        :raises StoreUnavailable: nothing is known of what it did.
        """
        try:
            return await self._answer(self._use().evalsha, script.sha, named, args)
        except ScriptDoesNotExist:
            return await self._answer(self._use().eval, script.source, named, args)

    async def ask(self, *command: str | bytes) -> Any:
        """
        Send one command.

        :raises StoreUnavailable: nothing is known of what it did.
        """
        return await self._answer(self._use().execute_command, *command)

    def _use(self) -> _Connection:
        if self._connection is None:
            raise StoreUnavailable(self._why)
        return self._connection

    async def _answer(self, ask: Any, *args: Any) -> Any:
        connection: _Connection = ask.__self__
        try:
            return await ask(*args).addTimeout(REPLY_S, self._reactor, _too_late)
        except ScriptDoesNotExist:
            raise
        except ResponseError as error:
            if str(error).startswith(_ELSEWHERE):
                connection.drop()
            raise _Refused(f"{self.address} refuses: {error}") from error
        except RedisError as error:
            connection.drop()
            raise StoreUnavailable(f"{self.address} does not answer: {error}") from error

    async def _keep(self, connection: _Connection) -> None:
        while True:
            self._why = f"{self.address} is away: {await connection.lost}"
            self._connection = None
            if self._stopping:
                return
            log.warn("{why}", why=self._why)
            connection = await self._reconnect()
            log.info("{address} is back", address=self.address)

    async def _reconnect(self) -> _Connection:
        tries = 0
        while True:
            await deferLater(self._reactor, RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1
            try:
                return await self._connect()
            except StoreUnavailable as error:
                self._why = str(error)

    async def _connect(self) -> _Connection:
        try:
            where = self._endpoint or endpoint(self.address, self._reactor, await self._ask_sentinel())
            connection = cast(_Connection, await where.connect(_Connections()))
        except (ConnectError, OSError) as error:
            raise StoreUnavailable(f"{self.address} cannot be reached: {error}") from error
        try:
            await self._log_in(connection)
        except (StoreUnavailable, CancelledError):
            connection.drop()
            await connection.lost
            raise
        self._connection = connection
        self.connections += 1
        return connection

    async def _log_in(self, connection: _Connection) -> None:
        address, tell = self.address, connection.execute_command
        if address.password is not None:
            user = () if address.user is None else (address.user,)
            await self._answer(tell, "AUTH", *user, address.password)
        if address.db:
            await self._answer(tell, "SELECT", address.db)
        await self._answer(tell, "PING")
        if address.kind == "redis+sentinel" and (role := (await self._answer(tell, "ROLE"))[0]) != b"master":
            raise StoreUnavailable(f"{address} is a {role.decode()} now, not the master.")

    async def _ask_sentinel(self) -> tuple[str, int]:
        """Ask one after the other which Redis is the master. Source: Redis, "Guidelines for Sentinel clients"."""
        reasons = []
        for host in self.address.hosts:
            try:
                where = endpoint(self.address, self._reactor, host)
                connection = cast(_Connection, await where.connect(_Connections()))
                try:
                    asked = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.address.name)
                    found = await self._answer(connection.execute_command, *asked)
                finally:
                    connection.drop()
                    await connection.lost
            except (ConnectError, OSError, StoreUnavailable) as error:
                reasons.append(str(error))
                continue
            if found is not None:
                return found[0].decode(), int(found[1])
            reasons.append(f"{host[0]}:{host[1]} knows no {self.address.name}")
        raise StoreUnavailable(f"{self.address}: no Sentinel tells the master: {'; '.join(reasons)}")

    def _ping(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.ask("PING")).addErrback(lambda failure: failure.trap(StoreUnavailable))

    def _kept_no_longer(self, failure: Failure) -> None:
        if not failure.check(CancelledError, ConnectingCancelledError):
            log.failure("{address} is not connected to any more", failure, address=self.address)


def _too_late(_: object, timeout_s: float) -> None:
    raise NoAnswer(f"no answer within {timeout_s:g} seconds")
