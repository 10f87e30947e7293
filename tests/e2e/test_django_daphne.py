"""A Django project that daphne serves, with a game server beside it, and two of its users in a room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from twisted.internet.threads import deferToThread

from tests.django.project import RELEASES
from tests.e2e.django_kit import DjangoCase
from tests.e2e.kit import Server, end, until
from tests.e2e.test_django import Browser
from tests.needs import cannot_run
from tests.ports import free_port, listens


class DaphneTests(DjangoCase):
    release = "5.2"

    async def test_beside_daphne(self) -> None:
        """Tickets come from views that daphne runs, and what the project says of a user reaches who is connected."""
        if not (RELEASES[self.release] / "daphne").is_dir():
            cannot_run("a project that daphne serves", "daphne is not there (make needs)")
        server = self.server(
            GAMESERVER_AUTH="django",
            GAMESERVER_DJANGO_SECRET=str(self.project.secret),
        )
        await server.start()
        url = await self.daphne(server)
        people = {}
        for name in ("ann", "bob"):
            browser = Browser()
            self.assertIn(name, await deferToThread(browser.login, url, name))
            headers = {"X_CSRFToken": browser.cookie("csrftoken")}
            status, body = await deferToThread(browser.ask, f"{url}/gameserver/ticket/", b"", **headers)
            self.assertEqual(status, 200, body)
            people[name] = await self.person(server, name, ticket=json.loads(body)["ticket"])
        ann, bob = people["ann"], people["bob"]
        room = await ann.create("tictactoe")
        await bob.join(room.code)
        await ann.sees(lambda room: room.info.status == "playing", "the game begins")
        self.assertEqual(sorted(seat.name for seat in ann.room.seats.values()), ["ann", "bob"])

        out = "from django.contrib.auth.models import User\nbob = User.objects.get(username='bob')\n"
        await deferToThread(self.project.shell, f"{out}bob.is_active = False\nbob.save()", GAMES_URL=server_url(server))
        await until(lambda: bob.client.ended is not None, "who was switched off is out")
        self.assertIsNone(ann.client.ended)

    async def daphne(self, games: Server) -> str:
        """:returns: where the project answers."""
        port, path = free_port(), Path(self.folder, "daphne.txt")
        with path.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "shop.asgi:application"],
                cwd=self.project.folder,
                env={**os.environ, **self.project.environ, "GAMES_URL": server_url(games)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.addCleanup(end, process)

        def answers() -> bool:
            self.assertIsNone(process.poll(), path.read_text())
            return listens(port)

        await until(answers, "daphne answers")
        return f"http://127.0.0.1:{port}"


def server_url(server: Server) -> str:
    """:returns: where the project reaches the games."""
    return f"http://127.0.0.1:{server.port}"
