"""From a code to a seat, who is who in one browser, and what a TV says between two rounds."""

from __future__ import annotations

from typing import Any

from tests.e2e.browser import PHONE, TV, People, Someone, browse, need
from tests.e2e.kit import ServerCase

GAME = '''
"""Whoever presses first has won."""
from gameserver import Game, Player, message

class Press(Game):
    """Press."""
    name = "press"
    max_players = 6
    roles = {"screen": 1}

    def on_create(self, presses: int = 1) -> None: ...

    @message
    def press(self, player: Player) -> None:
        self.over(ranking=[[player], [other for other in self.players if other is not player]])

class Hold(Press):
    """Press for longer."""
    name = "hold"
'''


HELD = """
  const { send } = WebSocket.prototype;
  const held = [];
  WebSocket.prototype.send = function (data) { held.push(() => send.call(this, data)); };
  globalThis.letGo = () => {
    WebSocket.prototype.send = send;
    for (const go of held) go();
  };
"""
"""Nothing is said to the server before ``letGo()``."""

HELD_LISTING = """
  const { fetch } = globalThis;
  const wanted = new Promise((tell) => { globalThis.tell = tell; });
  globalThis.fetch = async (url, ...how) => {
    if (String(url).includes("/api/rooms/")) await wanted;
    return fetch(url, ...how);
  };
"""
"""The page knows nothing of the room before ``tell()``."""


