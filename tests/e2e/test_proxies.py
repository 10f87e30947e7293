"""
The examples of ``docs/operating.rst``, run: nginx, Caddy and HAProxy as they are, between clients and the server.

Only ports, files and the name of the site are put in; a test cannot run where its proxy is not installed.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import textwrap
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from twisted.internet.threads import deferToThread

from gameserver.client import Client
from tests.django.project import ROOT
from tests.e2e.browser import People, browse, need
from tests.e2e.kit import REDIAL_S, WAIT_S, Bare, Server, _reactor, until, within
from tests.e2e.test_tls import CALLERS, MOST, TLSCase
from tests.needs import program as needed
from tests.ports import free_port, listens

NGINX = (
    "daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}} http {{ access_log off;\n{text}}}"
)
CADDY = "{{\n admin off\n auto_https off\n}}\n{text}"


def example(beginning: str) -> str:
    """:returns: the block of the page after the paragraph that begins so."""
    page = (ROOT / "docs" / "operating.rst").read_text("utf-8")
    _, _, rest = page.partition(f"\n{beginning}")
    found = re.match(r"[^:]*(?::[^:]+)*?::\n\n((?: {4}[^\n]*\n|\n)+)", rest)
    assert found is not None, beginning
    return textwrap.dedent(found[1])


class ProxyCase(TLSCase):
    """A server behind a proxy."""

    def put_in(self, text: str, **instead: object) -> str:
        """:returns: the example with this for that, each of which must be there."""
        for old, new in instead.items():
            self.assertIn(old, text)
            text = text.replace(old, str(new))
        return text

    async def start_proxy(self, program: str, text: str, name: str, *command: str) -> None:
        """Start a proxy with this for its configuration, which listens at our port."""
        path = needed(program, f"the example of {program}")
        file = self.folder / name
        file.write_text(text, "utf-8")
        output = (self.folder / "proxy.txt").open("wb")
        self.addCleanup(output.close)
        process = subprocess.Popen(
            [path, *command, str(file)], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        self.addCleanup(self.end, process)
        await until(lambda: process.poll() is not None or listens(self.port), f"{program} listens")
        self.assertIsNone(process.poll(), (self.folder / "proxy.txt").read_text("utf-8", "replace"))

    def end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
        process.wait(WAIT_S)


class ProxyExampleTests(ProxyCase):
    async def behind(self, program: str, text: str, name: str, *command: str) -> list[int]:
        """:returns: how clients are answered through a proxy with this for its configuration."""
        await self.start_proxy(program, text, name, *command)
        return await deferToThread(self.statuses)

    def statuses(self) -> list[int]:
        """One client too often, another one, and one whose page came in clear; all of them say to be somebody else."""
        home = f"localhost:{self.port}"
        calls: list[dict[str, Any]] = [
            {"source": f"127.0.0.{host + 1}", "Origin": f"https://{home}"} for host in CALLERS
        ]
        calls.append({"source": "127.0.0.9", "Origin": f"http://{home}"})
        lie = {"Host": home, "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http"}
        open_ones = [Bare(self.port, tls=self.trusting, **{**lie, **call}) for call in calls]
        for each in open_ones:
            each.close()
        return [each.status for each in open_ones]

    expected = (*[101] * MOST, 503, 101, 403)

    async def plain_server(self) -> Server:
        """:returns: a server that trusts a proxy on this machine."""
        bounds = {"GAMESERVER_LIMITS_CONNECTIONS_PER_ADDRESS": str(MOST), "GAMESERVER_TRUSTED_PROXY": "127.0.0.1"}
        server = self.server(**bounds)
        await server.start()
        return server

    async def test_nginx(self) -> None:
        """TLS ends at nginx."""
        server = await self.plain_server()
        text = self.put_in(
            example("nginx, for"),
            **{
                "443": f"127.0.0.1:{self.port}",
                "127.0.0.1:8080": f"127.0.0.1:{server.port}",
                "/etc/ssl/fullchain.pem": self.files.certificate,
                "/etc/ssl/key.pem": self.files.key,
            },
        )
        whole = NGINX.format(folder=self.folder, text=text)
        self.assertEqual(await self.behind("nginx", whole, "nginx.conf", "-c"), [*self.expected])

    async def test_caddy(self) -> None:
        """TLS ends at Caddy, with a certificate of ours: it would ask for one otherwise."""
        server = await self.plain_server()
        text = self.put_in(
            example("Caddy, for"),
            **{
                "games.example {": f"https://localhost:{self.port} {{\n tls {self.files.certificate} {self.files.key}",
                "127.0.0.1:8080": f"127.0.0.1:{server.port}",
            },
        )
        whole = CADDY.format(text=text)
        command = ("run", "--adapter", "caddyfile", "--config")
        self.assertEqual(await self.behind("caddy", whole, "Caddyfile", *command), [*self.expected])

    async def test_haproxy(self) -> None:
        """TLS ends at HAProxy."""
        server = await self.plain_server()
        both = self.folder / "games.pem"
        both.write_bytes(self.files.certificate.read_bytes() + self.files.key.read_bytes())
        text = self.put_in(
            example("HAProxy, for"),
            **{
                ":443": f"127.0.0.1:{self.port}",
                "/etc/ssl/games.pem": both,
                "127.0.0.1:8080": f"127.0.0.1:{server.port}",
            },
        )
        self.assertEqual(await self.behind("haproxy", text, "haproxy.cfg", "-f"), [*self.expected])

    async def test_haproxy_passes_tls_on(self) -> None:
        """TLS ends here, behind the PROXY header."""
        port = free_port()
        kind = "haproxy:ssl"
        listen = [f"{kind}:{port}:{self.files.words}:interface=127.0.0.1"]
        server = self.server(listen=listen, GAMESERVER_LIMITS_CONNECTIONS_PER_ADDRESS=str(MOST))
        await server.start()
        text = self.put_in(
            example("HAProxy that passes"), **{":443": f"127.0.0.1:{self.port}", "127.0.0.1:8443": f"127.0.0.1:{port}"}
        )
        self.assertEqual(await self.behind("haproxy", text, "haproxy.cfg", "-f"), [*self.expected])


class UnderAPathTests(ProxyCase):
    """nginx has a site of its own, and the server under a path of it; it takes that path away, or leaves it."""

    PATH = "/games"

    async def both_ways(self, use: Callable[[], Any], **environ: str) -> None:
        """Do this with either kind of nginx before a server of its own."""
        for target in ("http://127.0.0.1:{port}", "http://127.0.0.1:{port}/"):
            self.port = free_port()
            self.site = f"http://127.0.0.1:{self.port}{self.PATH}"
            server = self.server(GAMESERVER_PUBLIC_URL=self.site, GAMESERVER_TRUSTED_PROXY="127.0.0.1", **environ)
            await server.start()
            location = self.put_in(
                example("Under a path"), **{"http://127.0.0.1:8080": target.format(port=server.port)}
            )
            site = f'server {{ listen 127.0.0.1:{self.port}; location / {{ return 404 "not ours"; }} {location} }}'
            variables = 'map $http_upgrade $connection_upgrade { default upgrade; "" ""; }'
            text = NGINX.format(folder=self.folder, text=f"{variables} {site}")
            await self.start_proxy("nginx", text, "nginx.conf", "-c")
            await use()

    async def test_calls(self) -> None:
        """The API, its description, a guest with our own client, and the way to the lobby without its slash."""

        async def use() -> None:
            status, headers, _ = await deferToThread(self.get, self.PATH.removeprefix("/"))
            self.assertEqual((status, urljoin(self.site, headers["location"])), (301, f"{self.site}/"))
            page = f"{self.site}/play/tictactoe"
            status, headers, _ = await deferToThread(self.get, "games/play/tictactoe")
            self.assertEqual((status, urljoin(page, headers["location"])), (307, f"{page}/"))
            _, _, body = await deferToThread(self.get, "games/api/openapi.json")
            self.assertEqual(json.loads(body)["servers"], [{"url": self.site}])
            client = Client(_reactor, f"{self.site.replace('http', 'ws')}/ws", name="Ann", max_delay_s=REDIAL_S)
            self.addCleanup(self._close, client)
            await within(client.connect(), "Ann is welcome")
            await within(client.create("tictactoe"), "a seat")

        await self.both_ways(use)

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """:returns: status, headers and body; it blocks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.request("GET", f"/{path}")
            answer = connection.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    async def test_pages(self) -> None:
        """A room is made in the lobby and joined by its link and by its code; an account's cookie is for the path."""
        need()
        cheap = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}

        async def use() -> None:
            await browse(self.port, self.play, self.PATH)

        await self.both_ways(use, GAMESERVER_AUTH="guests accounts", **cheap)

    def play(self, people: People) -> None:
        """What people do; whatever leads out of the path is a 404 of nginx's, of which a page would complain."""
        ann, bob = people("Ann"), people("Bob")
        ann.go("/").press("Log in or register")
        ann.page.get_by_label("Name", exact=True).fill("Ann")
        ann.page.get_by_label("Password", exact=True).fill("correct horse")
        ann.press("Register")
        ann.sees("#account strong", "Ann")
        (cookie,) = ann.page.context.cookies()
        self.assertEqual(cookie["path"], f"{self.PATH}/")
        ann.page.locator(".game", has_text="Tic-tac-toe").get_by_role("button", name="New room").click()
        ann.press("Open the room")
        ann.sees_heading("Invite a friend")
        link = ann.sees(".share .address").get_attribute("href")
        self.assertTrue(link.startswith(f"{self.site}/play/tictactoe/?room="), link)
        self.assertEqual(ann.page.request.get(ann.sees(".share img").get_attribute("src")).status, 200)
        bob.page.goto(link)
        bob.page.get_by_label("Your name").fill("Bob")
        bob.press("Join")
        for each in (ann, bob):
            each.sees("h1", "turn")
        ann.page.reload()
        ann.sees("h1", "turn")
        ann.page.locator("a.home").click()
        ann.sees("#remembered .code")
        ann.press("Log out")
        ann.sees("#account button", "Log in or register")
        self.assertEqual(ann.page.context.cookies(), [])
        for game in ("trivia", "rps", "arena", "sketch", "werewolf"):
            people(game).create(game)
        lost = people("Lost")
        lost.go("/play/nothing/").sees("a", "To the lobby").click()
        lost.sees("#games .game")
        self.assertEqual(len(lost.complaints), 1)  # the browser's of the page itself, which is a 404
        lost.complaints.clear()
