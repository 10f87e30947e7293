"""A bare client that blocks, sends any bytes, reads only when told to, and knows how its connection ended."""

from __future__ import annotations

import json
import os
import re
import select
import socket
import struct
import time
from base64 import b64encode
from typing import Any, Final

from tests.websocket.sockets import BINARY, CLOSE, TEXT, masked

ATTACKER: Final = "127.0.0.2"
"""Where attacks come from: budgets of this address are not those of others."""
VICTIM: Final = "127.0.0.1"
READ_BYTES: Final = 262_144
WAIT_S: Final = 10.0

STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3}) ")

Message = dict[str, Any]


class Ended(Exception):
    """The server ended the connection, or did not answer in time."""


class Line:
    """
    One connection.

    :param source: the address that it comes from.
    :param narrow: ask the system for the smallest buffers, so that little is read on its behalf.
    :ivar heard: all that was read.
    :ivar ended: how the server ended it: a close code, ``cut`` where it said none, or None while it is open.
    """

    def __init__(self, port: int, source: str = ATTACKER, *, narrow: bool = False) -> None:
        self.socket = socket.socket()
        if narrow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((source, 0))
        self.socket.settimeout(WAIT_S)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.heard = bytearray()
        self.ended: str | None = None
        self._gone = False
        self._at = 0
        self._id = 0

    # Bytes

    def push(self, data: bytes, s: float = WAIT_S, *, read: bool = False) -> int:
        """
        Say these bytes, as many as the server takes in this time.

        :param read: what the server says is read meanwhile, and dropped but for its last bytes.
        :returns: how many it took.
        """
        view, end_s = memoryview(data), time.monotonic() + s
        while view and not self._gone and (left_s := end_s - time.monotonic()) > 0:
            can_read, can_write, _ = select.select([self.socket] if read else [], [self.socket], [], left_s)
            if can_read:
                self._take()
            if can_write:
                try:
                    view = view[self.socket.send(view[:READ_BYTES]) :]
                except BlockingIOError:
                    continue
                except OSError:
                    break
        return len(data) - len(view)

    def flood(self, data: bytes, s: float, *, read: bool = True) -> int:
        """
        Say these bytes again and again, until the time is over or the server ends it.

        :returns: how many bytes it took.
        """
        end_s, taken = time.monotonic() + s, 0
        while not self._gone and (left_s := end_s - time.monotonic()) > 0:
            count = self.push(data, left_s, read=read)
            taken += count
            if count < len(data):
                break
        return taken

    def pull(self, s: float = 0.5) -> None:
        """Read until nothing has come for so long."""
        while not self._gone and select.select([self.socket], [], [], s)[0]:
            self._take()

    def pull_until(self, true: Any, s: float = WAIT_S) -> bool:
        """:returns: whether this became true of what was read, within the time."""
        end_s = time.monotonic() + s
        while not true():
            left_s = end_s - time.monotonic()
            if self._gone or left_s <= 0:
                return False
            if select.select([self.socket], [], [], left_s)[0]:
                self._take()
        return True

    def close(self) -> None:
        """Hang up."""
        self._gone = True
        self.socket.close()

    def _take(self) -> None:
        try:
            got = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got:
            self._gone = True
            self.ended = self.ended or "cut"
        self.heard += got

    @property
    def gone(self) -> bool:
        """Whether the server is heard no more."""
        return self._gone

    # HTTP

    def statuses(self) -> list[int]:
        """:returns: the statuses of all answers that were read, in order."""
        return [int(each) for each in STATUS.findall(self.heard)]


class Socket(Line):
    """A WebSocket on a line."""

    def __init__(self, port: int, source: str = ATTACKER, *, packed: bool = False, **how: Any) -> None:
        super().__init__(port, source, **how)
        form = "msgpack" if packed else "json"
        self.packed = packed
        self.user = ""
        key = b64encode(os.urandom(16)).decode()
        self.push(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: gameserver.v1.{form}\r\n\r\n".encode()
        )
        if not self.pull_until(lambda: b"\r\n\r\n" in self.heard):
            raise Ended("no handshake")
        self.status = int(self.heard.split(b" ", 2)[1])
        self._at = self.heard.index(b"\r\n\r\n") + 4
        if self.status != 101:
            self.ended = str(self.status)
            raise Ended(f"handshake: {self.status}")

    def frame(self, payload: bytes, opcode: int | None = None, *, fin: bool = True) -> bytes:
        """:returns: a frame of this connection's form."""
        return masked(payload, opcode if opcode is not None else BINARY if self.packed else TEXT, fin=fin)

    def say(self, op: str, **fields: Any) -> None:
        """Say a message, in JSON."""
        self.push(self.frame(json.dumps({"op": op, **fields}).encode()))

    def ask(self, op: str, *, s: float = WAIT_S, **fields: Any) -> Message:
        """
        :returns: the answer to this request.
        :raises Ended: there is none.
        """
        self._id += 1
        id = self._id
        self.say(op, id=id, **fields)
        return self.answer(id, s)

    def answer(self, id: int | None, s: float = WAIT_S) -> Message:
        """
        :returns: the answer to a request.
        :raises Ended: there is none.
        """
        found: list[Message] = []

        def answered() -> bool:
            found.extend(m for m in self.messages() if m.get("id") == id and m["op"] in ("ok", "error", "joined"))
            return bool(found)

        if not self.pull_until(answered, s):
            raise Ended(f"no answer to {id}: {self.ended or 'open'}")
        return found[0]

    def hello(self, name: str = "Eve", **who: Any) -> Message:
        """
        Say hello, as a guest unless told otherwise.

        :raises Ended: it was refused.
        """
        self.say("hello", **(who or {"guest": {"name": name}}))
        found: list[Message] = []

        def greeted() -> bool:
            found.extend(m for m in self.messages() if m["op"] in ("welcome", "error"))
            return bool(found)

        if not self.pull_until(greeted) or found[0]["op"] != "welcome":
            raise Ended(f"hello: {found or self.ended}")
        self.user = found[0]["user"]["id"]
        return found[0]

    def messages(self) -> list[Message]:
        """:returns: messages that came since the last look."""
        return [json.loads(payload) for opcode, payload in self.frames() if opcode == TEXT]

    def frames(self) -> list[tuple[int, bytes]]:
        """:returns: opcode and payload of each whole frame since the last look."""
        heard, at = bytes(self.heard[self._at :]), 0
        self.heard.clear()
        self._at = 0
        found: list[tuple[int, bytes]] = []
        while (whole := _frame(heard, at)) is not None:
            opcode, payload, at = whole
            if opcode == CLOSE:
                self.ended = str(struct.unpack_from(">H", payload)[0]) if len(payload) > 1 else "1005"
            found.append((opcode, payload))
        self.heard[:0] = heard[at:]
        return found

    def finish(self, s: float = 1.0) -> str:
        """:returns: how it was ended, once all is read; ``open`` where it was not."""
        self.pull(s)
        for _ in self.frames():
            pass
        return self.ended or "open"


def _frame(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """:returns: opcode, payload and end of the frame that begins here, or None where it is not whole yet."""
    if len(data) < at + 2:
        return None
    opcode, length, start = data[at] & 15, data[at + 1], at + 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, start = int.from_bytes(data[start : start + size]), start + size
        if len(data) < start:
            return None
    return (opcode, data[start : start + length], start + length) if len(data) >= start + length else None
