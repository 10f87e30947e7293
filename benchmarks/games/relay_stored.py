"""The same as relay, but each step is in the store before anybody hears of it."""

from gameserver import Game, Player, message


class RelayStored(Game):
    name = "relay-stored"
    needs_start = False
    max_players = 1000
    late_join = True
    messages_per_s = 1_000_000

    def on_create(self, table: str = "") -> None: ...

    @message
    def m(self, player: Player, text: str) -> None:
        self.send("m", text)
