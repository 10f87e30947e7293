"""What the host of a room does on its page, in a real browser."""

from __future__ import annotations

from tests.e2e.browser import PHONE, People, browse, need
from tests.e2e.kit import ServerCase

GAME = '''
"""A game that stumbles."""
from gameserver import Game, timer

class Stumbling(Game):
    """Fails as soon as it has begun, for its host to see."""
    name = "stumbling"

    def on_start(self):
        self.after(0, self.stumble)

    @timer
    def stumble(self):
        raise ValueError("stumbled")
'''


class HostingTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def test_host_acts(self) -> None:
        """A round is paused and ended, its failure is told, somebody is put out, and the right is passed on."""
        server = self.server(games=self.games(stumbling=GAME))
        await server.start()

        def play(people: People) -> None:
            ann, bob, cleo = people("Ann", {**PHONE, "color_scheme": "dark"}, axe=True), people("Bob"), people("Cleo")
            code = ann.create("stumbling")
            for each in (bob, cleo):
                each.join("stumbling", code)
                each.sees(".seats", each.name)
            self.assertEqual(bob.page.get_by_role("button", name="Host", exact=True).count(), 0)
            ann.press("Start")
            ann.sees(".toast", "The game failed at stumble.")
            ann.press("Host")
            self.assertEqual(ann.examine("the host's dialog"), [])
            ann.press("Pause")
            ann.press("Go on")
            ann.press("End the game")
            ann.page.get_by_role("button", name="Play again").first.wait_for()
            ann.press("Put out Bob")
            ann.page.get_by_role("dialog", name="Put Bob out of the room?").get_by_text("Put out", exact=True).click()
            bob.sees_heading("You were taken out of the room.")
            ann.press("Make host Cleo")
            cleo.page.get_by_role("button", name="Host", exact=True).wait_for(state="visible")
            self.assertEqual(bob.page.locator(".toast").count(), 0)

        await browse(server.port, play)
        self.assertIn("stumbled", server.output)
