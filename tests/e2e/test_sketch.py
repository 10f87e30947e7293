"""Sketch in a real browser: three draw, guess in `<game-chat>`, and see what is for them; and axe-core looks."""

from __future__ import annotations

from typing import Any

from tests.e2e.browser import PHONE, TV, People, Someone, browse, need
from tests.e2e.kit import ServerCase

INK = """() => {
  const { width, height } = document.querySelector("canvas.kept");
  const data = document.querySelector("canvas.kept").getContext("2d").getImageData(0, 0, width, height).data;
  let ink = 0;
  for (let i = 3; i < data.length; i += 4) ink += data[i] > 0;
  return ink;
}"""
HOSTILE = "<img src=x onerror=\"document.title='broken'\">"
ARABIC = "\u0645\u0631\u062d\u0628\u0627"


def gather(people: People, **more: Any) -> tuple[Someone, Someone, Someone]:
    """:returns: the host, who draws first, then two who guess; the second's name is hostile."""
    ann, bob, cleo = people("Ann", TV, **more), people("<b>Bob</b>", **more), people("Cleo", TV, **more)
    code = ann.create("sketch")
    ann.sees_heading("Sketch")
    for each in (bob, cleo):
        each.join("sketch", code)
        each.sees(".lobby-of")
    ann.sees(".seat", "Cleo")
    ann.press("Start")
    ann.sees_heading("Choose a word")
    return ann, bob, cleo


def listen(someone: Someone, heard: list[bytes]) -> None:
    """Note every frame, all of them MessagePack, that comes over the sockets that are opened from now on."""
    someone.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(bytes(frame))))


def packed(word: str) -> bytes:
    """:returns: a text of less than 32 bytes as MessagePack has it: its length, and itself."""
    return bytes([0xA0 + len(word.encode())]) + word.encode()


def begin(ann: Someone) -> str:
    """Choose the first word. :returns: it."""
    ann.page.locator(".words button").first.click()
    return str(ann.sees("h1", "Draw: ").inner_text()).removeprefix("Draw: ")


def draw(someone: Someone, *points: tuple[float, float]) -> None:
    """Move the mouse over the sheet with the button held; points are parts of its width and height."""
    box = someone.page.locator(".sheet").bounding_box()
    mouse = someone.page.mouse
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=12)
    mouse.up()


def say(someone: Someone, text: str) -> None:
    """Write a line, and press Enter."""
    field = someone.page.locator("game-chat").get_by_label("Guess, or chat")
    field.fill(text)
    field.press("Enter")


def until_ink(someone: Someone, least: int) -> int:
    """Wait until so many points of the sheet are drawn on."""
    for _ in range(400):
        ink: int = someone.page.evaluate(INK)
        if ink >= least:
            return ink
        someone.page.wait_for_timeout(50)
    raise AssertionError(f"{someone.name} sees {ink} points of ink, not {least}")


class SketchPageTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_three_pages_play_a_turn(self) -> None:
        """One draws with the mouse, two guess; nobody reads more than is for them, also after a reload."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann, bob, cleo = gather(people)
            heard: dict[str, list[bytes]] = {}
            for each in (bob, cleo):
                listen(each, heard.setdefault(each.name, []))
                each.page.reload()  # so that all of the sockets are heard
                each.sees("h1", "Ann chooses a word")
            word = begin(ann)
            bob.sees("h1.masked", "_")
            ann.press("Red")
            draw(ann, (0.2, 0.2), (0.8, 0.2), (0.5, 0.8))
            draw(ann, (0.3, 0.6), (0.7, 0.6))
            ink = until_ink(ann, 2000)
            for each in (bob, cleo):
                until_ink(each, ink)
            ann.press("Undo")
            for each in (ann, bob, cleo):
                each.sees("canvas.kept[aria-label='The drawing: 1 stroke']")

            say(bob, HOSTILE)
            line = cleo.sees("game-chat .line", HOSTILE)
            self.assertEqual(line.locator("img, b").count(), 0)
            self.assertIn("<b>Bob</b>", line.inner_text())
            self.assertNotEqual(cleo.page.title(), "broken")
            say(bob, ARABIC)
            cleo.sees("game-chat .line", ARABIC)
            text = cleo.page.locator("game-chat .text").filter(has_text=ARABIC)
            self.assertEqual(text.evaluate("node => getComputedStyle(node).direction"), "rtl")

            say(bob, f"{word}s")
            bob.sees("game-chat .line.game", "is near.")
            say(bob, word)
            bob.sees("h1", f"You know it: {word}")
            cleo.sees("game-chat .line", "<b>Bob</b> has guessed it.")
            bob.page.locator("game-chat").get_by_role("tab", name="Those who know").click()
            say(bob, f"nice {word}")
            ann.page.locator("game-chat").get_by_role("tab", name="Those who know").locator(".count").wait_for()
            cleo.page.reload()
            cleo.sees("h1.masked", "_")
            cleo.sees("game-chat .line", HOSTILE)
            until_ink(cleo, 1000)
            cleo.sees("canvas.kept[aria-label='The drawing: 1 stroke']")
            self.assertEqual(cleo.page.locator("game-chat [role=tab]").count(), 0)
            told = b"\n".join(heard[cleo.name])
            self.assertIn(b"has guessed it", told)
            self.assertIn(packed(word), b"\n".join(heard[bob.name]))
            self.assertNotIn(packed(word), told)
            self.assertNotIn(f"nice {word}".encode(), told)

            say(cleo, f"is it {word}?")
            for each in (ann, bob, cleo):
                each.sees_heading(f"The word was {word}")
                each.fits()
            bob.sees_heading("Choose a word")
            ann.sees("canvas.kept[aria-label='An empty sheet']")

        await browse(server.port, play)

    async def test_lines_are_changed_by_keyboard_and_tabs_walked(self) -> None:
        """Arrow up in an empty field changes one's last line; Escape gives that up; arrows go from tab to tab."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann, bob, cleo = gather(people)
            say(bob, "helo")
            ann.sees("game-chat .line", "helo")
            ann.press("Skip this turn")
            bob.sees_heading("Choose a word")
            ann.press("Skip this turn")
            cleo.sees_heading("Choose a word")
            begin(cleo)
            tab = cleo.page.locator("game-chat").get_by_role("tab", name="Everybody")
            tab.focus()
            cleo.page.keyboard.press("ArrowRight")
            cleo.sees("game-chat [role=tab][aria-selected=true]", "Those who know")
            cleo.page.keyboard.press("Home")
            cleo.sees("game-chat [role=tab][aria-selected=true]", "Everybody")
            cleo.press("Give up")
            cleo.sees("h1", "The word was")
            field = bob.page.locator("game-chat").get_by_label("Guess, or chat")
            field.press("ArrowUp")
            self.assertEqual(field.input_value(), "helo")
            field.press("Escape")
            self.assertEqual(field.input_value(), "")
            field.press("ArrowUp")
            field.fill("hello")
            field.press("Enter")
            ann.sees("game-chat .line", "hello")
            ann.sees("game-chat .line", "(edited)")
            field.press("ArrowUp")
            bob.page.locator("game-chat").get_by_role("button", name="Take back").click()
            ann.sees_none("game-chat .line:has-text('hello')")

        await browse(server.port, play)


class SketchAccessibilityTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def test_no_serious_fault(self) -> None:
        """For who draws, on a TV in the dark, and for who guesses, on a phone in the light; with tabs and lines."""
        server = self.server()
        await server.start()

        def look(people: People) -> None:
            ann = people("Ann", TV, axe=True, color_scheme="dark")
            bob, cleo = people("Bob", PHONE, axe=True, color_scheme="light"), people("Cleo", PHONE)
            code = ann.create("sketch")
            faults = ann.examine("sketch, waiting")
            for each in (bob, cleo):
                each.join("sketch", code).sees(".lobby-of")
            ann.sees(".seat", "Cleo")
            ann.press("Start")
            ann.sees_heading("Choose a word")
            faults += ann.examine("sketch, choosing")
            word = begin(ann)
            say(ann, "now look")
            say(bob, "a cat?")
            ann.sees("game-chat .line", "a cat?")
            bob.sees("game-chat .line", "now look")
            faults += ann.examine("sketch, drawing") + bob.examine("sketch, guessing")
            say(bob, word)
            bob.sees("game-chat [role=tab]", "Those who know")
            say(cleo, word)
            bob.sees_heading(f"The word was {word}")
            ann.sees_heading(f"The word was {word}")
            faults += ann.examine("sketch, the word") + bob.examine("sketch, the word on a phone")
            for each in people.all:
                each.fits()
            assert not faults, "\n".join(faults)

        await browse(server.port, look)
