#!/usr/bin/env python3
"""
Measure how cost grows, and draw it for ``docs/speed.rst``.

``rooms``, ``seats`` and ``ticks`` measure a server over sockets: the size of rooms, idle seats, and rooms that tick.
All other parts are those of `sizes`, in process, compared with what the same script found in an older tree; ``--before
TREE`` measures that one anew, with the Python of this tree.

Over sockets the server has processor 0 and the load processor 1, as in ``compare.py``; each figure is the median of its
rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from before_after import PARTS as IN_PROCESS
from before_after import take, tell
from compare import FIRST_PORT, HERE, Row, machine, measure, say
from contenders import Contender, Shape, Target, contenders, our_targets
from plots import marks_to, plot

DOCS = HERE.parent / "docs"
SEATS = 512
"""In all rooms together, while their size grows."""
SIZES = (2, 8, 32, 128, 512)
IDLE = (1_000, 5_000, 15_000)
TICKING = (10, 100, 500)
MEMBERS = 5
"""Of a room that is idle or ticks."""
PING_S = 26.0
"""A little more than the server waits between two pings."""
JOINS_A_S = 150
"""Few enough for a slow machine: the load knows when all are connected, not when all have joined."""
FILES = 16_000
"""Sockets of the most seats, and some."""


Targets = Callable[[int, Shape], Iterator[Target]]


def main() -> None:
    """Measure, print a line of JSON for each run, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join((*PARTS, *IN_PROCESS))}; all of them if none is named")
    parser.add_argument(
        "--before", type=Path, help="a tree of an older release, of which the parts in process are taken"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--work", type=Path, default=HERE.parent / "build" / "bench")
    asked = parser.parse_args()
    in_process = [name for name in asked.parts or IN_PROCESS if name in IN_PROCESS]
    if asked.before is not None:
        take(in_process, asked.before, "before")
        tell()
        return
    take(in_process, HERE.parent, "after")
    tell()
    over_sockets = [name for name in asked.parts or PARTS if name in PARTS]
    if not over_sockets:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, most) if most > 0 else FILES, most))
    os.environ["GAMESERVER_LIMITS_CONNECTIONS_PER_ADDRESS"] = str(2 * IDLE[-1])
    asked.work.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-O2", "-o", asked.work / "wsload", HERE / "wsload.c"], check=True)
    say(machine())
    run = Run(asked.work.resolve(), asked.rounds, asked.seconds)
    for part in over_sockets:
        PARTS[part](run)


def grow_rooms(run: Run) -> None:
    """Larger rooms, as many seats in all."""
    points = [(size, run.median(Shape(SEATS // size, size, 1, 64), "per_cpu_s")) for size in SIZES]
    title = "Deliveries for each second of processor time"
    draw("rooms", title, "members of a room, one of whom sends", "deliveries", points)


def grow_seats(run: Run) -> None:
    """More seats that say nothing: what they take, and cost, over as long as each is pinged once."""
    idle = {}
    for seats in IDLE:
        joining_s = 10.0 + seats / JOINS_A_S
        idle[seats] = run.rows(Shape(seats // MEMBERS, MEMBERS, 0, 64), warmup=joining_s, seconds=PING_S)
    memory = [(seats, middle(rows, "kib_per_connection") * seats / 1024) for seats, rows in idle.items()]
    draw("memory", "Memory of seats that say nothing", "seats, in rooms of 5", "MiB more than with none", memory)
    cpu = [(seats, middle(rows, "cpu") * 100) for seats, rows in idle.items()]
    draw("idle", "Processor time of seats that say nothing", "seats, in rooms of 5", "% of one processor", cpu)


def grow_ticks(run: Run) -> None:
    """More rooms that tick."""
    ticking = partial(our_targets, game="ticking")
    measured = {rooms: run.rows(Shape(rooms, MEMBERS, 0, 64), ticking, warmup=3.0) for rooms in TICKING}
    cpu = [(rooms, middle(rows, "cpu") * 100) for rooms, rows in measured.items()]
    draw("ticks", "Rooms of 5 that tick 20 times a second", "rooms", "% of one processor", cpu)
    for rooms, rows in measured.items():
        came = middle(rows, "messages") / run.seconds / (rooms * MEMBERS)
        say(f"{rooms} rooms: {came:.1f} patches a second to each member")


class Run:
    """Measures our server again and again, on ports that are new."""

    def __init__(self, work: Path, rounds: int, seconds: float) -> None:
        self.work, self.rounds, self.seconds = work, rounds, seconds
        self.port = FIRST_PORT

    def rows(
        self, shape: Shape, targets: Targets = our_targets, *, warmup: float = 1.0, seconds: float = 0.0
    ) -> Sequence[Row]:
        """:returns: one for each round, of so many seconds if not of as many as all."""
        ours = next(contender for contender in contenders(self.work, None) if contender.name == "ours-tell")
        rows = []
        for _ in range(self.rounds):
            self.port += 1
            contender = Contender(ours.name, ours.command, targets)
            rows.append(measure(contender, self.port, shape, seconds or self.seconds, 0.0, self.work, warmup))
            say(json.dumps({"rooms": shape.rooms, "members": shape.members, **rows[-1]}))
        return rows

    def median(self, shape: Shape, field: str) -> float:
        """:returns: of all rounds."""
        return middle(self.rows(shape), field)


def middle(rows: Sequence[Row], field: str) -> float:
    """:returns: the median of a figure."""
    return statistics.median(row[field] for row in rows)


def draw(name: str, title: str, x_label: str, y_label: str, points: list[tuple[float, float]]) -> None:
    """Write a plot where the docs have it."""
    marks = marks_to(max(y for _, y in points))
    (DOCS / f"speed-{name}.svg").write_text(plot(title, x_label, y_label, points, marks=marks))


PARTS: dict[str, Callable[[Run], None]] = {"rooms": grow_rooms, "seats": grow_seats, "ticks": grow_ticks}


if __name__ == "__main__":
    main()
