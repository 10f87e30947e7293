"""
The real protocol and the real site on a pipe: every byte of a WebSocket, and no port.

A `Pipe` is Twisted's own file descriptor with its own buffers, of which a client reads as much as the test says.
"""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Final

from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted
from twisted.internet.task import Clock as Seconds
from twisted.python.failure import Failure

from gameserver.protocol.messages import SUBPROTOCOL
from gameserver.settings.settings import Settings
from gameserver.web.site import site
from gameserver.websocket.protocol import WebSocketEndpoint
from gameserver.websocket.proxies import Proxies
from tests.websocket.kit import Message, Rig

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
MASK: Final = b"\x11\x22\x33\x44"


class Readiness:
    """What a file descriptor needs of a reactor: nothing happens by itself."""

    def addReader(self, reader: Any) -> None: ...

    def addWriter(self, writer: Any) -> None: ...

    def removeReader(self, reader: Any) -> None: ...

    def removeWriter(self, writer: Any) -> None: ...


class Pipe(FileDescriptor):
    """
    The server's end of a connection.

    :ivar sent: what the client has read.
    :ivar reads: how many bytes the client is willing to read; None is all there are.
    """

    def __init__(self, time: Seconds, address: str) -> None:
        super().__init__(Readiness())  # type: ignore[arg-type]
        self.connected = 1
        self.time = time
        self.address = address
        self.protocol: Any = None
        self.no_delay = False
        self.sent = bytearray()
        self.reads: int | None = None
        self.lost = False

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", self.address, 1)

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.100", 80)

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = bool(enabled)

    def getHandle(self) -> Pipe:
        return self

    def recv(self, size: int, flags: int) -> bytes:
        """What comes is given to the protocol at once: the kernel has nothing."""
        raise BlockingIOError

    def writeSomeData(self, data: bytes) -> int:
        count = len(data) if self.reads is None else min(len(data), self.reads)
        if self.reads is not None:
            self.reads -= count
        self.sent += data[:count]
        return count

    def flush(self) -> None:
        """The client reads what it is willing to."""
        while not self.lost and self.reads != 0 and (self.waiting or self.disconnecting or self.producerPaused):
            ended = self.doWrite()
            if ended is not None:
                self._lose(Failure(ended))

    @property
    def waiting(self) -> int:
        """How many bytes wait to be read."""
        return len(self.dataBuffer) - self.offset + self._tempDataLen

    def abortConnection(self) -> None:
        self.time.callLater(0, self._lose, Failure(ConnectionAborted()))

    def _lose(self, reason: Failure) -> None:
        if not self.lost:
            self.lost = True
            self.connected = 0
            self.protocol.connectionLost(reason)


class Node:
    """A rig's node behind the real WebSocket endpoint and site."""

    def __init__(
        self, rig: Rig, origin: tuple[str, ...] = (), trusted_proxy: tuple[str, ...] = (), *, native: bool = True
    ) -> None:
        self.rig = rig
        settings = Settings(origin=origin, limits=rig.limits, trusted_proxy=trusted_proxy, host=(".example",))
        self.endpoint = WebSocketEndpoint(
            rig.services, settings.origin, rig.time, proxies=Proxies(trusted_proxy), native=native
        )
        self.site = site(rig.services, None, settings, self.endpoint.resource())

    def dial(
        self,
        address: str = "192.0.2.1",
        path: str = "/ws",
        *,
        version: str = "1.1",
        behind: bytes = b"",
        **headers: str | None,
    ) -> Caller:
        """
        :param version: of HTTP.
        :param behind: comes in one read with the request.
        :returns: a connection that has asked for a WebSocket.
        """
        return Caller(self, address, f"GET {path} HTTP/{version}", headers, behind)


class Caller:
    """A client that speaks bytes."""

    def __init__(
        self, node: Node, address: str, first: str, headers: dict[str, str | None], behind: bytes = b""
    ) -> None:
        self.node = node
        self.pipe = Pipe(node.rig.time, address)
        protocol = node.site.buildProtocol(IPv4Address("TCP", address, 1))
        self.pipe.protocol = protocol
        protocol.makeConnection(self.pipe)
        asked: dict[str, str | None] = {
            "Host": "games.example",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": b64encode(b"k" * 16).decode(),
            "Sec-WebSocket-Protocol": SUBPROTOCOL,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = [f"{name}: {value}" for name, value in asked.items() if value is not None]
        self.feed("\r\n".join((first, *lines, "", "")).encode("latin-1") + behind)
        head, _, self.body = bytes(self.pipe.sent).partition(b"\r\n\r\n")
        first, *more = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in more)}
        self._from = len(head) + 4 if self.status == 101 else len(self.pipe.sent)
        self._taken = 0

    def feed(self, data: bytes) -> None:
        """These bytes arrive."""
        if not self.pipe.lost:
            self.pipe.protocol.dataReceived(data)
        self.settle()

    def settle(self) -> None:
        """Let everything happen that needs no time, and read."""
        for _ in range(3):
            self.node.rig.settle()
            self.pipe.flush()

    def say(self, op: str, **fields: Any) -> list[Message]:
        """:returns: what this message is answered, and all else since the last look."""
        self.feed(masked(json.dumps({"op": op, **fields}).encode()))
        return self.take()

    def take(self) -> list[Message]:
        """:returns: the messages since the last look."""
        self.settle()
        found = [json.loads(payload) for opcode, payload in self.frames() if opcode == TEXT]
        new, self._taken = found[self._taken :], len(found)
        return new

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """:returns: opcode and payload of each whole frame that was read."""
        data, at = bytes(self.pipe.sent), self._from
        while at + 2 <= len(data):
            opcode, length = data[at] & 15, data[at + 1]
            if not data[at] & 0x80 or length & 0x80:
                raise AssertionError("a server's frame is whole and not masked")
            at += 2
            if length == 126:
                (length,), at = struct.unpack_from(">H", data, at), at + 2
            elif length == 127:
                (length,), at = struct.unpack_from(">Q", data, at), at + 8
            if at + length > len(data):
                return
            yield opcode, data[at : at + length]
            at += length

    @property
    def closed(self) -> int | None:
        """The close code that was read."""
        payloads = [payload for opcode, payload in self.frames() if opcode == CLOSE]
        return struct.unpack_from(">H", payloads[0])[0] if payloads else None

    def hello(self, name: str = "Ann") -> Caller:
        """Say hello as a guest."""
        answer = self.say("hello", guest={"name": name})
        if [m["op"] for m in answer] != ["welcome"]:
            raise AssertionError(f"hello was answered {answer}")
        return self

    def cut(self) -> None:
        """The connection breaks."""
        self.pipe.abortConnection()
        self.settle()


def masked(payload: bytes, opcode: int = TEXT, *, fin: bool = True, mask: bytes = MASK) -> bytes:
    """:returns: a client's frame."""
    length = len(payload)
    head = bytes((opcode | (0x80 if fin else 0),))
    if length < 126:
        head += bytes((0x80 | length,))
    elif length < 65536:
        head += b"\xfe" + struct.pack(">H", length)
    else:
        head += b"\xff" + struct.pack(">Q", length)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
