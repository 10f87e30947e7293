"""Rooms with ``durability = "relaxed"`` whose steps may wait: when they are encoded, and what of them is stored."""

from __future__ import annotations

from typing import ClassVar

from twisted.internet.defer import Deferred

from gameserver import Game, Player, message
from gameserver.room import row
from tests.websocket.kit import Peer, WireTestCase


class Waiting(Game):
    """Effects at once, of steps that may wait for something."""

    name = "waiting"
    durability = "relaxed"
    needs_start = False
    until: ClassVar[list[Deferred[None]]] = []

    @message
    async def add(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        return int(self.state["n"])

    @message
    async def wait(self, player: Player, first: int = 0, then: int = 0) -> None:
        if first:
            self.state["n"] += first
        self.until.append(Deferred())
        await self.until[-1]
        self.state["n"] += then


class RelaxedAndWaitingTests(WireTestCase):
    games = (Waiting,)

    def setUp(self) -> None:
        super().setUp()
        Waiting.until.clear()
        self.ann = self.rig.guest("Ann").create("waiting")
        self.rig.advance(1)

    def come_back(self) -> Peer:
        """The process dies at once, and is started again."""
        self.rig.crash()
        back = self.ann.again()
        back.resume(self.ann.room, self.ann.secret)
        return back

    def test_encodes_once_a_commit(self) -> None:
        """However many steps half a second has that do not wait, what they changed is encoded once."""
        taken: list[object] = []
        self.patch(row, "take", lambda room, take=row.take: taken.append(room) or take(room))
        for id in range(2, 12):
            self.assertEqual(self.ann.ask("send", id=id, type="add")["data"], id - 1)
        before = len(taken)
        self.rig.advance(1.2)
        self.assertEqual((before, len(taken)), (0, 1))
        joined = self.come_back().joined
        self.assertEqual((joined["docs"]["room"], joined["last_id"]), ({"n": 10}, 11))

    def test_stored_while_a_step_waits(self) -> None:
        """What steps before it did is stored within half a second, and nothing of it."""
        self.ann.ask("send", id=2, type="add")
        self.ann.say("send", id=3, type="wait", data={"then": 10})
        self.rig.advance(1.2)
        joined = self.come_back().joined
        self.assertEqual((joined["docs"]["room"], joined["last_id"]), ({"n": 1}, 2))

    def test_changed_before_it_waits(self) -> None:
        """Nothing of a step is stored that is not over; from the second one of its kind on all before it is."""
        for id in (2, 4):
            self.assertEqual(self.ann.ask("send", id=id, type="add")["op"], "ok")
            self.assertEqual(self.ann.say("send", id=id + 1, type="wait", data={"first": 10, "then": 10}), [])
            self.rig.advance(1.2)
            if id == 2:
                Waiting.until.pop().callback(None)
                self.assertEqual(self.ann.take()[-1]["op"], "ok")
        joined = self.come_back().joined
        self.assertEqual((joined["docs"]["room"], joined["last_id"]), ({"n": 22}, 4))

    def test_first_one_that_changed_before_it_waits(self) -> None:
        """The row waits with it, and is stored at once when it is over."""
        self.ann.ask("send", id=2, type="add")
        self.rig.advance(0.2)
        self.ann.say("send", id=3, type="wait", data={"first": 10})
        self.rig.advance(1.2)
        Waiting.until.pop().callback(None)
        self.rig.advance(0.01)
        joined = self.come_back().joined
        self.assertEqual((joined["docs"]["room"], joined["last_id"]), ({"n": 11}, 3))
