"""
Whole games by the moves that players are told: each of the samples that has moves, and those that others wrote.

``python -m benchmarks.play_outs`` plays each game 1,000 times with restarts anywhere and once more without, and
compares the rows at the end: documents, turns, result and chance must be the same. ``--times 20`` is a shorter look.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from gameserver import Game
from gameserver.game.loader import load, sample_folder
from gameserver.testing import Table
from tests.room.turns.played.codenames import Codenames
from tests.room.turns.played.coop import Firefighters
from tests.room.turns.played.hearts import Hearts
from tests.room.turns.played.reversi import Reversi
from tests.room.turns.played.risk import Conquest
from tests.room.turns.played.traders import Traders

GIVEN: dict[str, tuple[type[Game], int]] = {
    "codenames": (Codenames, 10_000),
    "coop": (Firefighters, 10_000),
    "hearts": (Hearts, 10_000),
    "reversi": (Reversi, 10_000),
    "risk": (Conquest, 300),
    "traders": (Traders, 300),
}
"""By name, and after so many moves it is enough: by chance some of them never end."""
FACTS = ("docs", "turns", "result", "status", "spent")
"""Of a row: what must be the same. Timers and seats are not, since time passes while a server restarts."""


def game_of(name: str) -> tuple[type[Game], int]:
    """:returns: a game, and so many moves of it; ``sample-`` before the name is one of the samples."""
    if not name.startswith("sample-"):
        return GIVEN[name]
    folder = sample_folder()
    assert folder is not None
    kind = name.removeprefix("sample-")
    return load([str(folder / f"{kind}.py")], sample_games=False, entry_points=False).games[kind], 10_000


def ended(name: str, seed: int, most: int | None = None, *, restarts: bool) -> tuple[dict[str, Any], int]:
    """:returns: the row at the end of one game, and its moves; the moves of each are told to nobody else."""
    game, enough = game_of(name)
    table = Table(game, seed=seed)
    moves = table.play_out(seed, most or enough, restarts=restarts)
    check_told(table)
    return {fact: table.row.get(fact) for fact in FACTS}, moves


def check_told(table: Table) -> None:
    """
    Read every byte that each player was sent: moves went to whoever had them alone.

    :raises AssertionError: somebody was told of a card in moves that is in no hand of theirs.
    """
    for visitor in table.visitors:
        held: set[str] = set()
        for line in visitor.seen().split(b"\n"):
            if not line:
                continue
            frame = json.loads(line)
            text = json.dumps({key: value for key, value in frame.items() if key != "moves"})
            held |= set(_cards(text))
            told = set(_cards(json.dumps(frame.get("moves") or [])))
            if not told <= held:
                raise AssertionError(f"{visitor.name} was told of moves with {sorted(told - held)}")


def _cards(text: str) -> list[str]:
    """:returns: all that looks like a card in a frame: the hidden things of which moves are made in these games."""
    words = text.replace('"', " ").replace(",", " ").replace("[", " ").replace("]", " ").split()
    return [word for word in words if len(word) == 2 and word[0] in "CDSH" and word[1] in "23456789TJQKA"]


def same(name: str, seed: int, most: int | None = None) -> int:
    """Play one game twice. :returns: its moves. :raises AssertionError: restarts made a difference."""
    row, moves = ended(name, seed, most, restarts=True)
    other, count = ended(name, seed, most, restarts=False)
    if (row, moves) != (other, count):
        raise AssertionError(f"{name}, seed {seed}: with restarts it ends otherwise")
    return moves


def main() -> None:
    """Play, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("names", nargs="*", default=[*GIVEN, "sample-reversi", "sample-hearts"])
    options = parser.parse_args()
    with ProcessPoolExecutor(options.processes) as pool:
        for name in options.names:
            began = time.monotonic()
            moves = list(pool.map(partial(same, name), range(options.times), chunksize=5))
            took = time.monotonic() - began
            print(f"{name}: {len(moves)} games, {sum(moves)} moves, each twice, {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
