"""Tests for pages as they are sent: addresses with tags, import maps, what a link shows, and compressed files."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import brotli
import zstandard
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from gameserver.web import compressed, compressing, pages
from gameserver.web.compressed import Compressed, preferred
from gameserver.web.hypertext import Hypertexts
from gameserver.web.languages import Catalogues
from gameserver.web.modules import imports
from gameserver.web.static_files import Tags
from tests import compress_pages
from tests.web.test_api import Answer
from tests.web.test_pages import GAME, FolderTests

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <title>Chess</title>
  <link rel="stylesheet" href="../../static/style.css">
  <link rel="icon" href="https://else.example/icon.png">
  <script type="module" src="page.js"></script>
</head>
<body><img src="board.png" alt=""><a href="page.js">source</a></body>
</html>
"""
ENTER, PAGES, STYLE = (f"/static/bundle/{name}" for name in ("enter.js", "pages.js", "pages.css"))
FILES = {
    "chess.py": GAME.format(cls="Chess"),
    "pages/chess/index.html": PAGE,
    "pages/chess/page.js": '/* import "./never.js" */\nimport { a } from "./a.js";\nimport("./late.js");\n',
    "pages/chess/a.js": 'export { BASE } from "../../static/page/base.js";\n',
    "pages/chess/late.js": 'import "./a.js";\n',
    "pages/chess/board.png": "x",
}


