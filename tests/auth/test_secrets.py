"""The secret of a store's nodes: how it is kept, and how it is changed without logging anybody out."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gameserver.auth.guests import Guests
from gameserver.auth.secrets import Secrets, fingerprint, fingerprints, load_secrets, write_secrets
from gameserver.auth.tokens import SECRET_BYTES
from gameserver.errors import Refused, SettingError
from gameserver.files import write_whole
from tests.test_files import failing

OLD, NEW = b"o" * SECRET_BYTES, b"n" * SECRET_BYTES


class FileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_made_once(self) -> None:
        """The first start makes it, for its owner alone; later ones find it."""
        made = load_secrets(self.path, os.urandom)
        self.assertEqual((len(made), len(made[0])), (1, SECRET_BYTES))
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(load_secrets(self.path, os.urandom), made)

    def test_readable_by_others(self) -> None:
        """A secret that others may read is refused, and the error says what to do, not the secret."""
        load_secrets(self.path, lambda size: b"s" * size)
        for mode in (0o640, 0o604, 0o620, 0o666):
            self.path.chmod(mode)
            with self.assertRaises(SettingError) as caught:
                load_secrets(self.path, os.urandom)
            self.assertIn("chmod 600", str(caught.exception))
            self.assertNotIn("ssss", str(caught.exception))

    def test_disk_full(self) -> None:
        """A first start on a full disk leaves nothing that the next one would refuse."""
        full = self.patch(os, "fsync", failing(errno.ENOSPC))
        self.assertRaises(OSError, load_secrets, self.path, os.urandom)
        full.restore()
        self.assertEqual(len(load_secrets(self.path, os.urandom)), 1)
        self.assertEqual([path.name for path in self.path.parent.iterdir()], [self.path.name])

    def test_two_nodes_make_it_at_once(self) -> None:
        """Of two that start together on a shared file, both have the secret of the first."""

        def beaten(size: int) -> bytes:
            write_whole(self.path, OLD)
            return NEW

        self.assertEqual(load_secrets(self.path, beaten), (OLD,))

    def test_of_another_user(self) -> None:
        """What the system says is not hidden."""
        load_secrets(self.path, os.urandom)
        self.patch(Path, "read_bytes", failing(errno.EACCES))
        self.assertRaises(PermissionError, load_secrets, self.path, os.urandom)

    def test_rotation_on_a_full_disk(self) -> None:
        """The secrets before stay."""
        load_secrets(self.path, lambda _: OLD)
        full = self.patch(os, "fsync", failing(errno.ENOSPC))
        self.assertRaises(OSError, write_secrets, self.path, [NEW, OLD])
        full.restore()
        self.assertEqual(load_secrets(self.path, os.urandom), (OLD,))

    def test_several(self) -> None:
        """The file holds one or more, in order."""
        self.path.write_bytes(NEW + OLD)
        self.path.chmod(0o600)
        self.assertEqual(load_secrets(self.path, os.urandom), (NEW, OLD))

    def test_no_secrets(self) -> None:
        """An empty or a cut-off file is refused: signing with less would be guessable."""
        for content in (b"", b"short", NEW + b"x"):
            self.path.write_bytes(content)
            self.path.chmod(0o600)
            self.assertRaises(SettingError, load_secrets, self.path, os.urandom)

    def test_repr(self) -> None:
        """What is logged by accident tells how many there are."""
        for shown in (repr(Secrets([OLD])), str(Secrets([OLD])), f"{Secrets([OLD])}", repr([Secrets([OLD])])):
            self.assertNotIn("oooo", shown)


class RotationTests(SynchronousTestCase):
    def guests(self, *secrets: bytes) -> Guests:
        return Guests(secrets, os.urandom, lambda: 0.0)

    def test_new_one_signs_and_old_one_is_known(self) -> None:
        """While both are in the file nobody is logged out, whichever node made the token."""
        before, during, after = self.guests(OLD), self.guests(NEW, OLD), self.guests(NEW)
        _, old = before.guest("Ann")
        _, new = during.guest("Bob")
        for who, token in ((during, old), (during, new), (after, new), (self.guests(OLD, NEW), new)):
            self.successResultOf(who.authenticate(token, now_s=0.0))
        self.failureResultOf(after.authenticate(old, now_s=0.0), Refused)

    def test_fingerprints(self) -> None:
        """They tell secrets apart, are the same everywhere, and tell nothing else."""
        self.assertEqual(fingerprints([NEW, OLD]), (fingerprint(NEW), fingerprint(OLD)))
        self.assertNotEqual(fingerprint(NEW), fingerprint(OLD))
        self.assertRegex(fingerprint(NEW), r"^[0-9a-f]{32}$")
