"""Whole games that others wrote, played by their own moves, with restarts anywhere; and what each player was told."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Refused
from gameserver.testing import Table, Visitor
from tests.room.turns.played.codenames import Codenames
from tests.room.turns.played.coop import Firefighters
from tests.room.turns.played.risk import Conquest
from tests.room.turns.played.traders import Traders

WORDS = {"word": "zebra", "count": 1}
"""For fields that may be anything."""


def play(game: type[Game], count: int, seed: int, steps: int, *, restarts: bool) -> tuple[Table, list[Visitor]]:
    """Play so many steps, or to the end, by moves that are legal."""
    table, dice = Table(game, seed=seed), Random(seed)
    visitors = [table.join(f"P{n}") for n in range(count)]
    visitors[0].start()
    for step in range(steps):
        active = [player.id for player in table.room.turns.active]
        if not active:
            break
        who = dice.choice(active)
        visitor = next(one for one in visitors if one.id == who)
        legal = [each for each in table.room.publisher.legal[who] if not _is_open(each) or each.move.type == "clue"]
        chosen = dice.choice(legal)
        closed = {name: choice for name, choice in chosen.choices.items() if choice is not ...}
        filled = {name: WORDS[name] for name, choice in chosen.choices.items() if choice is ...}
        data = Move("any", chosen.fixed, choices=closed).pick(dice).data or {}
        try:
            visitor.send(chosen.move.type, **data, **filled)
        except Refused as refused:
            if refused.code != "refused":
                raise
        if restarts and step % 7 == 3:
            table.restart()
        table.advance(0.25)
    return table, visitors


def _is_open(each: Any) -> bool:
    return any(choice is ... for choice in each.choices.values())


class PlayedTests(SynchronousTestCase):
    def test_to_the_end(self) -> None:
        for game, count in ((Codenames, 4), (Firefighters, 3)):
            for seed in range(3):
                table, _ = play(game, count, seed, 2000, restarts=True)
                self.assertEqual(table.room.state.status, "over", (game.__name__, seed))

    def test_long_ones_go_on(self) -> None:
        for game in (Conquest, Traders):
            table, _ = play(game, 3, 1, 150, restarts=True)
            self.assertGreater(table.room.turns.number, 10)

    def test_restarts_change_nothing(self) -> None:
        for game, count in ((Codenames, 4), (Firefighters, 3), (Conquest, 3), (Traders, 3)):
            one, _ = play(game, count, 5, 60, restarts=True)
            other, _ = play(game, count, 5, 60, restarts=False)
            for fact in ("docs", "turns", "result", "status", "spent"):
                self.assertEqual(one.row[fact], other.row[fact], (game.__name__, fact))

    def test_nobody_is_told_anothers_moves(self) -> None:
        """Whoever hears of moves is waited for, or may answer an offer."""
        _, visitors = play(Codenames, 4, 2, 40, restarts=False)
        for visitor in visitors:
            for frame in map(json.loads, visitor.seen().split(b"\n")):
                if frame["op"] == "moves" and frame["moves"]:
                    types = {move["type"] for move in frame["moves"]}
                    knows_key = "key" in visitor.state
                    self.assertEqual("clue" in types, knows_key, visitor)
