"""
Whole games by the moves that players are told: each of the samples that has moves, and those that others wrote.

``python -m benchmarks.play_outs`` plays each game 1,000 times with restarts at any place, and each once more without.
It compares the whole rows at the end: documents, turns, seats, timers, result and chance must be the same. And it
checks that nothing that was sent to a player has moves of another. ``--times 20`` is a shorter run.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from gameserver import Game
from gameserver.game.importing import sample_folder
from gameserver.game.loader import load
from gameserver.testing import Table
from tests.room.turns import own_moves
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
"""
By name, with the number of moves after which a game is stopped. Two never end by random moves: who attacks and
fortifies at random conquers no world; and without trades, whose moves are open to anything, nobody can pay for a second
town.
"""
SAMPLES = ("sample-reversi", "sample-hearts")
"""The samples that say their moves."""


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
    with own_moves.marked(game):
        for role in game.roles:
            table.join("Wim", role)
        moves = table.play_out(seed, most or enough, restarts=restarts)
    own_moves.check(table)
    return table.row, moves


def same(name: str, seed: int, most: int | None = None) -> int:
    """Play one game twice. :returns: its moves. :raises AssertionError: restarts made a difference."""
    row, moves = ended(name, seed, most, restarts=True)
    other, count = ended(name, seed, most, restarts=False)
    differs = [fact for fact in {**row, **other} if row.get(fact) != other.get(fact)]
    if differs or moves != count:
        raise AssertionError(f"{name}, seed {seed}: with restarts it ends otherwise, in {', '.join(differs)}")
    return moves


def tried(name: str, seed: int) -> tuple[int, str]:
    """:returns: the moves of one game that was played twice; and what was wrong, or nothing."""
    try:
        return same(name, seed), ""
    except AssertionError as error:
        return 0, f"{name}, seed {seed}: {error}"


def main() -> None:
    """Play, and print the counts, and each game in which something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first game")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--every", type=int, default=100, help="print the counts after so many games")
    parser.add_argument("names", nargs="*", default=[*GIVEN, *SAMPLES])
    options = parser.parse_args()
    wrong = 0
    with ProcessPoolExecutor(options.processes) as pool:
        for name in options.names:
            began = time.monotonic()
            games = moves = 0
            seeds = range(options.first, options.first + options.times)
            for each, error in pool.map(partial(tried, name), seeds, chunksize=5):
                games, moves = games + 1, moves + each
                if error:
                    wrong += 1
                    print(error, flush=True)
                if games % options.every == 0 or games == options.times:
                    took = time.monotonic() - began
                    print(f"{name}: {games} games, {moves} moves, each twice, {took:.0f} s", flush=True)
    if wrong:
        raise SystemExit(f"in {wrong} games something was wrong")


if __name__ == "__main__":
    main()
