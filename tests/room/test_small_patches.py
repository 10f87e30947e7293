"""Small patches: coalesced, rounded, and shortened for MessagePack, they lead to the same tree as the plain ops."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, values
from gameserver.patches import COLUMNS, KEY, SET, apply_ops, expand
from gameserver.room.coalescing import coalesce
from gameserver.room.document import bare
from gameserver.room.rounding import Quanta, is_setting, round_to
from gameserver.room.shortening import KEYS, KeyTable, short_patches
from gameserver.testing import Table
from gameserver.wire.messages import Form
from tests.room import test_document
from tests.room.test_document import ACTIONS, DICTS, exact

PACKED_FORMS = (Form.PACKED, Form.COLUMNS)


class Reader:
    """A client of one form: its tree, and the keys that it knows."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.tree = bare(value)
        self.keys: list[str] = []

    def take(self, ops: Any) -> None:
        """Apply a patch as it came."""
        apply_ops(self.tree, expand(msgspec.msgpack.decode(msgspec.msgpack.encode(ops)), self.keys))


class Watcher(test_document.Player):
    """Besides the client that gets each op: clients whose patches are coalesced, late, and short."""

    def __init__(self, test: SynchronousTestCase, value: dict[str, Any]) -> None:
        super().__init__(test, value)
        self.coalesced, self.late = bare(self.client), bare(self.client)
        self.table = KeyTable()
        self.readers = {form: Reader(self.client) for form in PACKED_FORMS}
        self.waiting: list[Any] = []
        self.commits = 0

    def commit(self) -> None:
        ops = list(self.document.ops)
        told = coalesce(ops)
        self.test.assertLessEqual(len(told), len(ops))
        apply_ops(self.coalesced, values.decode(values.encode(told)))
        for form, short in short_patches(told, self.table, None, PACKED_FORMS).items():
            self.readers[form].take(short)
        self.waiting = coalesce([*self.waiting, *([*op[:2], *map(bare, op[2:])] for op in ops)], fold=True)
        super().commit()
        root = exact(self.document.root)
        self.test.assertEqual(exact(self.coalesced), root)
        for reader in self.readers.values():
            self.test.assertEqual(exact(reader.tree), root)
            self.test.assertEqual(reader.keys, self.table.keys)
        self.commits += 1
        if self.commits % 3 == 0:
            self.flush()

    def flush(self) -> None:
        """What waited is told."""
        apply_ops(self.late, values.decode(values.encode(self.waiting)))
        self.waiting = []
        self.test.assertEqual(exact(self.late), exact(self.document.root))


class PropertyTests(SynchronousTestCase):
    @settings(max_examples=400, deadline=None)
    @given(DICTS, st.lists(ACTIONS, max_size=25))
    def test_any_changes(self, value: dict[str, Any], actions: list[Any]) -> None:
        """Whatever is done to a document, every client has it, to the order of keys and the kind of numbers."""
        watcher = Watcher(self, value)
        for name, *arguments in actions:
            getattr(watcher, name)(*arguments)
        watcher.commit()
        watcher.flush()

    @given(
        st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.01, 0.1, 0.5, 1 / 64, 1, 2, 10.0, 0.001])
    )
    def test_rounding(self, value: float, step: float) -> None:
        """A rounded number stays when it is rounded again, is within half a step, and is no negative zero."""
        rounded = round_to(value, step)
        self.assertIs(type(rounded), float)
        self.assertEqual(round_to(rounded, step), rounded)
        if abs(value) < 1e9:
            self.assertLessEqual(abs(rounded - value), step * 0.5000001)
            self.assertFalse(rounded == 0 and math.copysign(1, rounded) < 0)


class CoalescingTests(SynchronousTestCase):
    def assertBecomes(self, ops: list[Any], expected: list[Any], *, fold: bool = False) -> None:
        self.assertEqual(coalesce(ops, fold=fold), expected)

    def test_set_after_set(self) -> None:
        """The last one counts, and stands where the first stood, since keys have an order."""
        self.assertBecomes([[0, ["a"], 1], [0, ["b"], 2], [0, ["a"], 3]], [[0, ["a"], 3], [0, ["b"], 2]])

    def test_set_inside_a_value_of_the_patch(self) -> None:
        """It becomes part of that value, as does any other change in there."""
        ops = [[0, ["a"], {"l": []}], [0, ["a", "x"], 1], [2, ["a", "l"], 0, 0, [5]], [1, ["a", "x"]]]
        self.assertBecomes(ops, [[0, ["a"], {"l": [5]}]], fold=True)

    def test_overwritten_and_deleted(self) -> None:
        """What was set inside of it is not told."""
        self.assertBecomes([[0, ["a", "x"], 1], [0, ["a", "y"], 1], [0, ["a"], {}]], [[0, ["a"], {}]])
        self.assertBecomes([[0, ["a", "x"], 1], [1, ["a"]]], [[1, ["a"]]])

    def test_items_that_move(self) -> None:
        """An index means another item once the list was spliced: both stay."""
        ops = [[0, ["l", 0, "x"], 1], [2, ["l"], 0, 0, [7]], [0, ["l", 0, "x"], 2]]
        self.assertBecomes(ops, ops)
        self.assertBecomes([*ops[:2], [0, ["l", 0], 3]], [*ops[:2], [0, ["l", 0], 3]])

    def test_neighbours_in_a_list(self) -> None:
        """Many items set one after the other are one splice; few are not."""
        ops = [[0, ["l", i], i] for i in range(2, 7)]
        self.assertBecomes(ops, [[2, ["l"], 2, 5, [2, 3, 4, 5, 6]]])
        self.assertBecomes(ops[:3], ops[:3])


