"""Sketch on every screen: whoever draws sees the sheet and the guesses, whoever guesses the sheet and the field."""

from __future__ import annotations

from typing import Any

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import Person, ServerCase
from tests.look.parties import Party
from tests.look.screens import ALL, Look, only_all

BOTH = (".sheet", "#field")
KEYBOARDS = ((320, 300), (375, 350), (568, 170), (932, 230))
"""What a keyboard leaves of each phone."""


class SketchLook(ServerCase):
    timeout = 900 if ALL else 300

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def _look(self, players: int) -> None:
        server = self.server()
        await server.start()
        look = Look(f"sketch of {players}")

        def play(people: People) -> None:
            party = Party(self, server, people, "sketch", players, Rounds=1, **{"Seconds to draw": 200})
            tv = party.show()
            ann, bob = party.host, party.guest
            assert bob is not None
            tv.sees(".seat", "Bob")
            for each in party.pages:
                look.at(each, "lobby")
            ann.press("Start")
            with party.still("h1:text('hoose')", paused=True):
                look.at(ann, "choosing", see=(".words button",))
                look.at(tv, "choosing")
            ann.page.locator(".words button").first.click()
            ann.sees("h1", "Draw: ")
            for each in (bob, tv):
                apart = each.sees("h1.masked", "_").evaluate("node => parseFloat(getComputedStyle(node).letterSpacing)")
                self.assertGreater(apart, 1, "blanks that touch cannot be counted")
            with party.still(".easel .sheet"):
                look.at(ann, "drawing", see=(".sheet", "game-chat", ".acts button"))
                look.at(bob, "guessing", see=BOTH)
                look.at(tv, "drawing", see=(".sheet",))
                look.at(bob, "typing", see=BOTH, sizes=KEYBOARDS if ALL else KEYBOARDS[:1], field="game-chat input")
            word = ann.page.locator("h1").inner_text().removeprefix("Draw: ")
            party.each(lambda person, at: _guess(person, word if at < 3 else "a cat?"))
            ann.press("Give up")
            with party.still("h1:text('The word was')", paused=True):
                for each in party.pages:
                    look.at(each, "reveal")
            self._to_the_end(party)
            with party.still(".end-of"):
                for each in party.pages:
                    look.at(each, "podium")

        await browse(server.port, play)
        self.assertEqual(look.faults, [], "\n".join(look.faults))
        self.assertGreater(look.looked, 8)

    def _to_the_end(self, party: Party) -> None:
        page = party.host.page
        skip: Any = page.get_by_role("button", name="Skip this turn", exact=True)
        while not page.locator(".end-of").count():
            skip.evaluate_all("buttons => buttons.forEach((button) => button.click())")  # none, as a turn ends
            page.wait_for_timeout(100)

    async def test_two(self) -> None:
        """Two, of whom one draws."""
        only_all()
        await self._look(2)

    async def test_most(self) -> None:
        """As many as there may be."""
        await self._look(12)


async def _guess(person: Person, text: str) -> None:
    await person.room.say(text)
