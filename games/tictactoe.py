"""Three in a row, half a minute a move."""

from typing import Annotated, Any

from msgspec import Meta

from gameserver import Game, Player, Refused, message, timer

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]
MOVE_S = 30


class TicTacToe(Game):
    """Three in a row; half a minute a move."""

    name = "tictactoe"
    title = "Tic-tac-toe"
    min_players = max_players = 2
    roles = {"spectator": 20, "screen": 2}
    auto_start = True

    def on_start(self) -> None:
        self.state.update(cells=[None] * 9, turn=self.random.randrange(2), line=None, wins=self.wins())
        self.after(MOVE_S, self.forfeit, show=True)

    @message
    def play(self, player: Player, cell: Annotated[int, Meta(ge=0, le=8)]) -> None:
        if self.status != "playing":
            raise Refused("The game has not started.")
        if player.number != self.state["turn"]:
            raise Refused("It is not your turn.", code="not_your_turn")
        if self.state["cells"][cell] is not None:
            raise Refused("That cell is taken.")
        self.state["cells"][cell] = player.number
        line = next((line for line in LINES if self.owns(player, line)), None)
        if line is not None:
            self.state["line"] = line
            self.won_by(player.number)
        elif None not in self.state["cells"]:
            self.over(winner=None)
        else:
            self.state["turn"] = 1 - player.number
            self.after(MOVE_S, self.forfeit, show=True)

    def owns(self, player: Player, line: tuple[int, int, int]) -> bool:
        return all(self.state["cells"][cell] == player.number for cell in line)

    def wins(self) -> dict[str, int]:
        """Return how many games each player has won in this room, by seat."""
        before = self.state.get("wins", {})
        return {player.id: before.get(player.id, 0) for player in self.players}

    def won_by(self, number: int | None, **how: Any) -> None:
        wins = self.wins()
        for player in self.players:
            wins[player.id] += player.number == number
        self.state["wins"] = wins
        self.over(winner=number, **how)

    @timer
    def forfeit(self) -> None:
        self.won_by(1 - self.state["turn"], forfeit=True)

    def on_leave(self, player: Player) -> None:
        if self.status == "playing" and player.number is not None:
            self.won_by(1 - player.number, forfeit=True)
