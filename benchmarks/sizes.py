"""
How what one thing costs grows with how much is there, in process, one thing at a time.

``python -m benchmarks.sizes`` prints for each a line by size: milliseconds of processor time, least of three, and
the exponent from one size to the next: 1 where twice as much costs twice as much. Names of parts select some.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from math import log
from typing import Any

from twisted.internet.task import Clock

from gameserver import Game, Player, message, timer
from gameserver.collecting import LOOK_S, Collector
from gameserver.room.inputs.arrivals import TakeSeat
from tests.node.registries import FakeSession, Place

ROUNDS = 3
CHURN_S, CHURN = 90, 30
"""Seconds, and rooms that end and come in each of them."""


class Crowd(Game):
    """Does to much of what it has what a message names."""

    name = "crowd"
    needs_start = False
    late_join = True
    max_players = 5_000
    max_row_bytes = 1 << 26

    def on_create(self, map: str = "a") -> None:
        self.state["items"] = []
        self.state["by_name"] = {}

    @message
    def fill(self, player: Player, n: int) -> None:
        self.state["items"] = [{"x": i} for i in range(n)]
        self.state["by_name"] = {str(i): i for i in range(n)}

    @message
    def bullets(self, player: Player) -> None:
        items = self.state["items"]
        del items[0]
        for item in items:
            item["x"] += 1

    @message
    def mixed(self, player: Player) -> None:
        for i in range(len(self.state["items"]) // 2):
            self.state["items"][2 * i]["x"] = -1
            self.state["by_name"].pop(str(2 * i))
            self.state["by_name"][f"new{i}"] = i

    @message
    def clear(self, player: Player) -> None:
        self.state["by_name"].clear()

    @message
    def gather(self, player: Player) -> None:
        for each in self.players:
            self.group("all").add(each)

    @message
    def arm(self, player: Player) -> None:
        for number, each in enumerate(self.players):
            each.after(0.01 * number + 0.01, self.beat)

    @timer
    def beat(self, player: Player) -> None:
        self.send("beat", volatile=True)

    @message
    def end(self, player: Player) -> None:
        self.close()

    @message
    def leaf(self, player: Player) -> None:
        self.state["leaf"] = self.state.get("leaf", 0) + 1


class Deaf(FakeSession):
    """A connection of which nobody reads what it is told."""

    def deliver(self, frame: bytes) -> None:
        """Let it go."""

    def deliver_volatile(self, frame: bytes, slot: str) -> None:
        """Let it go."""


class Bench:
    """A node in memory, with a room in which so many sit."""

    def __init__(self, players: int = 1, rooms: int = 1) -> None:
        self.place = Place(Crowd, free_s=60.0)
        self.host = Deaf("host")
        self.room = self.place.create(self.host)
        for n in range(players - 1):
            self.place.join(self.room, Deaf(f"u{n}"))
        for n in range(rooms - 1):
            self.place.create(Deaf(f"r{n}"), map="b")

    def say(self, type: str, **data: Any) -> None:
        self.place.send(self.host, type, **data)


def arrivals(size: int) -> Callable[[], object]:
    """So many join one room in one pass."""
    bench = Bench()
    sessions = [Deaf(f"a{n}") for n in range(size)]

    def come() -> None:
        reactor_pass = bench.place.registry.reactor_pass
        reactor_pass.begin()
        for session in sessions:
            bench.room.post(TakeSeat(session.requester(), bench.place.wish(session.user.name, "player")))
        reactor_pass.end()
        bench.place.settle()

    return come


def said(type: str) -> Callable[[int], Callable[[], object]]:
    """:returns: one message about as many items as there are."""

    def prepare(size: int) -> Callable[[], object]:
        bench = Bench()
        bench.say("fill", n=size)
        return lambda: bench.say(type)

    return prepare


def group(size: int) -> Callable[[], object]:
    """All enter one private group in one step."""
    bench = Bench(players=size)
    return lambda: bench.say("gather")


def timers(size: int) -> Callable[[], object]:
    """A timer of each player fires, one after the other."""
    bench = Bench(players=size)
    bench.say("arm")
    return lambda: bench.place.advance(0.01 * size + 1)


def match(size: int) -> Callable[[], object]:
    """Somebody looks for a room with options that none of so many has."""
    bench = Bench(rooms=size)
    rooms = bench.place.registry._open_rooms
    return lambda: list(rooms.of("crowd", "player", {"map": "c"}))


def collecting(size: int) -> Callable[[], object]:
    """The longest look of the garbage collector, each second, while of so many rooms some end and as many come."""
    place, time_passes, rooms = Place(Crowd, free_s=60.0), Clock(), deque[Deaf]()
    Collector(time_passes, lambda: 0, there=lambda: len(rooms)).startService()

    def look() -> float:
        began = time.perf_counter()
        time_passes.advance(LOOK_S)
        return time.perf_counter() - began

    def make(n: int) -> None:
        rooms.append(Deaf(f"r{n}"))
        place.create(rooms[-1])

    for n in range(size):
        make(n)
        if n % 500 == 0:
            look()

    def come_and_go() -> float:
        longest = 0.0
        for second in range(CHURN_S):
            for n in range(CHURN):
                place.send(rooms.popleft(), "end")
                make(size + second * CHURN + n)
            place.advance(1.0)
            longest = max(longest, look())
        return longest

    return come_and_go


PARTS: dict[str, tuple[Callable[[int], Callable[[], object]], tuple[int, ...]]] = {
    "arrivals": (arrivals, (125, 250, 500, 1000)),
    "group": (group, (100, 200, 400)),
    "timers": (timers, (100, 200, 400, 800)),
    "bullets": (said("bullets"), (100, 1000, 10_000)),
    "mixed": (said("mixed"), (100, 1000, 10_000)),
    "clear": (said("clear"), (1000, 10_000, 100_000)),
    "match": (match, (100, 1000, 5000)),
    "collecting": (collecting, (100, 1000, 10_000)),
}


def measured(prepare: Callable[[int], Callable[[], object]], sizes: tuple[int, ...]) -> Iterator[tuple[int, float]]:
    """:returns: sizes, and milliseconds."""
    for size in sizes:
        times = []
        for _ in range(ROUNDS):
            call = prepare(size)
            began = time.process_time()
            result = call()
            times.append(result if isinstance(result, float) else time.process_time() - began)
            gc.unfreeze()
        yield size, min(times) * 1000


def main(names: list[str]) -> None:
    """Measure, and print."""
    for name in names or PARTS:
        before: tuple[int, float] | None = None
        for size, ms in measured(*PARTS[name]):
            exponent = "" if before is None else f"  {log(max(ms, 1e-3) / max(before[1], 1e-3), size / before[0]):.2f}"
            print(f"{name:12} {size:7,} {ms:10.2f} ms{exponent}", flush=True)
            before = size, ms


if __name__ == "__main__":
    main(sys.argv[1:])
