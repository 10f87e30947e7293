"""Hearts: its rules, its bots, and that nobody is told what another holds."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.testing import Table, Visitor
from tests.games import sample

Hearts = sample("hearts")


def table_of(seed: int = 1) -> tuple[Table, list[Visitor]]:
    table = Table(Hearts, seed=seed)
    visitors = [table.join(name) for name in ("Ann", "Bob", "Cleo", "Dan")]
    table.start()
    return table, visitors


class HeartsTests(SynchronousTestCase):
    def test_passing(self) -> None:
        """Three cards each to the left; until all have chosen they may be taken back, and nobody has them."""
        table, visitors = table_of()
        gifts = [visitor.state["hand"][:3] for visitor in visitors]
        visitors[0].send("give", cards=gifts[0])
        with self.assertRaises(Refused):
            visitors[0].send("give", cards=gifts[0])
        visitors[0].undo()
        for visitor, gift in zip(visitors, gifts, strict=True):
            visitor.send("give", cards=gift)
        for i, gift in enumerate(gifts):
            self.assertLessEqual(set(gift), set(visitors[(i + 1) % 4].state["hand"]))
        self.assertEqual(table.turns.current.name, next(v.name for v in visitors if "C2" in v.state["hand"]))

    def test_first_trick(self) -> None:
        """The two of clubs leads, and clubs follow where there are any."""
        table, visitors = table_of()
        for visitor in visitors:
            visitor.send("give", cards=visitor.state["hand"][:3])
        self.assertEqual(
            table.game.moves and [m.data for m in table.turns.legal(table.turns.current)], [{"card": "C2"}]
        )
        leader = next(v for v in visitors if v.id == table.turns.current.id)
        leader.send("play", card="C2")
        follower = next(v for v in visitors if v.id == table.turns.current.id)
        clubs = [card for card in follower.state["hand"] if card[0] == "C"]
        other = next(card for card in follower.state["hand"] if card[0] != "C")
        if clubs:
            with self.assertRaises(Refused) as caught:
                follower.send("play", card=other)
            self.assertEqual(caught.exception.code, "not_legal")

    def test_all_points(self) -> None:
        """Who takes all hearts and the queen gives the points to the others."""
        table, visitors = table_of()
        state = table.game.state
        cards = {visitors[0].id: [f"H{rank}" for rank in "23456789TJQKA"] + ["SQ"]}
        state["taken"] = {visitor.id: cards.get(visitor.id, []) for visitor in visitors}
        table.game.score()
        self.assertEqual([state["scores"][visitor.id] for visitor in visitors], [0, 26, 26, 26])

    def test_bots_play_a_game(self) -> None:
        """Three bots and somebody who plays by chance, with restarts."""
        table = Table(Hearts, seed=4)
        table.join("Ann")
        for _ in range(3):
            table.bot("low")
        table.play_out(4, restarts=True)
        self.assertEqual(table.status, "over")
        self.assertGreaterEqual(max(table.result["scores"].values()), 100)
        self.assertEqual(sum(table.result["scores"].values()) % 26, 0)

    def test_points_that_end_it(self) -> None:
        """The host says how many points end a game: one is a single deal. The fewest come first."""
        table = Table(Hearts, seed=4, options={"points": 1})
        table.join("Ann")
        for _ in range(3):
            table.bot("low")
        table.play_out(4)
        self.assertEqual((table.status, table.state["deal"]), ("over", 1))
        result = table.result
        points = [result["scores"][seat] for place in result["ranking"] for seat in place]
        self.assertEqual(points, sorted(points))

    def test_nobody_sees_anothers_cards(self) -> None:
        """Every byte of a deal is read: hands, gifts and moves are their owner's alone."""
        table, visitors = table_of(3)
        for visitor in visitors:
            visitor.send("give", cards=visitor.state["hand"][-3:])
        own: dict[str, set[str]] = {v.id: set(v.state["hand"]) | set(v.state["give"]) for v in visitors}
        public: set[str] = set()
        while len(table.state["taken"][visitors[0].id]) >= 0 and table.state["deal"] == 0:
            current = next(v for v in visitors if v.id == table.turns.current.id)
            card = current.moves[0].data["card"]
            current.send("play", card=card)
            public.add(card)
            if len(public) == 20:
                break
        for visitor in visitors:
            told = set(filter(None, map(_card, _strings([json.loads(x) for x in visitor.seen().split(b"\n") if x]))))
            first = {card for frame in visitor.seen().split(b"\n") if frame for card in _hand(json.loads(frame))}
            self.assertLessEqual(told - first, own[visitor.id] | public, visitor)
            self.assertLessEqual(first, own[visitor.id] | public | set(visitor.state["give"]), visitor)


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [value] if isinstance(value, str) else []


def _card(text: str) -> str | None:
    return text if len(text) == 2 and text[0] in "CDSH" and text[1] in "23456789TJQKA" else None


def _hand(frame: Any) -> set[str]:
    """The cards of a seat's own document in a frame."""
    docs = frame.get("docs", {}) if isinstance(frame, dict) else {}
    return {card for name, doc in docs.items() if name.startswith("seat") for card in map(_card, _strings(doc)) if card}
