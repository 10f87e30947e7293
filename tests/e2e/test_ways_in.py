"""How people join, by odd links and over broken connections, in a real browser."""

from __future__ import annotations

from typing import Any

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase

FORGET_SEATS = """for (const key of Object.keys(localStorage).filter((name) => name.startsWith("gameserver "))) {
  localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), seats: [] }));
}"""
"""Of this browser the seats, not who it is: as on another device of an account."""


class WaysInTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_links(self) -> None:
        """
        Another game's code leads to its page, a code alone to its room, and nothing to a page that says so; a password
        is asked for before one is called wrong.
        """
        server = self.server()
        await server.start()
        guest = (await server.http("POST", "/api/guest", {"name": "Ann"})).json
        wish = {"game": "rps", "password": "swordfish"}
        code = (await server.http("POST", "/api/rooms", wish, token=guest["token"])).json["room"]

        def come(people: People) -> None:
            bob = people("Bob")
            bob.go(f"/play/tictactoe/?room={code}")
            bob.page.wait_for_url(f"**/play/rps/?room={code}")
            bob.page.get_by_label("Your name").fill("Bob")
            bob.press("Join")
            bob.sees("#enter-password:invalid")
            bob.page.get_by_label("The room's password").fill("trout")
            bob.press("Join")
            bob.sees(".error", "That is not the room's password.")
            bob.page.get_by_label("The room's password").fill("swordfish")
            bob.press("Join")
            bob.sees_heading("Team blue needs somebody")
            bob.go(f"/play/tictactoe/?room={code}")  # a seat that this browser remembers
            bob.page.wait_for_url(f"**/play/rps/?room={code}")
            bob.sees_heading("Team blue needs somebody")
            cleo = people("Cleo")
            cleo.go(f"/{code.lower()}")
            cleo.page.wait_for_url(f"**/play/rps/?room={code}")
            cleo.page.get_by_label("The room's password").wait_for()

        def lose_the_way(people: People) -> None:
            dan = people("Dan")
            dan.go("/some/where/")
            dan.sees_heading("There is nothing here")
            dan.page.get_by_role("link", name="To the lobby").click()
            dan.sees("h3", "Tic-tac-toe")
            dan.complaints.clear()  # Chromium says of each page that was not found that it was not

        await browse(server.port, come)
        await browse(server.port, lose_the_way)

    async def test_full(self) -> None:
        """Where nobody new is let in the page says so; but whoever has a seat there comes back, remembered or not."""
        server = self.server()
        await server.start()

        def come(people: People) -> None:
            ann, bob, cleo = people("Ann"), people("Bob"), people("Cleo")
            code = ann.create("tictactoe")
            bob.join("tictactoe", code)
            bob.sees(".board-grid")
            cleo.go(f"/play/tictactoe/?room={code}")
            cleo.sees(".card", "There is no free seat for a player.")
            bob.page.evaluate(FORGET_SEATS)
            bob.go(f"/play/tictactoe/?room={code}")
            bob.sees(".board-grid")

        await browse(server.port, come)

    async def test_lines_that_break(self) -> None:
        """A device that is offline is told so at once; where WebSockets are swallowed, the page says what is wrong."""
        server = self.server()
        await server.start()

        def break_them(people: People) -> None:
            ann = people("Ann")
            ann.create("tictactoe")
            ann.sees_heading("Invite a friend")
            ann.page.context.set_offline(True)
            ann.sees(".banner", "Reconnecting")
            ann.sees(".banner", "This device is offline.")
            ann.page.get_by_role("button", name="Try now").wait_for()
            ann.page.context.set_offline(False)
            ann.page.locator(".banner").wait_for(state="hidden")

        def swallow(people: People) -> None:
            bob = people("Bob")
            pressed: list[bool] = []

            def hold(socket: Any) -> None:
                if pressed:  # what is dialled before that does not get through, also while the button is looked for
                    socket.connect_to_server()

            bob.page.route_web_socket("**/ws", hold)
            bob.page.expose_function("pressed", lambda: pressed.append(True))
            bob.go("/play/tictactoe/")
            bob.page.get_by_label("Your name").fill("Bob")  # which does not wait for the connection
            bob.sees("[role=alert]", "The server is there, but the game's connection does not get through.")
            bob.page.evaluate("document.addEventListener('click', () => pressed(), { capture: true })")
            bob.press("Try again")
            bob.page.get_by_role("button", name="Try again").wait_for(state="detached")
            bob.press("New room")
            bob.sees(".seat.me", "Bob")

        await browse(server.port, break_them)
        await browse(server.port, swallow)
