"""Documents: each change is undone with its step, and told to clients as a patch."""

from __future__ import annotations

import copy
import enum
import json
import operator
import pickle
import re
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import NotJSON
from gameserver.protocol import values
from gameserver.protocol.patches import apply_ops
from gameserver.room.documents.document import DocDict, DocList, Document
from gameserver.room.journal import Journal

KEYS = st.sampled_from(["a", "b", "c", "$d"])
SCALARS = st.sampled_from([None, True, 0, 1, 1.0, -0.0, 0.0, "x", "ü", b"\xff"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=2).map(tuple) | st.dictionaries(KEYS, inner),
    max_leaves=6,
)
DICTS = st.dictionaries(KEYS, VALUES, max_size=4)
LISTS = st.lists(VALUES, max_size=4)
PLACES = st.integers(-5, 5)
SLICES = st.builds(slice, st.none() | PLACES, st.none() | PLACES, st.sampled_from([None, None, 1, 2, -1, -2]))


def setitem(node: Any, key: Any, value: Any) -> None:
    node[key] = value


def delitem(node: Any, key: Any) -> None:
    del node[key]


def augment(node: Any, key: Any, value: Any) -> None:
    """``node[key] += value``: reads, changes, and sets the very object that is there."""
    node[key] += value


def call(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[Any], Any]]:
    return st.builds(lambda *given: operator.methodcaller(name, *given), *arguments)


def act(function: Callable[..., Any], *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Callable[[Any], Any]]:
    return st.builds(lambda *given: lambda node: function(node, *given), *arguments)


DICT_ACTIONS = st.one_of(
    act(setitem, KEYS, VALUES),
    act(delitem, KEYS),
    act(augment, KEYS, LISTS),
    call("pop", KEYS),
    call("pop", KEYS, st.just(7)),
    call("popitem"),
    call("clear"),
    call("update", DICTS),
    call("update", st.lists(st.tuples(KEYS, VALUES), max_size=3)),
    call("setdefault", KEYS, VALUES),
    act(operator.ior, DICTS),
)
LIST_ACTIONS = st.one_of(
    act(setitem, PLACES, VALUES),
    act(setitem, SLICES, LISTS),
    act(delitem, PLACES | SLICES),
    act(augment, PLACES, LISTS),
    call("append", VALUES),
    call("extend", LISTS),
    act(lambda node: node.extend(node)),
    call("insert", PLACES, VALUES),
    call("pop"),
    call("pop", PLACES),
    call("remove", VALUES),
    call("clear"),
    call("reverse"),
    st.booleans().map(lambda reverse: lambda node: node.sort(key=repr, reverse=reverse)),
    act(operator.iadd, LISTS),
    act(operator.imul, st.integers(-1, 3)),
)
NUMBERS = st.integers(0, 1000)
ACTIONS = st.one_of(
    st.tuples(st.just("act"), NUMBERS, DICT_ACTIONS, LIST_ACTIONS),
    st.tuples(st.just("act"), NUMBERS, DICT_ACTIONS, LIST_ACTIONS),
    st.tuples(st.just("act"), NUMBERS, DICT_ACTIONS, LIST_ACTIONS),
    st.tuples(st.just("mark")),
    st.tuples(st.just("rollback"), NUMBERS),
    st.tuples(st.just("commit")),
    st.tuples(st.just("undo")),
    st.tuples(st.just("replace"), DICTS),
    st.tuples(st.just("brand"), NUMBERS),
    st.tuples(st.just("brand"), NUMBERS),
)
LARGE = {"l": [{"n": n, "l": [[], {}, [{}]]} for n in range(6)], "m": [[[n], {"n": n}] for n in range(5)]}
MOSTLY_TWO = st.sampled_from([*[1] * 30, *[38] * 10, *range(60)])
"""Of the containers in there mostly one of the two large lists."""
AT = st.integers(0, 9)
ITEMS = st.lists(st.sampled_from([0, {"n": 1}, [{}]]), max_size=3)
LIST_CHANGES = st.one_of(
    call("insert", AT, st.just({"n": 0})),
    call("pop", AT),
    call("sort"),
    st.just(lambda node: node.sort(key=repr)),
    call("reverse"),
    act(setitem, AT, st.just({"n": 2})),
    act(setitem, st.builds(slice, AT, AT), ITEMS),
    act(delitem, st.builds(slice, AT, AT, st.sampled_from([None, 2, -3]))),
    call("append", st.just([{}])),
)
DICT_CHANGES = st.one_of(
    act(setitem, KEYS, st.integers(0, 2)), act(setitem, KEYS, ITEMS), call("pop", KEYS, st.just(0))
)
MANY_ACTIONS = st.lists(
    st.one_of(
        *(st.tuples(st.just("act"), MOSTLY_TWO, DICT_CHANGES, LIST_CHANGES) for _ in range(12)),
        st.tuples(st.just("brand"), NUMBERS),
        st.tuples(st.just("mark")),
        st.tuples(st.just("rollback"), NUMBERS),
        st.tuples(st.just("commit")),
    ),
    min_size=20,
    max_size=60,
)
BRANDS = re.compile(r"BRAND-\d+-")


