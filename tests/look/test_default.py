"""The page of games that bring none, on every screen: turns with moves, questions, tables, and the podium."""

from __future__ import annotations

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import Person, ServerCase
from tests.e2e.test_default_page import MARKET
from tests.look.parties import Party
from tests.look.screens import ALL, Look, only_all

POLL = '''
from typing import Literal

from gameserver import Game, Player, question


class Poll(Game):
    """Everybody chooses a colour, and says whom they trust. As many points as others chose the same."""
    min_players, max_players = 2, 40
    roles = {"screen": 1, "spectator": 10}

    def on_start(self):
        self.state.update(round=1, pot=120, scores={p.id: 0 for p in self.players})
        self.state["last"] = {p.id: "nothing yet" for p in self.players}
        self.state["places"] = {f"Place {n}": {"owner": "nobody", "armies": n} for n in range(1, 25)}
        self.state["cards"] = [f"{c} {n}" for c in ("red", "green", "blue") for n in range(1, 9)]
        self.enter("asking")
        self.colour.ask(600)
        self.trust.ask(600)

    @question(revise=True)
    def colour(self, player: Player, colour: Literal["red", "green", "blue", "none of these, and nothing else"]) -> str:
        return colour

    @question
    def trust(self, player: Player, whom: Player) -> str:
        return whom.id

    @trust.done
    def trusted(self, answers):
        """Nothing comes of it."""

    @colour.done
    def counted(self, answers):
        said = [answer.value for answer in answers.values()]
        for player, answer in answers.items():
            self.state["scores"][player.id] = said.count(answer.value) - 1
        self.over(scores=dict(self.state["scores"]), favourite=max(set(said), key=said.count))
'''


class DefaultLook(ServerCase):
    timeout = 900 if ALL else 180

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def test_questions(self) -> None:
        """A card for each question with who has answered, and the documents; all of it on a TV, too."""
        server = self.server(games=self.games(poll=POLL))
        await server.start()
        players = 24 if ALL else 4
        look = Look(f"the default page of {players}")

        def play(people: People) -> None:
            party = Party(self, server, people, "poll", players)
            tv = party.show()
            ann, bob = party.host, party.guest
            assert bob is not None
            tv.counts(".seats .seat", players)
            for each in party.pages:
                look.at(each, "lobby")
            ann.press("Start")
            with party.still(".asked"):
                look.at(ann, "asked", see=(".asked:first-child button.choice",))
                look.at(tv, "asked", see=(".answered", ".turn-head"))
            bob.press("green")
            bob.sees("button.choice[aria-pressed=true]", "green")
            tv.sees(".seat.done", "Bob")
            ann.press("red")
            party.each(_answer)
            with party.still(".end-of"):
                for each in party.pages:
                    look.at(each, "end", see=(".podium",))

        await browse(server.port, play)
        self.assertEqual(look.faults, [], "\n".join(look.faults))

    async def test_moves(self) -> None:
        """Whose turn it is, moves in groups, and a table."""
        only_all()
        server = self.server(games=self.games(market=MARKET))
        await server.start()
        look = Look("the default page with moves")

        def play(people: People) -> None:
            party = Party(self, server, people, "market", 3)
            party.show()
            for each in party.pages:
                look.at(each, "lobby")
            party.host.press("Start")
            with party.still(".state-line"):
                for each in party.pages:
                    look.at(each, "turn", see=(".state-line",))
            party.host.press("Swap … with …")
            look.at(party.host, "picking")
            party.host.press("Cancel")

        await browse(server.port, play)
        self.assertEqual(look.faults, [], "\n".join(look.faults))


async def _answer(person: Person, at: int) -> None:
    await person.send("colour", colour=("red", "green", "blue")[at % 3])
