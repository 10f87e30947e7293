#!/usr/bin/env python3
"""
Measure relay servers side by side: one after the other in one run, each on processor 0, the load on processor 1.

The figure to quote is deliveries per second of the server's processor time, and its ratio to each peer in the same run;
no other figure means anything on a shared machine. ``make bench`` runs the three workloads that are quoted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contenders import Contender, Shape, contenders
from processes import cpu_s, rss_kib
from stores import STORES

HERE = Path(__file__).resolve().parent
SHAPES = {"fan": (1, 200, 1), "rooms": (100, 4, 4), "echo": (100, 1, 1), "idle": (1000, 5, 0), "light": (10, 4, 4)}
"""Rooms, members, senders."""
RATES = {"light": 50.0}
"""Messages a second of each sender; all others send the next as soon as the last has come back."""
SETTLE_S, QUIET, QUIET_S = 0.7, 0.05, 60.0
"""The load begins once a server has used less than ``QUIET`` of a processor for ``SETTLE_S`` seconds, since ours
compresses its pages the first time, in a thread; or after ``QUIET_S`` seconds."""
FIRST_PORT = 9300
OURS = ("ours-tell", "ours-ask", "ours-python-tell", "ours-python-ask")
"""
Our server as it is installed, which is partly in C if there is a compiler; and all in Python. A *tell* is a message
without an answer, an *ask* one with an answer.
"""
TOLD = ("p50_us", "p99_us", "opened", "connections", "closed", "connect_s", "bytes", "messages")
"""What the load tells, as it tells it."""

Row = dict[str, Any]


def main() -> None:
    """Measure, print a line of JSON for each run, and a table of medians for each workload."""
    asked = arguments()
    work = asked.work.resolve()
    for name in ("wsload", "peers/relay"):
        source = HERE / f"{name}.c"
        subprocess.run(["gcc", "-O2", "-o", work / source.stem, source], check=True)
    say(machine())
    port = FIRST_PORT
    for workload in asked.workloads:
        shape = Shape(*(SHAPES.get(workload) or map(int, workload.split("x"))), asked.size)
        rate = asked.rate if asked.rate is not None else RATES.get(workload, 0.0)
        rows: dict[str, list[Row]] = {}
        for _ in range(asked.rounds):
            others = (asked.older, asked.python)
            for place, each in enumerate(contenders(work, None, *others)):
                if asked.only and each.name not in asked.only.split(","):
                    continue
                port += 1
                with STORES[asked.store]() as store:
                    row = measure(contenders(work, store, *others)[place], port, shape, asked.seconds, rate, work)
                say(json.dumps(row))
                rows.setdefault(each.name, []).append(row)
        say(table(workload, shape, rate, rows))


def arguments() -> argparse.Namespace:
    """:returns: what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = ", ".join(SHAPES)
    parser.add_argument("workloads", nargs="+", help=f"{names}, or ROOMSxMEMBERSxSENDERS such as 40x10x2")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="names of servers, with commas between")
    parser.add_argument("--older", type=Path, help="a tree of an older release, to be measured as well")
    parser.add_argument("--python", type=Path, help="another Python that has the server, to be measured as well")
    parser.add_argument("--size", type=int, default=64, help="bytes of text in a message")
    parser.add_argument("--rate", type=float, help="messages a second of each sender, instead of as fast as it goes")
    parser.add_argument("--store", choices=STORES, default="none", help="where our rooms commit each step")
    parser.add_argument("--work", type=Path, default=HERE.parent / "build" / "bench")
    return parser.parse_args()


def measure(
    contender: Contender, port: int, shape: Shape, seconds: float, rate: float, work: Path, warmup: float = 1.0
) -> Row:
    """Start a server, load it, and stop it. :returns: what was measured, after so many seconds of the same."""
    filled = {"port": port, "members": shape.members, "work": work}
    share_assets(work, work / f"data-{port}")
    command = [part.format(**filled) for part in contender.command]
    with running(command, port, work / f"{contender.name}.log") as server:
        before = rss_kib(server.pid)
        targets = work / "targets"
        targets.write_text("".join("\t".join(target) + "\n" for target in contender.targets(port, shape)))
        times = [str(seconds), str(warmup), "1", "64", str(rate)]
        load = [str(work / "wsload"), "127.0.0.1", str(port), str(targets), *times]
        told, used_s, rss = _load(load, server.pid)
    return {
        "server": contender.name,
        "per_cpu_s": round(told["deliveries"] / max(used_s, 0.01)),
        "per_s": round(told["deliveries"] / told["seconds"]),
        "cpu": round(used_s / told["seconds"], 3),
        "kib_per_connection": round((rss - before) / max(told["opened"], 1), 1),
        **{name: told[name] for name in TOLD},
    }


