"""Why nobody can listen at an endpoint, in one line with what to do."""

from __future__ import annotations

import errno
import os
import socket

from twisted.internet.error import CannotListenError
from twisted.trial.unittest import SynchronousTestCase

from gameserver.web.listening import cannot_listen


class CannotListenTests(SynchronousTestCase):
    def said(self, text: str, why: OSError | str, *, bare: bool = False) -> str:
        """:returns: the line, whether Twisted wraps the error or not."""
        line = cannot_listen(text, why if isinstance(why, OSError) and bare else CannotListenError("", 80, why))
        self.assertTrue(line.startswith(f"{text}: ") and "\n" not in line, line)
        return line

    def test_what_to_do(self) -> None:
        """The system's words, and the way out."""
        cases = {
            errno.EADDRINUSE: "end the other program that listens there, or give another port",
            errno.EADDRNOTAVAIL: "give an address of this machine as interface=",
            errno.EAFNOSUPPORT: "give an address of this machine as interface=",
            errno.EACCES: "give a port from 1024 on",
            errno.EMFILE: "ulimit -n",
        }
        for number, advice in cases.items():
            for bare in (False, True):
                line = self.said("tcp:80", OSError(number, os.strerror(number)), bare=bare)
                self.assertIn(os.strerror(number), line)
                self.assertIn(advice, line)

    def test_name_of_no_machine(self) -> None:
        """``interface=`` was a name."""
        error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        self.assertIn("Name or service not known; give an address of this machine", self.said("tcp:80", error))

    def test_unix(self) -> None:
        """A path that cannot be, is another's, or is in use."""
        text = "unix:/run/games.sock"
        self.assertIn("let this server's user", self.said(text, OSError(errno.EACCES, "Permission denied")))
        self.assertIn("Cannot acquire lock; end the other program", self.said(text, "Cannot acquire lock"))
        self.assertIn("AF_UNIX path too long; give another path", self.said(text, OSError("AF_UNIX path too long")))
        missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "4711", None, b"/run/games.sock.lock")
        self.assertIn("/run/games.sock.lock: No such file or directory; make it", self.said(text, missing, bare=True))
