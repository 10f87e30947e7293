"""Tests for the languages of pages: which one a browser gets, and what of a page the server translates."""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver.web import languages
from gameserver.web.languages import accepted, direction, fitting, texts_of, translated, written_in
from tests.web.test_api import Answer
from tests.web.test_pages import FolderTests

GAME = """
from typing import Annotated
from gameserver import Game, message
from msgspec import Meta

class Chess(Game):
    \"\"\"A game of kings.\"\"\"
    title = "Chess"
    def on_create(self, clock_min: Annotated[int, Meta(description="Minutes each")] = 5): ...
    @message
    def play(self, player): ...
"""
PAGE = """<!DOCTYPE html>
<html lang="{lang}" data-theme="night">
<head>
  <title data-t>Chess</title>
  <script type="module" src="page.js"></script>
</head>
<body><p data-t class="lead">A game of kings.</p><input data-t="placeholder" placeholder="A &amp; B"><p>Chess</p></body>
</html>
"""
GERMAN = {
    "Chess": "Schach",
    "A game of kings.": "Ein <Spiel> für Könige.",
    "A & B": "A und B",
    "Minutes each": "Minuten für jeden",
    "Clock min": "Bedenkzeit",
    "Only on the page": "Nur auf der Seite",
}


class ChoiceTests(SynchronousTestCase):
    """Which language it is."""

    def test_header(self) -> None:
        """Browsers name their languages with weights; those of equal weight in their order."""
        for header, found in {
            "de-AT,de;q=0.9,en;q=0.8": ["de-at", "de", "en"],
            "en;q=0.5, fr": ["fr", "en"],
            "es;q=0, de": ["de"],
            "": [],
            "*": [],
            "de;q=x, fr": ["fr"],
            ";;;,,,": [],
            "de, de;q=0.1, fr;q=0.5": ["de", "fr"],
        }.items():
            self.assertEqual(accepted(header), found, header)

    def test_long_header(self) -> None:
        """No more of it is looked at than a person may want."""
        many = ",".join(f"x{i:02}" for i in range(60_000))
        self.assertEqual(len(accepted(many)), languages.MOST_WISHES)
        self.assertEqual(accepted("xx," * 15 + "de," + "fr," * 100_000), ["xx", "de"])

    def test_fitting(self) -> None:
        """A wish is met by the same language, or by the same without its country; else the page is as it is written."""
        there = ["de", "es", "pt-br"]
        for wished, found in {
            ("de-ch-1996",): "de",
            ("it", "es-mx"): "es",
            ("pt-br",): "pt-br",
            ("pt",): "en",
            ("en-gb", "de"): "en",
            (): "en",
            ("en-x-rtl",): "en-x-rtl",
        }.items():
            self.assertEqual(fitting(wished, there, "en"), found, wished)
        self.assertEqual(fitting(("en-x-rtl",), ["en"], "it"), "en", "it would show what is not there")

    def test_direction(self) -> None:
        """Where a language runs to."""
        self.assertEqual([direction(each) for each in ("ar", "he-il", "en-x-rtl")], ["rtl"] * 3)
        self.assertEqual([direction(each) for each in ("en", "de", "arn")], ["ltr"] * 3)

    def test_written_in(self) -> None:
        """A page says what it is written in."""
        self.assertEqual(
            [written_in(text) for text in ('<html class="a" lang=it>', "<HTML LANG='de-AT'>", "<p>")],
            ["it", "de-at", "en"],
        )

    def test_what_is_read_of_a_game(self) -> None:
        """Its texts, and its names as they are shown."""
        self.assertEqual(texts_of({"max_rounds": [1, "Ten"]}), {"Max rounds", "Ten"})


class TranslatedTests(SynchronousTestCase):
    """A page in a language."""

    def test_marks(self) -> None:
        """What is marked is translated, as text and never as markup; the rest is left alone."""
        found = translated(PAGE.format(lang="en"), "de", GERMAN, ["en", "de"])
        self.assertIn('<html lang="de" dir="ltr" data-languages="en de" data-theme="night">', found)
        self.assertIn("<title data-t>Schach</title>", found)
        self.assertIn('<p data-t class="lead">Ein &lt;Spiel&gt; für Könige.</p>', found)
        self.assertIn('placeholder="A und B"', found)
        self.assertIn("<p>Chess</p>", found)

    def test_nothing_to_say_it_with(self) -> None:
        """A page that has no element for its language gets one; a fragment stays what it is."""
        self.assertIn(
            '<!doctype html>\n<html lang="ar" dir="rtl" data-languages="en ar"><p>',
            translated("<!doctype html><p>", "ar", {}, ["en", "ar"]),
        )
        self.assertEqual(translated("<p>x</p>", "de", GERMAN, ["en"]), "<p>x</p>")

    def test_own_direction(self) -> None:
        """What a page says of where it runs to stays so in its own language."""
        page = '<html dir="rtl" lang="en">'
        self.assertIn('dir="rtl"', translated(page, "en", {}, ["en", "de"]))
        self.assertIn('dir="ltr"', translated(page, "de", {}, ["en", "de"]))


