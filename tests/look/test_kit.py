"""The page that shows the kit, with each of its parts at work."""

from __future__ import annotations

from tests.e2e.browser import PHONE, People, browse, need
from tests.e2e.kit import ServerCase
from tests.look.screens import Look

SCORES = """async () => {
  const { el, ranked, scoreList } = await import("/static/kit/kit.js");
  const { shownRoom } = await import("/static/kit/shown_room.js");
  const entries = (...scores) => ranked(scores.map((score, i) => ({ seat: String(i + 1), score })));
  const list = scoreList(shownRoom(), entries(1, 50, 40, 30, 20, 10));
  const box = el("div", {}, list);
  document.body.append(box);
  list.showItems(3);
  const said = (line) => `${line.querySelector(".name").textContent} ${line.querySelector(".points").firstChild.data}`;
  const names = () => [...list.querySelectorAll("li:not([hidden])")].map(said);
  const seen = [names()];
  const [first, second] = list.querySelectorAll("li");
  const kept = first.querySelector(".name");
  const taken = list.update(entries(45, 50, 40, 30, 20, 10));
  seen.push(names());
  const others = list.update(entries(1, 2));
  const stays = kept.isConnected && list.querySelectorAll("li")[1] === second;
  box.remove();
  return { seen, taken, others, stays };
}"""
"""A list of six scores that shows three of them is given others, of which its reader's own is now one of the best."""


class KitLook(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def test_every_part_is_shown(self) -> None:
        """It fits phones in light and dark, axe finds nothing, and its parts do what they say."""
        server = self.server()
        await server.start()
        look = Look("kit")

        def play(people: People) -> None:
            for scheme in ("light", "dark"):
                someone = people(scheme.title(), PHONE, axe=True, color_scheme=scheme).go("/static/kit/")
                someone.sees(".part:last-child pre", "startButton(room)")
                look.at(someone, f"the kit in {scheme}")
                page = someone.page
                for theme in ("arcade", "ember"):
                    page.get_by_label("Theme").select_option(theme)
                    look.faults += someone.examine(f"{theme} in {scheme}")
            page.evaluate("document.addEventListener('cue', ({ detail }) => (document.title = detail))")
            page.get_by_role("button", name="fanfare", exact=True).click()
            assert page.title() == "fanfare"
            page.get_by_label("All of it off").check()
            page.reload()
            assert page.get_by_label("All of it off").is_checked(), "the switch is remembered"
            someone.sees("html.calm")
            page.get_by_role("button", name="Amazon").click()
            someone.sees(".choice.right", "Nile")
            page.get_by_label("row 1, column 1: empty").click()
            someone.sees(".square:has-text('O')")
            scores = page.evaluate(SCORES)
            self.assertEqual(
                scores["seen"][0], ["Bob 50", "Maximiliane 40", "Dov 30", "Ann 1"], "one's own line always"
            )
            self.assertEqual(scores["seen"][1], ["Bob 50", "Ann 45", "Maximiliane 40"])
            self.assertEqual((scores["taken"], scores["others"], scores["stays"]), (True, False, True))

        await browse(server.port, play)
        self.assertEqual(look.faults, [], "\n".join(look.faults))
