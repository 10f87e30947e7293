"""What `MemoryStore` can do beyond the contract, for tests, and that it stands for the store that it replaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, IStore, Outcome
from gameserver.store.memory.store import MemoryStore
from tests.store import inline_store, numbered

T = TypeVar("T")


class MemoryStoreTests(SynchronousTestCase):
    """Failing, holding back, dying."""

    def setUp(self) -> None:
        """Start a store that notes what it answered."""
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.answered: list[object] = []

    def commit(self, version: int) -> Deferred[list[Outcome]]:
        """Commit one version."""
        return self.store.commit([numbered(version)], now_ms=version)

    def note(self, version: int) -> None:
        """Commit one version, and note it once it is answered."""
        self.commit(version).addCallback(lambda outcomes: self.answered.append((version, outcomes[0])))

    def version(self) -> int | None:
        """Tell the stored version."""
        stored = self.successResultOf(self.store.open_rooms(["r1"]))
        return stored[0].version if stored else None

    def test_answers_at_once(self) -> None:
        """Nothing waits for a reactor."""
        self.assertEqual(self.successResultOf(self.commit(1)), [Outcome.STORED])

    def test_fail_writes_nothing(self) -> None:
        """While `fail` is set calls fail with it; afterwards the same commit is stored."""
        self.store.fail = StoreUnavailable("the disk is full")
        self.assertEqual(str(self.failureResultOf(self.commit(1), StoreUnavailable).value), "the disk is full")
        self.store.fail = None
        self.assertIsNone(self.version())
        self.assertEqual(self.successResultOf(self.commit(1)), [Outcome.STORED])

    def test_fail_after_writes(self) -> None:
        """While `fail_after` is set the work is done and the answer lost; the retry is answered STORED."""
        self.store.fail_after = StoreUnavailable("the line is cut")
        self.failureResultOf(self.commit(1), StoreUnavailable)
        self.store.fail_after = None
        self.assertEqual(self.successResultOf(self.commit(1)), [Outcome.STORED])
        self.assertEqual(self.version(), 1)

    def test_held_calls_answered_in_order_on_release(self) -> None:
        """Held calls do nothing until they are released, all of them or so many, and then in order."""
        self.store.hold()
        for version in (1, 2, 3):
            self.note(version)
        self.assertEqual((self.answered, self.store.in_flight), ([], 3))
        self.store.release(1)
        self.assertEqual((self.answered, self.store.in_flight), ([(1, Outcome.STORED)], 2))
        self.store.release()
        self.assertEqual(self.answered, [(version, Outcome.STORED) for version in (1, 2, 3)])
        self.assertEqual(self.successResultOf(self.commit(4)), [Outcome.STORED])

    def test_release_of_more_than_held(self) -> None:
        """Releasing more than there is releases what there is, and holds on."""
        self.store.hold()
        self.note(1)
        self.store.release(5)
        self.note(2)
        self.assertEqual((self.answered, self.store.in_flight), ([(1, Outcome.STORED)], 1))

    def test_call_made_by_released_answer_comes_last(self) -> None:
        """What a callback asks in the middle of a release takes its turn after what was held."""
        self.store.hold()
        self.commit(1).addCallback(lambda _: self.note(3))
        self.note(2)
        self.store.release()
        self.assertEqual(self.answered, [(2, Outcome.STORED), (3, Outcome.STORED)])

    def test_fail_counts_when_released(self) -> None:
        """A held call meets the store as it is when it is released."""
        self.store.hold()
        made = self.commit(1)
        self.store.fail = StoreUnavailable("gone")
        self.store.release()
        self.failureResultOf(made, StoreUnavailable)

    def test_stop_releases(self) -> None:
        """A stop finishes what was asked."""
        self.store.hold()
        self.note(1)
        self.successResultOf(self.store.stop())
        self.assertEqual(self.answered, [(1, Outcome.STORED)])

    def assert_killed(self, *, written: bool, version: int) -> None:
        """Let the process die with version 2 in flight, and look what the next one finds."""
        self.successResultOf(self.commit(1))
        self.store.hold()
        self.note(2)
        self.store.kill(written=written)
        self.failureResultOf(self.commit(3), StoreUnavailable)
        self.successResultOf(self.store.start())
        self.assertEqual((self.answered, self.version()), ([], version))

    def test_kill_loses_what_is_in_flight(self) -> None:
        """What was in flight when the process died is never answered, and not written."""
        self.assert_killed(written=False, version=1)

    def test_kill_after_writing_answers_nothing(self) -> None:
        """Or it was just written when the process died: still nobody hears of it."""
        self.assert_killed(written=True, version=2)

    def test_claim_without_room_ends_with_process(self) -> None:
        """A code that was claimed for a room that never came to be is free after a restart."""
        self.successResultOf(self.store.claim_code("K7QM", "r9", now_ms=0))
        self.store.kill()
        self.successResultOf(self.store.start())
        self.assertTrue(self.successResultOf(self.store.claim_code("K7QM", "r8", now_ms=0)))

    def test_opened_parts_are_a_copy(self) -> None:
        """What a reader was given does not change under it."""
        self.successResultOf(self.commit(1))
        (stored,) = self.successResultOf(self.store.open_rooms(["r1"]))
        self.successResultOf(
            self.store.commit(
                [Commit(room="r1", code="R1", game="dice", fence=2, version=2, puts={"room": b"x"})], now_ms=2
            )
        )
        self.assertEqual(stored.parts, {"room": b"1"})


ROOMS = st.sampled_from(["r1", "r2", "r3"])
CHANGES = st.builds(
    Commit,
    room=ROOMS,
    code=st.just(""),
    game=st.just("dice"),
    fence=st.sampled_from([0, 0, 0, 0, -1, 1]),
    version=st.sampled_from([1, 1, 1, 1, 1, 0, -1, 2]),
    puts=st.dictionaries(st.sampled_from("abc"), st.binary(max_size=2)),
    drops=st.lists(st.sampled_from("de"), unique=True),
    ends=st.sampled_from([False, False, False, True]),
)
"""Commits whose fence and version are still relative to what their room's owner knows, mostly right."""


