"""The pages in a real browser: whole games by clicking, a reload and a restart in the middle, and axe-core."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.e2e.browser import PHONE, TV, People, Someone, browse, need
from tests.e2e.kit import Server, ServerCase, from_thread

PLAIN_GAME = '''
"""Counts."""
from gameserver import Game, Player, message

class Counting(Game):
    """Counts for everybody."""
    name = "counting"
    needs_start = False

    def on_create(self):
        self.state.update(count=0, by={})

    @message
    def add(self, player: Player, by: int = 1, note: str = "") -> int:
        self.state["count"] += by
        self.state["by"][player.name] = note
        return self.state["count"]
'''

RULE_PHONE = {**PHONE, "color_scheme": "light"}
RULE_TV = {**TV, "color_scheme": "dark"}


def two_at_tictactoe(
    people: People, meanwhile: Callable[[str], object] | None = None, **more: Any
) -> tuple[Someone, Someone, Someone]:
    """
    :param meanwhile: is called with the code before the second comes, with whom the game begins.
    :returns: the host, then whoever begins, then the other.
    """
    ann, bob = people("Ann", **more), people("Bob", **more)
    code = ann.create("tictactoe")
    ann.sees_heading("Invite a friend")
    if meanwhile is not None:
        meanwhile(code)
    bob.join("tictactoe", code)
    for each in (ann, bob):
        each.sees(".board-grid")
        each.sees("h1", "turn")
    return (ann, ann, bob) if ann.heading == "Your turn" else (ann, bob, ann)


def mark(someone: Someone, place: str) -> None:
    """Click an empty cell of one's own turn, and see one's mark there."""
    someone.sees_heading("Your turn")
    someone.press(f"{place}: empty")
    someone.sees(f".square:not(.ghost):has(> [aria-label^='{place}: ']) .mark")


class TicTacToePageTests(ServerCase):
    timeout = 240

    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_two_pages_play_a_whole_game(self) -> None:
        """By clicks and by keys, with a reload in the middle; both see the line, and the host plays again."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            host, first, second = two_at_tictactoe(people)
            first.sees(".ring-number", re.compile(r"^(?:[1-9]|[12]\d|30)$"))
            first.sees(".side.active .name", first.name)
            second.sees_heading(f"{first.name}\u2019s turn")
            second.page.get_by_role("button", name="centre: empty").click(force=True)  # not theirs: nothing comes of it
            mark(first, "top left")
            second.sees_heading("Your turn")
            second.hears("X top left." if first is host else "O top left.")
            mark(second, "left")
            mark(first, "top")
            second.page.reload()
            second.sees_heading("Your turn")
            self.assertEqual(second.counts(".square .mark", 3), 3)
            second.page.locator(".square button[aria-label^='left: ']").focus()
            second.page.keyboard.press("ArrowRight")
            second.page.keyboard.press("Enter")
            first.sees_heading("Your turn")
            self.assertEqual(first.page.locator(".square button[aria-label^='centre: empty']").count(), 0)
            mark(first, "top right")
            first.sees_heading("You win!")
            second.sees_heading(f"{first.name} wins")
            for each in (first, second):
                self.assertEqual(each.counts("[aria-label$=', in the winning line']", 3), 3)
                self.assertEqual(each.counts(".line path", 1), 1)
                each.hears("Three in a row.")
                each.fits()
            host.press("Play again")
            for each in (first, second):
                each.sees_none(".square .mark")
                each.sees("h1", "turn")

        await browse(server.port, play)

    async def test_a_tv_and_who_waits(self) -> None:
        """A TV shows the game and who has won; a watcher takes the place that the loser gives, and they play."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            tv, cleo = people("TV", TV), people("Cleo")

            def watch(code: str) -> None:
                tv.go(f"/play/tictactoe/?room={code}&role=screen").sees(".there .code", code)
                cleo.go("/play/tictactoe/").page.evaluate("localStorage.setItem('gameserver.name', 'Cleo')")
                cleo.go(f"/play/tictactoe/?room={code}&role=spectator").sees(".waiting-line", "You are next.")

            _, first, second = two_at_tictactoe(people, watch)
            for someone, place in ((first, "top left"), (second, "left"), (first, "top"), (second, "centre")):
                mark(someone, place)
            for each in (tv, cleo):
                each.sees("h1", f"{first.name}\u2019s turn")
                each.counts(".square .mark", 4)
                self.assertEqual(each.page.locator(".square button").count(), 0, "nothing is pressed there")
            tv.sees(".waiting-line", "Watching: Cleo.")
            mark(first, "top right")
            tv.sees(".podium .step-1 .name", first.name)
            second.press("Let Cleo play")
            second.sees(".waiting-line", "Cleo is next.")
            cleo.press("Take the free place")
            second.sees(".waiting-line", "You are next.")
            cleo.sees("button", "I am ready")
            first.press("Play again")
            for each in (cleo, first, second, tv):
                each.sees(".side .name", "Cleo")
                each.sees_none(".square .mark")

        await browse(server.port, play)

    async def test_a_killed_server_costs_neither_game_nor_seat(self) -> None:
        """The banner says that the connection is away, and goes; the game goes on."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            _, first, second = two_at_tictactoe(people)
            mark(first, "centre")
            second.sees_heading("Your turn")
            from_thread(server.kill)
            for each in (first, second):
                each.sees(".banner", "Reconnecting")
            from_thread(server.start)
            for each in (first, second):
                each.page.locator(".banner").wait_for(state="hidden")
            mark(second, "left")
            first.sees_heading("Your turn")

        await browse(server.port, play)

    async def test_without_a_connection(self) -> None:
        """A page that is loaded while the server is away says so, and is the game again once it is there."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann = people("Ann")
            ann.create("tictactoe")
            ann.sees_heading("Invite a friend")
            ann.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            from_thread(server.kill)
            ann.page.reload()
            ann.sees_heading("No connection")
            ann.sees("button", "Try again")
            from_thread(server.start)
            ann.sees_heading("Invite a friend")
            ann.complaints.clear()  # that there was no connection, which the browser says

        await browse(server.port, play)

    async def test_one_who_leaves_gives_the_game_away(self) -> None:
        """The other is told so, and is offered a new room, since nobody else can join this one."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            _, first, second = two_at_tictactoe(people)
            second.press("Leave")
            second.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
            first.sees_heading("You win!")
            first.sees(".detail", f"{second.name} has left.")
            first.page.get_by_role("link", name="New room").click()
            first.page.get_by_role("button", name="New room").wait_for()

        await browse(server.port, play)


