"""A Django project's users in a real browser, with both ways of running the project."""

from __future__ import annotations

from typing import Any

from tests.e2e.browser import People, browse, need
from tests.e2e.django_kit import DjangoCase
from tests.ports import free_port

MAIL = "maximiliana.mustermann@mail.example"


class DjangoPageTests(DjangoCase):
    release = "5.2"

    async def test_in_one_server(self) -> None:
        """A name as long as addresses are, and a session of the project: both are somebody on every page."""
        need()
        server = self.server(GAMESERVER_AUTH="django guests", **self.project.environ)
        await server.start()
        shop = await self.running_project()

        def play(people: People) -> None:
            ann, bob = people("Ann"), people("Bob")
            ann.go("/").press("Log in")
            ann.page.get_by_label("Name", exact=True).fill(MAIL)
            ann.page.get_by_label("Password", exact=True).fill("pass word")
            ann.page.keyboard.press("Enter")
            ann.sees("#account strong", "maximiliana.mustermann")
            self.assertEqual(ann.page.input_value("#name"), "maximiliana.mustermann")
            ann.page.reload()
            ann.sees("#account strong", "maximiliana.mustermann")
            code = ann.create("tictactoe")
            log_in(bob, shop, "bob")
            bob.go("/").sees("#account strong", "bob")
            self.assertEqual(bob.page.get_by_role("button", name="Log out").count(), 0)
            bob.go(f"/play/tictactoe/?room={code}").press("Join")
            ann.sees("main", "bob")
            bob.sees("main", "Ann")
            ann.go("/").press("Log out")
            ann.sees("#account button", "Log in")

        await browse(server.port, play)

    async def test_apart(self) -> None:
        """The lobby leads to the project's login and back, and the browser is somebody on every page; no other's link
        makes it somebody.
        """
        need()
        server = self.server(
            GAMESERVER_AUTH="django",
            GAMESERVER_DJANGO_SECRET=str(self.project.secret),
            GAMESERVER_LOGIN_URL=f"http://127.0.0.1:{(shop_port := free_port())}/gameserver/enter/",
        )
        server._environ["GAMESERVER_PUBLIC_URL"] = f"http://127.0.0.1:{server.port}"
        await server.start()
        await self.running_project(server, port=shop_port)

        def play(people: People) -> None:
            ann, eve = people("Ann"), people("Eve")
            ann.go("/play/tictactoe/").sees("main [role=alert]", "log in")
            ann.page.get_by_role("link", name="Log in").click()
            fill_in(ann, "ann")
            ann.page.wait_for_url("**/play/tictactoe/**")
            ann.press("New room")
            ann.sees("h1", "Invite a friend")
            ann.go("/").sees("#account strong", "ann")
            self.assertEqual(ann.page.evaluate("location.hash"), "")
            self.assertNotIn("kept.", ann.page.evaluate("document.cookie + JSON.stringify(localStorage)"))
            ann.press("Log out")
            ann.page.get_by_role("link", name="Log in").click()
            ann.sees("#account strong", "ann")
            answer = ann.page.request.get(f"http://127.0.0.1:{shop_port}/gameserver/enter/?state=x", max_redirects=0)
            eve.go("/" + answer.headers["location"].partition(str(server.port))[2])
            eve.page.get_by_role("link", name="Log in").wait_for()

        await browse(server.port, play)

    async def test_in_a_page_of_the_project(self) -> None:
        """A game in the project's own page, for two of its users, without a cookie of the server's; others log in."""
        need()
        port = free_port()
        server = self.server(
            GAMESERVER_AUTH="django",
            GAMESERVER_DJANGO_SECRET=str(self.project.secret),
            GAMESERVER_ORIGIN=f"http://localhost:{port}",
        )
        server._environ["GAMESERVER_PUBLIC_URL"] = f"http://127.0.0.1:{server.port}"
        await server.start()
        await self.running_project(server, port=port)
        shop = f"http://localhost:{port}"  # another site than the server's, by its name

        def play(people: People) -> None:
            ann, bob = people("Ann"), people("Bob")
            frames = {}
            for person, name in ((ann, "ann"), (bob, "bob")):
                person.page.goto(f"{shop}/play/")
                person.page.get_by_role("link", name="Log in to play").click()
                fill_in(person, name)
                person.sees("h1", f"Hello {name}")
                frames[name] = person.page.frame_locator("iframe.gameserver-room")
            frames["ann"].get_by_role("button", name="New room").click()
            code = frames["ann"].locator(".bar .code").inner_text()
            bob.page.goto(f"{shop}/play/?room={code}")
            frames["bob"].get_by_role("button", name="Join").click()
            for frame, other in ((frames["ann"], "bob"), (frames["bob"], "ann")):
                frame.locator("main").filter(has_text=other).wait_for()
            self.assertEqual(bob.page.context.cookies(f"http://127.0.0.1:{server.port}"), [])

        await browse(server.port, play)


def log_in(person: Any, shop: str, name: str) -> None:
    """At the project itself."""
    person.page.goto(f"{shop}/login/")
    fill_in(person, name)
    person.sees("body", name)


def fill_in(person: Any, name: str) -> None:
    """The project's own form."""
    person.page.fill("[name=username]", name)
    person.page.fill("[name=password]", "pass word")
    person.page.keyboard.press("Enter")
