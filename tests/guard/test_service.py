"""The node's side of its watch: what the process before left, and for how long a step may go on."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock as FakeTime
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import SettingError
from gameserver.guard.service import Guard, NoteFile
from gameserver.node.step_notes import HEAD_AT, SIZE, StepNotes, head_of
from gameserver.settings import settings


class Reactor(FakeTime):
    """Time, and what a reactor is asked besides."""

    running = False

    def callWhenRunning(self, call: Any) -> None:
        """It never runs."""

    def addSystemEventTrigger(self, *given: Any) -> None:
        """It never ends."""


HEAD = head_of("r" * 24, "K7QM", "chess")


class GuardCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.data = Path(self.mktemp())
        self.data.mkdir()

    def guard(self, *, shared: bool = False, store: Any = None, **given: Any) -> Guard:
        """Make one."""
        merged = settings.load({"data": str(self.data), **given})
        return Guard(merged, NoteFile(self.data, os.urandom), store, Reactor(), shared=shared)


class NoteFileTests(GuardCase):
    def test_left_in_a_step(self) -> None:
        """A process that ended in the middle of a step left which; the next one begins with nothing."""
        first = NoteFile(self.data, random.Random(1).randbytes)
        self.assertIsNone(first.left)
        first.notes.begin(HEAD, b'{"op":"send"}')
        left = NoteFile(self.data, random.Random(2).randbytes).left
        assert left is not None
        self.assertEqual((left.code, left.game, left.what, left.input), ("K7QM", "chess", "send", b'{"op":"send"}'))
        self.assertIsNone(NoteFile(self.data, random.Random(3).randbytes).left)

    def test_between_two_steps(self) -> None:
        """One that ended between two left nothing, whatever its last step was."""
        first = NoteFile(self.data, os.urandom)
        first.notes.begin(HEAD, b"x")
        first.notes.end()
        self.assertIsNone(NoteFile(self.data, os.urandom).left)

    def test_broken(self) -> None:
        """A file that is anything else says nothing, and is for its owner alone."""
        path = self.data / "notes"
        made = bytearray(SIZE)
        StepNotes(made, run=1).begin(HEAD, b"x")
        made[HEAD_AT : HEAD_AT + 8] = b"\xff" * 8
        for content in (b"", b"x", os.urandom(SIZE), bytes(2 * SIZE), bytes(made[: SIZE - 1])):
            path.write_bytes(content)
            NoteFile(self.data, os.urandom)
            self.assertEqual(path.stat().st_size, SIZE)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)


class LimitTests(GuardCase):
    def limit(self, **given: Any) -> Any:
        """What the process beside is told."""
        return self.guard(**given)._task["limit_s"]

    def test_limits(self) -> None:
        """Alone as it is said; on a shared store below the lease, which a limit that was said must be."""
        self.assertEqual(self.limit(), 3)
        self.assertEqual(self.limit(step_limit_s=40), 40)
        self.assertIsNone(self.limit(step_limit_s=0))
        self.assertEqual(self.limit(shared=True), 3)
        self.assertEqual(self.limit(shared=True, lease_s=3), 0.75)
        self.assertEqual(self.limit(shared=True, lease_s=60, step_limit_s=40), 40)
        error = self.assertRaises(SettingError, self.limit, shared=True, step_limit_s=4)
        self.assertIn("less than lease_s - 2", str(error))

    def test_stacks(self) -> None:
        """What Python was at when a signal ended it is logged by the next start, and kept."""
        (self.data / "stacks").write_text("Fatal Python error: Aborted\n  File x.py in runaway\n")
        guard = self.guard()
        self.assertTrue(guard._fatal)
        self.assertIn("runaway", (self.data / "stacks.last").read_text())
        self.assertFalse(self.guard()._fatal)


class ServiceTests(GuardCase):
    def test_puts_back_what_it_changes(self) -> None:
        """Imports, debuggers and exits are heard of while it watches, and are as they were after it."""
        before = (list(sys.meta_path), sys.breakpointhook, os._exit, os.kill)
        guard = self.guard()
        told: list[Any] = []

        class Pipe:
            def write(self, line: bytes) -> None:
                told.append(json.loads(line))

            def flush(self) -> None: ...
            def close(self) -> None: ...

        class Process:
            pid, stdin, stderr = 7, Pipe(), None

            def poll(self) -> None: ...
            def wait(self) -> None: ...

        self.patch(sys.modules["gameserver.guard.service"].subprocess, "Popen", lambda *given, **how: Process())
        guard.startService()
        try:
            self.assertEqual((told[0]["process"], told[0]["warn_s"]), (os.getpid(), 1))
            excuses = guard._file.notes.words[7]
            self.assertRaises(ImportError, __import__, "no_such_module_anywhere")
            self.assertGreater(guard._file.notes.words[7], excuses)
        finally:
            guard.close()
        self.assertEqual((list(sys.meta_path), sys.breakpointhook, os._exit, os.kill), before)
