"""The least that a game can do: whatever a player sends goes to everybody in the room."""

from gameserver import Game, Player, message


class Relay(Game):
    durability = "none"
    needs_start = False
    max_players = 1000
    late_join = True
    messages_per_s = 1_000_000

    def on_create(self, table: str = "") -> None: ...

    @message
    def m(self, player: Player, text: str) -> None:
        self.send("m", text)
