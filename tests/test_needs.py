"""What a test does if something that it needs is missing."""

from __future__ import annotations

import os
import sys

from twisted.trial.unittest import FailTest, SkipTest, SynchronousTestCase

from tests.needs import cannot_run, program


class NeedsTests(SynchronousTestCase):
    def environ(self, **environ: str) -> None:
        self.patch(os, "environ", environ)

    def test_skipped(self) -> None:
        """Where not all must run, the reason tells what to install."""
        for environ in ({}, {"CI": ""}, {"CI": "false"}):
            self.environ(**environ)
            skip = self.assertRaises(SkipTest, program, "no-such-program", "the tests of nothing")
            self.assertEqual(
                str(skip),
                "CANNOT RUN: the tests of nothing: no-such-program is missing"
                " (make needs, or apt-get install no-such-program)",
            )

    def test_package(self) -> None:
        """A command that is called unlike Debian's package is installed by the package's name."""
        self.environ()
        skip = self.assertRaises(SkipTest, program, "no-such-program", "the tests of nothing", package="such-programs")
        self.assertIn("no-such-program is missing (make needs, or apt-get install such-programs)", str(skip))

    def test_fails_in_ci(self) -> None:
        """Where all must run, a missing part is a failure."""
        self.environ(CI="true")
        self.assertRaises(FailTest, program, "no-such-program", "the tests of nothing")
        self.assertRaises(FailTest, cannot_run, "the tests of nothing", "there is nothing")

    def test_found(self) -> None:
        """This environment's programs come first, and are found while it is not activated."""
        self.environ(PATH="/nowhere")
        folder, _, name = sys.executable.rpartition("/")
        self.assertEqual(program(name, "all tests"), sys.executable)
        self.assertEqual(program("twistd", "all tests"), f"{folder}/twistd")
