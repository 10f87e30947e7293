#!/usr/bin/env python3
"""
Measure what it costs to store each step before it is told: ``durability = "commit"`` beside ``"none"``, on each store.

In 100 rooms of 4, all send as fast as they are answered. The figure is deliveries per second of the server's own
processor time (with its writer thread, without Redis). On a shared machine, only its ratio to ``none`` in the same run
means anything. Redis runs with ``appendfsync always``. With ``--restore`` it measures instead how long a server takes
to open 1,000 rooms: its start with them, less its start without, by the clock and in processor time.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from compare import FIRST_PORT, HERE, Row, machine, measure, say
from contenders import Contender, Shape, contenders
from processes import cpu_s
from stores import STORES

ROOMS = Shape(100, 4, 4, 64)
RESTORED = Shape(1000, 4, 1, 64)
"""Rooms that are restored: each with four seats and what a few seconds of play left in its tail."""
GOAL = 0.5
"""``commit`` should reach at least this share of ``none``."""
GOAL_S = 2.0
"""How many seconds 1,000 rooms may take at most."""


def main() -> None:
    """Measure, print a line of JSON for each run, and medians at the end."""
    asked = arguments()
    say(machine())
    with tempfile.TemporaryDirectory(prefix="gs-bench-") as folder:
        work = Path(folder)
        subprocess.run(["gcc", "-O2", "-o", work / "wsload", HERE / "wsload.c"], check=True)
        (restore if asked.restore else commit)(asked, work)


def arguments() -> argparse.Namespace:
    """:returns: what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--restore", action="store_true", help="measure the opening of 1,000 rooms instead")
    return parser.parse_args()


def commit(asked: argparse.Namespace, work: Path) -> None:
    """Measure all stores in turn, and print what each is of ``none``."""
    rows: dict[str, list[Row]] = {name: [] for name in STORES}
    port = FIRST_PORT
    for _ in range(asked.rounds):
        for name, store in STORES.items():
            port += 1
            with store() as address:
                row = measure(ours(work, address), port, ROOMS, asked.seconds, 0.0, work)
            say(json.dumps({"store": name, **row}))
            rows[name].append(row)
    say("\nstore    deliveries/CPU-s    p50 us    p99 us    of none")
    none = median(rows["none"], "per_cpu_s")
    for name, measured in rows.items():
        per_cpu_s, p50, p99 = (median(measured, field) for field in ("per_cpu_s", "p50_us", "p99_us"))
        missed = "" if name == "none" or per_cpu_s >= GOAL * none else f"  (the goal is {GOAL})"
        say(f"{name:8s} {per_cpu_s:16.0f}  {p50:8.0f}  {p99:8.0f}  {per_cpu_s / none:9.2f}{missed}")


def restore(asked: argparse.Namespace, work: Path) -> None:
    """Fill each store with rooms, and start a server on them again and again."""
    for port, (name, store) in enumerate(STORES.items(), FIRST_PORT):
        if name == "none":
            continue
        with store() as address:
            contender = ours(work, address)
            before = medians([start_s(contender, port, work) for _ in range(asked.rounds)])
            row = measure(contender, port, RESTORED, asked.seconds, 0.0, work)
            after = medians([start_s(contender, port, work) for _ in range(asked.rounds)])
        opening_s, opening_cpu_s = after[0] - before[0], after[1] - before[1]
        missed = "" if opening_s < GOAL_S else f" (the goal is less than {GOAL_S:g})"
        seats = f"{RESTORED.rooms} rooms with {row['opened']} seats"
        say(f"{name}: {seats} are opened in {opening_s:.2f} s{missed}, {opening_cpu_s:.2f} s of the server's processor")


def medians(starts: list[tuple[float, float]]) -> tuple[float, float]:
    """:returns: of each figure its median."""
    clock_s, processor_s = (statistics.median(each) for each in zip(*starts, strict=True))
    return clock_s, processor_s


def start_s(contender: Contender, port: int, work: Path) -> tuple[float, float]:
    """:returns: how long a server takes until it listens, and its processor; it listens once its rooms are open."""
    command = [part.format(port=port, work=work) for part in contender.command]
    log = work / "start.log"
    with log.open("w") as out:
        began_s = time.monotonic()
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        while server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return time.monotonic() - began_s, cpu_s(server.pid)
            except OSError:
                time.sleep(0.005)
        raise SystemExit(f"the server ended: {log.read_text()[-400:]}")
    finally:
        # As a server ends that is pulled out: a clean stop would leave the same rooms, and take longer.
        server.kill()
        server.wait()


def ours(work: Path, store: str | None) -> Contender:
    """:returns: our server with this store; None: its rooms are never stored."""
    return next(contender for contender in contenders(work, store) if contender.name == "ours-tell")


def median(rows: list[Row], field: str) -> float:
    """:returns: the median of a figure."""
    return statistics.median(row[field] for row in rows)


if __name__ == "__main__":
    main()
