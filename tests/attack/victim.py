"""
A player while the server is attacked: sends something every 40 ms, and prints how long the answers took.

Usage: ``python -m tests.attack.victim PORT``. It prints ``ready``, plays until its input is closed, and ends with the
milliseconds as JSON, or with what went wrong. Messages that could not be sent while an answer was late count as late
too, so that a pause of three seconds weighs as much as it does for a real player.
"""

from __future__ import annotations

import json
import select
import sys
import time
from typing import Final

from tests.attack.line import VICTIM, Ended, Socket

EVERY_S: Final = 0.04
MOST_S: Final = 60.0
"""For which an answer is waited."""


def play(line: Socket) -> list[float]:
    """:returns: how long the answer to each message took, from when it should have been said, in ms."""
    took_ms: list[float] = []
    due_s = time.monotonic()
    while True:
        if select.select([sys.stdin], [], [], max(0.0, due_s - time.monotonic()))[0] and not sys.stdin.read(1):
            return took_ms
        answer = line.ask("send", s=MOST_S, type="echo", data={"text": "x"})
        if answer["op"] != "ok":
            raise Ended(str(answer))
        now_s = time.monotonic()
        while due_s <= now_s:
            took_ms.append((now_s - due_s) * 1000)
            due_s += EVERY_S


def main() -> int:
    """Play."""
    line = Socket(int(sys.argv[1]), VICTIM)
    line.hello("Victim")
    line.ask("create", game="parrot", private=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        sys.stdout.write(json.dumps(play(line)) + "\n")
    except Ended as error:
        sys.stdout.write(json.dumps(f"{error} ({line.ended or 'open'})") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
