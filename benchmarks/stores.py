"""Stores to measure with: each a new one, which is gone afterwards."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final


@contextmanager
def no_store() -> Iterator[None]:
    """Rooms are never stored."""
    yield None


@contextmanager
def sqlite_store() -> Iterator[str]:
    """:returns: a new file."""
    with tempfile.TemporaryDirectory(prefix="gs-bench-sqlite-") as folder:
        yield f"sqlite:{folder}/rooms.sqlite"


@contextmanager
def redis_store() -> Iterator[str]:
    """:returns: the address of a new Redis of our own on a Unix socket."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("redis-server is missing (apt-get install redis-server)")
    with tempfile.TemporaryDirectory(prefix="gs-bench-redis-") as folder:
        path = Path(folder) / "socket"
        options = ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", "--appendonly", "yes"]
        command = [*PINNED, program, *options, "--appendfsync", "always"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not path.exists():
                if server.poll() is not None:
                    raise SystemExit("redis-server does not start")
                time.sleep(0.01)
            yield f"redis+unix://{path}"
        finally:
            server.kill()
            server.wait()


PINNED: Final = ("taskset", "-c", "1")
"""Redis shares the load's processor, so that it takes none of the server's."""
STORES: Final[dict[str, Callable[[], AbstractContextManager[str | None]]]] = {
    "none": no_store,
    "sqlite": sqlite_store,
    "redis": redis_store,
}
