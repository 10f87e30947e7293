"""
Three nodes on one Redis behind a real proxy, which are killed, frozen and drained at random while people play.

Whatever dies: no answer that anybody was given is lost, nothing is applied twice, and nobody is told of it.
"""

from __future__ import annotations

import random
import signal
import statistics
import time
from collections import Counter
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from tests.e2e.kit import Person, Server, only_long, sleep, until, within
from tests.e2e.test_one_address import OneAddressCase

SPACING_S = 0.15
"""Between two messages of a player."""
AFTER_S = 90.0
"""By then everybody plays again, whatever happened; the machine may be slow."""


class Playing:
    """A player who says one thing after the other in one room, and notes what was answered."""

    def __init__(self, person: Person, room: Any) -> None:
        self.person = person
        self.room = room
        self.answered: list[int] = []
        self.waits: list[float] = []
        self.stopped = False
        self._next = 0

    async def run(self) -> None:
        """Until `stopped`."""
        while not self.stopped:
            began_s = time.monotonic()
            self._next += 1
            await self.room.send("add", what=self._next)
            self.answered.append(self._next)
            self.waits.append(time.monotonic() - began_s)
            await sleep(SPACING_S)


class FailoverTests(OneAddressCase):
    async def killed(self, node: Server) -> None:
        """It dies at once, and is started again by something that watches it."""
        await node.kill()
        await sleep(random.uniform(0, self.lease_s + 2))
        await node.start()

    async def frozen(self, node: Server) -> None:
        """It stands still for longer than its lease, and goes on as if nothing had been."""
        node.signal(signal.SIGSTOP)
        await sleep(self.lease_s + random.uniform(1, 3))
        node.signal(signal.SIGCONT)

    async def drained(self, node: Server) -> None:
        """It is told to stop, and its next release is started."""
        node.signal(signal.SIGTERM)
        await node.ended()
        await node.start()

    async def everybody_plays(self, players: list[Playing]) -> None:
        """Wait until each was answered once more."""
        counts = [len(player.answered) for player in players]
        await until(
            lambda: all(len(p.answered) > count + 1 for p, count in zip(players, counts, strict=True)),
            "everybody plays",
            AFTER_S,
        )

    async def go_through_it(self, proxy: str) -> None:
        """Play while all three things happen to nodes, each to one that is drawn."""
        seed = random.randrange(2**32)
        random.seed(seed)
        nodes = await self.behind(proxy, "a", "b", "c")
        people = [await self.player(f"P{number}") for number in range(6)]
        rooms = [await person.create("tally") for person in people]
        players = []
        for number, person in enumerate(people):
            other = await person.client.join(rooms[number - 1].code)
            players += [Playing(person, person.client.rooms[rooms[number].code]), Playing(person, other)]
        playing = [Deferred.fromCoroutine(player.run()) for player in players]
        await self.everybody_plays(players)
        done: list[str] = []
        acts = [self.killed, self.frozen, self.drained, self.killed, self.drained]
        random.shuffle(acts)
        for act in acts:
            name = random.choice(sorted(nodes))
            done.append(f"{act.__name__} {name}")
            await act(nodes[name])
            await self.everybody_plays(players)
        for player in players:
            player.stopped = True
        await within(gatherResults(playing, consumeErrors=True), f"all are answered, seed {seed}, {done}", AFTER_S)
        for room in rooms:
            in_it = [player for player in players if player.room.code == room.code]
            self.assertEqual(len(in_it), 2)
            ledger = Counter((name, what) for name, what in in_it[0].room.state["ledger"])
            self.assertEqual(set(ledger.values()), {1}, f"nothing is applied twice, seed {seed}, {done}")
            said = {(player.person.client.name, what) for player in in_it for what in player.answered}
            self.assertEqual(said - set(ledger), set(), f"nothing is lost, seed {seed}, {done}")
        self.assertEqual(self.told_codes(*people) - {"busy", "draining"}, set(), f"seed {seed}, {done}")
        waits = sorted(wait for player in players for wait in player.waits)
        at = statistics.quantiles(waits, n=100)
        self.note(f"{proxy}: {done}: of {len(waits)} answers p50 {at[49]:.2f} p99 {at[98]:.2f} max {waits[-1]:.2f} s")

    def note(self, text: str) -> None:
        """Say what was measured: nothing is asserted of it."""
        print(text)  # noqa: T201

    async def test_haproxy(self) -> None:
        """Through HAProxy, which asks each node whether it is ready."""
        await self.go_through_it("haproxy")

    async def test_nginx(self) -> None:
        """Through nginx, which finds out when somebody comes."""
        only_long()
        await self.go_through_it("nginx")


FailoverTests.timeout = 500  # type: ignore[attr-defined]