def thawed(value: Any) -> Any:
    """A plain copy, made another way than the code under test makes it."""
    if isinstance(value, dict):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thawed(item) for item in value]
    return value


def exact(value: Any) -> str:
    """A text in which the order of keys and the types of numbers show."""
    return repr(thawed(value))


def outcome(action: Callable[[Any], Any], node: Any) -> Any:
    """What an action returned or raised."""
    try:
        result = action(node)
    except (LookupError, TypeError, ValueError) as error:
        return type(error)
    return "itself" if result is node else exact(result)


class Player:
    """A room with one document, a client that follows its patches, and a memory of what to return to."""

    def __init__(self, test: SynchronousTestCase, value: dict[str, Any]) -> None:
        self.test = test
        self.journal = Journal()
        self.document = Document(self.journal, value)
        self.client = thawed(self.document.root)
        self.held: list[DocDict | DocList] = []
        self.dropped: list[DocDict | DocList] = []
        self.brands = 0
        self.marks: list[tuple[int, int, str]] = []
        self.mark()

    def nodes(self) -> list[DocDict | DocList]:
        """All containers of the document, and all that were ever taken out of it."""
        known = {id(node) for node in self.held}

        def visit(node: Any) -> None:
            if isinstance(node, (dict, list)):
                assert isinstance(node, (DocDict, DocList))
                if id(node) not in known:
                    known.add(id(node))
                    self.held.append(node)
                for item in node.values() if isinstance(node, dict) else node:
                    visit(item)

        for node in [self.document.root, *self.held]:
            visit(node)
        return self.held

    def picture(self) -> str:
        """Everything that a rollback restores: the tree, the patch, and what was taken out."""
        return repr([exact(self.document.root), exact(self.document.ops), [exact(node) for node in self.nodes()]])

    def check_links(self) -> None:
        """Each container knows which one holds it, or that none does; or paths would lead astray."""
        nodes = {id(node): node for node in [*self.nodes(), *self.dropped]}
        held_by = {
            id(item): node
            for node in nodes.values()
            for item in (node.values() if isinstance(node, dict) else node)
            if isinstance(item, (DocDict, DocList))
        }
        for key, node in nodes.items():
            self.test.assertIs(node._up, held_by.get(key))

    def act(self, number: int, on_dict: Callable[[Any], Any], on_list: Callable[[Any], Any]) -> None:
        """Change one container, and a plain one in the same way."""
        nodes = self.nodes()
        node = nodes[number % len(nodes)]
        action = on_dict if isinstance(node, DocDict) else on_list
        mirror = thawed(node)
        before = exact(node)
        wanted = outcome(action, mirror)
        self.test.assertEqual(outcome(action, node), wanted)
        self.test.assertEqual(exact(node), exact(mirror))
        if isinstance(wanted, type):
            self.test.assertEqual(exact(node), before)
        self.check_links()

    def brand(self, number: int) -> None:
        """Write something into a container, be it in the document or not, that can be told from all else."""
        nodes = [*self.nodes(), *self.dropped]
        node = nodes[number % len(nodes)]
        self.brands += 1
        brand = f"BRAND-{self.brands}-"
        if isinstance(node, DocDict):
            node["a"] = brand
        else:
            node.append(brand)

    def check_brands(self, told: bytes) -> None:
        """What is told now is in the document now."""
        there = set(BRANDS.findall(exact(self.document.root)))
        self.test.assertEqual(set(BRANDS.findall(told.decode())) - there, set())

    def mark(self) -> None:
        """Remember a place in the middle of a step."""
        picture = self.picture()
        self.marks.append((self.journal.mark(), len(self.held), picture))

    def rollback(self, number: int) -> None:
        """Go back to one of this step's marks, and be there exactly."""
        del self.marks[number % len(self.marks) + 1 :]
        mark, held, picture = self.marks[-1]
        self.journal.rollback(mark)
        # What was made since is in nobody's hands any more; but who kept it may still change it, unheard.
        self.dropped += self.held[held:]
        del self.held[held:]
        self.test.assertEqual(self.picture(), picture)
        self.check_links()

    def undo(self) -> None:
        """The whole step fails: nothing is left of it, and no op."""
        self.rollback(0)
        self.test.assertEqual(self.document.ops, [])
        self.test.assertEqual(exact(self.document.root), exact(self.client))

    def commit(self) -> None:
        """The step holds: the client, who gets the patch as bytes, has what the server has."""
        if self.document.ops:
            self.test.assertIn(self.document, self.journal.touched)
        if values.has_special(self.document.root):
            self.test.assertTrue(self.document.special)
        told = self.document.encode_ops()
        self.check_brands(told)
        ops = values.decode(told)
        self.journal.commit()
        self.held += self.dropped
        self.dropped.clear()
        apply_ops(self.client, ops)
        self.test.assertEqual(exact(self.client), exact(self.document.root))
        self.test.assertEqual(exact(self.document.plain()), exact(self.document.root))
        self.marks.clear()
        self.mark()

    def replace(self, value: dict[str, Any]) -> None:
        self.document.replace(value)
        self.test.assertEqual(self.document.root, thawed(value))


