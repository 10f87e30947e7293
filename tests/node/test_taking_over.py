"""What nodes do about the rooms of one that died: they share them fairly, and none stays behind."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from twisted.internet.defer import Deferred

from gameserver import Game, Player, message
from gameserver.errors import CannotOpen, Elsewhere, Refused, StoreUnavailable
from gameserver.node.taking_over import PATIENCE_S
from gameserver.room import row
from gameserver.store import keys
from tests.node.registries import FakeSession, Place
from tests.node.test_two_nodes import LEASE_S, Counting, TwoNodesTestCase
from tests.store.shared import SharedStore

ROOMS = 30


class NewCounting(Counting):
    """The next release of it."""

    name = "counting"
    version = 2
    called: ClassVar[list[str]] = []

    def migrate(self, row: dict[str, object], version: int) -> dict[str, object]:
        return row


class Other(Game):
    """Another game."""

    name = "other"
    needs_start = False

    @message
    def hello(self, player: Player) -> str:
        return "hello"


class SharingTests(TwoNodesTestCase):
    """Node a has many rooms, and dies; b and c look."""

    def setUp(self) -> None:
        super().setUp()
        self.c = self.node("c")

    def rooms(self, count: int = ROOMS) -> list[str]:
        """Make rooms on node a. :returns: their codes."""
        return [self.a.create(FakeSession(f"user{n}")).room.code for n in range(count)]

    def found(self, *nodes: Place) -> list[int]:
        """How many rooms each node has."""
        return [len(list(node.registry.runners)) for node in nodes]

    def test_shared_fairly(self) -> None:
        """Each of those that are left gets the same."""
        self.rooms()
        self.a.kill()
        self.pass_time(LEASE_S + 2, self.b, self.c)
        self.assertEqual(self.found(self.b, self.c), [ROOMS // 2] * 2)

    def test_who_has_much_gets_less(self) -> None:
        """It is how full they are in the end that counts."""
        for n in range(10):
            self.b.create(FakeSession(f"guest{n}"))
        self.rooms()
        self.a.kill()
        self.pass_time(LEASE_S + 2, self.b, self.c)
        self.assertEqual(self.found(self.b, self.c), [20, 20])

    def test_who_is_busy_gets_none(self) -> None:
        """While others have time; it is told within a renewal, and again when it has time itself."""
        self.b.registry.leased.load = lambda: 85
        self.rooms(10)
        self.pass_time(LEASE_S, self.a, self.b, self.c)
        self.assertEqual(self.shared.about["b"]["load"], "85")
        self.a.kill()
        self.pass_time(LEASE_S + 2, self.b, self.c)
        self.assertEqual(self.found(self.b, self.c), [0, 10])
        self.b.registry.leased.load = lambda: 5
        self.pass_time(LEASE_S, self.b, self.c)
        self.assertEqual(self.shared.about["b"]["load"], "5")

    def test_load_is_told_where_it_is_news(self) -> None:
        """A node that is as busy as before says nothing of it."""
        loads = iter([30, 31, 29, 35, 81, 79, 79])
        self.b.registry.leased.load = lambda: next(loads, 79)
        store: Any = self.b.store
        told: list[str] = []
        describe = store.describe_node

        def noting(games: Any, *, draining: bool, about: Any) -> Any:
            told.append(about["load"])
            return describe(games, draining=draining, about=about)

        store.describe_node = noting
        self.pass_time(4 * LEASE_S, self.a, self.b, self.c)
        self.assertEqual(told, ["30", "81", "79"])

    def test_share_of_one_that_does_not_come(self) -> None:
        """A node that stands still, and holds its lease yet, keeps nobody waiting for long."""
        codes = self.rooms()
        self.a.kill()
        self.pass_time(LEASE_S - 0.5, self.b, self.c)
        self.pass_time(0.5 + 4 * PATIENCE_S, self.b)
        self.assertEqual(self.found(self.b), [len(codes)])

    def test_where_the_answer_is_lost(self) -> None:
        """The store gave the rooms to a node that did not hear of it: it opens them when it looks again."""
        codes = self.rooms(3)
        self.a.kill()
        del self.shared.leases["a"]
        store: Any = self.b.store
        claim = store.claim_rooms
        given: list[str] = []

        def lost(*args: Any, **how: Any) -> Any:
            store.claim_rooms = claim
            answer = claim(*args, **how)
            given.extend(answer.result[0])
            return answer.addCallback(lambda _: (_ for _ in ()).throw(StoreUnavailable("lost")))

        store.claim_rooms = lost
        self.pass_time(LEASE_S / 3 + 2, self.b, self.c)
        self.assertTrue(given)
        self.assertEqual(sum(self.found(self.b, self.c)), len(codes))
        for code in codes:
            self.assertTrue(self.b.registry.get(code) or self.c.registry.get(code))

    def test_one_that_dies_while_it_takes_over(self) -> None:
        """What it claimed and did not open is to be had once its own lease has ended."""
        codes = self.rooms(4)
        self.a.kill()
        del self.shared.leases["a"]
        store = self.b.store
        assert isinstance(store, SharedStore)
        claimed, _ = self.b.get(store.claim_rooms({"counting": 1}, most=2, fair=False))
        self.assertEqual(len(claimed), 2)
        self.b.kill()
        self.pass_time(LEASE_S + 3, self.c)
        self.assertEqual(self.found(self.c), [len(codes)])

    def test_older_version_leaves_rooms_of_a_newer_alone(self) -> None:
        """They stay with nodes that have their game at its version; those that have not it say nothing of them."""
        new = Place(NewCounting, store=SharedStore(self.shared, "n"), seed=5)
        made = new.create(FakeSession("eve"))
        new.kill()
        self.pass_time(LEASE_S + 3, self.b, self.c)
        self.assertEqual(self.found(self.b, self.c), [0, 0])
        self.assertFalse(len(self.b.registry.aside))
        later = Place(NewCounting, store=SharedStore(self.shared, "m"), seed=6)
        self.assertIsNotNone(later.registry.get(made.room.code))

    def test_room_that_a_newer_server_stored(self) -> None:
        """Nodes of the older release leave it as it is, and it waits for one that knows it; then all find it there."""
        made = self.a.create(FakeSession("eve"))
        code, parts = made.room.code, self.shared.rooms[made.room.id].parts
        self.a.kill()
        parts[keys.ROOM] = msgspec.json.encode({**msgspec.json.decode(parts[keys.ROOM]), "schema": row.SCHEMA + 1})
        before = dict(parts)
        self.pass_time(LEASE_S + 3, self.b, self.c)
        self.assertEqual((self.found(self.b, self.c), parts), ([0, 0], before))
        for node in (self.b, self.c):
            with self.assertRaises(Refused) as refused:
                node.get(Deferred.fromCoroutine(node.registry.reach(code)))
            self.assertEqual(refused.exception.code, "quarantined")
        self.assertEqual(parts, before)
        self.patch(row, "SCHEMA", row.SCHEMA + 1)
        newer = self.node("n")
        self.pass_time(LEASE_S, newer, self.b, self.c)
        newer.get(Deferred.fromCoroutine(newer.registry.known_as("https://n.example")))
        self.assertEqual(newer.get(Deferred.fromCoroutine(newer.registry.reach(code))).room.code, code)
        self.failureResultOf(Deferred.fromCoroutine(self.b.registry.reach(code)), Elsewhere)
        self.flushLoggedErrors(CannotOpen)

    def test_node_without_the_game_leaves_it_alone(self) -> None:
        """It neither opens it nor keeps it aside, and the others find it."""
        codes = self.rooms(2)
        self.a.kill()
        other = Place(Other, store=SharedStore(self.shared, "o"), seed=7)
        self.pass_time(LEASE_S + 3, other)
        self.assertFalse(len(other.registry.aside))
        self.assertEqual(self.found(other), [0])
        self.pass_time(LEASE_S, self.b, other)
        self.assertEqual(self.found(self.b), [len(codes)])
