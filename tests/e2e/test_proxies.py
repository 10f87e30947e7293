"""
The examples of ``docs/operating.rst``, run: nginx, Caddy and HAProxy as they are, between clients and the server.

Only ports, files and the name of the site are put in; a test is skipped where its proxy is not installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest

from tests.django.project import ROOT
from tests.e2e.kit import WAIT_S, Bare, Server, until
from tests.e2e.test_tls import CALLERS, MOST, TLSCase
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


class ProxyExampleTests(TLSCase):
    def put_in(self, text: str, **instead: object) -> str:
        """:returns: the example with this for that, each of which must be there."""
        for old, new in instead.items():
            self.assertIn(old, text)
            text = text.replace(old, str(new))
        return text

    async def behind(self, program: str, text: str, name: str, *command: str) -> list[int]:
        """:returns: how clients are answered through a proxy with this for its configuration."""
        if shutil.which(program) is None:
            raise SkipTest(f"{program} is not installed")
        file = self.folder / name
        file.write_text(text, "utf-8")
        output = (self.folder / "proxy.txt").open("wb")
        self.addCleanup(output.close)
        process = subprocess.Popen(
            [program, *command, str(file)], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        self.addCleanup(self.end, process)
        await until(lambda: process.poll() is not None or listens(self.port), f"{program} listens")
        self.assertIsNone(process.poll(), (self.folder / "proxy.txt").read_text("utf-8", "replace"))
        return await deferToThread(self.statuses)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
        process.wait(WAIT_S)

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
