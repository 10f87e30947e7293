"""A node keeps its name in its data folder, and only one process at a time may have it."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gameserver.cluster.node import NodeFile
from gameserver.errors import SettingError
from tests.test_files import failing


class NodeFileTests(SynchronousTestCase):
    """The file ``node``."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.entropy = random.Random(1).randbytes

    def test_name_stays(self) -> None:
        """The next process has the name of the one before; a new folder has another."""
        first = NodeFile(self.path, self.entropy)
        first.close()
        again = NodeFile(self.path, self.entropy)
        self.addCleanup(again.close)
        self.assertEqual(again.name, first.name)
        other = NodeFile(Path(self.mktemp()), self.entropy)
        self.addCleanup(other.close)
        self.assertNotEqual(other.name, first.name)

    def test_one_process_at_a_time(self) -> None:
        """A second one on the same folder is refused, until the first is gone, however it went."""
        child = "import sys, time; from pathlib import Path; from os import urandom\n"
        child += "from gameserver.cluster.node import NodeFile\n"
        child += "held = NodeFile(Path(sys.argv[1]), urandom); print(held.name, flush=True); time.sleep(600)"
        with subprocess.Popen([sys.executable, "-c", child, str(self.path)], stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                name = process.stdout.readline().decode().strip()
                with self.assertRaises(SettingError) as caught:
                    NodeFile(self.path, self.entropy)
                self.assertIn("in use by another process", str(caught.exception))
            finally:
                process.kill()
        taken = NodeFile(self.path, self.entropy)
        self.addCleanup(taken.close)
        self.assertEqual(taken.name, name)

    def test_spoilt_file(self) -> None:
        """What is no name is refused, with the way out."""
        for content in (b"not a name", b"\xcc\xdd", b"0123456789abcde"):
            self.path.write_bytes(content)
            with self.assertRaises(SettingError) as caught:
                NodeFile(self.path, self.entropy)
            self.assertIn("delete the file to have a new one", str(caught.exception))

    def test_empty_file(self) -> None:
        """An earlier version left one where the disk was full: it has no name yet."""
        self.path.touch()
        node = NodeFile(self.path, self.entropy)
        self.addCleanup(node.close)
        self.assertEqual(self.path.read_text(), node.name + "\n")

    def test_disk_full(self) -> None:
        """No half of a name is left, and the folder is not locked."""
        full = self.patch(os, "fsync", failing(errno.ENOSPC))
        self.assertRaises(OSError, NodeFile, self.path, self.entropy)
        full.restore()
        self.assertFalse(self.path.exists())
        NodeFile(self.path, self.entropy).close()
