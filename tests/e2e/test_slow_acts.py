"""Acts on a slow or broken network: each happens once, or says why it did not, and none that was given up happens."""

from __future__ import annotations

import re
from typing import Any

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase
from tests.e2e.test_coming_in import GAME, HELD

CHEAP = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}

COUNTED = f"""() => {{
  {{ {HELD} }}
  const hold = WebSocket.prototype.send;
  globalThis.asked = 0;
  WebSocket.prototype.send = function (data) {{
    globalThis.asked += String(data).includes('"start"') ? 1 : 0;
    hold.call(this, data);
  }};
}}"""
"""The same, and how often it is asked to start."""

NO_LEAVING = """() => {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) { send.call(this, String(data).replace('"leave"', '"stay"')); };
  globalThis.letLeave = () => { WebSocket.prototype.send = send; };
}"""
"""The server refuses that anybody leaves, before ``letLeave()``."""


class SlowActsTests(ServerCase):
    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need()

    async def play(self, scenario: object) -> None:
        """Have people do this with a server that has accounts, and a game."""
        server = self.server(games=self.games(press=GAME), GAMESERVER_AUTH="guests accounts", **CHEAP)
        await server.start()
        await browse(server.port, scenario)  # type: ignore[arg-type]

    async def test_a_room_that_was_given_up(self) -> None:
        """Whoever closes the dialog before the room is there stays in the lobby, and has no seat in that room."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            ann.go("/").sees("#games .card")
            for asked in (False, True):
                ann.page.evaluate(f"() => {{ {HELD} }}")
                ann.page.locator("#games button").first.click()
                ann.page.locator("#create-name").fill("Ann")
                ann.press("Open the room")
                ann.sees("dialog output", "Connecting")
                if asked:
                    ann.page.keyboard.press("Escape")
                else:
                    ann.press("Not now")
                ann.page.evaluate("letGo()")
            ann.page.locator("#games button").first.click()
            ann.press("Open the room")
            ann.page.wait_for_url("**room=*")
            ann.go("/").sees("#remembered .code")
            self.assertEqual(ann.page.locator("#remembered .code").count(), 1)

        await self.play(scenario)

    async def test_nobody_is_logged_out(self) -> None:
        """Where the server does not hear that somebody logs out, the page says so, and goes on with the account."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            self.fill_in(ann)
            ann.press("Register")
            ann.sees("#account strong", "Ann")
            ann.page.route("**/api/logout", lambda route: route.abort())
            ann.page.evaluate("globalThis.same = true")
            ann.press("Log out")
            ann.sees(".toast", "The server cannot be reached.")
            self.assertTrue(ann.page.evaluate("globalThis.same"))
            ann.sees("#account strong", "Ann")
            ann.complaints.clear()  # of the call that did not get through
            ann.page.unroute("**/api/logout")
            ann.press("Log out")
            ann.sees("#account button", "Log in or register")

        await self.play(scenario)

    async def test_pressed_twice(self) -> None:
        """An account is asked for once, and changed once, also where the button is pressed twice."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            asked: list[str] = []
            ann.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
            self.fill_in(ann)
            held: list[Any] = []
            ann.page.route(re.compile("/api/register|password$"), lambda route: held.append(route))

            def press_twice(name: str) -> None:
                """Both times before the server has heard of it."""
                ann.page.get_by_role("button", name=name, exact=True).dblclick()
                while not held:
                    ann.page.wait_for_timeout(20)
                held.pop().continue_()

            press_twice("Register")
            ann.sees("#account strong", "Ann")
            ann.press("Account")
            ann.page.get_by_label("Password until now").fill("correct horse")
            ann.page.get_by_label("New password").fill("battery staple")
            press_twice("Change the password")
            ann.sees(".toast", "The password is changed")
            self.assertEqual((asked.count("register"), asked.count("password")), (1, 1))

        await self.play(scenario)

    async def test_a_wrong_password(self) -> None:
        """Whoever mistypes the account's password is not told of a room's."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            self.fill_in(ann)
            ann.press("Register")
            ann.press("Account")
            ann.page.get_by_label("Password until now").fill("correct house")
            ann.page.get_by_label("New password").fill("battery staple")
            ann.press("Change the password")
            ann.sees("dialog .error", "The password is wrong.")
            ann.complaints.clear()  # of the call that was refused

        await self.play(scenario)

    async def test_started_twice(self) -> None:
        """A second tap on what the host has pressed already asks for nothing, and so is not refused either."""

        def scenario(people: People) -> None:
            ann, bob = people("Ann"), people("Bob")
            bob.join("press", ann.create("press"))
            ann.sees(".seat", "Bob")
            ann.page.evaluate(COUNTED)
            ann.page.locator("[data-key=start]").dblclick()
            self.assertEqual(ann.page.evaluate("asked"), 1)
            ann.page.evaluate("letGo()")
            ann.sees_none("[data-key=start]")

        await self.play(scenario)

    async def test_a_seat_that_is_kept(self) -> None:
        """Whoever cannot leave now is told so in the room, and does not find themselves in the lobby, with a seat."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            ann.create("press")
            ann.sees(".seat.me", "Ann")
            ann.page.evaluate(NO_LEAVING)
            ann.press("Leave")
            ann.page.locator("dialog").get_by_role("button", name="Leave", exact=True).click()
            ann.sees(".toast.error")
            ann.page.evaluate("letLeave()")
            ann.press("Leave")
            ann.page.locator("dialog").get_by_role("button", name="Leave", exact=True).click()
            ann.sees("#games .card")
            self.assertFalse(ann.page.locator("#going-on").is_visible())

        await self.play(scenario)

    def fill_in(self, person: Any) -> None:
        """Open the dialog, and type a name and a password."""
        person.go("/").press("Log in or register")
        person.page.get_by_label("Name", exact=True).fill("Ann")
        person.page.get_by_label("Password", exact=True).fill("correct horse")
