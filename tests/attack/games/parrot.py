"""A game for attacks: it takes long options, and says back what it hears."""

from gameserver import Game, Player, message


class Parrot(Game):
    """Says back what it hears, and keeps nothing."""

    name = "parrot"
    needs_start = False
    max_players = 100
    messages_per_s = 100

    def on_create(self, x: str = "") -> None:
        """Take an option, which every listing repeats."""

    @message
    def echo(self, player: Player, text: str) -> str:
        return text
