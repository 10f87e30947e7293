"""Names: what can be one, what two have in common, and that neither costs more than a name is long."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from typing import Any
from unittest import mock

import regex
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import Refused
from gameserver.protocol import names
from gameserver.protocol.names import (
    KEY_CHARS,
    NAMELESS,
    SPELLED,
    check_name,
    fitting_name,
    name_key,
    numbered,
    with_ending,
)

FILLERS = (
    "\u200d", "\u200c", "\u3164", "\u2800", "\u034f", "\ufe00", "\ufe0f", "\u115f", "\u1160", "\uffa0", "\u17b4",
    "\u180b", "\u180e", "\u00ad", "\u2060", "\u2064", "\u202e", "\u2066", "\ufeff", "\U000e0041", "\U000e0100",
    "\U0001d159", "\U00016fe4", "\U00013441", "\u2028", "\x00", "\x1b", "\x85", "\ue000", "\ud800", "\u0378",
)  # fmt: skip
"""What nobody sees, one of each kind."""
SPACES = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]
IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
MARKS = "\u0300\u0316"
"""Two that stand in each other's order: a text of them takes a time that grows with its square."""


class Measured:
    """The standard library's tables, and how many code points they were asked to bring into a form."""

    def __init__(self) -> None:
        self.code_points = 0

    def normalize(self, form: Any, text: str) -> str:
        self.code_points += len(text)
        return unicodedata.normalize(form, text)

    def __getattr__(self, name: str) -> Any:
        return getattr(unicodedata, name)


