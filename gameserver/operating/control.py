"""
The socket in the data folder at which an operator gives orders to a running server; its owner alone may do so.

One line of JSON comes in, a `RoomOrder`; ``{"done": …}`` or ``{"refused": "why"}`` goes back, and the server hangs up.
What takes longer than `ALIVE_S`, as looking at very many rooms does, has a space before that for each.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from gameserver.errors import GameServerError, Refused
from gameserver.operating.orders import RoomOrder, follow

if TYPE_CHECKING:
    from gameserver.node.rooms import RoomRegistry

NAME: Final = "control"
"""Name of the socket in the data folder."""
PATH_BYTES: Final = 100
"""How long the path of a socket may be on every system. Source: unix(7), ``sun_path``"""
WAIT_S: Final = 60.0
"""How long a command waits for a sign of life of the server."""
ALIVE_S: Final = 10.0
"""How often a server that is still at work on an order says so."""
log: Final = Logger(namespace="gameserver")


class Control(Service):
    """
    Listens at the socket.

    :param folder: the data folder, which this process has locked.
    :param registry: follows the orders.
    """

    def __init__(self, folder: Path, registry: RoomRegistry, reactor: Any) -> None:
        self._path = folder / NAME
        self._registry = registry
        self._reactor = reactor
        self._port: Any = None

    def startService(self) -> None:
        """Listen; a server that cannot do so goes on without."""
        super().startService()  # type: ignore[no-untyped-call]
        if len(os.fsencode(self._path)) > PATH_BYTES:
            log.warn("the path of {path} is too long for a socket: commands cannot reach this server", path=self._path)
            return
        factory = Factory.forProtocol(OrderTaker)
        factory.noisy = False
        factory.registry = self._registry  # type: ignore[attr-defined]
        factory.reactor = self._reactor  # type: ignore[attr-defined]
        try:
            self._path.unlink(missing_ok=True)  # left by a process that was killed: this one has the folder's lock
            self._port = self._reactor.listenUNIX(str(self._path), factory, mode=0o600)
        except (OSError, CannotListenError) as error:
            log.warn("commands cannot reach this server: {reason}", reason=str(error))

    def stopService(self) -> Any:
        """Stop listening."""
        super().stopService()  # type: ignore[no-untyped-call]
        return self._port.stopListening() if self._port is not None else None


class OrderTaker(LineOnlyReceiver):
    """One connection at the socket: one order, and its answer."""

    delimiter = b"\n"

    def lineReceived(self, line: bytes) -> None:
        """Follow the order, and answer."""
        factory: Any = self.factory
        transport: Any = self.transport
        alive = LoopingCall(transport.write, b" ")
        alive.clock = factory.reactor
        alive.start(ALIVE_S, now=False)
        done = Deferred.fromCoroutine(self._follow(line))
        done.addCallbacks(lambda result: {"done": result}, _refused)
        done.addCallback(self._answer, alive)

    async def _follow(self, line: bytes) -> Any:
        try:
            order = msgspec.json.decode(line, type=RoomOrder)
        except msgspec.MsgspecError as error:
            raise Refused(f"the server is of another release: {error}") from None
        factory: Any = self.factory
        return await follow(factory.registry, order)

    def _answer(self, answer: dict[str, Any], alive: LoopingCall) -> None:
        alive.stop()
        transport: Any = self.transport
        transport.write(msgspec.json.encode(answer))
        transport.loseConnection()


def _refused(failure: Failure) -> dict[str, Any]:
    if not failure.check(GameServerError):
        log.failure("an order failed", failure)
    return {"refused": failure.getErrorMessage()}


def give_order(folder: Path, order: RoomOrder) -> tuple[bool, Any]:
    """
    Give an order to a running server; this blocks.

    :param folder: the data folder of the server.
    :returns: whether a server took the order, and what came of it; False and None if none listens there.
    :raises Refused: the order cannot be followed.
    :raises OSError: the server did not answer in `WAIT_S`, or ended before it did; or this user may not reach it, so
        that it is not known whether one listens.
    """
    path = str(folder / NAME)
    try:
        os.stat(path)
    except PermissionError:
        raise
    except OSError:
        return False, None
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(WAIT_S)
        try:
            connection.connect(path)
        except PermissionError as error:
            raise PermissionError(error.errno, error.strerror, path) from None
        except OSError:
            return False, None
        connection.sendall(msgspec.json.encode(order) + b"\n")
        try:
            answer = msgspec.json.decode(b"".join(iter(lambda: connection.recv(1 << 16), b"")))
        except msgspec.DecodeError:
            raise ConnectionResetError("The server ended before it had answered.") from None
    if "refused" in answer:
        raise Refused(answer["refused"])
    return True, answer["done"]
