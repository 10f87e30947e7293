"""
How many lines hearts takes: with turns and moves, without them, and for boardgame.io.

``python -m benchmarks.hearts_lines`` counts lines that are neither empty nor comments nor docstrings.
"""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSIONS = {
    "with turns and moves": ROOT / "games" / "hearts.py",
    "without": ROOT / "benchmarks" / "hearts" / "alone.py",
    "boardgame.io": ROOT / "benchmarks" / "hearts" / "boardgame_io.mjs",
}


def lines(path: Path) -> int:
    """:returns: the lines of a program that say something."""
    text = path.read_text("utf-8")
    if path.suffix == ".mjs":
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("//"))
    text = re.sub(r'^\s*""".*?"""$', "", text, flags=re.S | re.M)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    empty = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    said: set[int] = set()
    for token in tokens:
        if token.type not in empty:
            said.update(range(token.start[0], token.end[0] + 1))
    return len(said)


def main() -> None:
    """Count, and print."""
    for version, path in VERSIONS.items():
        print(f"{version}: {lines(path)}")


if __name__ == "__main__":
    main()
