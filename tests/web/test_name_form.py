"""What a phone loads before it can ask for a name, on trivia's page: it is bounded."""

from __future__ import annotations

import gzip
import re
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from gameserver.game.loader import load
from tests.web.test_api import Node

MOST_REQUESTS: Final = 6
MOST_BYTES: Final = 60_000
HEADERS: Final = 500
"""Bytes of the head of an answer, and to spare."""
LOADED: Final = re.compile(
    r'<link rel="(?:stylesheet|modulepreload)" href="([^"]+)">|<script (?:defer|type="module") src="([^"]+)"'
)


class NameFormTests(SynchronousTestCase):
    """The link of a room, opened on a phone."""

    def setUp(self) -> None:
        catalog = load((), entry_points=False)
        self.node = Node(*catalog.games.values(), catalog=catalog)
        self.code = self.node.create("trivia")

    def loads(self, language: str) -> dict[str, int]:
        """:returns: what is loaded for the form, with its bytes, compressed as over plain http."""
        at = "/play/trivia/"
        page = f"{at}?room={self.code}"
        text = self.node.ask("GET", page, **{"accept-language": language}).body.decode()
        named = dict.fromkeys("".join(found) for found in LOADED.findall(text))
        paths = [page, f"/api/rooms/{self.code}"]
        for address in named:
            self.assertRegex(address, r"\?v=\w+$")
            paths.append(address.replace("../../", "/").replace("./", at) if "/" in address else at + address)
        sizes = {}
        for path in paths:
            answer = self.node.ask("GET", path, **{"accept-language": language})
            self.assertEqual(answer.status, 200, path)
            sizes[path.partition("?")[0]] = len(gzip.compress(answer.body)) + HEADERS
        return sizes

    def test_english(self) -> None:
        """At most six requests and 60 KB, all that the form waits for; the kit and the game come after it."""
        sizes = self.loads("en")
        self.assertIn("/static/bundle/enter.js", sizes, "the bundle is stale: make js")
        self.assertLessEqual(len(sizes), MOST_REQUESTS, sizes)
        self.assertLessEqual(sum(sizes.values()), MOST_BYTES, sizes)
        self.assertFalse({"/static/bundle/pages.js", "/play/trivia/night.js"} & sizes.keys())

    def test_another_language(self) -> None:
        """Another language is one request more, within the same bytes."""
        sizes = self.loads("de")
        self.assertIn("/static/bundle/words-de.js", sizes)
        self.assertLessEqual(len(sizes), MOST_REQUESTS + 1, sizes)
        self.assertLessEqual(sum(sizes.values()), MOST_BYTES, sizes)
