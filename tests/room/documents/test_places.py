"""Where the items of a list are, for those that know their number."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.room.documents.places import GAP, Places

SPLICES = st.tuples(st.integers(0, 40), st.sampled_from([0, 0, 0, 1, 2, 30]), st.sampled_from([0, 1, 1, 1, 2, 50]))


class Items:
    """A list of items, each of which keeps the number that it was given last."""

    def __init__(self, test: SynchronousTestCase, size: int) -> None:
        self.test = test
        self.places = Places(size)
        self.items = list(range(size))
        self.made = size
        self.numbers = {item: self.places[item] for item in self.items}
        self.given = 0

    def splice(self, index: int, gone: int, new: int) -> None:
        """Take items out, and put others in."""
        start = min(index, len(self.items))
        stop = min(start + gone, len(self.items))
        self.items[start:stop] = range(self.made, self.made + new)
        self.made += new
        self.tell(self.places.splice(start, stop, new))

    def tell(self, told: range) -> None:
        """These have another number now."""
        self.given += len(told)
        for place in told:
            self.numbers[self.items[place]] = self.places[place]

    def check(self) -> None:
        """Each is found."""
        found = [self.places.index(self.numbers[item]) for item in self.items]
        self.test.assertEqual(found, list(range(len(self.items))))


class PlacesTests(SynchronousTestCase):
    @settings(max_examples=200)
    @given(st.integers(0, 50), st.lists(SPLICES, max_size=60))
    def test_any_splices(self, size: int, splices: list[tuple[int, int, int]]) -> None:
        """An item is found by the number that it was given last, whatever was done to the list since."""
        items = Items(self, size)
        for splice in splices:
            items.splice(*splice)
            items.check()

    @given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.sampled_from([-3, -2, 2, 3]))
    def test_delete(self, size: int, start: int, stop: int, step: int) -> None:
        """Items that are taken out with others between them."""
        items = Items(self, size)
        del items.items[start:stop:step]
        items.places.delete(slice(start, stop, step))
        items.check()

    def test_crowded(self) -> None:
        """However many are put in at one place, each costs few others a new number, on average."""
        size = 3000
        for place in (lambda n: 1, lambda n: n + 1, lambda n: size // 2, lambda n: size // 2 + n, lambda n: n * 7919):
            items = Items(self, size)
            for n in range(size):
                items.splice(place(n) % len(items.items), 0, 1)
            items.check()
            self.assertLess(items.given, 3 * size)

    def test_far(self) -> None:
        """The numbers stay in 64 bits, however long a list is used as a queue."""
        items = Items(self, 3)
        items.places._numbers[:] = items.places._numbers.__class__("q", [2**62 - 3 * GAP + n * GAP for n in range(3)])
        items.numbers = dict(enumerate(items.places._numbers))
        for _ in range(5):
            items.splice(len(items.items), 0, 1)
            items.splice(0, 1, 0)
            items.check()
        self.assertLess(items.places[2], 10 * GAP)
