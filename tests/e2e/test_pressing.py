"""What is pressed stays there until it is let go: it is neither drawn anew, nor moved by a scene on its way in."""

from __future__ import annotations

from typing import Final

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase

BUTTON: Final = """async () => {
  const { el, fill, render } = await import("/static/page.js");
  const heard = [];
  const room = { on: (_, hear) => heard.push(hear) };
  const box = el("div", { style: { position: "fixed", inset: "0", "z-index": "9" } });
  let drawn = 0;
  Object.assign(globalThis, { clicks: 0, change: () => heard.forEach((hear) => hear()) });
  const button = () => el("button", { "data-key": "it", onclick: () => (clicks += 1) }, `drawing ${(drawn += 1)}`);
  render(room, () => fill(box, button()), ["$change"]);
  document.body.append(box);
}"""
"""A button that is made anew with each change of a room."""

SCENE: Final = """async () => {
  const { el, stage } = await import("/static/kit/kit.js");
  document.documentElement.classList.add("whole");
  const place = stage();
  document.body.replaceChildren(el("main", {}, place));
  const low = el("p", {}, "It comes up from below.");
  const coming = low.animate([{ transform: "translateY(200vh)" }, { transform: "none" }], 600_000);
  place.append(el("div", { class: "scene" }, low));
  for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
  return [document.documentElement.style.getPropertyValue("--fit"), coming.playState, coming.currentTime < 300_000];
}"""
"""A scene with room to spare, of which a part is still far below the screen."""


class PressingTests(ServerCase):
    timeout = 240

    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_click_is_not_lost(self) -> None:
        """A change between press and release is drawn after the click; a scene has its size from the first on."""
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            someone = people("Ann").go("/static/kit/")
            page = someone.page
            someone.sees(".part:last-child pre", "startButton(room)")
            page.evaluate(BUTTON)
            button = page.get_by_role("button", name="drawing")
            for number, (press, release) in enumerate(
                ((page.mouse.down, page.mouse.up), (lambda: page.keyboard.down(" "), lambda: page.keyboard.up(" "))), 1
            ):
                button.hover()
                button.focus()
                press()
                page.evaluate("change()")
                self.assertEqual(button.inner_text(), f"drawing {number}")
                release()
                someone.sees("button", f"drawing {number + 1}")
                self.assertEqual(page.evaluate("clicks"), number)
            self.assertEqual(page.evaluate(SCENE), ["1", "running", True])

        await browse(server.port, play)
