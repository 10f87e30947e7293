"""
How often a bot that searches beats one that moves by chance: reversi's, with as many playouts as it has there.

``python -m benchmarks.search`` plays 100 games, half of them on each side, and takes some minutes. ``--games``,
``--playouts`` and ``--processes`` set other numbers of these; ``--first 50`` goes on after 50 games.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Coroutine
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from gameserver.bots import search
from gameserver.testing import Table

sys.path.insert(0, str(Path(__file__).parent.parent / "games"))


def play(playouts: int, seed: int) -> tuple[float, float]:
    """:returns: of one game, whose seat 0 the bot has where the seed is even: 1 for won, half for even; and seconds."""
    from reversi import Reversi

    table, chance = Table(Reversi, seed=seed), Random(seed)
    visitors = [table.join("Ann"), table.join("Bob")]
    visitors[0].start()
    searching = 0.0
    while table.room.state.status == "playing":
        room = table.room
        player = room.turns.current
        if player.number == seed % 2:
            began = time.process_time()
            move = _done(search(room.game, player, 9, playouts=playouts))
            searching += time.process_time() - began
        else:
            move = chance.choice(list(room.game.moves(player)))
        visitors[player.number].send(move.type, **move.data)
        table.advance(1)
    scores = table.room.state.result["scores"]
    own, other = scores.pop(visitors[seed % 2].id), next(iter(scores.values()))
    return (1.0 if own > other else 0.5 if own == other else 0.0), searching


def _done(waiting: Coroutine[Any, Any, Any]) -> Any:
    """:returns: what a coroutine returns that does not wait: without a server a search is made here."""
    try:
        waiting.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("it waits")


def main() -> None:
    """Play, and print the count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first game")
    parser.add_argument("--playouts", type=int, default=None)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    from reversi import PLAYOUTS

    playouts = options.playouts or PLAYOUTS
    with ProcessPoolExecutor(options.processes) as pool:
        played = []
        for each in pool.map(partial(play, playouts), range(options.first, options.first + options.games)):
            played.append(each)
            print(".+="[(each[0] == 1) + 2 * (each[0] == 0.5)], end="", flush=True)
    won, even = (sum(one == worth for one, _ in played) for worth in (1.0, 0.5))
    seconds = sum(each for _, each in played) / len(played)
    print(f"\n{playouts} playouts: {won} won, {even} even, {len(played) - won - even} lost of {len(played)};"
          f" {seconds:.1f} s of searching a game")  # fmt: skip


if __name__ == "__main__":
    main()
