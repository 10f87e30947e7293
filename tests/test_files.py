"""Files that are made whole or not at all, whatever the disk does, and what an operator is told of it."""

from __future__ import annotations

import errno
import os
import pwd
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from gameserver import files
from gameserver.files import is_open, keep_private, lock, remedy, write_whole

CALLS = ("fdopen", "fsync", "replace", "open")
"""What `write_whole` asks of `os` that may fail."""


def failing(number: int, *named: str) -> Callable[..., Any]:
    """:returns: what raises as the system does."""

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number), *named)

    return fail


class WriteTests(SynchronousTestCase):
    """`write_whole`."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "made"

    def names(self) -> list[str]:
        """:returns: all that is in the folder."""
        return sorted(os.listdir(self.folder))

    def test_made(self) -> None:
        """All of it is there, for its owner alone, and nothing else."""
        write_whole(self.path, b"content")
        self.assertEqual((self.path.read_bytes(), self.path.stat().st_mode & 0o777), (b"content", 0o600))
        self.assertEqual(self.names(), ["made"])

    def test_replaced(self) -> None:
        """One that was there is another then, or the same where it is not to be replaced."""
        write_whole(self.path, b"first")
        write_whole(self.path, b"second")
        self.assertRaises(FileExistsError, write_whole, self.path, b"third", replace=False)
        self.assertEqual((self.path.read_bytes(), self.names()), (b"second", ["made"]))

    def test_replaced_by_root(self) -> None:
        """The file stays its owner's, whose server reads it."""
        if os.geteuid() != 0:
            raise SkipTest("only root can give a file away")
        write_whole(self.path, b"first")
        os.chown(self.path, 4711, 4712)
        write_whole(self.path, b"second")
        there = self.path.stat()
        self.assertEqual((there.st_uid, there.st_gid, there.st_mode & 0o777), (4711, 4712, 0o600))

    def test_made_once_where_links_are_not_known(self) -> None:
        """Some file systems have no links: a file is made all the same, and one that is there stays."""
        self.patch(os, "link", failing(errno.EPERM))
        write_whole(self.path, b"first", replace=False)
        self.assertRaises(FileExistsError, write_whole, self.path, b"second", replace=False)
        self.assertEqual((self.path.read_bytes(), self.names()), (b"first", ["made"]))

    def test_in_place_only_when_it_is_on_the_disk(self) -> None:
        """The content is on the disk before it has its name, and then so is the name."""
        done: list[str] = []
        for name in ("fsync", "replace"):
            self.patch(os, name, self.noting(done, name))
        write_whole(self.path, b"content")
        self.assertEqual(done, ["fsync", "replace", "fsync"])

    def noting(self, done: list[str], name: str) -> Callable[..., Any]:
        """:returns: the same, with a note that it was called."""
        real = getattr(os, name)

        def noted(*given: Any) -> Any:
            done.append(name)
            return real(*given)

        return noted

    def test_disk_full_at_each_call(self) -> None:
        """Whichever call fails, nothing or the former content is there, and the error names the file that was meant."""
        for before in (None, b"before"):
            for replace in (True, False) if before is None else (True,):
                for name in (*CALLS, "mkstemp"):
                    self.path.unlink(missing_ok=True)
                    if before is not None:
                        self.path.write_bytes(before)
                    whole = {before, b"content"}  # what fails last is that the name is on the disk
                    broken = self.patch(tempfile if name == "mkstemp" else os, name, failing(errno.ENOSPC))
                    caught = None
                    try:
                        write_whole(self.path, b"content", replace=replace)
                    except OSError as error:
                        caught = error
                    broken.restore()
                    found = self.path.read_bytes() if self.path.exists() else None
                    self.assertIn(found, whole, name)
                    self.assertIn(self.names(), ([], ["made"]), name)
                    if name != "replace" or replace:
                        assert caught is not None, name
                        self.assertEqual((caught.errno, caught.filename), (errno.ENOSPC, str(self.path)), name)

    def test_files_may_not_grow(self) -> None:
        """A limit of the real system: not a byte of the file is in its place."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            error = self.assertRaises(OSError, write_whole, self.path, b"x" * 1001)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.assertEqual(remedy(error), f"{self.path}: File too large; let files grow larger (ulimit -f)")
        self.assertEqual(self.names(), [])


class PrivateTests(SynchronousTestCase):
    """`keep_private` and `is_open`."""

    def test_whatever_the_umask(self) -> None:
        """A new file, and one that others could read, is its owner's alone; what was in it stays."""
        new, old = Path(self.mktemp()), Path(self.mktemp())
        old.write_bytes(b"content")
        old.chmod(0o666)
        self.addCleanup(os.umask, os.umask(0))
        for path in (new, old, old):
            keep_private(path)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual((new.read_bytes(), old.read_bytes()), (b"", b"content"))

    def test_another_users(self) -> None:
        """One whose mode we may not change stays as it is."""
        path = Path(self.mktemp())
        path.touch(0o644)
        self.patch(os, "chmod", failing(errno.EPERM))
        keep_private(path)
        self.assertEqual(path.stat().st_mode & 0o777, 0o644)

    def test_folders(self) -> None:
        """One into which others may look."""
        folder = Path(self.mktemp())
        folder.mkdir()
        for mode, found in ((0o700, False), (0o755, True), (0o710, True), (0o702, True)):
            folder.chmod(mode)
            self.assertEqual(is_open(folder), found)


