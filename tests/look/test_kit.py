"""The page that shows the kit, with each of its parts at work."""

from __future__ import annotations

from tests.e2e.browser import PHONE, People, browse, need
from tests.e2e.kit import ServerCase
from tests.look.screens import Look


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

        await browse(server.port, play)
        self.assertEqual(look.faults, [], "\n".join(look.faults))