class PageTests(FolderTests):
    """A game's page."""

    def setUp(self) -> None:
        super().setUp()
        self.write(FILES)
        self.server = self.node()

    def page(self, **headers: str) -> Answer:
        """Ask for it."""
        return self.server.ask("GET", "/play/chess/?room=K7QM", **headers)

    def imports(self) -> dict[str, str]:
        """Read its import map."""
        (found,) = re.findall(r'<script type="importmap">(.*?)</script>', self.page().body.decode())
        told: dict[str, str] = json.loads(found)["imports"]
        return told

    def test_addresses(self) -> None:
        """All files that the page names have their tag, and so are kept for good; what is not ours is left alone."""
        text = self.page().body.decode()
        named = re.findall(r'(?:src|href)="([^"]+\?v=[0-9a-f]{24})"', text)
        self.assertEqual(len([path for path in named if "board.png" in path or "style.css" in path]), 2)
        for path in named:
            answer = self.server.ask("GET", urljoin("/play/chess/", path))
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["cache-control"], "public, max-age=31536000, immutable")
        self.assertIn('href="https://else.example/icon.png"', text)
        self.assertIn('<a href="page.js">', text)

    def test_other_tag(self) -> None:
        """An address with another tag is that of a file which may change."""
        for path in ("/play/chess/page.js", "/play/chess/page.js?v=0", "/play/chess/page.js?v=a&v=b"):
            self.assertEqual(self.server.ask("GET", path).headers["cache-control"], "no-cache", path)

    def test_import_map(self) -> None:
        """Modules that import one another by plain addresses get those with tags, also what is imported later."""
        told = self.imports()
        self.assertEqual([*told], ["./page.js", "./a.js", "../../static/page/base.js", "./late.js"])
        for plain, address in told.items():
            self.assertRegex(address, re.escape(plain) + r"\?v=[0-9a-f]{24}$")
        preloaded = re.findall(r'rel="modulepreload" href="([^"?]+)', self.page().body.decode())
        self.assertEqual(preloaded, [*told][:3], "but not what is loaded later")

    def test_policy(self) -> None:
        """The import map is the one thing in a page that a browser may take from it."""
        answer = self.page()
        (content,) = re.findall(r'<script type="importmap">(.*?)</script>', answer.body.decode())
        digest = b64encode(sha256(content.encode()).digest()).decode()
        self.assertIn(f"script-src 'self' 'sha256-{digest}'; ", answer.headers["content-security-policy"])
        self.assertEqual(answer.headers["cache-control"], "no-cache")

    def test_written_anew(self) -> None:
        """Once a module is written to, the page names it by another address."""
        before = self.imports()
        self.write({"pages/chess/a.js": "export const a = 1;\n"})
        after = self.imports()
        self.assertNotEqual(before["./a.js"], after["./a.js"])
        self.assertEqual(before["./late.js"], after["./late.js"])
        self.assertNotIn("../../static/page/base.js", after)

    def test_unchanged(self) -> None:
        """A page that is the same is not sent again; in each encoding it has a tag of its own."""
        tags = {self.page(**{"accept-encoding": each}).headers["etag"] for each in ("", "gzip", "br", "zstd")}
        self.assertEqual(len(tags), 4)
        etag = self.page().headers["etag"]
        self.assertEqual(self.page(**{"if-none-match": etag}).status, 304)

    def test_own_map(self) -> None:
        """A page that brings an import map keeps it, and its addresses."""
        own = PAGE.replace("<script", '<script type="importmap" src="map.json"></script><script', 1)
        self.write({"pages/chess/index.html": own})
        head = own.partition("<head>")[2].partition("</head>")[0]
        self.assertIn(head, self.page().body.decode())
        self.assertNotIn("modulepreload", self.page().body.decode())

    def test_link(self) -> None:
        """What a link to it shows: the game and the code that it names, whether or not there is such a room."""
        text = self.page(host="games.example:8080").body.decode()
        told = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', text))
        self.assertEqual(told["title"], "Chess: room K7QM")
        self.assertEqual(told["image"], "http://games.example:8080/static/card.png")
        other = self.server.ask("GET", "/play/chess/?room=%22%3E").body.decode()
        self.assertIn('content="Chess"', other)
        self.write({"pages/chess/card.png": "x"})
        self.assertIn("/play/chess/card.png", self.page().body.decode())

    def test_app(self) -> None:
        """A phone can keep a page as an app, whose worker is beside all pages, and is looked at anew each time."""
        text = self.page().body.decode()
        for rel, kind in {"manifest": "application/manifest+json", "apple-touch-icon": "image/png"}.items():
            (path,) = re.findall(rf'<link rel="{rel}" href="([^"]+)">', text)
            answer = self.server.ask("GET", urljoin("/play/chess/", path))
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, kind))
        manifest = self.server.ask("GET", "/static/app.webmanifest").json
        for icon in manifest["icons"]:
            self.assertEqual(self.server.ask("GET", urljoin("/static/", icon["src"])).status, 200)
        self.assertEqual(urljoin("/static/app.webmanifest", manifest["scope"]), "/")
        worker = self.server.ask("GET", "/service-worker.js")
        self.assertEqual((worker.status, worker.headers["cache-control"]), (200, "no-cache"))
        for path in re.findall(r'"(static/[^"]+)"', worker.body.decode()):
            self.assertEqual(self.server.ask("GET", f"/{path}").status, 200, path)
        self.write(
            {"pages/chess/index.html": PAGE.replace("<title>", '<link rel="manifest" href="own.webmanifest"><title>')}
        )
        self.assertEqual(self.page().body.decode().count('rel="manifest"'), 1)

    def test_told(self) -> None:
        """A page is told of its game and of the ways in, and need not ask; nothing else stands in it."""
        found = re.findall(r'<meta name="gameserver" content="([^"]*)">', self.page().body.decode())
        told = json.loads(unescape(found[0]))
        self.assertEqual(told["game"], self.server.ask("GET", "/api/games").json["games"][0])
        self.assertEqual(told["ways"], self.server.ask("GET", "/api/auth").json)
        self.assertEqual(sorted(told), ["game", "ways"])

    def test_own_words(self) -> None:
        """A page that says itself what a link shows is left with it."""
        self.write({"pages/chess/index.html": PAGE.replace("<title>", '<meta property="og:title" content="x"><title>')})
        self.assertEqual(self.page().body.decode().count("og:"), 1)


