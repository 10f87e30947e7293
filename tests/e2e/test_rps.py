"""Rock, paper, scissors in a real browser: two teams, and a TV that shows them."""

from __future__ import annotations

from typing import Final

from tests.e2e.browser import TV, People, Someone, browse, need
from tests.e2e.kit import ServerCase, only_long

THROW: Final = """hand => {
  const look = () => {
    const button = document.querySelector(`[data-stage=count] [data-hand=${hand}]`);
    if (!button) return;
    changes.disconnect();
    button.click();
  };
  const changes = new MutationObserver(look);
  changes.observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
"""Three seconds are few on a slow machine: the page's button is pressed as soon as it may be."""

NOTE: Final = """() => {
  window.noted = "";
  const look = () => {
    if (document.querySelector("[data-stage=count]")) window.noted += document.querySelector("main").innerText;
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
"""What is read on a page while it is counted."""


COUNT_REVEALS: Final = """() => {
  let before = "";
  let count = 0;
  const look = () => {
    const { stage = "" } = document.querySelector("[data-stage]")?.dataset ?? {};
    if (stage === "reveal" && before !== "reveal") document.documentElement.dataset.reveals = String((count += 1));
    before = stage;
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
"""How often it was revealed on a page: whoever looks now and then misses the count, and sees the reveal before it."""


class RpsPageTests(ServerCase):
    timeout = 240

    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_three_pages_play_a_match(self) -> None:
        """The host says go, three throw, a team sees its own plans only; all, a TV too, see who scores and who wins."""
        only_long()  # four pages throw within three seconds, which they do not always do on a busy machine
        server = self.server()
        await server.start()

        def play(people: People) -> None:
            ann, bob, cleo, tv = people("Ann", TV), people("Bob"), people("Cleo"), people("TV", TV)
            everybody = (ann, bob, cleo, tv)
            code = ann.create("rps")
            ann.sees_heading("Team blue needs somebody")
            tv.go(f"/play/rps/?room={code}&role=screen").sees_heading("Team blue needs somebody")
            bob.join("rps", code)
            bob.sees_heading("Ready?")
            cleo.join("rps", code)
            ann.sees(".side.red .seat", "Cleo")
            self.assertEqual(bob.page.get_by_role("button", name="Go!").count(), 0)
            for each in (bob, tv):
                each.page.evaluate(NOTE)
            ann.page.evaluate(COUNT_REVEALS)
            self.throw("Go!", {ann: "paper", bob: "rock", cleo: "paper"}, 1)
            for each in everybody:
                each.sees_heading("Red scores!")
                each.sees(".detail", "Paper wraps rock.")
                each.sees(".side.red .thrown", "Paper")
                each.sees(".side.blue .thrown", "Rock")
                each.sees(".side.red .seat.done", "Ann")
                self.assertEqual(each.counts(".side.red .pip.won", 1), 1)
                each.hears("Red 1, blue 0.")
                each.fits()
            cleo.sees(".plans", "Ann: paper")
            for each in (bob, tv):
                noted = each.page.evaluate("window.noted")
                self.assertIn("Ann", noted)
                self.assertNotIn("paper", noted.replace("Rock, paper or scissors?", ""))
            for number in (2, 3):
                self.throw("Next round", {ann: "paper", bob: "rock", cleo: "paper"}, number)
                ann.sees("button.go:not([hidden]), .match")
            for each in everybody:
                each.sees_heading("Red wins the match!")
                each.sees(".podium .step-1 .name", "Red")
            ann.press("Play again")
            for each in everybody:
                each.sees(".arena")
                each.sees_none(".pip.won")

        await browse(server.port, play)

    def throw(self, go: str, hands: dict[Someone, str], number: int) -> None:
        """Have each of them throw while it is counted, for the time of this number; the first says go."""
        for who, hand in hands.items():
            who.page.evaluate(THROW, hand)
        host = next(iter(hands))
        host.press(go)
        host.counts(f'html[data-reveals="{number}"]', 1)
