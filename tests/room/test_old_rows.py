"""
Rows that an older release wrote open as they were.

``rows/before_0_2.json`` has two rooms of each sample game, as they were stored before answers were kept as runs of ids,
and bans in one table: the parts, and what `row.read` said of them then.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from gameserver.game.loader import load
from gameserver.game.spec import spec_of
from gameserver.room import row
from gameserver.room.chat.records import UserWatch
from gameserver.room.context import RoomContext
from gameserver.room.room import Room
from gameserver.store import keys

ROWS = Path(__file__).parent / "rows"
SINCE = {
    "host_owner": None,
    "host_away_at": None,
    "rounds": 0,
    "turns": None,
    "next": None,
    "places": [],
    "places_until": None,
    "password_key": None,
    "evening": {},
    "evening_rounds": 0,
}
"""Facts that rooms keep since then, and what they are in a row that lacks them."""

NEW_OPTIONS = {"trivia": {"language": "en"}, "sketch": {"language": "en"}}
"""Options that games have since then, and what they are in a room that was made before."""

NEW_GAMES = {"reversi", "hearts"}
"""Those that no such release had."""


def plain(tree: Any) -> Any:
    """:returns: a tree as the file has it."""
    return json.loads(json.dumps(tree, default=lambda data: {"$b": base64.b64encode(data).decode()}))


class OldRowTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.games = load(entry_points=False).games
        self.rows = json.loads((ROWS / "before_0_2.json").read_text("utf-8"))

    def restore(self, kept: dict[str, Any], parts: dict[str, bytes]) -> Room:
        about = {
            "id": kept["id"],
            "code": kept["code"],
            "now": kept["now"],
            "epoch": "e",
            "context": RoomContext(Logger(), UserWatch()),
        }
        return row.restore(spec_of(self.games[kept["game"]]), parts=parts, **about)

    def test_each(self) -> None:
        """Documents, seats, groups, timers, questions, chance and all else; also once it was written anew."""
        self.assertEqual({kept["game"] for kept in self.rows.values()}, set(self.games) - NEW_GAMES)
        for name, kept in self.rows.items():
            with self.subTest(name):
                parts = {part: base64.b64decode(content) for part, content in kept["parts"].items()}
                room = self.restore(kept, parts)
                options = kept["read"]["options"] | NEW_OPTIONS.get(kept["game"], {})
                expected = kept["read"] | SINCE | {"options": options}
                self.assertEqual(plain(row.read(room)), expected)
                again = self.restore(kept, row.dump(room))
                self.assertEqual(plain(row.read(again)), expected)
                self.assertEqual(
                    len(list(again.talking.lines)), sum(part.startswith(f"{keys.LINE}/") for part in parts)
                )

    def test_answers(self) -> None:
        """What was answered is answered the same."""
        for name, kept in self.rows.items():
            with self.subTest(name):
                parts = {part: base64.b64decode(content) for part, content in kept["parts"].items()}
                room = self.restore(kept, parts)
                frames = {
                    keys.split_answer(p.partition("/")[2]): f for p, f in parts.items() if p.startswith("answer/")
                }
                self.assertTrue(frames)
                for (seat, key, id), frame in frames.items():
                    memory = room.replies.answers.find(seat, key)
                    assert memory is not None
                    self.assertEqual(memory.answer(id), frame)

    def test_timers_in_one_part(self) -> None:
        """Timers that were stored as one part have a part each with the first commit."""
        kept = self.rows["arena-played"]
        room = self.restore(kept, {part: base64.b64decode(content) for part, content in kept["parts"].items()})
        puts = row.take(room).puts
        self.assertEqual(json.loads(puts[keys.TIMERS])["armed"], [])
        stored = json.loads(puts[keys.timer(None, "finish")])
        self.assertEqual((stored["armed"]["name"], stored["told"]["name"]), ("finish", "finish"))
