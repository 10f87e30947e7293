"""The other sample games on every screen, before a game, in it and after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import Person, ServerCase
from tests.look.parties import Party
from tests.look.screens import ALL, Look, only_all

PLAY_PAPER = """() => new Promise((done) => {
  document.querySelector("button.go").click();
  const look = () => {
    const paper = document.querySelector("[data-stage=count] .throw[data-hand=paper]");
    if (!paper) return requestAnimationFrame(look);
    paper.click();
    done();
  };
  look();
})"""
"""Says go, and throws at once: of the three seconds of a count a slow machine needs all to look."""


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
        """The field is seen whole, beside it who has how much; then a podium."""

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", ".lobby-of")
            party.host.press("Start")
            self._all(look, party, "round", "html.whole .field", see=(".field", ".countdown"))
            self._all(look, party, "end", ".end-of")

        await self._look("arena", 16 if ALL else 6, play, **{"Seconds a round": 20})

    async def test_werewolf(self) -> None:
        """From the cards to the end; on the TV the story."""
        whole = {f"Seconds of a {phase}": 600 for phase in ("night", "day")}
        short = {"Seconds of a morning": 2, "Seconds of an evening": 2, "Seconds to look at the cards": 2}

        def play(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", ".lobby-of")
            party.host.press("Start")
            self._all(look, party, "cards", "h1:text('card')")
            self._all(look, party, "night", "h1:text('Night')")
            wolf = _wolf_of(party)
            victim = next(each.room.seat.id for each in party.others if each.room.seat.id != wolf)
            self._choose(party, "choose", {wolf: victim})
            self._all(look, party, "morning", "h1:text('Morning')")
            self._all(look, party, "day", "h1:text('Day')")
            # Half of them suspect each of two, so that nobody is hanged.
            suspects = [each.room.seat.id for each in party.others if each.room.seat.id not in (wolf, victim)][:2]
            votes: dict[str, str | None] = {each.room.seat.id: suspects[at % 2] for at, each in enumerate(party.others)}
            self._choose(party, "vote", votes)
            self._all(look, party, "evening", "h1:text('Evening')")
            self._all(look, party, "second night", "h1:text('Night 2')")
            self._choose(party, "choose", {})
            party.host.sees("h1", "Day 2")
            self._choose(party, "vote", {each.room.seat.id: wolf for each in party.others})
            self._all(look, party, "end", ".end-of")

        count = {"Werewolves, or 0: by the number of players": 1}
        await self._look("werewolf", 16 if ALL else 6, play, **whole, **short, **count)

    def _choose(self, party: Party, message: str, wishes: dict[str, str | None]) -> None:
        """Let all who live choose or vote, by seat; who wishes nothing, and both pages, nobody."""
        for each in (party.host, party.guest):
            assert each is not None
            nobody = each.page.locator("button.nobody")
            if nobody.is_visible():
                nobody.click()
        party.each(lambda person, at: _act(person, message, wishes.get(person.room.seat.id)))

    async def test_rps(self) -> None:
        """A team that is empty; hands, counts and reveals; and who wins, with few players and with most."""

        def wait(look: Look, party: Party) -> None:
            self._all(look, party, "lobby", "h1:text('needs somebody')")

        def play(look: Look, party: Party) -> None:
            host = party.host
            self._all(look, party, "ready", "[data-stage=ready]", see=(".hand",))
            host.page.evaluate(PLAY_PAPER)
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
        """The table, and on phones one's own cards; two bots sit there, and in the end play for all."""

        def play(look: Look, party: Party) -> None:
            for count in (3, 4):
                party.host.press("Add a bot")
                party.host.counts(".lobby-of .seat", count)
            self._all(look, party, "lobby", ".lobby-of")
            party.host.press("Start")
            self._all(look, party, "passing", ".places", see=(".place",))
            pages = [each for each in (party.host, party.guest) if each is not None]
            for each in pages:
                look.at(each, "own cards", see=(".hand .playing-card",))
                for at in range(3):
                    each.page.locator(".hand .playing-card").nth(at).click()
                look.at(each, "three chosen", see=(".hand .playing-card",))
                each.press("Pass 3 of 3")
            _lead(party)
            with party.still(".places .playing-card:not(.none)"):
                for each in party.pages:
                    look.at(each, "trick", see=(".place",))
            for each in pages:
                each.press("Let a bot play for me")
            party.host.page.locator(".end-of").wait_for(timeout=180_000)
            self._all(look, party, "end", ".end-of")

        await self._look("hearts", 2, play, **{"Points that end the game": 1})


def _lead(party: Party) -> None:
    """Have the first card lie on the table, also where it is not a bot who has it."""
    people = [each for each in (party.host, party.guest) if each is not None]
    for _ in range(400):
        if party.host.page.locator(".places .playing-card:not(.none)").count():
            return
        for each in people:
            card = each.page.locator(".hand .playing-card[aria-disabled=false]:not(.waits)")
            if each.heading == "Your turn" and card.count():
                card.first.click()
        party.host.page.wait_for_timeout(50)
    raise AssertionError("nobody leads")


def _wolf_of(party: Party) -> str:
    """:returns: the seat of the one werewolf; of the two at phones by their cards."""
    for each in party.others:
        if each.room.mine["role"] == "werewolf":
            return each.room.seat.id
    for someone in (party.host, party.guest):
        assert someone is not None
        someone.press("Look at your card")
        role = someone.sees(".role-name").inner_text()
        someone.press("Turn the card over")
        if role == "Werewolf":
            seat: str = someone.page.locator(".villager:has(.note:text('you'))").get_attribute("data-seat")
            return seat
    raise AssertionError("nobody is a werewolf")


async def _act(person: Person, message: str, whom: str | None) -> None:
    me = next(each for each in person.room.state["village"] if each["seat"] == person.room.seat.id)
    if me["alive"]:
        await person.send(message, whom=whom)


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
