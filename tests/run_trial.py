"""
Runs trial and ends with the names of the tests that failed and one plain line, ``N passed, N failed``, for whoever
reads only the end.

Usage: ``python tests/run_trial.py --jobs=2 tests``; more options go to trial as they are.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FAILING = ("failures", "errors", "unexpectedSuccesses")
PASSING = ("successes", "expectedFailures")


def counts(line: str) -> dict[str, int]:
    """Read trial's last words, such as ``FAILED (failures=1, successes=30)``; nothing from any other line."""
    if not re.match(r"(PASSED|FAILED)\b", line):
        return {}
    return {word: int(number) for word, number in re.findall(r"(\w+)=(\d+)", line)}


class Failing:
    """
    The names of the tests that failed, and of modules that cannot be read, in trial's report: they come after each
    traceback and an empty line, beneath a rule and ``[FAIL]`` or ``[ERROR]``.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._within = False
        self._may_name = False

    def read(self, line: str) -> None:
        """Take one line of the report."""
        if re.fullmatch(r"\[[A-Z]+\]|-{79}|={79}", line):
            self._within = line in ("[FAIL]", "[ERROR]")
        is_name = self._may_name and re.fullmatch(r"tests(\.\w+)+", line) is not None
        if is_name and line not in self.names:
            self.names.append(line)
        self._may_name = self._within and (is_name or not line)


def main(arguments: list[str]) -> int:
    """Run trial in the repository's root; its output passes through as it comes."""
    command = [sys.executable, "-m", "twisted.trial", *arguments]
    last = ""
    failing = Failing()
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True) as trial:
        assert trial.stdout is not None
        for line in trial.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line if counts(line) else last
            failing.read(line.rstrip())
    found = counts(last)
    for name in failing.names:
        sys.stdout.write(f"failed: {name}\n")
    failed = sum(found.get(word, 0) for word in FAILING)
    if skipped := found.get("skips", 0):
        sys.stdout.write(f"{skipped} skipped, with the reasons above\n")
    if trial.returncode and not failed:
        sys.stdout.write(f"trial ended with {trial.returncode}\n")
        failed = 1
    sys.stdout.write(f"{sum(found.get(word, 0) for word in PASSING)} passed, {failed} failed\n")
    return trial.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