class PropertyTests(SynchronousTestCase):
    """Whatever is done to a document, patches and undo keep their word."""

    @settings(max_examples=400, deadline=None)
    @given(DICTS, st.lists(ACTIONS, max_size=25))
    def test_any_changes(self, value: dict[str, Any], actions: list[Any]) -> None:
        """Patches lead clients to the same tree, and rollbacks back, to the order of keys."""
        player = Player(self, value)
        for name, *arguments in actions:
            getattr(player, name)(*arguments)
        player.commit()

    @settings(max_examples=100, deadline=None)
    @given(MANY_ACTIONS)
    def test_changes_of_large_lists(self, actions: list[Any]) -> None:
        """The same in lists of lists, where many changes meet in one step."""
        player = Player(self, LARGE)
        for name, *arguments in actions:
            getattr(player, name)(*arguments)
        player.commit()

    @given(st.lists(st.dictionaries(KEYS, st.lists(st.integers(0, 9), max_size=2), min_size=1), min_size=2, max_size=5))
    @example([{"b": [1]}, {"a": [2]}])
    def test_sort_then_nested(self, rows: list[dict[str, Any]]) -> None:
        """What is changed inside a sorted list arrives once, also where the sorting is undone."""
        player = Player(self, {"rows": rows})
        rows = player.document.root["rows"]
        mark = player.journal.mark()
        rows.sort(key=repr)
        next(iter(rows[0].values())).append("undone")
        player.journal.rollback(mark)
        next(iter(rows[0].values())).append("before")
        rows.sort(key=repr, reverse=True)
        next(iter(rows[0].values())).append("after")
        rows.append({"a": []})
        rows[-1]["a"].append("new")
        player.commit()
        rows[0]["a"] = "next"
        player.commit()


class Colour(enum.StrEnum):
    RED = "red"


class DocumentTestCase(SynchronousTestCase):
    """With a document of a few things."""

    def setUp(self) -> None:
        self.journal = Journal()
        self.document = Document(self.journal, {"n": 1, "d": {"a": [1, 2, 3], "b": 2}, "rows": [{"x": 1}, {"x": 0}]})
        self.root = self.document.root

    def assertOps(self, *ops: Any) -> None:
        self.assertEqual(exact(self.document.ops), exact(list(ops)))
        self.assertEqual(exact(values.decode(self.document.encode_ops())), exact(list(ops)))
        self.journal.commit()


