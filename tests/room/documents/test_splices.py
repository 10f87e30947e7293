"""The splices of one list: many become the few that lead to the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.room.documents.splices import IN_PLACE, Splice, end_of, net

PLACES = st.integers(0, 12)
CHANGES = st.tuples(PLACES, st.integers(0, 4), st.sampled_from([IN_PLACE, IN_PLACE, 0, 0, 1, 2, 3]))


class Model:
    """
    A list of which is known what became of each item.

    :ivar items: what they are; all that were put in are different.
    :ivar cells: of each, how it came there: it was there (its old place), was set in place of such a one, or is new.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.items: list[Any] = list(range(size))
        self.cells: list[tuple[str, int]] = [("kept", n) for n in range(size)]
        self.made = size

    def fresh(self, count: int) -> list[int]:
        """Items that there never were."""
        self.made += count
        return list(range(self.made - count, self.made))

    def change(self, place: int, gone: int, new: int) -> Splice:
        """:returns: the change, made to fit."""
        index = place % (len(self.items) + 1)
        gone = min(gone, len(self.items) - index)
        stop = index + gone
        self.items[index:stop] = self.fresh(gone if new == IN_PLACE else new)
        if new == IN_PLACE:
            self.cells[index:stop] = [(kind if kind == "new" else "set", n) for kind, n in self.cells[index:stop]]
        else:
            self.cells[index:stop] = [("new", 0)] * new
        return index, gone, new

    def count(self, kind: str) -> int:
        """How many items came that way."""
        return sum(cell[0] == kind for cell in self.cells)


class NetTests(SynchronousTestCase):
    def check(self, size: int, changes: list[Splice]) -> list[Splice]:
        model = Model(size)
        splices = net([model.change(*change) for change in changes])
        client: list[Any] = list(range(size))
        end = -1
        for splice in splices:
            index, gone, _ = splice
            self.assertGreaterEqual(index, end)
            end = end_of(splice)
            client[index : index + gone] = model.items[index:end]
        self.assertEqual(client, model.items)
        left = size - model.count("kept") - model.count("set")
        self.assertEqual(sum(gone for _, gone, new in splices if new == IN_PLACE), model.count("set"))
        self.assertEqual(sum(new for _, _, new in splices if new != IN_PLACE), model.count("new"))
        self.assertEqual(sum(gone for _, gone, new in splices if new != IN_PLACE), left)
        return splices

    @settings(max_examples=500)
    @given(st.integers(0, 12), st.lists(CHANGES, max_size=30))
    def test_any_splices(self, size: int, changes: list[Splice]) -> None:
        """They lead to the same list, and tell no item that is not new, nor one that is gone."""
        splices = self.check(size, changes)
        self.assertEqual(net(list(splices)), splices)

    def test_what_came_and_went(self) -> None:
        """It is in none."""
        for changes in (
            [(3, 0, 1), (3, 1, 0)],
            [(3, 0, 3), (4, 1, 0), (0, 0, 2), (0, 2, 0), (3, 2, 0)],
            [(5, 0, 2), (6, 1, IN_PLACE), (5, 2, 0)],
        ):
            self.assertEqual(self.check(9, changes), [])

    def test_neighbours(self) -> None:
        """What touches is one splice; items that were set stay apart from what was put in."""
        self.assertEqual(self.check(9, [(2, 1, 0)] * 3), [(2, 3, 0)])
        self.assertEqual(self.check(9, [(9 + n, 0, 1) for n in range(3)]), [(9, 0, 3)])
        self.assertEqual(self.check(9, [(8 - n, 1, 0) for n in range(3)]), [(6, 3, 0)])
        self.assertEqual(self.check(9, [(0, 0, 1)] * 3), [(0, 0, 3)])
        self.assertEqual(self.check(9, [(4, 1, IN_PLACE), (5, 1, IN_PLACE)]), [(4, 2, IN_PLACE)])
        self.assertEqual(self.check(9, [(8, 1, IN_PLACE), (9, 0, 2)]), [(8, 1, IN_PLACE), (9, 0, 2)])
        self.assertEqual(self.check(9, [(4, 1, 1)]), [(4, 1, 1)])
