"""The word filter, by itself and as a game plugs it in."""

# ruff: noqa: RUF001
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Refused, WordFilter
from gameserver.room.chat import words as lists
from gameserver.room.chat.words import WORDS, fold
from gameserver.testing import Table


class Own(Game):
    """Its own filter."""

    needs_start = False

    @staticmethod
    def chat_filter(text: str) -> str:
        if "ending" in text:
            raise Refused("No spoilers.", code="spoiler")
        return text.replace("cat", "dog")


class Open(Game):
    """No filter."""

    name = "open"
    needs_start = False
    chat_filter = None


class Default(Game):
    """The filter that there is."""

    name = "default"
    needs_start = False


class FilterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.filter = WordFilter()

    def test_tricks(self) -> None:
        """Case, accents, invisible characters, look-alikes, numbers, letters apart and letters said again."""
        for text in (
            *("fuck", "FUCK", "Fück", "f\u200bu\u200bc\u200bk", "fu\u0301\u0302\u0303ck", "f\u00aduck", "fuсk"),
            *("ｆｕｃｋ", "𝓯𝓾𝓬𝓴", "sh1t", "$hit", "fuuuuuck", "f.u.c.k", "f u c k", "f-u_c k", "fu\u202eck", "b!tch"),
            *("хуй", "ХУЙ"),
        ):
            self.assertEqual(set(self.filter(text)) - set(" "), {"*"}, ascii(text))

    def test_innocent(self) -> None:
        """Whole words only, numbers that are numbers, other scripts: as they are, to the code point."""
        for text in (
            *("Scunthorpe", "Essex", "shiitake", "a b c d", "I am 5, you are 3", "5 $ for 3 €", "classic assassin"),
            *("привет", "όχι", "שלום", "你好", "👩‍👩‍👧‍👦", "e\u0301\u0301\u0301", "\u202eabc", "", " ", "@@@", "1337"),
        ):
            self.assertEqual(self.filter(text), text)

    def test_rest_stays(self) -> None:
        """As many stars as there were letters; what is around keeps its form."""
        self.assertEqual(self.filter("Oh, f u c k! Ünd?"), "Oh, * * * *! Ünd?")
        self.assertEqual(self.filter("ÀÉ shit\n\u200dok"), "ÀÉ ****\n\u200dok")

    def test_lists_are_read_once(self) -> None:
        """Rooms and servers have a filter each: the lists are folded for the first of them."""
        first = WordFilter(["own"])
        folded: list[str] = []
        self.patch(lists, "fold", lambda word: folded.append(word) or fold(word))
        other = WordFilter(["own"])
        self.assertEqual(folded, ["own"])
        self.assertEqual(other(WORDS["en"][0]), first(WORDS["en"][0]))
        other.add("tree")
        self.assertEqual((other("tree"), first("tree"), WordFilter()("tree")), ("****", "tree", "tree"))

    def test_languages(self) -> None:
        """One list, or several; words of one's own besides."""
        german = WordFilter(["Spinat"], languages=["de"])
        self.assertEqual(german("fuck sp1nat, Arschloch"), "fuck ******, *********")
        self.assertRaises(ValueError, WordFilter, languages=["xx"])

    def test_one_text_is_no_list(self) -> None:
        """Each of its letters would be a word."""
        self.assertIn(
            'WordFilter(["spoiler"])', str(self.assertRaises(TypeError, WordFilter, "spoiler")).replace("'", '"')
        )

    def test_every_word_of_the_list(self) -> None:
        """Each is found as it stands, and in capitals."""
        for word in (word for words in WORDS.values() for word in words):
            for text in (word, word.upper()):
                self.assertEqual(self.filter(text), "*" * len(text), text)

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=60))
    def test_any_text(self, text: str) -> None:
        """It never fails, keeps the length, and changes letters to stars alone; done twice it is done once."""
        shown = self.filter(text)
        self.assertEqual(len(shown), len(text))
        self.assertTrue(all(new in (old, "*") for old, new in zip(text, shown, strict=True)))
        self.assertEqual(self.filter(shown), shown)

    def test_fold(self) -> None:
        """What looks alike is alike."""
        self.assertEqual(fold("Ｃａfé ﬁ"), fold("cafe fi"))


class PlugTests(SynchronousTestCase):
    def say(self, game: type[Game], text: str) -> str:
        table = Table(game)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.say(text)
        shown: str = bob.chat[0]["text"]
        return shown

    def test_own(self) -> None:
        """A function of the game's changes a line, or refuses it."""
        self.assertEqual(self.say(Own, "a cat, fuck"), "a dog, fuck")
        refused = self.assertRaises(Refused, self.say, Own, "the ending is sad")
        self.assertEqual(refused.code, "spoiler")

    def test_none_and_default(self) -> None:
        """Without one, lines are as they were written."""
        self.assertEqual(self.say(Open, "fuck"), "fuck")
        self.assertEqual(self.say(Default, "fuck"), "****")
