"""Trivia night on every screen, with two, eight, 34 and 100 players."""

from __future__ import annotations

from typing import Any

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import Person, ServerCase
from tests.look.parties import Party
from tests.look.screens import ALL, Look, only_all

ANSWERS = ("button.choice", ".question-text")


class TriviaLook(ServerCase):
    timeout = 900 if ALL else 180

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def _look(self, players: int, *, teams: str | None = None, zero: bool = False) -> None:
        server = self.server()
        await server.start()
        look = Look(f"trivia of {players}{' in teams' if teams else ''}{' at zero' if zero else ''}")

        def play(people: People) -> None:
            wish: dict[str, Any] = {"Questions": 4 if ALL else 1 if zero else 2, "Seconds for each": 120}
            if teams:
                wish["Teams"] = teams
            party = Party(self, server, people, "trivia", players, **wish)
            party.show()
            party.tv.page.locator(".people .seat").nth(min(players, 3) - 1).wait_for(state="attached")
            for each in party.pages:
                look.at(each, "lobby", see=(".start",) if each is party.host else ())
            party.host.press("Start the game")
            for number in range(1, wish["Questions"] + 1):
                self._ask(look, party, number, zero=zero)
            with party.still(".scene.end"):
                for each in party.pages:
                    look.at(each, "end", see=(".start",) if each is party.host else ())

        await browse(server.port, play)
        self.assertEqual(look.faults, [], "\n".join(look.faults))
        self.assertGreater(look.looked, 9)

    def _ask(self, look: Look, party: Party, number: int, *, zero: bool) -> None:
        at = f"{number} of"
        with party.still(f".scene.question:has(.badge.strong:text('{at}'))"):
            has_choices = party.host.page.locator("button.choice").count() > 0
            kind = "choices" if has_choices else "field"
            for each in party.pages:
                asks = (".ring",) if each is party.tv else ("button.choice",) if has_choices else ("#answer",)
                look.at(each, f"question {number}", see=(".question-text", *asks), kind=kind)
        if not zero:
            party.each(lambda person, at: _answer(person, at, number))
        party.host.press("End question")
        with party.still(".scene.reveal", paused=True):
            for each in party.pages:
                look.at(each, f"reveal {number}", kind=f"reveal of {kind}")
        party.host.press("Go on")
        party.host.sees(".scene.scores, .scene.end")
        if party.host.page.locator(".scene.scores").count():
            with party.still(".scene.scores", paused=True):
                for each in party.pages:
                    look.at(each, f"scores {number}", kind="scores")

    async def test_two(self) -> None:
        """With two everything is large, and fits."""
        only_all()
        await self._look(2)

    async def test_most(self) -> None:
        """With many, lists say in words what has no room."""
        await self._look(100 if ALL else 34)

    async def test_nobody_has_a_point(self) -> None:
        """Where nobody has a point nobody stands on the podium."""
        await self._look(8, zero=True)

    async def test_in_teams(self) -> None:
        """Four teams have their own list."""
        only_all()
        await self._look(12, teams="4")


async def _answer(person: Person, at: int, number: int) -> None:
    """Answer as people do: some rightly, some not, a few not at all."""
    question = person.room.docs["room"]["question"]
    if at % 9 == 8:
        return
    kind = question["kind"]
    value: Any = at % max(1, len(question["choices"]))
    if kind == "boolean":
        value = at % 2 == 0
    elif kind == "number":
        value = 100 * at + 1
    elif kind == "text":
        value = f"something long that {at} said"
    await person.send("answer", value=value, number=number)
