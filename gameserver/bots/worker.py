"""
The process that searches, one job after the other; ``python -m gameserver.bots.worker``.

Jobs come in on standard input, answers go out on standard output, each after its length. When standard input ends,
because the server did, so does the process, in the middle of a search too.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from queue import SimpleQueue
from typing import BinaryIO, Final

import msgspec

from gameserver.bots import tree
from gameserver.bots.job import LENGTH_BYTES, MOST_S, Found, Job
from gameserver.bots.origin import find
from gameserver.bots.playing import Playing
from gameserver.bots.snapshot import unpack
from gameserver.game.spec import Spec, spec_of

NICE: Final = 19
"""A search is never worth making anybody wait."""


def answer(job: Job, spec: Spec) -> Found:
    """Do a job, by the real clock; however late it is, one playout is made."""
    end = time.monotonic() + (min(job.seconds, MOST_S) if job.playouts is None else MOST_S)
    if job.until is not None:
        end = min(end, job.until)

    def goes_on(count: int) -> bool:
        return (job.playouts is None or count < job.playouts) and time.monotonic() < end

    act, count = tree.best(Playing(unpack(spec, job.snapshot), job.player), job.seed, goes_on)
    return Found(act.place, act.type, act.data, count) if act is not None else Found()


def main() -> None:
    """Do jobs until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which a terminal sends to all; the server says when it is over
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a game prints is no answer
    jobs: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, jobs), daemon=True).start()
    specs: dict[int, Spec] = {}
    is_nice = False
    _say(out, Found())  # it has begun
    while True:
        job = msgspec.msgpack.decode(jobs.get(), type=Job)
        try:
            number = job.origin.number
            if number not in specs:
                specs[number] = spec_of(find(job.origin))
            if not is_nice:  # once a game is loaded: a process that yields to all else might never finish that
                os.nice(NICE)
                is_nice = True
            found = answer(job, specs[number])
        except Exception as error:  # noqa: BLE001 - the game's own code
            found = Found(error=f"{type(error).__name__}: {error}")
        _say(out, found)


def _say(out: BinaryIO, found: Found) -> None:
    content = msgspec.msgpack.encode(found)
    out.write(len(content).to_bytes(LENGTH_BYTES) + content)
    out.flush()


def _read(source: BinaryIO, jobs: SimpleQueue[bytes]) -> None:
    while len(length := source.read(LENGTH_BYTES)) == LENGTH_BYTES:
        jobs.put(source.read(int.from_bytes(length)))
    os._exit(0)


if __name__ == "__main__":
    main()
