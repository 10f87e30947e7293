"""Acts on a slow or broken network: each happens once, or says why it did not, and none that was given up happens."""

from __future__ import annotations

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase
from tests.e2e.test_coming_in import HELD

CHEAP = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}


class SlowActsTests(ServerCase):
    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need()

    async def play(self, scenario: object) -> None:
        """Have people do this with a server that has accounts."""
        server = self.server(GAMESERVER_AUTH="guests accounts", **CHEAP)
        await server.start()
        await browse(server.port, scenario)  # type: ignore[arg-type]

    async def test_a_room_that_was_given_up(self) -> None:
        """Whoever closes the dialog before the room is there stays in the lobby, and has no seat in that room."""

        def scenario(people: People) -> None:
            ann = people("Ann")
            ann.go("/").sees("#games .card")
            for asked in (False, True):
                ann.page.evaluate(f"() => {{ {HELD} }}")
                ann.page.locator("#games button").first.click()
                ann.page.locator("#create-name").fill("Ann")
                ann.press("Open the room")
                if asked:
                    ann.page.keyboard.press("Escape")
                else:
                    ann.press("Not now")
                ann.page.evaluate("letGo()")
            ann.page.locator("#games button").first.click()
            ann.press("Open the room")
            ann.page.wait_for_url("**room=*")
            ann.go("/").sees("#remembered .code")
            self.assertEqual(ann.page.locator("#remembered .code").count(), 1)

        await self.play(scenario)