class PatchTests(DocumentTestCase):
    """The ops of single changes: small, and in the form that docs/protocol.rst fixes."""

    def test_set_and_delete(self) -> None:
        """Keys and indexes are set, keys deleted."""
        self.root["n"] = 2
        self.root["d"]["a"][-1] = 4
        del self.root["d"]["b"]
        self.assertOps([0, ["n"], 2], [0, ["d", "a", 2], 4], [1, ["d", "b"]])

    def test_splices(self) -> None:
        """Lists change by splices, one for each change."""
        items = self.root["d"]["a"]
        for change, op in (
            (lambda: items.append(4), [2, ["d", "a"], 3, 0, [4]]),
            (lambda: items.insert(-9, 0), [2, ["d", "a"], 0, 0, [0]]),
            (lambda: items.pop(1), [2, ["d", "a"], 1, 1, []]),
            (lambda: setitem(items, slice(1, 2), ["y", "z"]), [2, ["d", "a"], 1, 1, ["y", "z"]]),
            (lambda: items.extend([5, 6]), [2, ["d", "a"], 5, 0, [5, 6]]),
            (lambda: delitem(items, slice(2, 4)), [2, ["d", "a"], 2, 2, []]),
        ):
            change()
            self.assertOps(op)

    def test_many_splices(self) -> None:
        """Of many splices few are told, from the front to the back; what came and went is in none."""
        items = self.root["d"]["a"]
        items.append(4)
        items.insert(-9, 0)
        items.pop(1)
        items[1:2] = ["y", "z"]
        items.append("gone")
        items.pop()
        self.assertOps([2, ["d", "a"], 0, 2, [0, "y", "z"]], [2, ["d", "a"], 4, 0, [4]])

    def test_neighbours_in_a_list(self) -> None:
        """Many items that stand side by side, each of which is set, are one splice; few are not."""
        self.root["l"] = [0] * 9
        self.journal.commit()
        for place in (5, 2, 4, 3):
            self.root["l"][place] = place
        self.assertOps([2, ["l"], 2, 4, [2, 3, 4, 5]])
        for place in (5, 2, 4):
            self.root["l"][place] = -place
        self.assertOps([0, ["l", 2], -2], [0, ["l", 4], -4], [0, ["l", 5], -5])

    def test_same_again(self) -> None:
        """Setting a scalar to itself is no change; another type or sign is."""
        self.root["n"] = 1
        self.root["d"]["a"][0] = 1
        self.root["d"] = self.root["d"]
        self.root["d"]["a"] += []
        self.root["d"]["a"][5:] = []
        del self.root["d"]["a"][5:0:2]
        self.assertEqual((self.journal.undo, self.document.ops), ([], []))
        self.root["n"] = True
        self.root["n"] = 0.0
        self.root["n"] = -0.0
        self.assertOps([0, ["n"], -0.0])

    def test_as_before(self) -> None:
        """What is again what it was when the step ends is not told; 1, 1.0 and True are three values."""
        self.root.update(n=2, new=3)
        self.root["d"].pop("b")
        self.root.pop("new")
        self.root["n"] = 1
        self.assertOps([1, ["d", "b"]])
        self.root["n"] = 2
        self.root["n"] = 1.0
        self.assertOps([0, ["n"], 1.0])

    def test_new_container_is_one_op(self) -> None:
        """What is built up inside a new container goes with it; in the next step it has ops of its own."""
        self.root["log"] = []
        for n in range(3):
            self.root["log"].append({"n": n})
        self.root["log"][0]["n"] = 7
        self.assertOps([0, ["log"], [{"n": 7}, {"n": 1}, {"n": 2}]])
        self.root["log"][0]["n"] = 8
        self.assertOps([0, ["log", 0, "n"], 8])

    def test_clear_inner_dict(self) -> None:
        """A dict that is cleared and filled again is sent once."""
        self.root["d"].clear()
        self.root["d"]["c"] = [1]
        self.assertOps([0, ["d"], {"c": [1]}])

    def test_clear_and_take_out(self) -> None:
        """A dict of one key is not sent whole for that, nor is the root; nor one of which something was left alone."""
        self.root["rows"][0].clear()
        self.assertOps([1, ["rows", 0, "x"]])
        self.root["d"].update(c=1, e=2, f=3)
        self.journal.commit()
        for key in ("b", "c", "e", "f"):
            del self.root["d"][key]
        self.assertOps(*([1, ["d", key]] for key in ("b", "c", "e", "f")))
        self.root.clear()
        self.assertOps(*([1, [key]] for key in ("rows", "d", "n")))

    def test_order_of_keys(self) -> None:
        """A key that is deleted and set again stands last, for clients as well; new ones stand as they do here."""
        self.root.update(a=1, b=2)
        del self.root["a"], self.root["n"]
        self.root.update(c=3, n=1, a=4)
        self.assertOps([1, ["n"]], [0, ["b"], 2], [0, ["c"], 3], [0, ["n"], 1], [0, ["a"], 4])

    def test_sort_sends_span(self) -> None:
        """Only what changed its place is sent; what is in order costs nothing."""
        items = self.root["d"]["a"]
        items.sort()
        self.assertOps()
        items[:] = [1, 3, 2, 4]
        self.journal.commit()
        items.sort()
        self.assertOps([2, ["d", "a"], 1, 2, [2, 3]])

    def test_sort_keeps_objects(self) -> None:
        """Who holds an item of a sorted list still holds it."""
        first = self.root["rows"][0]
        self.root["rows"].sort(key=lambda row: row["x"])
        self.assertIs(self.root["rows"][1], first)
        self.journal.commit()
        first["x"] = 5
        self.assertOps([0, ["rows", 1, "x"], 5])

    def test_popped_is_silent(self) -> None:
        """A container that was taken out still changes, and nobody is told."""
        row = self.root["rows"].pop(0)
        row["x"] = [1]
        row["x"].append(2)
        self.assertEqual(row, {"x": [1, 2]})
        self.assertOps([2, ["rows"], 0, 1, []])
        row["x"].append(3)
        self.assertOps()

    def test_path_follows_shifts(self) -> None:
        """A container knows its place after others were put before it."""
        row = self.root["rows"][1]
        self.root["rows"].insert(0, 5)
        row["x"] = 9
        self.assertOps([2, ["rows"], 0, 0, [5]], [0, ["rows", 2, "x"], 9])

    def test_replace(self) -> None:
        """A new root costs what differs."""
        self.document.replace({"n": True, "rows": [{"x": 1}, {"x": 0}], "new": (1,)})
        self.assertOps([1, ["d"]], [0, ["n"], True], [0, ["new"], [1]])
        self.document.replace(self.root)
        self.document.replace(dict(self.root))
        self.assertOps()

    def test_touched(self) -> None:
        """The journal knows which documents have ops."""
        other = Document(self.journal)
        self.assertEqual(list(self.journal.touched), [])
        other.root["x"] = 1
        self.root["n"] = 3
        self.root["n"] = 4
        self.assertEqual(list(self.journal.touched), [other, self.document])

    def test_extend_by_own_items(self) -> None:
        """A generator may take from the list that it is added to."""
        items = self.root["d"]["a"]
        items.extend(items.pop(0) for _ in range(2))
        self.assertEqual(items, [3, 1, 2])

    def test_unknown_op(self) -> None:
        """A client that is handed something else says so."""
        self.assertRaises(ValueError, apply_ops, {}, [[9, []]])


