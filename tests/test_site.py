"""The site that ``make docs`` makes of the pages: it has no warning, and everything public has its entry."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import zlib
from html import unescape
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from docutils.core import publish_doctree
from twisted.trial.unittest import SynchronousTestCase

import gameserver
import gameserver.client
import gameserver.testing
from gameserver import errors
from gameserver.settings.settings import KEYS, PREFIX
from tests.test_docs import GUIDES, PAGES, linked

ROOT = Path(__file__).parent.parent
DECLARATIONS = sorted((ROOT / "clients" / "js").glob("*.d.ts"))
LONGEST_S = 300
CONF = """
import sys
sys.path.insert(0, {extensions!r})
extensions = ["plain_links"]
exclude_patterns = ["beside*"]
"""


class Built(NamedTuple):
    """What came of a call of Sphinx: its exit code, what it complained of, and the folder of the pages."""

    code: int
    complaints: str
    folder: Path


def build(source: Path, into: Path) -> Built:
    """:returns: a site made as ``make docs`` makes it."""
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E", str(source), str(into)],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return Built(done.returncode, done.stdout + done.stderr, into)


def entries(folder: Path) -> set[tuple[str, str]]:
    """:returns: kind (``py``, ``js``) and name of all that a site has an entry for, as its inventory says."""
    head, _, packed = (folder / "objects.inv").read_bytes().partition(b"zlib.\n")
    assert head.startswith(b"# Sphinx inventory version 2")
    lines = [line.split(" ") for line in zlib.decompress(packed).decode().splitlines()]
    return {(kind.partition(":")[0], name) for name, kind, *_ in lines}


def words(page: Path) -> str:
    """:returns: the text of a page without its marks."""
    return unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))


class SiteTests(SynchronousTestCase):
    """One test, as it takes longest to make the site: two processes would make it twice."""

    def test_site(self) -> None:
        """All that is said of it here."""
        site = build(ROOT / "docs", Path("site").absolute())
        for holds in (
            self.no_warnings,
            self.every_public_name_has_an_entry,
            self.every_declaration_has_an_entry,
            self.every_code_and_setting_is_listed,
            self.can_be_searched,
            self.nothing_comes_from_elsewhere,
        ):
            holds(site)

    def no_warnings(self, site: Built) -> None:
        """Links lead somewhere, every page is in the table of contents, and every docstring can be read."""
        self.assertEqual((site.code, site.complaints), (0, ""))

    def every_public_name_has_an_entry(self, site: Built) -> None:
        """All that Python programs may import, with their methods."""
        found = entries(site.folder)
        for module in (gameserver, gameserver.testing, gameserver.client):
            for name in module.__all__:
                self.assertIn(("py", f"{module.__name__}.{name}"), found)
        for member in ("gameserver.Game.after", "gameserver.RoomChat.say", "gameserver.RoomTable.scan"):
            self.assertIn(("py", member), found)

    def every_declaration_has_an_entry(self, site: Built) -> None:
        """All that JavaScript may import, with what its classes have."""
        found = entries(site.folder)
        self.assertEqual([file.name for file in DECLARATIONS], ["game-chat.d.ts", "gameserver.d.ts"])
        for file in DECLARATIONS:
            owner = ""
            for line in file.read_text("utf-8").splitlines():
                export = re.match(r"export (?:class|interface|type|function) (\w+)", line)
                member = re.match(r"  (?:readonly )?(\w+)[?(<:]", line)
                if export:
                    owner = export[1]
                    self.assertIn(("js", owner), found)
                elif member and owner:
                    self.assertIn(("js", f"{owner}.{member[1]}"), found)
                elif line.startswith("}"):
                    owner = ""

    def every_code_and_setting_is_listed(self, site: Built) -> None:
        """In tables made from the code."""
        codes = words(site.folder / "reference" / "errors.html")
        for code, text in errors.CODES.items():
            self.assertIn(code, codes)
            self.assertIn(text, codes.replace("\u2019", "'"))
        settings = words(site.folder / "reference" / "server_settings.html")
        for key in KEYS:
            self.assertIn(PREFIX + key.upper().replace(".", "_"), settings)

    def can_be_searched(self, site: Built) -> None:
        """Its index has a word of each part."""
        index = (site.folder / "searchindex.js").read_text("utf-8")
        for word in ("guides/timers", "reference/javascript", "protocol", "start", "joinTeam"):
            self.assertIn(word, index)

    def nothing_comes_from_elsewhere(self, site: Built) -> None:
        """Whoever reads it is known to nobody: scripts, styles and pictures are its own."""
        for page in site.folder.rglob("*.html"):
            text = page.read_text("utf-8")
            loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', text)
            loaded += re.findall(r'<link [^>]*rel="(?:stylesheet|preload)[^>]* href="([^"]+)"', text)
            self.assertEqual([each for each in loaded if "//" in each], [], page.name)


class WithoutTheSiteTests(SynchronousTestCase):
    def test_pages_can_be_read(self) -> None:
        """Guides, and all pages that the README names, need nothing of Sphinx: sites for source code show them."""
        pages = {page for page in (PAGES[0], *GUIDES, *linked(PAGES[0])) if page.suffix == ".rst"}
        self.assertGreater(len(pages), 20)
        for page in sorted(pages):
            complaints = StringIO()
            settings = {"report_level": 2, "halt_level": 5, "warning_stream": complaints, "syntax_highlight": "none"}
            publish_doctree(page.read_text("utf-8"), source_path=str(page), settings_overrides=settings)
            self.assertEqual(complaints.getvalue(), "", page)


class DeclarationsTests(SynchronousTestCase):
    """How a ``.d.ts`` file is read."""

    TEXT = """
    /** A file. */
    import type { Other } from "./other.js";
    /**
     * What holds; see `x`.
     *
     * More.
     */
    export class Box<T = any> extends Other {
      private constructor();
      /** Ends with; a semicolon. */
      on(type: "a;b}", back: (of: { x: T }) => void): () => void;
      readonly left?: number;
    }
    export type Size =
      | { wide: number; high: number }
      | null;
    """

    def read(self, text: str) -> list[tuple[str, str, str]]:
        """:returns: comment, code and body of each declaration."""
        self.patch(sys, "path", [str(ROOT / "docs" / "extensions"), *sys.path])
        return list(importlib.import_module("typescript").declarations(text))

    def test_declarations(self) -> None:
        """Each with its own comment, however it is broken into lines."""
        other, box, size = self.read(self.TEXT)
        self.assertEqual(other[:2], ("A file.", 'import type { Other } from "./other.js"'))
        self.assertEqual(box[:2], ("What holds; see `x`.\n\nMore.", "class Box<T = any> extends Other"))
        self.assertEqual(size, ("", "type Size = | { wide: number; high: number } | null", ""))

    def test_members(self) -> None:
        """Semicolons and braces in a text or a type end nothing."""
        _, (_, _, body), _ = self.read(self.TEXT)
        self.assertEqual(
            [member[:2] for member in self.read(body)],
            [
                ("", "private constructor()"),
                ("Ends with; a semicolon.", 'on(type: "a;b}", back: (of: { x: T }) => void): () => void'),
                ("", "readonly left?: number"),
            ],
        )


class PlainLinksTests(SynchronousTestCase):
    """Links to files, as a reader of the sources follows them."""

    def pages(self, **texts: str) -> Built:
        """:returns: a site of these pages, beside a file ``beside.txt`` and a README that is included."""
        folder = Path(self.mktemp()).absolute()
        docs = folder / "docs"
        (docs / "deep").mkdir(parents=True)
        (docs / "conf.py").write_text(CONF.format(extensions=str(ROOT / "docs" / "extensions")), "utf-8")
        (folder / "beside.txt").write_text("beside", "utf-8")
        (folder / "README.rst").write_text("Read me\n=======\n\n`There <docs/deep/page.rst#a-part>`_\n", "utf-8")
        texts = {"start": ".. include:: ../README.rst\n", **texts}
        texts["index"] = "Index\n=====\n\n.. toctree::\n\n   start\n   deep/page\n"
        for name, text in texts.items():
            (docs / f"{name.replace('__', '/')}.rst").write_text(text, "utf-8")
        return build(docs, folder / "site")

    def page(self, text: str) -> Built:
        """:returns: a site with this page, which has a heading of its own."""
        return self.pages(deep__page=f"Page\n====\n\n{text}\n\n\nA part\n------\n\nText.\n")

    def test_pages_and_files(self) -> None:
        """A page, a heading, the README and a file that is no page, each from where it stands."""
        built = self.page(
            "`one <../index.rst>`_ `two <../../README.rst>`_ `three <../../beside.txt>`_ `four <https://x.y/>`_"
        )
        self.assertEqual((built.code, built.complaints), (0, ""))
        page = (built.folder / "deep" / "page.html").read_text("utf-8")
        for address, text in (("../index.html", "one"), ("../start.html", "two"), ("https://x.y/", "four")):
            self.assertRegex(page, rf'href="{re.escape(address)}"[^>]*>(<[^>]*>)?{text}')
        self.assertRegex(page, r'href="../_downloads/\w+/beside.txt"[^>]*>three')
        self.assertIn('href="deep/page.html#a-part"', (built.folder / "start.html").read_text("utf-8"))

    def test_wrong_links(self) -> None:
        """A file or a heading that is not there is said with the place."""
        for link, complaint in (
            ("`x <nowhere.rst>`_", "page.rst:4: WARNING: no such file: nowhere.rst"),
            ("`x <../index.rst#nothing>`_", "page.rst:4: WARNING: no heading 'nothing' on page index"),
            ("`x <../beside.rst>`_", "WARNING: no such file: ../beside.rst"),
        ):
            built = self.page(link)
            self.assertNotEqual(built.code, 0, link)
            self.assertIn(complaint, built.complaints)
