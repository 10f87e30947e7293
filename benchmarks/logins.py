"""
How many logins a second the settings of Argon2 allow, and how long the reactor pauses meanwhile.

The server runs in this process, with a heartbeat every 2 ms that notes how late it comes: that is how long everybody
else in the server waits. Fifty clients log in at the same time, over HTTP, from another process. Run it on a machine
that does nothing else::

    python benchmarks/logins.py
    python benchmarks/logins.py --threads 1 --rounds 5 --cost 19456:2 --cost 65536:3
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

CLIENTS: Final = 50
BEAT_S: Final = 0.002
IDLE_S: Final = 5.0
"""The pauses of a server that does nothing tell what else the machine does."""
COSTS: Final = ("8192:1", "19456:2", "47104:1", "65536:3")
"""Memory in KiB, passes: the second is the default, all but the first are what RFC 9106 and OWASP advise."""
PASSWORD: Final = "correct horse battery staple"


def post(port: int, call: str, body: dict[str, Any]) -> int:
    """:returns: the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", f"/api/{call}", json.dumps(body))
        return connection.getresponse().status
    finally:
        connection.close()


def clients(port: int, rounds: int) -> None:
    """Log in, everybody at once, so many times; the seconds of each round go to the output."""
    names = [f"user {n:x}y" for n in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        made = set(threads.map(lambda name: post(port, "register", {"name": name, "password": PASSWORD}), names))
        if made != {201}:
            raise SystemExit(f"registering was answered {made}")
        print("ready", flush=True)
        sys.stdin.readline()
        for _ in range(rounds):
            began_s = time.perf_counter()
            statuses = set(threads.map(lambda name: post(port, "login", {"name": name, "password": PASSWORD}), names))
            took_s = time.perf_counter() - began_s
            if statuses != {200}:
                raise SystemExit(f"logging in was answered {statuses}")
            print(took_s, flush=True)


class Heartbeat:
    """:ivar late_s: how late each beat came."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.late_s: list[float] = []
        self._due_s = 0.0

    def beat(self) -> None:
        """Note how late it is, and come again."""
        now_s = time.perf_counter()
        if self._due_s:
            self.late_s.append(max(0.0, now_s - self._due_s))
        self._due_s = now_s + BEAT_S
        self._reactor.callLater(BEAT_S, self.beat)


def serve(cost: str, threads: int, rounds: int) -> None:
    """Run the server and its clients, and print one line."""
    from twisted.internet import reactor as found
    from twisted.internet.threads import deferToThread

    from gameserver import service
    from gameserver.settings import settings

    reactor: Any = found
    kib, passes = cost.split(":")
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "data": folder,
            "listen": ["tcp:0:interface=127.0.0.1"],
            "auth": ["accounts"],
            "limits.hash_kib": int(kib),
            "limits.hash_passes": int(passes),
            "limits.hash_threads": threads,
            "limits.registrations_per_address": 1000,
        }
        root: Any = service.build(settings.load(given), reactor)
        heart = Heartbeat(reactor)

        def run() -> None:
            (node,) = [each for each in root if hasattr(each, "listening")]
            while not node._ports:
                time.sleep(0.01)
            port = node._ports[0].getHost().port
            command = [sys.executable, __file__, "--client", str(port), "--rounds", str(rounds)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
                assert child.stdin is not None
                assert child.stdout is not None
                child.stdout.readline()
                heart.late_s.clear()
                time.sleep(IDLE_S)
                idle_ms = max(heart.late_s) * 1000
                heart.late_s.clear()
                child.stdin.write("go\n")
                child.stdin.flush()
                took_s = [float(line) for line in child.stdout]
            rate = CLIENTS / statistics.median(took_s)
            late_ms = sorted(late * 1000 for late in heart.late_s)
            print(
                f"{int(kib):>8} KiB {passes:>2} passes {threads} threads: {rate:6.1f} logins/s; the reactor's pauses:"
                f" longest {late_ms[-1]:5.1f} ms, 99.9 % within {late_ms[int(len(late_ms) * 0.999)]:5.1f} ms"
                f" ({len(late_ms)} beats); {idle_ms:.1f} ms before anybody logs in",
                flush=True,
            )

        reactor.callWhenRunning(root.startService)
        reactor.callWhenRunning(heart.beat)
        reactor.callWhenRunning(lambda: deferToThread(run).addBoth(end))

        def end(result: Any) -> Any:
            reactor.stop()
            return result

        reactor.addSystemEventTrigger("before", "shutdown", root.stopService)
        reactor.run()


def main() -> None:
    """Measure each cost in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cost", action="append", help="KIB:PASSES; repeatable")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        clients(given.client, given.rounds)
    elif given.serve:
        serve(given.serve, given.threads, given.rounds)
    else:
        for cost in given.cost or COSTS:
            command = [sys.executable, str(Path(__file__)), "--serve", cost]
            subprocess.run([*command, "--threads", str(given.threads), "--rounds", str(given.rounds)], check=True)


if __name__ == "__main__":
    main()
