"""
Two things that a Django project does to its sessions, in a real browser: it asks for a second factor (django-otp), and
it changes the key that it signs with.
"""

from __future__ import annotations

from tests.django.project import RELEASES
from tests.e2e.browser import People, browse, need
from tests.e2e.django_kit import DjangoCase
from tests.e2e.kit import from_thread
from tests.e2e.test_django_pages import log_in
from tests.needs import cannot_run
from tests.ports import free_port

OLD, NEW = "o" * 60, "n" * 60
DEVICE = """
from django.contrib.auth.models import User
from django_otp.plugins.otp_static.models import StaticDevice
device = StaticDevice.objects.create(user=User.objects.get(username="bob"), name="paper")
device.token_set.create(token="314159")
"""


class SecondFactorTests(DjangoCase):
    release = "5.2"

    def ask_for_second_factor(self) -> None:
        """The project does, and Bob has one."""
        need()
        if not (RELEASES[self.release] / "django_otp").is_dir():
            cannot_run("a second factor", "django-otp is not there (make needs)")
        environ = {"SHOP_ADMITS": "shop.games.may_play", "SHOP_KEYS": OLD}
        self.project.environ = {**self.project.environ, **environ}
        self.project.shell(DEVICE)

    async def test_apart(self) -> None:
        """A project in a process of its own sells no ticket before the second factor, and says why."""
        self.ask_for_second_factor()
        port = free_port()
        server = self.server(
            GAMESERVER_AUTH="django",
            GAMESERVER_DJANGO_SECRET=str(self.project.secret),
            GAMESERVER_LOGIN_URL=f"http://127.0.0.1:{port}/gameserver/enter/",
        )
        server._environ["GAMESERVER_PUBLIC_URL"] = f"http://127.0.0.1:{server.port}"
        await server.start()
        shop = await self.running_project(server, port=port)

        def play(people: People) -> None:
            bob = people("Bob")
            log_in(bob, shop, "bob")
            bob.go("/").page.get_by_role("link", name="Log in").click()
            bob.sees("body", "Use your second factor first.")
            bob.page.goto(f"{shop}/second/?token=314159")
            bob.sees("body", "passed")
            bob.go("/").page.get_by_role("link", name="Log in").click()
            bob.sees("#account strong", "bob")
            bob.go("/play/tictactoe/").press("New room")
            bob.sees_heading("Invite a friend")
            # The browser's word for an answer that was due, and for a page of Django's without an icon.
            bob.complaints = [each for each in bob.complaints if shop not in each]

        await browse(server.port, play)

    async def test_in_one_server(self) -> None:
        """A session opens the games once it passed the second factor, and is known when the key has changed since."""
        self.ask_for_second_factor()
        server = self.server(GAMESERVER_AUTH="django", **self.project.environ)
        await server.start()
        shop = await self.running_project(server)

        def play(people: People) -> None:
            bob = people("Bob")
            log_in(bob, shop, "bob")
            bob.go("/play/tictactoe/").page.get_by_text("Use your second factor first.").first.wait_for()
            bob.page.goto(f"{shop}/second/?token=314159")
            bob.sees("body", "passed")
            bob.go("/play/tictactoe/").press("New room")
            bob.sees_heading("Invite a friend")

            bob.page.wait_for_load_state("networkidle")  # what the page asks for meanwhile would be in vain
            server._environ["SHOP_KEYS"] = f"{NEW} {OLD}"
            from_thread(server.restart)
            bob.page.reload()
            bob.sees_heading("Invite a friend")
            bob.go("/").sees("#account strong", "bob")

            bob.page.wait_for_load_state("networkidle")
            server._environ["SHOP_KEYS"] = NEW
            from_thread(server.restart)
            bob.go("/").sees("label", "Your name")
            bob.sees_none("#account strong")
            # The browser's word for the answers that were due, and for a server that is being started again.
            due = ("/api/tickets", "net::ERR_CONNECTION")
            bob.complaints = [each for each in bob.complaints if not any(text in each for text in due)]

        await browse(server.port, play)
