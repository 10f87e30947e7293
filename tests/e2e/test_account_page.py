"""An account in a real browser: a guest registers, is known after a reload, plays, and logs out."""

from __future__ import annotations

from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase


class AccountPageTests(ServerCase):
    async def test_from_guest_to_account_and_out_again(self) -> None:
        """The seat that the guest took is the account's; no script can read what keeps the login."""
        need()
        cheap = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}
        server = self.server(GAMESERVER_AUTH="guests accounts", **cheap)
        await server.start()

        def play(people: People) -> None:
            ann = people("Ann")
            code = ann.create("tictactoe")
            ann.go("/")
            ann.press("Log in or register")
            ann.page.get_by_label("Name", exact=True).fill("Ann Register")
            ann.page.get_by_label("Password", exact=True).fill("correct horse")
            ann.press("Register")
            ann.sees("#account strong", "Ann Register")
            ann.sees("#remembered .code", code)
            self.assertEqual(ann.page.evaluate("document.cookie"), "")
            (cookie,) = ann.page.context.cookies()
            self.assertEqual((cookie["httpOnly"], cookie["sameSite"]), (True, "Strict"))
            self.assertNotIn("accounts.", ann.page.evaluate("JSON.stringify(localStorage)"))
            ann.go(f"/play/tictactoe/?room={code}").sees("h1", "Invite a friend")
            ann.page.reload()
            ann.sees("h1", "Invite a friend")
            ann.go("/").press("Log out")
            ann.sees("#account button", "Log in or register")
            self.assertEqual(ann.page.context.cookies(), [])
            ann.press("Log in or register")
            ann.page.get_by_label("Name", exact=True).fill("ann register")
            ann.page.get_by_label("Password", exact=True).fill("correct horse")
            ann.page.keyboard.press("Enter")
            ann.sees("#account strong", "Ann Register")
            ann.sees("#remembered .code", code)
            ann.fits()

        await browse(server.port, play)
