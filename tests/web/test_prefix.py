"""A server that people reach under a path: its proxy leaves the path in requests, or takes it away."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource

from gameserver.errors import SettingError
from gameserver.game.importing import sample_folder
from gameserver.settings.settings import load
from gameserver.web import pages
from tests.web.test_api import Answer, Node, Quiz

PUBLIC = "https://play.example/fun/games"
BASE = "/fun/games"
PATHS = ("/", "/static/page.js", "/gameserver.js", "/game-chat.js", "/play/quiz/", "/play/none/", "/api/games",
         "/api/openapi.json", "/api/qr?text=x", "/healthz", "/readyz", "/metrics", "/api/rooms?game=quiz",
         "/api/rooms/K7QM", "/nothing", "/play/quiz/nothing.js", "/static/nothing.js")  # fmt: skip
FROM_THE_ROOT = re.compile(r"""(?:href|src|from|import|url|fetch|assign)\s*[=(:]?\s*["'`(]/[^"'`)]*""")
"""What HTML, CSS and JavaScript look like that name such a path."""


class Links(HTMLParser):
    """What a page names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value is not None]


class RouteTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.node = Node(Quiz, public_url=PUBLIC)

    def test_both_ways(self) -> None:
        """Every path is answered the same with the prefix and without."""
        for path in PATHS:
            for method in ("GET", "HEAD", "OPTIONS", "POST"):
                inside, outside = (self.node.ask(method, base + path) for base in ("", BASE))
                self.assertEqual((outside.status, outside.body), (inside.status, inside.body), (method, path))

    def test_calls_that_do_something(self) -> None:
        """A room that was made by one way is found by the other, and named by the way that people go."""
        made = self.node.ask("POST", f"{BASE}/api/rooms", {"game": "quiz"}, **self.node.token())
        code = made.json["room"]
        self.assertEqual((made.status, made.headers["location"]), (201, f"{BASE}/api/rooms/{code}"))
        for base in ("", BASE):
            self.assertEqual(self.node.ask("GET", f"{base}/api/rooms/{code}").json["room"], code)

    def test_websocket(self) -> None:
        """It is at both paths, and nowhere below."""

        class Told(Resource):
            isLeaf = True

            def render(self, request: object) -> bytes:
                return b"told"

        self.node.websocket.render = Told().render  # type: ignore[method-assign]
        for path in ("/ws", f"{BASE}/ws"):
            self.assertEqual(self.node.ask("GET", path).body, b"told", path)
        for path in (f"{BASE}/ws/x", "/fun/ws", "/games/ws"):
            self.assertEqual(self.node.ask("GET", path).status, 404, path)

    def test_without_its_slash(self) -> None:
        """The prefix alone leads to the lobby, by an address that is right whatever the proxy does."""
        answer = self.node.ask("GET", f"{BASE}?from=qr")
        self.assertEqual((answer.status, answer.headers["location"]), (307, "./games/?from=qr"))
        self.assertEqual(urljoin(PUBLIC, answer.headers["location"]), f"{PUBLIC}/?from=qr")

    def test_other_prefixes(self) -> None:
        """A part of it, another one, it twice, and it in other letters are none."""
        for base in ("/fun", "/games", "/fun/game", f"{BASE}x", "/FUN/games", BASE * 2, f"/{BASE}", "/fun//games"):
            self.assertEqual(self.node.ask("GET", f"{base}/healthz").status, 404, base)

    def test_quoted(self) -> None:
        """Whoever writes it in another way means the same."""
        node = Node(Quiz, public_url="https://play.example/jeux%20d%C3%A9j%C3%A0")
        for base in ("/jeux%20d%c3%a9j%c3%a0", "/%6aeux%20d%C3%A9j%C3%A0", ""):
            self.assertEqual(node.ask("GET", f"{base}/healthz").status, 200, base)

    def test_prefix_that_is_a_path_of_ours(self) -> None:
        """A prefix may be called as something of the server's: what is behind it tells which is meant."""
        for base in ("/play", "/static", "/api", "/ws", "/healthz"):
            node = Node(Quiz, public_url=f"https://play.example{base}")
            for path in ("/play/quiz/", "/static/page.js", "/api/games", "/healthz"):
                for way in (path, base + path):
                    self.assertEqual(node.ask("GET", way).status, 200, (base, way))
            self.assertEqual(node.ask("GET", f"{base}/").body, node.ask("GET", "/").body)

    def test_without_public_url(self) -> None:
        """Where nobody says so, there is no prefix."""
        self.assertEqual(Node(Quiz).ask("GET", f"{BASE}/healthz").status, 404)


class AddressTests(SynchronousTestCase):
    """What the server says of itself is right behind both kinds of proxy."""

    def links(self, node: Node, path: str) -> list[str]:
        """:returns: the addresses that a page names, as a browser understands them at the public address."""
        found = Links(node.ask("GET", path).body.decode()).found
        self.assertNotEqual(found, [])
        return [urljoin(PUBLIC + path, each) for each in found]

    def test_pages(self) -> None:
        """Whatever a page names is under the prefix, and is there."""
        node = Node(Quiz, public_url=PUBLIC)
        for path in ("/", "/play/quiz/", "/play/none/"):
            for link in self.links(node, path):
                self.assertTrue(link.startswith(f"{PUBLIC}/"), link)
                self.assertEqual(node.ask("GET", link.removeprefix(PUBLIC)).status, 200, link)

    def test_missing_game_without_slash(self) -> None:
        """So does the page of a game that is not there, which is one folder up without its slash."""
        node = Node(Quiz, public_url=PUBLIC)
        answer = node.ask("GET", "/play/none")
        self.assertEqual((answer.status, answer.headers["location"]), (307, "./none/"))
        self.assertEqual(node.ask("GET", "/play/none//").status, 404)

    def test_no_file_names_an_absolute_path(self) -> None:
        """No page, script or style names a path from the root, neither ours nor the samples' nor the client's."""
        samples = sample_folder()
        assert samples is not None
        found = [path for folder in (pages.STATIC, samples, pages.client_folder()) for path in Path(folder).rglob("*")]
        others, kinds = {"node_modules", "test"}, (".html", ".js", ".css")
        files = [path for path in found if path.suffix in kinds and others.isdisjoint(path.parts)]
        self.assertGreater(len(files), 30)
        for path in files:
            absolute = FROM_THE_ROOT.findall(path.read_text("utf-8"))
            self.assertEqual(absolute, [], path)

    def test_redirect_leads_nowhere_else(self) -> None:
        """A name that looks like an address is a name."""
        node = Node(Quiz, public_url=PUBLIC)
        for name in ("javascript:alert(1)", "https:%2f%2fevil.example", "%2f%2fevil.example", "..", "%0d%0aX: y"):
            answer: Answer = node.ask("GET", f"/play/{name}".replace(" ", "%20"))
            if answer.status == 307:
                to = urlsplit(urljoin(f"{PUBLIC}/play/x", answer.headers["location"]))
                self.assertEqual((to.scheme, to.netloc), ("https", "play.example"), name)
                self.assertNotIn("x", answer.headers)

    def test_description(self) -> None:
        """OpenAPI's servers: the public address, or, where none is known, the one that the description came from."""
        (server,) = Node(Quiz, public_url=PUBLIC).ask("GET", "/api/openapi.json").json["servers"]
        self.assertEqual(server["url"], PUBLIC)
        self.assertNotIn("servers", Node(Quiz).ask("GET", "/api/openapi.json").json)

    def test_server(self) -> None:
        """Links and QR codes begin with it."""
        told = Node(Quiz, public_url=f"{PUBLIC}/").ask("GET", f"{BASE}/api/server").json
        self.assertEqual((told["public_url"], told["urls"]), (PUBLIC, [PUBLIC]))


class SettingTests(SynchronousTestCase):
    def test_base_path(self) -> None:
        """What is behind the host, without a slash at its end."""
        for url, base in {
            "https://a.example": "",
            "https://a.example/": "",
            "https://a.example:8443/games/": "/games",
            "http://a.example/a/b%20c": "/a/b%20c",
        }.items():
            self.assertEqual(load({"public_url": url}).base_path, base, url)
        self.assertEqual(load({}).base_path, "")

    def test_paths_that_are_none(self) -> None:
        """Browsers would make something else of them."""
        for wrong in ("//", "/a//b", "/a/../b", "/.", "/%2e%2e/x", "/a/./b", "/a;b c", "/\\a"):
            self.assertRaises(SettingError, load, {"public_url": f"https://a.example{wrong}"})
