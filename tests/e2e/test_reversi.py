"""Reversi in a real browser, against the bot that looks ahead in a process of its own."""

from __future__ import annotations

from tests.e2e.browser import PHONE, TV, People, browse, need
from tests.e2e.kit import ServerCase

SMALL = {**PHONE, "viewport": {"width": 320, "height": 640}}


class ReversiPageTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_against_a_bot(self) -> None:
        """A move is made by a press, and the bot answers it."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann = people("Ann", SMALL)
            ann.create("reversi")
            ann.press("Add a bot")
            ann.press("Start")
            ann.press("d3: place a disc")
            ann.counts(".cell .disc", 6)
            ann.sees(".cell[aria-disabled=false]")
            ann.fits()

        await browse(server.port, play)
        self.assertNotIn("by chance", server.output)  # which the log says of a bot that fails

    async def test_on_a_tv(self) -> None:
        """A screen and a watcher see the board, the names and the clocks that the creator chose, and press nothing."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann, bob = people("Ann", SMALL), people("Bob")
            tv, wim = people("TV", TV), people("Wim")
            code = ann.create("reversi")
            bob.join("reversi", code)
            tv.go(f"/play/reversi/?room={code}&role=screen").sees(".share .code", code)
            wim.go(f"/play/reversi/?room={code}&role=spectator")
            ann.press("Start")
            ann.press("d3: place a disc")
            for each in (tv, wim):
                each.counts(".cell .disc", 5)
                each.sees(".state-line", "Bob\u2019s turn")
                each.sees(".timers .chip", "Bob")
                each.sees_none(".cell[aria-disabled=false]")
                each.fits()
            tv.page.locator("details").first.wait_for(state="hidden")

        await browse(server.port, play)
