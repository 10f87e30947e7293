"""What a Django project changes about its users reaches who is connected: one process, two, and a database away."""

from __future__ import annotations

from twisted.internet.threads import deferToThread

from gameserver.errors import Refused
from tests.e2e.django_kit import DjangoCase
from tests.e2e.kit import Person, Server, until, within

NEVER_S = "86400"
"""Nobody is looked up again in these tests: what is heard is heard because it was said."""


class DjangoStandingTests(DjangoCase):
    release = "5.2"

    async def test_promoted_demoted_and_cut_off(self) -> None:
        """
        A user is made a moderator in mid-game, and may mute at once; is made none, and may not; is switched off, and is
        out for good: where the server reads the project's tables, and where the project runs elsewhere.
        """
        secret = {"GAMESERVER_DJANGO_SECRET": str(self.project.secret), "GAMESERVER_RECHECK_S": NEVER_S}
        one = self.server(GAMESERVER_AUTH="django guests", **secret, **self.project.environ)
        two = self.server(GAMESERVER_AUTH="django guests", **secret)
        for server in (one, two):
            await server.start()
        tables = [(server, await self.table(server)) for server in (one, two)]
        for _, bob in tables:
            self.assertEqual(await self.muting(bob), "forbidden")
        await self.change("is_staff=True", one, two)
        for _, bob in tables:
            self.assertEqual(await self.muting(bob), "")
        await self.change("is_staff=False", one, two)
        for _, bob in tables:
            self.assertEqual(await self.muting(bob), "forbidden")
        await self.change("is_active=False", one, two)
        for server, bob in tables:
            await until(lambda bob=bob: bob.client.ended is not None, "who was switched off is out")
            heard = await self.hello(server, token=bob.client.token)
            self.assertEqual((heard["op"], heard["code"]), ("error", "unauthenticated"))

    async def table(self, server: Server) -> Person:
        """:returns: Bob, in a room with a guest."""
        selling = (
            "from django.contrib.auth.models import User\nfrom gameserver.auth.django_app import people, selling\n"
            "print(selling.sell(people.person_of(User.objects.get(username='bob'))))"
        )
        ticket = (await deferToThread(self.project.shell, selling)).strip()
        bob, guest = await self.person(server, "Bob", ticket=ticket), await self.person(server, "Guest")
        room = await guest.create("tictactoe")  # who made it may mute there
        await bob.join(room.code)
        return bob

    async def change(self, fields: str, *servers: Server) -> None:
        """Change Bob, as a page of the project does, in a process that ends when the servers know."""
        name, _, value = fields.partition("=")
        nodes = " ".join(f"http://127.0.0.1:{server.port}" for server in servers)
        code = (
            f"from django.contrib.auth.models import User\nbob = User.objects.get(username='bob')\n"
            f"bob.{name} = {value}\nbob.save()"
        )
        await deferToThread(self.project.shell, code, GAMES_NODES=nodes)

    async def muting(self, bob: Person) -> str:
        """:returns: the code with which it is refused, or nothing."""
        try:
            await within(bob.room.say("/mute Guest 1m rude"), "an answer")
        except Refused as refused:
            return refused.code
        return ""