class ComingInTests(ServerCase):
    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def play(self, scenario: object) -> None:
        """Have people do this with a server that has the game."""
        server = self.server(games=self.games(press=GAME))
        await server.start()
        await browse(server.port, scenario)  # type: ignore[arg-type]

    async def test_one_tap(self) -> None:
        """/CODE shows the name that was used last, and one tap is a seat; so is a code that is typed in the lobby."""

        def scenario(people: People) -> None:
            ann, bob = people("Ann"), people("Bob", axe=True)
            first, second = ann.create("press"), people("Zoe").create("press")
            bob.go(f"/{first}")
            bob.page.get_by_label("Your name").fill("Bob")
            bob.page.get_by_text("Your face").click()
            bob.page.get_by_label("🤖").check(force=True)
            bob.page.get_by_label("Colour 1").check(force=True)
            self.assertEqual(bob.examine("the way in"), [])
            bob.press("Join")
            ann.sees(".seat.color-1:has(.face[data-face='🤖'])", "Bob")
            bob.sees(".seat.me", "Bob")
            for each in (ann, bob):  # who has chosen no colour gives way to who has
                each.sees(".seat.color-2", "Ann")
            bob.go(f"/{second}")
            self.assertEqual(bob.page.get_by_label("Your name").input_value(), "Bob")
            bob.press("Join")
            bob.sees(".seat.color-1", "Bob")
            bob.go("/")
            bob.page.locator("#code").fill(first.lower())
            bob.page.locator("#join").get_by_role("button").first.click()
            bob.sees(".seat.color-1", "Bob")
            self.assertNotIn("join=", bob.page.url)

        await self.play(scenario)

    async def test_press_while_it_connects(self) -> None:
        """The button is still there where it was pressed, though the connection has come up meanwhile."""

        def scenario(people: People) -> None:
            code = people("Ann").create("press")
            bob = people("Bob")
            bob.page.add_init_script(HELD)
            bob.go(f"/play/press/?room={code}")
            bob.page.get_by_label("Your name").fill("Bob")
            bob.page.get_by_role("button", name="Join", exact=True).hover()
            bob.page.mouse.down()
            bob.page.evaluate("letGo()")
            bob.sees("html:not(.asking)")
            self.assertEqual(bob.page.locator(".connecting").count(), 0)
            bob.page.mouse.up()
            bob.sees(".seat.me", "Bob")

        await self.play(scenario)

    async def test_nothing_to_fill_in_on_the_way(self) -> None:
        """What /CODE passes by, on its way to a room, asks nobody for a name; where there is no such room, it does."""

        def scenario(people: People) -> None:
            code = people("Ann").create("press")
            bob = people("Bob")
            bob.page.add_init_script(HELD_LISTING)
            bob.go(f"/{code}").sees("[role=status]", "Connecting")
            self.assertFalse(bob.page.get_by_label("Your name").is_visible())
            bob.page.evaluate("tell()")
            bob.page.wait_for_url("**/play/press/**")
            bob.go("/QQQQ").page.evaluate("tell()")
            bob.sees("#join-error", "room")
            bob.page.get_by_label("Your name").fill("Bob")
            bob.complaints.clear()  # of the room that is not there

        await self.play(scenario)

    async def test_another_games_room(self) -> None:
        """What was typed and pressed before it was known that the room is another game's counts on that game's page."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            code = ann.create("press")
            for name, presses in (("Bob", False), ("Cleo", True)):
                someone = people(name)
                for held in (HELD, HELD_LISTING):
                    someone.page.add_init_script(held)
                someone.go(f"/play/hold/?room={code}")
                someone.page.get_by_label("Your name").fill(name)
                if presses:
                    someone.press("Join")
                someone.page.evaluate("tell()")
                someone.page.wait_for_url("**/play/press/**")
                someone.page.evaluate("tell(), letGo()")
                if not presses:
                    someone.press("Join")
                someone.sees(".seat.me", name)
                ann.sees(".seat", name)

        await self.play(scenario)

    async def test_two_in_one_browser(self) -> None:
        """A player who is added has a tab with a name and a seat of its own, also when it is reloaded."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            code = ann.create("press")
            ann.page.locator(".share-button").click()
            with ann.page.context.expect_page() as opened:
                ann.press("Add a player here")
            cleo = Someone("Cleo", opened.value, ann._base)
            people.all.append(cleo)
            self.assertIn("as=2", cleo.page.url)
            self.assertEqual(cleo.page.get_by_label("Your name").input_value(), "")
            cleo.page.get_by_label("Your name").fill("Cleo")
            cleo.press("Join")
            ann.sees(".seat", "Cleo")
            for page, name in ((ann.page, "Ann"), (cleo.page, "Cleo")):
                page.reload()
                page.locator(".seat.me").filter(has_text=name).first.wait_for()
            cleo.go("/")
            self.assertEqual(cleo.page.locator("#name").input_value(), "Cleo")
            ann.go(f"/{code}")
            ann.page.locator(".seat.me").filter(has_text="Ann").first.wait_for()

        await self.play(scenario)

    async def test_typed_before_the_page_is_ready(self) -> None:
        """A slow phone shows the lobby's form long before its scripts run: nothing that is done meanwhile is lost."""

        def scenario(people: People) -> None:
            ann, bob, cleo = people("Ann"), people("Bob", PHONE), people("Cleo", PHONE)
            code = ann.create("press")
            held: list[Any] = []
            for person in (bob, cleo):
                person.page.route("**/lobby.js*", lambda route: held.append(route))
                with person.page.expect_request("**/lobby.js*"):
                    person.page.goto(f"{person._base}/", wait_until="commit")
            bob.page.locator("#name").press_sequentially("Bo")
            cleo.page.locator("#code").fill(code.lower())
            with cleo.page.expect_request("**/lobby.js*"):
                cleo.press("Join")
            for script in held:
                script.continue_()
            for person in (bob, cleo):
                person.page.unroute("**/lobby.js*")
            cleo.page.wait_for_url("**/play/press/**")  # the lobby has a field of that name, too
            cleo.page.get_by_label("Your name").fill("Cleo")
            cleo.press("Join")
            ann.sees(".seat", "Cleo")
            bob.page.locator("#games .card").first.wait_for()
            bob.page.locator("#name").press_sequentially("b")
            self.assertEqual(bob.page.locator("#name").input_value(), "Bob")
            bob.page.locator("#code").fill(code)
            bob.press("Join")
            ann.sees(".seat", "Bob")

        await self.play(scenario)

    async def test_evening_on_the_tv(self) -> None:
        """Between rounds a TV says who has won how often, also in the next room; and always where people come in."""

        def scenario(people: People) -> None:
            tv = people("TV", TV, axe=True)
            tv.go("/play/press/?role=screen")
            tv.press("New room on this screen")
            tv.page.wait_for_url("**room=*")
            code = tv.page.evaluate("new URLSearchParams(location.search).get('room')")
            tv.sees(".there", f"{tv._base.removeprefix('http://')}/{code}".replace(code, ""))
            ann, bob = people("Ann"), people("Bob")
            for phone in (ann, bob):
                phone.join("press", code)
            ann.sees(".seat", "Bob")
            self.assertEqual(ann.page.get_by_role("button", name="Ready ✓").count(), 0)
            bob.press("I am ready")
            ann.sees(".seat", "ready")
            for winner in (bob, bob):
                tv.press("Host")
                dialog = tv.page.get_by_role("dialog", name="Host")
                dialog.locator("[data-key=start], [data-key=again]").first.click()
                dialog.get_by_role("button", name="End the game").wait_for()
                dialog.get_by_role("button", name="Done").click()
                winner.page.get_by_role("button", name="Press").first.click()
                tv.page.get_by_role("button", name="Play again").or_(
                    tv.page.get_by_text("starts the game")
                ).first.wait_for()
            tv.sees(".evening", "Bob").get_by_text("2").first.wait_for()
            self.assertEqual(tv.examine("the TV between rounds"), [])
            tv.press("Host")
            dialog.get_by_text("Another game, with everybody here").click()
            dialog.get_by_label("Game", exact=True).select_option("press")
            dialog.get_by_role("button", name="Go there with everybody").click()
            tv.sees(".evening", "Bob")
            for phone in (ann, bob):
                phone.page.wait_for_url(lambda url: code not in url)
                phone.sees(".seat.me", phone.name)

        await self.play(scenario)

    async def test_report_and_block(self) -> None:
        """A line of somebody else has a button for what may be done about it."""

        def scenario(people: People) -> None:
            ann, bob = people("Ann", {**PHONE}, axe=True), people("Bob")
            bob.join("press", ann.create("press"))
            for phone in (ann, bob):
                phone.press("Chat")
            bob.page.get_by_label("Say something").fill("rude")
            bob.page.keyboard.press("Enter")
            ann.page.get_by_role("button", name="More: rude").click()
            self.assertEqual(ann.examine("about a line"), [])
            ann.press("Report")
            ann.page.get_by_text("It was brought to those who keep order.").wait_for()
            ann.page.get_by_role("button", name="More: rude").click()
            ann.press("Block")
            ann.page.get_by_text("You hear no more of Bob.").wait_for()
            bob.page.get_by_label("Say something").fill("ruder")
            bob.page.keyboard.press("Enter")
            bob.page.get_by_text("ruder").first.wait_for()
            self.assertEqual(ann.page.get_by_text("ruder").count(), 0)

        await self.play(scenario)
