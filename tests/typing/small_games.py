"""Small games as beginners write them: few annotations beyond those that the API needs."""

import random
from typing import Annotated

from msgspec import Meta

from gameserver import Game, Player, Refused, Role, message, timer


class TicTacToe(Game):
    """Three in a row; half a minute a move."""

    min_players = max_players = 2

    def on_start(self) -> None:
        self.state["cells"] = [None] * 9
        self.state["turn"] = 0
        self.after(30, self.forfeit, show=True)

    @message
    def play(self, player: Player, cell: Annotated[int, Meta(ge=0, le=8)]) -> None:
        if self.status != "playing":
            raise Refused("The game is not on.")
        if player.number != self.state["turn"] or self.state["cells"][cell] is not None:
            raise Refused("not a legal move")
        self.state["cells"][cell] = player.number

    @timer
    def forfeit(self) -> None:
        self.over(winner=1 - self.state["turn"])


class Buzzer(Game):
    """Who presses first; a role that watches; a base class for others."""

    needs_start = False
    roles = {"screen": 1}
    idle_close_s = 60
    downtime = "count"
    durability = "none"

    def on_create(self, sound: str = "horn") -> None:
        self.state.update(sound=sound, first=None)

    def on_join(self, player: Player) -> None:
        self.state.setdefault("names", []).append(player.name)

    @message(by="any")
    def buzz(self, player: Player) -> bool:
        first = self.state["first"] is None
        if first:
            self.state["first"] = player.id
            self.screens().send("buzzed", player.name)
        return first

    def screens(self) -> Role:
        return self.role("screen")


class LoudBuzzer(Buzzer):
    """A game made from another one, with other options."""

    title = "Loud"
    max_players = 3

    def on_create(self, sound: str = "siren", volume: int = 11) -> None:
        super().on_create(sound)
        self.state["volume"] = volume

    def dice(self) -> random.Random:
        return self.random
