"""
How the cost of one thing grows with its size, in process, one thing at a time.

``python benchmarks/sizes.py`` prints for each part a line by size, with the exponent from one size to the next: if it
is 1, twice the size costs twice as much. Names of parts select some. Times are milliseconds of processor time, the
least of three rounds, or of one round where many people join. ``--json`` prints a line of JSON for each part instead,
for ``benchmarks/growth.py``.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import log
from typing import Any

from crowds import SPARE, Bench, ByFields, Crowd, Deaf, FunctionStyle, Patched, Place, Relaxed, table
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from gameserver.room.inputs.arrivals import ResumeSeat, TakeSeat

try:
    from gameserver.collecting import LOOK_S, YOUNG, Collector
except ImportError:  # before there was one
    LOOK_S, YOUNG, Collector = 1.0, gc.get_threshold(), None  # type: ignore[assignment,misc]

ROUNDS = 3
CHURN_S, CHURN = 90, 30
"""Seconds, and rooms that end and come in each of them."""

Call = Callable[[], object]
"""What is measured: its processor time, or what it returns."""


@dataclass(frozen=True)
class Part:
    """
    One thing that grows.

    :ivar title: what is measured.
    :ivar prepare: makes it in some size.
    :ivar item: of the list of what was found to grow, see ``docs/speed.rst``.
    """

    item: int
    title: str
    prepare: Callable[[int], Call]
    sizes: Sequence[int]
    unit: str = "ms"
    rounds: int = ROUNDS


def arrivals(size: int, figure: str) -> Call:
    """So many join one room in one pass."""
    bench = Bench()
    sessions = bench.sessions = [Deaf(f"a{n}") for n in range(size)]

    def come() -> float | None:
        def all_at_once() -> None:
            for session in sessions:
                bench.room.post(TakeSeat(session.requester(), bench.place.wish(session.user.name, "player")))

        longest = longest_pass(bench.place, all_at_once)
        return {"bytes": bench.told_bytes / 1e6, "longest": longest * 1000, "all": None}[figure]

    return come


def resumes(size: int, figure: str) -> Call:
    """The server starts again, and all come back who heard all but the last message."""
    bench = Bench(players=size)
    streams, seats = bench.room.room.publisher.streams, bench.room.room.seats
    seen = {session.seat: streams.seen(seats[session.seat]._kept.entered) for session in bench.sessions}
    secrets = {id: bench.room.room.secret_of(seat) for id, seat in seats.items()}
    code, ids = bench.host.code, [session.seat for session in bench.sessions]
    bench.say("fill", n=1)
    bench.place.away(1.0)
    runner: Any = bench.place.registry.find(code)

    def come() -> float | None:
        def all_at_once() -> None:
            for session, id in zip(bench.sessions, ids, strict=True):
                runner.post(ResumeSeat(session.requester(), secrets[id], seen[id]))

        longest = longest_pass(bench.place, all_at_once)
        return longest * 1000 if figure == "longest" else None

    return come


def longest_pass(place: Place, begin: Call) -> float:
    """:returns: seconds of processor time of the longest pass, of the one in which that is done and all that follow."""
    longest, reactor_pass, clock = 0.0, place.registry.reactor_pass, place.time

    def first() -> None:
        reactor_pass.begin()
        begin()
        reactor_pass.end()

    def due() -> list[Any]:
        return [call for call in clock.getDelayedCalls() if call.getTime() <= clock.seconds()]

    def following() -> None:
        """What is due now is called; what that asks for is for the next, which `Clock.advance` would call as well."""
        for call in due():
            if call.active():
                clock.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)

    step: Call = first
    while True:
        began = time.process_time()
        step()
        longest = max(longest, time.process_time() - began)
        if not due():
            return longest
        step = following


def said(size: int, type: str) -> Call:
    """One message about as many items as there are."""
    bench = Bench()
    bench.say("fill", n=size)
    return lambda: bench.say(type)


def waiting_patches(size: int) -> Call:
    """So many steps change one of so many items each, all within the time of one patch."""
    bench = Bench(game=Patched)
    bench.say("fill", n=size)
    bench.place.advance(2.0)

    def steps() -> None:
        for item in range(size):
            bench.say("leaf", item=item)
        bench.place.advance(2.0)

    return steps


def group(size: int, figure: str) -> Call:
    """All enter one private group in one step."""
    bench = Bench(players=size)
    before = bench.told_bytes

    def enter() -> float | None:
        bench.say("gather")
        return (bench.told_bytes - before) / 1e6 if figure == "bytes" else None

    return enter


def timers(size: int, figure: str) -> Call:
    """A timer of each player fires, one after the other."""
    bench = Bench(players=size)
    bench.say("arm")
    bench.stored_bytes = 0

    def fire() -> float | None:
        bench.place.advance(0.01 * size + 1)
        return bench.stored_bytes / size / 1000 if figure == "bytes" else None

    return fire


def leaves(size: int) -> Call:
    """So many drop, and their seats end when they were held for long enough."""
    bench = Bench(players=size)

    def leave() -> None:
        for session in bench.sessions:
            bench.place.gone(session)
        bench.place.advance(400.0)

    return leave


def relaxed(size: int) -> Call:
    """A room ticks 20 times a second for five seconds, and is stored twice a second."""
    bench = Bench(game=Relaxed)
    bench.say("fill", n=size)
    bench.place.advance(2.0)
    return lambda: bench.place.advance(5.0)


def match(size: int) -> Call:
    """Somebody looks for a room with options that none of so many has."""
    bench = Bench(rooms=size)
    last = Deaf("last")
    wish = bench.place.wish("Last", "player")
    return lambda: bench.place.get(
        Deferred.fromCoroutine(bench.place.registry.match(last.requester(), "crowd", {"map": "c"}, wish))
    )


def kit(size: int, figure: str) -> Call:
    """In a test ten things happen, with so many visitors, or so many items in the document."""
    made = table(*((size, 1) if figure == "visitors" else (2, size)))

    def events() -> None:
        for _ in range(10):
            made.visitors[0].send("leaf")

    return events


def table_writes(size: int) -> Call:
    """In one step a table is written to, and counted, so many times."""
    bench = Bench()
    return lambda: bench.say("write", n=size)


def function_style(size: int) -> Call:
    """Twenty messages of a game in the function style, with so many seats in 16 groups."""
    bench = Bench(players=size, game=FunctionStyle)

    def send() -> None:
        for _ in range(20):
            bench.say("nothing")

    return send


def document(size: int) -> Call:
    """What a document takes of memory, in MB for each MB of its JSON."""
    bench = Bench()

    def fill() -> float:
        gc.collect()
        tracemalloc.start()
        bench.say("fill", n=size)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return taken / len(json.dumps(bench.room.room.doc("room").plain(), separators=(",", ":")))

    return fill


def stored(size: int, game: Any) -> Call:
    """What is stored, in KB, when one leaf of a document has changed."""
    bench = Bench(game=game)
    bench.say("fill", n=size)
    bench.stored_bytes = 0

    def change() -> float:
        bench.say("leaf")
        return bench.stored_bytes / 1000

    return change


def collecting(size: int) -> Call:
    """The longest stop for the garbage collector, while of so many rooms some end and as many come."""
    place, time_passes, rooms = Place(Crowd, **SPARE), Clock(), deque[Deaf]()
    if Collector is not None:
        Collector(time_passes, lambda: 0, there=lambda: len(rooms)).startService()
    else:
        gc.set_threshold(*YOUNG)
    longest, began = 0.0, 0.0

    def seen(phase: str, _: Any) -> None:
        nonlocal longest, began
        if phase == "start":
            began = time.perf_counter()
        else:
            longest = max(longest, time.perf_counter() - began)

    def make(n: int) -> None:
        rooms.append(Deaf(f"r{n}"))
        place.create(rooms[-1])

    for n in range(size):
        make(n)
        if n % 500 == 0:
            time_passes.advance(LOOK_S)

    def come_and_go() -> float:
        gc.callbacks.append(seen)
        for second in range(CHURN_S):
            for n in range(CHURN):
                place.send(rooms.popleft(), "end")
                make(size + second * CHURN + n)
            place.advance(1.0)
            time_passes.advance(LOOK_S)
        gc.callbacks.remove(seen)
        return longest * 1000

    return come_and_go


ITEMS, CROWDS, MEMBERS = (100, 1000, 10_000), (125, 250, 500, 1000), (100, 200, 400, 800)
PARTS: dict[str, Part] = {
    "collecting": Part(
        1, "Longest stop for garbage, by rooms, while 30 a second end and come", collecting, ITEMS, rounds=1
    ),
    "bullets": Part(2, "The first of a list is deleted, and all others change", partial(said, type="bullets"), ITEMS),
    "mixed": Part(2, "A list and a dict change by turns", partial(said, type="mixed"), ITEMS),
    "patches": Part(2, "So many steps wait for one patch", waiting_patches, (100, 300, 1000)),
    "clear": Part(2, "A dict is cleared", partial(said, type="clear"), (1000, 10_000, 100_000)),
    "arrivals": Part(3, "So many join one room at once", partial(arrivals, figure="all"), CROWDS, rounds=1),
    "arrivals_wait": Part(3, "How long others wait then", partial(arrivals, figure="longest"), CROWDS, rounds=1),
    "arrivals_told": Part(3, "What is told then", partial(arrivals, figure="bytes"), CROWDS, "MB", rounds=1),
    "group": Part(3, "So many enter one private group in one step", partial(group, figure="all"), MEMBERS, rounds=1),
    "group_told": Part(3, "What they are told", partial(group, figure="bytes"), MEMBERS, "MB", rounds=1),
    "resumes": Part(3, "So many come back after a restart", partial(resumes, figure="all"), CROWDS, rounds=1),
    "resumes_wait": Part(3, "How long others wait then", partial(resumes, figure="longest"), CROWDS, rounds=1),
    "timers": Part(4, "A timer of each player fires", partial(timers, figure="all"), MEMBERS, rounds=1),
    "timers_stored": Part(4, "What one of them stores", partial(timers, figure="bytes"), MEMBERS, "KB", rounds=1),
    "leaves": Part(4, "So many are held, and given up one by one", leaves, CROWDS, rounds=1),
    "relaxed": Part(5, "100 ticks in five seconds of a relaxed room, by items in its document", relaxed, ITEMS),
    "match": Part(6, "Somebody looks for a room, and none of so many fits", match, (100, 1000, 5000)),
    "kit_visitors": Part(7, "Ten events of a test, by visitors", partial(kit, figure="visitors"), (10, 50, 200)),
    "kit_items": Part(7, "Ten events of a test, by items in the document", partial(kit, figure="items"), ITEMS),
    "tables": Part(8, "A step writes to a table and counts it, so many times", table_writes, (100, 300, 1000)),
    "function": Part(8, "20 messages in the function style, by seats", function_style, (50, 100, 200, 400)),
    "memory": Part(9, "Memory of a document, for each byte of its JSON, by items", document, ITEMS, "bytes", rounds=1),
    "row": Part(
        9, "What a changed leaf stores, by items, as a row", partial(stored, game=Crowd), ITEMS, "KB", rounds=1
    ),
    "fields": Part(9, "The same by fields", partial(stored, game=ByFields), ITEMS, "KB", rounds=1),
}


def measured(part: Part, size: int) -> float:
    """:returns: the least of some rounds."""
    figures = []
    for _ in range(part.rounds):
        gc.collect()
        gc.set_threshold(*YOUNG)
        call = part.prepare(size)
        if Collector is not None:
            gc.collect()
            gc.freeze()
        began = time.process_time()
        result = call()
        figures.append(result if isinstance(result, float) else (time.process_time() - began) * 1000)
        gc.unfreeze()
    return min(figures)


def exponents(points: Sequence[tuple[int, float]]) -> list[float]:
    """:returns: from each size to the next: 1 where twice as much costs twice as much."""
    return [log(max(more, 1e-3) / max(less, 1e-3), size / small) for (small, less), (size, more) in pairwise(points)]


def main(names: list[str]) -> None:
    """Measure, and print."""
    as_json = "--json" in names
    for name in [name for name in names if name != "--json"] or PARTS:
        part, points = PARTS[name], list[tuple[int, float]]()
        for size in part.sizes:
            points.append((size, measured(part, size)))
            if not as_json:
                grown = "".join(f"  {exponent:.2f}" for exponent in exponents(points)[-1:])
                print(f"{name:14} {size:7,} {points[-1][1]:10.2f} {part.unit}{grown}", flush=True)
        if as_json:
            with suppress(BrokenPipeError):
                print(json.dumps({name: points}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
