"""
Keeps a ledger of all that was asked of it, so that a checker can compare it with what everybody was told.

Each request carries a number ``what`` that its sender gives to no other. What an auditor asks for is everything that
the room has, secrets included.
"""

from typing import Any

from twisted.internet import reactor
from twisted.internet.task import deferLater

from gameserver import Game, Player, Refused, message, timer

TEAMS = ("red", "blue")


class Ledger(Game):
    """Its timers stand still while nobody runs the room."""

    max_players = 4
    roles = {"auditor": 4}
    needs_start = False
    messages_per_s = 5000
    idle_close_s = 60

    def on_create(self) -> None:
        self.state.update(entries=[], rung=[], armed={}, hooks=[], loads=0)
        self.secret.update(applied=[], chat=[], count=0)
        for team in TEAMS:
            self.group(team).state["log"] = []

    def on_join(self, player: Player) -> None:
        if player.number is not None:
            player.state["own"] = []
            self.group(TEAMS[player.number % 2]).add(player)

    @message
    def add(self, player: Player, what: int) -> list[Any]:
        return self._add(player, what)

    @message
    async def add_later(self, player: Player, what: int) -> list[Any]:
        """The same in a step that waits, so that the process may die in the middle of it."""
        self.state["hooks"].append("begun")
        await deferLater(reactor, 0.01)
        self.state["hooks"].remove("begun")
        return self._add(player, what)

    @message
    def refuse(self, player: Player, what: int) -> None:
        """Change much, and then not."""
        self._add(player, what)
        self.chat.say("never said")
        raise Refused(f"not {what}")

    @message
    def arm(self, player: Player, what: int, s: float) -> str:
        if player.id in self.state["armed"]:
            raise Refused("armed already")
        self._apply(player, what, "arm")
        self.state["armed"][player.id] = what
        player.after(s, self.ring, show=True, what=what)
        return "armed"

    @timer
    def ring(self, player: Player, what: int) -> None:
        del self.state["armed"][player.id]
        self.state["rung"].append([player.id, what])
        self.send("rung", [player.id, what])

    @message
    def swap(self, player: Player, what: int) -> str:
        """Change sides: the other team's document comes, one's own goes."""
        self._apply(player, what, "swap")
        (old,) = player.groups
        new = TEAMS[1 - TEAMS.index(old)]
        self.group(old).remove(player)
        self.group(new).add(player)
        return new

    @message(by="auditor")
    def audit(self, player: Player) -> dict[str, Any]:
        return {
            "applied": self.secret["applied"],
            "entries": self.state["entries"],
            "own": {seat.id: seat.state["own"] for seat in self.players},
            "teams": {team: self.group(team).state["log"] for team in TEAMS},
            "chat": self.secret["chat"],
            "rung": self.state["rung"],
            "hooks": self.state["hooks"],
        }

    def on_chat(self, player: Player, chat: Any) -> None:
        self._apply(player, int(chat.text), "chat")
        self.secret["chat"].append([player.id, int(chat.text), "room" if chat.to == "room" else chat.to.name])

    def on_drop(self, player: Player) -> None:
        self.state["hooks"].append("drop")

    def on_resume(self, player: Player) -> None:
        self.state["hooks"].append("resume")

    def on_load(self) -> None:
        self.state["loads"] += 1

    def _add(self, player: Player, what: int) -> list[Any]:
        self._apply(player, what, "add")
        self.secret["count"] += 1
        entry = [player.id, what, self.random.randrange(10**9)]
        (team,) = player.groups
        self.state["entries"].append(entry)
        self.group(team).state["log"].append([player.id, what])
        player.state["own"].append(what)
        self.send("added", entry)
        self.group(team).send("team", [player.id, what])
        player.send("yours", what)
        return [len(self.state["entries"]), self.secret["count"], entry[2]]

    def _apply(self, player: Player, what: int, kind: str) -> None:
        self.secret["applied"].append([player.id, what, kind])


class Hasty(Ledger):
    """Its timers fire also while nobody runs the room: at once when somebody does."""

    downtime = "count"
