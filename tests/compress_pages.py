"""
Compresses the pages of this checkout once, into the folder where servers look for what a built package brings.

Tests start hundreds of servers, each with an empty data folder, and each would compress the same files for seconds. The
results are named by a hash of the file, so that servers still compress a file that has changed since.

Usage: ``python tests/compress_pages.py``, which ``make needs`` does.
"""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import succeed

from gameserver.game.loader import load
from gameserver.game.spec import spec_of
from gameserver.web.compressed import BUILT, Compressed
from gameserver.web.pages import Pages


def compress(folder: Path, built: Path = Path("/nowhere")) -> None:
    """
    Do what a server does for the shared pages and those of the samples, when it starts.

    :param folder: where forms are made that are not there.
    :param built: where others are.
    """
    catalog = load([], entry_points=False)
    compressed = Compressed(folder, lambda work: succeed(work()), built)
    Pages(map(spec_of, catalog.games.values()), catalog.places, compressed).compress()


if __name__ == "__main__":
    compress(BUILT)
