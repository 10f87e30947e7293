"""A body that moves: twenty ticks a second, each told to everybody in the room."""

from gameserver import Game


class Ticking(Game):
    durability = "none"
    needs_start = False
    max_players = 1000
    late_join = True
    tick_hz = 20

    def on_create(self, table: str = "") -> None:
        self.state["x"] = 0

    def on_tick(self, dt_s: float) -> None:
        self.state["x"] += 1
