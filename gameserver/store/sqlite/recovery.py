"""
Opens a SQLite file; a damaged one is replaced by what can be read of it, and kept beside the new one as it was.

Nothing is ever written to a damaged file. The new one is made beside it as ``PATH.part``. Once it is whole and on the
disk it is renamed to ``PATH.rescued``: from then on it counts, even if the process dies before it has the old name.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from itertools import chain, count
from typing import Final

from twisted.logger import Logger

from gameserver.errors import StoreLocked, StoreUnavailable
from gameserver.files import lock, remedy
from gameserver.store.sqlite.file import LOGS, Damaged, Database, fault_of
from gameserver.store.sqlite.pages import FilePages
from gameserver.store.sqlite.salvage import Copying, NothingSaved, Salvage

log: Final = Logger(namespace="gameserver")


def open_database(path: str, sync: str) -> Database:
    """
    Open the file of a store; a damaged one is replaced first.

    :raises StoreLocked: another process has it.
    :raises StoreUnavailable: it cannot be opened, or nothing in it can be read.
    """
    _finish(path)
    fault = fault_of(path) if os.path.exists(path) else None
    if fault is None:
        try:
            return Database(path, sync)
        except Damaged as damaged:
            fault = str(damaged)
    replace(path, sync, fault)
    return Database(path, sync)


def counting_file(path: str) -> str:
    """:returns: which file has the content of a store at this path: it may not have that name yet."""
    return f"{path}.rescued" if os.path.exists(f"{path}.rescued") else path


def replace(path: str, sync: str, fault: str, *, say: Callable[[str], object] | None = None) -> None:
    """
    Replace a damaged file by what can be read of it, and say what was lost.

    If this failed before, it can be called again: a file that was rescued by then only gets its name.

    :param fault: what is wrong with it.
    :param say: called with each line that an operator should read; None: they are logged.
    :raises StoreLocked: another process has it.
    :raises StoreUnavailable: it cannot be done; the damaged file is unchanged.
    """
    say = say or _log_line
    lost: list[str] = []
    try:
        with lock(path):
            if counting_file(path) == path:
                say(f"{path} is damaged, and is replaced by what can be read of it: {fault}")
                lost = _rescue(path, sync)
            _finish(path)
    except BlockingIOError:
        raise StoreLocked(f"{path} is in use by another process.") from None
    except OSError as error:
        raise StoreUnavailable(f"{path} is damaged, and cannot be copied: {remedy(error)}") from error
    for line in lost:
        say(line)


def _rescue(path: str, sync: str) -> list[str]:
    """Keep a damaged file under another name, and make ``PATH.rescued`` of it. :returns: what to say of it."""
    kept = _unused(f"{path}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    salvage = copy(path, f"{path}.part", sync)
    for end in ("", "-wal"):
        if os.path.exists(path + end):
            _keep(path + end, kept + end)
    os.replace(f"{path}.part", f"{path}.rescued")
    return [*(f"{path}: {line}" for line in salvage.in_words()), f"the damaged file is kept as {kept}"]


def copy(path: str, to: str, sync: str) -> Salvage:
    """
    Copy what can be read of a file, which is not changed, into a new one.

    :returns: what was found and what was lost.
    :raises StoreUnavailable: nothing of a store can be read in it.
    :raises OSError: the file cannot be read, or the new one cannot be written.
    """
    _delete(to)
    with ExitStack() as undo:
        undo.callback(_delete, to)  # the space may be what is wanted
        file = FilePages(path)
        with closing(Database(to, sync)) as database:
            now_ms = time.time_ns() // 1_000_000
            salvage: Salvage
            try:
                (salvage,) = database.transact([lambda new: Copying(file, new, now_ms=now_ms).run()])
            except NothingSaved:
                raise StoreUnavailable(
                    f"{path} has nothing of a server's; put a copy of it back, or give another file"
                ) from None
            database.settle()
        os.unlink(f"{to}.lock")
        _sync(to)
        undo.pop_all()
    return salvage


def _delete(path: str) -> None:
    for end in ("", *LOGS, ".lock"):
        with suppress(FileNotFoundError):
            os.unlink(path + end)


def _log_line(line: str) -> None:
    log.critical("{line}", line=line)


def _unused(path: str) -> str:
    """:returns: this path, or if it exists one with a number added."""
    names = chain([path], (f"{path}.{number}" for number in count(2)))
    return next(name for name in names if not os.path.exists(name))


def _keep(path: str, kept: str) -> None:
    try:
        os.link(path, kept)
    except OSError:  # a file system without links
        with open(path, "rb") as old, open(kept, "xb") as new:
            while some := old.read(1 << 20):
                new.write(some)


def _finish(path: str) -> None:
    """Give a rescued file its final name; the old one's log is deleted first, or SQLite would apply it to the new."""
    if os.path.exists(f"{path}.rescued"):
        for end in LOGS:
            with suppress(FileNotFoundError):
                os.unlink(path + end)
        os.replace(f"{path}.rescued", path)
        _sync(os.path.dirname(os.path.abspath(path)))


def _sync(path: str) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
