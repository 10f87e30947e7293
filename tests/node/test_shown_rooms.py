"""What nodes show one another: lobbies that list the rooms of all, and matches that lead to a room of another."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gameserver.errors import Elsewhere, Refused, StoreUnavailable
from gameserver.node.runner import RoomRunner
from tests.node.registries import FakeSession, Place
from tests.node.test_two_nodes import LEASE_S, TwoNodesTestCase


class WindowTests(TwoNodesTestCase):
    def node(self, name: str) -> Place:
        """Start a node that shows its rooms, and says where it is."""
        node = super().node(name)
        node.registry.show_rooms()
        node.get(Deferred.fromCoroutine(node.registry.known_as(f"http://{name}.example")))
        return node

    def listed(self, node: Place) -> list[Any]:
        """:returns: what a node lists of others."""
        rows = node.get(Deferred.fromCoroutine(node.registry.shown_elsewhere(None, 100)))
        return [(row["room"], row["players"]) for row in (json.loads(row) for _, row in rows)]

    def match(self, node: Place, session: FakeSession, **options: Any) -> Any:
        """:returns: what became of a match: where it leads, or the room in which it seats."""
        seek = node.registry.match(session.requester(), "counting", options, node.wish("x", "player"))
        done: list[Any] = []
        Deferred.fromCoroutine(seek).addBoth(done.append)
        node.settle()
        (result,) = done
        if isinstance(result, Failure):
            assert isinstance(result.value, Elsewhere), result
            return result.value.code_there, result.value.url
        return session.code

    def made(self, node: Place, session: FakeSession | None = None, **options: Any) -> RoomRunner:
        """A room that has been shown."""
        runner = node.create(session, **options)
        self.pass_time(1, self.a, self.b)
        return runner

    def test_listed_elsewhere(self) -> None:
        """A room is listed by the other node a moment later, as it is by then, and no more when it is gone."""
        runner = self.made(self.a, self.ann)
        code = runner.room.code
        self.assertEqual(self.listed(self.b), [(code, 1)])
        self.assertEqual(self.listed(self.a), [])
        self.a.join(runner, self.bob)
        self.assertEqual(self.listed(self.b), [(code, 1)])
        self.pass_time(1, self.a, self.b)
        self.assertEqual(self.listed(self.b), [(code, 2)])
        self.a.send(self.ann, "end")
        self.pass_time(1, self.a, self.b)
        self.assertEqual((self.listed(self.b), self.shared.shown), ([], {}))

    def test_written_once_where_nothing_changes(self) -> None:
        """A room in which something happens that nobody lists costs no call."""
        self.made(self.a, self.ann)
        shown = dict(self.shared.shown)
        self.shared.shown.clear()
        self.a.send(self.ann, "add")
        self.pass_time(1, self.a, self.b)
        self.assertEqual((self.shared.shown, len(shown)), ({}, 1))

    def test_store_away(self) -> None:
        """What could not be shown is shown later; who lists meanwhile sees what is here."""
        self.a.store.fail_after = None
        runner = self.a.create(self.ann)
        self.b.store.fail = StoreUnavailable("away")
        self.assertEqual(self.listed(self.b), [])
        self.b.store.fail = None
        self.pass_time(2, self.a, self.b)
        self.assertEqual(self.listed(self.b), [(runner.room.code, 1)])

    def test_store_has_lost_it(self) -> None:
        """A room is shown again once the store is back that has lost what was shown, and no more when it is gone."""
        runner = self.made(self.a, self.ann)
        self.shared.shown.clear()
        self.a.store.reconnect()
        self.pass_time(LEASE_S, self.a, self.b)
        self.assertEqual(self.listed(self.b), [(runner.room.code, 1)])
        self.a.store.reconnect()
        self.pass_time(LEASE_S / 3, self.a, self.b)
        self.a.send(self.ann, "end")
        self.pass_time(1, self.a, self.b)
        self.assertEqual(self.shared.shown, {})

    def test_woken_at_once(self) -> None:
        """A room that fell asleep and was woken by the same node before that was shown is shown."""
        runner = self.made(self.a)
        self.a.registry.sleeper.put_to_sleep(runner)
        self.a.settle()
        self.assertFalse([*self.a.registry.runners])
        self.a.get(Deferred.fromCoroutine(self.a.registry.reach(runner.room.code)))
        self.pass_time(1, self.a, self.b)
        self.assertEqual(self.listed(self.b), [(runner.room.code, 0)])

    def test_private_rooms_are_not_shown(self) -> None:
        """Nor are those that are never stored: no other node could lead to them."""
        made = self.a.registry.create(self.ann.user, "counting", {}, private=True)
        self.a.get(Deferred.fromCoroutine(made))
        self.a.get(Deferred.fromCoroutine(self.a.registry.create(self.ann.user, "fleeting", {})))
        self.pass_time(2, self.a, self.b)
        self.assertEqual(self.shared.shown, {})

    def test_match_leads_to_the_other_node(self) -> None:
        """Where no room here will do, an open one of another is led to: the one that was there first."""
        first = self.made(self.a, self.ann)
        self.made(self.a)
        self.assertEqual(self.match(self.b, self.bob), (first.room.code, "ws://a.example/ws"))

    def test_match_rather_at_a_node_that_has_time(self) -> None:
        """The oldest room of a node that says that it is busy is taken where there is no other."""
        third = self.node("c")
        busy = self.made(self.a, self.ann)
        self.a.registry.leased.load = lambda: 99
        self.pass_time(LEASE_S, self.a, self.b, third)
        self.assertEqual(self.match(self.b, self.bob), (busy.room.code, "ws://a.example/ws"))
        idle = third.create(FakeSession("cid"))
        self.pass_time(1, self.a, self.b, third)
        self.assertEqual(self.match(self.b, FakeSession("dan")), (idle.room.code, "ws://c.example/ws"))

    def test_match_rather_here(self) -> None:
        """A room of this node that will do is taken."""
        self.made(self.a, self.ann)
        here = self.made(self.b)
        self.assertEqual(self.match(self.b, self.bob), here.room.code)

    def test_two_matches_at_once(self) -> None:
        """While the store is asked for rooms of others, a second match waits for the room that the first makes."""
        self.b.store.hold()
        seats = [FakeSession("cid"), FakeSession("dan")]
        done: list[Any] = []
        for session in seats:
            seek = self.b.registry.match(session.requester(), "counting", {}, self.b.wish("x", "player"))
            Deferred.fromCoroutine(seek).addBoth(done.append)
        self.b.store.release()
        self.b.settle()
        self.assertEqual((done, seats[0].code), ([None, None], seats[1].code))

    def test_taken_over_room_is_shown_by_its_new_node(self) -> None:
        """A third node lists it as that one's."""
        runner = self.made(self.a, self.ann)
        self.a.kill()
        self.pass_time(LEASE_S * 3, self.b)
        self.assertEqual(self.shared.shown[runner.room.id][0], "b")
        self.assertEqual(self.listed(self.b), [])

    def test_room_that_is_gone_meanwhile_is_passed_over(self) -> None:
        """What is shown may be old: a match makes a room where the one that was shown is none any more."""
        runner = self.made(self.a, self.ann)
        window = self.b.registry._open_rooms.window
        assert window is not None
        found = self.b.get(Deferred.fromCoroutine(window.find("counting", "player", {}, set())))
        self.assertEqual(found, runner.room.code)
        self.assertIsNone(self.b.get(Deferred.fromCoroutine(window.find("counting", "player", {}, {found}))))
        self.a.send(self.ann, "end")
        with self.assertRaises(Refused):
            self.b.get(Deferred.fromCoroutine(self.b.registry.reach(runner.room.code)))
        self.assertIsNotNone(self.b.registry.get(self.match(self.b, self.bob)))
