"""
What asking a game for its moves costs beside the game's own call, and what telling them costs: 50 moves, as buttons.

``python -m benchmarks.moves`` prints, in microseconds of the process, medians of many rounds that take turns with each
other. Moves are told to a player who is connected, and only if they are others than that player was told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Annotated, Any

from msgspec import Meta

from gameserver import Game, Move, Player, message
from gameserver.room.turns import legal, moves_told
from gameserver.testing import Table

ROUNDS = 1000


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
    began = time.process_time_ns()
    call()
    return (time.process_time_ns() - began) / 1e3


def main() -> None:
    """Measure, and print."""
    table = Table(Buttons, seed=1)
    table.join("Ann").start()
    room = table.room
    player = room.players[0]
    own, asked, same, other = [], [], [], []

    def ask_and_tell() -> None:
        room.changes.asked = None
        room.journal.undo.append((int,))  # a step that has changed something
        legal.check(room)
        moves_told.tell(room)
        room.journal.undo.clear()
        room.publisher.take()

    for _ in range(ROUNDS):
        own.append(microseconds(lambda: list(room.game.moves(player))))
        asked.append(microseconds(lambda: legal.ask(room, player)))
        same.append(microseconds(ask_and_tell))
        room.publisher.moves.clear()
        room.publisher.legal.clear()
        other.append(microseconds(ask_and_tell))
    room.changes.asked = None
    for what, took in {"own call": own, "asked": asked, "asked, same as told": same, "asked and told": other}.items():
        print(f"{what}: {median(took):.0f} us, {median(took) / median(own):.2f} times")


if __name__ == "__main__":
    main()
