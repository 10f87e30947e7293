"""A release that breaks a game, and its repair: who has the page open keeps the seat, and is back without a reload."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.threads import blockingCallFromThread

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase

GAME = '''
"""Counts."""
from gameserver import Game, Player, message, timer

class Counting(Game):
    """Counts for everybody."""
    name = "counting"
    needs_start = False

    def on_create(self):
        self.state["count"] = 0

    @message
    def add(self, player: Player) -> int:
        self.state["count"] += 1
        return self.state["count"]
'''

TIMER = """
    @timer
    def ring(self) -> None:
        self.state["rung"] = True
"""


class BrokenReleaseTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_syntax_error_and_repair(self) -> None:
        """The page says that the room is being mended; HTTP and newcomers are told so, too; then all goes on."""
        folder = self.games(counting=GAME)
        server = self.server(games=folder)
        await server.start()

        async def release(source: str) -> None:
            await server.kill()
            (folder / "counting.py").write_text(source)
            await server.start()

        def wait_for(waiting: Any) -> Any:
            return blockingCallFromThread(reactor, ensureDeferred, waiting)

        def play(people: People) -> None:
            ann = people("Ann")
            code = ann.create("counting")
            ann.press("Add")
            ann.sees("output", "1")
            wait_for(release(GAME + "    def oops(self:\n"))
            ann.sees(".banner", "being mended")
            answer = wait_for(server.http("GET", f"/api/rooms/{code}"))
            self.assertEqual((answer.status, answer.json["code"]), (503, "quarantined"))
            wait_for(release(GAME))
            ann.page.locator(".banner").wait_for(state="hidden")
            ann.press("Add")
            ann.sees("output", "2")

        await browse(server.port, play)

    async def test_timer_that_was_dropped_and_repair_without_a_start(self) -> None:
        """The room is kept aside; once the file is mended, the page goes on by itself, beside a server that runs."""
        timed = GAME.replace(
            "def add(self, player: Player) -> int:", "def add(self, player: Player) -> int:\n        {}"
        )
        with_timer = timed.format("self.after(3600, self.ring)") + TIMER
        folder = self.games(counting=with_timer)
        server = self.server(games=folder)
        await server.start()

        async def restart() -> None:
            await server.kill()
            (folder / "counting.py").write_text(timed.format("pass"))
            await server.start()

        def play(people: People) -> None:
            ann = people("Ann")
            ann.create("counting")
            ann.press("Add")
            ann.sees("output", "1")
            blockingCallFromThread(reactor, ensureDeferred, restart())
            ann.sees(".banner", "being mended")
            (folder / "counting.py").write_text(with_timer)
            ann.page.locator(".banner").wait_for(state="hidden")
            ann.press("Add")
            ann.sees("output", "2")

        await browse(server.port, play)
