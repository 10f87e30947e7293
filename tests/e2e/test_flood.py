"""Floods against the real process: each is closed with 4008, others are served, and no memory is left behind."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from twisted.internet.threads import deferToThread

from tests.e2e.kit import Bare, ServerCase, within
from tests.e2e.test_tls import TLSCase
from tests.wire.sockets import PING, PONG, TEXT, masked

GROWTH_KB: Final = 64 * 1024
SEGMENT: Final = 60_000

FLOODS: Final[dict[str, tuple[bytes, bytes]]] = {
    "pings": (b"", masked(b"", PING)),
    "large pings": (b"", masked(b"x" * 125, PING)),
    "pongs": (b"", masked(b"x", PONG)),
    "empty continuations": (masked(b"", TEXT, fin=False), masked(b"", 0, fin=False)),
    "sends beyond the rate": (b"", masked(b'{"op":"send","type":"play","data":{"cell":1}}')),
    "listens": (b"", masked(b'{"op":"listen","id":9,"to":"lobby:tictactoe"}')),
}
"""What begins a flood, and what is said again and again."""


def memory_kb(pid: int) -> int:
    """:returns: what a process has in memory."""
    (line,) = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS")]
    return int(line.split()[1])


def flood(port: int, what: str, tls: ssl.SSLContext | None = None) -> int:
    """:returns: the code with which somebody is closed who says this until nobody takes it any more."""
    connection = Bare(port, tls=tls)
    try:
        connection.say(op="hello", guest={"name": "Eve"})
        connection.say(op="join", id=1, game="tictactoe")
        connection.answer_to(1)
        before, frame = FLOODS[what]
        connection.socket.sendall(before)
        for _ in range(20):
            try:
                connection.socket.sendall(frame * (SEGMENT // len(frame)))
            except OSError:
                break
        return connection.hear_close()
    finally:
        connection.close()


class FloodTests(ServerCase):
    async def test_closed(self) -> None:
        """Whatever one connection floods with, it is closed, and a player who was there before is answered."""
        server = self.server()
        await server.start()
        ann = await self.person(server, "Ann")
        room = await within(ann.client.create("tictactoe"), "a room")
        bob = await self.person(server, "Bob")
        await bob.join(room.code)
        before_kb = memory_kb(server.pid)
        for what in FLOODS:
            code = await within(deferToThread(flood, server.port, what), what)
            self.assertEqual(code, 4008, what)
            await within(room.say("still here"), f"an answer beside {what}")
        self.assertLess(memory_kb(server.pid) - before_kb, GROWTH_KB)


class FloodOverTLSTests(TLSCase):
    async def test_closed(self) -> None:
        """The same where Twisted reads, and deciphers ahead."""
        server = await self.started()
        for what in FLOODS:
            code = await within(deferToThread(flood, self.port, what, self.trusting), what)
            self.assertEqual(code, 4008, what)
        ann = await self.person(server, "Ann")
        await within(ann.client.create("tictactoe"), "a room")
