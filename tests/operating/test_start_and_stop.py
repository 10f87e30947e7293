"""What the log says of a start, and of a stop that took too long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import TimeoutError
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gameserver.operating.start_and_stop import place_of, say_node, say_not_closed, say_not_stored, say_what_is_served


class StartTests(SynchronousTestCase):
    def said(self, say: Any, *arguments: object) -> str:
        """:returns: the one line."""
        with capturedLogs() as events:
            say(*arguments)
        (event,) = events
        return formatEvent(event)

    def test_places(self) -> None:
        """As people type them."""
        for bound, place in (
            (IPv4Address("TCP", "127.0.0.1", 8080), "127.0.0.1:8080"),
            (IPv6Address("TCP", "::1", 8080), "[::1]:8080"),
            (UNIXAddress("/run/games.sock"), "unix:/run/games.sock"),
        ):
            self.assertEqual(place_of(bound), place)

    def test_counts(self) -> None:
        """One is one, and sleeping rooms are rooms, too."""
        self.assertEqual(self.said(say_what_is_served, 1, 1, 12), "1 game, 1 room awake, 12 asleep")
        self.assertEqual(self.said(say_what_is_served, 8, 0, 1), "8 games, 0 rooms awake, 1 asleep")

    def test_node(self) -> None:
        """Both names, for whoever reads one of them elsewhere."""
        self.assertEqual(self.said(say_node, "00ff", "a"), "this is node 00ff, node_name a")
        self.assertIn("00ff, without a node_name", self.said(say_node, "00ff", None))

    def test_not_stored(self) -> None:
        """Which rooms, and what follows; many are not all named."""
        rooms: list[Any] = [
            SimpleNamespace(
                room=SimpleNamespace(code=code),
                is_stored=code != "X4YZ",
                commits=SimpleNamespace(settled=code == "K7QM"),
            )
            for code in ("K7QM", "B2CD", "X4YZ", "A1BC", *(f"Z{number}" for number in range(10)))
        ]
        slow = Failure(TimeoutError(3.5, "Deferred"))
        text = self.said(say_not_stored, slow, rooms[:3], 3.5)
        self.assertIn("within 3.5 seconds the store did not take the last steps of 1 room (B2CD). The next", text)
        self.assertNotIn("Deferred", text)
        text = self.said(say_not_stored, slow, rooms, 3.5)
        self.assertIn("12 rooms (A1BC, B2CD, Z0, ", text)
        self.assertIn("Z7, …)", text)

    def test_not_closed(self) -> None:
        """It is no matter of the store."""
        text = self.said(say_not_closed, Failure(TimeoutError(4.5, "Deferred")), 4.5)
        self.assertIn("ports and connections were closed within 4.5 seconds", text)

    def test_other_failures(self) -> None:
        """Those are no matter of time, and come with a traceback."""
        for say in (lambda failure: say_not_stored(failure, [], 3.5), lambda failure: say_not_closed(failure, 4.5)):
            self.said(say, Failure(ZeroDivisionError()))
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
