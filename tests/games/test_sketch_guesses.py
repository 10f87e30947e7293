"""What counts as a guess, how many points it gives, and what words there are."""

from __future__ import annotations

import json
import re
from base64 import b64encode

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
        texts = [word.text for word in words.WORDS]
        self.assertGreater(len(texts), 300)
        self.assertEqual(len({"".join(guesses.tokens(text)) for text in texts}), len(texts))
        for level in words.LEVELS:
            self.assertGreater(len(words.matching(level)), 60)
        for text in texts:
            self.assertTrue(2 <= len(text) <= 24 and re.fullmatch(r"[^\W_]+( [^\W_]+)*", text), text)

    def test_no_word_is_starred_out(self) -> None:
        """What the chat's filter would change could not be guessed."""
        plain = WordFilter()
        self.assertEqual([word.text for word in words.WORDS if plain(word.text) != word.text], [])

    def test_each_word_is_its_own_guess_alone(self) -> None:
        """No word of the list is a right guess at another."""
        texts = [word.text for word in words.WORDS]
        self.assertEqual([(a, b) for a in texts for b in texts if guesses.is_right(a, b) != (a == b)], [])


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
