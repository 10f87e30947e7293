"""
The games of the conversations: one in which whatever its player wants is done to documents, groups, timers and events,
and one that is played by its moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gameserver import Game, Move, Player, Refused, Some, bot, message, timer


class Vectors(Game):
    """Does as it is told."""

    name = "vectors"
    needs_start = False
    chat_to = ("room", "group", "seat")
    chat_filter = None

    @message
    def put(self, player: Player, doc: str, path: list[str | int], value: Any) -> None:
        at, key = self._at(player, doc, path)
        at[key] = value

    @message
    def delete(self, player: Player, doc: str, path: list[str | int]) -> None:
        at, key = self._at(player, doc, path)
        del at[key]

    @message
    def splice(self, player: Player, doc: str, path: list[str | int], index: int, count: int, items: list[Any]) -> None:
        at, key = self._at(player, doc, path)
        at[key][index : index + count] = items

    @message
    def move(self, player: Player, group: str, on: bool, whom: Player | None = None) -> None:
        members = self.group(group)
        members.add(whom or player) if on else members.remove(whom or player)

    @message
    def event(
        self, player: Player, to: str, type: str, data: Any = None, but: bool = False, loose: bool = False
    ) -> int:
        audience = self.group(to) if to == "red" else player if to == "seat" else self
        audience.send(type, data, but=self.host if but else None, volatile=loose)
        return 42

    @message
    def arm(self, player: Player, s: float, own: bool = False) -> None:
        if own:
            player.after(s, self.due, show=True)
        else:
            self.after(s, self.bell, show=True)

    @message
    def disarm(self, player: Player) -> None:
        self.cancel(self.bell)

    @message
    def refuse(self, player: Player) -> None:
        raise Refused("not now", code="too_early")

    @message
    def end(self, player: Player) -> None:
        self.over(winner=player.number)

    @message
    def eject(self, player: Player, whom: Player) -> None:
        self.kick(whom, ban=False)

    @timer
    def bell(self) -> None:
        """It was shown."""

    @timer
    def due(self, player: Player) -> None:
        """It was shown to one."""

    def _at(self, player: Player, doc: str, path: list[str | int]) -> tuple[Any, Any]:
        at: Any = {"room": self.state, "seat": player.state, "red": self.group("red").state}[doc]
        for key in path[:-1]:
            at = at[key]
        return at, path[-1]


class Heap(Game):
    """Take one to three; who takes the last wins."""

    name = "heap"
    min_players, max_players = 2, 3
    ready_check = True
    turn_s = 30

    def on_start(self) -> None:
        self.state["heap"] = 9
        self.turns.begin()

    def on_turn(self, player: Player) -> None:
        self.turns.prompt("Take some of {heap}", "{who} takes", heap=self.state["heap"], who=player)
        self.turns.prompt("You lead", to=self.players[0])

    def moves(self, player: Player) -> Iterator[Move]:
        for n in (1, 2, 3):
            if n <= self.state["heap"]:
                yield Move("take", {"n": n}, "Take {n}", "take")
        yield Move("give", {"$n": 1}, "{cards} to {to}", choices={"to": self.players, "cards": Some(["a", "b"], 0, 2)})
        yield Move("roll", {"dice": 1})
        yield Move("shout", choices={"text": ..., "loud": range(2)})

    @message(turn=True, undo=True)
    def take(self, player: Player, n: int) -> None:
        self.state["heap"] -= n
        if self.state["heap"] == 0:
            self.over(ranking=[[winner] for winner in self.turns.order_from(player)])
        else:
            self.turns.next()

    @message(turn=True)
    def give(self, player: Player, to: Player, cards: list[str], **more: int) -> None:
        self.state["given"] = [to.name, *cards, more]

    @message(turn=True, undo=True)
    def roll(self, player: Player, dice: int) -> None:
        self.state["rolled"] = [self.random.randint(1, 6) for _ in range(dice)]

    @message(turn="any")
    def shout(self, player: Player, text: str, loud: int) -> None:
        self.send("shouted", text)

    @bot("clever", title="Clever", stand_in=True)
    def clever(self, player: Player, moves: list[Move]) -> Move:
        return moves[0]
