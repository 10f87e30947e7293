"""
Files that a server makes and locks, and what its operator can do where the machine refuses.

Files that are made once are written beside their place and then put there, so that neither a full disk nor a power cut
leaves half a file.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

OTHERS: Final = 0o077
"""The permission bits of group and others."""

ADVICE: Final[Mapping[int, str]] = {
    errno.EACCES: "let this server's user (number {user}) use it",
    errno.EPERM: "let this server's user (number {user}) use it",
    errno.EROFS: "that file system is read-only: let it be written to, or name another place",
    errno.ENOSPC: "make room on that disk, or name a place on another",
    errno.EDQUOT: "make room within this user's quota, or name another place",
    errno.EFBIG: "let files grow larger (ulimit -f)",
    errno.ENOENT: "make it, or name another",
    errno.EEXIST: "a file is in the place of a folder: move it away, or name another place",
    errno.ENOTDIR: "a file is in the place of a folder: move it away, or name another place",
    errno.EISDIR: "a folder is in the place of a file: move it away, or name another place",
    errno.EMFILE: "let this server open more files (ulimit -n)",
    errno.ENFILE: "let this machine open more files (sysctl fs.file-max)",
}


def remedy(error: OSError, *, command: bool = False) -> str:
    """
    :param command: whether an operator's command met it, not a server: that may have been run as another user than the
        server, whose files it is about.
    :returns: which file, what is wrong with it, and what to do, in one line.
    """
    name = error.filename if error.filename2 is None else error.filename2  # of two names the new one
    where = f"{os.fsdecode(name)}: " if isinstance(name, (str, bytes)) else ""
    advice = ADVICE.get(error.errno or 0, "name another place").format(user=os.geteuid())
    if command and where and error.errno in (errno.EACCES, errno.EPERM):
        advice = _advice_of_owner(os.fsdecode(name)) or advice
    return f"{where}{error.strerror or error}; {advice}"


def _advice_of_owner(path: str) -> str | None:
    """:returns: who may use a file, or else the nearest folder of it that can be seen; None: the caller owns that."""
    path = os.path.abspath(path)
    while True:
        try:
            owner = os.stat(path).st_uid
        except OSError:
            if path == os.path.dirname(path):
                return None
            path = os.path.dirname(path)
        else:
            break
    if owner == os.geteuid():
        return None
    try:
        who = f"{pwd.getpwuid(owner).pw_name} (number {owner})"
    except KeyError:
        who = f"the user of number {owner}"
    return f"{path} is of {who}: run this as that user, or as root"


def write_whole(path: Path, content: bytes, *, replace: bool = True) -> None:
    """
    Make a file that its owner alone may read; whatever happens, others see all of it or none.

    :param replace: whether a file that is there already is replaced; its owner stays the same.
    :raises FileExistsError: a file is there, and is not to be replaced.
    :raises OSError: the file cannot be made; one that was there is still there.
    """
    aside = None
    try:
        number, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            if replace:
                _give_to_owner(number, path)
            file.flush()
            os.fsync(file.fileno())
        if replace or not _link(aside, path):
            os.replace(aside, path)
            aside = None
        _sync_folder(path.parent)
    except OSError as error:
        # With the name that people know, not the temporary file's; an error about a full disk names no file.
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        if aside is not None:
            os.unlink(aside)


def keep_private(path: str | Path) -> None:
    """
    Make sure that a file may be read and written by its owner alone, whatever the umask; where there is none, it is
    made.

    A file of another user stays as it is: that user decides.

    :raises OSError: it cannot be made.
    """
    os.close(_open_private(path))
    with suppress(PermissionError):
        if os.stat(path).st_mode & OTHERS:
            os.chmod(path, 0o600)


def is_open(folder: Path) -> bool:
    """Return whether others than its owner may look into a folder, or write there."""
    return bool(folder.stat().st_mode & OTHERS)


def lock(path: str | Path) -> IO[bytes]:
    """
    Lock something for as long as the returned file stays open; the kernel unlocks it when the process ends, however
    that happens.

    :param path: of what is locked; the file ``PATH.lock`` beside it stands for it.
    :raises BlockingIOError: another process has it.
    :raises OSError: it cannot be locked.
    """
    file = os.fdopen(_open_private(f"{os.path.realpath(path)}.lock"), "ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def _open_private(path: str | Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _link(aside: str, path: Path) -> bool:
    """
    Put a file in its place unless one is there.

    :returns: whether this file system knows links. Where it does not, two processes that do this at once do not notice.
    """
    try:
        os.link(aside, path)
    except FileExistsError:
        raise
    except OSError:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        return False
    return True


def _give_to_owner(number: int, path: Path) -> None:
    """Where root does the work of a server, give an open file the owner of the one at this path, if there is one."""
    if os.geteuid() == 0:
        with suppress(FileNotFoundError):
            there = path.stat()
            os.fchown(number, there.st_uid, there.st_gid)


def _sync_folder(folder: Path) -> None:
    """Write a new file's name to the disk as well."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
