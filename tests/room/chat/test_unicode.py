"""Whatever Unicode has, but control characters, is stored and shown as it was said, and 500 code points are 500."""

# ruff: noqa: RUF001
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Refused
from gameserver.protocol.names import is_seen
from gameserver.protocol.texts import cleaned
from gameserver.testing import Table

TEXTS = (
    "\u202eright to left\u202c and \u2066isolated\u2069, \u200fmarks\u200e, \u061cALM",
    "ze\u200bro\u200c-\u200dwidth\u2060\ufeff",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "e\u0301 is not \u00e9, and \u1112\u1161\u11ab is not 한",
    "👩‍👩‍👧‍👦 👍🏿 🇦🇶 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 \U0001f468\u200d\U0001f4bb",
    "𐍈 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010ffff \U000e0001 \ufffe \uffff",
    "שלום עליכם مرحبا سلام नमस्ते ภาษาไทย 你好 привет",
    "[31m\t\n\nand more",
    "<script>alert(1)</script> &amp; \"quotes\" '\\'",
    '$bytes {"$bytes": "AA=="} $$',
)


class Any(Game):
    """Takes whatever is said."""

    name = "any"
    needs_start = False
    chat_filter = None
    chat_repeats = 0
    messages_per_s = 10_000


class SameTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Any)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def same(self, text: str) -> None:
        """Said, kept, read back and told again, it is what it was, to the code point."""
        self.ann.say(text, data={"text": text})
        line = self.bob.chat[-1]
        self.assertEqual((line["text"], line["data"]), (text, {"text": text}))
        self.table.restart()
        kept = list(self.table.room.talking.lines)[-1]
        self.assertEqual((kept.text, kept.data), (text, {"text": text}))
        newcomer = self.table.join("New")
        self.assertEqual((newcomer.chat[-1]["text"], newcomer.chat[-1]["data"]), (text, {"text": text}))
        newcomer.leave()

    def test_known_trouble(self) -> None:
        """Bidi controls, invisible characters, floods of combining marks, emoji, controls, half of HTML."""
        for text in TEXTS:
            self.same(text)

    @settings(max_examples=60, deadline=None)
    @given(st.text(min_size=1, max_size=500))
    def test_any_text(self, text: str) -> None:
        """The same for whatever there is, once it is cleaned; what has nothing to see is refused."""
        if text.startswith("/"):
            return
        if is_seen(text):
            self.same(cleaned(text))
        else:
            self.assertRaises(Refused, self.ann.say, text)

    def test_default_filter_leaves_it_alone(self) -> None:
        """The word filter changes nothing but its words."""

        class Filtered(Any):
            name = "filtered"
            chat_filter = "default"

        table = Table(Filtered)
        ann, bob = table.join("Ann"), table.join("Bob")
        for text in TEXTS:
            ann.say(text)
            self.assertEqual(bob.chat[-1]["text"], text)

    def test_bound_counts_code_points(self) -> None:
        """Not bytes, not UTF-16 units, not what a reader takes for one letter."""
        for unit in ("x", "é", "\u0301", "\U0001f600", "\U0010ffff", "👩\u200d"):
            self.ann.say(unit * (500 // len(unit)))
            self.assertEqual(len(self.bob.chat[-1]["text"]), 500)
            refused = self.assertRaises(Refused, self.ann.say, unit * (500 // len(unit)) + "x")
            self.assertEqual(refused.code, "too_large")

    def test_half_a_pair(self) -> None:
        """A lone surrogate is no text: the frame is refused, and nobody hears of it."""
        before = len(self.bob._frames)
        session = self.ann._session
        assert session is not None
        session.receive(b'{"op":"chat","id":99,"text":"\\ud800"}')
        self.table.settle()
        self.assertIn(b'"code":"bad_message"', self.ann._frames[-1])
        self.assertEqual(len(self.bob._frames), before)
