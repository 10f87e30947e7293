"""A real socket that reads late, on a real server."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.threads import deferToThread

from tests.e2e.kit import Bare, ServerCase, within

PATCHES = 2500
PATCH_BYTES = 8000
"""Together more than what kernels and the server keep for one socket."""

CANVAS = f'''
"""One big text that changes."""
from gameserver import Game, Player, message

class Canvas(Game):
    """A big text."""
    needs_start = False
    durability = "none"
    messages_per_s = 100_000

    @message
    def draw(self, player: Player, n: int) -> None:
        self.state.update(n=n, text=f"{{n % 10}}" * {PATCH_BYTES})

    @message
    def say(self, player: Player) -> None:
        self.send("said", self.state["n"])
'''


class SlowReaderTests(ServerCase):
    async def test_reads_late(self) -> None:
        """Who did not read through megabytes of patches was not cut off, and has the document once it reads."""
        server = self.server(games=self.games(canvas=CANVAS))
        await server.start()
        ann = await self.person(server, "Ann")
        room = await within(ann.client.create("canvas"), "a room")
        slow = Bare(server.port)
        self.addCleanup(slow.close)
        await within(deferToThread(self.sit, slow, room.code), "a seat")
        for n in range(1, PATCHES + 1):
            room.tell("draw", n=n)
            if n % 50 == 0:  # and what is sent has come
                await within(room.until(lambda room, n=n: room.state.get("n") == n), f"change {n}")  # type: ignore[misc]
        docs, patches = await within(deferToThread(self.read, slow, PATCHES), "all is read")
        self.assertGreater(docs, 0)
        self.assertGreater(patches, 10)
        self.assertLess(patches, PATCHES)
        await within(room.send("say"), "an answer")
        heard = await within(deferToThread(slow.hear), "an event")
        self.assertEqual((heard["op"], heard["data"]), ("event", PATCHES))

    def sit(self, connection: Bare, code: str) -> None:
        """Sit in the room, with a small window."""
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.say(op="hello", guest={"name": "Slow"})
        connection.say(op="join", id=1, room=code)
        self.n = 0
        while self.take(connection.hear())["op"] != "joined":
            pass

    def take(self, heard: Any) -> dict[str, Any]:
        """Count."""
        assert isinstance(heard, dict), f"closed with {heard}"
        if heard["op"] == "joined":
            self.n = heard["seen"]["room"]
        elif heard.get("stream") == "room":
            assert heard["op"] == "doc" or heard["n"] == self.n + 1, (self.n, heard["n"])
            self.n = heard["n"]
        return heard

    def read(self, connection: Bare, until: int) -> tuple[int, int]:
        """:returns: how many documents and patches came until this change was known."""
        known, kinds = 0, {"doc": 0, "patch": 0}
        while known < until:
            heard = self.take(connection.hear())
            if heard["op"] == "doc":
                known = heard["doc"]["n"]
            elif heard["op"] == "patch":
                known = {path[0]: value for _, path, value in heard["ops"]}["n"]
            kinds[heard["op"]] += 1
        return kinds["doc"], kinds["patch"]
