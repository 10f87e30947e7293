"""Documents that are stored whole, and are large."""

from __future__ import annotations

from typing import Any

from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.room.large_documents import LARGE_BYTES, OFTEN
from gameserver.testing import Table


class Whole(Game):
    """Has a document that grows, and changes a leaf of it."""

    name = "whole"
    needs_start = False

    @message
    def grow(self, player: Player, chars: int) -> None:
        self.state.update(much="x" * chars, leaf=0)

    @message
    def touch(self, player: Player) -> None:
        self.state["leaf"] += 1


class ByField(Whole):
    """Stores what it changes."""

    name = "by_field"
    storage = "fields"


class LargeTests(SynchronousTestCase):
    def warnings(self, game: type[Game], chars: int, steps: int, every_s: float = 0.1) -> list[str]:
        """:returns: the documents that are named in the log, where one of so many characters is changed so often."""
        events: list[dict[str, Any]] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        table = Table(game)
        ann = table.join("Ann")
        ann.send("grow", chars=chars)
        for _ in range(steps):
            ann.send("touch")
            table.advance(every_s)
        return [event["name"] for event in events if "stored whole" in (event.get("log_format") or "")]

    def test_named_once(self) -> None:
        self.assertEqual(self.warnings(Whole, LARGE_BYTES, 2 * OFTEN), ["room"])

    def test_seldom(self) -> None:
        """A large document that is stored now and then is nothing to speak of, nor is a small one."""
        self.assertEqual(self.warnings(Whole, LARGE_BYTES, 2 * OFTEN, every_s=10), [])
        self.assertEqual(self.warnings(Whole, LARGE_BYTES // 2, 2 * OFTEN), [])

    def test_by_field(self) -> None:
        self.assertEqual(self.warnings(ByField, LARGE_BYTES, 2 * OFTEN), [])
