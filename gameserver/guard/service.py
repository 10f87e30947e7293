"""
The node's side of the guard: the file of notes, what the process before this one left there, and the guard's process.

In the data folder, steps are noted in the file ``notes`` (see `gameserver.node.step_notes`). To ``stacks`` Python
writes the stacks of all threads when a signal ends the process; the next start renames that file to ``stacks.last``.
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

from twisted.application.service import Service
from twisted.logger import Logger

import gameserver
from gameserver.cluster.lease import MARGIN_S
from gameserver.files import keep_private
from gameserver.node.step_notes import LASTED, SIZE, Note, StepNotes, read
from gameserver.node.unclean_ends import BOOK
from gameserver.store.keys import book_key

if TYPE_CHECKING:
    from gameserver.node.rooms import RoomRegistry
    from gameserver.settings.settings import Settings

BEAT_S: Final = 1.0
AGAIN_BEATS: Final = 10
"""Beats between two starts of the guard's process, if it ends by itself."""
TELL_S: Final = 0.5
"""How long before the effects of a lease end the store is told of a step that is under way."""
EXITED_MS: Final = 1_000_000
"""How long a step is noted to have lasted if it ended the process at once (``os._exit``, SIGKILL)."""
STACKS_BYTES: Final = 20_000
"""How much of the stacks is logged."""
BOOT: Final = (
    "import sys, types; m = types.ModuleType('gameserver'); m.__path__ = [sys.argv[1]]; sys.modules['gameserver'] = m\n"
    "from gameserver.guard.process import main; main()"
)
"""Runs the guard without the package's own ``__init__`` and without ``site``, which would take time and memory."""

log: Final = Logger(namespace="gameserver.guard")


class NoteFile:
    """
    The file of notes in a data folder, which this process has locked.

    :ivar left: the step in the middle of which the process before this one ended; None: it was at none.
    :ivar notes: where this process notes its steps.
    :raises OSError: it can be neither read nor made.
    """

    def __init__(self, folder: Path, entropy: Callable[[int], bytes]) -> None:
        self.path = folder / "notes"
        keep_private(self.path)
        with self.path.open("r+b") as file:
            self.left: Note | None = read(file.read(SIZE))
            # Written, not only made that long: a full disk must show here, not as SIGBUS when the memory is used.
            file.seek(0)
            file.write(bytes(SIZE))
            file.truncate()
            file.flush()
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self.notes = StepNotes(self._memory, run=int.from_bytes(entropy(8), "little"), process=os.getpid())


