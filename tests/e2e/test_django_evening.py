"""
An evening with a Django project, in a real browser: two of its users play while one is promoted, others try passwords,
and the project's database (SQLite) is locked; then one is switched off in mid-game.

It is the same evening where the server reads the project's tables, and where the project runs in a process of its own.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tests.e2e.browser import People, Someone, browse, need
from tests.e2e.django_kit import DjangoCase
from tests.e2e.kit import WAIT_S, Server
from tests.e2e.test_django_pages import fill_in, log_in
from tests.e2e.test_pages import mark
from tests.ports import free_port

AWAY_S: Final = 10.0
GUESSES: Final = 200
PLACES: Final = ("top left", "centre", "top right", "bottom left")


class EveningTests(DjangoCase):
    release = "5.2"

    async def test_in_one_server(self) -> None:
        """The server reads the project's tables, and takes its session's cookie."""
        need()
        server = self.server(
            GAMESERVER_AUTH="django",
            GAMESERVER_DJANGO_SECRET=str(self.project.secret),
            GAMESERVER_RECHECK_S="86400",  # what is heard is heard because it was said
            **self.project.environ,
        )
        await server.start()
        shop = await self.running_project(server)
        await browse(server.port, lambda people: self.evening(people, server, shop, apart=False))

    async def test_apart(self) -> None:
        """The server knows the secret alone; its pages lead to the project's login."""
        need()
        port = free_port()
        server = self.server(
            GAMESERVER_AUTH="django",
            GAMESERVER_DJANGO_SECRET=str(self.project.secret),
            GAMESERVER_LOGIN_URL=f"http://127.0.0.1:{port}/gameserver/enter/",
        )
        server._environ["GAMESERVER_PUBLIC_URL"] = f"http://127.0.0.1:{server.port}"
        await server.start()
        shop = await self.running_project(server, port=port)
        await browse(server.port, lambda people: self.evening(people, server, shop, apart=True))

    def evening(self, people: People, server: Server, shop: str, *, apart: bool) -> None:
        """What happens, in a thread."""
        ann, bob = people("Ann"), people("Bob")
        heard = frames_of(bob)
        for person, name in ((ann, "ann"), (bob, "bob")):
            if apart:
                person.go("/").page.get_by_role("link", name="Log in").click()
                fill_in(person, name)
            else:
                log_in(person, shop, name)
                person.go("/")
            person.sees("#account strong", name)
        ann.go("/play/tictactoe/").press("New room")
        ann.sees_heading("Invite a friend")
        ann.page.wait_for_url("**room=*")
        code = ann.page.evaluate("new URLSearchParams(location.search).get('room')")
        bob.go(f"/play/tictactoe/?room={code}").press("Join")
        for each in (ann, bob):
            each.sees("h1", "turn")
        turns = [ann, bob] if ann.heading == "Your turn" else [bob, ann]

        self.change(server, "is_staff=True")
        hears(bob, heard, "moderator")

        places = iter(PLACES)
        url = f"{shop}/login/" if apart else f"http://127.0.0.1:{server.port}/api/login"
        with ThreadPoolExecutor(20) as guessing:
            guesses = [guessing.submit(guess, url) for _ in range(GUESSES)]
            mark(turns[0], next(places))
            bob.page.reload()  # a new hello, with a token
            bob.sees(".board-grid")
            mark(turns[1], next(places))
            self.assertFalse(any(each.result() for each in guesses))

        database = self.project.folder / "db.sqlite3"
        # Whoever still writes there is waited for.
        with sqlite3.connect(database, WAIT_S, isolation_level=None, check_same_thread=False) as held:
            held.execute("BEGIN EXCLUSIVE")
            again = threading.Timer(AWAY_S, held.rollback)
            again.start()
            mark(turns[0], next(places))
            bob.page.reload()  # nobody can look him up now; he is let in later, and is not out
            again.join()
            bob.sees(".board-grid")
        held.close()
        mark(turns[1], next(places))

        self.change(server, "is_active=False")
        bob.sees("[role=status]", "The connection has ended: your login is over")
        ann.sees(".board-grid")
        bob.page.reload()
        bob.page.get_by_text("Log in", exact=True).first.wait_for()
        bob.sees_none(".board-grid")
        # The browser's word for the answers busy and unauthenticated, which were due.
        bob.complaints = [each for each in bob.complaints if "/api/tickets" not in each]

    def change(self, server: Server, fields: str) -> None:
        """Change Bob, as a page of the project does."""
        name, _, value = fields.partition("=")
        code = (
            f"from django.contrib.auth.models import User\nbob = User.objects.get(username='bob')\n"
            f"bob.{name} = {value}\nbob.save()"
        )
        self.project.shell(code, GAMES_URL=f"http://127.0.0.1:{server.port}")


def frames_of(person: Someone) -> list[Any]:
    """:returns: what the server says to this page, as it comes."""
    heard: list[Any] = []
    person.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
    return heard


def hears(person: Someone, heard: list[Any], text: str) -> None:
    """Wait until the server has said this to the page."""
    for _ in range(200):
        if any(text in str(frame) for frame in heard):
            return
        person.page.wait_for_timeout(100)
    raise AssertionError(f"{text} is in none of {heard}")


def guess(url: str) -> bool:
    """Try a wrong password at the server, or at the project's form; :returns: was it right."""
    fields = {"username": "ann", "name": "ann", "password": "wrong", "csrfmiddlewaretoken": "x" * 32}
    form = url.endswith("/login/")
    body = urllib.parse.urlencode(fields) if form else json.dumps({each: fields[each] for each in ("name", "password")})
    headers = {"Cookie": "csrftoken=" + "x" * 32} if form else {"Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), timeout=60) as answer:
            return not form or "correct username and password" not in answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            if form:
                raise
            return False
