"""The arena's page in a real browser, over a network that is made worse on the page itself."""

from __future__ import annotations

import time
from typing import Any, Final

from tests.e2e.browser import PHONE, STEP_MS, TV, People, Someone, browse, need
from tests.e2e.kit import ServerCase

MOVES_AT_ONCE: Final = """async (key) => {
  const { room, discs } = globalThis.arena;
  const me = room.seat.id;
  const own = () => discs().find(({ seat }) => seat === me);
  const told = () => room.state.bodies[me].slice(0, 2);
  const [from, toldFrom] = [own(), told()];
  dispatchEvent(new KeyboardEvent("keydown", { code: key }));
  let frames = 0;
  while (Math.hypot(own().x - from.x, own().y - from.y) < 20) {
    if ((frames += 1) > 600) return { frames };
    await new Promise(requestAnimationFrame);
  }
  return { frames, toldFrom, told: told() };
}"""
"""Press a key; what is shown when the own disc has moved by two pixels, and what the server had said by then."""

FRAMES: Final = """async (wanted) => {
  for (let frames = 0; frames < wanted; frames += 1) await new Promise(requestAnimationFrame);
}"""

SHOWN: Final = """() => {
  const { room, discs, prediction } = globalThis.arena;
  const shown = Object.fromEntries(discs().map(({ seat, x, y }) => [seat, [Math.round(x), Math.round(y)]]));
  const told = Object.fromEntries(Object.entries(room.state.bodies).map(([seat, body]) => [seat, body.slice(0, 2)]));
  const rest = Object.values(room.state.bodies).every(([, , vx, vy]) => vx === 0 && vy === 0);
  return { shown, told, rest, correction: prediction.correction };
}"""


def worsen(someone: Someone, *, delay_ms: int, loss: int = 0) -> None:
    """Set the sliders of the network's panel."""
    panel = someone.page.locator("details.network")
    if not panel.evaluate("node => node.open"):
        panel.locator("summary").click()
    for label, value in (("Delay, there and back", delay_ms), ("Lost", loss)):
        slider = someone.page.get_by_label(label)
        slider.evaluate("(node, value) => { node.value = value; node.dispatchEvent(new Event('input')); }", value)
    someone.page.locator("details.network summary").evaluate("node => node.blur()")
    panel.evaluate("node => { node.open = false }")  # which leaves a phone little room for the field


def winners_of(title: str, reader: str) -> set[str]:
    """:returns: the names of those who win by a heading, which calls its reader "You"; none where nobody has a coin."""
    names = title.removesuffix("s").removesuffix(" win")
    return {reader if name == "You" else name for name in names.split(" and ")} if " win" in title else set()


def make_room(someone: Someone, seconds: int) -> str:
    """Make a room whose rounds last so long, and give its code."""
    someone.go("/play/arena/?network")
    someone.page.get_by_label("Your name").fill(someone.name)
    someone.page.get_by_text("Options", exact=True).click()
    someone.page.get_by_label("Seconds a round").fill(str(seconds))
    someone.page.get_by_role("button", name="New room", exact=True).click()
    someone.page.wait_for_url("**room=*")
    code: str = someone.page.evaluate("new URLSearchParams(location.search).get('room')")
    return code


def settled(*people: Someone) -> list[dict[str, Any]]:
    """Wait until all discs rest and each page shows each of them where the server has it."""
    until = time.monotonic() + STEP_MS / 1000
    while True:
        views: list[dict[str, Any]] = [someone.page.evaluate(SHOWN) for someone in people]
        if all(view["rest"] and view["shown"] == view["told"] == views[0]["told"] for view in views):
            return views
        assert time.monotonic() < until, f"the pages do not come to agree: {views}"
        people[0].page.evaluate("() => new Promise(requestAnimationFrame)")


class ArenaPageTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need()
        self.frames: list[str | bytes] = []

    async def test_two_move_over_a_bad_network(self) -> None:
        """With 100 ms and losses: a key moves the own disc at once, and all pages come to what the server says."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann, bob = self.two(people, seconds=600)
            worsen(ann, delay_ms=500)
            self.moves_at_once(ann)
            worsen(ann, delay_ms=100, loss=5)
            worsen(bob, delay_ms=100, loss=5)
            before = settled(ann, bob)[0]["told"]
            self.drive(ann, bob)
            after = settled(ann, bob)[0]["told"]
            for disc in before:
                moved = abs(after[disc][0] - before[disc][0]) + abs(after[disc][1] - before[disc][1])
                self.assertGreater(moved, 500, f"disc {disc} was driven")
            self.assertEqual({type(frame) for frame in self.frames}, {bytes}, "MessagePack")
            self.turns(bob)

        await browse(server.port, play)

    async def test_a_whole_round(self) -> None:
        """It ends by the clock, both pages say who has won, and the host plays again."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann, bob = self.two(people, seconds=20, delay_ms=100)
            self.drive(ann, bob)
            self.only_paints(ann)
            titles = [each.sees(".end-of h1").inner_text() for each in (ann, bob)]
            winners = [winners_of(title, each.name) for title, each in zip(titles, (ann, bob), strict=True)]
            self.assertEqual(*winners)
            ann.hears(titles[0])
            for name in ("Ann", "Bob"):
                ann.sees(".end-of .name", name)
            ann.press("Play again")
            for each in (ann, bob):
                each.sees(".arena .field")

        await browse(server.port, play)

    def hear(self, frame: str | bytes) -> None:
        """Keep what a page was sent; Playwright calls no builtin."""
        self.frames.append(frame)

    def two(self, people: People, *, seconds: int, delay_ms: int = 0) -> tuple[Someone, Someone]:
        """Ann, at a large screen, has started a round with Bob, who is at a phone with such a network."""
        ann, bob = people("Ann", TV), people("Bob", PHONE)
        for each in (ann, bob):
            each.page.on("websocket", lambda socket: socket.on("framereceived", self.hear))
        code = make_room(ann, seconds)
        ann.sees_heading("Arena")
        bob.join("arena", f"{code}&network").sees_heading("Arena")
        ann.sees(".seats .name", "Bob")
        if delay_ms:
            worsen(bob, delay_ms=delay_ms, loss=5)
        ann.press("Start")
        for each in (ann, bob):
            each.sees(".arena .field")
        return ann, bob

    def turns(self, someone: Someone) -> None:
        """Turn a phone on its side and back: the field is all of its screen."""
        upright = someone.page.viewport_size
        for width, height in ((740, 360), (upright["width"], upright["height"])):
            someone.page.set_viewport_size({"width": width, "height": height})
            someone.page.evaluate(FRAMES, 6)
            box = someone.page.locator("canvas").bounding_box()
            self.assertEqual((round(box["width"]), round(box["height"])), (width, height))

    def only_paints(self, someone: Someone, frames: int = 90) -> None:
        """See that what moves is drawn alone: for a clock or a score the page is laid out, a few times a second."""
        devtools = someone.page.context.new_cdp_session(someone.page)
        devtools.send("Performance.enable")

        def counts() -> dict[str, float]:
            return {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}

        before = counts()
        someone.page.evaluate(FRAMES, frames)
        after = counts()
        passed_s = after["Timestamp"] - before["Timestamp"]
        for name, most_hz in (("LayoutCount", 10), ("RecalcStyleCount", 30)):
            self.assertLess(after[name] - before[name], 10 + most_hz * passed_s, name)

    def moves_at_once(self, someone: Someone) -> None:
        """Press a key, away from the wall that is nearer, or there would be nothing to see."""
        seat = someone.page.evaluate("arena.room.seat.id")
        key = "ArrowRight" if someone.page.evaluate(SHOWN)["told"][seat][0] < 8000 else "ArrowLeft"
        seen = someone.page.evaluate(MOVES_AT_ONCE, key)
        someone.page.evaluate("key => dispatchEvent(new KeyboardEvent('keyup', { code: key }))", key)
        self.assertEqual(
            seen.get("told"), seen.get("toldFrom", "it did not move"), "before the server can have said so"
        )

    def drive(self, ann: Someone, bob: Someone) -> None:
        """Ann uses keys, and dashes; Bob drags on the field. Both go to the middle, where there is room."""
        for someone, by in ((ann, self.by_keys), (bob, self.by_drag)):
            seat = someone.page.evaluate("arena.room.seat.id")
            x, y = someone.page.evaluate(SHOWN)["told"][seat]
            by(someone, 1 if x < 8000 else -1, 1 if y < 4500 else -1)

    def by_keys(self, someone: Someone, right: int, down: int) -> None:
        """Hold two arrows down for some frames, with a dash."""
        keys = ("ArrowRight" if right > 0 else "ArrowLeft", "ArrowDown" if down > 0 else "ArrowUp")
        for key in keys:
            someone.page.keyboard.down(key)
        someone.page.keyboard.press("Space")
        self.wait_to_move(someone)
        for key in keys:
            someone.page.keyboard.up(key)

    def by_drag(self, someone: Someone, right: int, down: int) -> None:
        """Drag the stick that appears under a finger."""
        canvas = someone.page.locator("canvas")
        box = canvas.bounding_box() if canvas.count() else None
        if box is None:  # where this machine is slow, the round is over by now
            return
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        someone.page.mouse.move(x, y)
        someone.page.mouse.down()
        someone.page.mouse.move(x + 80 * right, y + 80 * down)
        self.wait_to_move(someone)
        someone.page.mouse.up()

    def wait_to_move(self, someone: Someone) -> None:
        """Wait until the server has moved the own disc by 100 pixels, or the round is over."""
        someone.page.evaluate("""async () => {
          const { room } = globalThis.arena;
          const place = () => room.state.bodies[room.seat.id];
          const [x, y] = place();
          const moved = () => Math.hypot(place()[0] - x, place()[1] - y) >= 1000;
          for (let i = 0; i < 1200 && room.info.status === "playing" && !moved(); i += 1) {
            await new Promise(requestAnimationFrame);
          }
        }""")
