"""
What has to be sent to a connection ("is owed"): gathered during a pass of the reactor, written once at its end.

The same bytes go to every socket. For a slow reader a bounded number of bytes waits; beyond that its connection is
closed. Bytes count towards that bound from when they are owed, not from when they are written.
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
from gameserver.room.effects import in_between
from gameserver.websocket.frames import BINARY, HEADS, READY, TEXT, head, pong
from gameserver.websocket.limits import Sizes
from gameserver.websocket.sockets import Socket, SocketPoller

if TYPE_CHECKING:
    from gameserver.room.effects import Answered
    from gameserver.websocket.protocol import GameProtocol


def _numbers(to: Sequence[Any]) -> list[int]:
    """
    :returns: descriptors that may be written to at once; -1 where something else comes first.

    Call this right before the write: no descriptor can be closed in between and be given to another socket.
    """
    return [
        -1 if (socket := (outgoing := session.transport).socket) is None or outgoing._owed else socket.number
        for session in to
    ]


def _keep_rest(to: Sequence[Any], each: list[bytes], sent: list[int]) -> None:
    """
    Owe or buffer what a call that wrote to many has not sent.

    :param each: the data for each session.
    :param sent: how many bytes of it were sent, as `SocketPoller.write_to_all` returns.
    """
    for session, data, count in zip(to, each, sent, strict=True):
        if count < 0:
            session.transport._owe(data)
        elif count != len(data):
            session.transport.socket.buffer(data[count:])


class _TooLarge(Exception):
    """A message is larger than the client was told that any would be."""


@implementer(IPushProducer)
class Outgoing:
    """
    What a session sends through its connection.

    :param reactor_pass: at its end all is written.
    :param queue_bytes: how much may wait for a slow reader.
    :param binary: whether its frames are binary.
    :param watch: the poller of our sockets, which may have calls that write to many at once.
    :param message_bytes: a larger message is never sent.
    :param sizes: where the sizes of messages are counted.
    :ivar socket: what the connection is written to, if it is one of ours and the connection is open; else None.
    """

    __slots__ = (
        *("_behind", "_first", "_heads", "_most", "_owed", "_owed_bytes", "_pass", "_protocol", "_queue_bytes"),
        *("_sizes", "_slow", "_volatile", "_write_to_all", "_write_to_each", "socket"),
    )

    def __init__(
        self,
        protocol: GameProtocol,
        reactor_pass: ReactorPass,
        queue_bytes: int,
        *,
        binary: bool = False,
        watch: SocketPoller | None = None,
        message_bytes: int = sys.maxsize,
        sizes: Sizes | None = None,
    ) -> None:
        self._first = BINARY if binary else TEXT
        self._heads = HEADS[self._first]
        self._sizes = sizes or Sizes()
        self._most = message_bytes
        self._protocol = protocol
        self._pass = reactor_pass
        self._queue_bytes = queue_bytes
        self._write_to_all = None if watch is None else watch.write_to_all
        self._write_to_each = None if watch is None else watch.write_to_each
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
        Owe the same messages to many sessions, or write them at once where nothing else is owed.

        :param to: sessions that speak the same form of the protocol as this one.
        :param last: whether nothing more is expected for them in this pass; only then they are written at once.
        """
        try:
            if len(frames) == 1:
                frame = frames[0]
                size = len(frame)
                data = (self._heads[size] if size < READY else self._head(size)) + frame
            else:
                parts: list[bytes] = []
                for frame in frames:
                    size = len(frame)
                    parts += (self._heads[size] if size < READY else self._head(size), frame)
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
            sent = self._write_to_all(_numbers(to), data)
            if sent is not None:
                _keep_rest(to, [data] * len(to), sent)
            return
        for session in to:  # as `_write`, which would be a call for each
            outgoing = session.transport
            socket = outgoing.socket
            if socket is None or outgoing._owed or (send := socket.send) is None:
                outgoing._owe(data)
                continue
            try:
                count = send(data)
            except OSError:
                count = 0
            if count != size:
                socket.buffer(data[count:])

    def _write(self, data: bytes) -> None:
        """Write frames at once, as `Socket.write` does; or owe them, behind what is owed already."""
        socket = self.socket
        if socket is None or self._owed or (send := socket.send) is None:
            self._owe(data)
            return
        try:
            sent = send(data)
        except OSError:
            sent = 0
        if sent != len(data):
            socket.buffer(data[sent:])

    def send_answered(self, to: Sequence[Any], frames: list[bytes], answers: Answered) -> None:
        """
        Owe many the same frames, and each its answers in between; or write them at once where nothing else is owed.

        :param to: sessions that speak the same form of the protocol as this one.
        :param answers: for each session, pairs of how many of the frames come before an answer, and the answer.
        """
        heads, most = self._heads, self._queue_bytes
        parts: list[bytes] = []
        ends, end = [0], 0
        each: list[bytes] = []
        try:
            for frame in frames:
                size = len(frame)
                start = heads[size] if size < READY else self._head(size)
                parts += (start, frame)
                end += len(start) + size
                ends.append(end)
            shared = b"".join(parts)
            for session in to:
                data = shared
                for before, answer in reversed(answers[session]):  # from the last: it moves no earlier place
                    place, size = ends[before], len(answer)
                    start = heads[size] if size < READY else self._head(size)
                    data = b"".join((data[:place], start, answer, data[place:]))
                if len(data) > most:
                    raise _TooLarge
                each.append(data)
        except _TooLarge:
            self._send_answered_singly(to, frames, answers)
            return
        if self._write_to_each is not None and len(to) > 1:
            sent = self._write_to_each(_numbers(to), each)
            if sent is not None:
                _keep_rest(to, each, sent)
            return
        for session, data in zip(to, each, strict=True):
            session.transport._write(data)

    def _send_answered_singly(self, to: Sequence[Any], frames: list[bytes], answers: Answered) -> None:
        """Send to each session by itself: one message is too large, or all of them are together."""
        for session in to:
            self.send_to_all((session,), in_between(frames, answers[session]), last=True)

    def _head(self, size: int) -> bytes:
        """:returns: the head of a frame of this size. :raises _TooLarge: it is larger than `message_bytes`."""
        if size < READY:
            return self._heads[size]
        if size > self._most:
            raise _TooLarge
        if size > self._sizes.largest:
            self._sizes.largest = size
        return head(self._first, size)

    def _refuse(self, frames: list[bytes]) -> None:
        """Close the connection: one of these is larger than the client was told that any would be."""
        largest = max(frames, key=len)
        log.error("a message of {size} bytes was not sent: {start}", size=len(largest), start=largest[:100])
        self._sizes.refused += 1
        self._give_up("a message is larger than limits.message_bytes")

    def _give_up(self, why: str) -> None:
        """Close the connection, since the client would miss something; what it sends is not handled any more."""
        session = self._protocol.session
        (session or self).close(Close.SLOW_READER, why)

    def _owe(self, data: bytes) -> None:
        """Owe frames; if more than `queue_bytes` would wait for the end of the pass, they are written before."""
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
        """Write as much as may wait; where that is not all, the reader is too slow, and its connection is closed."""
        transport = self._protocol.transport
        for frame in owed:
            if self._slow and queued_bytes(transport) + len(frame) > self._queue_bytes:
                self._give_up("too slow a reader")
                return
            transport.write(frame)

    def send_volatile(self, frame: bytes, slot: str) -> None:
        """Owe one message; where the reader is slow, keep only the newest of the slot until it has read."""
        if self._slow:
            self._volatile[slot] = frame
        else:
            self.send(frame)

    def forget(self, code: str) -> None:
        """Drop what is volatile and waits of this room."""
        for slot in [slot for slot in self._volatile if slot.startswith(f"{code}/")]:
            del self._volatile[slot]

    def close(self, code: int, reason: str) -> None:
        """
        Close with a code, after what is owed is sent; a client that does not answer in time is cut off.

        From one that floods nothing more is read.
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
        # After what rooms send to make up for what they withheld: nothing about a document may come before it.
        self._pass.owe(self._send_newest)
        if self._behind:
            self._behind = False
            if self._protocol.session is not None:
                self._protocol.session.caught_up()

    def _send_newest(self) -> None:
        """Send what is volatile and has waited."""
        volatile, self._volatile = self._volatile, {}
        for frame in volatile.values():
            self.send(frame)

    def stopProducing(self) -> None:
        """The connection is lost; the protocol hears of it as well."""


def queued_bytes(transport: Any) -> int:
    """
    :returns: how many bytes wait in a transport to be sent.

    Source: ``FileDescriptor`` in twisted/internet/abstract.py, and ``TLSMemoryBIOProtocol`` above it
    """
    waiting = sum(map(len, getattr(transport, "_appSendBuffer", ())))
    below = getattr(transport, "transport", transport)
    return int(waiting + len(below.dataBuffer) - below.offset + below._tempDataLen)


log = Logger(namespace="gameserver.websocket")
