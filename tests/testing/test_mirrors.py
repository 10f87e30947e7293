"""What a table checks after each step: counted, in documents that are copied and compared."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.room.publish import broadcast
from gameserver.testing import Table, mirrors

VISITORS = 20


class Busy(Game):
    """Says, and changes."""

    max_players = VISITORS
    needs_start = False
    messages_per_s = 1000

    def on_create(self) -> None:
        self.state.update(n=0)

    @message
    def say(self, player: Player) -> None:
        self.send("said")

    @message
    def count(self, player: Player) -> None:
        self.state["n"] += 1


class MirrorCheckTests(SynchronousTestCase):
    """A document is looked at again when it, or what somebody has of it, may have changed."""

    def setUp(self) -> None:
        self.looked: dict[str, int] = {"differs": 0, "as_told": 0, "bare": 0}
        self.table = Table(Busy)
        self.visitors = [self.table.join(f"V{n}") for n in range(VISITORS)]
        self.table.settle()
        for name in self.looked:
            self.patch(mirrors, name, self.counted(name, getattr(mirrors, name)))

    def counted(self, name: str, call: Any) -> Any:
        def counting(*args: Any) -> Any:
            self.looked[name] += 1
            return call(*args)

        return counting

    def test_event(self) -> None:
        """After an event each document is looked at once, and nobody's copy of it; none is copied."""
        self.visitors[0].send("say")
        self.assertLessEqual(self.looked["differs"], VISITORS + 1)
        self.assertEqual(self.looked["as_told"], 0)

    def test_change(self) -> None:
        """After a change each copy of that document is compared, but it is copied once."""
        self.visitors[0].send("count")
        self.assertEqual((self.looked["as_told"], self.looked["bare"]), (1, 0))
        self.assertLessEqual(self.looked["differs"], 3 * VISITORS + 1)

    def test_restart(self) -> None:
        """All come back, and no document is copied that is as it was."""
        self.table.restart()
        self.assertEqual(self.looked["as_told"], 0)

    def test_large(self) -> None:
        """The larger a document, the more rarely it is compared; what differs is found all the same."""
        self.table.room.docs["room"].root["large"] = "x" * 10 * mirrors.LARGE_BYTES
        broadcast.finish(self.table.room)
        self.visitors[0].send("count")
        compared: list[Any] = []
        self.patch(
            mirrors, "differs", lambda one, other: "large" in one and compared.append(one) is None and one != other
        )
        for _ in range(20):
            self.visitors[0].send("count")
        self.assertLessEqual(len(compared), 2 * (VISITORS + 1))
        self.visitors[3].docs["room"]["other"] = 1
        with self.assertRaises(AssertionError):
            for _ in range(12):
                self.visitors[0].send("count")

    def test_spoilt_copy(self) -> None:
        """A client that has something else than the room is found with the next change."""
        self.visitors[3].docs["room"]["other"] = 1
        self.assertRaises(AssertionError, self.visitors[0].send, "count")

    def test_untold_change(self) -> None:
        """A change that nobody was told of is found at once."""
        self.table.room.docs["room"].root["n"] = 7
        self.table.room.journal.commit()
        self.assertRaises(AssertionError, self.visitors[0].send, "say")
