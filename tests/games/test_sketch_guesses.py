"""What counts as a guess, how many points it gives, and what words there are."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from games.sketch import Sketch, drawing, guesses, scoring, words
from gameserver import Refused, WordFilter


class GuessTests(SynchronousTestCase):
    def test_right(self) -> None:
        """Case, accents, punctuation, spaces and look-alikes do not matter; a few words around it neither."""
        for text in ("apple", "APPLE!", "is it an apple?", "a p p l e", "ápple", "app\u200ble", "\u0430pple"):
            self.assertTrue(guesses.is_right(text, "apple"), text)
        for text in ("ice cream", "icecream", "Ice-Cream", "some ice cream"):
            self.assertTrue(guesses.is_right(text, "ice cream"), text)
        self.assertTrue(guesses.is_right("deja vu", "déjà vu"))

    def test_right_in_other_languages(self) -> None:
        """Without accents, with umlauts written out, with an article, with or without what joins a word's parts."""
        for text, word in (
            ("Bar", "Bär"),
            ("BAER", "Bär"),
            ("der Bär!", "Bär"),
            ("B\u0061\u0308r", "Bär"),
            ("fussmatte", "Fußmatte"),
            ("die Fußmatte", "Fußmatte"),
            ("schlüssel", "SCHLUESSEL"),
            ("el pingüino", "pingüino"),
            ("pinguino", "pingüino"),
            ("es una arana?", "araña"),
            ("oeuf", "œuf"),
            ("un œuf", "oeuf"),
            ("l’arbre", "arbre"),  # noqa: RUF001
            ("arc en ciel", "arc-en-ciel"),
            ("l'arc-en-ciel", "arc-en-ciel"),
            ("u boot", "U-Boot"),
        ):
            self.assertTrue(guesses.is_right(text, word), (text, word))
        for text, word in (("Bier", "Bär"), ("uno", "uña"), ("ciel", "arc-en-ciel")):
            self.assertFalse(guesses.is_right(text, word), (text, word))
        self.assertTrue(guesses.is_near("Schluesel", "Schlüssel"))
        self.assertTrue(guesses.gives_away("es ist ein kaese brot", "Käse"))

    def test_wrong(self) -> None:
        """A word inside another is not it, nor is one with a letter less."""
        for text, word in (
            ("that", "hat"),
            ("to be or not", "bee"),
            ("aple", "apple"),
            ("ice", "ice cream"),
            ("", "cat"),
        ):
            self.assertFalse(guesses.is_right(text, word), (text, word))

    def test_near(self) -> None:
        """One letter off, two in long words, more than one of it, or inside of another word; never the same."""
        for text, word in (
            ("aple", "apple"),
            ("appel", "apple"),
            ("apples", "apple"),
            ("pineapple", "apple"),
            ("cats", "cat"),
            ("crocodille", "crocodile"),
            ("krokodile", "crocodile"),
        ):
            self.assertTrue(guesses.is_near(text, word), (text, word))
            self.assertFalse(guesses.is_right(text, word), (text, word))
        for text, word in (
            ("dog", "cat"),
            ("car", "cat"),
            ("that", "hat"),
            ("banana", "apple"),
            ("hello all", "apple"),
        ):
            self.assertFalse(guesses.is_near(text, word), (text, word))

    def test_given_away(self) -> None:
        """What tells the word to those who do not know it: also in pieces, or backwards."""
        for text in ("it is apple", "elppa, turned", "ap ple", "aplle", "a.p.p.l.e"):
            self.assertTrue(guesses.gives_away(text, "apple"), text)
        self.assertFalse(guesses.gives_away("nice drawing, thanks", "apple"))
        self.assertFalse(guesses.gives_away("what a pity", "hat"))

    @given(st.text(max_size=12), st.text(max_size=12))
    def test_distance_is_one(self, a: str, b: str) -> None:
        """It is the same both ways, and nothing only for the same."""
        self.assertEqual(guesses.distance(a, b), guesses.distance(b, a))
        self.assertEqual(guesses.distance(a, b) == 0, a == b)


