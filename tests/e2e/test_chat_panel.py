"""`<game-chat>` in a page with nothing but the client: private talks, what is unread, directions, hostile names."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.browser import PHONE, People, Someone, browse, need
from tests.e2e.kit import ServerCase

GAME = '''
"""People talk."""
from gameserver import Game, Player, message

class Talk(Game):
    """People talk."""
    name = "talk"
    needs_start = False
    chat_to = ("room", "seat")

    def on_create(self):
        self.chat.open("news", title="News", readonly=True)

    @message
    def announce(self, player: Player, text: str) -> None:
        self.chat.say(text, "news", data={"loud": True})
'''

PAGE = """<!DOCTYPE html>
<html lang="ar" dir="rtl">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Talk</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="page.css">
<main><h1 id="code">-</h1><game-chat id="chat" label="Talk"></game-chat></main>
<script type="module" src="page.js"></script>
"""

STYLE = """
body { background: rgb(1, 2, 3); color: white; }
game-chat {
  --game-chat-ground: rgb(1, 2, 3); --game-chat-ink: rgb(250, 250, 250); --game-chat-muted: rgb(200, 200, 200);
  --game-chat-accent: rgb(250, 220, 120); --game-chat-on-accent: black;
}
"""

SCRIPT = """
import { connect } from "/gameserver.js";
const chat = document.querySelector("#chat");
const query = new URLSearchParams(location.search);
const client = await connect({ name: query.get("name"), storage: null });
const room = query.has("room") ? await client.join(query.get("room")) : await client.create("talk");
chat.room = room; // before the element is known: it takes the room over
await import("/game-chat.js");
chat.decorate = (line, node) => node.classList.toggle("loud", Boolean(line.data?.loud));
document.querySelector("#code").textContent = room.code;
window.room = room;
"""

NAME = "<script>name"
BIDI = "\u202eevil\u202c and \u05e9\u05dc\u05d5\u05dd"


class ChatPanelTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    def pages(self) -> Path:
        """:returns: a folder with the game and its page."""
        folder = self.games(talk=GAME)
        page = folder / "pages" / "talk"
        page.mkdir(parents=True)
        for name, text in (("index.html", PAGE), ("page.js", SCRIPT), ("page.css", STYLE)):
            (page / name).write_text(text, "utf-8")
        return folder

    async def test_two_pages_talk(self) -> None:
        """In the room, in private and in a channel of the game's; what is not looked at is counted."""
        server = self.server(games=self.pages())
        await server.start()

        def talk(people: People) -> None:
            ann, bob = people("Ann", PHONE), people(NAME, PHONE)
            ann.go("/play/talk/?name=Ann")
            ann.page.locator("#code").filter(has_text="-").wait_for(state="detached")
            bob.go(f"/play/talk/?name={NAME}&room={ann.page.locator('#code').inner_text()}")
            bob.sees("[role=tab]", "News")

            say(bob, BIDI)
            line = ann.sees("game-chat .line", "evil")
            self.assertEqual(line.locator("bdi.from").inner_text(), NAME)
            self.assertEqual(line.locator(".text").evaluate("node => node.textContent"), BIDI)
            self.assertEqual(line.locator(".text").evaluate("node => getComputedStyle(node).unicodeBidi"), "isolate")
            self.assertEqual(line.locator(".text").evaluate("node => getComputedStyle(node).direction"), "ltr")
            self.assertEqual(ann.page.locator("game-chat script").count(), 0)
            log = ann.page.locator("game-chat [role=log]")
            self.assertEqual(log.evaluate("node => getComputedStyle(node).backgroundColor"), "rgb(1, 2, 3)")

            ann.page.get_by_label("Private line to").select_option(label=NAME)
            say(ann, "psst")
            bob.sees("[role=tab] .count", "1")
            bob.page.get_by_role("tab", name="Ann 1 unread").click()
            bob.sees("game-chat .line", "psst")
            bob.sees_none("[role=tab] .count")
            self.assertEqual(bob.page.evaluate("room.chat.channels.get(`seat:${room.host.id}`).unread"), 0)

            bob.page.evaluate("room.send('announce', { text: 'hear, hear' })")
            ann.sees("[role=tab] .count", "1")
            ann.page.get_by_role("tab", name="News 1 unread").focus()
            ann.page.get_by_role("tab", name="News 1 unread").press("Enter")
            ann.sees("game-chat .line.loud", "hear, hear")
            self.assertTrue(ann.page.get_by_label("Say something").is_disabled())

            ann.page.get_by_role("tab", name="Everybody").click()
            bob.page.get_by_role("tab", name="Everybody").click()
            keep_writing(ann, bob)
            say(ann, "x" * 501)
            ann.sees("[role=alert]", "500")
            self.assertEqual(len(ann.page.get_by_label("Say something").input_value()), 501)

        await browse(server.port, talk)

    async def test_no_serious_fault(self) -> None:
        """axe-core looks at tabs, lines, the count, and a field that is closed."""
        server = self.server(games=self.pages())
        await server.start()

        def look(people: People) -> None:
            ann, bob = people("Ann", PHONE, axe=True), people("Bob", PHONE)
            ann.go("/play/talk/?name=Ann")
            ann.page.locator("#code").filter(has_text="-").wait_for(state="detached")
            bob.go(f"/play/talk/?name=Bob&room={ann.page.locator('#code').inner_text()}")
            bob.sees("[role=tab]", "News")
            bob.page.evaluate("room.send('announce', { text: 'hear, hear' })")
            say(bob, "hello @Ann")
            say(ann, "/me waves")
            ann.sees("game-chat .mentioned")
            ann.sees("[role=tab] .count", "1")
            faults = ann.examine("chat")
            ann.page.get_by_role("tab", name="News 1 unread").click()
            ann.sees("game-chat .line", "hear, hear")
            faults += ann.examine("a closed channel")
            assert not faults, "\n".join(faults)

        await browse(server.port, look)


def keep_writing(someone: Someone, other: Someone) -> None:
    """One key after the other, until the other sees that somebody writes; the server drops what comes too soon."""
    for _ in range(200):
        someone.page.get_by_label("Say something").press("a")
        if "Ann is writing" in other.page.locator(".typing").inner_text():
            return
        other.page.wait_for_timeout(100)
    raise AssertionError(f"{other.name} does not see that {someone.name} writes")


def say(someone: Someone, text: str) -> None:
    """Write a line, and press Enter."""
    field = someone.page.get_by_label("Say something")
    field.fill(text)
    field.press("Enter")