class ShorteningTests(SynchronousTestCase):
    def short(self, ops: list[Any], table: KeyTable, form: Form, quanta: Quanta | None = None) -> list[Any]:
        """As a client decodes it."""
        told: list[Any] = msgspec.msgpack.decode(
            msgspec.msgpack.encode(short_patches(ops, table, quanta, [form])[form])
        )
        return told

    def test_keys_become_numbers(self) -> None:
        """The first patch tells a key, the next its number."""
        table = KeyTable()
        self.assertEqual(self.short([[SET, ["hp"], 1]], table, Form.PACKED), [[KEY, "hp"], [SET, [-1], 1]])
        self.assertEqual(self.short([[1, ["hp"]]], table, Form.PACKED), [[1, [-1]]])

    def test_table_is_bounded(self) -> None:
        """Keys without end travel as they are, and so do those that are shorter than their number."""
        table = KeyTable()
        for number in range(2 * KEYS):
            (*_, told) = self.short([[SET, [f"key {number}"], 0]], table, Form.PACKED)
        self.assertEqual((len(table.keys), told), (KEYS, [SET, [f"key {number}"], 0]))
        self.assertEqual(self.short([[SET, ["x"], 0], [SET, ["y" * 100], 0]], table, Form.PACKED)[0], [SET, ["x"], 0])

    def test_columns(self) -> None:
        """Sets of the same keys side by side are one op, with whole numbers where the game rounds."""
        ops = [[SET, ["b", id, axis], n + 0.25] for n, id in enumerate("pq") for axis in "xy"]
        keys = [[KEY, key] for key in ("b", "x", "y", "p", "q")]
        (*told, op) = self.short(ops, KeyTable(), Form.COLUMNS, Quanta(0.05))
        self.assertEqual((told, op), (keys, [COLUMNS, [-1], [-2, -3], [20, 20], [-4, 5, 5, -5, 25, 25]]))
        (*_, op) = self.short(ops, KeyTable(), Form.COLUMNS)
        self.assertEqual(op, [COLUMNS, [-1], [-2, -3], None, [-4, 0.25, 0.25, -5, 1.25, 1.25]])

    def test_mixed_column_is_not_scaled(self) -> None:
        """An int among floats stays an int: division would make a float of it."""
        ops = [[SET, ["b", "p", "x"], 1], [SET, ["b", "q", "x"], 1.5]]
        (*_, op) = self.short(ops, KeyTable(), Form.COLUMNS, Quanta(0.5))
        self.assertEqual(exact(op[3:]), exact([None, [-3, 1, -4, 1.5]]))

    def test_floats_in_four_bytes(self) -> None:
        """Where that is exact."""
        for value, size in ((0.5, 5), (0.1, 9), (1e300, 9), (16777217.0, 9), (-0.0, 5), (3, 1)):
            (op,) = short_patches([[SET, [0], value]], KeyTable(), None, [Form.PACKED])[Form.PACKED]
            self.assertEqual(len(msgspec.msgpack.encode(op[2])), size, value)
            self.assertEqual(repr(msgspec.msgpack.decode(msgspec.msgpack.encode(op[2]))), repr(value))


class Moving(Game):
    """Bodies that move by less than is told."""

    needs_start = False
    late_join = True
    quantize = {"x": 0.5, "at": 0.01}

    def on_create(self) -> None:
        self.state.update(x=0.0, at=[0.0, 0.0], other=0.123456, n=7)

    @message
    def move(self, player: Player, by: float) -> None:
        self.state["x"] += by
        self.state["at"][0] += by
        player.state["x"] = self.state["x"]
        self.state["other"] += 0.000001


class QuantizeTests(SynchronousTestCase):
    def test_told_rounded_kept_exact(self) -> None:
        """Small changes add up; patches and whole documents tell the same rounded numbers."""
        table = Table(Moving)
        ann = table.join("Ann")
        for _ in range(4):
            ann.send("move", by=0.111)
            bob = table.join("Bob")
            self.assertEqual(ann.docs["room"], bob.docs["room"])
            bob.leave()
        self.assertAlmostEqual(table.room.docs["room"].root["x"], 0.444)
        self.assertEqual((ann.docs["room"]["x"], ann.docs["room"]["at"]), (0.5, [0.44, 0.0]))
        self.assertEqual((ann.state, ann.docs["room"]["n"]), ({"x": 0.5}, 7))
        self.assertAlmostEqual(ann.docs["room"]["other"], 0.12346)
        table.restart()
        self.assertAlmostEqual(table.room.docs["room"].root["x"], 0.444)

    def test_nearest_key(self) -> None:
        """The nearest key around a float counts, ``*`` where there is none."""
        quanta = Quanta({"pos": 1, "x": 0.1, "*": 0.5})
        tree = {"pos": {"x": 1.26, "y": 1.26, "l": [1.26]}, "z": 1.26, "n": 1}
        self.assertEqual(quanta.rounded(tree, ()), {"pos": {"x": 1.3, "y": 1.0, "l": [1.0]}, "z": 1.5, "n": 1})
        self.assertEqual(quanta.rounded(1.26, ("pos", 3, "y")), 1.0)

    def test_settings(self) -> None:
        """Steps to which every language rounds alike."""
        for good in (None, 1, 0.01, 5, 1 / 3, {"x": 0.1, "*": 1}, {}):
            self.assertTrue(is_setting(good), good)
        for bad in (0, -1, 0.3, 1.5, "1", True, float("nan"), math.inf, {"x": 0}, {1: 1}, [1]):
            self.assertFalse(is_setting(bad), bad)
