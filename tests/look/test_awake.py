"""The screen stays on: by a wake lock, by a film where there is none, and where neither works the page says so."""

from __future__ import annotations

from typing import Final

from tests.e2e.browser import PHONE, People, Someone, browse, need
from tests.e2e.kit import ServerCase

PLAIN: Final = "Object.defineProperty(window, 'isSecureContext', { value: false });"
"""As on plain http, which a page of this very machine never is."""
NO_FILM: Final = "HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('no', 'NotSupportedError'));"
PLAYS: Final = "node => new Promise((done) => (node.paused ? node.addEventListener('playing', done) : done()))"


def sit(someone: Someone, before: str) -> Someone:
    """Take a seat in a new room, where the browser is as ``before`` says."""
    someone.page.add_init_script(before)
    someone.create("trivia")
    someone.sees_heading("You are in!")
    return someone


class AwakeTests(ServerCase):
    timeout = 180

    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_a_film_plays_on_plain_http(self) -> None:
        """It begins with the first touch, plays over and over, and lies where nobody sees or hears it."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann = sit(people("Ann", PHONE), PLAIN)
            ann.page.locator("h1").click()
            film = ann.page.locator("video.awake-film")
            film.wait_for(state="attached")
            film.evaluate(PLAYS)
            self.assertTrue(film.evaluate("node => node.loop"))
            ann.fits()
            bob = sit(people("Bob", PHONE), PLAIN + NO_FILM)
            bob.page.locator("h1").click()
            bob.sees(".toast", "This browser lets the screen go dark.")
            self.assertEqual(bob.page.locator("video.awake-film").count(), 0)

        await browse(server.port, play)
