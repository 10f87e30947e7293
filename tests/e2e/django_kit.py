"""A real Django project, in a folder and a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest

from tests.django.project import RELEASES, Project
from tests.e2e.kit import WAIT_S, Server, ServerCase, bare, end, until, within
from tests.needs import cannot_run
from tests.ports import free_port, listens


class DjangoCase(ServerCase):
    """What holds for every release; it runs in the subclasses."""

    release = ""

    async def setUp(self) -> None:
        super().setUp()
        if not self.release:
            raise SkipTest("what holds for every release runs in the subclasses")
        if not (RELEASES[self.release] / "django").is_dir():
            cannot_run("a project of Django's", f"Django {self.release} is not there (make needs)")
        self.project = Project(self.folder / "shop", self.release)
        # The first is made by five processes, one after the other.
        await within(deferToThread(self.project.copy), "a project is made", 4 * WAIT_S)

    async def running_project(self, games: Server | None = None, *, port: int = 0) -> str:
        """
        :param games: the server whose pages send people here.
        :returns: where the project answers.
        """
        port = port or free_port()
        url = f"http://127.0.0.1:{games.port}" if games is not None else ""
        path = Path(self.folder, "runserver.txt")
        with path.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
                cwd=self.project.folder,
                env={**os.environ, **self.project.environ, "GAMES_URL": url},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.addCleanup(end, process)

        def answers() -> bool:
            self.assertIsNone(process.poll(), path.read_text())
            return listens(port)

        await until(answers, "the project answers")
        return f"http://127.0.0.1:{port}"

    async def hello(self, server: Server, **who: Any) -> dict[str, Any]:
        """:returns: what hello is answered."""

        def say(connection: Any) -> Any:
            connection.say(op="hello", **who)
            return connection.hear()

        heard: dict[str, Any] = await within(bare(server.port, say), "an answer to hello")
        return heard
