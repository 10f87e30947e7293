"""The other sample games on every screen, before a game, in it and after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase
from tests.look.parties import Party
from tests.look.screens import ALL, Look, only_all


class OthersLook(ServerCase):
    timeout = 900 if ALL else 180

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)
        only_all()

    async def _look(
        self, game: str, players: int, play: Callable[[Look, Party], Any], *, watchers: int | None = None, **wish: Any
    ) -> None:
        server = self.server()
        await server.start()
        look = Look(f"{game} of {players}{f' and {watchers}' if watchers else ''}")

        def scenario(people: People) -> None:
            party = Party(self, server, people, game, players, **wish)
            party.show()
            if watchers is not None:
                party.watch(watchers)
            play(look, party)

        await browse(server.port, scenario)
        self.assertEqual(look.faults, [], "\n".join(look.faults))
        self.assertGreater(look.looked, 3)

    def _all(
        self, look: Look, party: Party, scene: str, selector: str = "h1", *, see: Sequence[str] = (), press: str = ""
    ) -> None:
        """Look at all pages while they show a scene; ``press`` is what those who play must see besides."""
        with party.still(selector):
            for each in party.pages:
                plays = press and each in (party.host, party.guest)
                look.at(each, scene, see=(*see, press) if plays else see)

    async def test_arena(self) -> None:
        """The field is seen whole, and beside it who has how much."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", ".between h1")
            party.host.press("Start")
            self._all(look, party, "round", "html.whole .field", see=(".field",))

        await self._look("arena", 16 if ALL else 6, play, **{"Seconds a round": 600})

    async def test_werewolf(self) -> None:
        """Cards, night and day; on the TV what all may know."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "lobby")
            party.host.press("Start")
            self._all(look, party, "cards", "h1:text('card')")
            self._all(look, party, "night", "h1:text('Night')")

        await self._look("werewolf", 16 if ALL else 6, play)

    async def test_rps(self) -> None:
        """A team that is empty; hands, counts and reveals; and who wins, with few players and with most."""

        def wait(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", "h1:text('needs somebody')")

        def play(look: Look, party: Party) -> None:
            host = party.host
            self._all(look, party, "ready", "[data-stage=ready]", see=(".hand",))
            host.press("Go!")
            host.press("Paper")
            self._all(look, party, "count", "[data-stage=count]", see=("h1",), press=".throw")
            self._all(look, party, "reveal", "[data-stage=reveal]", see=("h1", ".hand"))
            while not host.page.locator(".match").count():
                host.press("Next round")
                host.sees_heading("Throw!")
                host.press("Paper")
                host.sees("[data-stage=reveal]")
                host.sees("button.go:not([hidden]), .match")
            self._all(look, party, "match", ".match .podium", see=("h1",))

        await self._look("rps", 1, wait, watchers=0)
        for players in (2, 8, 20):
            await self._look("rps", players, play, watchers=0)

    async def test_tictactoe(self) -> None:
        """The board is seen whole, and who has won; with nobody who watches, and with as many as may."""

        def wait(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", "h1:text('Invite a friend')")

        def play(look: Look, party: Party) -> None:
            four = ("top left", "left", "top", "centre")
            _take(party, four)
            self._all(look, party, "board", ".square:nth-child(5) .mark", see=("h1", ".board-grid", ".side"))
            again = party.host.page.get_by_role("button", name="Play again", exact=True)
            again.wait_for(timeout=60_000)  # by now, or soon, somebody has run out of time
            again.click()
            party.host.sees_none(".square .mark")
            _take(party, (*four, "top right"))
            self._all(look, party, "end", ".square.won", see=("h1", ".board-grid", ".podium"))

        await self._look("tictactoe", 1, wait, watchers=0)
        for watchers in (0, 7, 19):
            await self._look("tictactoe", 2, play, watchers=watchers)

    async def test_reversi(self) -> None:
        """The board is seen whole, with clocks and bots, and who has won."""

        def wait(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", "h1:text('Reversi')")

        def play(look: Look, party: Party) -> None:
            party.host.press("Start")
            party.host.press("d3: place a disc")
            self._all(look, party, "board", ".square.last", see=("h1", ".board-grid", ".side"))
            self._all(look, party, "end", ".podium", see=("h1", ".board-grid", ".podium"))

        await self._look("reversi", 1, wait)
        for watchers in (0, 7, 19):
            await self._look("reversi", 2, play, watchers=watchers, Clock="12s+1s")

    async def test_hearts(self) -> None:
        """The table, and on phones one's own cards."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", "main h1, main h2")

        await self._look("hearts", 4, play)


def _take(party: Party, cells: Sequence[str]) -> None:
    """Have host and guest take these in turn, whoever begins."""
    assert party.guest is not None
    players = [party.host, party.guest]
    for each in players:
        each.sees("h1", "turn")
    players.sort(key=lambda each: each.heading != "Your turn")
    for number, cell in enumerate(cells):
        mover = players[number % 2]
        mover.sees_heading("Your turn")
        mover.press(f"{cell}: empty")
