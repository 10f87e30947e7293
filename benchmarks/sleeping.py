"""
What sleeping rooms cost, which are in the store alone: the start, memory, waking one, a page of the lobby.

``benchmarks/sleeping.py --rooms 100000 --store sqlite`` fills a new store with sleeping copies of one room of the
sample game, starts ``twistd gameserver`` on it, and asks over HTTP.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from processes import cpu_s, rss_kib
from stores import STORES

GAME: Final = "reversi"
WAKES: Final = 300
PAGES: Final = 30
AT_ONCE: Final = 500
"""Rooms that are stored together."""
ALPHABET: Final = "346789CDFHJKMNPQRTVWX"


def code_of(number: int) -> str:
    """:returns: another code for each number."""
    letters = []
    for _ in range(6):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def template() -> tuple[dict[str, bytes], Any]:
    """:returns: the parts of a room that sleeps, in which one player has a seat, and what it left in the index."""
    from games import reversi
    from tests.node.registries import FakeSession, Place

    held = type("Held", (reversi.Reversi,), {"name": GAME, "hold_s": None})
    place = Place(held, sleep_s=60)
    session = FakeSession("player")
    runner = place.create(session)
    place.gone(session)
    id = runner.room.id
    place.advance(65)
    return dict(place.store._rooms[id].parts), place.store._sleep.rooms[id]


def fill(address: str, count: int) -> None:
    """Put so many sleeping rooms into a store."""
    from msgspec.structs import replace
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from gameserver.interfaces import Commit
    from gameserver.store.redis.store import RedisStore
    from gameserver.store.sqlite.store import SQLiteStore

    parts, asleep = template()
    is_file = address.startswith("sqlite:")
    kept: Any = SQLiteStore(address.removeprefix("sqlite:"), reactor=reactor) if is_file else None
    store: Any = kept or RedisStore(address, reactor=reactor, node="filler")
    now_ms = round(time.time() * 1000)

    def commit(number: int) -> Commit:
        code = code_of(number)
        about = replace(
            asleep,
            due_ms=now_ms + 86_400_000 + number,
            created_ms=now_ms - 1000 * count + number,
            listing=asleep.listing.replace(asleep.listing[9 : asleep.listing.index('"', 9)], code, 1),
            users=[f"guest:{number // 3:024x}"],
            slept_ms=now_ms,
            empty_ms=now_ms,
        )
        return Commit(room=f"{number:024x}", code=code, game=GAME, fence=1, version=1, puts=parts, sleeps=about)

    async def work() -> None:
        await store.start()
        for first in range(0, count, AT_ONCE):
            some = [commit(number) for number in range(first, min(first + AT_ONCE, count))]
            await store.commit(some, now_ms=now_ms)
        await store.beat(now_ms=now_ms)
        await store.stop()

    failed: list[Any] = []
    Deferred.fromCoroutine(work()).addErrback(failed.append).addBoth(lambda _: reactor.stop())  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]
    if failed:
        failed[0].raiseException()


def ask(port: int, path: str) -> tuple[int, bytes, float]:
    """:returns: status, body, and seconds that it took, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    took_s = time.perf_counter() - began
    connection.close()
    return answer.status, body, took_s


def started(address: str, folder: str) -> tuple[subprocess.Popen[bytes], int, float]:
    """:returns: a server, its port, and seconds until it was ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    twistd = str(Path(sys.executable).parent / "twistd")
    command = [twistd, "-n", "--pidfile=", "gameserver", "--listen", f"tcp:{port}:interface=127.0.0.1"]
    command += ["--data", folder, "--store", address]
    began = time.perf_counter()
    with Path(folder, "log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "GAMESERVER_SLEEP_S": "60"})
    while True:
        try:
            if ask(port, "/readyz")[0] == 200:
                return server, port, time.perf_counter() - began
        except OSError:
            pass
        if server.poll() is not None:
            raise SystemExit(Path(folder, "log").read_text())
        time.sleep(0.02)


def measure(kind: str, count: int) -> Iterator[str]:
    """:returns: lines of figures."""
    with STORES[kind]() as address, tempfile.TemporaryDirectory(prefix="gs-bench-sleep-") as folder:
        assert address is not None
        server, _, empty_s = started(address, folder)
        empty_cpu_s = cpu_s(server.pid)
        time.sleep(2)
        empty_kib = rss_kib(server.pid)
        server.terminate()
        server.wait()
        began = time.perf_counter()
        subprocess.run([sys.executable, __file__, "--fill", address, "--rooms", str(count)], check=True)
        filled_s = time.perf_counter() - began
        server, port, ready_s = started(address, folder)
        ready_cpu_s = cpu_s(server.pid)
        try:
            time.sleep(5)
            yield f"{kind}: {count} rooms asleep, put there in {filled_s:.0f} s"
            yield f"  ready after {ready_s:.2f} s, {ready_cpu_s:.2f} s of processor time"
            yield f"  with an empty store after {empty_s:.2f} s, {empty_cpu_s:.2f} s of processor time"
            more = rss_kib(server.pid) - empty_kib
            yield f"  memory: {empty_kib} KiB empty, {more} KiB more, {more * 1024 / count:.0f} bytes a room"
            chosen = random.Random(1).sample(range(count), WAKES)
            wakes = []
            before_s = cpu_s(server.pid)
            for number in chosen:
                status, body, took_s = ask(port, f"/api/rooms/{code_of(number)}")
                assert status == 200, body
                wakes.append(took_s * 1000)
            wake_ms = (cpu_s(server.pid) - before_s) * 1000 / WAKES
            wakes.sort()
            yield f"  a wake-up: {statistics.median(wakes):.2f} ms, 99 of 100 under {wakes[int(0.99 * WAKES)]:.2f} ms"
            yield f"  of processor time, with the request: {wake_ms:.2f} ms"
            awake = [ask(port, f"/api/rooms/{code_of(number)}")[2] * 1000 for number in chosen]
            yield f"  the same request for a room that is awake: {statistics.median(awake):.2f} ms"
            for path in ("/api/rooms", f"/api/rooms?game={GAME}"):
                pages = []
                before_s = cpu_s(server.pid)
                for _ in range(PAGES):
                    status, body, took_s = ask(port, path)
                    assert status == 200, body
                    pages.append(took_s * 1000)
                    time.sleep(0.1)
                page_ms = (cpu_s(server.pid) - before_s) * 1000 / PAGES
                times = f"{statistics.median(pages):.1f} ms, at most {max(pages):.1f} ms"
                yield f"  GET {path}: {times}, {page_ms:.1f} ms of processor time, {len(body)} bytes"
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    """Measure, or fill a store for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=100_000)
    parser.add_argument("--store", choices=("sqlite", "redis"), action="append")
    parser.add_argument("--fill", help="the address of a store to put rooms into, and no more")
    options = parser.parse_args()
    if options.fill:
        fill(options.fill, options.rooms)
        return
    for kind in options.store or ("sqlite", "redis"):
        for line in measure(kind, options.rooms):
            print(line, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
