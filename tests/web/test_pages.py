"""Tests for the pages: who gets which file, what a browser is told, and what strangers may ask for."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal
from urllib.parse import quote, urljoin
from xml.etree import ElementTree

from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

import gameserver
from gameserver import Answer as Given
from gameserver import Game, Player, message, question
from gameserver.game import loader
from gameserver.web import addresses, pages, qr, static_files
from tests.web.test_api import Answer, Loose, Node, Quiz

LAN = "192.168.7.20"

GAME = """
from gameserver import Game, message

class {cls}(Game):
    @message
    def play(self, player): ...
"""


class Forms(Game):
    """Takes messages of all kinds."""

    @message(by="host", phase="guess")
    def play(self, player: Player, cell: Annotated[int, Meta(ge=0, le=8)], to: Player | None = None) -> None:
        """Say one number."""

    @message(name="wave")
    def _wave(self, player: Player) -> None:
        """Say nothing."""

    @question
    def choose(self, player: Player, card: Literal["ace", "king"]) -> str:
        """Answer."""
        return card

    @choose.done
    def chosen(self, answers: dict[Player, Given[str]]) -> None:
        """Go on."""


class FolderTests(SynchronousTestCase):
    """What tests with games of a folder begin with."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gameserver-pages-")).resolve()
        self.addCleanup(self.remove)

    def remove(self) -> None:
        """Take the folder away again."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()
        self.folder.rmdir()

    def write(self, files: dict[str, str]) -> None:
        """Write files, in whatever folders they are."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def node(self, *places: str) -> Node:
        """Serve the folder's games."""
        catalog = loader.load([str(self.folder / place) for place in places or ("",)], sample_games=False)
        self.assertEqual(catalog.broken, [])
        return Node(*catalog.games.values(), catalog=catalog)


class OwnPageTests(FolderTests):
    """A game's own page."""

    def test_file(self) -> None:
        """A game in a file has its page in ``pages`` beside it, with whatever files the page needs."""
        self.write({"chess.py": GAME.format(cls="Chess"), "pages/chess/index.html": "<p>chess</p>"})
        self.write({"pages/chess/board.js": "export {};", "pages/chess/sound/move.mp3": "x"})
        node = self.node()
        self.assertEqual(node.ask("GET", "/play/chess/?room=K7QM&role=screen").body, b"<p>chess</p>")
        script = node.ask("GET", "/play/chess/board.js")
        self.assertEqual(script.headers["content-type"], "text/javascript; charset=utf-8")
        self.assertEqual(node.ask("GET", "/play/chess/sound/move.mp3").headers["content-type"], "audio/mpeg")
        self.assertTrue(node.ask("GET", "/api/games").json["games"][0]["page"])

    def test_package(self) -> None:
        """A game in a package has it in the package, wherever in there its class is; its sources are not given."""
        self.write({"chess/__init__.py": "from .rules import Chess", "chess/rules.py": GAME.format(cls="Chess")})
        self.write({"chess/page/index.html": "<p>package</p>", "chess/page/secret.py": ""})
        node = self.node()
        self.assertEqual(node.ask("GET", "/play/chess/").body, b"<p>package</p>")
        for path in ("rules.py", "__init__.py", "secret.py", "page/index.html", "..%2frules.py"):
            self.assertEqual(node.ask("GET", f"/play/chess/{path}").status, 404, path)

    def test_name(self) -> None:
        """Of several games in one file each has its own, by the game's name."""
        self.write({"party.py": GAME.format(cls="Chess") + GAME.format(cls="Go"), "pages/go/index.html": "<p>go</p>"})
        node = self.node()
        self.assertEqual(node.ask("GET", "/play/go/").body, b"<p>go</p>")
        self.assertNotEqual(node.ask("GET", "/play/chess/").body, b"<p>go</p>")

    def test_function(self) -> None:
        """A game as a function has one as well."""
        source = "def payload_handler(group_add, socket_self_send, socket_group_send, payload):\n    pass\n"
        self.write({"echo.py": source, "pages/echo/index.html": "<p>echo</p>"})
        self.assertEqual(self.node("echo.py").ask("GET", "/play/echo/").body, b"<p>echo</p>")

    def test_no_file(self) -> None:
        """A class that no file has simply has no page."""
        made = type("Made", (Game,), {"__module__": "nowhere.at_all"})
        self.assertFalse(Node(made).ask("GET", "/api/games").json["games"][0]["page"])

    def test_no_index(self) -> None:
        """A folder without an index is no page."""
        self.write({"chess.py": GAME.format(cls="Chess"), "pages/chess/board.js": ""})
        node = self.node()
        self.assertIn(b"static/play.js?v=", node.ask("GET", "/play/chess/").body)
        self.assertEqual(node.ask("GET", "/play/chess/board.js").status, 404)

    def test_links_out_of_it(self) -> None:
        """A link that leads out of the folder is not followed."""
        self.write(
            {"chess.py": GAME.format(cls="Chess"), "pages/chess/index.html": "x", "key.txt": "a secret of the server"}
        )
        (self.folder / "pages" / "chess" / "key.txt").symlink_to(self.folder / "key.txt")
        (self.folder / "pages" / "chess" / "up").symlink_to(self.folder)
        node = self.node()
        for path in ("key.txt", "up/key.txt"):
            self.assertEqual(node.ask("GET", f"/play/chess/{path}").status, 404)

    def test_gone(self) -> None:
        """A page that was taken away is not found, and the server goes on."""
        self.write({"chess.py": GAME.format(cls="Chess"), "pages/chess/index.html": "x"})
        node = self.node()
        (self.folder / "pages" / "chess" / "index.html").unlink()
        self.assertEqual(node.ask("GET", "/play/chess/").status, 404)

    def test_no_game_named(self) -> None:
        """Where the game's name should stand is nothing: there is no such page, and no other to go to."""
        self.write({"chess.py": GAME.format(cls="Chess")})
        self.assertEqual(self.node().ask("GET", "/play/").status, 404)

    def tearDown(self) -> None:
        for name in [name for name in sys.modules if "/" in name]:  # as `loader` names modules of folders
            del sys.modules[name]


