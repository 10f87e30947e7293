"""When clients come back that a server lost at the same moment: spread by chance, so that nobody is stormed."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

from gameserver.client import Client
from gameserver.client.link import FIRST_DELAY_S
from tests.test_client import URL, ClientTestCase, ScriptedServer

CLIENTS: Final = 400
TENTH: Final = 2 * CLIENTS // 10
"""More than would come by chance in a tenth of the time: by 6 standard deviations."""


class ComingBackTests(ClientTestCase):
    def another(self, chance: Random) -> None:
        """Sit one more client down."""
        self.server = ScriptedServer()
        self.client = Client(self.clock, URL, dial=self.server.dial, random=chance.random, name="Ann")
        self.in_room()

    def left_s(self) -> float:
        """:returns: until the one thing that the client waits for."""
        (call,) = self.clock.getDelayedCalls()
        return float(call.getTime() - self.clock.seconds())

    def assert_spread(self, moments_s: list[float]) -> None:
        """In each tenth of the time some come, and in none of them many more than in the others."""
        tenths = Counter(int(10 * s / FIRST_DELAY_S) for s in moments_s)
        self.assertEqual(sorted(tenths), list(range(10)))
        self.assertLess(max(tenths.values()), TENTH)

    def test_node_lost(self) -> None:
        """They dial at different moments, each as soon as a quarter of a second later, and resume then."""
        chance, came = Random(20), []
        for _ in range(CLIENTS):
            self.another(chance)
            self.lose()
            came.append(self.left_s())
            self.clock.advance(came[-1])
            self.wire.take()
            self.assertEqual([said["op"] for said in self.welcome().take()], ["resume"])
            self.client.close()
        self.assert_spread(came)

    def test_all_are_told_to_wait(self) -> None:
        """Until the lease of a node ends that is gone: they ask again after that, and not in the same moment."""
        chance, came = Random(21), []
        for _ in range(CLIENTS):
            self.another(chance)
            self.say("left", None, reason="moved", message=None)
            [resume] = self.wire.take()
            self.wire.say("error", id=resume["id"], code="busy", message="", path=None, retry_ms=3000)
            came.append(self.left_s() - 3)
            self.clock.advance(self.left_s())
            self.assertEqual([said["op"] for said in self.wire.take()], ["resume"])
            self.client.close()
        self.assert_spread(came)
