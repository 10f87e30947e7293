"""``python -m tests.attack [--seconds S] [NAME…]``: make attacks, and print what came of them."""

from __future__ import annotations

import argparse
import signal
import statistics
import sys

from tests.attack import doors, floods, people, requests
from tests.attack.stage import ATTACKS, Result, measure

MODULES = (doors, floods, people, requests)
"""Imported for what they enter."""
LINE = "{:>4} {:<24} {:>9} {:>9} {:>5}  {:<12} {}"


def row(result: Result) -> str:
    """:returns: a line of the table."""
    took = result.took_ms
    times = ("-", "-") if isinstance(took, str) else (f"{statistics.median(took):.1f}", f"{max(took):.0f}")
    mib = result.grown_bytes / 2**20
    verdict = "ok" if not result.faults else "BROKEN: " + "; ".join(result.faults)
    attack = result.attack
    told = (attack.item, attack.name, *times, f"{mib:.0f}", result.outcome.ended, verdict)
    return LINE.format(*told)


def main() -> int:
    """:returns: 1 where an attack was not held off."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a flood lasts")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("names", nargs="*", metavar="NAME", help="an attack, or the number of an item; all of them")
    asked = parser.parse_args()
    chosen = [x for x in ATTACKS.values() if not asked.names or {x.name, x.item} & {*asked.names}]
    names = [each.name for each in sorted(chosen, key=lambda each: int(each.item))]
    if asked.list or not names:
        for each in ATTACKS.values():
            sys.stdout.write(f"{each.item:>4} {each.name:<24} {' '.join((each.run.__doc__ or '').split())}\n")
        return 0 if asked.list else 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped then, too
    heads = ("item", "attack", "median ms", "worst ms", "MB", "ended", "")
    sys.stdout.write(LINE.format(*heads) + "\n")
    broken = 0
    for name in names:
        result = measure(ATTACKS[name], asked.seconds)
        broken += bool(result.faults)
        sys.stdout.write(row(result) + "\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(names) - broken} held off, {broken} not\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
