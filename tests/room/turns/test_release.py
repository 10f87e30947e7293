"""A room whose call this release does not know is kept aside, whole."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.errors import CannotOpen
from gameserver.game.spec import spec_of
from gameserver.room import row
from gameserver.testing import Table


class Old(Game):
    """Waits for bids, and then counts them."""

    name = "bidding"

    def on_start(self) -> None:
        self.turns.begin()
        self.turns.everyone(stage="bidding", then=self.count)

    @message(turn=True, stage="bidding")
    def bid(self, player: Player) -> None:
        self.turns.done(player)

    def count(self) -> None:
        self.state["counted"] = True


class OtherStage(Old):
    name = "bidding"

    @message(turn=True, stage="offers")
    def bid(self, player: Player) -> None:
        self.turns.done(player)


class OtherEnd(Game):
    name = "bidding"

    @message(turn=True, stage="bidding")
    def bid(self, player: Player) -> None:
        self.turns.done(player)


class OtherArguments(Old):
    name = "bidding"

    def count(self, bids: int) -> None:  # type: ignore[override]
        """Cannot be called at the end of a call any more."""


class Phased(Old):
    name = "bidding"

    def on_start(self) -> None:
        self.enter("noon", 5, then=self.count)


class ReleaseTests(SynchronousTestCase):
    def test_unknown_stage_or_end(self) -> None:
        table = Table(Old)
        table.join("Ann").start()
        room = table.room
        known = {"id": room.id, "code": room.code, "epoch": "e2", "now": room.now, "context": room.context}
        for game, named in ((OtherStage, "'bidding'"), (OtherEnd, "'count'")):
            with self.assertRaises(CannotOpen) as caught:
                row.restore(spec_of(game), parts=row.dump(room), **known)
            self.assertIn(named, str(caught.exception))
        with self.assertRaises(CannotOpen) as caught:
            row.restore(spec_of(OtherArguments), parts=row.dump(room), **known)
        self.assertIn("a call ends in 'count': OtherArguments.count cannot be called", str(caught.exception))
        again = row.restore(spec_of(Old), parts=row.dump(room), **known)
        self.assertEqual(again.turns.stage, "bidding")

    def test_phase_with_other_arguments(self) -> None:
        """What a phase ends in is called without arguments, as it was when the phase began."""
        table = Table(Phased)
        table.join("Ann").start()
        room = table.room
        known = {"id": room.id, "code": room.code, "epoch": "e2", "now": room.now, "context": room.context}
        with self.assertRaises(CannotOpen) as caught:
            row.restore(spec_of(OtherArguments), parts=row.dump(room), **known)
        self.assertIn("its phase 'noon' ends in 'count': OtherArguments.count", str(caught.exception))
