"""Hearts in real browsers: two people at phones and two bots; a phone goes, the server dies, and the game goes on."""

from __future__ import annotations

from shutil import copytree

from gameserver.game.importing import sample_folder
from tests.e2e.browser import PHONE, People, Someone, browse, need
from tests.e2e.kit import ServerCase, from_thread

SMALL = {**PHONE, "viewport": {"width": 320, "height": 640}}
CARDS = ".hand .playing-card"
MINE = f"{CARDS}[aria-disabled=false]"

GAMES = '''
from gameserver.game.importing import sample_folder
from gameserver.game.loader import load

Sample = load([str(sample_folder() / "hearts.py")], sample_games=False, entry_points=False).games["hearts"]


class Quick(Sample):
    """Hearts, where nobody is missed for long, and bots do not think."""

    name = "quick"
    hold_s = 1
    bot_s = (0.05, 0.1)
'''


class HeartsPageTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_a_phone_goes_and_the_server_dies(self) -> None:
        """A bot plays for whoever is gone, also once the server is another; then the hand is given back."""
        games = self.folder / "games"
        samples = sample_folder()
        assert samples is not None
        copytree(samples / "pages" / "hearts", games / "pages" / "quick")
        (games / "quick.py").write_text(GAMES)
        server = self.server(games=games)
        await server.start()

        def play(people: People) -> None:
            ann, bob = people("Ann", SMALL), people("Bob", SMALL)
            code = ann.create("quick")
            ann.sees(".lobby-of")
            bob.join("quick", code)
            bob.sees(".lobby-of")
            for count in (3, 4):
                ann.press("Add a bot")
                ann.counts(".lobby-of .seats .seat", count)
            ann.press("Start")
            for each in (ann, bob):
                pass_on(each)
            ann.sees(".state-line", "turn")  # whoever has the 2 of clubs begins, which may be Ann or Bob
            bob.page.goto("about:blank")
            play_round(ann)
            ann.sees(MINE)
            from_thread(server.kill)
            ann.sees(".banner", "Reconnecting")
            from_thread(server.start)
            ann.page.locator(".banner").wait_for(state="hidden")
            ann.complaints = [each for each in ann.complaints if "CONNECTION_REFUSED" not in each]  # of a dead server
            play_round(ann)
            bob.go(f"/play/quick/?room={code}")
            bob.sees(CARDS)
            ann.fits()
            bob.fits()
            self.assertLess(bob.page.locator(CARDS).count(), 13)
            while not bob.page.locator(MINE).count():
                if ann.page.locator(MINE).count():
                    ann.page.locator(MINE).first.click()
                ann.page.wait_for_timeout(100)
            count = bob.page.locator(CARDS).count()
            bob.page.locator(MINE).first.click()
            bob.page.locator(CARDS).nth(count - 1).wait_for(state="detached")

        await browse(server.port, play)


def pass_on(someone: Someone) -> None:
    """Choose three cards, and pass them."""
    someone.sees(CARDS)
    for place in range(3):
        someone.page.locator(CARDS).nth(place).click()
    someone.press("Pass 3 of 3")


def play_round(someone: Someone) -> None:
    """Play two cards, each when it is one's turn: all others, present or not, must have played in between."""
    for _ in range(2):
        someone.sees(MINE)
        count = someone.page.locator(CARDS).count()
        someone.page.locator(MINE).first.click()
        someone.page.locator(CARDS).nth(count - 1).wait_for(state="detached")