class ServedTests(FolderTests):
    """Pages as browsers get them."""

    def setUp(self) -> None:
        super().setUp()
        self.write(
            {
                "chess.py": GAME,
                "pages/chess/index.html": PAGE.format(lang="en"),
                "pages/chess/page.js": 'import { t } from "../../static/page.js";\n',
                "pages/chess/words/de.json": json.dumps(GERMAN),
                "pages/chess/words/ar.json": json.dumps({"Chess": "شطرنج"}),
            }
        )
        self.server = self.node()

    def page(self, path: str = "/play/chess/", **headers: str) -> Answer:
        """Ask for a page."""
        return self.server.ask("GET", path, **{name.replace("_", "-"): value for name, value in headers.items()})

    def language(self, path: str = "/play/chess/", **headers: str) -> str:
        """Give the language that a page is in."""
        return re.findall(r'<html lang="([^"]+)"', self.page(path, **headers).body.decode())[0]

    def own(self, **headers: str) -> dict[str, Any]:
        """Give what a page is told in words of its game."""
        found = re.findall(r'id="gameserver-words">(.*?)</script>', self.page(**headers).body.decode())
        return json.loads(found[0]) if found else {}

    def test_wishes(self) -> None:
        """What the address says counts first, then what was chosen, then what the browser says."""
        self.assertEqual(self.language(), "en")
        self.assertEqual(self.language(accept_language="de-AT, en;q=0.5"), "de")
        cookie = f"{languages.COOKIE.decode()}=es"
        self.assertEqual(self.language(accept_language="de", cookie=cookie), "es")
        self.assertEqual(self.language("/play/chess/?lang=fr&room=K7QM", accept_language="de", cookie=cookie), "fr")
        for nonsense in ("xx", "%22%3E", "..%2Fde", "de%00", ""):
            self.assertEqual(self.language(f"/play/chess/?lang={nonsense}", accept_language="de"), "de", nonsense)

    def test_told_apart(self) -> None:
        """What lies between may not give one browser what another got."""
        english, german = self.page(), self.page(accept_language="de")
        self.assertNotEqual(english.headers["etag"], german.headers["etag"])
        for answer in (english, german):
            self.assertEqual(answer.headers["vary"], "Accept-Encoding, Accept-Language, Cookie")

    def test_requests(self) -> None:
        """English takes no file more; another language one, kept for good, which is there before the modules run."""
        self.assertNotIn("<script defer", self.page().body.decode())
        self.assertNotIn("gameserver-words", self.page().body.decode())
        text = self.page(accept_language="es").body.decode()
        (path,) = re.findall(r'<script defer src="\.\./\.\.(/static/bundle/words-es\.js\?v=\w+)">', text)
        self.assertLess(text.index("<script defer"), text.index('<script type="module"'))
        answer = self.server.ask("GET", path)
        self.assertEqual(answer.headers["cache-control"], "public, max-age=31536000, immutable")
        self.assertTrue(answer.body.startswith(b"globalThis.gameserverWords={"))
        shared = json.loads(
            (languages.Path(__file__).parents[2] / "gameserver/web/static/words/es.json").read_text("utf-8")
        )
        self.assertEqual(json.loads(answer.body.partition(b"=")[2].rstrip(b";\n")), shared)

    def test_own_words(self) -> None:
        """A game's catalogue comes in its page, and cannot end the element that it stands in."""
        self.assertEqual(self.own(accept_language="de"), GERMAN)
        self.assertNotIn("<Spiel>", self.page(accept_language="de").body.decode())
        self.assertEqual(self.own(accept_language="fr"), {})

    def test_right_to_left(self) -> None:
        """A language of the game's alone can be had in it, and turns it round."""
        text = self.page(accept_language="ar").body.decode()
        self.assertIn('<html lang="ar" dir="rtl" data-languages="en ar de es fr"', text)
        self.assertIn("شطرنج", text)
        self.assertEqual(self.language("/", accept_language="ar"), "en", "not in the lobby")

    def test_lobby(self) -> None:
        """The lobby is told what it says of a game, its options too, and no more; its own text is translated."""
        text = self.page("/", accept_language="de").body.decode()
        (found,) = re.findall(r'id="gameserver-words">(.*?)</script>', text)
        told = json.loads(found)
        self.assertEqual(
            told, {key: value for key, value in GERMAN.items() if key not in ("A & B", "Only on the page")}
        )
        self.assertIn("<h1 data-t>Spielt zusammen</h1>", text)
        self.assertIn('placeholder="zum Beispiel K7QM"', text)

    def test_written_anew(self) -> None:
        """A catalogue may change, come and go while the server runs; one that is damaged is none."""
        self.write({"pages/chess/words/de.json": json.dumps({"Chess": "Schach!"})})
        self.assertEqual(self.own(accept_language="de"), {"Chess": "Schach!"})
        self.write({"pages/chess/words/es.json": json.dumps({"Chess": "Ajedrez"})})
        self.assertEqual(self.own(accept_language="es"), {"Chess": "Ajedrez"})
        for damaged in ("{", '{"a": 1}', "[]", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")):
            self.write({"pages/chess/words/es.json": damaged})
            self.assertEqual(self.own(accept_language="es"), {}, damaged)
            self.assertIn("Chess", self.page(accept_language="es").body.decode())

    def test_other_source(self) -> None:
        """A page that is written in another language is in that one, and in those that its game has."""
        self.write({"pages/chess/index.html": PAGE.format(lang="it")})
        self.assertEqual(self.language(accept_language="fr, en"), "it")
        self.assertEqual(self.language(accept_language="de"), "de")

    def test_nothing_there(self) -> None:
        """Who looks for what is not there is told so in the same language."""
        answer = self.page("/play/nothing/", accept_language="de", accept="text/html")
        self.assertEqual((answer.status, answer.headers["vary"]), (404, "Accept-Language, Cookie"))
        self.assertIn("<h1>Das Spiel gibt es nicht</h1>", answer.body.decode())
        self.assertIn('<html lang="de" dir="ltr">', answer.body.decode())

    def test_without_a_page(self) -> None:
        """A game that brings words and no page has them on the default one."""
        (self.folder / "pages/chess/index.html").unlink()
        server = self.node()
        text = server.ask("GET", "/play/chess/", **{"accept-language": "de"}).body.decode()
        self.assertIn('"Chess":"Schach"', text)
        self.assertIn("<title data-t>Spiel</title>", text)