def share_assets(work: Path, data: Path) -> None:
    """Let the pages that one of our servers has compressed serve the next one as well."""
    (work / "assets").mkdir(exist_ok=True)
    data.mkdir(mode=0o700, exist_ok=True)
    if not (data / "assets").exists():
        (data / "assets").symlink_to(work / "assets")


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server on processor 0, from when it listens until this ends."""
    pinned = ["taskset", "-c", "0", *command]
    with log.open("w") as out:
        server = subprocess.Popen(pinned, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        _wait_for(port, server, log)
        _wait_until_quiet(server.pid)
        if server.poll() is not None:  # and who answered was somebody else's
            raise SystemExit(f"{server.args!r} ended: {log.read_text()[-400:]}")
        yield server
    finally:
        _end(server)


def table(workload: str, shape: Shape, rate: float, rows: dict[str, list[Row]]) -> str:
    """:returns: the medians, and our ratio to each."""

    def median(name: str, field: str) -> float:
        return statistics.median(row[field] for row in rows[name])

    how = f"{rate:g} messages a second each" if rate else "as fast as they are answered"
    title = f"{workload}: {shape.rooms} rooms of {shape.members}, {shape.senders} send {shape.size} bytes {how}"
    lines = [
        "",
        title,
        "server        deliveries/CPU-s  KiB/connection  p50 us  p99 us" + "".join(f"  {o} is" for o in OURS),
    ]
    for name in rows:
        figures = [median(name, field) for field in ("per_cpu_s", "kib_per_connection", "p50_us", "p99_us")]
        ratios = [
            0.0 if not figures[0] or our not in rows or our == name else median(our, "per_cpu_s") / figures[0]
            for our in OURS
        ]
        told = "".join(
            f"{ratio:{len(our) + 5}.2f}" if ratio else " " * (len(our) + 5)
            for our, ratio in zip(OURS, ratios, strict=True)
        )
        lines.append("{:12s}  {:16.0f}  {:14.1f}  {:6.0f}  {:6.0f}{}".format(name, *figures, told).rstrip())
    return "\n".join(lines)


def machine() -> str:
    """:returns: on what this was measured."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ":?")
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    processor = f"{os.cpu_count()} of {model.partition(':')[2].strip()}"
    return f"{processor}, Linux {platform.release()}, Python {platform.python_version()}, Node {node}"


def say(text: str) -> None:
    """Print, so that a run that is piped somewhere can be followed."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _load(command: list[str], server: int) -> tuple[Row, float, int]:
    """:returns: what the load tells, processor time of the server while it was timed, and its memory at the end."""
    began_s = ended_s = 0.0
    rss = 0
    load = subprocess.Popen(["taskset", "-c", "1", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert load.stderr is not None and load.stdout is not None
    for line in load.stderr:
        if line.startswith("BEGIN"):
            began_s = cpu_s(server)
        elif line.startswith("END"):
            ended_s, rss = cpu_s(server), rss_kib(server)
        else:
            sys.stderr.write(line)
    text = load.stdout.read()
    if load.wait() < 0 or not text:
        raise SystemExit(f"the load ended by itself: {load.returncode}")
    told: Row = json.loads(text)
    return told, ended_s - began_s, rss


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            if server.poll() is not None:
                raise SystemExit(f"{server.args!r} ended: {log.read_text()[-400:]}") from None
            time.sleep(0.1)
    raise SystemExit(f"{server.args!r} does not listen")


def _wait_until_quiet(server: int) -> None:
    end_s = time.monotonic() + QUIET_S
    used_s = QUIET_S
    while used_s > QUIET * SETTLE_S and time.monotonic() < end_s:
        before_s = cpu_s(server)
        time.sleep(SETTLE_S)
        used_s = cpu_s(server) - before_s


def _end(server: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(10)
    except ProcessLookupError:
        pass
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


if __name__ == "__main__":
    main()
