"""Hearts as it would be without turns and moves, whose lines are counted: it is played, so that they are true."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.hearts.alone import HeartsAlone
from gameserver import Refused
from gameserver.testing import Table


class HeartsAloneTests(SynchronousTestCase):
    def test_to_the_end(self) -> None:
        """Two people and two bots, of whom one leaves and another is slow; what is shown may be played."""
        table, chance = Table(HeartsAlone, seed=3), Random(3)
        ann, bob = table.join("Ann"), table.join("Bob")
        table.start()
        with self.assertRaises(Refused):
            ann.send("give", cards=["C2"])
        ann.send("give", cards=ann.state["hand"][:3])
        ann.send("take_back")
        self.assertEqual(len(ann.state["hand"]), 13)
        played = 0
        for step in range(4000):
            if table.status != "playing":
                break
            state = table.state
            if step == 400:
                bob.leave()
            if 0 in state["waiting"] and chance.random() < 0.9:
                if state["stage"] == "give":
                    ann.send("give", cards=chance.sample(ann.state["hand"], 3))
                else:
                    ann.send("play", card=chance.choice(ann.state["may"]))
                    played += 1
            elif 1 in state["waiting"] and bob.online and bob.state.get("may"):
                bob.send("play", card=bob.state["may"][0])
            else:
                table.advance(2)
        self.assertEqual(table.status, "over")
        self.assertGreaterEqual(max(table.result["points"]), 100)
        self.assertEqual(sum(table.result["points"]) % 26, 0)
        self.assertGreater(played, 20)

    def test_hands_stay_hidden(self) -> None:
        table = Table(HeartsAlone, seed=1)
        ann, bob = table.join("Ann"), table.join("Bob")
        table.start()
        self.assertNotIn(ann.state["hand"][0].encode(), bob.seen())
