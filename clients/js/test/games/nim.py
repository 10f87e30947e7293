"""A game with turns, moves that leave something open, prompts, undo and bots."""

from collections.abc import Iterator

from gameserver import Game, Move, Player, Some, message


class Nim(Game):
    """The last match wins."""

    max_players = 3

    def on_start(self) -> None:
        self.state.update(heap=9, given=[])
        self.turns.begin()

    def on_turn(self, player: Player) -> None:
        self.turns.prompt("Take some, {who}", "{who} thinks of {n}", who=player, n=[1, True])

    def moves(self, player: Player) -> Iterator[Move]:
        yield Move("take", label="Take {n}", group="matches", choices={"n": range(1, 4)})
        others = [other for other in self.players if other != player]
        yield Move("give", {"note": "gift"}, "Give {to} {what}", choices={"to": others, "what": Some(["a", "b"], 1, 2)})
        yield Move("stop_here")

    @message(turn=True, undo=True)
    def take(self, player: Player, n: int) -> int:
        self.state["heap"] -= n
        self.turns.next()
        return self.state["heap"]

    @message(turn=True)
    def give(self, player: Player, to: Player, what: list[str], note: str) -> None:
        self.state["given"].append([to.id, note, *what])

    @message(turn=True)
    def stop_here(self, player: Player) -> None:
        self.over(ranking=[[player]])
