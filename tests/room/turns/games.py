"""Games for the tests of turns: one whose turns do as they are told, and one with moves."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from gameserver import Game, Move, Player, Some, message


class Told(Game):
    """Its turns do what a test says; what is called for them is noted."""

    max_players = 6
    late_join = True
    roles = {"spectator": 2}

    def on_start(self) -> None:
        self.state["log"] = []

    def on_turn(self, who: Any) -> None:
        self.state["log"].append(f"turn {who.name}")
        do = self.state.get("in_turn", {}).get(who.name)
        if do:
            self._do([do] if isinstance(do, str) else do)

    def on_leave(self, player: Player) -> None:
        if self.status == "playing":
            self.state["log"].append(f"left {[p.name for p in self.turns.order]}")

    def after_call(self) -> None:
        self.state["log"].append("then")
        do = self.state.get("in_then")
        if do:
            self._do(do)

    @message
    def do(self, player: Player, verbs: list[str]) -> None:
        self._do(verbs)

    def _do(self, verbs: list[str]) -> None:
        names = {seat.name: seat for seat in self.seats()}
        for verb in verbs:
            exec(verb, {"self": self, "turns": self.turns, "then": self.after_call, **names})

    @message(turn=True)
    def move(self, player: Player) -> None:
        self.state["log"].append(f"moved {player.name}")

    @message(turn=True, stage=("bid", "rebid"))
    def bid(self, player: Player) -> None:
        self.turns.done(player)

    @message(turn="any")
    def resign(self, player: Player) -> None:
        self.turns.out(player)


class Nim(Game):
    """Take one to three; who takes the last wins."""

    min_players, max_players = 2, 4

    def on_start(self) -> None:
        self.state["heap"] = 7
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("take", {"n": n}, "Take {n}") for n in (1, 2, 3) if n <= self.state["heap"]]

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        self.state["heap"] -= n
        if self.state["heap"] == 0:
            self.over(ranking=[[p.id] for p in self.turns.order_from(player)])
        else:
            self.turns.next()


class Choosing(Game):
    """A move of each kind, told by the options."""

    min_players = 2
    max_moves = 3

    def on_start(self) -> None:
        self.state["log"] = []
        self.turns.begin()

    def moves(self, player: Player) -> Any:
        cards = player.state.get("cards", ["C2", "C2", "D5"])
        yield Move("give", label="Give {cards} to {to}", choices={"cards": Some(cards, 2), "to": ...})
        for other in self.players:
            if other != player:
                yield Move("point", {"at": other}, "Point at {at}", "point")
        yield Move("go", {"far": 2}, choices={"way": range(1, 3)})
        yield Move("go", {"far": 3}, choices={"way": ["left", "right"]})
        yield Move("shout", {"on": True}, "Shout")

    @message(turn=True)
    def give(self, player: Player, cards: list[str], to: Player) -> None:
        self.state["log"].append([*cards, to.name])

    @message(turn=True)
    def point(self, player: Player, at: Player) -> None:
        self.state["log"].append(at.name)

    @message(turn=True)
    def go(self, player: Player, way: int | str, far: Annotated[int, Meta(ge=1)] = 1, loud: bool = False) -> None:
        self.state["log"].append([way, far])
        self.turns.next()

    @message(turn="any")
    def shout(self, player: Player, on: Any) -> None:
        self.state["log"].append(player.name)
