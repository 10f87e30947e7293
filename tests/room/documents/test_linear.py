"""
A change costs what changed, whatever there is, and however many changes a step makes.

Counted are the instructions of Python that the room's code executes, from the change to the encoded patch: no clock is
the same twice.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.protocol import values
from gameserver.protocol.patches import apply_ops
from gameserver.room.documents.document import Document, bare
from gameserver.room.documents.pending import Waiting
from gameserver.room.journal import Journal

ROOM = str(Path(sys.modules[Document.__module__].__file__ or "").parent)
Root = Any
Change = Callable[[Root, int], object]

MORE = 8
"""So many times as much is changed."""
SLACK = 1.5
"""What grows by steps, and a small logarithm; where it grew with the square, this would go up to `MORE`."""


def instructions(call: Callable[[], object]) -> int:
    """:returns: how many of the room's code this executes."""
    counted = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal counted
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return counted


def calls(call: Callable[[], object]) -> Counter[str]:
    """:returns: how often this calls each function of C."""
    counted: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, arg: Any) -> None:
        if event == "c_call":
            counted[arg.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return counted


class Place:
    """A document, and the changes that are made to it."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.journal = Journal()
        self.document = Document(self.journal, value)
        self.root = self.document.root

    def step(self, change: Change, size: int) -> bytes:
        """:returns: the patch of a step."""
        self.journal.mark()
        change(self.root, size)
        told = self.document.encode_ops()
        self.journal.commit()
        return told


def rows(size: int) -> dict[str, Any]:
    """A list of so many dicts, and one of numbers; and a dict."""
    return {"l": [{"x": n} for n in range(size)], "n": list(range(size)), "d": {str(n): n for n in range(size)}}


# In one step; all of these change so much.


def front_then_all(root: Root, size: int) -> None:
    root["l"].pop(0)
    for row in root["l"]:
        row["x"] += 1


def middle_then_all(root: Root, size: int) -> None:
    for place in range(size // 2, 0, -3):
        del root["l"][place]
    for row in root["l"]:
        row["x"] += 1


def all_then_front(root: Root, size: int) -> None:
    for row in list(root["l"]):
        row["x"] = -1
        root["l"].pop(0)


def sets_and_appends(root: Root, size: int) -> None:
    for n in range(size):
        root["l"][n]["x"] = -1
        root["n"].append(n)
        root["n"][n // 2] = n


def sets_and_replaces(root: Root, size: int) -> None:
    for n in range(size):
        root["l"][n]["x"] = -1
    for n in range(size):
        root["l"][n] = {"x": 2}


def inserts_anywhere(root: Root, size: int) -> None:
    for n in range(size):
        root["n"].insert(n * 7919 % len(root["n"]), "new")


def splices_and_sets(root: Root, size: int) -> None:
    for n in range(size):
        root["n"][n * 7919 % len(root["n"])] = "set"
        root["n"].pop(n * 104729 % len(root["n"]))
        root["n"].insert(n * 15485863 % len(root["n"]), "new")


def shuffles_and_sets(root: Root, size: int) -> None:
    for _ in range(3):
        root["l"].sort(key=lambda row: row["x"] * 7919 % 1009)
        root["l"].reverse()
        for row in root["l"][::2]:
            row["x"] += 1


def builds_a_new_list(root: Root, size: int) -> None:
    root["new"] = []
    for n in range(size):
        root["new"].append({"l": []})
        root["new"][n // 2]["l"].append(n)
        root["new"][n]["x"] = 1


def comes_and_goes(root: Root, size: int) -> None:
    for n in range(size):
        root["l"].append({"x": n})
        root["l"][-1]["x"] = 5
        root["l"].pop()
        root["d"][f"new {n}"] = n
        del root["d"][f"new {n}"]


def takes_out_every_other(root: Root, size: int) -> None:
    del root["l"][::2]
    for row in root["l"]:
        row["x"] += 1


def clears(root: Root, size: int) -> None:
    root["d"].clear()


def pops_items(root: Root, size: int) -> None:
    while root["d"]:
        root["d"].popitem()


def pops_the_last_key(root: Root, size: int) -> None:
    for key in list(reversed(root["d"])):
        root["d"].pop(key)


def pops_the_first_key(root: Root, size: int) -> None:
    for key in list(root["d"]):
        del root["d"][key]


def sets_keys_again(root: Root, size: int) -> None:
    for n in range(size):
        root["d"][str(n)] = root["d"].pop(str(n)) + 1
        root["d"].setdefault(f"new {n}", []).append(n)


def changes_what_was_taken_out(root: Root, size: int) -> None:
    taken = [root["l"].pop() for _ in range(size)]
    for row in taken:
        row["x"] = {}
        row["x"]["y"] = 1


MANY: list[Change] = [
    front_then_all,
    middle_then_all,
    all_then_front,
    sets_and_appends,
    sets_and_replaces,
    inserts_anywhere,
    splices_and_sets,
    shuffles_and_sets,
    builds_a_new_list,
    comes_and_goes,
    takes_out_every_other,
    clears,
    pops_items,
    pops_the_last_key,
    pops_the_first_key,
    sets_keys_again,
    changes_what_was_taken_out,
]


# In a step of its own each; these change little.


def one_leaf(root: Root, size: int) -> None:
    root["l"][size // 2]["x"] += 1


def one_item(root: Root, size: int) -> None:
    root["n"][size // 2] += 1


def one_append(root: Root, size: int) -> None:
    root["n"].append(0)


def one_at_each_end(root: Root, size: int) -> None:
    root["n"].append(root["n"].pop(0))


def one_deleted_key(root: Root, size: int) -> None:
    del root["d"][next(iter(root["d"]))]
    root["d"][str(len(root["d"]) + 10**6)] = 1


def one_from_the_middle_and_a_leaf(root: Root, size: int) -> None:
    root["l"].pop(size // 3)
    root["l"].insert(size // 4, {"x": 1})
    root["l"][size // 2]["x"] += 1


FEW: list[Change] = [
    one_leaf,
    one_item,
    one_append,
    one_at_each_end,
    one_deleted_key,
    one_from_the_middle_and_a_leaf,
]


class StepTests(SynchronousTestCase):
    """What one step costs."""

    def cost(self, change: Change, size: int, steps: int = 1) -> int:
        """:returns: of the last of some steps."""
        place = Place(rows(size))
        for _ in range(steps - 1):
            place.step(change, size)
        return instructions(lambda: place.step(change, size))

    def test_many_changes(self) -> None:
        """It grows as the changes do, whatever they are."""
        for change in MANY:
            with self.subTest(change.__name__):
                self.assertLess(self.cost(change, 25 * MORE), self.cost(change, 25) * MORE * SLACK)

    def test_few_changes(self) -> None:
        """It is the same, whatever there is."""
        for change in FEW:
            with self.subTest(change.__name__):
                self.assertLess(self.cost(change, 50 * MORE, 5), self.cost(change, 50, 5) * SLACK)

    def test_undone(self) -> None:
        """To undo a step costs as much."""

        def undone(change: Change, size: int) -> int:
            place = Place(rows(size))

            def run() -> None:
                place.journal.mark()
                change(place.root, size)
                place.journal.rollback()

            return instructions(run)

        for change in MANY:
            with self.subTest(change.__name__):
                self.assertLess(undone(change, 25 * MORE), undone(change, 25) * MORE * SLACK)

    def test_deleted_keys_are_not_walked(self) -> None:
        """No walk over the keys for each that is deleted, in Python or in C."""
        for change in (clears, pops_items, pops_the_last_key, pops_the_first_key):
            place = Place(rows(300))
            counted = calls(lambda change=change, place=place: place.step(change, 300))  # type: ignore[misc]
            walks = sum(counted[name] for name in ("iter", "next", "keys", "items", "fromkeys"))
            self.assertLess(walks, 10, change.__name__)


class WaitingTests(SynchronousTestCase):
    """What it costs to gather patches."""

    def gather(self, change: Change, steps: int) -> tuple[int, int]:
        """:returns: what so many steps cost of which each waits for the next, and to tell them all."""
        place = Place(rows(60))
        client = bare(place.root)
        waiting = Waiting(place.document)

        def add() -> None:
            place.journal.mark()
            change(place.root, 60)
            place.document.encode_ops()
            waiting.add(place.document.touched)
            place.journal.commit()

        costs = [instructions(add) for _ in range(steps)]
        told = b""

        def tell() -> None:
            nonlocal told
            told = values.encode(waiting.ops())

        cost = instructions(tell)
        apply_ops(client, values.decode(told))
        self.assertEqual(client, bare(place.root))
        return sum(costs), cost

    def test_gather(self) -> None:
        """A step costs the same, however many wait; and to tell them costs what they touched."""
        for change in (one_leaf, one_item, one_append, one_at_each_end, one_deleted_key, shuffle_some):
            with self.subTest(change.__name__):
                few, told_few = self.gather(change, 20)
                many, told_many = self.gather(change, 20 * MORE)
                # Now and then what waits of a container is made less, which few steps never come to.
                self.assertLess(many, few * MORE * 2)
                self.assertLess(told_many, max(told_few, 3000) * MORE)


def shuffle_some(root: Root, size: int) -> None:
    root["l"].append(root["l"].pop(0))
    for row in root["l"][::10]:
        row["x"] += 1


KINDS = ["leaf", "set", "put", "insert", "pop", "append", "front", "key", "unkey", "inner", "sort"]


class Mix:
    """Changes at random, of some kinds."""

    def __init__(self, kinds: list[str], seed: int) -> None:
        self.kinds = kinds
        self.random = random.Random(seed)

    def __call__(self, root: Root, size: int) -> None:
        self.lists = [root["l"], root["n"]]
        for _ in range(size):
            kind = self.random.choice(self.kinds)
            items = self.random.choice(self.lists)
            getattr(self, f"_{kind}")(root, items, self.random.randrange(len(items) or 1))
        if "sort" in self.kinds:
            root["l"].sort(key=repr)

    def _leaf(self, root: Root, items: Any, place: int) -> None:
        item = items[place] if items else None
        if isinstance(item, dict):
            item["x"] = place
        elif items:
            items[place] = -place

    def _set(self, root: Root, items: Any, place: int) -> None:
        if items:
            items[place] = "set"

    def _put(self, root: Root, items: Any, place: int) -> None:
        items[place : place + 2] = [{"x": 1}, {"x": 2}]

    def _insert(self, root: Root, items: Any, place: int) -> None:
        items.insert(place, {"x": 3})

    def _pop(self, root: Root, items: Any, place: int) -> None:
        if items:
            items.pop(place)

    def _append(self, root: Root, items: Any, place: int) -> None:
        items.append({"x": []})

    def _front(self, root: Root, items: Any, place: int) -> None:
        if items:
            items.pop(0)

    def _key(self, root: Root, items: Any, place: int) -> None:
        root["d"][str(place)] = {"y": place}

    def _unkey(self, root: Root, items: Any, place: int) -> None:
        root["d"].pop(str(place), None)

    def _inner(self, root: Root, items: Any, place: int) -> None:
        row = root["l"][place % len(root["l"])] if root["l"] else None
        if isinstance(row, dict):
            row["in"] = [place]
            row["in"].append(0)

    def _sort(self, root: Root, items: Any, place: int) -> None:
        """Once, at the end."""


class MixTests(SynchronousTestCase):
    @settings(max_examples=10, deadline=None)
    @given(st.lists(st.sampled_from(KINDS), min_size=2, max_size=6, unique=True), st.integers(0, 10**6))
    def test_random_changes(self, kinds: list[str], seed: int) -> None:
        """Whatever is mixed with whatever, the cost grows as the changes do."""

        def cost(size: int) -> int:
            place = Place(rows(size))
            return instructions(lambda: place.step(Mix(kinds, seed), size))

        self.assertLess(cost(30 * MORE), cost(30) * MORE * 2)
