"""
Who this node is: a name that its data folder keeps, so that a restarted node is the same one.

The file is locked for as long as the process lives, however it dies; two processes on one data folder would both be
this node.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

from gameserver.errors import SettingError

NAME = re.compile(r"[0-9a-f]{16}")


class NodeFile:
    """
    :param path: a file that is made where there is none.
    :param entropy: so many random bytes.
    :ivar name: the node's.
    :raises SettingError: another process is this node, or the file is not what it was.
    """

    def __init__(self, path: Path, entropy: Callable[[int], bytes]) -> None:
        self._file: IO[str] = path.open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            wanted = "a folder of this server's own: this one is in use by another process"
            raise SettingError("data", str(path.parent), wanted) from None
        self._file.seek(0)
        self.name = self._file.read().strip()
        if not self.name:
            self.name = entropy(8).hex()
            self._file.write(self.name + "\n")
            self._file.flush()
        if NAME.fullmatch(self.name) is None:
            self._file.close()
            raise SettingError("data", str(path), "the name of this node; delete the file to have a new one")

    def close(self) -> None:
        """Let another process be this node."""
        self._file.close()
