"""
What a room of the arena costs: bots steer 20 times a second; the server's CPU time and each viewer's bytes are counted.

    python benchmarks/arena.py --bots 16 --rooms 1 --seconds 20

Starts a server of its own on a free port, with data in a folder that is removed. The bots run in this process, which
shares the machine with the server: pin them to different cores (``taskset``) if you want to compare numbers.
Linux only: CPU time is read from ``/proc``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall, deferLater, react

from games.arena.motion import HZ, PUSH
from gameserver.client import Client, Room
from gameserver.client.dial import dial

SETTLE_S = 3.0
TICKS_A_S = os.sysconf("SC_CLK_TCK")


class Bot:
    """One player who goes somewhere else now and then, and counts what it hears."""

    def __init__(self, reactor: Any, url: str, number: int, *, binary: bool) -> None:
        self.bytes = self.frames = 0
        self.client = Client(reactor, url, name=f"Bot {number}", binary=binary, dial=self._dial)
        self._chance = Random(number)
        self._way = (0, 0)
        self._n = 0
        self.room: Room | None = None

    def _dial(self, reactor: Any, url: str, *, on_frame: Callable[[bytes], None], **rest: Any) -> Any:
        def hear(frame: bytes) -> None:
            self.bytes += len(frame)
            self.frames += 1
            on_frame(frame)

        return dial(reactor, url, on_frame=hear, **rest)

    def steer(self) -> None:
        """One command."""
        if self._n % 10 == 0:
            self._way = (self._chance.randint(-PUSH, PUSH), self._chance.randint(-PUSH, PUSH))
        self._n += 1
        assert self.room is not None
        self.room.tell("steer", n=self._n, x=self._way[0], y=self._way[1], dash=self._n % 50 == 0)


def cpu_s(pid: int) -> float:
    """CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_S


def serve(folder: str, port: int) -> subprocess.Popen[bytes]:
    """Start a server."""
    twistd = Path(sys.executable).with_name("twistd")
    listen = f"tcp:{port}:interface=127.0.0.1"
    command = [sys.executable, str(twistd), "-n", "--pidfile=", "gameserver", "--listen", listen, "--data", folder]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


async def measure(reactor: Any, wish: argparse.Namespace, pid: int, port: int) -> None:
    """Seat the bots, let them play, and print what it cost."""
    url, binary = f"ws://127.0.0.1:{port}/ws", not wish.json
    bots = [Bot(reactor, url, number, binary=binary) for number in range(wish.bots * wish.rooms)]
    await gatherResults([bot.client.connect() for bot in bots])
    for first in range(0, len(bots), wish.bots):
        host, *others = bots[first : first + wish.bots]
        host.room = await host.client.create("arena", options={"seconds": 600})
        for bot in others:
            bot.room = await bot.client.join(host.room.code)
        await host.room.start()
    loops = []
    for number, bot in enumerate(bots):
        # Spread over the time of a step, as people are.
        await deferLater(reactor, 1 / HZ / len(bots) if number else 0, lambda: None)
        loops.append(LoopingCall(bot.steer))
        loops[-1].start(1 / HZ)
    await deferLater(reactor, SETTLE_S, lambda: None)
    before = cpu_s(pid), [(bot.bytes, bot.frames, bot.room.state["tick"]) for bot in bots if bot.room]
    began = reactor.seconds()
    await deferLater(reactor, wish.seconds, lambda: None)
    passed_s = reactor.seconds() - began
    used_s = cpu_s(pid) - before[0]
    told = [(bot.bytes - was[0], bot.frames - was[1]) for bot, was in zip(bots, before[1], strict=True)]
    ticks = [bot.room.state["tick"] - was[2] for bot, was in zip(bots, before[1], strict=True) if bot.room]
    each_bytes = sum(size for size, _ in told) / len(told)
    frames = sum(count for _, count in told) / len(told)
    sys.stdout.write(
        f"{wish.rooms} rooms of {wish.bots}, {sum(ticks) / len(ticks) / passed_s:.2f} ticks/s: "
        f"server CPU {100 * used_s / passed_s:.1f} % of a core; each viewer {each_bytes / passed_s / 1000:.2f} kB/s, "
        f"{frames / passed_s:.1f} frames/s of {each_bytes / frames:.0f} bytes\n"
    )
    for loop in loops:
        loop.stop()
    await gatherResults([bot.client.close() for bot in bots])


def main(reactor: Any) -> Deferred[None]:
    """Read what is wanted, and do it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bots", type=int, default=16, help="players in each room, 1 to 16")
    options.add_argument("--rooms", type=int, default=1)
    options.add_argument("--json", action="store_true", help="speak JSON, not MessagePack")
    options.add_argument("--seconds", type=float, default=20.0)
    wish = options.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="arena-bench-")
    server = serve(folder, port)

    def end(result: Any) -> Any:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
        return result

    # Clients dial again until the server listens.
    return Deferred.fromCoroutine(measure(reactor, wish, server.pid, port)).addBoth(end)


if __name__ == "__main__":
    react(main)
