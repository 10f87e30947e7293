"""
How what one thing costs grows with how much is there, in process, one thing at a time.

``python -m benchmarks.sizes`` prints for each a line by size: milliseconds of processor time, least of three, and
the exponent from one size to the next: 1 where twice as much costs twice as much. Names of parts select some.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from math import log
from typing import Any

from gameserver import Game, Player, message, timer
from gameserver.collecting import Collector
from gameserver.room.inputs.arrivals import TakeSeat
from tests.node.registries import FakeSession, Place

ROUNDS = 3


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
    def leaf(self, player: Player) -> None:
        self.state["leaf"] = self.state.get("leaf", 0) + 1


class Deaf(FakeSession):
    """A connection of which nobody reads what it is told."""

    def deliver(self, frame: bytes) -> None:
        """Let it go."""

    def deliver_volatile(self, frame: bytes, slot: str) -> None:
        """Let it go."""


class Hall:
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
    hall = Hall()
    sessions = [Deaf(f"a{n}") for n in range(size)]

    def come() -> None:
        reactor_pass = hall.place.registry.reactor_pass
        reactor_pass.begin()
        for session in sessions:
            hall.room.post(TakeSeat(session.requester(), hall.place.wish(session.user.name, "player")))
        reactor_pass.end()
        hall.place.settle()

    return come


def said(type: str) -> Callable[[int], Callable[[], object]]:
    """:returns: one message about as many items as there are."""

    def prepare(size: int) -> Callable[[], object]:
        hall = Hall()
        hall.say("fill", n=size)
        return lambda: hall.say(type)

    return prepare


def group(size: int) -> Callable[[], object]:
    """All enter one private group in one step."""
    hall = Hall(players=size)
    return lambda: hall.say("gather")


def timers(size: int) -> Callable[[], object]:
    """A timer of each player fires, one after the other."""
    hall = Hall(players=size)
    hall.say("arm")
    return lambda: hall.place.advance(0.01 * size + 1)


def match(size: int) -> Callable[[], object]:
    """Somebody looks for a room with options that none of so many has."""
    hall = Hall(rooms=size)
    rooms = hall.place.registry._open_rooms
    return lambda: list(rooms.of("crowd", "player", {"map": "c"}))


def collecting(size: int) -> Callable[[], object]:
    """The garbage collector looks, while there are so many rooms."""
    hall = Hall(rooms=size)
    looking = Collector(hall.place.clock, lambda: 0)
    looking._collect_all()
    for n in range(100):
        hall.place.create(Deaf(f"new{n}"))
    return lambda: (gc.collect(1), gc.freeze())


PARTS: dict[str, tuple[Callable[[int], Callable[[], object]], tuple[int, ...]]] = {
    "arrivals": (arrivals, (125, 250, 500, 1000)),
    "group": (group, (100, 200, 400)),
    "timers": (timers, (100, 200, 400, 800)),
    "bullets": (said("bullets"), (100, 1000, 10_000)),
    "mixed": (said("mixed"), (100, 1000, 10_000)),
    "clear": (said("clear"), (1000, 10_000, 100_000)),
    "match": (match, (100, 1000, 5000)),
    "collecting": (collecting, (100, 1000, 5000)),
}


def measured(prepare: Callable[[int], Callable[[], object]], sizes: tuple[int, ...]) -> Iterator[tuple[int, float]]:
    """:returns: sizes, and milliseconds."""
    for size in sizes:
        times = []
        for _ in range(ROUNDS):
            call = prepare(size)
            began = time.process_time()
            call()
            times.append(time.process_time() - began)
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
