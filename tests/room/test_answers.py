"""What is remembered of answered requests, and how it is kept in the row."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.room.answers import DONE, KEPT, KEPT_BYTES, KEYS, Answers, Memory, Runs
from gameserver.store import keys


class MemoryTests(SynchronousTestCase):
    def test_ids_may_skip(self) -> None:
        """An id that was never applied is in no run."""
        memory = Memory()
        for id in (1, 2, 3, 5, 6, 9):
            memory.keep(id)
        self.assertEqual(memory.runs, [[1, 3], [5, 6], [9, 9]])
        self.assertEqual((memory.last_id, memory.answer(4)), (9, None))

    def test_answers_that_say_more(self) -> None:
        """They are kept as they are, and stand in no run."""
        memory = Memory()
        memory.keep(1)
        memory.keep(2, b"frame")
        memory.keep(3)
        self.assertEqual((memory.runs, memory.answer(2)), ([[1, 1], [3, 3]], b"frame"))

    def test_bounded(self) -> None:
        """The oldest is forgotten; of its frame that is said."""
        memory = Memory()
        self.assertEqual(list(memory.keep(1, b"frame")), [])
        forgotten = [memory.keep(id) for id in range(2, KEPT + 3)]
        self.assertEqual([one for one in forgotten if one], [[1]])
        self.assertEqual((memory.size_bytes, memory.runs), (0, [[3, KEPT + 2]]))

    @given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from((0, 0, 0, 10, KEPT_BYTES // 3, KEPT_BYTES + 1)))))
    def test_the_newest_are_kept(self, asked: list[tuple[int, int]]) -> None:
        """Whatever is answered how: the newest, as many as may be, and one in any case."""
        memory, kept, id = Memory(), dict[int, bytes](), 0
        for step, size in asked * 20:
            id += step
            gone = []
            kept[id] = b"x" * size
            while len(kept) > 1 and (len(kept) > KEPT or sum(map(len, kept.values())) > KEPT_BYTES):
                oldest = next(iter(kept))
                if kept.pop(oldest):
                    gone.append(oldest)
            self.assertEqual(list(memory.keep(id, b"x" * size)), gone)
        self.assertEqual({id: memory.answer(id) for id in memory.ids()}, kept)
        self.assertEqual((memory.count, memory.size_bytes), (len(kept), sum(map(len, kept.values()))))


class AnswersTests(SynchronousTestCase):
    def test_clients_that_ask_stay(self) -> None:
        """Of too many clients of a seat the one that asked longest ago is forgotten, with its parts of the row."""
        answers = Answers("K7QM")
        for number in range(KEYS):
            answers.keep("1", f"key-{number}", 1)
        answers.keep("1", "key-0", 2, b"frame")
        self.assertEqual(answers.keep("1", "new", 1), [keys.done("1", "key-1")])
        self.assertEqual(
            answers.forget("1")[-3:], [keys.done("1", "key-0"), keys.answer("1", "key-0", 2), "done/1/new"]
        )

    def test_restore(self) -> None:
        """From runs, and from frames: rows that were written before there were runs have a frame for each."""
        answers = Answers("K7QM")
        runs = msgspec.json.decode(b"[[1,3],[7,7]]", type=Runs)
        answers.restore([("1", "a/b", 5, b"old")], [("1", "a/b", runs)])
        memory: Any = answers.find("1", "a/b")
        self.assertEqual(
            [(id, memory.answer(id)) for id in memory.ids()], [(1, DONE), (2, DONE), (3, DONE), (5, b"old"), (7, DONE)]
        )
        self.assertEqual((memory.last_id, memory.runs), (7, [[1, 3], [7, 7]]))

    @given(
        st.lists(
            st.tuples(st.sampled_from("12"), st.integers(0, KEYS), st.integers(1, 3), st.sampled_from((0, 10, 9000))),
            max_size=60,
        )
    )
    def test_restored_as_kept(self, asked: list[tuple[str, int, int, int]]) -> None:
        """What is restored is what was kept, and as much is forgotten next."""
        kept, ids = Answers("K7QM"), dict[tuple[str, str], int]()
        for seat, number, step, size in sorted(asked * 5):
            key = f"key-{number}"
            id = ids[seat, key] = ids.get((seat, key), 0) + step
            kept.keep(seat, key, id, b"x" * size)
        memories = [(s, k, memory) for s, by_key in kept.by_seat.items() for k, memory in by_key.items()]
        restored = Answers("K7QM")
        restored.restore(
            [(s, k, id, frame) for s, k, memory in memories for id, frame in memory.frames.items()],
            [(s, k, msgspec.json.decode(msgspec.json.encode(memory.runs), type=Runs)) for s, k, memory in memories],
        )
        for seat, key, memory in memories:
            again: Any = restored.find(seat, key)
            for field in Memory.__slots__:
                self.assertEqual(getattr(again, field), getattr(memory, field), field)
        self.assertEqual({s: [*by_key] for s, by_key in restored.by_seat.items()},
                         {s: [*by_key] for s, by_key in kept.by_seat.items()})  # fmt: skip

    def test_too_much_was_stored(self) -> None:
        """Of what is more than is kept the oldest is forgotten, and of clients those whose keys come first."""
        answers = Answers("K7QM")
        answers.restore([("1", "a", 5, b"old")], [("1", "a", [[1, 4], [6, KEPT + 5]])])
        memory: Any = answers.find("1", "a")
        self.assertEqual((memory.ids(), memory.count), ([*range(6, KEPT + 6)], KEPT))
        answers.restore([("2", f"key-{n}", 1, b"x") for n in range(KEYS + 2)], [("3", "empty", [])])
        self.assertEqual([*answers.by_seat["2"]], [f"key-{n}" for n in range(2, KEYS + 2)])
        self.assertEqual(answers.last_id("3", "empty"), 0)
