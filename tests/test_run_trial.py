"""What the end of a run of the tests says."""

from __future__ import annotations

from twisted.trial import unittest

from tests.run_trial import Failing, counts

REPORT = """\
tests.test_docs
  PagesTests
    test_pages_are_there ...                                               [OK]
    test_ended_rooms_are_free ...                                        [FAIL]
{double}
[SKIPPED]
make look

tests.look.test_default.DefaultLook.test_moves
{double}
[ERROR]
Traceback (most recent call last):
  File "/tests/e2e/kit.py", line 472, in _say_output
builtins.AssertionError: the server said:
tests.look

tests.e2e.test_server.SocketTests.test_no_delay
tests.e2e.test_server.SocketTests.test_unix
{double}
[ERROR]
Traceback (most recent call last):
builtins.SyntaxError: invalid syntax (test_odd.py, line 3)

tests.e2e.test_odd
{double}
[FAIL]
Traceback (most recent call last):

tests.e2e.test_server.SocketTests.test_unix
{single}
Ran 5526 tests in 1185.740s

FAILED (skips=1, failures=1, errors=2, successes=5461)
""".format(double="=" * 79, single="-" * 79)


class ReportTests(unittest.SynchronousTestCase):
    def test_failing(self) -> None:
        """What failed is named once, in its order, modules as well; skipped tests and lines of a traceback are not."""
        failing = Failing()
        for line in REPORT.splitlines():
            failing.read(line)
        names = ["test_server.SocketTests.test_no_delay", "test_server.SocketTests.test_unix", "test_odd"]
        self.assertEqual(failing.names, [f"tests.e2e.{name}" for name in names])

    def test_counts(self) -> None:
        """The last line is read; no other."""
        (found,) = [found for line in REPORT.splitlines() if (found := counts(line))]
        self.assertEqual(found, {"skips": 1, "failures": 1, "errors": 2, "successes": 5461})