class UndoTests(DocumentTestCase):
    """What a rollback brings back."""

    def test_order_of_keys(self) -> None:
        """Deleted keys come back where they stood, whether all is undone or a part, and again in the next try."""
        for _ in range(2):
            del self.root["n"]
            mark = self.journal.mark()
            del self.root["d"]
            self.journal.rollback(mark)
            self.assertEqual(list(self.root), ["d", "rows"])
            self.journal.rollback()
            self.assertEqual(list(self.root), ["n", "d", "rows"])

    def test_order_in_each_step(self) -> None:
        """The order is saved anew after each commit, and after a rollback to the same mark."""
        mark = self.journal.mark()
        for _ in range(2):
            del self.root["n"]
            self.journal.rollback(mark)
            self.assertEqual(list(self.root), ["n", "d", "rows"])
        del self.root["n"]
        self.journal.commit()
        del self.root["d"]
        self.journal.rollback()
        self.assertEqual(list(self.root), ["d", "rows"])

    def test_order_over_many_steps(self) -> None:
        """However often keys are deleted and set, undone or not, the order stays, and what is kept of it small."""
        chance = Random(1)
        root, plain = self.root["d"], dict(self.root["d"])
        for step in range(500):
            before = dict(plain)
            self.journal.mark()
            for _ in range(chance.randrange(4)):
                key = str(chance.randrange(8))
                self.assertEqual(root.pop(key, None), plain.pop(key, None))
                if chance.random() < 0.6:
                    root[key] = plain[key] = step
                if chance.random() < 0.1:
                    root.clear()
                    plain.clear()
                elif plain and chance.random() < 0.1:
                    self.assertEqual(root.popitem(), plain.popitem())
            if chance.random() < 0.5:
                self.journal.rollback()
                plain = before
            else:
                self.journal.commit()
            self.assertEqual(list(root.items()), list(plain.items()))
        self.assertLess(len(root._order.keys), 60)

    def test_places_over_many_steps(self) -> None:
        """Items of a list are found where they are, wherever they have moved, undone or not."""
        chance = Random(1)
        rows = self.root["rows"]
        rows.extend({"x": n} for n in range(20))
        self.journal.commit()
        for step in range(300):
            client = self.document.plain()
            self.journal.mark()
            for _ in range(chance.randrange(4)):
                match chance.randrange(6):
                    case 0:
                        rows.insert(chance.randrange(len(rows)), {"x": step})
                    case 1 if len(rows) > 5:
                        rows.pop(chance.randrange(len(rows)))
                    case 2:
                        rows[chance.randrange(len(rows))] = {"x": step}
                    case 3:
                        rows.sort(key=lambda row: row["x"] * 7 % 11)
                    case 4 if len(rows) > 10:
                        del rows[chance.randrange(3) :: chance.randrange(3, 9)]
                rows[chance.randrange(len(rows))]["x"] = -step
            if chance.random() < 0.5:
                self.document.encode_ops()
                self.journal.rollback()
            apply_ops(client, values.decode(self.document.encode_ops()))
            self.assertEqual(client, self.document.plain())
            self.journal.commit()
        self.assertIsNotNone(rows._places)

    def test_undone_containers_are_apart(self) -> None:
        """Who keeps a container whose arrival was undone changes nothing of the document."""
        rows = self.root["rows"]
        self.root["new"] = {}
        rows[0] = {}
        rows.append({})
        kept = [self.root["new"], rows[0], rows[2]]
        self.journal.rollback()
        self.journal.commit()
        for node in kept:
            node["x"] = 1
        self.assertOps()
        rows[0]["x"] = 2
        self.assertOps([0, ["rows", 0, "x"], 2])

    def test_put_back_containers_are_heard(self) -> None:
        """A container that a rollback put back is part of the document again."""
        row = self.root["rows"].pop()
        inner = self.root.pop("d")
        self.root["rows"] = None
        self.journal.rollback()
        row["x"] = 5
        inner["b"] = 6
        self.assertOps([0, ["rows", 1, "x"], 5], [0, ["d", "b"], 6])


