"""Werewolf under random inputs, with restarts and without."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from games.werewolf import Werewolf
from gameserver import Refused
from gameserver.testing import Table
from tests.games import inputs, play

SHORT = {"cards_s": 1, "night_s": 20, "morning_s": 1, "day_s": 20, "evening_s": 1}
WHOM = (None, "1", "2", "3", "4", "5", "6", "7")
MOVES: list[tuple[str, Any]] = [(type, {"whom": whom}) for type in ("choose", "vote") for whom in WHOM]


def check_rules(case: SynchronousTestCase, table: Table) -> None:
    """What holds at any time: who is counted, who is heard by whom, and when it ends."""
    if table.status not in ("playing", "over") or not table.state["village"]:
        return
    village = table.state["village"]
    seats = {each["seat"] for each in village}
    living = {each["seat"] for each in village if each["alive"]}
    roles = table.row["docs"]["secret"]["roles"]
    case.assertEqual(set(roles), seats)
    case.assertEqual({each["seat"] for each in village if each["died"] is None}, living)
    wolves = {seat for seat in living if roles[seat] == "werewolf"}
    case.assertEqual(table.status == "over", not wolves or len(wolves) * 2 >= len(living))
    if table.status == "over":
        case.assertEqual(table.state["roles"], roles)
        case.assertEqual(table.result["winner"], "wolves" if wolves else "village")
        return
    case.assertEqual(table.state["roles"], {})
    case.assertLessEqual(set(table.state["ready"]), seats)
    case.assertLessEqual(set(table.state["votes"]), seats)
    room = table.room
    case.assertEqual(set(room.groups["wolves"].members), wolves)
    buried = set(room.groups["dead"].members) if "dead" in room.groups else set()
    case.assertFalse(buried & living)
    if table.phase in ("cards", "night", "morning", "day"):
        case.assertEqual(buried, {seat for seat in seats - living if seat in room.seats})


class RandomTests(SynchronousTestCase):
    def test_random_play_never_fails(self) -> None:
        """Whatever clients send, the game refuses or plays; it never fails, and its rules hold."""
        ended = 0
        for seed in range(16):
            table = Table(Werewolf, seed=seed, options={**SHORT, "reveal": "end", "last_words": bool(seed % 2)})
            for name in ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn"):
                table.join(name)
            table.start()
            for part in range(30):
                table.play_random(8, seed * 1000 + part, moves=MOVES)
                if table.status == "closed":
                    break
                check_rules(self, table)
                ended += table.status == "over"
        self.assertGreater(ended, 4, "random players finish games")

    def test_random_play_with_amnesia_and_restarts(self) -> None:
        """The same from its row alone."""
        for seed in range(4):
            table = Table(Werewolf, seed=seed, amnesia=True, options={**SHORT, "reveal": "death", "ties": "lot"})
            for name in ("Ann", "Bob", "Cleo", "Dan", "Eve"):
                table.join(name)
            table.start()
            table.play_random(60, seed, moves=MOVES, restarts=seed % 2 == 0)

    @settings(max_examples=20, deadline=None)
    @given(todo=inputs(st.sampled_from(MOVES)), data=st.data())
    def test_restarts_change_nothing(self, todo: list[Any], data: st.DataObject) -> None:
        """Random inputs, with restarts between any two, end in the same row as without."""
        todo = [*(("join", 0, name) for name in ("Cleo", "Dan", "Eve")), ("start", 0, None), ("advance", 0, 30), *todo]
        cuts = data.draw(st.frozensets(st.integers(0, len(todo) - 1)))
        whole = play(Werewolf, todo, restart_after=frozenset())
        self.assertEqual(play(Werewolf, todo, restart_after=cuts), whole)
        self.assertEqual(play(Werewolf, todo, restart_after=frozenset(), amnesia=True), whole)

    def test_every_size_of_village_comes_to_an_end(self) -> None:
        """Players who choose and vote at random finish their game, and both sides win some."""
        winners = []
        for players in range(5, 17):
            for seed in range(2):
                table = Table(Werewolf, seed=seed, options=SHORT)
                everybody = [table.join(f"P{n}") for n in range(players)]
                table.start()
                dice = random.Random(seed)
                while table.status == "playing":
                    self.choose(table, everybody, dice)
                    table.advance(5)
                    check_rules(self, table)
                winners.append(table.result["winner"])
        self.assertEqual(set(winners), {"village", "wolves"})

    def choose(self, table: Table, everybody: list[Any], dice: random.Random) -> None:
        living = [each["seat"] for each in table.state["village"] if each["alive"]]
        type = {"night": "choose", "day": "vote"}.get(table.phase or "")
        for each in everybody if type else ():
            try:
                each.send(type, whom=dice.choice(living))
            except Refused as refused:
                self.assertIn(refused.code, ("dead", "bad_data"))
