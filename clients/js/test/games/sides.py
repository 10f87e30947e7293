"""A game with teams that players choose."""

from gameserver import Game, Player, message


class Sides(Game):
    """Reds and blues."""

    max_players = 6

    def on_create(self) -> None:
        self.teams({"red": {"title": "Reds", "colour": "#aa0000"}, "blue": {}}, mode="chosen", size=2)

    @message
    def point(self, player: Player) -> None:
        if player.team:
            player.team.score += 1
