"""
The way to Redis: one connection through txredisapi (which only this module imports), checked before it is used.

It is made again whenever it is lost; with Sentinel, to the Redis that is the master then. A call while there is no
connection fails at once; one that has no answer after `REPLY_S` fails, too, and nobody knows what it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from txredisapi import RedisError, RedisProtocol, ResponseError, ScriptDoesNotExist
from txredisapi import TimeoutError as NoAnswer

from gameserver.errors import StoreUnavailable
from gameserver.store.redis import scripts
from gameserver.store.redis.address import Address, endpoint

REPLY_S: Final = 5.0
"""How long one answer may take; a Redis that is only busy (a fork, a full disk queue) takes less."""
PING_S: Final = 30.0
"""Between two pings, which find a connection that died silently while nobody plays."""
RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""How long to wait before connecting again; the last one holds for all further tries."""

_ELSEWHERE: Final = ("READONLY", "LOADING", "MASTERDOWN")
"""How errors begin of a Redis that is not, or not yet, the right one: connect again, and ask Sentinel again."""

log = Logger(namespace="gameserver")


class _Connection(RedisProtocol):  # type: ignore[misc]
    """
    One connection, which sends and returns only bytes.

    txredisapi is not left to log in, since it gives up for good when a connection is lost while it does so.

    :ivar why: the reason, once the connection is lost; txredisapi does not tell it to those who wait for answers.
    :ivar lost: fires with that reason.
    """

    why: str | None = None

    def __init__(self) -> None:
        super().__init__(charset=None, convertNumbers=False)
        self.lost: Deferred[str] = Deferred()

    def connectionMade(self) -> None:
        """Turn off Nagle's algorithm: half a command does no good."""
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        super().connectionMade()

    def connectionLost(self, why: Failure) -> None:
        """Fail the calls that wait for answers, and then tell whoever keeps the connection."""
        self.why = why.getErrorMessage()
        super().connectionLost(why)
        self.lost.callback(self.why)

    def drop(self) -> None:
        """End the connection at once; calls that wait for answers fail."""
        if self.transport is not None:
            self.transport.abortConnection()

    def _build_command(self, *args: Any, **kwargs: Any) -> bytes:
        """Write a command in a quarter of txredisapi's time, which would be most of what a large commit costs here."""
        written = [b"*%d\r\n" % len(args)]
        for arg in args:
            data = arg if type(arg) is bytes else self._encode_value(arg)
            written.append(b"$%d\r\n%b\r\n" % (len(data), data))
        return b"".join(written)


class _Connections(Factory):
    """Makes connections, without a line in the log for each."""

    noisy = False
    protocol = _Connection


class Refusal(StoreUnavailable):
    """Redis answered with an error."""


class RedisConnection:
    """
    The way to Redis: one connection, checked before it is used, and made again whenever it is lost.

    :param address: where Redis is.
    :ivar connections: how many were made so far: Redis may have lost something between two of them.
    """

    def __init__(self, address: Address, reactor: Any) -> None:
        self.address = address
        self.connections = 0
        self._reactor = reactor
        # Made here, so that a mistake in the address shows at once and not only when connecting again.
        self._endpoint = None if address.kind == "redis+sentinel" else endpoint(address, reactor)
        self._connection: _Connection | None = None
        self._why = f"{address} is not connected yet"
        self._keeping: Deferred[None] = succeed(None)
        self._stopping = False
        self._pinging = LoopingCall(self._ping)
        self._pinging.clock = reactor

    async def start(self) -> None:
        """
        Connect.

        :raises StoreUnavailable: no Redis answers there, or it refuses the login, or is not the master.
        """
        self._stopping = False
        connection = await self._connect()
        self._keeping = Deferred.fromCoroutine(self._keep(connection))
        self._keeping.addErrback(self._kept_no_longer)
        self._pinging.start(PING_S, now=False)

    async def stop(self) -> None:
        """Disconnect, and do not connect again."""
        if self._pinging.running:
            self._pinging.stop()
        self._stopping = True
        if self._connection is not None:
            self._connection.drop()
        else:
            self._keeping.cancel()
        await self._keeping

    async def run(self, script: scripts.Script, named: Sequence[bytes], args: Sequence[bytes]) -> Any:
        """
        Have Redis run a script; if Redis does not know it, as at first and after its restart, the source is sent.

        :raises StoreUnavailable: what it did is not known; `Refusal`: Redis answered with an error.
        """
        try:
            return await self._answer(self._use().evalsha, script.sha, named, args)
        except ScriptDoesNotExist:
            return await self._answer(self._use().eval, script.source, named, args)

    async def ask(self, *command: str | bytes) -> Any:
        """
        Send one command.

        :raises StoreUnavailable: what it did is not known; `Refusal`: Redis answered with an error.
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
            raise Refusal(f"{self.address} refuses: {error}") from error
        except RedisError as error:
            connection.drop()
            raise StoreUnavailable(f"{self.address} does not answer: {connection.why or error}") from error

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
        """Ask each Sentinel in turn which Redis is the master. Source: Redis, "Guidelines for Sentinel clients"."""
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