class AccessibilityTests(ServerCase):
    """axe-core finds nothing serious, on a phone in the light and on as large a screen as a TV in the dark."""

    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def served(self) -> tuple[Server, set[str]]:
        """:returns: a server with one more game, and the names of those that have pages of their own."""
        server = self.server(games=self.games(counting=PLAIN_GAME), samples=True)
        await server.start()
        games = (await server.http("GET", "/api/games")).json["games"]
        return server, {game["name"] for game in games if game["page"]}

    async def test_no_serious_fault(self) -> None:
        """Lobby, default page, and all sample games but the drawn and the told ones; nothing stands out to the side."""
        server, own = await self.served()
        self.assertTrue({"tictactoe", "rps", "arena"} <= own, own)
        self.assertNotIn("counting", own)

        def look(people: People) -> None:
            pages = [
                default_page,
                lobby,
                tictactoe,
                rps,
                arena,
                hearts,
                reversi,
                *([trivia] if "trivia" in own else []),
            ]
            faults = []
            for page in pages:
                faults += page(people)
                people.leave()
            assert not faults, "\n".join(faults)

        await browse(server.port, look)


def both(someone: Someone, where: str) -> list[str]:
    """:returns: what axe finds on a page as it is, on a phone in the light and then as large as a TV in the dark."""
    faults = []
    for device in (RULE_TV, RULE_PHONE):
        someone.page.set_viewport_size(device["viewport"])
        someone.page.emulate_media(color_scheme=device["color_scheme"])
        someone.fits()
        faults += someone.examine(f"{where}, {device['color_scheme']}")
    return faults


def default_page(people: People) -> list[str]:
    """The page of a game that brings none: before the name, and in the room."""
    ann = people("Ann", RULE_PHONE, axe=True).go("/play/counting/")
    ann.page.get_by_label("Your name").wait_for()
    faults = both(ann, "default page, start")
    ann.create("counting")
    ann.sees("h2", "Table")
    return [*faults, *both(ann, "default page, room")]


def lobby(people: People) -> list[str]:
    """With an open room, which somebody has made by now."""
    ann = people("Eve", RULE_PHONE, axe=True).go("/")
    ann.sees("h2, h3", re.compile("Tic-tac-toe"))
    ann.page.wait_for_load_state("networkidle")
    return both(ann, "lobby")


