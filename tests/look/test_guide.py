"""The page of the guide to the kit, as it stands there, on a phone and on a TV."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase
from tests.look.parties import Party
from tests.look.screens import Look
from tests.test_docs import ROOT, blocks

GUIDE: Final = ROOT / "docs" / "guides" / "kit.rst"
PAGE: Final = "pages/lonely/page.js"
MOST_LINES: Final = 60


class GuideLook(ServerCase):
    timeout = 180

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    def write(self) -> Path:
        """:returns: a folder of the guide's own files."""
        for block in blocks(GUIDE):
            if block.name and not block.name.startswith("test_"):
                file = self.folder / "games" / block.name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, "utf-8")
        return self.folder / "games"

    async def test_the_guides_page_is_played(self) -> None:
        """It is short, fits a small phone and a TV in all of its scenes, and is played to the podium."""
        folder = self.write()
        self.assertLessEqual(len((folder / PAGE).read_text("utf-8").splitlines()), MOST_LINES)
        server = self.server(games=folder)
        await server.start()
        look = Look("lonely")

        def play(people: People) -> None:
            party = Party(self, server, people, "lonely", 2, Rounds=1)
            tv = party.show()
            ann, bob = party.host, party.guest
            assert bob is not None
            tv.sees(".seat .name", "Bob")
            for each in party.pages:
                look.at(each, "lobby")
            ann.press("Start")
            with party.still("h1:text('Round 1 of 1')"):
                for each in party.pages:
                    look.at(each, "choosing", see=() if each is tv else ("button.choice", ".ring"))
            ann.press("4")
            tv.sees(".seat.done", "Ann")
            bob.press("5")
            with party.still("h1:text('The numbers')"):
                for each in party.pages:
                    look.at(each, "shown")
            with party.still("h1:text('win')"):
                bob.sees_heading("You win")
                tv.sees(".step-1 .name", "Bob")
                for each in party.pages:
                    look.at(each, "end")

        await browse(server.port, play)
        self.assertEqual(look.faults, [], "\n".join(look.faults))
