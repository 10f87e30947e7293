"""The client's side of a WebSocket as it ends."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.trial.unittest import SynchronousTestCase

from gameserver.client.dial import dial


class DialTests(SynchronousTestCase):
    """A server of a few bytes."""

    def open(self) -> Any:
        """:returns: the connection, once the server has shaken hands."""
        self.reactor: Any = MemoryReactorClock()
        self.closed: list[tuple[int, str]] = []
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 80))
        self.transport.abortConnection = self.transport.loseConnection  # type: ignore[method-assign]
        opened = dial(
            self.reactor,
            "ws://127.0.0.1/ws",
            subprotocol="gameserver.v1.json",
            on_frame=lambda _: None,
            on_close=lambda code, reason: self.closed.append((code, reason)),
        )
        self.reactor.advance(0)
        [(_, _, factory, _, _)] = self.reactor.tcpClients
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        asked = re.search(rb"Sec-WebSocket-Key: (\S+)", self.transport.value())
        assert asked is not None
        proof = hashlib.sha1(asked[1] + WebSocketProtocol._WS_MAGIC).digest()
        self.transport.clear()
        self.protocol.dataReceived(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: gameserver.v1.json\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(proof) + b"\r\n\r\n"
        )
        return self.successResultOf(opened)

    def test_said_while_it_closes(self) -> None:
        """The close frame is there, the end of the connection is not: what is said is dropped, as behind it."""
        wire = self.open()
        wire.send(b"{}")
        said = self.transport.value()
        self.assertTrue(said)
        self.protocol.dataReceived(b"\x88\x02\x0f\xaa")  # 4010
        self.transport.clear()
        wire.send(b"{}")
        wire.close()
        self.assertEqual(self.transport.value(), b"")
