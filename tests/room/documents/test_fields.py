"""``storage = "fields"``: a commit writes the top-level keys that changed, and nothing else of a document."""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.interfaces import Commit, Outcome
from gameserver.protocol import messages
from gameserver.room.inputs.lifecycle import GiveUpSeat
from gameserver.store import keys
from gameserver.testing import Table
from tests.node.registries import FakeSession, Place

ODD: list[str] = ["", "/", "a/b", "%2F", "$bytes", "é🎲", "room", "\0"]
"""Keys that could be taken for something else."""


class Shop(Game):
    """Changes whatever it is asked to."""

    name = "shop"
    storage = "fields"
    durability: ClassVar[Any] = "commit"
    needs_start = False

    def on_create(self) -> None:
        self.state["big"] = ["x" * 100] * 100
        for key in ODD:
            self.state[key] = {"in": key}

    @message
    def put(self, player: Player, key: str, value: Any, refuse: bool = False) -> None:
        """Set one key."""
        self.state[key] = value
        if refuse:
            raise Refused("no")

    @message
    def own(self, player: Player, key: str, value: Any) -> None:
        """Set one key of the sender's document."""
        player.state[key] = value

    @message
    def deep(self, player: Player, key: str) -> None:
        """Change what is inside one key."""
        self.state[key]["in"] = "changed"

    @message
    def forget(self, player: Player, key: str) -> None:
        """Delete one key."""
        del self.state[key]

    @message
    def keys(self, player: Player) -> list[str]:
        """The keys, in their order."""
        return list(self.state)

    @message
    def rewrite(self, player: Player, value: dict[str, Any]) -> None:
        """Replace all."""
        self.state = value


class Row(Shop):
    """The same, stored whole."""

    storage = "row"


