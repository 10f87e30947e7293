"""What our pages show besides a game's own scenes: the chat of the lobby, announcements, teams."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.threads import blockingCallFromThread

from gameserver.auth.invitations import Invitations
from gameserver.auth.secrets import read_secrets
from tests.e2e.browser import PHONE, People, Someone, browse, need
from tests.e2e.kit import Server, ServerCase

GAME = '''
"""Reds and blues."""
from gameserver import Game, Player, message

class Sides(Game):
    """Reds and blues."""
    name = "sides"

    def on_create(self):
        self.teams({"red": {"title": "The Reds", "colour": "#aa0000"}, "blue": {}}, mode="chosen", size=1)

    @message
    def point(self, player: Player) -> None:
        player.team.score += 1
'''


class OutsidePagesTests(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def test_lobby_and_announcements(self) -> None:
        """Two who have no room yet talk; the operator is seen on every page until it is closed, over a reload too."""
        server = self.server(games=self.games(sides=GAME), GAMESERVER_AUTH="guests accounts", GAMESERVER_ADMINS="Root")
        await server.start()
        token = await operator(server)

        def announce(text: str) -> None:
            call = ("POST", "/api/moderation/announcements", {"text": text})
            made = blockingCallFromThread(reactor, server.http, *call, token=token)
            self.assertEqual(made.status, 201)

        def talk(people: People) -> None:
            ann, bob = people("Ann", PHONE, axe=True), people("Bob", PHONE)
            ann.go("/play/sides/").sees("game-chat [role=log]")
            bob.go("/").page.get_by_role("link", name="Talk").first.wait_for()
            bob.go("/play/sides/").sees("game-chat [role=log]")
            say(bob, "anybody <b>here</b>?")
            ann.sees("game-chat .line", "anybody <b>here</b>?")
            say(ann, "me")
            bob.sees("game-chat .line", "me")
            self.assertEqual(bob.page.locator("game-chat .line button").count(), 0)

            announce("Maintenance at noon")
            ann.sees(".news .banner", "Maintenance at noon")
            ann.fits()
            faults = ann.examine("before a room")
            bob.go("/").sees(".news .banner", "Maintenance at noon")
            bob.press("Got it")
            bob.sees_none(".news .banner")
            code = ann.create("sides")
            ann.sees(".news .banner", "Maintenance at noon")
            ann.press("Got it")
            bob.join("sides", code).sees(".seat", "Ann")
            announce("It is over")
            for each in (ann, bob):
                each.sees(".news .banner", "It is over")
                self.assertEqual(each.page.locator(".news .banner p").count(), 1)
            faults += ann.examine("in a room")
            assert not faults, "\n".join(faults)

        await browse(server.port, talk)

    async def test_accounts_are_marked(self) -> None:
        """Whose name is more than what a guest calls himself is seen and heard: at seats, in a room, in a lobby."""
        cheap = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}
        server = self.server(games=self.games(sides=GAME), GAMESERVER_AUTH="guests accounts", **cheap)
        await server.start()

        def talk(people: People) -> None:
            ann, bob = people("Ann", PHONE), people("Bob", PHONE, axe=True)
            ann.go("/").press("Log in or register")
            ann.page.get_by_label("Name", exact=True).fill("Ann")
            ann.page.get_by_label("Password", exact=True).fill("correct horse")
            ann.press("Register")
            ann.sees("#account strong", "Ann")
            ann.go("/play/sides/").sees("game-chat [role=log]")
            bob.go("/play/sides/").sees("game-chat [role=log]")
            for each in (ann, bob):
                say(each, f"I am {each.name}")
                bob.sees("game-chat .line", f"I am {each.name}")
            self.assertEqual(marked(bob, "game-chat .line"), [True, False])
            bob.sees("game-chat .line .account", "has an account")
            faults = bob.examine("in a lobby")

            bob.join("sides", ann.create("sides")).sees(".seat", "Ann")
            bob.press("Join The Reds")
            bob.sees(".team", "Bob")
            self.assertEqual(marked(bob, ".seat"), [True, False])
            bob.sees(".seat .account", "has an account")
            for each in (ann, bob):
                each.press("Chat")
            for each in (ann, bob):
                say(each, f"I am {each.name}")
                bob.sees("game-chat .line", f"I am {each.name}")
            self.assertEqual(marked(bob, "game-chat .line"), [True, False])
            bob.fits()
            faults += bob.examine("in a room")
            assert not faults, "\n".join(faults)

        await browse(server.port, talk)

    async def test_teams(self) -> None:
        """The default page draws teams, lets players choose, and says where one is full."""
        server = self.server(games=self.games(sides=GAME))
        await server.start()

        def play(people: People) -> None:
            ann, bob = people("Ann", PHONE, axe=True), people("Bob", PHONE)
            code = ann.create("sides")
            ann.sees(".team", "The Reds")
            ann.press("Join The Reds")
            bob.join("sides", code).sees(".team", "Ann")
            ann.sees(".team.mine", "Ann · your team")
            edge = bob.sees(".seat.teamed", "Ann").evaluate("node => getComputedStyle(node).borderTopColor")
            self.assertEqual(edge, "rgb(170, 0, 0)")
            bob.press("Join The Reds")
            bob.sees(".toast.error", "That team is full.")
            bob.press("Join Blue")
            ann.sees(".team", "Bob")
            ann.fits()
            faults = ann.examine("teams")
            ann.press("Start")
            ann.page.get_by_role("region", name="Point").get_by_role("button").click()
            bob.sees(".team .points", "1")
            bob.sees_none(".team button")
            assert not faults, "\n".join(faults)

        await browse(server.port, play)


async def operator(server: Server) -> str:
    """:returns: the token of an account that may do everything."""
    invitation = Invitations(read_secrets(server.data / "secret")).make("Root")
    root = {"name": "Root", "password": "correct horse", "invitation": invitation}
    token: str = (await server.http("POST", "/api/register", root)).json["token"]
    return token


def marked(someone: Someone, selector: str) -> list[bool]:
    """:returns: of each such element, whether it says that somebody has an account."""
    return [each.locator(".account").count() > 0 for each in someone.page.locator(selector).all()]


def say(someone: Someone, text: str) -> None:
    """Write a line, and press Enter."""
    field = someone.page.get_by_label("Say something")
    field.fill(text)
    field.press("Enter")
