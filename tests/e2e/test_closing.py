"""How connections begin and end on every kind of socket: TCP's, which we write to ourselves, TLS's and UNIX's."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread

from tests.e2e.kit import WAIT_S, Bare
from tests.e2e.test_tls import TLSCase
from tests.ports import free_port
from tests.websocket.kit import frame
from tests.websocket.sockets import masked

CLOSE = 8
CODE_OF_NOBODY = struct.pack(">H", 5)


class ClosingTests(TLSCase):
    async def kinds(self, use: Callable[[Bare], Any], native: str = "true") -> dict[str, Any]:
        """:returns: what comes of this on each kind of socket."""
        folder = Path(tempfile.mkdtemp(prefix="gameserver-"))  # the path of such a socket must be short
        self.addCleanup(shutil.rmtree, folder)
        self.port = free_port()
        files = f"ssl:{self.port}:{self.files.words}:interface=127.0.0.1"
        server = self.server(listen=[files, f"unix:{folder / 'socket'}"], GAMESERVER_NATIVE=native)
        await server.start()
        doors: dict[str, dict[str, Any]] = {
            "tcp": {"port": server.port},
            "tls": {"port": self.port, "tls": self.trusting},
            "unix": {"port": folder / "socket"},
        }
        return {kind: await deferToThread(self.once, use, door) for kind, door in doors.items()}

    def once(self, use: Callable[[Bare], Any], door: dict[str, Any]) -> Any:
        connection = Bare(**door)
        try:
            return use(connection)
        finally:
            connection.close()

    async def test_close_code_of_nobody(self) -> None:
        """A close that breaks the protocol is answered with the same close frame on all of them."""

        def use(connection: Bare) -> int:
            connection.frame(CODE_OF_NOBODY, CLOSE)
            return connection.hear_close()

        for native in ("true", "false"):
            self.assertEqual(await self.kinds(use, native), {"tcp": 1002, "tls": 1002, "unix": 1002})

    async def test_answers_before_the_close(self) -> None:
        """All that was asked in one write with a close is answered before it: what the store must have first, too."""
        asked = (
            frame("hello", guest={"name": "Ann"}),
            frame("create", id=1, game="tictactoe"),
            frame("chat", id=2, text="hi"),
            frame("start", id=3),
            frame("leave", id=4),
        )

        def use(connection: Bare) -> list[Any]:
            connection.socket.sendall(b"".join(map(masked, asked)) + masked(b"", CLOSE))
            heard: list[Any] = []
            while isinstance(told := connection.hear(), dict):
                heard.append(told.get("id") or told["op"])
            return [each for each in heard if each in ("welcome", 1, 2, 3, 4)] + [told]

        expected = ["welcome", 1, 2, 3, 4, 1000]
        self.assertEqual(await self.kinds(use), {"tcp": expected, "tls": expected, "unix": expected})


class HandshakeTests(TLSCase):
    def answer(self, port: int, version: str, behind: bytes) -> tuple[int, str]:
        """:returns: the status of an answer, and the message in it; it reads to the end."""
        key = base64.b64encode(b"k" * 16).decode()
        head = f"GET /ws HTTP/{version}\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), WAIT_S) as plain:
            plain.sendall(head.encode() + behind)
            with plain.makefile("rb") as file:
                text = file.read().decode()
        first, _, body = text.partition("\r\n\r\n")
        return int(first.split()[1]), json.loads(body)["message"]

    async def test_no_handshakes(self) -> None:
        """HTTP/1.0, and frames that do not wait for the answer, are refused, and the connection ends."""
        server = self.server()
        await server.start()
        status, text = await deferToThread(self.answer, server.port, "1.0", b"")
        self.assertEqual((status, "HTTP/1.1" in text), (400, True))
        status, text = await deferToThread(self.answer, server.port, "1.1", masked(frame("ping", at=1)))
        self.assertEqual((status, "before the handshake is answered" in text), (400, True))
