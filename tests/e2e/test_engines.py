"""Players whose browser is not Chromium: a phone of each other engine plays a sample game with a client of ours."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from twisted.internet.threads import deferToThread

from gameserver.client import Room
from tests.e2e.engines import ENTER, Driver, Firefox, Phone, WebKit
from tests.e2e.kit import ROOT, Person, Server, ServerCase, from_thread

LISTEN = """
const heard = JSON.parse(sessionStorage.getItem("heard") ?? "[]");
const note = (text) => {
  heard.push(text);
  sessionStorage.setItem("heard", JSON.stringify(heard));
};
addEventListener("error", ({ message, error, target }) => {
  if (target === window) note(`${message} ${error?.stack}`);
  else if (target.matches("script, link, img")) note(`cannot load ${target.src ?? target.href}`);
}, true);
addEventListener("unhandledrejection", ({ reason }) => note(`rejected: ${reason} ${reason?.stack}`));
addEventListener("securitypolicyviolation", (event) => note(`${event.violatedDirective} forbids ${event.blockedURI}`));
console.error = (...words) => note(words.join(" "));
"""
"""What goes wrong on a page, also before it is reloaded: neither engine's driver tells of it."""

HEARD = "return JSON.parse(sessionStorage.getItem('heard') ?? '[]')"

INK = """
const sheet = document.querySelector("canvas.kept");
return sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data.some((each) => each > 0);
"""

NO_BANNER = "return [...document.querySelectorAll('.banner')].every((each) => each.hidden || !each.textContent)"
TOO_WIDE = "return Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"

LINE = bytes(byte for x, y in ((400, 400), (3600, 3600)) for byte in (x >> 4, (x & 15) << 4 | y >> 8, y & 255))
"""A line across the sheet, as pages send it."""

FIELD = "#field"
"""Where one writes in the chat."""


class EngineTests(ServerCase):
    async def test_webkit(self) -> None:
        """As in Safari, and in the browsers of iPhones."""
        await self.play(WebKit)

    async def test_firefox(self) -> None:
        """As in Firefox."""
        await self.play(Firefox)

    async def play(self, engine: type[Driver]) -> None:
        """
        Have a phone come in by a code, chat, guess, draw with a finger, and see how it ends.

        A server that is killed and a page that is loaded anew cost it nothing; nothing goes wrong on its pages.
        """
        driver = engine(Path(tempfile.mkdtemp(prefix="browser-", dir=self.folder)))
        self.addCleanup(driver.end)
        server = self.server(games=self.sketch())
        await server.start()
        ann = await self.person(server, "Ann")
        room = await ann.create("sketch", options={"rounds": 1, "seconds": 240})

        def plays() -> None:
            driver.start()
            phone = Phone(driver, f"http://127.0.0.1:{server.port}")
            phone.go("/")
            phone.types("#name", "Bob")
            phone.types("#code", room.code.lower())
            phone.press("#join button")
            phone.sees(".lobby-of")
            phone.sees(".seat", "Ann")
            from_thread(room.start)
            guess(phone, server, ann)
            draw(phone, ann)
            phone.sees(".podium .name", "Bob")
            phone.reload()
            phone.sees(".podium .name", "Bob")
            self.assertEqual(phone.run(TOO_WIDE), 0)
            self.assertEqual(phone.run(HEARD), [], phone)

        await deferToThread(plays)

    def sketch(self) -> Path:
        """:returns: a folder with the sample game, whose page notes what goes wrong."""
        games = self.games()
        shutil.copytree(ROOT / "games" / "sketch", games / "sketch", ignore=shutil.ignore_patterns("__pycache__"))
        page = games / "sketch" / "page" / "index.html"
        page.with_name("listen.js").write_text(LISTEN, "utf-8")
        text = page.read_text("utf-8").replace("<head>", '<head>\n<script src="listen.js"></script>', 1)
        page.write_text(text, "utf-8")
        return games


def guess(phone: Phone, server: Server, ann: Person) -> None:
    """Ann, who came first, draws; the phone loses its connection, loads its page anew, chats, and guesses."""
    room = ann.room
    phone.sees("h1", "Ann chooses a word")
    from_thread(lambda: ann.send("choose", index=0))
    from_thread(lambda: ann.send("stroke", colour=0, width=1, points=LINE, joined=False))
    phone.sees("canvas.kept[aria-label='The drawing: 1 stroke']")
    from_thread(server.kill)
    phone.sees(".banner", "Your seat is kept.")
    from_thread(server.start)
    phone.until(NO_BANNER)
    from_thread(lambda: ann.send("stroke", colour=1, width=1, points=LINE, joined=False))
    phone.sees("canvas.kept[aria-label='The drawing: 2 strokes']")
    phone.reload()
    phone.sees("canvas.kept[aria-label='The drawing: 2 strokes']")
    phone.until(INK)
    phone.types(FIELD, f"Is it a line?{ENTER}")
    from_thread(lambda: ann.sees(lambda _: says(room, "Is it a line?"), "what the phone says"))
    from_thread(lambda: room.say("No, Bob."))
    phone.sees("[role=log] .line", "No, Bob.")
    phone.types(FIELD, room.mine["word"] + ENTER)
    phone.sees("[role=log] .line", "Bob has guessed it.")


def draw(phone: Phone, ann: Person) -> None:
    """The phone draws, and Ann guesses."""
    room = ann.room
    phone.presses_until(".words button", "h1", "Draw: ")
    phone.draws("canvas.live", (0.2, 0.2), (0.8, 0.2), (0.5, 0.8))
    from_thread(lambda: ann.sees(lambda _: len(room.state["strokes"]) == 1, "what the phone has drawn"))
    word = phone.run("return document.querySelector('h1').textContent").removeprefix("Draw: ")
    from_thread(lambda: room.say(word))


def says(room: Room, text: str) -> bool:
    """Whether a line of the chat is this."""
    return any(line.text == text for line in room.chat)