class LockTests(SynchronousTestCase):
    def test_for_its_owner_alone(self) -> None:
        """The file that stands for a lock is as private as what is locked."""
        self.addCleanup(os.umask, os.umask(0))
        path = self.mktemp()
        lock(path).close()
        self.assertEqual(os.stat(f"{path}.lock").st_mode & 0o777, 0o600)

    def test_one_at_a_time(self) -> None:
        """Who comes second is told, also by another name of it; and may have it when the first lets go."""
        path, link = Path(self.mktemp()), Path(self.mktemp())
        link.symlink_to(path.absolute())
        first = lock(path)
        for name in (path, link, str(path)):
            self.assertRaises(BlockingIOError, lock, name)
        first.close()
        lock(link).close()

    def test_no_folder(self) -> None:
        """The error names the file."""
        error = self.assertRaises(FileNotFoundError, lock, "nowhere/made")
        self.assertIn("nowhere/made.lock: No such file", remedy(error))


class RemedyTests(SynchronousTestCase):
    def test_what_to_do(self) -> None:
        """One line: which file, what is wrong, what to do."""
        for number, advice in files.ADVICE.items():
            text = remedy(OSError(number, os.strerror(number), "/srv/data"))
            right = f"/srv/data: {os.strerror(number)}; {advice}".format(user=os.geteuid())
            self.assertEqual(text, right)
            self.assertNotIn("\n", text)

    def test_unknown_fault(self) -> None:
        """Of any other the system's own words are told."""
        self.assertEqual(remedy(OSError(errno.ELOOP, "Loop", b"/a")), "/a: Loop; name another place")
        self.assertEqual(remedy(OSError("no number")), "no number; name another place")

    def test_command_of_another_user(self) -> None:
        """Whose it is that one may not use, or the folder in which it is; one's own is one's own to mend."""
        path = Path(self.mktemp()).resolve()
        error = PermissionError(errno.EACCES, "Denied", str(path / "gone" / "file"))
        mine = os.geteuid()
        self.assertIn("let this server's user (number", remedy(error, command=True))
        self.patch(os, "geteuid", lambda: mine + 1)
        name = pwd.getpwuid(mine).pw_name
        owned = f"{path.parent} is of {name} (number {mine}): run this as that user, or as root"
        self.assertEqual(remedy(error, command=True), f"{error.filename}: Denied; {owned}")
        self.assertIn(f"let this server's user (number {mine + 1}) use it", remedy(error))
        self.patch(pwd, "getpwuid", {}.__getitem__)
        self.assertIn(f"is of the user of number {mine}: ", remedy(error, command=True))

    def test_two_names(self) -> None:
        """Where one file was to become another, that one is named."""
        self.assertIn("/b: ", remedy(OSError(errno.EACCES, "Denied", "/a", None, "/b")))