class CheckTests(SynchronousTestCase):
    def assert_refused(self, name: str, most: int = 32) -> None:
        with self.assertRaises(Refused, msg=ascii(name)) as caught:
            check_name(name, most)
        self.assertEqual((caught.exception.code, caught.exception.path), ("bad_data", "$.name"))

    def test_fillers_are_no_names(self) -> None:
        """What cannot be seen is no name, alone, together, or as a part of one."""
        for filler in FILLERS:
            for name in (filler, filler * 3, filler + "\u3164", f"A{filler}{filler}n"):
                self.assert_refused(name)
            if not filler.isspace():  # which is taken away at both ends
                self.assert_refused(f"{filler}Ann")

    def test_nothing_to_see(self) -> None:
        """No text of any of what Unicode says is not to be shown is a name; nor of two of them, nor among spaces."""
        ignorable = [chr(code) for code in range(sys.maxunicode + 1) if IGNORABLE.fullmatch(chr(code))]
        self.assertGreater(len(ignorable), 4000)
        for unseen in (*ignorable, *map("".join, itertools.product(FILLERS, repeat=2))):
            self.assert_refused(unseen)
        for filler, space in itertools.product(FILLERS, SPACES):
            self.assert_refused(f"{space}{filler}{space}{filler}{space}")
            self.assert_refused(space + filler)
        for space in SPACES:
            self.assert_refused(space)

    def test_marks_stand_on_something(self) -> None:
        """A name does not begin with what changes the character before it."""
        self.assert_refused("\u0301")
        self.assert_refused("\u0301Ann")

    def test_names_of_the_world(self) -> None:
        """What is a name or an emoji somewhere stays as it is, joiners that are seen by what they do among them."""
        for name in ("Ann", "Zo\u00eb", "\u5b89", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
                     "\u0915\u094d\u200d\u0937", "\u2764\ufe0f",
                     "\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f468",
                     "1\ufe0f\u20e3", "O'Neil", "_x_", "Ann 2", "?!"):  # fmt: skip
            self.assertEqual(check_name(f" {name} ", 32), name)

    def test_one_spelling(self) -> None:
        """However a name is spelled it is kept in one way, and counted in that."""
        self.assertEqual(check_name("Zoe\u0308", 3), "Zo\u00eb")
        self.assertEqual(check_name("e\u0301" * 32, 32), "\u00e9" * 32)
        self.assert_refused("e\u0301" * 33)

    def test_length_before_work(self) -> None:
        """A text that can be no name is refused as it came: nothing of it is brought into any form."""
        for most in (1, 32, 256):
            for text in (MARKS * 14_000, "a" * (SPELLED * most + 1)):
                with mock.patch.object(names, "unicodedata", Measured()) as measured:
                    self.assert_refused(text, most)
                    self.assertEqual(measured.code_points, 0)
            with mock.patch.object(names, "unicodedata", Measured()) as measured:
                self.assert_refused(MARKS * (SPELLED * most // 2), most)
                self.assertLessEqual(measured.code_points, SPELLED * most)


class KeyTests(SynchronousTestCase):
    def test_alike(self) -> None:
        """Whatever a person could take for a name has its key."""
        for name in ("root", "ROOT", "R o o t", "R_o-o.t", "Roo\u0442", "R\u043e\u043et", "\u01a6oot", "ROO\u0422",
                     "R\u1d0f\u1d0f\u1d1b", "R00t", "\uff32oot", "\U0001d411oot",
                     *(f"Ro{filler}ot" for filler in FILLERS), *(f"Root{filler}" for filler in FILLERS)):  # fmt: skip
            self.assertEqual(name_key(name), name_key("Root"), ascii(name))

    def test_not_alike(self) -> None:
        """Names that people tell apart have keys of their own."""
        apart = ("Root", "Rot", "R\u00f6ot", "Evan", "Enan", "\u5b89", "\u5b89\u5b89", "!", "?", "Ann", "\u00c1nn")
        self.assertEqual(len(set(map(name_key, apart))), len(apart))

    def test_length_before_work(self) -> None:
        """What nobody is called is refused as it came, and what somebody may be called costs as much as it is long."""
        for key in (name_key, names.former_key):
            names._key.cache_clear()
            with mock.patch.object(names, "unicodedata", Measured()) as measured:
                self.assertRaises(Refused, key, MARKS * 14_000)
                self.assertRaises(Refused, key, "a" * (KEY_CHARS + 1))
                self.assertEqual(measured.code_points, 0)
                key(MARKS * (KEY_CHARS // 2))
                self.assertLessEqual(measured.code_points, 2 * KEY_CHARS)


class NumberTests(SynchronousTestCase):
    def test_lowest_that_is_free(self) -> None:
        """From 2 on, past what a person could take for one of those that are taken."""
        self.assertEqual(numbered("Anna", {name_key("Anna")}, 32), "Anna 2")
        self.assertEqual(numbered("Anna", set(map(name_key, ("Anna", "ANNA2", "a-nna 3"))), 32), "Anna 4")

    def test_crowd_of_one_name(self) -> None:
        """Each of a thousand who are called the same has another number, found in a few looks, not in a thousand."""

        class Taken(set[str]):
            looks = 0

            def __contains__(self, key: object) -> bool:
                self.looks += 1
                return super().__contains__(key)

        taken = Taken([name_key("Guest")])
        for _ in range(1000):
            before = taken.looks
            taken.add(name_key(numbered("Guest", taken, 32)))
            self.assertLessEqual(taken.looks - before, 22)
        self.assertEqual(len(taken), 1001)

    def test_room_for_it(self) -> None:
        """What is too long for a number is cut, and nothing stays that would stand before the number unseen."""
        self.assertEqual(numbered("a" * 32, {name_key("a" * 32)}, 32), "a" * 30 + " 2")
        for cut in ("\u200d", " ", " \u200c"):
            self.assertEqual(with_ending("ab" + cut + "cdef", " 2", 4 + len(cut)), "ab 2")
        self.assertEqual(check_name(with_ending("ab\u200dcd", " 2", 5), 5), "ab 2")


class ForeignTests(SynchronousTestCase):
    def test_fillers(self) -> None:
        """Of a name from elsewhere what cannot be seen is left out; a name that is nothing else is none."""
        self.assertEqual(fitting_name("An\u3164n\u2800", 32), "Ann")
        self.assertEqual(fitting_name("\u3164\u2800\u034f", 32), NAMELESS)

    def test_length_before_work(self) -> None:
        """Of a long one only the beginning is looked at."""
        with mock.patch.object(names, "unicodedata", Measured()) as measured:
            fitting_name("a" + MARKS * 14_000, 32)
            self.assertLessEqual(measured.code_points, SPELLED * 32)
