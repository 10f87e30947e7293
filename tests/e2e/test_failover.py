"""
Three nodes on one Redis behind a real proxy, to which bad things happen at random while people play at one address.

Nodes are killed, frozen for longer than their lease or until all play without them, cut off from Redis and from the
proxy, and told to stop, two of them at a time. `tests.e2e.checker` then compares all that went over the wire with what
the rooms have: no answer that anybody was given is lost, nothing is applied twice, no timer is lost, and nobody is told
of it.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from tests.e2e.checker import Counts
from tests.e2e.company import GAMES, Fair, Player
from tests.e2e.kit import Server, only_long, sleep, together
from tests.e2e.proxy import Proxy
from tests.e2e.test_one_address import GOODBYE_S, Address, OneAddressCase

DEFAULT_LEASE_S: Final = 6
NODES: Final = ("a", "b", "c")
ACTS: Final = ("killed", "frozen", "stuck", "starved", "isolated", "unreachable", "drained")
"""What happens to a node; each is a method of `FailoverCase`."""
PAUSE_S: Final = 0.5
"""Of a player after an answer, at most: this process has all wires, and is not to be what everybody waits for."""
PATIENCE_S: Final = 150.0
"""By then everybody has an answer, whatever happened; the machine may be slow."""
MILD: Final = frozenset({"busy", "draining", "refused", "forbidden"})
"""What people may be told: to wait, and what the game refuses."""


def quantiles(values: Iterable[float]) -> str:
    """:returns: the middle and the upper end of these, seconds, in words."""
    ordered = sorted(values)
    if not ordered:
        return "none"
    at = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    return " ".join(f"{name} {ordered[min(last, int(len(ordered) * part))]:.2f}" for name, part in at.items())


class FailoverCase(OneAddressCase):
    """
    Nodes that can be cut off: between each and Redis is a wire of the test's, and another one between it and the proxy.

    :ivar spans: of each act that is over what it was, and when it began and everybody played again.
    """

    timeout = 900
    lease_s: float = 3
    rooms = 2

    async def prepare(self, *names: str) -> None:
        """Lay the wires."""
        self.to_store = {name: Proxy(self.shared.port) for name in names}
        self.to_people = {name: Proxy(0) for name in names}
        for wire in [*self.to_store.values(), *self.to_people.values()]:
            await wire.start()
            self.addCleanup(wire.cut)

    def place(self, name: str) -> str:
        """:returns: the end of the wire to a node."""
        return f"127.0.0.1:{self.to_people[name].port}"

    def member(self, name: str) -> Server:
        """Prepare a node at the ends of its wires."""
        server = self.server(
            games=GAMES,
            GAMESERVER_STORE=f"redis://127.0.0.1:{self.to_store[name].port}",
            GAMESERVER_LEASE_S=str(self.lease_s),
            GAMESERVER_STOP_DELAY_S="0.5",
            # A short lease leaves a step less time than a busy machine may take for it.
            GAMESERVER_STEP_LIMIT_S="0" if self.lease_s < DEFAULT_LEASE_S else "3",
            GAMESERVER_SECRET=str(self.folder / "secret"),
            GAMESERVER_NODE_NAME=name,
            GAMESERVER_PUBLIC_URL=self.site,
            GAMESERVER_TRUSTED_PROXY="127.0.0.1",
        )
        server.patience_s = PATIENCE_S  # several are started while others play
        self.to_people[name].target = server.port
        return server

    # What happens to a node

    async def killed(self, name: str, chance: random.Random) -> None:
        """It dies at once, and is started again by something that watches it."""
        await self.nodes[name].kill()
        await sleep(chance.uniform(0, self.lease_s + 2))
        await self.nodes[name].start()

    async def frozen(self, name: str, chance: random.Random) -> None:
        """It stands still for longer than its lease, and goes on as if nothing had been."""
        self.nodes[name].signal(signal.SIGSTOP)
        try:
            await sleep(self.lease_s + chance.uniform(0.2, 2))
        finally:
            self.nodes[name].signal(signal.SIGCONT)

    async def stuck(self, name: str, _: random.Random) -> None:
        """It stands still until everybody plays without it."""
        self.nodes[name].signal(signal.SIGSTOP)
        try:
            await self.fair.all_go_on(s=PATIENCE_S)
        finally:
            self.nodes[name].signal(signal.SIGCONT)

    async def isolated(self, name: str, _: random.Random) -> None:
        """Redis is away for it alone until everybody plays without it."""
        await self.to_store[name].cut()
        try:
            await self.fair.all_go_on(s=PATIENCE_S)
        finally:
            await self.to_store[name].mend()

    async def starved(self, name: str, chance: random.Random) -> None:
        """Redis is away for it alone, with a word or without; what was on its way then arrives long after."""
        wire = self.to_store[name]
        if chance.random() < 0.5:
            await wire.cut()
        else:
            wire.hold()
        await sleep(self.lease_s + chance.uniform(-1, 2))
        await wire.mend()
        await sleep(chance.uniform(0, 1))
        wire.deliver_late()

    async def unreachable(self, name: str, chance: random.Random) -> None:
        """The proxy does not come to it any more; its rooms are its own all the time."""
        await self.to_people[name].cut()
        await sleep(chance.uniform(0.5, self.lease_s))
        await self.to_people[name].mend()

    async def drained(self, name: str, _: random.Random) -> None:
        """It is told to stop, and its next release is started."""
        await self.nodes[name].stop()
        await self.nodes[name].start()

    # A run

    async def go_through_it(self, proxy: str, acts: Sequence[str], lanes: int = 2) -> None:
        """
        Have people play while all this happens, in so many lanes at a time; then compare everything.

        :param acts: in any order, each to a node that chance draws of those to which nothing happens.
        """
        seed = int(os.environ.get("GAMESERVER_TEST_SEED") or random.SystemRandom().randrange(10**6))
        self.chance = random.Random(seed)
        self.nodes = await self.behind(proxy, *NODES)
        self.free = set(NODES)
        self.spans: list[tuple[str, float, float]] = []
        self.players: list[Player] = []
        counts = Counts(acts=len(acts))
        address: Any = Address(self.port)
        self.fair = Fair(self, address, self.chance, counts)
        self.fair.may_drop = True
        try:
            await self.fair.open(self.rooms)
            self.players = self.fair.players
            for player in self.players:
                player.patience_s, player.pause_s = PATIENCE_S, PAUSE_S
            await self.fair.all_go_on()
            drawn = self.chance.sample([*acts], len(acts))
            waiting = [(act, random.Random(self.chance.random())) for act in drawn]
            await together(*(self.one_after_the_other(waiting) for _ in range(lanes)))
            people = self.fair.people
            told = self.told_codes(*people)
            ends = {(person.client.ended, person.room.left and person.room.left.reason) for person in people}
            await self.fair.close()
            await sleep(GOODBYE_S)
        finally:
            self.report(proxy, seed, counts)
        self.assertEqual(told - MILD, set(), "what people were told")
        self.assertEqual(ends, {(None, None)}, "nobody lost a seat, or has to come anew")
        for name, node in self.nodes.items():
            self.assertNotIn("Traceback", node.output, name)
        self.assertGreater(min(len(player.waits) for player in self.players), len(acts))

    async def one_after_the_other(self, waiting: list[tuple[str, random.Random]]) -> None:
        """One thing after the other happens, and after each all play on."""
        while waiting:
            act, chance = waiting.pop()
            name = chance.choice(sorted(self.free))
            self.free.discard(name)
            if self.nodes[name].exit_status is not None:
                await self.nodes[name].start()  # its guard ended it: it was frozen in the middle of a step
            began_s = time.monotonic()
            await getattr(self, act)(name, chance)
            await self.fair.all_go_on(s=PATIENCE_S)
            self.spans.append((f"{act} {name}", began_s, time.monotonic()))
            self.free.add(name)

    def report(self, proxy: str, seed: int, counts: Counts) -> None:
        """Say what happened and was counted, and for how long people waited: of the times nothing is asserted."""
        waits = [wait for player in self.players for wait in player.waits]
        lines = [f"{proxy}, seed {seed}: {counts}", f"an answer took s {quantiles(took_s for _, took_s in waits)}"]
        for act in sorted({what.partition(" ")[0] for what, _, _ in self.spans}):
            longest = [
                max((took_s for at_s, took_s in player.waits if at_s < ended_s and at_s + took_s > began_s), default=0)
                for what, began_s, ended_s in self.spans
                if what.startswith(act)
                for player in self.players
            ]
            lines.append(f"{act}: the longest wait of each player s {quantiles(longest)}")
        sys.stdout.write("\n" + "\n  ".join([*lines, ", ".join(what for what, _, _ in self.spans)]) + "\n")


class FailoverTests(FailoverCase):
    async def test_each_once(self) -> None:
        """Each of these things happens once, behind HAProxy, which asks nodes whether they are ready."""
        only_long()
        await self.go_through_it("haproxy", ACTS)


class LongCase(FailoverCase):
    """With the lease that nodes have by default, and each thing several times."""

    lease_s = DEFAULT_LEASE_S
    rooms = 3
    times = 3

    async def go_on_for_long(self, proxy: str) -> None:
        """Go through it all, where there is time."""
        only_long()
        await self.go_through_it(proxy, ACTS * self.times)


class NginxFailoverTests(LongCase):
    async def test_many(self) -> None:
        """Through nginx, which finds out when somebody comes."""
        await self.go_on_for_long("nginx")


class CaddyFailoverTests(LongCase):
    async def test_many(self) -> None:
        """Through Caddy."""
        await self.go_on_for_long("caddy")


class HAProxyFailoverTests(LongCase):
    async def test_many(self) -> None:
        """Through HAProxy."""
        await self.go_on_for_long("haproxy")
