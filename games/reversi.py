"""Reversi: whoever has more discs at the end wins. Clocks, undo, and a bot that looks ahead."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from gameserver import Game, Move, Player, bot, message
from gameserver.bots import search

WAYS = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]
RAYS = [
    [
        [8 * (y + dy * n) + x + dx * n for n in range(1, 8) if 0 <= x + dx * n < 8 and 0 <= y + dy * n < 8]
        for dx, dy in WAYS
    ]
    for y in range(8)
    for x in range(8)
]
"""For each cell, the cells that lie in each of the eight directions, the nearest first."""
PLAYOUTS = 80
"""How many games the bot plays out for each of its moves."""


class Reversi(Game):
    """Take the other's discs between two of yours. Whoever makes the room sets the clock; others may watch."""

    name = "reversi"
    min_players = max_players = 2
    roles = {"spectator": 20, "screen": 2}
    bank_s, increment_s = 600, 5
    clock_option = True
    absent = "stand_in"

    def on_start(self) -> None:
        cells: list[int | None] = [None] * 64
        cells[27] = cells[36] = 1
        cells[28] = cells[35] = 0
        self.state.update(cells=cells, last=None)
        self.turns.begin()

    def flips(self, me: int, cell: int) -> list[int]:
        """The discs that a disc here would turn over."""
        cells, them, found = self.state["cells"], 1 - me, []
        if cells[cell] is None:
            for ray in RAYS[cell]:
                for at, other in enumerate(ray):
                    if cells[other] != them:
                        if cells[other] == me:
                            found += ray[:at]
                        break
        return found

    def moves(self, player: Player) -> Iterator[Move]:
        for cell in range(64):
            if self.flips(player.number, cell):
                yield Move("place", {"cell": cell}, "abcdefgh"[cell % 8] + str(cell // 8 + 1))

    def can_move(self) -> bool:
        me = self.turns.current.number
        return any(self.flips(me, cell) for cell in range(64))

    @message(turn=True, undo=True)
    def place(self, player: Player, cell: Annotated[int, Meta(ge=0, le=63)]) -> None:
        for each in (*self.flips(player.number, cell), cell):
            self.state["cells"][each] = player.number
        self.state["last"] = cell
        self.turns.next()
        if not self.can_move():
            self.turns.next()
            if not self.can_move():
                self.finish()

    def finish(self) -> None:
        discs = {player.id: self.state["cells"].count(player.number) for player in self.players}
        order = sorted(self.players, key=lambda player: -discs[player.id])
        is_even = discs[order[0].id] == discs[order[1].id]
        self.over(ranking=[order] if is_even else [[player] for player in order], scores=discs)

    def on_timeout(self, player: Player) -> None:
        others = [other for other in self.players if other != player]
        self.over(ranking=[others, [player]], timeout=True)

    def on_leave(self, player: Player) -> None:
        if self.status == "playing" and player.number is not None:
            self.over(ranking=[self.players, [player]], left=True)

    @bot("hard", title="Looks ahead", stand_in=True)
    async def hard(self, player: Player, moves: list[Move]) -> Move | None:
        return await search(self, player, 5, playouts=PLAYOUTS)
