#!/usr/bin/env python3
"""
Kill and restart nodes of one Redis while people play through one address, and measure how long each was held up.

There are real servers, a real Redis, and Python clients that know one address. As with a proxy in front, it leads to
any node that says that it is ready. Each player sends one message after the other and waits for its answer; how long
that takes is how long the player was held up. At the end each room is asked what it has counted: a message that was
answered and not counted was lost, one that was counted twice was doubled.

``kill``: some of the nodes are killed at once. ``rolling``: each node in turn is told to stop, and started again.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from compare import machine, say
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.task import deferLater, react
from twisted.internet.threads import deferToThread

HERE: Final = Path(__file__).parent
TWISTD: Final = Path(sys.executable).parent / "twistd"
GAME: Final = '''
"""Counts what each player says."""
from gameserver import Game, Player, message

class Count(Game):
    """A counter for each."""
    name = "count"
    needs_start = False

    @message
    def add(self, player: Player) -> int:
        player.state["n"] = player.state.get("n", 0) + 1
        return player.state["n"]
'''
reactor: Any = _reactor


def sleep(s: float) -> Deferred[None]:
    """Wait."""
    return deferLater(reactor, s, lambda: None)


class Node:
    """One server."""

    def __init__(self, number: int, work: Path, redis: str, asked: argparse.Namespace) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data = work / f"node{number}"
        self.output = work / f"node{number}.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.connections = 0
        self._work = work
        self._environ = {
            **os.environ,
            "GAMESERVER_STORE": redis,
            "GAMESERVER_LEASE_S": str(asked.lease),
            "GAMESERVER_STOP_DELAY_S": str(asked.stop_delay),
            "GAMESERVER_NODE_NAME": f"n{number}",
            "GAMESERVER_NODE_URL": f"http://127.0.0.1:{self.port}",
            "GAMESERVER_SAMPLE_GAMES": "no",
        }

    def start(self) -> None:
        """Start the process."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, str(TWISTD), "-n", "--pidfile=", "gameserver", "--data", str(self.data)),
                    *("--listen", f"tcp:{self.port}:interface=127.0.0.1", "--games", str(self._work / "games")),
                ],
                cwd=self._work,
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def ask(self) -> bool:
        """Whether it says that it is ready."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    async def follow(self) -> None:
        """As a proxy does: ask again and again whether it is ready."""
        while True:
            self.ready = await deferToThread(self.ask)
            await sleep(0.5)

    async def until(self, ready: bool) -> None:
        """Wait until it is, or is not."""
        while self.ready is not ready:
            await sleep(0.05)

    def end(self, number: int) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def ended(self) -> None:
        """Wait for the end of the process."""
        assert self.process is not None
        while self.process.poll() is None:
            await sleep(0.05)


class Player:
    """One player, who says one thing after the other."""

    def __init__(self, nodes: Sequence[Node], name: str, pause_s: float) -> None:
        from gameserver.client import Client

        self._nodes = nodes
        self.waits: list[tuple[float, float]] = []
        self.answers: list[int] = []
        self.errors: Counter[str] = Counter()
        self.stopped = False
        self.client = Client(reactor, "ws://game.example/ws", name=name, dial=self._dial)
        self._pause_s = pause_s
        self.room: Any = None

    def _dial(self, reactor: Any, url: str, **how: Any) -> Any:
        """The one address leads to the node with the fewest connections of those that are ready."""
        from gameserver.client.dial import dial

        if not url.startswith("ws://game.example"):
            return dial(reactor, url, **how)
        # Of several at random: who makes rooms and who follows would come in turn, and fill every other node alone.
        ready = [node for node in self._nodes if node.ready] or self._nodes
        node = min(ready, key=lambda node: (node.connections, random.random()))
        node.connections += 1
        on_close = how.pop("on_close")

        def closed(*why: Any) -> None:
            node.connections -= 1
            on_close(*why)

        def failed(failure: Any) -> Any:
            node.connections -= 1
            return failure

        return dial(reactor, f"ws://127.0.0.1:{node.port}/ws", on_close=closed, **how).addErrback(failed)

    async def play(self) -> None:
        """Until `stopped`."""
        while not self.stopped:
            began_s = time.monotonic()
            try:
                self.answers.append(await self.room.send("add"))
            except Exception as error:  # noqa: BLE001 - what the program of a player would be told
                self.errors[f"{type(error).__name__}: {error}"] += 1
                if self.room.left is not None:
                    return
            self.waits.append((began_s, time.monotonic() - began_s))
            await sleep(self._pause_s * random.uniform(0.5, 1.5))


class Cluster:
    """Nodes, their Redis, and who plays."""

    def __init__(self, asked: argparse.Namespace, work: Path) -> None:
        self.asked = asked
        self._work = work
        socket_path = work / "redis.sock"
        self._redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(socket_path), "--appendonly", "yes", "--save", ""],
            cwd=work,
            stdout=subprocess.DEVNULL,
        )
        self._socket = str(socket_path)
        (work / "games").mkdir()
        (work / "games" / "count.py").write_text(GAME)
        self.nodes = [Node(n, work, f"redis+unix://{socket_path}", asked) for n in range(asked.nodes)]
        self.players: list[Player] = []

    async def start(self) -> None:
        """Start all, and let people come."""
        first, *others = self.nodes
        first.start()
        for node in self.nodes:
            ensureDeferred(node.follow())
        await first.until(ready=True)
        for node in others:
            node.data.mkdir(mode=0o700)
            shutil.copy2(first.data / "secret", node.data / "secret")
            node.start()
        for node in self.nodes:
            await node.until(ready=True)
        for number in range(self.asked.rooms):
            host = await self._come(f"host{number}")
            host.room = await host.client.create("count")
            for other in range(self.asked.players - 1):
                player = await self._come(f"guest{number}-{other}")
                player.room = await player.client.join(host.room.code)
        for player in self.players:
            ensureDeferred(player.play())

    async def _come(self, name: str) -> Player:
        player = Player(self.nodes, name, self.asked.pause)
        self.players.append(player)
        await player.client.connect()
        return player

    def spread(self) -> list[int]:
        """How many rooms each node that runs has."""
        counts = []
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                name = (node.data / "node").read_text().strip()
                counts.append(int(self.ask("ZCARD", f"gameserver:has:{name}")))
        return counts

    def ask(self, *words: str) -> str:
        """Ask Redis."""
        told = subprocess.run(["redis-cli", "-s", self._socket, *words], capture_output=True, text=True, check=True)
        return told.stdout.strip()

    async def check(self) -> dict[str, Any]:
        """Have all stop to play; count what was lost, and what came twice."""
        for player in self.players:
            player.stopped = True
        await sleep(2)
        lost = doubled = 0
        for player in self.players:
            now = 0
            try:
                now = await player.room.send("add")
            except Exception as error:  # noqa: BLE001 - counted as lost below
                player.errors[f"at the end: {error}"] += 1
            expected = len(player.answers) + 1
            lost += max(0, expected - now)
            doubled += max(0, now - expected - sum(player.errors.values()))
        errors: Counter[str] = Counter()
        for player in self.players:
            errors += player.errors
        answered = sum(len(player.answers) for player in self.players)
        return {"answered": answered, "lost": lost, "doubled": doubled, "errors": dict(errors)}

    def waits(self, since_s: float) -> list[float]:
        """The longest that each player was held up since then."""
        return sorted(max((s for at, s in player.waits if at + s >= since_s), default=0.0) for player in self.players)

    async def stop(self) -> None:
        """End all."""
        for player in self.players:
            player.stopped = True
        await DeferredList([player.client.close() for player in self.players])
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.process.kill()
                node.process.wait()
        self._redis.terminate()
        self._redis.wait()


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """:returns: the middle one and the ends."""
    if not values:
        return {}
    at = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {name: round(values[min(len(values) - 1, int(len(values) * part))], 3) for name, part in at.items()}


async def kill(cluster: Cluster) -> dict[str, Any]:
    """Kill some nodes at once."""
    asked = cluster.asked
    await sleep(3)
    before = cluster.spread()
    began_s = time.monotonic()
    for node in random.sample(cluster.nodes, asked.kill):
        node.end(signal.SIGKILL)
    await sleep(asked.lease + 8)
    waits = cluster.waits(began_s)
    left = cluster.spread()
    held = [wait for wait in waits if wait > 1]
    return {
        "scenario": f"kill {asked.kill} of {asked.nodes}",
        "rooms_before": {"max": max(before), "mean": round(statistics.mean(before), 1)},
        "rooms_after": {"max": max(left), "mean": round(statistics.mean(left), 1), "each": left},
        "fullest_of_mean": round(max(left) / statistics.mean(left), 3),
        "players_held_up": len(held),
        "of_these_s": percentiles(held),
        "all_s": percentiles(waits),
        "goal_p99_s": asked.lease + 2,
        **await cluster.check(),
    }


async def rolling(cluster: Cluster) -> dict[str, Any]:
    """Tell each node in turn to stop, and start it again."""
    asked = cluster.asked
    await sleep(2)
    every: list[float] = []
    stops: list[float] = []
    for _ in range(asked.rounds):
        for node in cluster.nodes:
            began_s = time.monotonic()
            node.end(signal.SIGTERM)
            await node.ended()
            stops.append(time.monotonic() - began_s)
            node.start()
            node.ready = False
            await node.until(ready=True)
            await sleep(1)
            every += cluster.waits(began_s)
    every.sort()
    under = sum(wait < 1 for wait in every) / len(every)
    return {
        "scenario": f"{asked.rounds} rolling restarts of {asked.nodes} nodes",
        "stop_s": percentiles(sorted(stops)),
        "longest_of_each_player_and_stop_s": percentiles(every),
        "under_1_s": round(under, 4),
        **await cluster.check(),
    }


def _tell(failure: Any) -> Any:
    failure.printTraceback(sys.stderr)
    return failure


async def run(asked: argparse.Namespace) -> None:
    """Measure."""
    work = Path(tempfile.mkdtemp(prefix="gs-cluster-"))
    cluster = Cluster(asked, work)
    try:
        await cluster.start()
        result = await {"kill": kill, "rolling": rolling}[asked.scenario](cluster)
        say(machine())
        say(json.dumps({"rooms": asked.rooms, "players": asked.rooms * asked.players, **result}))
    finally:
        await cluster.stop()
        if asked.keep:
            print(work, file=sys.stderr)
        else:
            shutil.rmtree(work, ignore_errors=True)


def arguments() -> argparse.Namespace:
    """:returns: what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=["kill", "rolling"])
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--kill", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--players", type=int, default=2, help="in each room")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two messages of a player")
    parser.add_argument("--lease", type=float, default=6.0)
    parser.add_argument("--stop-delay", type=float, default=5.0)
    parser.add_argument("--keep", action="store_true", help="leave the files of the run")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    react(lambda _: ensureDeferred(run(given)).addErrback(_tell))
