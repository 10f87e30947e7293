"""Trivia's questions, what is read of other files, which answers match, and the formula of the points."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from games.trivia import importer, questions, scoring
from games.trivia.matching import distance, fold, forgiven, is_match
from games.trivia.questions import CARDS, Card, fault
from games.trivia.scoring import Given

OPENTDB: dict[str, Any] = {
    "response_code": 0,
    "results": [
        {
            "type": "multiple",
            "difficulty": "medium",
            "category": "Entertainment: Books",
            "question": "Who wrote &quot;Les Mis&eacute;rables&quot;, didn&#039;t he?",
            "correct_answer": "Victor Hugo &amp; nobody",
            "incorrect_answers": ["Zola", "Balzac &lt;3", "Dumas"],
        },
        {
            "type": "boolean",
            "difficulty": "easy",
            "category": "Science &amp; Nature",
            "question": "Water is wet.",
            "correct_answer": "True",
            "incorrect_answers": ["False"],
        },
        {
            "type": "multiple",
            "difficulty": "hard",
            "category": "Art",
            "question": "Twice the same?",
            "correct_answer": "A",
            "incorrect_answers": ["A", "B", "C"],
        },
    ],
}


class DataTests(SynchronousTestCase):
    def test_at_least_300(self) -> None:
        """Enough for many evenings, of all kinds, difficulties and some categories."""
        self.assertGreaterEqual(len(CARDS), 300)
        for kind, least in (("choice", 200), ("text", 50), ("number", 40), ("boolean", 40)):
            self.assertGreaterEqual(sum(card.kind == kind for card in CARDS), least, kind)
        for difficulty in ("easy", "medium", "hard"):
            self.assertGreaterEqual(len(questions.matching(difficulty=difficulty)), 100)
        self.assertGreaterEqual(len(questions.CATEGORIES), 6)
        for category in questions.CATEGORIES:
            self.assertGreaterEqual(len(questions.matching([category])), 40)

    def test_all_are_well_formed(self) -> None:
        """Texts are there and not too long, the answer is among the choices."""
        for card in CARDS:
            self.assertIsNone(fault(card), card)
            self.assertLessEqual(len(card.text), 120)
            if card.kind == "choice":
                self.assertEqual(len(card.choices), 4)
                self.assertEqual(sum(fold(str(card.answer)) == fold(choice) for choice in card.choices), 1, card)
            if card.kind == "text":
                self.assertTrue(is_match(str(card.answer), [str(card.answer)], card.reject))

    def test_all_are_unique(self) -> None:
        """None stands there twice, as it is read or as it is shown."""
        files = [json.loads(path.read_text()) for path in questions.DATA.glob("*.json")]
        self.assertEqual(len(CARDS), sum(len(file["questions"]) for file in files))
        asked = [(card.text, card.picture, card.choices, card.language) for card in CARDS]
        self.assertEqual(len(set(asked)), len(asked))

    def test_questions_do_not_tell_their_answer(self) -> None:
        """What is to be typed does not stand in the question."""
        for card in CARDS:
            if card.kind == "text":
                self.assertNotIn(fold(str(card.answer)), fold(card.text), card)

    def test_source_is_named(self) -> None:
        """Each file says where its questions come from."""
        for path in questions.DATA.glob("*.json"):
            self.assertTrue(json.loads(path.read_text())["source"])

    def test_languages_have_the_same(self) -> None:
        """In each language as many of each category, difficulty, kind and number of answers, in its own words."""
        self.assertEqual(questions.LANGUAGES, ["en", "de", "es", "fr"])
        english = questions.matching()
        for language in questions.LANGUAGES[1:]:
            cards = questions.matching(language=language)
            self.assertEqual(_shapes(cards), _shapes(english), language)
            self.assertEqual({card.text for card in cards} & {card.text for card in english}, set())
            # A question that is the same in all is about the same thing, and numbers and truth do not change.
            for card, other in zip(cards, english, strict=True):
                self.assertEqual((card.category, card.kind, card.picture), (other.category, other.kind, other.picture))
                if card.kind in ("number", "boolean"):
                    self.assertEqual((card.answer, card.unit), (other.answer, other.unit), card)

    def test_known_facts_in_other_languages(self) -> None:
        """A few that everybody can check."""
        facts = {card.text: card.answer for card in CARDS}
        self.assertEqual(facts["Wie heißt die Hauptstadt der Türkei?"], "Ankara")
        self.assertEqual(facts["In welcher Stadt steht die Freiheitsstatue?"], "New York")
        self.assertEqual(facts["¿De qué país es capital Canberra?"], "Australia")
        self.assertEqual(facts["¿Cuál es la moneda de Polonia?"], "Esloti")
        self.assertEqual(facts["En quelle année Hawaï est-il devenu un État des États-Unis\u00a0?"], 1959)
        self.assertEqual(facts["Quelle est la capitale de la Turquie\u00a0?"], "Ankara")

    def test_other_names_are_right(self) -> None:
        """What is said elsewhere where the language is spoken, or stands on English maps, is right, too."""
        typed = {card.text: card for card in CARDS if card.kind == "text"}
        for question, said in {
            "Von welchem Land ist Berlin die Hauptstadt?": "BRD",
            "Von welchem Land ist London die Hauptstadt?": "England",
            "Von welchem Land ist Santo Domingo die Hauptstadt?": "Dom. Rep.",
            "¿De qué país es capital Riad?": "Arabia Saudita",
            "¿De qué país es capital Santo Domingo?": "Rep. Dominicana",
            "¿De qué país es capital Londres?": "Inglaterra",
            "¿De qué estado de los Estados Unidos es capital Trenton?": "New Jersey",
            "¿De qué estado de los Estados Unidos es capital Bismarck?": "North Dakota",
        }.items():
            card = typed[question]
            self.assertTrue(is_match(said, [str(card.answer), *card.accept], card.reject), said)
        bismarck = typed["¿De qué estado de los Estados Unidos es capital Bismarck?"]
        self.assertFalse(is_match("South Dakota", [str(bismarck.answer), *bismarck.accept], bismarck.reject))

    def test_known_facts(self) -> None:
        """A few that everybody can check."""
        facts = {card.text: card.answer for card in CARDS}
        self.assertEqual(facts["What is the capital of France?"], "Paris")
        self.assertEqual(facts["Canberra is the capital of which country?"], "Australia")
        self.assertEqual(facts["In which year did Hawaii become a state of the USA?"], 1959)
        self.assertEqual(facts["To which constellation does the star Sirius belong?"], "Canis Major")

    def test_faults_are_named(self) -> None:
        """Whoever writes questions is told what is wrong with one."""
        good: dict[str, Any] = {"text": "Q?", "category": "A", "difficulty": "easy"}
        bad = [
            Card(**good, kind="choice", answer="A", choices=("B", "C")),
            Card(**good, kind="choice", answer="A", choices=("A", "A", "B")),
            Card(**good, kind="choice", answer=1, choices=("A", "B")),
            Card(**good, kind="boolean", answer=1),
            Card(**good, kind="number", answer=True),
            Card(**good, kind="number", answer="1"),
            Card(**good, kind="text", answer=" "),
            Card(**good, kind="text", answer="A", choices=("A", "B")),
            Card(**{**good, "text": "x" * 301}, kind="boolean", answer=True),
            Card(**{**good, "category": ""}, kind="boolean", answer=True),
        ]
        self.assertEqual([card for card in bad if fault(card) is None], [])

    def test_bad_file_is_named(self) -> None:
        """A file that cannot be read is an error with its name."""
        folder = Path(self.mktemp())
        folder.mkdir()
        for text in ("[]", "{", '{"source": "", "questions": [{"text": "Q?"}]}'):
            (folder / "mine.json").write_text(text)
            self.assertIn("mine.json", str(self.assertRaises(ValueError, questions.load, folder)))


def _shapes(cards: list[Card]) -> Counter[tuple[str, str, str, int]]:
    """:returns: how many questions there are of each category, difficulty, kind and number of choices."""
    return Counter((card.category, card.difficulty, card.kind, len(card.choices)) for card in cards)


class ImporterTests(SynchronousTestCase):
    def test_read(self) -> None:
        """Questions of both types, codes decoded; one that cannot be asked is left out and named."""
        cards, faults = importer.read(json.dumps(OPENTDB).encode())
        self.assertEqual(
            cards,
            [
                Card(
                    'Who wrote "Les Misérables", didn\'t he?',
                    "Entertainment: Books",
                    "medium",
                    "choice",
                    "Victor Hugo & nobody",
                    choices=("Balzac <3", "Dumas", "Victor Hugo & nobody", "Zola"),
                ),
                Card("True or false: Water is wet.", "Science & Nature", "easy", "boolean", True),
            ],
        )
        self.assertEqual(len(faults), 1)
        self.assertIn("Twice the same?", faults[0])

    def test_bad_answers_refused(self) -> None:
        """What is not an answer of the database, or none with questions, is said to be that."""
        for data in (b"", b"[]", b'{"response_code": 5, "results": []}', b'{"response_code": 0, "results": [{}]}'):
            self.assertRaises(ValueError, importer.read, data)

    def test_command(self) -> None:
        """The command adds to a file that the server reads; what it has already comes once."""
        folder = Path(self.mktemp())
        folder.mkdir()
        source, target = folder / "some.txt", folder / "opentdb.json"
        source.write_text(json.dumps(OPENTDB))
        for expected in ("2 new", "0 new"):
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                self.assertEqual(importer.main([str(source), "--to", str(target)]), 0)
            self.assertIn(expected, out.getvalue())
            self.assertIn("Twice the same?", err.getvalue())
        self.assertEqual(len(questions.load(folder)), 2)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(importer.main([str(folder / "none.json"), "--to", str(target)]), 1)
        self.assertIn("none.json", said.getvalue())


class MatchingTests(SynchronousTestCase):
    def test_matches(self) -> None:
        """Case, accents, punctuation, articles and small slips do not count."""
        for given_, right in [
            ("sao tome", "São Tomé"),
            ("  OSLO ", "Oslo"),
            ("netherlands", "The Netherlands"),
            ("The Netherlands", "Netherlands"),
            ("Cote dIvoire", "Côte d’Ivoire"),  # noqa: RUF001
            ("guinea bissau", "Guinea-Bissau"),
            ("Lodz", "Łódź"),
            ("STRASSE", "Straße"),
            ("rock and roll", "Rock & Roll"),
            ("Argentinia", "Argentina"),
            ("Kazakstan", "Kazakhstan"),
            ("Praseodynium", "Praseodymium"),
            ("Irno", "Iron"),
            ("washington dc", "Washington, D.C."),
            ("C++", "C++"),
            ("Oesterreich", "Österreich"),
            ("osterreich", "Österreich"),
            ("Koeln", "Köln"),
            ("Tuerkei", "die Türkei"),
            ("Die Türkei", "Türkei"),
            ("des Irak", "Irak"),
            ("Espana", "España"),
            ("los países bajos", "Países Bajos"),
            ("el salvador", "El Salvador"),
            ("etats unis", "États-Unis"),
            ("l’Autriche", "Autriche"),  # noqa: RUF001
            ("L'AUTRICHE", "Autriche"),
            ("vietnam", "Viêt Nam"),
        ]:
            self.assertTrue(is_match(given_, [right]), (given_, right))

    def test_mismatches(self) -> None:
        """Something else, nothing, another number, and slips in what is short."""
        for given_, right in [
            ("", "Oslo"),
            ("?", "Oslo"),
            ("Rome", "Oslo"),
            ("Tim", "Tin"),
            ("Apollo 12", "Apollo 11"),
            ("Apollo", "Apollo 11"),
            ("Argentiniens", "Argentina"),
            ("x" * 100, "Oslo"),
        ]:
            self.assertFalse(is_match(given_, [right]), (given_, right))

    def test_near_miss_of_wrong_answer(self) -> None:
        """What is nearer to a wrong answer is wrong, if it would be forgiven otherwise."""
        self.assertTrue(is_match("Austrai", ["Australia", "Austria"]))
        self.assertFalse(is_match("Austria", ["Australia"], ["Austria"]))
        self.assertFalse(is_match("Iran", ["Iraq"], ["Iran"]))
        self.assertFalse(is_match("Slovakia", ["Slovenia"], ["Slovakia"]))
        self.assertTrue(is_match("Slovennia", ["Slovenia"], ["Slovakia"]))
        self.assertTrue(is_match("Australia", ["Australia"], ["Austria"]))

    def test_no_country_is_taken_for_another(self) -> None:
        """Of all questions that are typed, no answer of one is right for another of its category and language."""
        typed = [card for card in CARDS if card.kind == "text"]
        for card in typed:
            for other in typed:
                is_alike = (card.category, card.language) == (other.category, other.language)
                if is_alike and card.answer != other.answer:
                    self.assertFalse(is_match(str(other.answer), [str(card.answer), *card.accept], card.reject))

    @given(st.text(max_size=30), st.text(max_size=30))
    def test_distance_is_a_distance(self, a: str, b: str) -> None:
        """From nothing to itself none, the same both ways, bounded by what is asked for."""
        self.assertEqual(distance(a, a, 3), 0)
        self.assertEqual(distance(a, b, 3), distance(b, a, 3))
        self.assertEqual(distance(a, b, 50) == 0, a == b)
        self.assertEqual(distance(a, b, 3), min(distance(a, b, 50), 4))

    @given(st.text(max_size=40))
    def test_fold_is_stable(self, text: str) -> None:
        """Any text can be folded, and matches itself."""
        fold(text)
        self.assertTrue(is_match(text, [text]))
        self.assertIn(forgiven(text), (0, 1, 2))


class ScoringTests(SynchronousTestCase):
    card = Card("Q?", "A", "easy", "number", 100)

    def test_worth(self) -> None:
        """1000 at once, 500 at the deadline and after; always 1000 without speed."""
        self.assertEqual([scoring.worth(s, 20, True) for s in (0, 5, 10, 20, 21, -1)], [1000, 875, 750, 500, 500, 1000])
        self.assertEqual([scoring.worth(s, 20, False) for s in (0, 20)], [1000, 1000])

    def test_nearest(self) -> None:
        """Equally near is equally good; the fourth gets nothing; speed counts for each."""
        values = {"a": 90, "b": 110, "c": 120, "d": 75, "e": 0}
        given_ = {seat: Given(value, 0) for seat, value in values.items()}
        given_["b"] = Given(110, 10)
        streaks = dict.fromkeys("abcdef", 2)
        marks = scoring.mark(self.card, given_, streaks, right=100, seconds=20, speed=True)
        self.assertEqual([marks[seat].points for seat in "abcdef"], [1200, 950, 500, 250, 0, 0])
        self.assertEqual([marks[seat].right for seat in "abcdef"], [True, True, False, False, False, False])
        self.assertEqual([marks[seat].streak for seat in "abcdef"], [3, 3, 2, 2, 2, 0])

    def test_nobody_answered(self) -> None:
        """Nobody gains, and all streaks end."""
        marks = scoring.mark(self.card, {}, {"a": 4}, right=100, seconds=20, speed=True)
        self.assertEqual(marks, {"a": scoring.Mark(right=False, points=0, bonus=0, streak=0)})

    def test_ranks(self) -> None:
        """Equals share a rank, and the next counts them."""
        ranks = scoring.ranked([{"score": s} for s in (5, 9, 5, 9, 1)])
        self.assertEqual([(e["score"], e["rank"]) for e in ranks], [(9, 1), (9, 1), (5, 3), (5, 3), (1, 5)])


class FlagTests(SynchronousTestCase):
    def test_every_flag_is_drawn_from_a_file(self) -> None:
        """A browser without a font for flags would show the country's letters, and with them the answer."""
        folder = Path(questions.__file__).parent / "page" / "flags"
        flags = [card.picture for card in CARDS if card.category == "Flags"]
        self.assertGreater(len(flags), 0)
        for flag in flags:
            code = "".join(chr(ord(letter) - 0x1F1E6 + ord("a")) for letter in flag)
            self.assertTrue((folder / f"{code}.svg").is_file(), flag)
