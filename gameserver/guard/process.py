"""
The small process beside a node: it reads the node's notes, and ends the node at a step that never returns.

`gameserver.guard.service` starts it, with one line of JSON on its input, see `Watcher`. Anything else on its input says
that the node was told to end; when the input ends, the node has ended, and so does this process. It prints to standard
error, which is the node's. It imports only Python's own modules and a few of this package, takes 7 MB, and wakes five
times a second.
"""

from __future__ import annotations

import base64
import json
import mmap
import os
import select
import signal
import time
from contextlib import suppress
from typing import Any, Final

from gameserver.guard.judge import TICK_S, Judge, NodeState
from gameserver.guard.redis_line import NoRedis, tell
from gameserver.node.step_notes import BEATS, COUNT, EXCUSED, INPUT_AT, LASTED, SIZE, Note, read

ABORT_S: Final = 1.5
"""How long a node may take to write its stacks when it is aborted; after that it is killed without."""
HERTZ: Final = os.sysconf("SC_CLK_TCK")


class Watcher:
    """
    :param task: ``process``, the node's id; ``notes`` and ``stacks``, paths of files; ``warn_s``, ``limit_s``,
        ``tell_s``, see `Judge`; ``address`` of a Redis, see `tell`, or None; ``book``, the key there to write to.
    """

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task
        self._process = task["process"]
        with open(task["notes"], "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self._words = memoryview(self._memory)[:INPUT_AT].cast("Q")
        self._judge = Judge(
            warn_s=task["warn_s"],
            limit_s=task["limit_s"],
            tell_s=task["tell_s"] if task["address"] else None,
            at_terminal=_is_at_terminal(self._process),
        )
        self._told: str | None = None

    def run(self) -> None:
        """Watch until the node ends."""
        while True:
            if select.select([0], [], [], TICK_S)[0]:
                if not os.read(0, 1 << 16):
                    self.ended()
                    return
                self._judge.ending = True
            if os.getppid() != self._process:
                self.ended()
                return
            self.look()

    def look(self) -> None:
        """Look at the node once, and do what the judge says."""
        words = self._words
        seen = NodeState(words[COUNT], words[BEATS], words[EXCUSED], time.monotonic(), *_state_of(self._process))
        verdict = self._judge.look(seen)
        if not verdict:
            return
        if verdict == "over":
            self._withdraw()
            return
        note = read(self._memory)
        if verdict == "hung":
            _say(f"process {self._process} was told to end, and does not turn: it is ended, {_where(note)}")
            self._abort()
        elif note is not None:
            self._see_to(verdict, note)

    def _see_to(self, verdict: str, note: Note) -> None:
        if verdict == "warn":
            _say(f"{note.in_words} has taken {self._judge.worked_s:.1f} s so far, and all other rooms wait")
        elif verdict == "tell":
            self._tell(note)
        else:
            _say(f"{note.in_words} has taken {self._judge.worked_s:.1f} s: process {self._process} is ended")
            self._abort()

    def ended(self) -> None:
        """The node has ended: note which step it was at, if it was at one."""
        note = read(self._memory)
        if note is not None:
            self._words[LASTED] = note.lasted_ms or round(self._judge.lasted_s * 1000)
            self._tell(note)

    def _abort(self) -> None:
        self._words[LASTED] = round(self._judge.lasted_s * 1000)
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGABRT)
            until_s = time.monotonic() + ABORT_S
            while os.getppid() == self._process and time.monotonic() < until_s:
                time.sleep(0.02)
            if os.getppid() == self._process:
                os.kill(self._process, signal.SIGKILL)

    def _tell(self, note: Note) -> None:
        """Let the store know which room the node was at, before others take its rooms."""
        if self._task["address"] is None:
            return
        entry = {
            "room": note.room,
            "code": note.code,
            "game": note.game,
            "what": note.what,
            "input": base64.b64encode(note.input).decode(),
            "at_ms": time.time_ns() // 1_000_000,
            "lasted_ms": note.lasted_ms or round(self._judge.lasted_s * 1000),
            "fatal": _is_written(self._task["stacks"]),
        }
        self._told = f"{note.room}/{note.run}"
        self._ask("HSET", self._told, json.dumps(entry))

    def _withdraw(self) -> None:
        if self._told is not None:
            self._ask("HDEL", self._told)
            self._told = None

    def _ask(self, command: str, *words: str) -> None:
        try:
            tell(self._task["address"], [command, self._task["book"], *words])
        except NoRedis as error:
            _say(f"the store does not hear what process {self._process} is at: {error}")


def _say(text: str) -> None:
    with suppress(OSError):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        os.write(2, f"{stamp} [gameserver.guard#critical] {text}\n".encode())


def _where(note: Note | None) -> str:
    return "at no step of a room" if note is None else f"in {note.in_words}"


def _state_of(process: int) -> tuple[str, float]:
    """:returns: state and processor time of the reactor's thread, see `NodeState`; empty and 0.0 where unknown."""
    try:
        with open(f"/proc/{process}/task/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return "", 0.0
    return fields[0].decode(), (int(fields[11]) + int(fields[12])) / HERTZ


def _is_written(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False


def _is_at_terminal(process: int) -> bool:
    try:
        return os.readlink(f"/proc/{process}/fd/0").startswith(("/dev/pts/", "/dev/tty"))
    except OSError:
        return False


def main() -> None:
    """Do what the line on the standard input says."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    line = b""
    while not line.endswith(b"\n"):
        some = os.read(0, 1)
        if not some:
            return
        line += some
    Watcher(json.loads(line)).run()