class FieldsTests(SynchronousTestCase):
    """What a commit writes is counted at the store."""

    def setUp(self) -> None:
        """One room of one player."""
        self.begin(Shop)

    def begin(self, game: type[Game]) -> None:
        """Make a place for this game."""
        self.place = Place(game)
        self.ann = FakeSession("ann")
        self.runner = self.place.create(self.ann)
        self.commits: list[Commit] = []
        self.watch()

    def watch(self) -> None:
        """See what is committed from now on."""
        store = self.place.store
        commit = type(store).commit

        def watched(commits: list[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
            self.commits += commits
            return commit(store, commits, now_ms=now_ms)

        store.commit = watched  # type: ignore[method-assign,assignment]

    def sent(self, type: str, **data: Any) -> Commit:
        """Send a message. :returns: the one commit that came of it, of documents only what changed."""
        self.commits.clear()
        self.assertEqual(self.place.send(self.ann, type, **data)["op"], "ok")
        (commit,) = self.commits
        return commit

    def documents(self, commit: Commit) -> tuple[list[str], list[str]]:
        """:returns: the parts of documents that a commit writes, and those that it deletes."""
        kinds = (keys.DOC, keys.FIELD)
        puts, drops = ([p for p in parts if keys.split(p)[0] in kinds] for parts in (commit.puts, commit.drops))
        return puts, drops

    def stored(self) -> dict[str, bytes]:
        """:returns: the parts of documents in the store."""
        parts = self.place.store._rooms[self.runner.room.id].parts
        return {part: content for part, content in parts.items() if keys.split(part)[0] in (keys.DOC, keys.FIELD)}

    def restart(self, *games: type[Game]) -> None:
        """The process dies; the next one serves these games."""
        code = self.runner.room.code
        self.place.kill()
        if games:
            self.place.specs = Place(*games).specs
        self.place.start()
        self.place.settle()
        self.runner = self.place.registry.find(code)

    def test_one_key_one_part(self) -> None:
        """A step that changes one key writes that key's part alone, whatever else there is."""
        puts, drops = self.documents(self.sent("put", key="small", value=1))
        self.assertEqual((puts, drops), (["field/room/small"], []))
        commit = self.sent("deep", key="a/b")
        self.assertEqual(self.documents(commit), (["field/room/a/b"], []))
        self.assertLess(sum(map(len, commit.puts.values())), 1000)

    def test_row_writes_all(self) -> None:
        """What the setting saves: the same step of a game that is stored whole."""
        self.begin(Row)
        commit = self.sent("put", key="small", value=1)
        self.assertEqual(self.documents(commit), (["doc/room"], []))
        self.assertGreater(len(commit.puts["doc/room"]), 10_000)

    def test_deleted_key_dropped(self) -> None:
        """A key that is gone takes its part along, and nothing is written."""
        self.assertEqual(self.documents(self.sent("forget", key="")), ([], ["field/room/"]))

    def test_refused_step_writes_nothing(self) -> None:
        """What was undone is not written, with the next step either."""
        self.place.send(self.ann, "put", key="no", value=1, refuse=True)
        self.assertEqual(self.documents(self.sent("put", key="yes", value=1))[0], ["field/room/yes"])

    def test_replaced_document_writes_what_differs(self) -> None:
        """Assigning a whole document writes and deletes the keys that differ."""
        self.sent("rewrite", value={"a": 1, "b": [1, 2]})
        puts, drops = self.documents(self.sent("rewrite", value={"b": [1, 2], "c": 3}))
        self.assertEqual((puts, drops), (["field/room/c"], ["field/room/a"]))

    def test_all_comes_back(self) -> None:
        """After a restart everything is there, in its order, whatever the keys are."""
        self.sent("forget", key="/")
        self.sent("put", key="/", value="at the end")
        self.sent("own", key="hand", value=[1])
        before = self.runner.room.doc("room").plain()
        self.restart()
        self.assertEqual(self.runner.room.doc("room").plain(), before)
        self.assertEqual(list(self.runner.room.doc("room").root), list(before))
        self.assertEqual(list(before)[-1], "/")
        self.assertEqual(self.runner.room.doc("seat:1").plain(), {"hand": [1]})

    def test_order_kept_over_two_restarts(self) -> None:
        """Keys that are added after a restart stand behind those before it."""
        for number in range(3):
            self.place.join(self.runner, self.ann)
            self.sent("forget", key=ODD[number])
            self.sent("put", key=f"new {number}", value=number)
            self.restart()
        self.assertEqual(list(self.runner.room.doc("room").root), ["big", *ODD[3:], "new 0", "new 1", "new 2"])

    def test_left_seat_leaves_no_part(self) -> None:
        """With a seat all fields of its document go."""
        bob = self.place.join(self.runner, FakeSession("bob"))
        self.place.send(bob, "own", key="hand", value=1)
        self.place.send(bob, "own", key="gone", value=1)
        self.assertIn("field/seat:2/hand", self.stored())
        self.runner.post(GiveUpSeat(bob.requester(), bob.seat, messages.Leave()))
        self.place.settle()
        self.assertEqual([part for part in self.stored() if "seat:2" in part], [])

    def test_switched_to_fields_and_back(self) -> None:
        """Rooms go on when the setting changes with a release, in either direction; no part of the other form stays."""
        self.begin(Row)
        before = self.runner.room.doc("room").plain()
        self.restart(Shop)
        self.assertEqual(self.runner.room.doc("room").plain(), before)
        self.assertEqual(self.stored()["doc/room"], b"{}")
        self.assertEqual(len([part for part in self.stored() if part.startswith("field/room/")]), len(before))
        self.place.join(self.runner, self.ann)
        self.sent("put", key="small", value=2)
        before = self.runner.room.doc("room").plain()
        self.restart(Row)
        self.assertEqual(self.runner.room.doc("room").plain(), before)
        self.assertEqual([part for part in self.stored() if part.startswith("field/")], [])
        self.restart(Shop)
        self.assertEqual(list(self.runner.room.doc("room").plain().items()), list(before.items()))


class FieldsInTableTests(SynchronousTestCase):
    """The test kit stores as the server does."""

    @settings(deadline=None, max_examples=30)
    @given(st.lists(st.tuples(st.sampled_from(["put", "own", "forget", "deep"]), st.sampled_from(ODD)), max_size=12))
    def test_as_row(self, moves: list[tuple[str, str]]) -> None:
        """Whatever happens, a game by fields is after each restart what the same game is by row."""
        tables = [Table(Shop, amnesia=True), Table(Row)]
        seen = []
        for table in tables:
            ann = table.join("Ann")
            for type, key in moves:
                data = {"key": key, "value": {"in": type}} if type in ("put", "own") else {"key": key}
                with contextlib.suppress(Refused):
                    ann.send(type, **data)
                if type == "own":
                    table.restart()
            table.restart()
            seen.append((list(table.room.doc("room").plain().items()), ann.state, ann.send("keys")))
        self.assertEqual(*seen)
