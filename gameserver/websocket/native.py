"""
A `SocketPoller` that makes the system calls of a pass in C, all at once, where the C part was built.

Much of what a message costs is Python between two system calls: an event's tuple, a bound method, a buffer of 64 KiB
that shrinks to a hundred bytes, a mask as a large number. C needs one call for all that a pass reads, and one to send
the same to many. Whatever is unusual comes back as it was read, and is handled as it is without C.
"""

from __future__ import annotations

import os
from struct import Struct
from typing import Any, Final

from twisted.internet.main import CONNECTION_LOST

from gameserver.node.reactor_pass import ReactorPass
from gameserver.websocket.sockets import EVENTS, READ_BYTES, Socket, SocketPoller, Watched, end, log, serve

try:
    from gameserver.websocket._native import ffi, lib
except ImportError:
    ffi = lib = None

BUILT: Final = lib is not None
"""Whether there was a C compiler when this was installed."""
SPACE: Final = 8 * READ_BYTES
"""Bytes that one call may read; the sockets for which no space is left are read one by one."""
ARRIVAL: Final = Struct("5i")
"""A ``struct arrival`` of ``native_build``."""


class NativePoller(SocketPoller):
    """A `SocketPoller` that reads and writes many sockets at once, in C."""

    way = "in C"

    def __init__(self, reactor: Any, reactor_pass: ReactorPass) -> None:
        super().__init__(reactor, reactor_pass)
        self.write_to_all = self._write_to_all
        self.write_to_each = self._write_to_each
        self._arrivals = ffi.new("struct arrival[]", EVENTS)
        self._buffer = ffi.new("char[]", SPACE)
        self._sent = ffi.new("int[]", EVENTS)

    def _serve_ready(self) -> None:
        """Read all sockets, then give each what it was sent, as its own copy of bytes, since a game may keep them."""
        read, sockets = ffi.buffer(self._buffer), self._sockets
        # Whose a descriptor was when it was read: what comes before it in this pass may close it, and it be used anew.
        dropped: dict[int, Watched] = {}
        self._dropped = dropped
        for descriptor, events, head, start, stop in self._read_ready():
            if descriptor in dropped:
                watched = dropped[descriptor]
                if start == stop or not _listens(watched[0]):
                    continue
            elif descriptor in sockets:
                watched = sockets[descriptor]
            else:
                continue
            socket, _, feed, feed_unmasked = watched
            why = None
            try:
                if head:
                    feed_unmasked(read[start:stop], head)
                elif start != stop:
                    feed(read[start:stop])
                else:
                    why = serve(socket, events)
            except Exception:  # noqa: BLE001 - as in `SocketPoller`
                log.failure("a connection failed")
                why = CONNECTION_LOST
            if why is not None:
                end(socket, why)
        self._dropped = None

    def _read_ready(self) -> Any:
        """:returns: for each socket that is ready the five numbers of a ``struct arrival``; see ``native_build``."""
        count = lib.read_ready(self._epoll.fileno(), self._arrivals, self._buffer, SPACE, READ_BYTES)
        if count < 0:
            raise OSError(ffi.errno, os.strerror(ffi.errno))
        return ARRIVAL.iter_unpack(ffi.buffer(self._arrivals)[: count * ARRIVAL.size])

    def _write_to_all(self, descriptors: list[int], data: bytes) -> list[int] | None:
        count = len(descriptors)
        self._make_space(count)
        whole = lib.write_to_all(descriptors, count, data, len(data), self._sent)
        return None if whole == count else ffi.unpack(self._sent, count)

    def _write_to_each(self, descriptors: list[int], each: list[bytes]) -> list[int] | None:
        count = len(descriptors)
        self._make_space(count)
        whole = lib.write_to_each(descriptors, count, b"".join(each), list(map(len, each)), self._sent)
        return None if whole == count else ffi.unpack(self._sent, count)

    def _make_space(self, count: int) -> None:
        """Have space for so many results: more may be written to than are ever read at once."""
        if count > len(self._sent):
            self._sent = ffi.new("int[]", 2 * count)


def _listens(socket: Socket) -> bool:
    """Whether it still wants what was read. One that is merely paused does: the bytes are out of the kernel already."""
    return bool(socket.connected and not socket.disconnecting)


def make_watch(reactor: Any, reactor_pass: ReactorPass, *, native: bool = True) -> SocketPoller:
    """
    :param native: use what was built in C, if anything was.
    :returns: what upgraded sockets are watched by.
    """
    return NativePoller(reactor, reactor_pass) if native and BUILT else SocketPoller(reactor, reactor_pass)
