"""A seat that is given up twice at once: the second finds none, and that is what clients take for done."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from gameserver import Game, Player
from tests.websocket.kit import WireTestCase


class Plain(Game):
    """Does nothing."""

    name = "plain"


class Fleeting(Plain):
    """Nothing is stored."""

    name = "fleeting"
    durability = "none"


class Shuts(Plain):
    """Closes when somebody leaves."""

    name = "shuts"

    def on_leave(self, player: Player) -> None:
        self.close()


class Lasting(Plain):
    """It takes long to leave."""

    name = "lasting"
    gates: list[Deferred[None]]

    async def on_leave(self, player: Player) -> None:
        gate: Deferred[None] = Deferred()
        type(self).gates.append(gate)
        await gate


class LeavingTwiceTests(WireTestCase):
    games = (Plain, Fleeting, Shuts, Lasting)

    def test_second_is_not_found(self) -> None:
        """Whatever the game does when somebody leaves, and though the store has the first not yet."""
        Lasting.gates = []
        for game in self.games:
            for name_room in (True, False):
                ann = self.rig.guest().create(game.name)
                ann.take()
                where = {"room": ann.room} if name_room else {}
                self.rig.store.hold()
                for id in (2, 3, 4):
                    ann.post("leave", id=id, **where)
                self.rig.settle()
                for gate in Lasting.gates:
                    gate.callback(None)
                Lasting.gates.clear()
                self.rig.store.release()
                self.rig.settle()
                answers = [(m["op"], m.get("code"), m["id"]) for m in ann.take() if m["op"] in ("ok", "error")]
                expected = [("ok", None, 2), ("error", "not_found", 3), ("error", "not_found", 4)]
                self.assertEqual(answers, expected, (game.name, name_room))
