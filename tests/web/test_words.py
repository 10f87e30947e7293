"""Tests for what is translated: all that pages say, in each language, and how what is missing is found."""

from __future__ import annotations

import json
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gameserver.web import untranslated
from tests import words

LANGUAGES = ["de", "es", "fr"]


class ProjectTests(SynchronousTestCase):
    """The pages, and the sample games."""

    def test_all_is_translated(self) -> None:
        """In each language there is a message for each text, with its places: what ``python -m tests.words`` says."""
        for part in words.parts():
            self.assertEqual(list(untranslated.faults(part)), [], part.name)

    def test_languages(self) -> None:
        """All that is translated is in the same languages, with the same keys."""
        for part in words.parts():
            self.assertEqual(part.languages(), LANGUAGES, part.name)
            keys = [set(part.catalogue(language)) for language in LANGUAGES]
            self.assertEqual(keys[1:], keys[:1] * 2, part.name)

    def test_french_spaces_do_not_break(self) -> None:
        """In French a space stands before these signs, and no line ends there."""
        games = Path(words.__file__).parent.parent / "games"
        data = [path.read_text("utf-8") for path in games.glob("*/data/*.fr.json")]
        self.assertEqual(len(data), 2)
        said = [text for part in words.parts() for text in part.catalogue("fr").values()]
        for text in (*data, *said):
            self.assertEqual(re.findall(r".{0,20} [?!;:»]|« .{0,20}", text), [])

    def test_much_is_found(self) -> None:
        """The pages say a lot: a search that finds nothing would find nothing missing."""
        self.assertGreater(len(untranslated.shared().texts()), 250)


class FinderTests(SynchronousTestCase):
    """What is found."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        (self.folder / "words").mkdir(parents=True)

    def part(
        self, script: str = "", page: str = "", said: dict[str, bool] | None = None, **catalogues: dict[str, str]
    ) -> list[str]:
        """:returns: what is wrong with these."""
        (self.folder / "page.js").write_text(script, "utf-8")
        (self.folder / "index.html").write_text(page, "utf-8")
        for language, catalogue in catalogues.items():
            (self.folder / f"words/{language}.json").write_text(json.dumps(catalogue), "utf-8")
        scripts, pages = [self.folder / "page.js"], [self.folder / "index.html"]
        made = untranslated.Part("game", scripts, pages, self.folder, said or {})
        return list(untranslated.faults(made))

    def test_missing_and_unused(self) -> None:
        """A text without a translation, and a translation without a text."""
        script = 't("One");\nel("p", {}, parts("Two {n}", { n }));\n// t("Three")\n'
        page = '<h1 data-t>Four\n five</h1><input data-t="placeholder" placeholder="Six">'
        found = self.part(script, page, {"Seven": True, "Eight": False}, de={"One": "Eins", "Nine": "Neun"})
        missing = [line.rpartition(": ")[2] for line in found if "not translated" in line]
        self.assertEqual(missing, ["Four five", "Seven", "Six", "Two {n}"])
        self.assertIn("game, de: nobody says: Nine", found)
        self.assertEqual(len(found), 5)

    def test_places(self) -> None:
        """A message has the places of its text, wherever it has them, and can be read."""
        text = "{n, plural, one {# coin for {name}} other {# coins for {name}}}"
        self.assertEqual(untranslated.places(text), {"n", "name"})
        self.assertEqual(untranslated.places("{a} {b, select, x {{c}} other {}} {d, number}"), {"a", "b", "c", "d"})
        good = "{n, plural, one {# Münze} other {# Münzen}} für {name}"
        self.assertEqual(self.part(f't("{text}");', de={text: good}), [])
        for bad, why in {
            "{n, plural, one {# Münze} other {# Münzen}} für {Name}": "other places",
            "{n, plural, one {#} other {# {name}": "a brace",
            "{n, plural, one {# {name}} few {# {name}}}": "without other",
            "": "nothing is said",
        }.items():
            found = self.part(f't("{text}");', de={text: bad})
            self.assertTrue(any(why in line for line in found), (bad, found))

    def test_literals(self) -> None:
        """What looks like words and nobody can translate; what only programs read does not."""
        for script in (
            'el("p", {}, "Nobody is here")',
            'el("p", {}, `${name} is here`)',
            'toast("Copied.")',
            'el("p", { "aria-label": "All players" })',
            'const text = mine ? "your turn" : `the turn of ${name}`;',
            'return "You win";',
        ):
            self.assertNotEqual(self.part(script), [], script)
        for script in (
            'el("p", { class: "card stack narrow" }, t("Here"), said("The game"))',
            'import { el } from "../../static/page.js";',
            'room.on("$change", draw, ["$info", "$seats"]);',
            'el("p", { class: ["seat", me && "my own"], role: "status" }, `${left}/${most}`)',
            'throw new Error("That is for developers");',
            '/* el("p", {}, "Nobody is here") */',
        ):
            self.assertEqual([line for line in self.part(script) if "not translated" not in line], [], script)
        self.assertEqual(len(self.part(page="<h1>Hello there</h1><p data-t>Hello</p>")), 1)

    def test_python(self) -> None:
        """Of a game: what it is, what it refuses with, titles and labels for sure; other texts and names perhaps."""
        source = (
            'class Toss(Game):\n    """Call it.\n\n    Not this."""\n    title = "Coin toss"\n'
            '    def call(self, max_rounds):\n        raise Refused("No such side.", code="side")\n'
            '        x = Meta(description="How many")\n        y = "heads"\n'
        )
        found = list(untranslated.spoken(source))
        for text in ("Call it.", "Coin toss", "No such side.", "How many"):
            self.assertIn((text, True), found)
        for text in ("heads", "Max rounds", "Call"):
            self.assertIn((text, False), found)
