"""What people write, as others get it."""

from __future__ import annotations

import itertools
import sys
import unicodedata

from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import Refused
from gameserver.protocol.texts import LINES, cleaned, printable, printable_tree, said
from tests.protocol.test_names import FILLERS, SPACES

CONTROLS = [chr(code) for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc"]
BOXES = ("\ue000", "\ud800", "\u0378")
"""Of what is no name, what is shown all the same, as a box: nobody has given it a meaning."""
LINE_ENDS = ("\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029")


class PrintableTests(SynchronousTestCase):
    def test_control_characters(self) -> None:
        """None is left, C0 and C1, but the tabulator and one kind of line end."""
        self.assertEqual(len(CONTROLS), 65)
        for control in CONTROLS:
            expected = {"\t": "a\tb", **dict.fromkeys(LINE_ENDS, "a\nb")}.get(control, "ab")
            self.assertEqual(printable(f"a{control}b"), expected, ascii(control))
            self.assertEqual(cleaned(f"a{control}b"), expected, ascii(control))

    def test_line_ends(self) -> None:
        """They come as one kind, and each is one."""
        for end in LINE_ENDS:
            self.assertEqual(printable(f"a{end}b{end}{end}c"), "a\nb\n\nc", ascii(end))

    def test_all_else_stays(self) -> None:
        """Whatever is no control character is what it was."""
        rest = "".join(
            filter(lambda char: unicodedata.category(char) not in ("Cc", "Zl", "Zp"), map(chr, range(0x3000)))
        )
        self.assertEqual(printable(rest), rest)

    def test_tree(self) -> None:
        """Texts and keys, wherever they stand; numbers and bytes are as they were."""
        tree = {"a\x00": ["\x1b[2J", {"b": "c\rd"}], "n": 1, "none": None, "yes": True, "f": 0.5, "bytes": b"\x00"}
        clean = {"a": ["[2J", {"b": "c\nd"}], "n": 1, "none": None, "yes": True, "f": 0.5, "bytes": b"\x00"}
        self.assertEqual(printable_tree(tree), clean)


class CleanedTests(SynchronousTestCase):
    def test_empty_lines(self) -> None:
        """One at most stands between two lines, and none around them; spaces make no line of an empty one."""
        self.assertEqual(cleaned("\n\n a\n\n\nb\n \n\t\nc\n\n"), " a\n\nb\n\nc")

    def test_lines(self) -> None:
        """A text of more lines than there may be keeps its words: what is too much is one line."""
        lines = [f"line {n}" for n in range(1, 501)]
        text = cleaned("\n".join(lines))
        self.assertEqual(text.split("\n"), [*lines[: LINES - 1], " ".join(lines[LINES - 1 :])])
        self.assertEqual(cleaned("\n".join(lines[:LINES])), "\n".join(lines[:LINES]))
        for end in LINE_ENDS:
            self.assertEqual(cleaned("a" + end * 498 + "b"), "a\n\nb")
            self.assertLess(cleaned(f"a{end}" * 250).count("\n"), LINES)

    def test_twice(self) -> None:
        """What was cleaned is clean."""
        for text in map("".join, itertools.product("a \n\r\x1b", repeat=5)):
            self.assertEqual(cleaned(cleaned(text)), cleaned(text), ascii(text))


class SaidTests(SynchronousTestCase):
    def assert_refused(self, text: str, code: str) -> None:
        with self.assertRaises(Refused, msg=ascii(text)) as caught:
            said(text, 500)
        self.assertEqual(caught.exception.code, code)

    def test_nothing_in_it(self) -> None:
        """Spaces, line ends, control characters, fillers, and all of these together are nothing."""
        unseen = [*SPACES, *CONTROLS, *(filler for filler in FILLERS if filler not in BOXES)]
        for text in ("", *unseen, *map("".join, itertools.product(unseen, repeat=2)), "".join(unseen)):
            self.assert_refused(text, "bad_data")
        for filler in unseen:
            self.assert_refused(filler * 498, "bad_data")

    def test_something_in_it(self) -> None:
        """Whatever can be seen is said as it is, with the spaces and the fillers that it has."""
        for text in (
            ".",
            " hi ",
            "\u5b89",
            "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f468",
            "\u0639\u200c\u0639",
            "a\u3164",
            *BOXES,
        ):
            self.assertEqual(said(text, 500), text)

    def test_length(self) -> None:
        """It is asked first, and counts what came."""
        self.assert_refused("\n" * 501, "too_large")
        self.assertEqual(said("a" * 500, 500), "a" * 500)

    def test_rest_of_unicode(self) -> None:
        """Of every category but spaces, controls, and what is not shown, a single character is something."""
        for code in range(sys.maxunicode + 1):
            char = chr(code)
            if unicodedata.category(char)[0] in "LNPS" and char not in FILLERS and code not in (0xFFA0, 0x16FE4):
                said(char, 1)