class RefusalTests(DocumentTestCase):
    """What JSON cannot hold is refused, with the path from the root, and leaves no trace."""

    def assertRefused(self, change: Callable[[], object], path: str) -> None:
        before = exact(self.root)
        error = self.assertRaises(NotJSON, change)
        self.assertIn(f"`{path}`", str(error))
        self.assertEqual((exact(self.root), self.journal.undo, self.document.ops), (before, [], []))

    def test_path(self) -> None:
        """The path leads from the root to the bad value."""
        a, rows = self.root["d"]["a"], self.root["rows"]
        self.assertRefused(lambda: setitem(a, 1, {1}), "$.d.a[1]")
        self.assertRefused(lambda: setitem(rows[1], "x", {"y": [object()]}), "$.rows[1].x.y[0]")
        self.assertRefused(lambda: a.append(2**60), "$.d.a[3]")
        self.assertRefused(lambda: a.insert(0, "\ud800"), "$.d.a[0]")
        self.assertRefused(lambda: setitem(self.root["d"], 5, 1), "$.d[5]")
        self.assertRefused(lambda: self.root.setdefault("s", set()), "$.s")
        self.assertRefused(lambda: self.document.replace({"a": 1, "n": set()}), "$.n")
        self.assertRefused(lambda: self.document.replace([]), "$")  # type: ignore[arg-type]

    def test_all_or_nothing(self) -> None:
        """One bad value among many, and none is set."""
        d, a = self.root["d"], self.root["d"]["a"]
        self.assertRefused(lambda: d.update(b=5, c={1}), "$.d.c")
        self.assertRefused(lambda: operator.ior(d, {"b": 5, 1: 2}), "$.d[1]")
        self.assertRefused(lambda: a.extend([4, {1}]), "$.d.a[4]")
        self.assertRefused(lambda: setitem(a, slice(0, 2), [4, {1}]), "$.d.a[1]")
        self.assertRefused(lambda: operator.iadd(a, [{1}]), "$.d.a[3]")

    def test_failed_sort(self) -> None:
        """A comparison that fails leaves the order; so does a list that changes meanwhile."""
        rows = self.root["rows"]
        self.assertRaises(TypeError, rows.sort)
        rows.append({"x": -1})
        self.assertRaises(ValueError, rows.sort, key=lambda row: rows.pop() and 1)

    def test_depth_from_root(self) -> None:
        """The containers above count: 32 in all."""
        node = self.root
        for _ in range(31):
            node["d"] = {}
            node = node["d"]
        self.journal.commit()
        self.assertRefused(lambda: setitem(node, "d", []), "$" + ".d" * 32)
        node["d"] = 1

    def test_str_subclasses(self) -> None:
        """A key or value of a str enum is kept as the str."""
        self.root[Colour.RED] = Colour.RED
        self.root[Colour.RED] = 5
        self.root.update({Colour.RED: 6})
        self.assertOps([0, ["red"], 6])
        self.assertEqual(type(list(self.root)[-1]), str)
        del self.root[Colour.RED]
        self.assertOps([1, ["red"]])
        self.root["d"]["a"][True] = 0
        self.assertOps([0, ["d", "a", 1], 0])


