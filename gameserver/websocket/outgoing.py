"""
What a connection is owed: gathered during a pass of the reactor, and written once at its end.

The same bytes go to every socket. A reader that is slow costs a bounded number of bytes, then its connection; what it
is owed counts from when it is owed, not from when it is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from zope.interface import implementer

from gameserver.node.reactor_pass import ReactorPass
from gameserver.protocol.messages import Close
from gameserver.websocket.frames import BINARY, HEADS, READY, TEXT, head, pong
from gameserver.websocket.limits import Sizes
from gameserver.websocket.sockets import Socket, WriteToAll

if TYPE_CHECKING:
    from gameserver.websocket.protocol import GameProtocol


def _write_at_once(to: Sequence[Any], data: bytes, write_to_all: WriteToAll) -> None:
    """Write the same to many sockets in one call, as `Outgoing.send_to_all` does one by one."""
    # Asked for now: nobody's descriptor can be closed, and become another's, before they are written to.
    numbers = [
        -1 if (socket := (outgoing := session.transport).socket) is None or outgoing._owed else socket.number
        for session in to
    ]
    sent = write_to_all(numbers, data)
    if sent is None:
        return
    for session, count in zip(to, sent, strict=True):
        if count < 0:
            session.transport._owe(data)
        elif count != len(data):
            session.transport.socket.buffer(data[count:])


class _TooLarge(Exception):
    """A message is larger than the client was told that any would be."""


@implementer(IPushProducer)
class Outgoing:
    """
    What a session sends through its connection: gathered during a pass of the reactor, written once at its end.

    :param reactor_pass: at the end of each.
    :param queue_bytes: what may wait for a slow reader.
    :param binary: whether its frames are binary.
    :param write_to_all: see `SocketPoller`.
    :param message_bytes: what is larger is never sent.
    :param sizes: of what is.
    :ivar socket: what the connection is written to, if it is one of ours and may be written to at once.
    """

    __slots__ = (
        *("_behind", "_first", "_most", "_owed", "_owed_bytes", "_pass", "_protocol", "_queue_bytes", "_sizes"),
        *("_slow", "_volatile", "_write_to_all", "socket"),
    )

    def __init__(
        self,
        protocol: GameProtocol,
        reactor_pass: ReactorPass,
        queue_bytes: int,
        *,
        binary: bool = False,
        write_to_all: WriteToAll | None = None,
        message_bytes: int = sys.maxsize,
        sizes: Sizes | None = None,
    ) -> None:
        self._first = BINARY if binary else TEXT
        self._sizes = sizes or Sizes()
        self._most = message_bytes
        self._protocol = protocol
        self._pass = reactor_pass
        self._queue_bytes = queue_bytes
        self._write_to_all = write_to_all
        self._owed: list[bytes] = []
        self._owed_bytes = 0
        self._volatile: dict[str, bytes] = {}
        self._slow = False
        self._behind = False
        self.socket: Socket | None = None

    def send(self, frame: bytes) -> None:
        """Owe one message."""
        try:
            data = self._head(len(frame)) + frame
        except _TooLarge:
            self._refuse([frame])
        else:
            self._owe(data)

    def send_to_all(self, to: Sequence[Any], frames: list[bytes], *, last: bool) -> None:
        """
        Owe several at once to many, or write them at once where that is all that they are owed.

        :param to: sessions of this form.
        """
        try:
            if len(frames) == 1:
                frame = frames[0]
                size = len(frame)
                data = (HEADS[self._first][size] if size < READY else self._head(size)) + frame
            else:
                parts: list[bytes] = []
                for frame in frames:
                    size = len(frame)
                    parts += (HEADS[self._first][size] if size < READY else self._head(size), frame)
                data = b"".join(parts)
        except _TooLarge:
            for session in to:
                session.transport._refuse(frames)
            return
        size = len(data)
        if not last or size > self._queue_bytes:
            if size > self._queue_bytes and len(frames) > 1:  # one by one, so that no more of them wait than may
                for frame in frames:
                    self.send_to_all(to, [frame], last=False)
                return
            for session in to:
                session.transport._owe(data)
            return
        if self._write_to_all is not None and len(to) > 1:
            _write_at_once(to, data, self._write_to_all)
            return
        for session in to:
            outgoing = session.transport
            socket = outgoing.socket
            if socket is None or outgoing._owed or (send := socket.send) is None:
                outgoing._owe(data)
                continue
            # As Socket.write, which most that is written would only pass through.
            try:
                sent = send(data)
            except OSError:
                sent = 0
            if sent != size:
                socket.buffer(data[sent:])

    def _head(self, size: int) -> bytes:
        """:returns: the head of a frame. :raises _TooLarge: there is none so large."""
        if size < READY:
            return HEADS[self._first][size]
        if size > self._most:
            raise _TooLarge
        if size > self._sizes.largest:
            self._sizes.largest = size
        return head(self._first, size)

    def _refuse(self, frames: list[bytes]) -> None:
        """One of these is larger than the client was told that it would be."""
        largest = max(frames, key=len)
        log.error("a message of {size} bytes was not sent: {start}", size=len(largest), start=largest[:100])
        self._sizes.refused += 1
        self._give_up("a message is larger than limits.message_bytes")

    def _give_up(self, why: str) -> None:
        """Its client cannot be told what it should know; what it says besides is not handled."""
        session = self._protocol.session
        (session or self).close(Close.SLOW_READER, why)

    def _owe(self, data: bytes) -> None:
        """Owe frames; no more of them wait for the end of the pass than may wait for a slow reader."""
        if not self._owed:
            self._pass.owe(self.write)
        self._owed.append(data)
        self._owed_bytes += len(data)
        if self._owed_bytes > self._queue_bytes:
            self._write_owed()

    def pong(self, payload: bytes) -> None:
        """Owe the answer to a ping."""
        self._owe(pong(payload))

    def write(self) -> None:
        """The pass ends: write what is owed."""
        self._write_owed()
        if self._slow and not self._behind and queued_bytes(self._protocol.transport) > self._queue_bytes // 2:
            self._behind = True
            if self._protocol.session is not None:
                self._protocol.session.fell_behind()

    def _write_owed(self) -> None:
        owed, self._owed = self._owed, []
        size, self._owed_bytes = self._owed_bytes, 0
        protocol = self._protocol
        if not owed or protocol.state != protocol.STATE_OPEN:
            return
        if self._slow or size > self._queue_bytes:
            self._write_bounded(owed)
        else:
            protocol.transport.write(owed[0] if len(owed) == 1 else b"".join(owed))

    def _write_bounded(self, owed: list[bytes]) -> None:
        """Write no more than may wait; a reader that is too slow is cut off."""
        transport = self._protocol.transport
        for frame in owed:
            if self._slow and queued_bytes(transport) + len(frame) > self._queue_bytes:
                self._give_up("too slow a reader")
                return
            transport.write(frame)

    def send_volatile(self, frame: bytes, slot: str) -> None:
        """Write one message at once; where the reader is slow, keep the newest of the slot for when it has read."""
        if self._slow:
            self._volatile[slot] = frame
        else:
            self.send(frame)

    def forget(self, code: str) -> None:
        """Nothing that waits of this room is wanted any more."""
        for slot in [slot for slot in self._volatile if slot.startswith(f"{code}/")]:
            del self._volatile[slot]

    def close(self, code: int, reason: str) -> None:
        """
        Close with a code, behind what is owed; who does not answer in time is cut off.

        Whoever floods is not read any more.
        """
        self._volatile.clear()
        self._protocol.sendClose(code, reason)
        if code == Close.FLOODING:
            self._protocol.stop_listening()

    def pauseProducing(self) -> None:
        """The transport's buffer is full: the client reads slower than we write."""
        self._slow = True

    def resumeProducing(self) -> None:
        """The client has read all there was."""
        self._slow = False
        # Behind what rooms make good in this pass: nothing that is said of a document comes before it.
        self._pass.owe(self._send_newest)
        if self._behind:
            self._behind = False
            if self._protocol.session is not None:
                self._protocol.session.caught_up()

    def _send_newest(self) -> None:
        """What is volatile and waited."""
        volatile, self._volatile = self._volatile, {}
        for frame in volatile.values():
            self.send(frame)

    def stopProducing(self) -> None:
        """The connection is lost; the protocol hears of it as well."""


def queued_bytes(transport: Any) -> int:
    """
    :returns: what waits in a transport to be sent.

    Source: ``FileDescriptor`` in twisted/internet/abstract.py, and ``TLSMemoryBIOProtocol`` above it
    """
    waiting = sum(map(len, getattr(transport, "_appSendBuffer", ())))
    below = getattr(transport, "transport", transport)
    return int(waiting + len(below.dataBuffer) - below.offset + below._tempDataLen)


log = Logger(namespace="gameserver.websocket")
