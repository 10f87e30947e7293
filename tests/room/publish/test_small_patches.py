"""Small patches: late, rounded, and shortened for MessagePack, they lead to the same tree as all others."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.protocol import values
from gameserver.protocol.messages import Form
from gameserver.protocol.patches import COLUMNS, KEY, SET, apply_ops, expand
from gameserver.room.documents.document import bare
from gameserver.room.documents.pending import Waiting
from gameserver.room.publish.compact import KEYS, KeyTable, short_patches
from gameserver.room.publish.quantize import Quanta, is_setting, round_to
from gameserver.testing import Table
from tests.room.documents import test_document
from tests.room.documents.test_document import ACTIONS, DICTS, exact

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
    """Besides the client that gets each patch: clients whose patches are late, and short."""

    def __init__(self, test: SynchronousTestCase, value: dict[str, Any]) -> None:
        super().__init__(test, value)
        self.late = bare(self.client)
        self.table = KeyTable()
        self.readers = {form: Reader(self.client) for form in PACKED_FORMS}
        self.waiting: Waiting | None = None
        self.commits = 0

    def commit(self) -> None:
        ops = self.document.ops
        for form, short in short_patches(ops, self.table, None, PACKED_FORMS).items():
            self.readers[form].take(short)
        if ops:
            if self.waiting is None:
                self.waiting = Waiting(self.document)
            self.waiting.add(self.document.touched)
        super().commit()
        root = exact(self.document.root)
        for reader in self.readers.values():
            self.test.assertEqual(exact(reader.tree), root)
            self.test.assertEqual(reader.keys, self.table.keys)
        self.commits += 1
        if self.commits % 3 == 0:
            self.flush()

    def flush(self) -> None:
        """What waited is told."""
        if self.waiting is not None:
            told = values.encode(self.waiting.ops())
            self.check_brands(told)
            apply_ops(self.late, values.decode(told))
        self.waiting = None
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

    @settings(max_examples=100, deadline=None)
    @given(test_document.MANY_ACTIONS)
    def test_changes_of_large_lists(self, actions: list[Any]) -> None:
        """The same in lists of lists, where many changes meet in one step and in one patch."""
        watcher = Watcher(self, test_document.LARGE)
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


class WaitingTests(test_document.DocumentTestCase):
    """What several steps changed is one patch, made when it is told."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting = Waiting(self.document)

    def step(self) -> None:
        """What was touched waits."""
        self.waiting.add(self.document.touched)
        self.journal.commit()

    def assertTold(self, *ops: Any) -> None:
        self.assertEqual(exact(self.waiting.ops()), exact(list(ops)))

    def test_set_after_set(self) -> None:
        """The last one counts, and stands where the first stood, since keys have an order."""
        for n in (5, 6):
            self.root.update(a=n, b=n)
            self.root["n"] = n
            self.step()
        self.assertTold([0, ["a"], 6], [0, ["b"], 6], [0, ["n"], 6])

    def test_set_inside_what_is_new(self) -> None:
        """It goes with it, as does any other change in there, in later steps as well."""
        self.root["new"] = {"l": []}
        self.step()
        self.root["new"]["x"] = 1
        self.root["new"]["l"].append({})
        self.step()
        del self.root["new"]["x"]
        self.root["new"]["l"][0]["y"] = 2
        self.step()
        self.assertTold([0, ["new"], {"l": [{"y": 2}]}])

    def test_overwritten_and_deleted(self) -> None:
        """What was set inside of it is not told, nor what came and went."""
        self.root["d"].update(b=3, c=4)
        self.root["come"] = {}
        self.step()
        self.root["d"] = {}
        self.root["come"]["x"] = 1
        self.step()
        del self.root["come"], self.root["n"]
        self.step()
        self.assertTold([0, ["d"], {}], [1, ["n"]])

    def test_items_that_move(self) -> None:
        """An index is that of the end."""
        first = self.root["rows"][0]
        first["x"] = 2
        self.step()
        self.root["rows"].insert(0, 7)
        self.step()
        first["x"] = 3
        self.root["rows"].pop()
        self.step()
        self.assertTold([2, ["rows"], 0, 0, [7]], [2, ["rows"], 2, 1, []], [0, ["rows", 1, "x"], 3])

    def test_nothing_in_the_end(self) -> None:
        """What is as it was is not told."""
        self.root["n"] = 2
        self.root["rows"].append(3)
        self.step()
        self.root["n"] = 1
        self.root["rows"].pop()
        self.step()
        self.assertTold()

    def test_undone_with_the_step(self) -> None:
        """A step that fails as it is told leaves nothing, and nothing of what it made less."""
        for n in range(200):
            self.root["n"] = n
            self.root["rows"].append(n)
            self.step()
        self.root.update(new=1, n=-1)
        del self.root["d"], self.root["rows"][:50]
        self.waiting.add(self.document.touched)
        self.journal.rollback()
        self.journal.commit()
        self.assertTold([0, ["n"], 199], [2, ["rows"], 2, 0, list(range(200))])

    def test_keeps_little(self) -> None:
        """However many steps there are, what waits is bounded by what they touch."""
        for n in range(2000):
            self.root["n"] = n
            self.root["d"]["a"][n % 3] = n
            self.root["rows"].append(n)
            self.root["rows"].pop(0)
            self.root["come"] = n
            del self.root["come"]
            self.step()
        self.assertLess(sum(len(note) for _, note in self.waiting._notes.values()), 500)
        client = bare({"n": 1, "d": {"a": [1, 2, 3], "b": 2}, "rows": [{"x": 1}, {"x": 0}]})
        apply_ops(client, bare(self.waiting.ops()))
        self.assertEqual(exact(client), exact(self.root))

    def test_document_made_anew(self) -> None:
        """Where the room is read from its row meanwhile, the same is told of the new document."""
        self.root["rows"].insert(0, {"x": 5})
        self.root["rows"][2]["x"] = 4
        gone = self.root["rows"].pop(1)
        gone["x"] = "gone"
        self.root["d"]["new"] = {"y": 1}
        self.step()
        document = test_document.Document(test_document.Journal(), self.document.plain())
        waiting = self.waiting.moved_to(document)
        document.root["rows"][0]["x"] = 6
        document.root["d"]["new"]["y"] = 2
        waiting.add(document.touched)
        document.journal.commit()
        told = [[2, ["rows"], 0, 1, [{"x": 6}]], [0, ["rows", 1, "x"], 4], [0, ["d", "new"], {"y": 2}]]
        self.assertEqual(exact(waiting.ops()), exact(told))


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