class Guard(Service):
    """
    Has a small process watch this one, and lets it know of imports, debuggers and SIGTERM.

    :param file: where this process notes its steps.
    :param store: has ``address_in_words`` if another process can reach it.
    :param shared: whether several nodes share the store.
    :raises SettingError: `Settings.step_limit_s` is too long for the lease.
    """

    def __init__(self, settings: Settings, file: NoteFile, store: Any, reactor: Any, *, shared: bool) -> None:
        self._folder = settings.data
        self._file = file
        self._reactor = reactor
        self._task = {
            "notes": str(file.path),
            "stacks": str(settings.data / "stacks"),
            "warn_s": settings.step_warn_s,
            "limit_s": _limit_of(settings, shared),
            "tell_s": max(settings.lease_s - MARGIN_S - TELL_S, settings.step_warn_s),
            "address": getattr(store, "address_in_words", None) if shared else None,
            "book": book_key(BOOK),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._stacks: IO[bytes] | None = None
        self._call: Any = None
        self._beats = 0
        self._began = -AGAIN_BEATS
        self._breakpoint: Any = None
        self._signalled = False
        self._exit: Any = None
        self._kill: Any = None
        self._own = 0
        self._fatal = self._keep_stacks()

    def watch(self, registry: RoomRegistry) -> None:
        """Have the steps of a registry's rooms noted, and tell it what the last run left; before any room is opened."""
        registry.reactor_pass.notes = self._file.notes
        registry.unclean.found(self._file.left, fatal=self._fatal)

    @property
    def process(self) -> int | None:
        """The id of the guard's process, or None while there is none."""
        return self._process.pid if self._process is not None else None

    def startService(self) -> None:
        """Begin to watch; where no process can be started, the server goes on without."""
        super().startService()  # type: ignore[no-untyped-call]
        self._own = os.getpid()
        self._file.notes.is_of(self._own)
        self._write_stacks()
        self._exit, os._exit = os._exit, self._exits
        self._kill, os.kill = os.kill, self._kills
        sys.meta_path.insert(0, self)
        self._breakpoint, sys.breakpointhook = sys.breakpointhook, self._debugged
        self._beat()
        self._reactor.callWhenRunning(self._listen_to_term)
        self._reactor.addSystemEventTrigger("after", "shutdown", self.close)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find no module, but note that one is looked for: an import is what takes the time then. Source: PEP 451"""
        self._file.notes.excuse()

    def close(self) -> None:
        """Stop watching. `stopService` does not do that: the rest of the stop is watched too, since it may hang."""
        if self._call is None:
            return
        if self._call.active():
            self._call.cancel()
        self._call = None
        sys.meta_path.remove(self)
        sys.breakpointhook = self._breakpoint
        os._exit, os.kill = self._exit, self._kill
        if self._signalled:
            faulthandler.unregister(signal.SIGTERM)
        if self._process is not None:
            for pipe in (self._process.stdin, self._said):
                if pipe is not None:
                    pipe.close()
            self._process.wait()
            self._process = None
        if self._stacks is not None:
            faulthandler.disable()
            self._stacks.close()

    def _debugged(self, *given: Any, **named: Any) -> Any:
        """Watch no longer once a debugger is asked for: whoever debugs a step takes time."""
        if self._process is not None:
            log.warn("a debugger is asked for: steps may take as long as they like from now on")
            self._end_process()
            self._began = sys.maxsize
        return self._breakpoint(*given, **named)

    def _end_process(self) -> None:
        assert self._process is not None
        if self._signalled:
            faulthandler.unregister(signal.SIGTERM)
            self._signalled = False
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._process = None

    def _beat(self) -> None:
        self._call = self._reactor.callLater(BEAT_S, self._beat)
        self._file.notes.beat()
        self._beats += 1
        self._read_said()
        if self._process is not None and self._process.poll() is not None:
            log.warn("the process that watches this one ended by itself, and is begun again")
            self._end_process()
        if self._process is None and self._beats - self._began >= AGAIN_BEATS:
            self._began = self._beats
            self._begin_process()

    def _begin_process(self) -> None:
        """Start the guard's process. Its input stays open as long as this process lives; it ends when that closes."""
        package = os.path.dirname(gameserver.__file__)
        command = [sys.executable, "-E", "-s", "-S", "-c", BOOT, package]
        is_heard = not _is_nowhere(2)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=None if is_heard else subprocess.PIPE,
                start_new_session=True,
            )
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({**self._task, "process": os.getpid()}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            log.warn("no process can watch this one: {reason}; a step that never returns stays", reason=str(error))
            return
        if self._process.stderr is not None:
            self._said = self._process.stderr
            os.set_blocking(self._said.fileno(), False)
        if self._reactor.running:
            self._listen_to_term()

    def _listen_to_term(self) -> None:
        """
        Let the guard's process know of SIGTERM, of which Python code in this one hears only when a step returns.

        A handler that `faulthandler` registers runs at once, whatever holds the interpreter, and writes to a file: here
        the input of the guard's process. Twisted's handler is called after it.
        """
        if self._process is None or not callable(signal.getsignal(signal.SIGTERM)) or self._signalled:
            return
        assert self._process.stdin is not None
        with suppress(OSError, ValueError, RuntimeError, AttributeError):
            faulthandler.register(signal.SIGTERM, self._process.stdin, all_threads=False, chain=True)
            self._signalled = True

    def _read_said(self) -> None:
        if self._said is not None:
            for line in (self._said.read() or b"").decode("utf-8", "replace").splitlines():
                log.critical("{line}", line=line)

    def _exits(self, status: int) -> NoReturn:
        """Stand in for ``os._exit``: note first that the step under way ends this process."""
        self._ends()
        self._exit(status)
        raise AssertionError

    def _kills(self, process: int, number: int) -> None:
        """Stand in for ``os.kill``: if a game kills this process, note first that its step does."""
        if process == self._own and number == signal.SIGKILL:
            self._ends()
        self._kill(process, number)

    def _ends(self) -> None:
        if os.getpid() == self._own:  # a forked process shares these notes, and must not write to them
            self._file.notes.words[LASTED] = EXITED_MS

    def _keep_stacks(self) -> bool:
        """
        Log the stacks that the process before this one wrote, and keep the file as ``stacks.last``.

        :returns: whether there were any: whether a signal ended that process.
        """
        path, last = self._folder / "stacks", self._folder / "stacks.last"
        if not path.exists() or not path.stat().st_size:
            return False
        path.replace(last)
        text = last.read_bytes()[:STACKS_BYTES].decode("utf-8", "replace")
        log.critical("a signal ended the process before this one; all of it was at this: {stacks}", stacks=f"\n{text}")
        return True

    def _write_stacks(self) -> None:
        """Have Python write the stacks of all threads when a signal ends this process."""
        path = self._folder / "stacks"
        try:
            keep_private(path)
            self._stacks = path.open("wb")
            faulthandler.enable(self._stacks)
        except OSError as error:
            log.warn("what this process is at when it is ended is not written: {reason}", reason=str(error))


def _limit_of(settings: Settings, shared: bool) -> float | None:
    """:returns: how many seconds a step may take before this process is ended; None: any number."""
    limit_s = settings.step_limit_s
    if not limit_s:
        return None
    most_s = settings.lease_s - MARGIN_S
    if not shared or limit_s < most_s:
        return limit_s
    if "step_limit_s" in settings.sources:
        raise settings.error("step_limit_s", f"less than lease_s - {MARGIN_S:g}, which is {most_s:g}, or 0")
    return most_s * 0.75


def _is_nowhere(descriptor: int) -> bool:
    """Whether what is written to a file descriptor is lost."""
    try:
        return os.fstat(descriptor).st_rdev == os.stat(os.devnull).st_rdev
    except OSError:
        return True
