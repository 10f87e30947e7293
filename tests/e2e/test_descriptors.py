"""A server that may have few descriptors, and very many connections of HTTP that nobody closes."""

from __future__ import annotations

import http.client
from typing import Any

from twisted.internet.threads import deferToThread

from tests.e2e.kit import WAIT_S, ServerCase

DESCRIPTORS = 256
VISITORS = 400


class DescriptorsTests(ServerCase):
    async def test_idle_connections_make_room(self) -> None:
        """Everybody is served, and who plays is not disturbed; what is closed for it was idle."""
        server = self.server(descriptors=DESCRIPTORS)
        await server.start()
        ann = await self.person(server, "Ann")
        room = await ann.create("tictactoe")
        kept: list[http.client.HTTPConnection] = []
        self.addCleanup(lambda: [each.close() for each in kept])
        statuses = await deferToThread(self.visit, server.port, kept)
        self.assertEqual(statuses, [200] * VISITORS)
        bob = await self.person(server, "Bob")
        await bob.join(room.code)
        await ann.sees(lambda room: len(room.seats) == 2, "Bob")
        self.assertEqual(len(ann.told.connections), 1)
        self.assertEqual(await deferToThread(self.ask, kept[-1]), 200)
        self.assertNotIn("EMFILE", server.output)

    def visit(self, port: int, kept: list[http.client.HTTPConnection]) -> list[int]:
        """Ask once over each of many connections, which stay open as far as their client knows."""
        for _ in range(VISITORS):
            kept.append(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S))
        return [self.ask(each) for each in kept]

    def ask(self, connection: Any) -> int:
        """:returns: the status of an answer."""
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        return int(answer.status)
