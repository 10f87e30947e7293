"""Reversi in a real browser, against the bot that looks ahead in a process of its own."""

from __future__ import annotations

import re

from tests.e2e.browser import PHONE, TV, People, browse, need
from tests.e2e.kit import ServerCase

SMALL = {**PHONE, "viewport": {"width": 320, "height": 640}}


class ReversiPageTests(ServerCase):
    timeout = 240

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
            ann.counts(".square .disc", 6)
            ann.sees(".square.may")
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
                each.counts(".square .disc", 5)
                each.sees_heading("Bob\u2019s turn")
                each.sees(".side.active .name", "Bob")
                self.assertEqual(each.counts(".side .countdown", 2), 2)
                self.assertEqual(each.page.locator(".square button").count(), 0, "nothing is pressed there")
                each.fits()
            wim.sees("button", "Chat")
            self.assertEqual(tv.page.get_by_role("button", name=re.compile("Chat")).count(), 0, "nobody writes at a TV")
            bob.press("Leave")
            bob.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
            ann.sees(".side-1 .note", "a bot plays")

        await browse(server.port, play)