class SharedTests(SynchronousTestCase):
    """What all pages share."""

    def setUp(self) -> None:
        self.node = Node(Quiz, Loose)

    def assertFile(self, path: str, kind: str, body: bytes) -> Answer:
        """A path is answered with a file."""
        answer = self.node.ask("GET", path)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, kind), path)
        self.assertEqual(answer.body, body)
        return answer

    def test_pages(self) -> None:
        """The lobby, the default page, and what they are made of."""
        html = "text/html; charset=utf-8"
        for path, name in {"/": "lobby.html", "/play/quiz/?room=K7QM": "play.html"}.items():
            answer = self.node.ask("GET", path)
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, html))
            body = (pages.STATIC / name).read_text("utf-8").partition("<body>")[2]
            self.assertIn(body, answer.body.decode(), "what its author wrote is all there")
        self.assertFile("/static/style.css", "text/css; charset=utf-8", (pages.STATIC / "style.css").read_bytes())
        self.assertFile("/static/icon.svg", "image/svg+xml", (pages.STATIC / "icon.svg").read_bytes())
        for path in ("page.js", "page/enter.js"):
            self.assertFile(f"/static/{path}", "text/javascript; charset=utf-8", (pages.STATIC / path).read_bytes())

    def test_client(self) -> None:
        """The client, wherever it lies."""
        source = (pages.client_folder() / "gameserver.js").read_bytes()
        self.assertFile("/gameserver.js", "text/javascript; charset=utf-8", source)
        if (pages.client_folder() / "gameserver.d.ts").exists():
            self.assertEqual(self.node.ask("GET", "/gameserver.d.ts").headers["content-type"][:10], "text/plain")
        chat = (pages.client_folder() / "game-chat.js").read_bytes()
        self.assertFile("/game-chat.js", "text/javascript; charset=utf-8", chat)
        for path in ("/package.json", "/gameserver.py", "/test/kit.js", "/src/index.js", "/static/page"):
            self.assertEqual(self.node.ask("GET", path).status, 404, path)

    def test_nothing_inline(self) -> None:
        """No page has script or style in it, which the policy would not run; what they name is there."""
        for page in pages.STATIC.glob("*.html"):
            text = page.read_text("utf-8")
            self.assertIsNone(
                re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", text), page.name
            )
            at = "/" if page.name == "lobby.html" else "/play/quiz/"
            for path in re.findall(r'(?:src|href)="([^"]+)"', text):
                self.assertEqual(self.node.ask("GET", urljoin(at, path)).status, 200, path)
        for module in pages.STATIC.rglob("*.js"):
            at = f"/static/{module.relative_to(pages.STATIC).as_posix()}"
            text = module.read_text("utf-8")
            for path in re.findall(r'^(?:import|export) (?:.*from )?"([^"]+)"', text, re.MULTILINE):
                self.assertEqual(self.node.ask("GET", urljoin(at, path)).status, 200, f"{at}: {path}")

    def test_slash(self) -> None:
        """Without its last slash a page leads on, with its query."""
        answer = self.node.ask("GET", "/play/quiz?room=K7QM&role=screen")
        self.assertEqual((answer.status, answer.headers["location"]), (307, "./quiz/?room=K7QM&role=screen"))
        self.assertEqual(urljoin("/play/quiz?x", answer.headers["location"]), "/play/quiz/?room=K7QM&role=screen")

    def test_no_such_game(self) -> None:
        """A person who follows a link to a game that is not there gets a page that says so."""
        self.assertEqual(self.node.ask("GET", "/play/chess").headers["location"], "./chess/")
        for path in ("/play/chess/", "/play/%c3%a9/", "/play/%22%3e/"):
            answer = self.node.ask("GET", path)
            self.assertEqual((answer.status, answer.headers["content-type"]), (404, "text/html; charset=utf-8"), path)
            self.assertIn(b"No such game", answer.body)
        self.assertEqual(self.node.ask("GET", "/play/chess/x.js").json["code"], "not_found")
        self.assertEqual(self.node.ask("GET", "/play").status, 404)

    def test_icon(self) -> None:
        """Browsers ask for it beside what is no page of ours."""
        answer = self.node.ask("GET", "/favicon.ico")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/svg+xml"))

    def test_code(self) -> None:
        """The host's name and the code of a room are enough."""
        for path, location in (
            ("/K7QM", "./?room=K7QM"),
            ("/k7-qm?role=screen", "./?room=K7QM&role=screen"),
            ("/K7QMK7QM", "./?room=K7QMK7QM"),
        ):
            answer = self.node.ask("GET", path)
            self.assertEqual((answer.status, answer.headers["location"]), (307, location))

    def test_nothing_there(self) -> None:
        """Whoever looks where nothing is gets a page whose links lead home; programs, and calls, get JSON."""
        looks = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
        for path in (
            "/nope",
            "/a/b/c/",
            "/play",
            "/play/quiz/none.html",
            "/static/none.js",
            "/%22%3e/x",
            "//",
            "/K7QA",
        ):
            answer = self.node.ask("GET", path, **looks)
            self.assertEqual((answer.status, answer.headers["content-type"]), (404, "text/html; charset=utf-8"), path)
            home = re.findall(rb'class="button primary" href="([^"]*)"', answer.body)
            self.assertEqual([urljoin(f"http://x{path}", each.decode()) for each in home], ["http://x/"], path)
            self.assertIn("default-src 'self';", answer.headers["content-security-policy"])
            self.assertEqual(self.node.ask("GET", path).json["code"], "not_found", path)
            self.assertEqual(self.node.ask("HEAD", path, **looks).body, b"")
        for method, path in (("GET", "/api/none"), ("POST", "/nope"), ("GET", "/api/rooms/ZZZZ")):
            self.assertEqual(self.node.ask(method, path, **looks).headers["content-type"], "application/json", path)

    def test_traversal(self) -> None:
        """Nothing outside the folder is given, however it is spelled."""
        ways = (
            *("../pages.py", "..%2fpages.py", "%2e%2e/pages.py", "%2e%2e%2fpages.py", "..%5cpages.py", "...//pages.py"),
            *("./../pages.py", "/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "style.css%00.js", "%00", "", "."),
            *("..", "style.css/", "style.css/x", ".hidden", "C:%5cx.txt", "style.css:x", "%ff.css", "a" * 5000),
            *("../../../clients/js/package.json", "..%2f..%2f..%2fsetup.py", "%252e%252e/pages.py"),
        )
        for start in ("/static/", "/play/quiz/"):
            for way in ways:
                if start + way == "/play/quiz/":
                    continue
                answer = self.node.ask("GET", start + way)
                self.assertIn(answer.status, (400, 404), start + way)
                self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_headers(self) -> None:
        """A browser runs files of this server, asks each time whether they changed, and tells no other where it was."""
        for path in ("/", "/play/quiz/", "/static/page.js", "/gameserver.js", "/play/chess/"):
            headers = self.node.ask("GET", path).headers
            # The one thing that a browser takes from a page itself is named by its hash: the import map.
            policy = re.sub(r"script-src 'self' 'sha256-[\w+/]{43}='; ", "", headers["content-security-policy"])
            self.assertIn("default-src 'self';", policy)
            self.assertIn("connect-src 'self' ws://games.example:8080 wss://games.example:8080;", policy)
            for never in ("unsafe", "*", "http:", "script-src"):
                self.assertNotIn(never, policy)
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(headers["referrer-policy"], "no-referrer")
            self.assertEqual(headers["cache-control"], "no-cache")

    def test_frames(self) -> None:
        """Pages of admitted origins may show ours in a frame, and no others may."""
        self.assertTrue(self.node.ask("GET", "/").headers["content-security-policy"].endswith("frame-ancestors 'self'"))
        node = Node(Quiz, origin=["https://shop.example", "null"])
        policy = node.ask("GET", "/play/quiz/").headers["content-security-policy"]
        self.assertTrue(policy.endswith("frame-ancestors 'self' https://shop.example"), policy)
        self.assertIn(" https://shop.example wss://shop.example; object-src", policy, "a room may be at a node there")

    def test_odd_host(self) -> None:
        """A host that is none does not get into the policy."""
        for host in ("a;script-src *", "a b", "[::1]:8080", "x'"):
            protocol, transport = self.node.connect()
            protocol.dataReceived(f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
            self.node.seconds.advance(0)
            policy = Answer(transport.value()).headers["content-security-policy"]
            self.assertIn("connect-src 'self';", policy)

    def test_unchanged(self) -> None:
        """Who has a file already is told that it is the same."""
        first = self.node.ask("GET", "/static/style.css")
        tag = first.headers["etag"]
        self.assertRegex(tag, r'^"[0-9a-f]{24}"$')
        again = self.node.ask("GET", "/static/style.css", **{"if-none-match": tag})
        self.assertEqual((again.status, again.body), (304, b""))
        stale = {"if-none-match": '"old"'}
        self.assertEqual(self.node.ask("GET", "/static/style.css", **stale).status, 200)

    def test_range(self) -> None:
        """A part may be asked for, as players of sound do."""
        whole = (pages.STATIC / "style.css").read_bytes()
        size = len(whole)
        for asked, first, last in (
            ("0-3", 0, 3),
            ("5-", 5, size - 1),
            ("-4", size - 4, size - 1),
            ("1-99999999", 1, size - 1),
        ):
            answer = self.node.ask("GET", "/static/style.css", range=f"bytes={asked}")
            self.assertEqual((answer.status, answer.body), (206, whole[first : last + 1]), asked)
            self.assertEqual(answer.headers["content-range"], f"bytes {first}-{last}/{size}")
            self.assertIn("content-security-policy", answer.headers)
        for asked in ("bytes=-", "bytes=-0", "bytes=9-2", f"bytes={size}-", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b"):
            answer = self.node.ask("GET", "/static/style.css", range=asked)
            self.assertEqual((answer.status, len(answer.body)), (200, size), asked)
        other = {"range": "bytes=0-3", "if-range": '"old"'}
        self.assertEqual(self.node.ask("GET", "/static/style.css", **other).status, 200)

    def test_methods(self) -> None:
        """Files may be read, and no more."""
        for path in ("/", "/static/style.css", "/play/quiz/", "/play/quiz", "/static/nothing.js", "/play/chess/"):
            head = self.node.ask("HEAD", path)
            self.assertEqual((head.status, head.body), (self.node.ask("GET", path).status, b""), path)
            for method, body in (("POST", {}), ("OPTIONS", None)):
                answer = self.node.ask(method, path, body)
                self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET, HEAD"), path)


class Counting(FileIO):
    """
    A file that counts.

    :cvar read_bytes: in all.
    """

    read_bytes = 0

    def _count(self, size: int) -> None:
        Counting.read_bytes += size

    def read(self, size: int = -1, /) -> bytes:
        data = super().read(size)
        if size >= 0:  # else it is `readall`, which counts for itself
            self._count(len(data))
        return data

    def readall(self) -> bytes:
        data = super().readall()
        self._count(len(data))
        return data

    def readinto(self, buffer: Any, /) -> int:
        size = super().readinto(buffer)
        self._count(size)
        return size


class ReadingTests(FolderTests):
    """What of a file is read."""

    SIZE = 1_000_000

    def setUp(self) -> None:
        super().setUp()
        self.file = self.put("song.mp3", "x" * self.SIZE)
        self.server = Node(Quiz)
        self.patch(pages, "STATIC", self.folder)
        whole = Path.open

        def counted(path: Path, mode: str = "r", *more: Any, **given: Any) -> Any:
            return Counting(path) if mode == "rb" else whole(path, mode, *more, **given)

        self.patch(Path, "open", counted)

    def put(self, name: str, text: str) -> Path:
        self.write({name: text})
        return self.folder / name

    def read(self, **headers: str) -> tuple[Answer, int]:
        """:returns: the answer, and how much was read for it."""
        before = Counting.read_bytes
        return self.server.ask("GET", "/static/song.mp3", **headers), Counting.read_bytes - before

    def test_what_is_asked_for(self) -> None:
        """All of it once, to know its tag; then what is asked for."""
        first, _ = self.read(range="bytes=0-0")
        for headers, status, size in (
            ({"range": "bytes=0-0"}, 206, 1),
            ({"range": "bytes=-5"}, 206, 5),
            ({"if-none-match": first.headers["etag"]}, 304, 0),
            ({}, 200, self.SIZE),
        ):
            answer, read_bytes = self.read(**headers)
            self.assertEqual((answer.status, len(answer.body), read_bytes), (status, size, size))
            self.assertEqual(answer.headers["etag"], first.headers["etag"])

    def test_written_to(self) -> None:
        """A file that was written to, or replaced, has another tag."""
        tags = [self.read()[0].headers["etag"]]
        self.file.write_text("y" * self.SIZE)
        os.utime(self.file, (1, 1))
        tags.append(self.read()[0].headers["etag"])
        other = self.put("other.mp3", "z" * self.SIZE)
        other.replace(self.file)
        tags.append(self.read()[0].headers["etag"])
        self.assertEqual(len(set(tags)), 3)
        self.assertEqual(self.read()[0].body, b"z" * self.SIZE)

    def test_tags_are_bounded(self) -> None:
        """However often files are written anew."""
        self.patch(static_files, "MOST_TAGS", 3)
        tags = static_files.Tags()
        for n in range(10):
            with Counting(self.put(f"{n}.txt", str(n))) as file:
                tags.of(file)
        self.assertLessEqual(len(tags._known), 3)


class CodeTests(SynchronousTestCase):
    """``GET /api/qr``."""

    def setUp(self) -> None:
        self.node = Node(Quiz)

    def test_picture(self) -> None:
        """A text becomes a picture that a page of ours can show."""
        answer = self.node.ask("GET", "/api/qr?text=" + quote("http://192.168.7.20:8080/play/quiz/?room=K7QM"))
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/svg+xml"))
        self.assertEqual(answer.headers["content-security-policy"], "default-src 'none'")
        root = ElementTree.fromstring(answer.body)
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertEqual(int(answer.headers["content-length"]), len(answer.body))

    def test_differs(self) -> None:
        """Another text is another picture, and one text always the same."""
        first, second, again = (self.node.ask("GET", f"/api/qr?text={text}").body for text in ("a", "b", "a"))
        self.assertNotEqual(first, second)
        self.assertEqual(first, again)

    def test_bounded(self) -> None:
        """A text has a limit, and there must be one."""
        longest = "x" * qr.QR_BYTES
        self.assertEqual(self.node.ask("GET", f"/api/qr?text={longest}").status, 200)
        for query in (f"?text={longest}x", "?text=", "", "?text=%ff"):
            answer = self.node.ask("GET", "/api/qr" + query)
            self.assertEqual((answer.status, answer.json["code"]), (400, "bad_data"), query)


class AddressTests(SynchronousTestCase):
    """Where people reach the server."""

    def urls(self, *ports: tuple[str, str, int], public: str | None = None, own: tuple[str, ...] = (LAN,)) -> list[str]:
        """The addresses of a server with these ports."""
        known = addresses.Addresses(public, lambda: own)
        for endpoint, host, port in ports:
            known.add(endpoint, SimpleNamespace(host=host, port=port))
        return known.urls

    def test_network(self) -> None:
        """A port of all addresses is told by those that phones can reach, never as localhost."""
        self.assertEqual(self.urls(("tcp:8080", "0.0.0.0", 8080)), [f"http://{LAN}:8080"])
        self.assertEqual(self.urls(("tcp:80", "0.0.0.0", 80)), [f"http://{LAN}"])
        self.assertEqual(self.urls(("ssl:443", "0.0.0.0", 443)), [f"https://{LAN}"])
        two = self.urls(("tcp:80", "127.0.0.1", 80), ("tcp6:8080", "::", 8080), own=(LAN, "2001:db8::7"))
        self.assertEqual(two, [f"http://{LAN}:8080", "http://[2001:db8::7]:8080"])
        self.assertEqual(self.urls(("tcp:1", "0.0.0.0", 1), own=("2001:db8::7",)), ["http://127.0.0.1:1"])

    def test_named_interface(self) -> None:
        """A port of one address is told by that; of the loopback only if there is no other."""
        self.assertEqual(self.urls(("tcp:8080", "127.0.0.1", 8080)), ["http://127.0.0.1:8080"])
        self.assertEqual(self.urls(("tcp:8080", "10.0.0.5", 8080)), ["http://10.0.0.5:8080"])

    def test_no_network(self) -> None:
        """A machine without a network has itself."""
        self.assertEqual(self.urls(("tcp:8080", "0.0.0.0", 8080), own=()), ["http://127.0.0.1:8080"])
        self.assertEqual(self.urls(), [])

    def test_public(self) -> None:
        """What the operator says goes before all that."""
        public = "https://games.example"
        self.assertEqual(self.urls(("tcp:8080", "0.0.0.0", 8080), public=public), [public])

    def test_unix(self) -> None:
        """A UNIX socket has no address that people could type."""
        known = addresses.Addresses(None, lambda: (LAN,))
        known.add("unix:/run/games", SimpleNamespace(name="/run/games"))
        self.assertEqual(known.urls, [])

    def test_own(self) -> None:
        """What this machine says of itself is never the loopback."""
        self.assertEqual([own for own in addresses.own_addresses() if addresses.is_loopback(own)], [])

    def test_asked(self) -> None:
        """``GET /api/server`` tells it, with name and version."""
        told = Node(Quiz).ask("GET", "/api/server").json
        expected: dict[str, Any] = {"name": "gameserver", "version": gameserver.__version__}
        self.assertEqual(told, {**expected, "public_url": None, "urls": []})


class FormTests(SynchronousTestCase):
    """What ``GET /api/games`` tells for forms."""

    def setUp(self) -> None:
        self.forms, self.loose = Node(Forms, Loose).ask("GET", "/api/games").json["games"]

    def schema(self, name: str) -> Any:
        """A message's schema, with its reference followed."""
        schema = self.forms["messages"][name]["schema"]
        return schema["$defs"][schema["$ref"].rpartition("/")[2]]

    def test_messages(self) -> None:
        """Each message is told by its name on the wire, with who may send it and when."""
        told = {name: (m["by"], m["phase"], m["question"]) for name, m in self.forms["messages"].items()}
        expected = {"play": ("host", "guess", False), "wave": ("player", None, False), "choose": ("any", None, True)}
        self.assertEqual(told, expected)
        self.assertEqual(self.loose["messages"], {})

    def test_schemas(self) -> None:
        """The data's schema has bounds, choices, and what is a seat."""
        play = self.schema("play")
        self.assertEqual(play["properties"]["cell"], {"type": "integer", "minimum": 0, "maximum": 8})
        self.assertEqual(play["required"], ["cell"])
        seat = {"type": "string", "format": "seat"}
        self.assertIn(seat, play["properties"]["to"]["anyOf"])
        self.assertEqual(self.schema("choose")["properties"]["card"], {"enum": ["ace", "king"]})
        self.assertEqual(self.schema("wave")["properties"], {})

    def test_page(self) -> None:
        """A game without a page says so."""
        self.assertEqual((self.forms["page"], self.loose["page"]), (False, False))
