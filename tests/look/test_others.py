"""The other sample games on every screen, before a game, in it and after it."""

from __future__ import annotations

from collections.abc import Callable
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

    async def _look(self, game: str, players: int, play: Callable[[Look, Party], Any], **wish: Any) -> None:
        server = self.server()
        await server.start()
        look = Look(f"{game} of {players}")

        def scenario(people: People) -> None:
            party = Party(self, server, people, game, players, **wish)
            party.show()
            play(look, party)

        await browse(server.port, scenario)
        self.assertEqual(look.faults, [], "\n".join(look.faults))
        self.assertGreater(look.looked, 3)

    def _all(self, look: Look, party: Party, scene: str, selector: str = "h1", **more: Any) -> None:
        with party.still(selector):
            for each in party.pages:
                look.at(each, scene, **more)

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
        """Two teams, hands and counts."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "ready", "h1:text('Ready')")
            party.host.press("Go!")
            self._all(look, party, "count", "main[data-stage=count]")

        await self._look("rps", 2, play)

    async def test_tictactoe(self) -> None:
        """The board is seen whole."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "board", ".board, .grid")

        await self._look("tictactoe", 2, play)

    async def test_reversi(self) -> None:
        """The board is seen whole."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", "main h1, main h2")

        await self._look("reversi", 2, play)

    async def test_hearts(self) -> None:
        """The table, and on phones one's own cards."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", "main h1, main h2")

        await self._look("hearts", 4, play)
