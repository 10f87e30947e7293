"""
Who this node is: a name that its data folder keeps, so that a restarted node is the same one.

The file is locked as long as the process lives, and free again however it dies: two processes on one data folder would
both be this node.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from gameserver.errors import SettingError
from gameserver.files import lock, write_whole

NAME = re.compile(rb"[0-9a-f]{16}\s*")


class FolderInUse(SettingError):
    """Another process is this node."""


class NodeFile:
    """
    :param path: the file; it is made where there is none.
    :param entropy: returns as many random bytes as it is asked for.
    :ivar name: the node's name, 16 hexadecimal digits.
    :raises FolderInUse: another process is this node.
    :raises SettingError: the file holds no such name.
    :raises OSError: it can be neither read nor made.
    """

    def __init__(self, path: Path, entropy: Callable[[int], bytes]) -> None:
        try:
            self._lock = lock(path)
        except BlockingIOError:
            wanted = "in use by another process; stop that, or name another folder: each server needs one of its own"
            raise FolderInUse("data", str(path.parent), wanted) from None
        try:
            self.name = _name(path, entropy)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Unlock the file: another process may be this node."""
        self._lock.close()


def _name(path: Path, entropy: Callable[[int], bytes]) -> str:
    """:returns: what the file holds; where there is none, or an empty one, a new name is put there."""
    content = path.read_bytes() if path.exists() else b""
    if not content:
        content = entropy(8).hex().encode() + b"\n"
        write_whole(path, content)
    if NAME.fullmatch(content) is None:
        raise SettingError("data", str(path), "the name of this node; delete the file to have a new one")
    return content.decode().strip()
