"""A real Django project and the real server, for each release: the server reads its tables, or both run apart."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from twisted.internet.threads import deferToThread

from tests.django.project import ROOT
from tests.e2e.django_kit import DjangoCase
from tests.e2e.kit import WAIT_S, Server, bare, end
from tests.ports import free_port


class Browser:
    """Keeps cookies, as a browser does. It blocks: use it in a thread."""

    def __init__(self) -> None:
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def ask(self, url: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """:returns: status and body; a body that is a dict goes as JSON."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(url, data, {name.replace("_", "-"): text for name, text in headers.items()})
        try:
            with self._opener.open(request, timeout=WAIT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def login(self, url: str, name: str) -> str:
        """Log in to the project, with its form; :returns: who it says this is."""
        _, form = self.ask(f"{url}/login/")
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert found is not None, form
        fields = {"username": name, "password": "pass word", "csrfmiddlewaretoken": found[1]}
        return self.ask(f"{url}/login/", urllib.parse.urlencode(fields).encode())[1]

    def cookie(self, name: str) -> str:
        """:returns: the value of a cookie."""
        return next(str(cookie.value) for cookie in self.cookies if cookie.name == name)


class Tests:
    """The tests, once for each release."""

    async def test_suite(self: Any) -> None:
        """All that `tests.django.suite` promises, with this release."""
        environ = {**os.environ, **self.project.environ}
        environ["PYTHONPATH"] = os.pathsep.join([self.project.path, str(ROOT)])
        process = subprocess.Popen(
            [sys.executable, "-m", "twisted.trial", "tests.django.suite"],
            cwd=self.project.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(end, process)
        output, _ = await deferToThread(process.communicate, timeout=2 * WAIT_S)
        self.assertEqual(process.returncode, 0, output[-20_000:])
        self.assertRegex(output, r"PASSED \((skips=\d, )?successes=[1-9]\d+\)")

    async def test_in_one_server(self: Any) -> None:
        """The server asks the project's tables: a password, a session's cookie, and rights that change meanwhile."""
        server: Server = self.server(GAMESERVER_AUTH="guests django", **self.project.environ)
        await server.start()
        answer = await server.http("POST", "/api/login", {"name": "ann", "password": "pass word"})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.json["user"]["rights"], ["moderator"])
        for name, password in (("ann", "wrong"), ("eve", "pass word"), ("nobody", "pass word")):
            refused = await server.http("POST", "/api/login", {"name": name, "password": password})
            self.assertEqual((refused.status, refused.json["code"]), (401, "unauthenticated"))
        ann = await self.person(server, "Ann", token=answer.json["token"])
        guest = await self.person(server, "Guest")
        room = await ann.create("tictactoe")
        await guest.join(room.code)
        await ann.sees(lambda room: room.info.status == "playing", "the game begins")

        ticket = await self.bought_by_cookie(server)
        heard = await self.hello(server, ticket=ticket)
        self.assertEqual((heard["op"], heard["user"]["name"]), ("welcome", "bob"))
        again = await self.hello(server, token=heard["token"])
        self.assertEqual(again["user"], heard["user"])
        self.assertEqual((await self.hello(server, ticket=ticket))["code"], "unauthenticated")
        switch_off = (
            "from django.contrib.auth.models import User\nUser.objects.filter(username='bob').update(is_active=False)"
        )
        await deferToThread(self.project.shell, switch_off)
        self.assertEqual((await self.hello(server, token=heard["token"]))["code"], "unauthenticated")
        self.assertNotIn("pass word", server.output)

    async def bought_by_cookie(self: Any, server: Server) -> str:
        """:returns: a ticket for the cookie of Bob's session, after all the ways that lead to none."""
        code = (
            "from django.test import Client\nclient = Client()\n"
            "assert client.login(username='bob', password='pass word')\nprint(client.session.session_key)"
        )
        key = (await deferToThread(self.project.shell, code)).strip()
        url, browser = f"http://127.0.0.1:{server.port}", Browser()
        own, cookie = {"Origin": url}, {"Cookie": f"sessionid={key}"}
        for headers, status in (
            (cookie, 403),
            ({**cookie, "Origin": "http://evil.example"}, 403),
            ({**cookie, "Origin": "null"}, 403),
            ({**own, "Cookie": "sessionid=" + "x" * 32}, 401),
            (own, 401),
        ):
            got, body = await deferToThread(browser.ask, f"{url}/api/tickets", b"", **headers)
            self.assertEqual(got, status, (headers, body))
        status, body = await deferToThread(browser.ask, f"{url}/api/tickets", b"", **own, **cookie)
        self.assertEqual(status, 201, body)
        found: dict[str, Any] = json.loads(body)
        self.assertEqual(found["user"]["name"], "bob")
        # A WebSocket is nobody's, whatever cookie it brings.
        refused = await bare(server.port, lambda c: (c.say(op="create", game="tictactoe", id=1), c.hear())[1], **cookie)
        self.assertEqual((refused["op"], refused["code"]), ("error", "unauthenticated"))
        return str(found["ticket"])

    async def test_apart(self: Any) -> None:
        """The project runs in a process of its own, and the server has no Django at all: only the secret is shared."""
        server: Server = self.server(GAMESERVER_AUTH="django", GAMESERVER_DJANGO_SECRET=str(self.project.secret))
        await server.start()
        url = await self.running_project()
        browser = Browser()
        status, _ = await deferToThread(browser.ask, f"{url}/gameserver/ticket/", b"")
        self.assertEqual(status, 403)
        self.assertIn("ann", await deferToThread(browser.login, url, "ann"))
        status, _ = await deferToThread(browser.ask, f"{url}/gameserver/ticket/", b"")
        self.assertEqual(status, 403)
        headers = {"X_CSRFToken": browser.cookie("csrftoken")}
        status, body = await deferToThread(browser.ask, f"{url}/gameserver/ticket/", b"", **headers)
        self.assertEqual(status, 200, body)
        told = json.loads(body)

        heard = await self.hello(server, ticket=told["ticket"])
        self.assertEqual((heard["op"], heard["user"]), ("welcome", told["user"]))
        self.assertEqual(heard["user"]["rights"], ["moderator"])
        self.assertEqual((await self.hello(server, ticket=told["ticket"]))["code"], "unauthenticated")
        self.assertEqual((await self.hello(server, token=heard["token"]))["user"], told["user"])
        for forged in (told["ticket"][:-4] + "AAAA", "x", ""):
            self.assertEqual((await self.hello(server, ticket=forged))["code"], "unauthenticated")
        self.assertEqual((await self.hello(server, guest={"name": "Eve"}))["code"], "unauthenticated")
        self.assertNotIn(told["ticket"], server.output)
        self.assertNotIn(heard["token"], server.output)

    async def test_results(self: Any) -> None:
        """A result of two users, whose server was killed while the project was away, is counted once."""
        port = free_port()
        hook = f"http://127.0.0.1:{port}/gameserver/notices/"
        server: Server = self.server(
            GAMESERVER_AUTH="django", GAMESERVER_DJANGO_SECRET=str(self.project.secret), GAMESERVER_DJANGO_WEBHOOK=hook
        )
        await server.start()
        code = await self.played_by_two(server)
        await server.restart()
        await self.running_project(port=port)
        await self.result_of(code)

    async def test_results_in_one_server(self: Any) -> None:
        """A server that has loaded the project writes them itself."""
        secret = str(self.project.secret)
        server: Server = self.server(GAMESERVER_AUTH="django", GAMESERVER_DJANGO_SECRET=secret, **self.project.environ)
        await server.start()
        await self.result_of(await self.played_by_two(server))

    async def played_by_two(self: Any, server: Server) -> str:
        """:returns: the code of a room that Ann and Bob played in, and Bob left."""
        people = []
        for name in ("ann", "bob"):
            code = (
                "from django.contrib.auth.models import User\n"
                "from gameserver.auth.django_app.people import person_of\n"
                "from gameserver.auth.django_app.selling import sell\n"
                f"print(sell(person_of(User.objects.get(username='{name}'))))"
            )
            ticket = (await deferToThread(self.project.shell, code)).strip()
            token = (await self.hello(server, ticket=ticket))["token"]
            people.append(await self.person(server, name, token=token))
        ann, bob = people
        room = await ann.create("tictactoe")
        await bob.join(room.code)
        await ann.sees(lambda room: room.info.status == "playing", "the game begins")
        await bob.room.leave()
        await ann.sees(lambda room: room.info.status == "over", "the game is over")
        return str(room.code)

    async def result_of(self: Any, code: str) -> None:
        ask = (
            "from gameserver.django.models import Result\n"
            "print([(r.code, r.game, r.result['winner'], sorted(u.username for u in r.users.all()))"
            " for r in Result.objects.all()])"
        )
        kept = "[]"
        for _ in range(12):
            kept = (await deferToThread(self.project.shell, ask)).strip()
            if kept != "[]":
                break
        self.assertEqual(kept, f"[('{code}', 'tictactoe', 0, ['ann', 'bob'])]")

    async def test_settings_that_say_too_little(self: Any) -> None:
        """The server does not start, and says in one line what is missing."""
        loose = self.folder / "loose"
        loose.write_bytes(b"x" * 32)
        loose.chmod(0o644)
        for environ, said in (
            ({}, "DJANGO_SETTINGS_MODULE"),
            ({"GAMESERVER_DJANGO_SECRET": "/nowhere"}, "django.secret"),
            ({"GAMESERVER_DJANGO_SECRET": str(loose)}, "chmod 640"),
            ({**self.project.environ, "DJANGO_SETTINGS_MODULE": "nowhere.settings"}, "nowhere"),
            ({"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": str(self.project.folder)}, "shop.settings"),
        ):
            server = self.server(GAMESERVER_AUTH="django", **environ)
            server.spawn()
            self.assertEqual(await server.ended(), 1, environ)
            self.assertIn(said, server.output)
            self.assertNotIn("Traceback", server.output)


class OldestDjangoTests(Tests, DjangoCase):
    """The oldest long-term release that is admitted."""

    release = "4.2"


class NewestDjangoTests(Tests, DjangoCase):
    """The newest that Python 3.11 runs."""

    release = "5.2"