class BundleTests(FolderTests):
    """Few files in place of what pages share."""

    def setUp(self) -> None:
        super().setUp()
        self.write(
            {
                "play/chess/index.html": PAGE,
                "play/chess/page.js": 'import { el } from "../../static/page.js";\n',
                "static/page.js": 'export { el } from "./page/el.js";\n',
                "static/page/el.js": "export const el = 1;\n",
                "static/enter.js": 'import "./page/el.js";\nexport const enter = 1;\n',
                "static/form.js": "export const form = 1;\n",
                "static/style.css": "p { margin: 0; }",
                "static/kit/kit.css": "p { color: red; }",
                "static/bundle/enter.js": 'const el=1,enter=1;import("./pages.js");export{el as e,enter};\n',
                "static/bundle/pages.js": '// all else\nimport{e as el}from"./enter.js";export{el};\n',
                "static/bundle/pages.css": "p { color: red; margin: 0; }",
            }
        )
        self.tell()
        tags = Tags()
        self.hypertexts = Hypertexts(self.find, tags, Catalogues(tags), self.folder / "static")

    def find(self, path: str) -> Path | None:
        """Give the file at a path."""
        file = self.folder / path.removeprefix("/")
        return file if file.is_file() else None

    def tell(self) -> None:
        """Say that the bundle is of the sources as they are."""
        sources = ("page.js", "page/el.js", "form.js", "enter.js", "style.css", "kit/kit.css")
        made_of = {
            f"/static/{name}": sha256((self.folder / "static" / name).read_bytes()).hexdigest() for name in sources
        }
        entries = {"/static/enter.js": ENTER, "/static/page.js": PAGES, "/static/form.js": PAGES}
        styles = ["/static/style.css", "/static/kit/kit.css"]
        told = {"entries": entries, "made_of": made_of, "styles": styles}
        self.write({"static/bundle/pages.json": json.dumps(told)})

    def loads(self) -> list[str]:
        """Give the addresses of modules that a browser asks for at once."""
        ready = self.hypertexts.ready(self.folder / "play/chess/index.html", "/play/chess/")
        imports = json.loads(re.findall(r'<script type="importmap">(.*?)</script>', ready.after)[0])["imports"]
        preloaded = re.findall(r'rel="modulepreload" href="([^"]+)"', ready.after)
        self.assertLessEqual(set(preloaded), set(imports.values()))
        if "../../static/form.js" in imports:
            self.assertEqual(imports["../../static/form.js"], imports["../../static/page.js"], "one file has both")
        return [path.partition("?")[0] for path in preloaded]

    def test_fresh(self) -> None:
        """A page loads its own modules and the bundle: only what it takes to come in where it says no more at once."""
        self.assertEqual(self.loads(), ["./page.js", f"../..{PAGES}", f"../..{ENTER}"])
        self.write({"play/chess/page.js": 'import "../../static/enter.js";\nimport("../../static/page.js");\n'})
        self.assertEqual(self.loads(), ["./page.js", f"../..{ENTER}"])

    def styles(self, links: str) -> list[str]:
        """Give the addresses of style sheets that a page is sent with."""
        own = '<link rel="stylesheet" href="../../static/style.css">'
        self.write({"play/chess/index.html": PAGE.replace(own, links)})
        ready = self.hypertexts.ready(self.folder / "play/chess/index.html", "/play/chess/")
        return re.findall(r'rel="stylesheet" href="../..([^"?]+)\?v=\w+"', ready.before + ready.after)

    def test_styles(self) -> None:
        """So are the style sheets of a page of the kit one, where it names them all, and nothing has changed."""
        paths = ("/static/style.css", "/static/kit/kit.css")
        first, second = (f'<link rel="stylesheet" href="../..{path}">' for path in paths)
        self.assertEqual(self.styles(f"{first}\n  {second}"), [STYLE])
        self.assertEqual(self.styles(first), ["/static/style.css"])
        self.assertEqual(self.styles(f"{second}{first}"), ["/static/kit/kit.css", "/static/style.css"])
        self.write({"static/kit/kit.css": "p { color: green; }"})
        self.assertEqual(self.styles(f"{first}{second}"), ["/static/style.css", "/static/kit/kit.css"])

    def test_stale(self) -> None:
        """Who works on a source gets the sources, and the bundle again once it is made anew."""
        self.write({"static/page/el.js": "export const el = 2;\n"})
        self.assertEqual(self.loads(), ["./page.js", "../../static/page.js", "../../static/page/el.js"])
        self.tell()
        self.assertEqual(len(self.loads()), 3)

    def test_own_way(self) -> None:
        """A page that imports what is inside gets all by itself: no module is there twice."""
        own = 'import "../../static/page.js";\nimport "../../static/page/el.js";\n'
        self.write({"play/chess/page.js": own})
        self.assertEqual(self.loads(), ["./page.js", "../../static/page.js", "../../static/page/el.js"])

    def test_damaged(self) -> None:
        """What cannot be read stands for nothing, nor does what is not there; who imports nothing needs none."""
        for text in ("{", '{"entries": 1}', ""):
            self.write({"static/bundle/pages.json": text})
            self.assertEqual(len(self.loads()), 3, text)
        self.tell()
        (self.folder / "static/bundle/pages.js").unlink()
        self.assertEqual(self.loads(), ["./page.js", "../../static/page.js", "../../static/page/el.js"])
        self.write({"play/chess/page.js": "export {};\n"})
        self.assertEqual(self.loads(), ["./page.js"])


