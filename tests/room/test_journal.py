"""The undo log of a room."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.room.documents.document import Document
from gameserver.room.journal import Journal


class Seat:
    """An ordinary room object."""

    __slots__ = ("name", "online")

    name: str
    online: bool


class JournalTests(SynchronousTestCase):
    """What was recorded is undone, newest first, or forgotten."""

    def setUp(self) -> None:
        self.journal = Journal()

    def test_rollback_newest_first(self) -> None:
        """Undoing runs backwards, with the arguments given."""
        calls: list[Any] = []
        self.journal.record(calls.append, 1)
        self.journal.record(calls.extend, (2, 3))
        self.journal.rollback()
        self.assertEqual(calls, [2, 3, 1])
        self.assertEqual(self.journal.undo, [])

    def test_rollback_to_mark(self) -> None:
        """Only what came after the mark is undone; the rest still can be."""
        calls: list[int] = []
        self.journal.record(calls.append, 1)
        mark = self.journal.mark()
        self.journal.record(calls.append, 2)
        self.journal.rollback(mark)
        self.assertEqual(calls, [2])
        self.journal.rollback()
        self.assertEqual(calls, [2, 1])

    def test_commit_forgets(self) -> None:
        """After a commit nothing is left to undo, and the next step begins."""
        undo = self.journal.undo
        document = Document(self.journal, {})
        document.root["x"] = 1
        self.assertEqual(list(self.journal.touched), [document])
        self.journal.commit()
        self.assertEqual((self.journal.step, self.journal.undo, self.journal.touched), (1, [], {}))
        self.assertIs(self.journal.undo, undo)

    def test_set(self) -> None:
        """An attribute gets its old value back, or is gone again."""
        seat = Seat()
        seat.name = "Ann"
        self.journal.assign(seat, "name", "Bob")
        self.journal.assign(seat, "online", True)
        self.assertEqual((seat.name, seat.online), ("Bob", True))
        self.journal.rollback()
        self.assertEqual(seat.name, "Ann")
        self.assertFalse(hasattr(seat, "online"))

    def test_remove_missing(self) -> None:
        """Removing what is not there changes nothing."""
        self.assertRaises(KeyError, self.journal.remove, {}, "a")
        self.assertEqual(self.journal.undo, [])

    @given(st.lists(st.tuples(st.sampled_from(["put", "remove", "append"]), st.integers(0, 5)), max_size=20), st.data())
    def test_containers(self, actions: list[tuple[str, int]], data: st.DataObject) -> None:
        """Ordinary dicts and lists are restored, to the order of the keys."""
        journal, mapping, items = Journal(), {1: "a", 2: "b", 3: "c"}, [1]
        seen = []
        for action, number in actions:
            seen.append((journal.mark(), list(mapping.items()), list(items)))
            if action == "put":
                journal.put(mapping, number, action)
            elif action == "append":
                journal.append(items, number)
            elif number in mapping:
                value = mapping[number]
                self.assertEqual(journal.remove(mapping, number), value)
        seen = data.draw(st.lists(st.sampled_from(seen), max_size=3)) if seen else []
        for mark, pairs, content in sorted(seen, reverse=True):
            journal.rollback(mark)
            self.assertEqual((list(mapping.items()), items), (pairs, content))
