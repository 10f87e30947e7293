"""A SQLite file that is only looked at: backups that nobody may write, and files that a server uses meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver.interfaces import Stored
from gameserver.store.sqlite.file import CannotLook, Database, check, count_rooms, looked_at
from gameserver.store.sqlite.looking import rooms_looked_at
from tests.store.test_sqlite import SCHEMA_1
from tests.store.test_sqlite_damage import NOW_MS, ROOMS, commit_of, fill

ANOTHER = 65534
"""The number of a user who owns nothing here."""


class LookCase(SynchronousTestCase):
    """A whole file of a server that was stopped, alone in its folder, as a backup is."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.folder.parent.chmod(0o755)
        self.path = self.folder / "gameserver.sqlite3"
        fill(str(self.path))
        (self.folder / "gameserver.sqlite3.lock").unlink()
        self.rooms = self.stored()

    def stored(self) -> dict[str, Stored]:
        """What is seen of the rooms."""
        with rooms_looked_at(str(self.path)) as store:
            ids = self.successResultOf(store.room_ids())
            return {stored.room: stored for stored in self.successResultOf(store.read_rooms(ids))}

    def files(self) -> dict[str, bytes]:
        """What is in the folder, and in each of its files but for the index of the log, which is SQLite's scratch."""
        return {each.name: b"" if each.suffix.endswith("-shm") else each.read_bytes() for each in self.folder.iterdir()}

    def running(self) -> Database:
        """A server has the file open, and has written to it since."""
        database = Database(str(self.path), "NORMAL")
        self.addCleanup(database.close)
        database.transact([lambda each: each.commit([commit_of(ROOMS + 1)], NOW_MS)])
        return database

    def may_only_read(self) -> None:
        """Go on as somebody who may read all that is in the folder, and write nothing there."""
        for each in (*self.folder.iterdir(), self.folder):
            each.chmod(0o500 if each.is_dir() else 0o400)
            if os.geteuid() == 0:
                os.chown(each, ANOTHER, -1)
        self.addCleanup(self.folder.chmod, 0o700)
        self.be_another()

    def be_another(self) -> None:
        """Go on as a user who may do less, if this one may do everything."""
        if os.geteuid() == 0:
            os.seteuid(ANOTHER)
            self.addCleanup(os.seteuid, 0)


class LookTests(LookCase):
    """What is seen, and that nothing comes of it."""

    def test_backup(self) -> None:
        """All of it is seen, and nothing is left beside it."""
        before = self.files()
        self.assertEqual(check(str(self.path)), [])
        self.assertEqual((self.stored(), count_rooms(str(self.path))), (self.rooms, len(self.rooms)))
        self.assertGreater(len(self.rooms), ROOMS // 2)
        self.assertEqual(self.files(), before)

    def test_backup_that_cannot_be_written(self) -> None:
        """Neither the file nor its folder: that is no damage."""
        self.may_only_read()
        self.assertEqual(check(str(self.path)), [])
        self.assertEqual(self.stored(), self.rooms)

    def test_server_that_runs(self) -> None:
        """What it has written so far is seen, and it goes on."""
        database = self.running()
        before = self.files()
        self.assertEqual(check(str(self.path)), [])
        self.assertEqual(len(self.stored()), len(self.rooms) + 1)
        self.assertEqual(self.files(), before)
        database.transact([lambda each: each.commit([commit_of(ROOMS + 2)], NOW_MS)])
        self.assertEqual(len(self.stored()), len(self.rooms) + 2)

    def test_server_that_was_killed(self) -> None:
        """What is in its log counts, whether or not the log's index was copied as well, or anything may be written."""
        self.running()
        there = self.folder
        for ends in (("", "-wal", "-shm"), ("", "-wal")):
            self.folder = there / f"copy{len(ends)}"
            self.folder.mkdir()
            for end in ends:
                shutil.copyfile(f"{there / self.path.name}{end}", f"{self.folder / self.path.name}{end}")
            self.path = self.folder / self.path.name
            self.may_only_read()
            before = self.files()
            self.assertEqual(check(str(self.path)), [])
            self.assertEqual(len(self.stored()), len(self.rooms) + 1)
            self.assertEqual(self.files(), before)
            if os.geteuid() == ANOTHER:
                os.seteuid(0)

    def test_server_that_begins_meanwhile(self) -> None:
        """What was read of it then may be anything, and does not count."""
        with self.assertRaisesRegex(CannotLook, "written to meanwhile"), looked_at(str(self.path)):
            self.running()
        self.assertEqual(len(self.stored()), len(self.rooms) + 1)

    def test_link(self) -> None:
        """The log is looked for where SQLite has it."""
        self.running()
        link = self.folder / "link"
        link.symlink_to(self.path.name)
        self.path = link
        before = self.files()
        self.assertEqual(len(self.stored()), len(self.rooms) + 1)
        self.assertEqual(self.files(), before)

    def test_file_of_an_earlier_version(self) -> None:
        """Its rooms are seen as that of this one will have them; the file stays what it is."""
        self.path = self.folder / "earlier.sqlite3"
        with closing(sqlite3.connect(self.path)) as earlier:
            earlier.executescript(f"{SCHEMA_1}; PRAGMA user_version = 1")
        before = self.files()
        stored = self.stored()
        self.assertEqual(
            [(each.code, each.fence, each.version) for each in stored.values()], [("R2", 1, 1), ("R1", 3, 6)]
        )
        self.assertEqual(stored["r1"].parts, {"room": b"\0", "log/10": b"said"})
        self.assertEqual(self.files(), before)


class CannotLookTests(LookCase):
    """What is no damage, and yet cannot be looked at."""

    def test_reasons(self) -> None:
        """Each is said, and none is called damage."""
        with closing(sqlite3.connect(self.folder / "newer")) as newer:
            newer.execute("PRAGMA user_version = 99")
        (self.folder / "folder").mkdir()
        for name, why in (
            ("nowhere", "No such file or directory"),
            ("folder", "Is a directory"),
            ("newer", "newer gameserver: its schema is 99"),
        ):
            path = str(self.folder / name)
            with self.assertRaisesRegex(CannotLook, why), rooms_looked_at(path):
                self.fail(name)
            if name != "newer":
                with self.assertRaisesRegex(CannotLook, why):
                    check(path)

    def test_file_of_another_user(self) -> None:
        """Whose it is, and who can look at it, is said."""
        self.folder.chmod(0)
        self.addCleanup(self.folder.chmod, 0o700)
        self.be_another()
        caught: Any = self.assertRaises(CannotLook, check, str(self.path))
        self.assertIn(f"{self.path}: Permission denied; ", str(caught))
        if os.geteuid() == ANOTHER:
            self.assertIn(f"; {self.folder} is of root (number 0): run this as that user, or as root", str(caught))

    def test_damage(self) -> None:
        """That is said as before, of a file that cannot be written, too."""
        content = bytearray(self.path.read_bytes())
        content[4096 * 3 : 4096 * 4] = b"\xa5" * 4096
        self.path.write_bytes(content)
        self.path.chmod(0o400)
        before = self.files()
        self.assertNotEqual(check(str(self.path)), [])
        self.path.chmod(0o600)
        self.path.write_bytes(b"no database at all" * 1000)
        self.assertEqual(check(str(self.path)), ["file is not a database"])
        self.assertEqual(list(self.files()), list(before))