def tictactoe(people: People) -> list[str]:
    """From the start to the winning line."""
    ann, bob = people("Ann", RULE_PHONE, axe=True), people("Bob", RULE_PHONE, axe=True)
    code = ann.create("tictactoe")
    ann.sees_heading("Invite a friend")
    faults = both(ann, "tictactoe, waiting")
    bob.go(f"/play/tictactoe/?room={code}").page.get_by_label("Your name").wait_for()
    faults += both(bob, "tictactoe, joining")
    bob.join("tictactoe", code).sees(".board-grid")
    for each in (ann, bob):
        each.sees("h1", "turn")
    first, second = (ann, bob) if ann.heading == "Your turn" else (bob, ann)
    for someone, place in ((first, "top left"), (second, "left"), (first, "top"), (second, "centre")):
        mark(someone, place)
    first.sees_heading("Your turn")
    faults += both(first, "tictactoe, playing") + both(second, "tictactoe, waiting for a move")
    mark(first, "top right")
    first.sees_heading("You win!")
    second.sees_heading(f"{first.name} wins")
    return [*faults, *both(first, "tictactoe, won"), *both(second, "tictactoe, lost")]


def hearts(people: People) -> list[str]:
    """Three bots, and cards to be passed."""
    ann = people("Ann", RULE_PHONE, axe=True)
    ann.create("hearts")
    ann.sees(".lobby-of")
    for count in (2, 3, 4):
        ann.press("Add a bot")
        ann.counts(".lobby-of .seats .seat", count)
    faults = both(ann, "hearts, waiting")
    ann.press("Start")
    ann.sees(".hand .playing-card")
    return [*faults, *both(ann, "hearts, passing")]


def reversi(people: People) -> list[str]:
    """The board, before a move of one's own and before one of the other."""
    ann, bob = people("Ann", RULE_PHONE, axe=True), people("Bob", RULE_PHONE, axe=True)
    code = ann.create("reversi")
    ann.page.wait_for_load_state("networkidle")
    faults = both(ann, "reversi, waiting")
    bob.join("reversi", code)
    ann.press("Start")
    for each in (ann, bob):
        each.sees(".board-grid")
    return [*faults, *both(ann, "reversi, playing"), *both(bob, "reversi, waiting for a move")]


def rps(people: People) -> list[str]:
    """From an empty team to the reveal."""
    ann, bob = people("Ann", RULE_PHONE, axe=True), people("Bob", RULE_PHONE, axe=True)
    code = ann.create("rps")
    ann.sees_heading("Team blue needs somebody")
    faults = both(ann, "rps, waiting")
    bob.join("rps", code).sees_heading("Ready?")
    ann.sees_heading("Ready?")
    faults += both(ann, "rps, ready")
    ann.press("Go!")
    ann.press("Scissors")
    faults += both(ann, "rps, count")
    ann.sees_heading("Red scores!")
    bob.sees_heading("Red scores!")
    return [*faults, *both(ann, "rps, reveal"), *both(bob, "rps, reveal of the other")]


def arena(people: People) -> list[str]:
    """Before the start, and while it is played, with the network's panel open."""
    ann, bob = people("Ann", RULE_PHONE, axe=True), people("Bob", RULE_PHONE, axe=True)
    code = ann.create("arena")
    ann.sees_heading("Arena")
    bob.join("arena", f"{code}&network").sees_heading("Arena")
    ann.sees(".seats .name", "Bob")
    faults = [*both(ann, "arena, host before the start"), *both(bob, "arena, guest before the start")]
    ann.press("Start")
    for each in (ann, bob):
        each.sees(".arena .field")
    bob.page.locator("details.network summary").click()
    bob.sees(".network label")
    return [*faults, *both(ann, "arena, playing"), *both(bob, "arena, playing, with the network's panel")]


def trivia(people: People) -> list[str]:
    """The screen with its code, and a phone that joins it."""
    screen, ann = people("Screen", RULE_PHONE, axe=True), people("Ann", RULE_PHONE, axe=True)
    screen.go("/play/trivia/?role=screen")
    screen.page.get_by_role("button", name="New room on this screen").click()
    screen.page.wait_for_url("**room=*")
    code = screen.page.evaluate("new URLSearchParams(location.search).get('room')")
    screen.page.wait_for_load_state("networkidle")
    faults = both(screen, "trivia, screen")
    ann.join("trivia", code)
    ann.page.get_by_role("button", name="Join", exact=True).wait_for(state="detached")
    ann.page.wait_for_load_state("networkidle")
    return [*faults, *both(ann, "trivia, phone")]
