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

    async def test_the_owner_changes_it(self) -> None:
        """Another name, another password, and a device that is logged out from here."""
        need()
        cheap = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}
        server = self.server(GAMESERVER_AUTH="guests accounts", **cheap)
        await server.start()

        def play(people: People) -> None:
            ann, other = people("Ann"), people("Ann elsewhere")
            for who, button in ((ann, "Register"), (other, "Log in")):
                who.go("/").press("Log in or register")
                who.page.get_by_label("Name", exact=True).fill("Ann Register")
                who.page.get_by_label("Password", exact=True).fill("correct horse")
                who.page.locator("dialog").get_by_role("button", name=button, exact=True).click()
                who.sees("#account strong", "Ann Register")
            ann.press("Account")
            ann.sees("#account-logins li:nth-child(2)", "Chrome")
            ann.page.get_by_role("button", name="Log out all others").click()
            ann.page.locator("#account-logins li:nth-child(2)").wait_for(state="detached")
            other.page.reload()
            other.sees("#account button", "Log in or register")
            other.complaints.clear()  # that its login is over, which the browser says
            ann.page.get_by_label("Password until now").fill("correct horse")
            ann.page.get_by_label("New password").fill("correct horses")
            ann.press("Change the password")
            ann.page.get_by_text("The password is changed").first.wait_for()
            ann.sees("#account-logins li", "this device")
            ann.page.get_by_label("Name", exact=True).fill("Cleo")
            ann.page.get_by_label("Password", exact=True).fill("correct horses")
            ann.press("Change the name")
            ann.sees("#account strong", "Cleo")
            ann.fits()

        await browse(server.port, play)
