"""Random numbers that are a key and a counter."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.game.dice import Dice
from gameserver.room.documents.document import Document
from gameserver.room.journal import Journal

KEY = bytes(range(16))
KNOWN_BITS = 3838429244554548091
KNOWN_THROWS = [6, 6, 2, 4, 2, 3, 3, 5, 6, 5]

CALLS: dict[str, tuple[Any, ...]] = {
    "random": (),
    "getrandbits": (1000,),
    "randbytes": (100,),
    "randint": (1, 6),
    "randrange": (0, 100, 7),
    "choice": ("abc",),
    "choices": (range(9),),
    "sample": (range(99), 5),
    "uniform": (1, 2),
    "triangular": (1, 2),
    "betavariate": (1, 2),
    "expovariate": (1,),
    "gammavariate": (1, 2),
    "gauss": (0, 1),
    "lognormvariate": (0, 1),
    "normalvariate": (0, 1),
    "vonmisesvariate": (0, 1),
    "paretovariate": (1,),
    "weibullvariate": (1, 2),
}


class DiceTests(SynchronousTestCase):
    """All methods of `random.Random`, and nothing hidden."""

    def test_known_numbers(self) -> None:
        """The numbers of a key never change: rows in stores depend on them."""
        dice = Dice(KEY)
        self.assertEqual(dice.getrandbits(64), KNOWN_BITS)
        self.assertEqual([dice.randint(1, 6) for _ in range(10)], KNOWN_THROWS)

    def test_counter_is_the_state(self) -> None:
        """Each method gives the same again from the same counter, whatever was drawn in between."""
        for name, arguments in CALLS.items():
            dice = Dice(KEY, 5)
            first = getattr(dice, name)(*arguments)
            self.assertGreater(dice.counter, 5, name)
            second = getattr(dice, name)(*arguments)
            dice.gauss()
            dice.counter = 5
            self.assertEqual(getattr(dice, name)(*arguments), first, name)
            self.assertEqual(getattr(Dice(KEY, dice.counter), name)(*arguments), second, name)

    def test_all_methods_known(self) -> None:
        """No method of `random.Random` is left out of the test above."""
        methods = {name for name in dir(Random) if not name.startswith("_")}
        others = {"VERSION", "seed", "getstate", "setstate", "shuffle", "binomialvariate"}
        self.assertEqual(methods - others, set(CALLS))

    def test_spent_is_told(self) -> None:
        """Before each draw the counter is told, so that it can be undone; big ones take several draws."""
        told: list[int] = []
        dice = Dice(KEY, 3, told.append)
        dice.random()
        dice.getrandbits(512)
        self.assertEqual(dice.getrandbits(0), 0)
        self.assertEqual(told, [3, 4])
        dice.getrandbits(513)
        self.assertEqual((told, dice.counter, dice.getstate()), ([3, 4, 5, 6], 7, (7,)))

    @given(st.integers(0, 2000))
    def test_getrandbits_range(self, bits: int) -> None:
        """An int of k bits is below 2**k."""
        self.assertLess(Dice(KEY).getrandbits(bits), 2**bits)

    def test_getrandbits_negative(self) -> None:
        """A negative number of bits is an error."""
        self.assertRaises(ValueError, Dice(KEY).getrandbits, -1)

    def test_random_is_even(self) -> None:
        """Floats lie in [0, 1), spread evenly."""
        dice = Dice(KEY)
        counts = [0] * 10
        for _ in range(10_000):
            counts[int(dice.random() * 10)] += 1
        self.assertTrue(all(850 < count < 1150 for count in counts), counts)

    def test_shuffle(self) -> None:
        """A list, of any class, is assigned once; other sequences are shuffled as ever; the result is the same."""
        items, others = list(range(52)), deque(range(52))
        Dice(KEY).shuffle(items)
        Dice(KEY).shuffle(others)
        self.assertEqual(items, list(others))
        self.assertEqual(sorted(items), list(range(52)))
        self.assertNotEqual(items, list(range(52)))

    def test_shuffle_in_document(self) -> None:
        """A list in a document is sent once."""
        document = Document(Journal(), {"deck": list(range(52))})
        Dice(KEY).shuffle(document.root["deck"])
        self.assertEqual(len(document.ops), 1)

    def test_persons_differ(self) -> None:
        """Dice of another purpose, or another key, give other numbers."""
        drawn = {Dice(KEY).random(), Dice(KEY, person=b"bot").random(), Dice(bytes(16)).random(), Dice(KEY, 1).random()}
        self.assertEqual(len(drawn), 4)

    def test_misuse_refused(self) -> None:
        """Nobody seeds dice or sets them back, and a key has its size."""
        dice = Dice(KEY)
        self.assertIn("seed=7", str(self.assertRaises(NotImplementedError, dice.seed, 7)))
        self.assertRaises(NotImplementedError, dice.setstate, (1,))
        self.assertRaises(ValueError, Dice, b"short")