class ModuleTests(SynchronousTestCase):
    """What a module imports."""

    def test_kinds(self) -> None:
        """Every form that a module is written in; no comments, and nothing that is not relative."""
        source = """
        // import "./comment.js";
        import "./a.js";
        import b from './b.js';
        import * as c from "./c.js";
        import {
          d,
          e as f,
        } from "../d.js";
        export { g } from "./g.js";
        export * from "./h.js";
        export const text = "./no.js";
        import { x } from "https://else.example/x.js";
        const late = await import("./late.js");
        import(name);
        """
        found, later = imports(source)
        self.assertEqual(found, ["./a.js", "./b.js", "./c.js", "../d.js", "./g.js", "./h.js"])
        self.assertEqual(later, ["./late.js"])

    def test_long(self) -> None:
        """A large module takes no time to speak of, whatever is in it."""
        self.assertEqual(imports("import {" + " a," * 50_000), ([], []))
        self.assertEqual(imports("export " * 20_000), ([], []))


class CompressedTests(FolderTests):
    """Files that are smaller on their way."""

    UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, "zstd": zstandard.decompress}

    def compressed(self) -> Compressed:
        """Forms that are made at once instead of in a thread."""
        return Compressed(self.folder / "assets", lambda work: succeed(work()))

    def test_forms(self) -> None:
        """Each way that a browser names gives the file, and the smallest is taken; the second time it is there."""
        self.write({"page.js": "let a = 1;\n" * 500})
        path = self.folder / "page.js"
        tag, size = compressing.tag_of(path.read_bytes()), path.stat().st_size
        compressed = self.compressed()
        self.assertIsNone(compressed.find(path, tag, size, "gzip"))
        wanted = {"gzip": "gzip", "gzip, br, zstd": "br", "zstd, gzip": "zstd", "br;q=0.1, gzip": "gzip"}
        for accepted, encoding in wanted.items():
            found = compressed.find(path, tag, size, accepted)
            assert found is not None
            self.assertEqual(found[0], encoding)
            self.assertEqual(self.UNPACK[encoding](found[1]), path.read_bytes())
            self.assertLess(len(found[1]), size)
        self.assertIsNone(compressed.find(path, tag, size, "identity"))
        self.assertEqual(self.compressed().find(path, tag, size, "br"), compressed.find(path, tag, size, "br"))

    def test_start(self) -> None:
        """At a start all files are compressed, and what is of older ones goes."""
        self.write({"page.js": "let a = 1;\n" * 500, "small.js": "1", "photo.png": "x" * 5000, "assets/old.br": "x"})
        files = [self.folder / name for name in ("page.js", "small.js", "photo.png")]
        self.assertIsNotNone(self.compressed().make(files, all_there_are=True))
        suffixes = sorted(path.suffix for path in (self.folder / "assets").iterdir())
        self.assertEqual(suffixes, [".br", ".gz", ".zst"])
        self.assertNotIn("old.br", [path.name for path in (self.folder / "assets").iterdir()])

    def test_built(self) -> None:
        """What the package was built with is not made again: a container's first start would take seconds for it."""
        self.write({"page.js": "let a = 1;\n" * 500, "own.js": "let b = 2;\n" * 500})
        built = self.folder / "built"
        built.mkdir()
        shipped, own = self.folder / "page.js", self.folder / "own.js"
        compressing.store([shipped], built)
        compressed = Compressed(self.folder / "assets", lambda work: succeed(work()), built)
        compressed.make([shipped, own], all_there_are=True)
        made = {path.name for path in (self.folder / "assets").iterdir()}
        tag = compressing.tag_of(own.read_bytes())
        self.assertEqual(made, {f"{tag}.{suffix}" for suffix in compressing.SUFFIXES.values()})
        for path in (shipped, own):
            content = path.read_bytes()
            found = compressed.find(path, compressing.tag_of(content), len(content), "br")
            assert found is not None
            self.assertEqual(brotli.decompress(found[1]), content)

    def test_of_a_checkout(self) -> None:
        """Where the pages of a checkout were compressed once, a server on an empty folder makes no form of them."""
        self.patch(compressing, "compress", lambda content, encoding: b"small")
        self.patch(compressed, "write_whole", Path.write_bytes)
        built, assets = self.folder / "built", self.folder / "assets"
        compress_pages.compress(built)
        compress_pages.compress(assets, built)
        self.assertGreater(len(list(built.iterdir())), 100)
        self.assertEqual(list(assets.iterdir()), [])

    def test_gone(self) -> None:
        """Whoever deletes the folder has its files made anew; where none can be made, files go out as they are."""
        self.write({"page.js": "let a = 1;\n" * 500})
        path = self.folder / "page.js"
        tag, size = compressing.tag_of(path.read_bytes()), path.stat().st_size
        compressed = self.compressed()
        compressed.find(path, tag, size, "br")
        for file in (self.folder / "assets").iterdir():
            file.unlink()
        self.assertIsNone(compressed.find(path, tag, size, "br"))
        self.assertIsNotNone(compressed.find(path, tag, size, "br"))

    def test_waits(self) -> None:
        """While a file is compressed it is asked for once, and goes out as it is."""
        asked: list[Deferred[Any]] = []
        self.write({"page.js": "let a = 1;\n" * 500})
        path = self.folder / "page.js"

        def run(work: Any) -> Deferred[Any]:
            asked.append(Deferred())
            return asked[-1]

        compressed = Compressed(self.folder / "assets", run)
        for _ in range(3):
            self.assertIsNone(compressed.find(path, "0" * 24, 5500, "br"))
        self.assertEqual(len(asked), 1)

    def test_accepted(self) -> None:
        """What browsers send."""
        cases = {
            "": [],
            "gzip, deflate": ["gzip"],
            "gzip, deflate, br, zstd": ["br", "zstd", "gzip"],
            "*": ["br", "zstd", "gzip"],
            "br;q=0, *;q=0.5": ["zstd", "gzip"],
            "gzip;q=1.0, br;q=0.9": ["gzip", "br"],
            "br;q=x, ;;,": [],
        }
        for accepted, expected in cases.items():
            self.assertEqual(preferred(accepted), expected, accepted)


class ServedTests(SynchronousTestCase):
    """A server's own files."""

    def test_all(self) -> None:
        """Every file that pages share can be compressed, and is smaller for it."""
        for path in Path(pages.STATIC).rglob("*.js"):
            content = path.read_bytes()
            if len(content) >= compressing.LEAST_BYTES:
                self.assertLess(len(compressing.quickly(content, "gzip")), len(content), path.name)
