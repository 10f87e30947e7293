"""The kit itself: when the output of a server is reported."""

from __future__ import annotations

from twisted.trial.reporter import TestResult
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.e2e.kit import ServerCase


class Inner(ServerCase):
    """Has a server that is never started, but that has said something."""

    def prepare(self) -> None:
        server = self.server()
        path = server.folder / "output-0.txt"
        path.write_text("a secret of the server's")
        server._outputs.append(path)

    def skipped(self) -> None:
        self.prepare()
        raise SkipTest("something is missing")

    def failed(self) -> None:
        self.prepare()
        self.fail("as it should")

    def broken(self) -> None:
        self.prepare()
        raise ZeroDivisionError("nothing to divide by")

    def passed(self) -> None:
        self.prepare()


class OutputTests(SynchronousTestCase):
    def outcome(self, name: str) -> tuple[int, int, bool]:
        """:returns: how many failures and skips a test comes to, and whether the server's output is among them."""
        result = TestResult()  # type: ignore[no-untyped-call]
        Inner(name).run(result)
        faults = [str(fault) for _, fault in [*result.failures, *result.errors]]
        self.said = "".join(fault for fault in faults if "a secret of the server's" in fault)
        return len(faults), len(result.skips), bool(self.said)

    def test_told_with_failures(self) -> None:
        """Whoever reads of a failure reads what the server said."""
        for name, why in (("failed", "as it should"), ("broken", "nothing to divide by")):
            self.assertEqual(self.outcome(name), (2, 0, True))
            before, _, _ = self.said.partition("a secret of the server's")
            self.assertIn(f"Inner.{name}: {why}", before, "which test, and why, also where the rest is cut off")

    def test_not_told_otherwise(self) -> None:
        """A test that was skipped has not failed, and one that passed passes."""
        self.assertEqual(self.outcome("skipped"), (0, 1, False))
        self.assertEqual(self.outcome("passed"), (0, 0, False))