class TwinStores(RuleBasedStateMachine):
    """Ask a `MemoryStore` and a `SQLiteStore` the same: they answer the same, whatever came before."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        self.twins: list[IStore] = [MemoryStore(), inline_store(f"{self.directory.name}/twin")]
        self.now_ms = 1_700_000_000_000
        self.known: dict[str, tuple[int, int]] = {}
        self.last: Sequence[Commit] = ()
        self.both(lambda store: store.start())

    def both(self, call: Callable[[IStore], Deferred[T]]) -> T:
        """Make this call on both, and compare."""
        memory, sqlite = (SynchronousTestCase().successResultOf(call(store)) for store in self.twins)
        assert memory == sqlite, (memory, sqlite)
        return memory

    @rule(changes=st.lists(CHANGES, max_size=3, unique_by=lambda change: change.room))
    def commit(self, changes: list[Commit]) -> None:
        """Commit what an owner would, or nearly so."""
        self.now_ms += 1
        self.last = [self.absolute(change) for change in changes]
        outcomes = self.both(self.commit_last)
        for commit, outcome in zip(self.last, outcomes, strict=True):
            if outcome is Outcome.STORED:
                self.known[commit.room] = (1, 0) if commit.ends else (commit.fence, commit.version)

    def absolute(self, change: Commit) -> Commit:
        """Add what the room's owner knows of it."""
        fence, version = self.known.get(change.room, (1, 0))
        return Commit(
            room=change.room,
            code=change.room.upper(),
            game=change.game,
            fence=fence + change.fence,
            version=version + change.version,
            puts=change.puts,
            drops=change.drops,
            ends=change.ends,
        )

    def commit_last(self, store: IStore) -> Deferred[list[Outcome]]:
        """Commit the newest commits."""
        return store.commit(self.last, now_ms=self.now_ms)

    @rule()
    def retry(self) -> None:
        """Commit the same again."""
        self.both(self.commit_last)

    @rule(ids=st.lists(ROOMS))
    def open_rooms(self, ids: list[str]) -> None:
        """Take rooms over."""
        for stored in self.both(lambda store: store.open_rooms(ids)):
            self.known[stored.room] = (stored.fence, stored.version)

    @rule(code=ROOMS.map(str.upper), room=ROOMS)
    def claim(self, code: str, room: str) -> None:
        """Claim a code, sometimes another room's."""
        self.both(lambda store: store.claim_code(code, room, now_ms=self.now_ms))

    @rule(code=ROOMS.map(str.upper))
    def release(self, code: str) -> None:
        """Release a code."""
        self.both(lambda store: store.release_code(code))

    @rule(hours=st.sampled_from([0, 1, 23, 24]))
    def beat(self, hours: int) -> None:
        """Let time pass."""
        self.now_ms += hours * 60 * 60 * 1000
        self.both(lambda store: store.beat(now_ms=self.now_ms))

    @rule()
    def restart(self) -> None:
        """Stop, start, and look at everything that a new process would."""
        self.both(lambda store: store.stop())
        self.both(lambda store: store.start())
        self.both(lambda store: store.last_beat_ms())
        self.open_rooms(self.both(lambda store: store.room_ids()))

    def teardown(self) -> None:
        """Look a last time, and tidy up."""
        self.restart()
        self.both(lambda store: store.stop())
        self.directory.cleanup()


class AgreementTests(SynchronousTestCase):
    """A test on `MemoryStore` holds on `SQLiteStore`."""

    def test_memory_and_sqlite_agree(self) -> None:
        """Whatever is asked, in whatever order, both answer the same."""
        limits = settings(max_examples=60, stateful_step_count=30, deadline=None)
        run_state_machine_as_test(TwinStores, settings=limits)
