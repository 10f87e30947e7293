"""The ten minutes of docs/django.rst, word by word: a new project, a page with a game in it, and two users who play."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest

from tests.django.project import RELEASES, ROOT
from tests.e2e.browser import People, browse, need
from tests.e2e.kit import ServerCase, end, until
from tests.needs import cannot_run
from tests.ports import free_port, listens
from tests.test_docs import blocks

PAGE: Final = ROOT / "docs" / "django.rst"
HEADING: Final = "Ten minutes: from nothing to a game"
CELLS: Final = ("top left", "left", "top", "centre", "top right")
"""The first player has a row then."""


def parts(text: str) -> Iterator[tuple[str, str]]:
    """:returns: the file that each part of the walkthrough names in its first line, and the part."""
    found = re.finditer(r"^\.\. code-block:: \w+\n\n((?: {3}(?:#|\{#) ([\w/.]+).*\n)(?: {3}.*\n|\n)+)", text, re.M)
    return ((each[2], re.sub(r"(?m)^ {3}", "", each[1])) for each in found)


class WalkthroughTests(ServerCase):
    """What holds for every release; it runs in the subclasses."""

    release = ""

    def setUp(self) -> None:
        super().setUp()
        if not self.release:
            raise SkipTest("it runs in the subclasses")
        need()
        if not (RELEASES[self.release] / "django").is_dir():
            cannot_run("docs/django.rst", f"Django {self.release} is not there (make needs)")
        self.ports = {"8000": str(free_port()), "8080": str(free_port())}
        self.text = self.as_here(PAGE.read_text("utf-8").partition(HEADING)[2].partition("\n---\n")[0])
        self.scripts = {block.name: self.as_here(block.text) for block in blocks(PAGE) if block.language == "sh"}
        self.shop = self.folder / "shop"

    def as_here(self, text: str) -> str:
        """The page with ports that are free."""
        return re.sub(r"\b80[08]0\b", lambda found: self.ports[found[0]], text)

    def spawn(self, script: str, folder: Path) -> Any:
        """Run commands of the page; :returns: their process, which may go on."""
        clean = {name: text for name, text in os.environ.items() if not name.startswith(("GAMESERVER_", "DJANGO_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        process = subprocess.Popen(
            ["bash", "-euc", script],
            cwd=folder,
            env={**clean, "PATH": path, "PYTHONPATH": str(RELEASES[self.release]), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "said.txt").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.addCleanup(end, process)
        return process

    async def test_word_by_word(self) -> None:
        """Two users of the project play a game to its end, in a page of it, and the admin has the result."""
        await deferToThread(self.spawn(self.scripts["make.sh"], self.folder).wait, timeout=120)
        for place, part in parts(self.text):
            file = self.shop / place
            with file.open("a", encoding="utf-8") as opened:
                opened.write(f"\n\n{part}")
        *commands, last = self.scripts["project.sh"].rstrip().split("\n")
        running = [self.spawn("\n".join([*commands, f"exec {last} --noreload"]), self.shop)]
        running.append(self.spawn(self.scripts["games.sh"].replace("twistd", "exec twistd"), self.shop))

        def listening() -> bool:
            for process in running:
                self.assertIsNone(process.poll(), (self.folder / "said.txt").read_text())
            return all(listens(int(port)) for port in self.ports.values())

        await until(listening, "project and server listen")
        await browse(int(self.ports["8000"]), self.play)

    def play(self, people: People) -> None:
        """What the page tells its reader to do."""
        shop = f"http://localhost:{self.ports['8000']}"
        ann, bob = people("Ann"), people("Bob")
        seats, code = [], ""
        for person, name in ((ann, "ann"), (bob, "bob")):
            # Browsers ask for an icon, and complain that there is none.
            person.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
            person.page.goto(f"{shop}/" + (f"?room={code}" if seats else ""))
            person.page.get_by_role("link", name="Log in to play").click()
            person.page.fill("[name=username]", name)
            person.page.fill("[name=password]", "quiz night")
            person.press("Log in")
            person.sees("h1", f"Hello {name}")
            frame = person.page.frame_locator("iframe")
            frame.get_by_role("button", name="Join" if seats else "New room").click()
            seats.append(frame)
            code = seats[0].locator(".bar .code").inner_text()
        headline = seats[0].locator("h1").filter(has_text="turn")
        headline.wait_for()
        if headline.inner_text() != "Your turn":
            seats.reverse()
        for turn, cell in enumerate(CELLS):
            seats[turn % 2].get_by_role("button", name=f"{cell}: empty", exact=True).click()
        bob.page.goto(f"{shop}/admin/gameserver/result/")
        while not bob.page.get_by_role("cell", name=code).count():
            bob.page.reload()
        bob.page.get_by_role("link", name="tictactoe").first.click()
        for name in ("ann", "bob"):
            bob.sees("body", name)


class LongTermTests(WalkthroughTests):
    """The long-term release."""

    release = "5.2"