class ScoringTests(SynchronousTestCase):
    def test_quick_get_more(self) -> None:
        """500 at once, 300 at half time, 100 at the end; never less or more."""
        self.assertEqual([scoring.for_guess(left, 80) for left in (99, 80, 40, 0, -1)], [500, 500, 300, 100, 100])

    def test_drawer_gets_the_mean_of_all(self) -> None:
        """Who did not guess it counts as nothing."""
        self.assertEqual(scoring.for_drawing({"1": 500, "2": 300}, could=4), 200)
        self.assertEqual(scoring.for_drawing({}, could=4), 0)
        self.assertEqual(scoring.for_drawing({"1": 300}, could=0), 300)

    def test_equals_share_a_rank(self) -> None:
        """The next rank is the third then."""
        self.assertEqual(
            scoring.ranked({"1": 5, "2": 9, "3": 9, "4": 1}), [[1, "2", 9], [1, "3", 9], [3, "1", 5], [4, "4", 1]]
        )


class WordTests(SynchronousTestCase):
    def test_there_are_enough(self) -> None:
        """A few hundred, some tens of each difficulty, each once, as a page and a guess can take them."""
        self.assertEqual(words.LANGUAGES, ["en", "de", "es", "fr"])
        for language in words.LANGUAGES:
            texts = [word.text for word in words.matching("any", language)]
            self.assertGreater(len(texts), 300)
            self.assertEqual(len({"".join(guesses.tokens(text)) for text in texts}), len(texts))
            for text in texts:
                self.assertEqual(words.own(text), [text])
        for level in words.LEVELS:
            self.assertGreater(len(words.matching(level)), 60)

    def test_languages_have_as_many(self) -> None:
        """Of each family and difficulty there are as many words in each language, and none is left in English."""
        counts = {
            language: Counter((word.family, word.level) for word in words.matching("any", language))
            for language in words.LANGUAGES
        }
        english = {word.text for word in words.matching("any")}
        for language in words.LANGUAGES[1:]:
            self.assertEqual(counts[language], counts["en"], language)
            # Pizza is pizza; but not much is.
            same = [word.text for word in words.matching("any", language) if word.text in english]
            self.assertLess(len(same), 40, language)

    def test_no_word_is_starred_out(self) -> None:
        """What the chat's filter would change could not be guessed."""
        plain = WordFilter()
        self.assertEqual([word.text for word in words.WORDS if plain(word.text) != word.text], [])

    def test_each_word_is_its_own_guess_alone(self) -> None:
        """No word of the list is a right guess at another."""
        for language in words.LANGUAGES:
            said = {word.text: set(guesses.tokens(word.text)) for word in words.matching("any", language)}
            pairs = [(a, b) for a in said for b in said if a != b and said[a] & said[b]]  # others share no word
            self.assertEqual([(a, b) for a, b in pairs if guesses.is_right(a, b)], [])
            self.assertEqual([text for text in said if not guesses.is_right(text, text)], [])


class DrawingTests(SynchronousTestCase):
    def test_sheet_is_bounded(self) -> None:
        """By strokes and by bytes, and points are whole."""
        self.assertEqual(self.assertRaises(Refused, drawing.check, [], b"12").code, "bad_data")
        full = [[0, 0, False, b"123"]] * drawing.MOST_STROKES
        self.assertEqual(self.assertRaises(Refused, drawing.check, full, b"123").code, "full")
        large = [[0, 0, False, b"1" * drawing.MOST_BYTES]]
        self.assertEqual(self.assertRaises(Refused, drawing.check, large, b"123").code, "full")
        drawing.check(full[:-1], b"123")

    def test_undo_takes_a_whole_line(self) -> None:
        """With the strokes that it was cut into."""
        strokes = [[0, 0, False, b"1"], [0, 0, False, b"2"], [0, 0, True, b"3"], [0, 0, True, b"4"]]
        drawing.undo(strokes)
        self.assertEqual([stroke[3] for stroke in strokes], [b"1"])
        drawing.undo(strokes)
        drawing.undo(strokes)
        self.assertEqual(strokes, [])

    def test_full_sheet_fits_into_the_row(self) -> None:
        """With room for all else; the room's bound is never what stops somebody who draws."""
        size = drawing.MOST_BYTES // drawing.MOST_STROKES
        full = [[15, 3, False, b64encode(b"x" * size).decode()]] * drawing.MOST_STROKES
        self.assertLess(len(json.dumps(full)), Sketch.max_row_bytes / 2)