class CopyTests(DocumentTestCase):
    """Out of a document come plain things; into it go copies."""

    def test_assigned_is_copied(self) -> None:
        """A document shares nothing with what was assigned, nor two of its places with each other."""
        value = {"a": [1]}
        self.root["v"] = value
        self.root["w"] = self.root["v"]
        value["a"].append(2)
        self.root["v"]["a"].append(3)
        self.assertEqual((self.root["v"], self.root["w"]), ({"a": [1, 3]}, {"a": [1]}))

    def test_copies_are_plain(self) -> None:
        """Each way to copy gives plain dicts and lists."""
        d, a = self.root["d"], self.root["d"]["a"]
        shallow = [copy.copy(d), copy.copy(a), d | {}, {} | d, operator.add(a, []), a * 2, a[1:], d.copy(), a.copy()]
        deep = [copy.deepcopy(self.root), pickle.loads(pickle.dumps(self.root)), self.document.plain()]
        self.assertEqual({type(value) for value in shallow}, {dict, list})
        for value in deep:
            self.assertEqual(value, self.root)
            self.assertEqual((type(value), type(value["d"]), type(value["d"]["a"])), (dict, dict, list))

    def test_encoders_see_json(self) -> None:
        """json and msgspec write tracked containers as they write plain ones."""
        value = self.document.plain()
        self.assertEqual(json.dumps(self.root), json.dumps(value))
        self.assertEqual(msgspec.json.encode(self.root), msgspec.json.encode(value))
        self.assertEqual(msgspec.msgpack.encode(self.root), msgspec.msgpack.encode(value))
        self.assertEqual(repr(self.root), repr(value))

    def test_special_is_sticky(self) -> None:
        """Bytes and ``$`` keys are noticed wherever they come in."""
        for change in (
            lambda root: setitem(root, "b", b"x"),
            lambda root: setitem(root, "$x", 1),
            lambda root: root["d"]["a"].append({"y": [{"$x": 1}]}),
            lambda root: root.update({"$y": 1}),
        ):
            document = Document(Journal(), {"d": {"a": []}})
            self.assertFalse(document.special)
            change(document.root)
            self.assertTrue(document.special)
        self.assertTrue(Document(Journal(), {"a": [b""]}).special)
        self.assertFalse(self.document.special)

    def test_every_mutator_is_tracked(self) -> None:
        """No method by which a dict or list changes itself is inherited."""
        for kind, base in ((DocDict, dict), (DocList, list)):
            probes = set(vars(base)) - READERS
            self.assertEqual(probes - set(vars(kind)), set())


READERS = {
    *("__new__", "__init__", "__repr__", "__getattribute__", "__doc__", "__hash__", "__sizeof__", "__reversed__"),
    *("__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__", "__iter__", "__len__", "__getitem__", "__contains__"),
    *("__add__", "__mul__", "__rmul__", "__or__", "__ror__", "__class_getitem__"),
    *("copy", "index", "count", "get", "keys", "items", "values", "fromkeys"),
}
