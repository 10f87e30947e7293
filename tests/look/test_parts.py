"""Parts of the kit by themselves, on a phone, with what people write: long words, long notes, many choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests.e2e.browser import PHONE, People, browse, need
from tests.e2e.kit import ServerCase

PARTS: Final = (Path(__file__).parent / "parts.js").read_text("utf-8")


class PartsLook(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need()

    async def found(self) -> dict[str, Any]:
        """:returns: what ``parts.js`` found."""
        server = self.server()
        await server.start()
        found: dict[str, Any] = {}

        def play(people: People) -> None:
            page = people("Ann", PHONE).go("/static/kit/").page
            page.locator(".part:last-child pre").wait_for()
            found.update(page.evaluate(PARTS))

        await browse(server.port, play)
        return found

    async def test_texts_of_every_length(self) -> None:
        """Long words stay in their buttons, a long note leaves a name its place, and winners stand over their step."""
        found = await self.found()
        self.assertEqual(found["buttons"], [True, True], "a button's text is in its middle")
        self.assertEqual(found["others"], [True, True], "and that of a choice which is only seen")
        seats = found["seats"]
        self.assertEqual(seats["short"], {"name": True, "note": True, "lines": 1})
        self.assertEqual(seats["long"], {"name": True, "note": True, "lines": 3}, "the note takes more lines")
        self.assertEqual((seats["word"]["name"], seats["word"]["note"]), (True, True), "and breaks its words in need")
        self.assertEqual((seats["name"]["name"], seats["name"]["note"]), (False, True), "the name is cut")
        self.assertLess(max(found["steps"]), 2, "those on one step are in its middle, however long their names are")

    async def test_words(self) -> None:
        """What is said of oneself is said as such: who has won with others, and whose turn it is."""
        found = await self.found()
        together = ["You win together with Bob", "You win together with Bob and Maximiliane"]
        self.assertEqual(found["won"], ["You win", "Bob wins", *together, "Maximiliane and Bob win"])
        self.assertEqual(found["turns"], ["your turn", "their turn", None])

    async def test_twelve_choices(self) -> None:
        """Each has a letter of its own, and a shape and a colour that no other has both of; nine have a key."""
        found = await self.found()
        for choices in found["questions"]:
            self.assertEqual("".join(choice["letter"] for choice in choices), "ABCDEFGHIJKL")
            looks = {choice["look"] for choice in choices}
            self.assertEqual(len(looks), 12)
            self.assertEqual([look for look in looks if look.startswith(" ")], [], "none has no shape")
            self.assertEqual(len({look.partition(" ")[2] for look in looks}), 8, "nor a colour that is none")
        self.assertEqual(found["pressed"], [0, 6, 8])
