"""
The pages' own programs, run.

A block ``.. code-block:: python`` with ``:name: something.py`` is a whole file. All named blocks of a page are written
into one folder; those named ``test_*.py`` are run there with trial, as the page tells its reader to. What has no name
is a fragment, and must at least be Python. A program that no test of its page imports is an error, so that nothing is
named and not run.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from gameserver.game.loader import load

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").rglob("*.rst"))]
GUIDES = [page for page in PAGES if page.parent.name == "guides"]
SUBJECTS = {
    *("rooms", "steps", "documents", "messages", "questions", "turns", "bots", "timers", "groups"),
    *("chat", "tables", "rapid", "pages", "kit", "languages", "testing", "releases", "functions"),
}
FILE_LINK = re.compile(r"<([\w./-]+\.\w+)(?:#[\w-]+)?>`_")
"""A link to a file of the repository, perhaps to a heading in it; whether that is there, `tests.test_site` sees."""
LONGEST_S = 120
README_GAME_LINES = 20
TRIAL_IN_EACH = """
import gc, json, os, sys
import gameserver.testing, twisted.internet.default, twisted.scripts.trial, twisted.trial.reporter
assert "twisted.internet.reactor" not in sys.modules  # each process has its own
gc.freeze()
for folder, tests in json.loads(sys.argv[1]).items():
    if os.fork():
        os.wait()
        continue
    output = os.open(os.path.join(folder, "output.txt"), os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv[1:] = ["--reporter=text", *tests]
    twisted.scripts.trial.run()
"""
"""
Trial on the tests of each folder, in a process of its own; what they all import is imported once, before. The command
that readers type, ``python -m twisted.trial``, takes a second more for each.
"""


class Block(NamedTuple):
    """A block of code: the page's line on which it begins, its name or nothing, and its text."""

    line: int
    language: str
    name: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """:returns: the code blocks of a page."""
    lines = page.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        found = re.fullmatch(r"( *)\.\. code-block:: *(\w+)", line)
        if found is None:
            continue
        indent = len(found[1])
        body: list[str] = []
        for inner in lines[number + 1 :]:
            if inner.strip() and len(inner) - len(inner.lstrip()) <= indent:
                break
            body.append(inner)
        options = [inner.strip() for inner in body if re.match(r" +:\w+:", inner)]
        name = next((option.removeprefix(":name:").strip() for option in options if option.startswith(":name:")), "")
        code = "\n".join(inner for inner in body if inner.strip() not in options or not inner.strip())
        yield Block(number + 1, found[2], name, textwrap.dedent(code).strip("\n") + "\n")


def programs(page: Path) -> dict[str, Block]:
    """:returns: the named Python blocks of a page."""
    return {block.name: block for block in blocks(page) if block.language == "python" and block.name}


def linked(page: Path) -> list[Path]:
    """:returns: the files of the repository that a page links to."""
    text = page.read_text("utf-8")
    targets = FILE_LINK.findall(text) + re.findall(r"^\.\. _[^:]+: ([\w./-]+)$", text, re.M)
    return [(page.parent / target).resolve() for target in targets]


class PagesTests(SynchronousTestCase):
    def test_pages_are_there(self) -> None:
        """The README, the pages beside the guides, and a guide for each subject."""
        names = {page.name for page in PAGES}
        self.assertLessEqual({"README.rst", "protocol.rst", "client.rst", "operating.rst"}, names)
        self.assertEqual({page.stem for page in GUIDES}, SUBJECTS)

    def test_readme_leads_to_every_guide(self) -> None:
        """Whoever reads the sources as they are finds them all, without the site."""
        links = set(re.findall(r"^\.\. _[^:]+: docs/guides/([\w.]+)$", PAGES[0].read_text("utf-8"), re.M))
        self.assertEqual(links, {page.name for page in GUIDES})

    def test_guides_begin_with_a_program(self) -> None:
        """The first code that a guide shows is a whole game, which is run; a guide to pages shows a page."""
        for page in GUIDES:
            first = next(blocks(page))
            if page.stem == "pages":
                self.assertEqual(first.language, "html")
            else:
                self.assertTrue(first.name and "test_" + first.name in programs(page), f"{page.name}: {first.name}")

    def test_links_lead_somewhere(self) -> None:
        """What a page links to inside the repository exists."""
        for page in PAGES:
            for target in linked(page):
                self.assertTrue(target.exists(), f"{page.name}: {target}")

    def test_names_are_given_once(self) -> None:
        """Two files of one name on one page would hide one another."""
        for page in PAGES:
            named = [block.name for block in blocks(page) if block.name]
            self.assertEqual(sorted(set(named)), sorted(named), page.name)

    def test_fragments_are_python(self) -> None:
        """What stands between the programs can be read by Python, too."""
        for page in PAGES:
            for block in blocks(page):
                if block.language == "python":
                    try:
                        ast.parse(block.text)
                    except SyntaxError as error:
                        self.fail(f"{page.name}, line {block.line}: {error}")

    def test_readme_games_are_short(self) -> None:
        """A first evening's game, in either style, has at most 20 lines."""
        games = {n: b for n, b in programs(PAGES[0]).items() if not n.startswith("test_")}
        styles = {name: "payload_handler" in block.text for name, block in games.items()}
        self.assertEqual(sorted(styles.values()), [False, True], "a class and a function")
        for name, block in games.items():
            self.assertLessEqual(len(block.text.splitlines()), README_GAME_LINES, name)

    def test_readme_games_are_served(self) -> None:
        """A folder of them, as the README says to make it, is a folder of games."""
        folder = self.write(PAGES[0])
        catalog = load([str(folder)], sample_games=False, entry_points=False)
        self.assertEqual((sorted(catalog.games), catalog.broken), (["music", "rush"], []))

    def test_every_program_is_imported_by_a_test(self) -> None:
        """Whoever names a program tests it on the same page."""
        for page in PAGES:
            found = programs(page)
            tests = "\n".join(block.text for name, block in found.items() if name.startswith("test_"))
            for name in found:
                stem = name.removesuffix(".py")
                if not name.startswith("test_"):
                    self.assertRegex(tests, rf"(?m)^\s*(from|import) {stem}\b", f"{page.name}: {name} is not tested")

    def test_programs_run(self) -> None:
        """Each page's tests pass, run with trial in a folder of the page's files."""
        tests = {
            page: [name.removesuffix(".py") for name in programs(page) if name.startswith("test_")] for page in PAGES
        }
        folders = {page: self.write(page) for page, names in tests.items() if names}
        given = json.dumps({str(folder): tests[page] for page, folder in folders.items()})
        subprocess.run([sys.executable, "-c", TRIAL_IN_EACH, given], timeout=LONGEST_S, check=True)
        ran = 0
        for page, folder in folders.items():
            output = (folder / "output.txt").read_text("utf-8")
            passed = re.search(r"^PASSED \(successes=(\d+)\)$", output, re.M)
            self.assertIsNotNone(passed, f"{page.name}: a test failed or was skipped, or none ran:\n{output[-6000:]}")
            ran += int(passed[1]) if passed else 0
        self.assertGreaterEqual(ran, 2)

    def write(self, page: Path) -> Path:
        """:returns: a folder with the programs of a page."""
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        for name, block in programs(page).items():
            (folder / name).write_text(block.text, "utf-8")
        return folder.absolute()
