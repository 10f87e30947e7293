"""
What asking a game for its moves costs beside the game's own call: 50 moves, as buttons and with open fields.

``python -m benchmarks.moves`` prints, in microseconds, medians of many rounds that take turns with each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Annotated, Any

from msgspec import Meta

from gameserver import Game, Move, Player, message
from gameserver.room.turns import legal
from gameserver.testing import Table

ROUNDS = 300


class Buttons(Game):
    """Fifty moves, each a card of the hand that may be played, as games look for them."""

    min_players = 1

    def on_start(self) -> None:
        self.state["cards"] = [f"{suit}{rank}" for suit in "CDSH" for rank in range(13)][:50]
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("play", {"card": card, "on": n}, "{card}") for n, card in enumerate(self.state["cards"])]

    @message(turn=True)
    def play(self, player: Player, card: str, on: Annotated[int, Meta(ge=0, le=99)] = 0) -> None:
        self.turns.next()


def microseconds(call: Callable[[], Any]) -> float:
    """:returns: how long a call takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e6


def main() -> None:
    """Measure, and print."""
    table = Table(Buttons, seed=1)
    table.join("Ann").start()
    room = table.room
    player = room.players[0]
    own, asked = [], []
    for _ in range(ROUNDS):
        own.append(microseconds(lambda: list(room.game.moves(player))))
        asked.append(microseconds(lambda: legal.ask(room, player)))
    print(f"own call {median(own):.0f} us, asked {median(asked):.0f} us: {median(asked) / median(own):.2f} times")


if __name__ == "__main__":
    main()
