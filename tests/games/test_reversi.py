"""Reversi: discs that turn over, clocks that its creator sets, what is taken back, and those who watch."""

from __future__ import annotations

from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.testing import Table, Visitor
from tests.games import sample

Reversi = sample("reversi")


class ReversiTests(SynchronousTestCase):
    def sit(self, **options: Any) -> tuple[Visitor, Visitor]:
        self.table = Table(Reversi, options=options)
        ann, bob = self.table.join("Ann"), self.table.join("Bob")
        ann.start()
        return ann, bob

    def discs(self) -> str:
        return "".join("xo."[2 if cell is None else cell] for cell in self.table.state["cells"])

    def test_discs_are_turned(self) -> None:
        ann, bob = self.sit()
        self.assertEqual([move.label for move in ann.moves], ["d3", "c4", "f5", "e6"])
        with self.assertRaises(Refused) as caught:
            ann.send("place", cell=0)
        self.assertEqual(caught.exception.code, "not_legal")
        ann.send("place", cell=19)
        self.assertEqual(self.discs()[16:40], "...x......." + "xx......" + "xo...")
        self.assertEqual(self.table.state["last"], 19)
        self.assertEqual(bob.info["turn"]["current"], bob.id)

    def test_taken_back(self) -> None:
        ann, bob = self.sit()
        before = self.discs()
        ann.send("place", cell=19)
        ann.undo()
        self.assertEqual((self.discs(), self.table.state["last"]), (before, None))
        ann.send("place", cell=19)
        bob.send("place", cell=18)
        self.assertRaises(Refused, ann.undo)
        bob.undo()
        self.assertEqual(self.discs()[19], "x")

    def test_who_has_no_time_left_has_lost(self) -> None:
        _, bob = self.sit()
        self.table.advance(599)
        self.assertEqual(self.table.status, "playing")
        self.table.advance(2)
        self.assertEqual(self.table.result["ranking"][0], [bob.id])
        self.assertTrue(self.table.result["timeout"])

    def test_the_clock_is_chosen(self) -> None:
        ann, bob = self.sit(clock="30s")
        ann.send("place", cell=19)
        self.table.advance(31)
        self.assertEqual(self.table.result["ranking"], [[ann.id], [bob.id]])
        self.sit(clock="none")
        self.table.advance(10**6)
        self.assertEqual(self.table.status, "playing")

    def test_some_watch(self) -> None:
        """They see the board and the clocks, and have no moves."""
        ann, _ = self.sit()
        wim = self.table.join("Wim", "spectator")
        tv = self.table.join("TV", "screen")
        ann.send("place", cell=19)
        for each in (wim, tv):
            self.assertEqual(each.docs["room"]["last"], 19)
            self.assertEqual(set(each.info["turn"]["clocks"]), {"1", "2"})
            self.assertEqual(each.moves, [])
            with self.assertRaises(Refused) as caught:
                each.send("place", cell=18)
            self.assertEqual(caught.exception.code, "forbidden")

    def test_to_the_end(self) -> None:
        """A player who has no move is passed over; all discs are counted."""
        passed = 0
        for seed in range(8):
            self.sit()
            chance = Random(seed)
            who = None
            while self.table.status == "playing":
                last, who = who, next(v for v in self.table.visitors if v.moves)
                passed += last is who
                who.play(chance.choice(who.moves))
                self.table.advance(1)
            discs = self.discs()
            counted = {"1": discs.count("x"), "2": discs.count("o")}
            self.assertEqual(self.table.result["scores"], counted)
            best = max(counted, key=counted.__getitem__)
            self.assertIn(best, self.table.result["ranking"][0])
        self.assertGreater(passed, 0)

    def test_who_leaves(self) -> None:
        """The seat stays, and the bot that looks ahead plays on."""
        ann, bob = self.sit()
        bob.leave()
        ann.send("place", cell=19)
        self.table.advance(3)
        self.assertEqual(ann.info["turn"]["current"], ann.id)
        self.assertTrue(ann.seats[bob.id]["stand_in"])
