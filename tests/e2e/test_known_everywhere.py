"""Two real servers on one Redis: what is done at one holds at the other, for whoever is connected there."""

from __future__ import annotations

import signal
from typing import Any

from twisted.internet.threads import deferToThread

from tests.e2e.kit import Bare, Server, within
from tests.e2e.test_nodes import NodesCase
from tests.e2e.test_outside_pages import operator


class KnownEverywhereTests(NodesCase):
    async def nodes(self) -> tuple[Server, Server]:
        """Start two servers with accounts."""
        redis = self.redis()
        store = f"redis://127.0.0.1:{redis.port}"
        made = [
            self.server(GAMESERVER_STORE=store, GAMESERVER_AUTH="guests accounts", GAMESERVER_ADMINS="Root")
            for _ in range(2)
        ]
        for server in made:
            server.data.mkdir(mode=0o700)
            (server.data / "secret").write_bytes(b"s" * 32)
            (server.data / "secret").chmod(0o600)
            await server.start()
        return made[0], made[1]

    async def enter(self, server: Server, **who: Any) -> tuple[Bare, dict[str, Any]]:
        """Connect, and be welcome. :returns: the connection, and what it was told."""

        def come() -> tuple[Bare, dict[str, Any]]:
            connection = Bare(server.port)
            self.addCleanup(connection.close)
            connection.say(op="hello", **who)
            welcome = connection.hear()
            assert isinstance(welcome, dict) and welcome["op"] == "welcome", welcome
            return connection, welcome

        return await within(deferToThread(come), "somebody is welcome")

    async def listen(self, connection: Bare, *feeds: str) -> None:
        """Hear feeds from now on."""

        def ask() -> None:
            for number, to in enumerate(feeds, 1):
                connection.say(op="listen", to=to, id=number)
                while True:
                    heard = connection.hear()
                    assert isinstance(heard, dict), heard
                    if heard.get("id") == number:
                        break

        await within(deferToThread(ask), "feeds are heard")

    async def hears(self, connection: Bare, op: str, text: str) -> None:
        """Wait for a message."""

        def wait() -> None:
            while True:
                heard = connection.hear()
                assert isinstance(heard, dict), heard
                if heard["op"] == op and heard.get("text") == text:
                    return

        await within(deferToThread(wait), f"{text} is heard")

    async def closed(self, connection: Bare) -> int:
        """:returns: the code with which a connection is closed."""
        return await within(deferToThread(connection.hear_close), "a connection is closed")

    async def test_known_at_the_other(self) -> None:
        """Announcements, lines, logins that end, and bans."""
        first, second = await self.nodes()
        token = await operator(second)
        ann, welcome = await self.enter(first, guest={"name": "Ann"})
        bob, _ = await self.enter(second, guest={"name": "Bob"})
        await self.listen(ann, "server", "lobby:rps")
        made = await second.http("POST", "/api/moderation/announcements", {"text": "Soon"}, token=token)
        self.assertEqual(made.status, 201)
        await self.hears(ann, "post", "Soon")
        bob.say(op="chat", to="lobby:rps", text="anybody?", id=1)
        await self.hears(ann, "post", "anybody?")

        # A login that ends at one server ends at the other.
        carl = {"name": "Carl", "password": "correct horse"}
        login = (await first.http("POST", "/api/register", carl)).json["token"]
        connection, _ = await self.enter(first, token=login)
        self.assertEqual((await second.http("POST", "/api/logout", {}, token=login)).status, 200)
        self.assertEqual(await self.closed(connection), 4003)

        wish = {"act": "ban", "user": welcome["user"]["id"], "reason": "spam"}
        banned = await second.http("POST", "/api/moderation/sanctions", wish, token=token)
        self.assertEqual(banned.status, 201, banned.body)
        self.assertEqual(await self.closed(ann), 4003)
        listed = await first.http("GET", "/api/moderation/sanctions", token=token)
        self.assertEqual([each["reason"] for each in listed.json["sanctions"]], ["spam"])
        logged = (await first.http("GET", "/api/moderation/log", token=token)).json["log"]
        self.assertEqual({entry["act"] for entry in logged}, {"ban", "announce"})

    async def test_after_redis_was_away(self) -> None:
        """What was done before a server could read it is known once it can."""
        first, second = await self.nodes()
        token = await operator(second)
        ann, welcome = await self.enter(first, guest={"name": "Ann"})
        first.signal(signal.SIGSTOP)
        try:
            wish = {"act": "ban", "user": welcome["user"]["id"]}
            self.assertEqual((await second.http("POST", "/api/moderation/sanctions", wish, token=token)).status, 201)
        finally:
            first.signal(signal.SIGCONT)
        self.assertEqual(await self.closed(ann), 4003)
